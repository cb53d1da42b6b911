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
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np

from recrec.actionability.profiles import Profiles
from recrec.causal import methods
from recrec.causal.layered import layered
from recrec.causal.world import Plans, Problem, World, cost
from recrec.errors import InputError

TEMPLATE = Path(__file__).with_name("card.html.j2")
#: Rounding may add so much to the cost of a plan, as a share of it; finer numbers are shown where it would add more.
DEARER = 0.02
#: Decimals that are tried beyond the coarsest ones.
FINER = 7
#: Combinations of rounded values that are tried at once.
MOST = 4096
#: A constraint that saves less than this share of the cost makes no difference.
SAVES = 0.01
#: Ways out that a card lists; of more it gives the number.
LISTED = 5
#: What to multiply costs by, as the literature does.
HUNDRED = 100.0
#: A logit this much above 0 is so in any batch of people.
CLEAR = 1e-9
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


class Feature(NamedTuple):
    """A node of the graph, as the card tells it.

    Attributes
    ----------
    name, label : str
    before, after : float
        Raw value today, and when the plan is carried out.
    before_text, after_text : str
        The same in words; `after_text` of what is set is that value to the last digit.
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
        Kind (``lock``, ``direction``, ``box``, ``limit``) and node of each constraint.
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
        Of being accepted, before and after.
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
    problem, words = Problem(world, x, profiles), _Words.of(world, dataset)
    logit = float(world.classifier.logit(x)[0])
    plans = _no_plan(problem) if logit >= 0 or not profiles.mask.any() else solve(problem)
    status = "accepted" if logit >= 0 else "plan" if plans.found[0] else "none"
    plan = _rounded(problem, plans, 0, words) if status == "plan" else None
    after, probability, spent, usual = x[0], _probability(logit), math.nan, math.nan
    if plan:
        after = model.counterfactual(x, plan.acted[None], plan.values[None])[0]
        probability = max(0.5, _probability(float(world.classifier.logit(after[None])[0])))
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
        probability=(_probability(logit), probability),
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
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    return template.render(card=card, graph=_graph(card))


def percent(probability: float) -> str:
    r"""A probability in words; what is below one half is never written as one half.

    Examples
    --------
    >>> [percent(share) for share in (0.0, 0.382, 0.4999, 0.5, 0.9999)]
    ['below 1\xa0%', '38\xa0%', 'just below 50\xa0%', '50\xa0%', 'above 99\xa0%']
    """
    whole = math.floor(100 * probability + 0.5)
    if whole < 1:
        return f"below 1{NO_BREAK}%"
    if whole > 99:
        return f"above 99{NO_BREAK}%"
    if whole >= 50 > 100 * probability:
        return f"just below 50{NO_BREAK}%"
    return f"{whole}{NO_BREAK}%"


def _probability(logit: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * logit)


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


# Numbers in words


class _Words(NamedTuple):
    """How nodes and their values are told.

    Attributes
    ----------
    labels, units : tuples of str
        By node.
    digits : (nodes,) array of int
        Decimals of the coarsest sensible rounding, negative for tens, hundreds and so on.
    whole : (nodes,) array of bool
        Whether all training people have whole numbers.
    names : tuple of dict of float to str
        Words for values, by node.
    """

    labels: tuple[str, ...]
    units: tuple[str, ...]
    digits: np.ndarray
    whole: np.ndarray
    names: tuple[dict[float, str], ...]

    @classmethod
    def of(cls, world, dataset):
        nodes = [dataset.nodes[node] for node in world.model.nodes]
        sd = np.where(world.sd > 0, world.sd, 1.0)
        whole = (world.train == np.round(world.train)).all(axis=0)
        digits = -np.floor(np.log10(sd / 3)).astype(int)
        columns = [getattr(node, "column", None) for node in nodes]
        return cls(
            tuple(node.label or name for node, name in zip(nodes, world.model.nodes, strict=True)),
            tuple(node.unit or "" for node in nodes),
            np.where(whole, np.minimum(digits, 0), digits),
            whole,
            tuple({value: text for text, value in (getattr(each, "values", None) or {}).items()} for each in columns),
        )

    def exactly(self, node, value):
        """A value to the last digit, with its unit."""
        value = float(value)
        if value in self.names[node]:
            return self.names[node][value]
        text = f"{value:,}".removesuffix(".0").replace("-", MINUS)
        return f"{text}{NO_BREAK}{self.units[node]}" if self.units[node] else text

    def about(self, node, value, other=None):
        """A value, rounded unless few digits say it all; with as many digits as tell it from the other value."""
        value, first = float(value), int(self.digits[node])
        if value == round(value) and abs(value) < 1e7:
            return self.exactly(node, value)
        first += not self.whole[node]
        for digits in range(first, first + FINER):
            near = round(value, digits) + 0.0
            if other is None or value == other or near != round(other, digits):
                return self.exactly(node, near)
        return self.exactly(node, value)

    def act(self, node, before, after):
        """A change in words."""
        if before == after:
            return f"{self.labels[node]}: keep at {self.about(node, before)}"
        return f"{self.labels[node]}: {self.about(node, before, after)} to {self.exactly(node, after)}"


class _Rounded(NamedTuple):
    """A plan with values that can be told: acted, values and costs are (actionable,) arrays."""

    acted: np.ndarray
    values: np.ndarray
    costs: np.ndarray
    rounded: bool

    def told(self, problem, words):
        """The acts in words."""
        nodes, present = problem.world.model.actionable, problem.present[0]
        return tuple(words.act(nodes[k], present[k], self.values[k]) for k in np.flatnonzero(self.acted))


def _costs(problem, row, acted, values):
    """What each act of each of some plans of a person costs, to be averaged: (plans, actionable)."""
    profiles, (nodes, k) = problem.profiles, (problem.people.shape[1], len(acted))
    each = np.eye(k, dtype=bool) & acted
    people = np.broadcast_to(problem.people[row], (len(values), k, nodes))
    wished = (profiles.preferred[row], profiles.penalty[row])
    return k * cost(problem.world, people, each, values[:, None, :], profiles.weights[row], *wished)


def _rounded(problem, plans, row, words):
    """A person's plan, in the coarsest numbers that keep it valid, inside its box, and about as cheap."""
    world = problem.world
    lower, upper = (side[row] for side in problem.box())
    present, nodes, values = problem.present[row], world.model.actionable, plans.values[row]

    def valid(acted, tried):
        people = np.broadcast_to(problem.people[row], (len(tried), problem.people.shape[1]))
        changed = world.model.counterfactual(people, np.broadcast_to(acted, tried.shape), tried)
        return world.classifier.logit(changed) > CLEAR

    def near(k, finer):
        """Rounded values of a node, between the present one and the end of the box."""
        digits = int(words.digits[nodes[k]]) + (0 if words.whole[nodes[k]] else finer)
        both = {_multiple(rounding, values[k], digits) for rounding in (math.floor, math.ceil)}
        way = values[k] - present[k]
        return sorted(v for v in both if lower[k] <= v <= upper[k] and (v - present[k]) * way > 0)

    acted = plans.acted[row].copy()
    for k in np.flatnonzero(acted & (values == present)):
        # What is kept as it is need not be kept where the plan works without that, too.
        fewer = acted & (np.arange(len(acted)) != k)
        if fewer.any() and valid(fewer, values[None])[0]:
            acted = fewer
    moved = np.flatnonzero(acted & (values != present))
    best = _Rounded(acted, values, _costs(problem, row, acted, values[None])[0], False)
    aim, found = (1 + DEARER) * best.costs.mean(), None
    for finer in range(FINER):
        choices = [near(k, finer) if k in moved else [values[k]] for k in range(len(nodes))]
        tried = np.array(list(itertools.islice(itertools.product(*choices), MOST))).reshape(-1, len(nodes))
        tried = tried[valid(acted, tried)] if len(tried) else tried
        if len(tried):
            costs = _costs(problem, row, acted, tried)
            cheapest = int(np.argmin(costs.mean(axis=1)))
            if found is None or costs[cheapest].mean() < found.costs.mean():
                found = _Rounded(acted, tried[cheapest], costs[cheapest], True)
            if found.costs.mean() <= aim:
                break
    if found is None:
        return best
    aim = max(aim, found.costs.mean())
    for k, coarser in itertools.product(moved, range(finer)):
        # One node after the other with fewer decimals, as long as that is no dearer.
        for value in near(k, coarser):
            tried = np.where(np.arange(len(nodes)) == k, value, found.values)
            costs = _costs(problem, row, acted, tried[None])[0]
            simpler = _decimals(value) < _decimals(found.values[k])
            if simpler and costs.mean() <= aim and valid(acted, tried[None])[0]:
                found = found._replace(values=tried, costs=costs)
    return found


