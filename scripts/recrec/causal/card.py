"""A card for one person: what to change, what follows by itself, what it costs, and what stands in the way.

`card_data` finds out what there is to say, `render` writes it as a page of HTML that needs nothing beside itself. Every
number of a plan on a card is that of the rounded values that the card shows, so that whoever does what it says is
accepted.
"""

import itertools
import logging
import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np

from recrec.actionability.profiles import Profiles
from recrec.causal import methods
from recrec.causal.layered import layered
from recrec.causal.relaxing import constraints_of, ways_out
from recrec.causal.rounding import own_costs, rounded_plan
from recrec.causal.wording import NO_BREAK, Words
from recrec.causal.world import Plans, Problem, World
from recrec.errors import InputError

TEMPLATE = Path(__file__).with_name("card.html.j2")
#: A constraint that saves less than this share of the cost makes no difference.
SAVES = 0.01
#: Ways out that a card lists, half as many of two constraints each; of more it gives the number.
LISTED = 4
#: Cards with more than about so many lines are printed smaller, on one page still.
DENSE = 20
#: What to multiply costs by, as the literature does.
HUNDRED = 100.0


class Feature(NamedTuple):
    """A node of the graph, as the card tells it.

    Attributes
    ----------
    name, label : str
    before, after : float
        Raw value today, and when the plan is carried out.
    before_text, before_short, after_text : str
        The same in words, the second without unit; `after_text` of what is set is that value to the last digit.
    role : str
        ``change``: to be set to another value; ``hold``: to be kept, though it would move; ``follows``: moves by
        itself; ``stays``.
    locked : bool
        Whether the person may not act on it, though others may.
    actionable : bool
        Whether anybody may act on it.
    share : int or None
        Of the plan's cost, in per cent; None where nothing is set.
    said : tuple of str
        The person's own limits and wishes.
    """

    name: str
    label: str
    before: float
    after: float
    before_text: str
    before_short: str
    after_text: str
    role: str
    locked: bool
    actionable: bool
    share: int | None
    said: tuple[str, ...]

    @property
    def up(self) -> bool:
        """Whether it rises."""
        return self.after > self.before


class WayOut(NamedTuple):
    """A plan that there would be without a constraint, or without two.

    Attributes
    ----------
    without : tuple of (str, str)
        Kind (`relaxing.Constraint`) and node of each constraint.
    condition : str
        "you could change income", to go on after "if".
    changes : tuple of str
    cost : float
        Times 100.
    saving : int or None
        By how many per cent that is cheaper than the card's own plan; None where it has none.
    """

    without: tuple[tuple[str, str], ...]
    condition: str
    changes: tuple[str, ...]
    cost: float
    saving: int | None


class Card(NamedTuple):
    """All that a card says.

    Attributes
    ----------
    title, person, note, assumptions : str
        Of the data set; who it is; what else to know of their limits, or empty; what the graph assumes.
    synthetic : bool
    status : str
        ``accepted``: already; ``plan``; ``none``: no plan found.
    certified : bool
        Whether the method proved that nothing is cheaper, or that there is no plan.
    features : tuple of Feature
        In the order of the graph.
    parents : dict of str to tuple of str
    probability : (float, float)
        Of deserving a yes, before and after.
    threshold : float
        From which probability on the answer is yes.
    cost, typical_cost : float
        Times 100: of the plan (NaN without one), and of moving each feature by a standard deviation.
    rounded : bool
        Whether the plan's values are rounded.
    plausible : float
        Per cent of accepted people who are less usual than this person would be; NaN if unknown.
    ways : tuple of WayOut
        Best first: what each of the person's limits costs them, or what would help if nothing works.
    more_ways : int
        How many further ones there are.
    idle : tuple of str
        Limits that cost the person nothing, in words.
    tried : int
        How many constraints were taken away at once, at most, to look for a way.
    warnings : tuple of str
    """

    title: str
    person: str
    note: str
    assumptions: str
    synthetic: bool
    status: str
    certified: bool
    features: tuple[Feature, ...]
    parents: dict[str, tuple[str, ...]]
    probability: tuple[float, float]
    threshold: float
    cost: float
    typical_cost: float
    rounded: bool
    plausible: float
    ways: tuple[WayOut, ...]
    more_ways: int
    idle: tuple[str, ...]
    tried: int
    warnings: tuple[str, ...]

    def having(self, *roles: str) -> list[Feature]:
        """The features of some roles."""
        return [feature for feature in self.features if feature.role in roles]