def _decimals(value):
    """Decimals of a number as it is written, negative for whole tens, hundreds and so on."""
    return -Decimal(repr(float(value))).normalize().as_tuple().exponent


def _multiple(rounding, value, digits):
    """The next number with so many decimals, as the float that is written that way."""
    step = 10.0**-digits
    return round(rounding(value / step) * step, max(digits, 0)) + 0.0


# What stands in the way


class _Constraint(NamedTuple):
    kind: str
    feature: int


def _constraints(problem, everybodys):
    """The person's own constraints, and those that hold for everybody."""
    profiles = problem.profiles
    for k in range(profiles.mask.shape[1]):
        if not profiles.mask[0, k]:
            yield _Constraint("lock", k)
        else:
            if profiles.direction[0, k]:
                yield _Constraint("direction", k)
            if np.isfinite(profiles.low[0, k]) or np.isfinite(profiles.high[0, k]):
                yield _Constraint("box", k)
        if everybodys:
            yield _Constraint("limit", k)


def _relaxed(problem, choices):
    """The person's problem without some constraints, a row for each choice of them."""
    world, present = problem.world, problem.present[0]
    profiles = Profiles(*(np.repeat(part, len(choices), axis=0) for part in problem.profiles))
    limits = np.repeat(world.limits[:, None, :], len(choices), axis=1)
    width = world.limits[1] - world.limits[0]
    for row, choice in enumerate(choices):
        for kind, k in choice:
            match kind:
                case "lock":
                    profiles.mask[row, k] = True
                case "direction":
                    profiles.direction[row, k] = 0
                case "box":
                    profiles.low[row, k], profiles.high[row, k] = -np.inf, np.inf
                case "limit":
                    limits[:, row, k] += [-width[k], width[k]]
    if any(constraint.kind == "limit" for choice in choices for constraint in choice):
        # The world has one set of limits for all rows: the widest, and each row its own in its box.
        low = np.maximum(profiles.low, np.minimum(limits[0], present))
        high = np.minimum(profiles.high, np.maximum(limits[1], present))
        profiles = profiles._replace(low=low, high=high)
        world = world._replace(limits=np.stack([limits[0].min(axis=0), limits[1].max(axis=0)]))
    return Problem(world, np.repeat(problem.people, len(choices), axis=0), profiles)


def _solved(problem, choices, solve):
    """(choice, problem, plans, row) of each choice that leads to a plan, cheapest first."""
    found = []
    for wider in (False, True):
        # The world stays as it is for those that leave everybody's limits alone.
        group = [choice for choice in choices if any(each.kind == "limit" for each in choice) == wider]
        group = [choice for choice in group if _of_use(problem, choice)]
        if not group:
            continue
        relaxed = _relaxed(problem, group)
        plans, wished = solve(relaxed), (relaxed.profiles.preferred, relaxed.profiles.penalty)
        costs = cost(relaxed.world, relaxed.people, plans.acted, plans.values, relaxed.profiles.weights, *wished)
        found += [(costs[row], group[row], relaxed, plans, row) for row in np.flatnonzero(plans.found)]
    return sorted(found, key=lambda each: each[:2])


def _of_use(problem, choice):
    """Whether anything could be acted on then: limits on what stays locked do not matter."""
    mask = problem.profiles.mask[0].copy()
    mask[[each.feature for each in choice if each.kind == "lock"]] = True
    return mask.any() and all(mask[each.feature] for each in choice)


def _ways(problem, plans, plan, solve, words):
    """Ways out, the number of further ones, limits that cost nothing, and how many constraints were taken away."""
    if plan is None:
        all_of_them = list(_constraints(problem, everybodys=True))
        for size in (1, 2):
            solved = _solved(problem, list(itertools.combinations(all_of_them, size)), solve)
            if solved:
                ways = [_way(problem, words, *each[1:]) for each in solved[:LISTED]]
                return tuple(ways), len(solved) - len(ways), (), size
        return (), 0, (), 2
    own = list(_constraints(problem, everybodys=False))
    spent, ways, saving = _costs(problem, 0, plans.acted[0], plans.values[:1]).mean(), [], set()
    for less, choice, *rest in _solved(problem, [(each,) for each in own], solve):
        if less < (1 - SAVES) * spent:
            way = _way(problem, words, choice, *rest)
            share = math.floor(100 * (1 - way.cost / (HUNDRED * plan.costs.mean())) + 0.5)
            if share >= 1:
                saving.add(choice[0])
                ways.append(way._replace(saving=share))
    idle = tuple(_held(problem, words, each) for each in own if each not in saving)
    return tuple(ways[:LISTED]), len(ways[LISTED:]), idle, 1