def card_data(
    world: World,
    dataset: Any,
    values: Any,
    profiles: Profiles | None = None,
    solve: Callable[[Problem], Plans] | None = None,
    plausible: Callable[[np.ndarray], np.ndarray] | None = None,
    person: str = "one person",
    note: str = "",
) -> Card:
    """What to tell one person.

    Parameters
    ----------
    world : World
    dataset : CausalDataset
        Its title, assumptions, labels and units.
    values : (nodes,) array
        The person's values, in raw units.
    profiles : Profiles of one person, optional
        What they can and want to change; everything alike if left out.
    solve : callable, optional
        A plan for each person of a `Problem`; the method ``exact`` with its default settings if left out.
    plausible : callable, optional
        From (n, nodes) values to the per cent of accepted people who are less plausible.
    person : str
        What to call them, such as "row 17".
    note : str
        A sentence on where the profile is from.

    Returns
    -------
    Card

    Raises
    ------
    InputError
        If a value is no number or the model knows no way to it.
    """
    model, solve = world.model, solve or exact
    x = np.asarray(values, dtype=float).reshape(1, -1)
    _check(model, x, person)
    profiles = Profiles.universal(1, len(model.actionable)) if profiles is None else profiles
    problem, words = Problem(world, x, profiles), Words.of(world, dataset)
    accepted = bool(world.classifier.logit(x)[0] >= 0)
    plans = _no_plan(problem) if accepted or not profiles.mask.any() else solve(problem)
    status = "accepted" if accepted else "plan" if plans.found[0] else "none"
    plan = rounded_plan(problem, plans, 0, words) if status == "plan" else None
    before = float(world.classifier.probability(x)[0])
    after, probability, spent, usual = x[0], before, math.nan, math.nan
    if plan:
        after = model.counterfactual(x, plan.acted[None], plan.values[None])[0]
        probability = max(dataset.threshold, float(world.classifier.probability(after[None])[0]))
        spent = HUNDRED * float(plan.costs.mean())
        if plausible is not None:
            usual = float(np.asarray(plausible(after[None])).reshape(-1)[0])
    ways, more, idle, tried = _ways(problem, plans, plan, solve, words) if status != "accepted" else ((), 0, (), 0)
    return Card(
        title=dataset.title,
        person=person,
        note=note,
        assumptions=" ".join(dataset.assumptions.split()),
        synthetic=dataset.synthetic,
        status=status,
        certified=bool(plans.certified[0]),
        features=_features(problem, plan, after, words),
        parents={node: tuple(model.parents[node]) for node in model.nodes},
        probability=(before, probability),
        threshold=dataset.threshold,
        cost=spent,
        typical_cost=HUNDRED * float(np.mean(1 / world.ranges)),
        rounded=plan is not None and plan.rounded,
        plausible=usual,
        ways=ways,
        more_ways=more,
        idle=idle,
        tried=tried,
        warnings=tuple(_warnings(world, x, plan, words)),
    )


def exact(problem: Problem) -> Plans:
    """The plans of the method ``exact`` with its default settings.

    Raises
    ------
    InputError
        If it cannot answer.
    """
    method = methods.load("exact")
    settings = method.Settings()
    if why := method.unsupported(problem, settings):
        raise InputError(f"exact: {why}; choose another method for the card")
    return method.solve(problem, settings, None, 0, logging.getLogger(__name__))