def _way(problem, words, choice, relaxed, plans, row):
    plan = _rounded(relaxed, plans, row, words)
    nodes = problem.world.model.nodes
    return WayOut(
        tuple((each.kind, nodes[problem.world.model.actionable[each.feature]]) for each in choice),
        " and ".join(_lifted(problem, words, each) for each in choice),
        plan.told(problem, words),
        HUNDRED * float(plan.costs.mean()),
        None,
    )


def _lifted(problem, words, constraint):
    """A constraint that is taken away, to go on after "if"."""
    kind, k = constraint
    node = problem.world.model.actionable[k]
    label = words.labels[node]
    match kind:
        case "lock":
            return f"you could change {label}"
        case "direction":
            return f"{label} could go {'down' if problem.profiles.direction[0, k] > 0 else 'up'}, too"
        case "box":
            return f"{label} did not have to be {_box(problem, words, k)}"
    allowed = _between(words, node, *problem.world.limits[:, k])
    return f"{label} could be outside of {allowed}, the range allowed to anybody"


def _held(problem, words, constraint):
    """A constraint of the person's own, as a phrase."""
    kind, k = constraint
    node = problem.world.model.actionable[k]
    said = _said(problem, k, words)
    what = {"lock": "locked", "direction": said[0] if said else "", "box": ""}[kind]
    if kind == "box":
        what = _box(problem, words, k)
    return f"{words.labels[node]} ({what})"


def _box(problem, words, k):
    """A person's own box on a feature, in words."""
    low, high = problem.profiles.low[0, k], problem.profiles.high[0, k]
    return _between(words, problem.world.model.actionable[k], low, high)


def _between(words, node, low, high):
    if not np.isfinite(low):
        return f"at most {words.about(node, high)}"
    if not np.isfinite(high):
        return f"at least {words.about(node, low)}"
    return f"{words.about(node, low)} to {words.about(node, high)}"


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
            f"{words.about(node, low[node])} to {words.about(node, high[node])}. Please check it; if it is right, take "
            "this card with care."
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


#: Width and height of a node, and what its role is called in the drawing.
SIZE = (116.0, 50.0)
STATES = {"change": "you change it", "hold": "you keep it", "follows": "moves by itself", "stays": "stays"}


def _graph(card: Card) -> _Graph:
    """The causal graph as shapes, arrows that carry a change last, so that they lie on top."""
    place, margin = layered(card.parents, size=SIZE, gaps=(12.0, 36.0)), 4.0
    features = {feature.name: feature for feature in card.features}
    boxes = tuple(
        _Box(x + margin, y + margin, _lines(features[name].label), features[name], _state(features[name]))
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
        f"{feature.label}, {_state(feature)}"
        + (
            f", depends on {', '.join(features[each].label for each in card.parents[name])}"
            if card.parents[name]
            else ""
        )
        for name, feature in features.items()
    )
    return _Graph(place.width + 2 * margin, place.height + 2 * margin, SIZE, boxes, tuple(arrows), text)


def _state(feature):
    if feature.locked:
        return "locked, moves by itself" if feature.role == "follows" else "locked"
    return STATES[feature.role]


def _lines(label: str) -> tuple[str, ...]:
    """A label in two lines at most."""
    lines = textwrap.wrap(label, 17, break_long_words=True) or [""]
    return tuple(lines) if len(lines) <= 2 else (lines[0], lines[1][:16].rstrip() + "\N{HORIZONTAL ELLIPSIS}")


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A curve through points that leaves and arrives vertically at each, with room for the arrowhead."""
    points = [*points[:-1], (points[-1][0], points[-1][1] - 5)]
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in itertools.pairwise(points):
        middle = (y + to_y) / 2
        parts.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(parts)