def render(card: Card) -> str:
    """A card as a page of HTML: styles and drawings inside of it, no scripts, the same bytes for the same card.

    Parameters
    ----------
    card : Card

    Returns
    -------
    str
    """
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = percent
    environment.filters["amount"] = amount
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    rows = len(card.features) * (1 if card.status == "plan" else 1.5)
    lines = rows + 3 * len(card.ways) + len(card.assumptions) / 100
    return template.render(card=card, graph=_graph(card), dense=lines > DENSE)


def percent(probability: float, threshold: float = 0.5) -> str:
    r"""A probability in words; what is below the threshold is never written as the threshold.

    Examples
    --------
    >>> [percent(share) for share in (0.0, 0.382, 0.4999, 0.5, 0.9999)]
    ['below 1\xa0%', '38\xa0%', 'just below 50\xa0%', '50\xa0%', 'above 99\xa0%']
    """
    whole, least = (math.floor(100 * share + 0.5) for share in (probability, threshold))
    if probability < threshold and whole >= least:
        return f"just below {least}{NO_BREAK}%"
    if whole < 1:
        return f"below 1{NO_BREAK}%"
    if whole > 99:
        return f"above 99{NO_BREAK}%"
    return f"{whole}{NO_BREAK}%"


def amount(cost: float) -> str:
    """A cost in words.

    Examples
    --------
    >>> amount(22.304), amount(0.1485), amount(0.00012)
    ('22.30', '0.15', '0.00012')
    """
    return f"{cost:.2f}" if cost >= 0.1 else f"{cost:.2g}"


def _check(model, x, person):
    """Refuse values that nothing can be said about."""
    if x.shape[1] != len(model.nodes):
        raise InputError(f"{person}: given {x.shape[1]} values; allowed: {len(model.nodes)}: {', '.join(model.nodes)}")
    wrong = ~np.isfinite(x[0])
    if wrong.any():
        node = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{person}: {model.nodes[node]}: given {x[0, node]}; allowed: a finite number")
    wrong = ~np.isfinite(model.abduct(x)[0])
    if wrong.any():
        node = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{person}: {model.nodes[node]}: given {x[0, node]:g}, which its equation never gives, whatever the noise"
        )


def _no_plan(problem):
    no = np.zeros(len(problem.people), dtype=bool)
    return Plans(np.zeros(problem.present.shape, dtype=bool), problem.present.copy(), no, no)


# What stands in the way


def _ways(problem, plans, plan, solve, words):
    """Ways out, the number of further ones, limits that cost nothing, and how many constraints were taken away."""
    if plan is None:
        every = constraints_of(problem, everybodys=True)
        for size in (1, 2):
            solved = ways_out(problem, list(itertools.combinations(every, size)), solve)
            if solved:
                ways = [_way(problem, words, each) for each in solved[: LISTED // size]]
                return tuple(ways), len(solved) - len(ways), (), size
        return (), 0, (), 2
    own = constraints_of(problem, everybodys=False)
    spent, ways, saving = own_costs(problem, 0, plans.acted[0], plans.values[:1]).mean(), [], set()
    for found in ways_out(problem, [(each,) for each in own], solve):
        if found.cost < (1 - SAVES) * spent:
            way = _way(problem, words, found)
            share = math.floor(100 * (1 - way.cost / (HUNDRED * plan.costs.mean())) + 0.5)
            if share >= 1:
                saving.add(found.without[0])
                ways.append(way._replace(saving=share))
    idle = tuple(_held(problem, words, each) for each in own if each not in saving)
    return tuple(ways[:LISTED]), len(ways[LISTED:]), idle, 1


def _way(problem, words, found):
    """A plan without some constraints, in words and round numbers."""
    plan = rounded_plan(found.problem, found.plans, found.row, words)
    nodes = problem.world.model.nodes
    return WayOut(
        tuple((each.kind, nodes[problem.world.model.actionable[each.feature]]) for each in found.without),
        ", and ".join(_lifted(problem, words, each) for each in found.without),
        plan.told(problem, words),
        HUNDRED * float(plan.costs.mean()),
        None,
    )


def _lifted(problem, words, constraint):
    """A constraint that is taken away, to go on after "if"."""
    kind, k = constraint
    node = problem.world.model.actionable[k]
    label, profiles = words.labels[node], problem.profiles
    match kind:
        case "mask":
            return f"you could change {label}"
        case "direction":
            return f"{label} could go {'down' if profiles.direction[0, k] > 0 else 'up'}, too"
        case "low":
            return f"{label} could be less than {words.about(node, profiles.low[0, k])}"
        case "high":
            return f"{label} could be more than {words.about(node, profiles.high[0, k])}"
    allowed = words.between(node, *problem.world.limits[:, k])
    return f"{label} could leave the usual range, {allowed}"


def _held(problem, words, constraint):
    """A constraint of the person's own, as a phrase."""
    kind, k = constraint
    node, profiles = problem.world.model.actionable[k], problem.profiles
    match kind:
        case "mask":
            what = "locked"
        case "direction":
            what = "only up" if profiles.direction[0, k] > 0 else "only down"
        case "low":
            what = f"at least {words.about(node, profiles.low[0, k])}"
        case "high":
            what = f"at most {words.about(node, profiles.high[0, k])}"
    return f"{words.labels[node]} ({what})"


def _box(problem, words, k):
    """A person's own box on a feature, in words."""
    low, high = problem.profiles.low[0, k], problem.profiles.high[0, k]
    return words.between(problem.world.model.actionable[k], low, high)


# The features


def _said(problem, k, words):
    """A person's own limits and wishes for a feature, in words."""
    profiles, node = problem.profiles, problem.world.model.actionable[k]
    if not profiles.mask[0, k]:
        return ("locked",)
    said = []
    if profiles.direction[0, k]:
        said.append("only up" if profiles.direction[0, k] > 0 else "only down")
    if np.isfinite(profiles.low[0, k]) or np.isfinite(profiles.high[0, k]):
        said.append(_box(problem, words, k))
    free = profiles.weights[0][profiles.mask[0]]
    if np.ptp(free) > 1e-9 * free.max():
        weight = profiles.weights[0, k]
        if abs(weight - 1) > 0.005:
            said.append(
                f"{'harder' if weight > 1 else 'easier'} than average (\N{MULTIPLICATION SIGN}{NO_BREAK}{weight:.2g})"
            )
    if profiles.penalty[0, k] > 0:
        said.append(f"you would like {words.about(node, profiles.preferred[0, k])}")
    return tuple(said)


def _features(problem, plan, after, words):
    model, x = problem.world.model, problem.people[0]
    place = {int(node): k for k, node in enumerate(model.actionable)}
    shares = _shares(plan.costs[plan.acted]) if plan else []
    features = []
    for node, name in enumerate(model.nodes):
        k = place.get(node)
        before, then = float(x[node]), float(after[node])
        acted = plan is not None and k is not None and bool(plan.acted[k])
        before_text = words.about(node, before, then)
        after_text = words.exactly(node, then) if acted and then != before else words.about(node, then, before)
        # What moves by less than can be told stays.
        told = abs(then - before) * 10.0 ** (int(words.digits[node]) + 1) >= 0.5
        if not acted and not told:
            after_text = before_text = words.about(node, before)
        role = ("hold" if then == before else "change") if acted else "follows" if told else "stays"
        features.append(
            Feature(
                name,
                words.labels[node],
                before,
                then,
                before_text,
                words.about(node, before, then, unit=False),
                after_text,
                role,
                k is not None and not problem.profiles.mask[0, k],
                k is not None,
                shares.pop(0) if acted else None,
                () if k is None else _said(problem, k, words),
            )
        )
    return tuple(features)


def _shares(costs):
    """Shares in whole per cent that sum to 100."""
    if not costs.sum() > 0:
        return [0] * len(costs)
    exact = 100 * costs / costs.sum()
    whole = np.floor(exact)
    # The largest remainders get what is left.
    whole[np.argsort(whole - exact, kind="stable")[: round(100 - whole.sum())]] += 1
    return [int(share) for share in whole]


def _warnings(world, x, plan, words):
    """What makes the card less sure than it looks."""
    low, high = world.train.min(axis=0), world.train.max(axis=0)
    for node in np.flatnonzero((x[0] < low) | (x[0] > high)):
        yield (
            f"Your {words.labels[node]}, {words.about(node, x[0, node])}, is outside of what was seen before: "
            f"{words.between(node, low[node], high[node])}. Please check it; if it is right, take this card with care."
        )
    if world.model.log_density(x)[0] == -np.inf:
        yield "By the causal model nobody has these values, so take this card with care."
    if plan is not None:
        for k in np.flatnonzero(plan.acted):
            node = world.model.actionable[k]
            if words.whole[node] and plan.values[k] != round(plan.values[k]):
                yield f"No whole number for {words.labels[node]} does it, so the card has a fraction."


# The drawing


class _Box(NamedTuple):
    x: float
    y: float
    lines: tuple[str, ...]
    feature: Feature
    state: str


class _Arrow(NamedTuple):
    path: str
    kind: str
    parent: str
    child: str


class _Graph(NamedTuple):
    width: float
    height: float
    size: tuple[float, float]
    boxes: tuple[_Box, ...]
    arrows: tuple[_Arrow, ...]
    text: str


#: Width and height of a node, characters of a line in it, and what its role is called.
SIZE = (122.0, 50.0)
ACROSS = 15
STATES = {"change": "you change it", "hold": "you keep it", "follows": "moves by itself", "stays": "stays"}


def _graph(card: Card) -> _Graph:
    """The causal graph as shapes, arrows that carry a change last, so that they lie on top."""
    place, margin = layered(card.parents, size=SIZE, gaps=(8.0, 36.0), lane=8.0), 3.0
    features = {feature.name: feature for feature in card.features}
    boxes = tuple(
        _Box(x + margin, y + margin, _lines(features[name].label), features[name], _state(card, features[name]))
        for name, (x, y) in place.places.items()
    )
    arrows = []
    for (parent, child), points in place.routes.items():
        moves = features[parent].role in ("change", "follows")
        kind = "cut" if features[child].share is not None else "carries" if moves else "plain"
        moved = [(x + margin, y + margin) for x, y in points]
        arrows.append(_Arrow(_path(moved), kind, features[parent].label, features[child].label))
    order = ("plain", "cut", "carries")
    arrows.sort(key=lambda arrow: order.index(arrow.kind))
    text = "; ".join(
        f"{feature.label}, {_state(card, feature)}"
        + (
            f", depends on {', '.join(features[each].label for each in card.parents[name])}"
            if card.parents[name]
            else ""
        )
        for name, feature in features.items()
    )
    return _Graph(place.width + 2 * margin, place.height + 2 * margin, SIZE, boxes, tuple(arrows), text)


def _state(card, feature):
    if feature.locked:
        return "locked; moves" if feature.role == "follows" else "locked"
    if card.status != "plan":
        return "can be changed" if feature.actionable else "given"
    return STATES[feature.role]


def _lines(label: str) -> tuple[str, ...]:
    """A label in two lines at most."""
    lines = textwrap.wrap(label, ACROSS) or [""]
    return tuple(lines) if len(lines) <= 2 else (lines[0], lines[1][: ACROSS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}")


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A curve through points that leaves and arrives vertically at each, with room for the arrowhead."""
    points = [*points[:-1], (points[-1][0], points[-1][1] - 5)]
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in itertools.pairwise(points):
        middle = (y + to_y) / 2
        parts.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(parts)
