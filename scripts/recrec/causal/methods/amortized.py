"""A network, trained once, that says which nodes to act on and which way, and unrolled steps that say how far.

*What is learnt.* From a person's standardised values, mask, logarithms of weights, preferred values, penalties and box,
one part of the network scores every pattern of acts: which nodes are set, each of them up or down. Patterns that mask
or box forbid are taken away after it, so that no weights of the network can break a hard constraint. Another part says
how far of the way to its bound each node of a pattern starts.

*What is computed.* The best patterns of each person go through a few steps, each of which replaces the logit by its
tangent and has a closed form (`_refinement`). These steps know model and classifier; where both are linear the first
one is exact, a pattern is only a set, and there is nothing to learn about the start. Where none of the best patterns is
accepted, the next best ones are tried.

*How it is trained.* On profiles drawn from every scheme, for what comes out behind the steps, but not by gradients
through them. For each person drawn, all patterns, or a sample of them, go through the steps from several starts. Where
the cheapest accepted one of these ended is what the start is fitted to, by the absolute difference. Then all go through
the steps once more, from the network's own starts, and what that costs is a table of constants. The scores are trained
on it: the loss is the expected cost, plus a multiplier times how often the choice is expected to fail where another
pattern does not, which rises while it fails too often, plus the cross-entropy to a soft choice by cost. The expectation
over the patterns of the table is exact, and its gradients are those of the scores alone. No exact solver is asked.

*How exact it is.* The steps are computed in single precision, for 256 or 1024 people at once, according to how many
ask. The two sizes are compiled apart and may round differently, so that a person's plan may depend on the number of
others: costs differ by a few millionths.
"""

import functools
import itertools
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from recrec.actionability.populations import Scheme, draw
from recrec.causal.methods._refinement import (
    FAR,
    ONE_THREAD,
    People,
    cheapest_accepted,
    compiled,
    missing,
    on_host,
    padded,
    refined,
)
from recrec.causal.methods.grid import largest
from recrec.causal.world import Plans, Problem
from recrec.config import Section
from recrec.config.values import number, whole_number
from recrec.errors import InputError

TITLE = "amortized"
TRAINED = True
#: Libraries that it imports when it is asked: a study without them is refused at once.
REQUIRES = ("jax", "optax")

#: People that are computed together: fixed sizes, so that little is compiled.
FEW, MANY = 256, 1024
#: Standardised values beyond this are as good as this.
WIDEST = 6.0
#: Excess of cost over the best pattern's beyond which a pattern is just bad; excess that a soft choice does not mind.
WORST, SOFTNESS = 10.0, 0.3
#: Patterns of a person whose start is fitted.
DRAWN = 4
#: A person of their own kind: what a network should know besides the schemes that it is trained for.
INDIVIDUAL = Scheme(keep=0.75, weights="latent", preferred=True, box=1.5, direction="own")


class Settings(Section):
    """Settings of the amortized method: the network, its training, and how much is computed for each person."""

    largest_set: whole_number(1) | None = Field(
        None,
        description="Nodes that a plan may act on at once; null: all of up to four actionable nodes, three of more.",
    )
    patterns: whole_number(1) = Field(3, description="Best patterns of a person that are refined.")
    fallback: whole_number(0) = Field(
        100, description="Times that the next best patterns are tried for those for whom none was accepted."
    )
    steps: whole_number(1) = Field(2, description="Where all is not linear: steps of the refinement.")
    pushes: whole_number(0) = Field(
        1, description="Where all is not linear: steps after them that only make up for what the logit lacks."
    )
    margin: number(ge=0) = Field(
        0.002, description="Logit that the refinement aims at: it is computed in single precision, which needs some."
    )
    hidden: whole_number(1) = Field(64, description="Units of each of the two hidden layers.")
    rounds: whole_number(1) = Field(
        2,
        description="Where all is not linear: times that people are drawn, patterns tried on them, and starts fitted, "
        "which are then among those tried.",
    )
    people: whole_number(1) = Field(6000, description="People drawn in a round, over all schemes.")
    tried: whole_number(2) = Field(
        96, description="Patterns tried on each of them; where there are more, those are drawn."
    )
    starts: Annotated[list[number(ge=0, le=1)], Field(min_length=1)] = Field(
        [0.04, 0.12, 0.2, 0.3, 0.4, 0.55, 0.75, 1],
        description="Where all is not linear: how far of the way to their bounds values start in training, in turn.",
    )
    updates: whole_number(1) = Field(2000, description="Steps of the optimiser in a round, for each part.")
    batch: whole_number(1) = Field(256, description="People in each.")
    rate: number(gt=0) = Field(0.003, description="Learning rate; it falls to 0 along a cosine.")
    failures: number(gt=0, lt=1) = Field(
        0.005, description="Share of choices that fail where another would not; the multiplier rises while more do."
    )


def unsupported(problem, settings):
    """Why it cannot answer: JAX and optax may be missing."""
    return missing()


def linear(world):
    """Whether the logit is linear in the values that nodes are set to."""
    return bool(world.model.linear and world.classifier.coefficients is not None)


def patterns(actionable, signed, most=None):
    """Which nodes are acted on, small numbers of them first: 1 where set, or set higher; -1 where set lower.

    Parameters
    ----------
    actionable : int
    signed : bool
        Whether there are -1.
    most : int, optional
        Nodes that are acted on at once.

    Returns
    -------
    (patterns, actionable) int8 array

    Examples
    --------
    >>> patterns(2, signed=False).tolist()
    [[1, 0], [0, 1], [1, 1]]
    >>> len(patterns(3, signed=True))
    26
    """
    found = []
    for size in range(1, min(most or actionable, actionable) + 1):
        for nodes in itertools.combinations(range(actionable), size):
            for signs in itertools.product((1, -1) if signed else (1,), repeat=size):
                row = [0] * actionable
                for node, sign in zip(nodes, signs, strict=True):
                    row[node] = sign
                found.append(row)
    return np.array(found, dtype=np.int8)


def patterns_of(world, settings):
    """Those that a network for a world chooses from."""
    actionable = len(world.ranges)
    return patterns(actionable, not linear(world), largest(actionable, settings.largest_set))


def allowed(catalogue, problem, people):
    """Which patterns mask and box of each person leave, (n, patterns)."""
    # Products of matrices count what forbids a pattern: far faster than looking at each node of each pattern.
    up, down = (catalogue > 0).astype(np.float32), (catalogue < 0).astype(np.float32)
    locked = ~problem.profiles.mask
    if not down.any():
        return (locked.astype(np.float32) @ up.T) == 0
    no_up, no_down = locked | (people.upper <= 0), locked | (people.lower >= 0)
    return (no_up.astype(np.float32) @ up.T + no_down.astype(np.float32) @ down.T) == 0


def inputs(problem, people, scale):
    """What the network sees of each person, (n, inputs)."""
    world, profiles = problem.world, problem.profiles
    wish = (profiles.preferred - problem.present) / world.sd[world.model.actionable]
    seen = [
        (problem.people - world.mean) / world.sd,
        world.classifier.logit(problem.people)[:, None] / scale,
        profiles.mask,
        np.where(profiles.mask, np.log(profiles.weights), 0.0),
        np.nan_to_num(wish),
        np.where(np.isnan(wish), 0.0, profiles.penalty),
        people.lower,
        people.upper,
        people.centre,
        np.sqrt(people.floor * world.ranges * len(world.ranges)),
    ]
    return np.clip(np.concatenate(seen, axis=1), -WIDEST, WIDEST).astype(np.float32)


def solve(problem, settings, trained, seed, log):
    """The network's choices, refined.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    trained : dict of arrays
        From `train`, for the same world.
    seed : int
        Not used: nothing is drawn.
    log : logging.Logger

    Returns
    -------
    Plans
        The diagnostic ``patterns`` is how many were refined for each person.

    Raises
    ------
    InputError
        If the network was trained for another world.
    """
    world = problem.world
    catalogue = check(trained, world, settings)
    people = People.of(problem)
    open_patterns = allowed(catalogue, problem, people)
    seen = inputs(problem, people, trained["scale"])
    n, nodes = problem.present.shape
    best = np.zeros((n, nodes), dtype=bool), problem.present.copy()
    tried = np.zeros(n, dtype=int)
    rows = np.arange(n)
    for _ in range(1 + settings.fallback):
        rows = rows[open_patterns[rows].any(axis=1)]
        if not len(rows):
            break
        chosen, change, price = _chosen(world, settings, trained, people.take(rows), seen[rows], open_patterns[rows])
        tried[rows] += np.take_along_axis(open_patterns[rows], chosen, axis=1).sum(axis=1)
        open_patterns[rows[:, None], chosen] = False
        rows = cheapest_accepted(problem, rows, catalogue[chosen] != 0, change, price, best)
    log.info("%d of %d people: none of their patterns was accepted", n - best[0].any(axis=1).sum(), n)
    # What is noted has come through `Plans.of` already, which it would take as long to ask again as all the rest.
    return Plans(*best, best[0].any(axis=1), np.zeros(n, dtype=bool), {"patterns": tried})


def _chosen(world, settings, trained, people, seen, possible):
    """The best patterns of people, refined: which (n, patterns), changes (n, patterns, actionable), costs."""
    weights = {name: value for name, value in trained.items() if name.startswith(("score", "start"))}
    kernel = compiled(choose, world, settings)
    size = MANY if len(seen) > FEW else FEW
    parts = []
    with on_host(double=False):
        for begin in range(0, len(seen), size):
            arrays = (part[begin : begin + size] for part in (*people, seen, possible))
            parts.append(kernel(weights, *[padded(part, size, np.float32) for part in arrays]))
        parts = [[np.asarray(part) for part in chunk] for chunk in parts]  # waits for it, when all are under way
    return [np.concatenate(part)[: len(seen)] for part in zip(*parts, strict=True)]


def network(weights, name, seen):
    """A network of two hidden layers."""
    import jax.numpy as jnp

    for layer in (1, 2):
        seen = jnp.maximum(seen @ weights[f"{name}_w{layer}"] + weights[f"{name}_b{layer}"], 0.0)
    return seen @ weights[f"{name}_w3"] + weights[f"{name}_b3"]


def started(weights, seen, pattern):
    """How far of the way to its bound each node of patterns starts, between 0 and 1."""
    import jax
    import jax.numpy as jnp

    return jax.nn.sigmoid(network(weights, "start", jnp.concatenate([seen, pattern], axis=-1)))


def choose(world, settings, weights, *arrays):
    """The network and the steps behind it."""
    import jax.numpy as jnp

    *people, seen, possible = arrays
    catalogue = patterns_of(world, settings).astype(np.float32)
    scores = jnp.where(possible, network(weights, "score", seen), -jnp.inf)
    picks = []
    for _ in range(min(settings.patterns, len(catalogue))):
        pick = scores.argmax(axis=1)
        picks.append(pick)
        scores = jnp.where(jnp.arange(len(catalogue)) == pick[:, None], -jnp.inf, scores)
    picks = jnp.stack(picks)
    pattern = jnp.asarray(catalogue)[picks.ravel()]
    repeated = [jnp.tile(part, (len(picks), 1)) for part in (*people, seen)]
    far = pattern if linear(world) else started(weights, repeated[-1], pattern)
    change, price, _ = attempt(world, settings, *repeated[:-1], pattern, far, settings.steps, settings.pushes)
    forbidden = ~jnp.take_along_axis(possible, picks.T, axis=1)
    change = change.reshape(*picks.shape, -1).transpose(1, 0, 2)
    return picks.T, change, jnp.where(forbidden, jnp.inf, price.reshape(picks.shape).T)


def attempt(world, settings, *arrays):
    """The steps for one pattern each: changes (n, actionable), their cost, the highest logit."""
    import jax.numpy as jnp

    *people, pattern, far, steps, pushes = arrays
    people = People(*(part.T for part in people))
    pattern = pattern.T
    acted = pattern != 0
    if linear(world):
        lower, upper = jnp.where(acted, people.lower, 0.0), jnp.where(acted, people.upper, 0.0)
        start, steps, pushes = jnp.zeros_like(lower), 2, 0
    else:
        lower, upper = jnp.where(pattern < 0, people.lower, 0.0), jnp.where(pattern > 0, people.upper, 0.0)
        start = far.T * (lower + upper)
    change, price, nearest = refined(world, people, acted, lower, upper, start, steps, pushes, settings.margin)
    return change.T, price, nearest


def train(world, schemes, settings, seed, log):
    """A network for a world, and for profiles of some schemes.

    Parameters
    ----------
    world : World
    schemes : dict of str to Scheme
    settings : Settings
    seed : int
    log : logging.Logger

    Returns
    -------
    dict of arrays
        Weights, and what they are for: names, patterns, and the numbers of the world that inputs are scaled by.

    Raises
    ------
    InputError
        If the classifier rejects nobody whom to train on.
    """
    rejected = world.train[world.classifier.logit(world.train) < 0]
    if not len(rejected):
        raise InputError("amortized: given training people who are all accepted; allowed: some who are rejected")
    catalogue = patterns_of(world, settings)
    random = np.random.default_rng(seed)
    trained = purpose(world, catalogue) | {"scale": np.median(-world.classifier.logit(rejected))}
    nodes, actions = len(world.mean), len(world.ranges)
    seen = nodes + 1 + 8 * actions
    trained |= initial(random, "score", seen, settings.hidden, len(catalogue))
    if not linear(world):
        trained |= initial(random, "start", seen + actions, settings.hidden, actions)
    pool = []
    for place in range(1 if linear(world) else settings.rounds):
        problem = population(world, rejected, schemes, settings.people, random)
        pool.append(Examples.of(problem, catalogue, trained, settings, random, learned=place > 0))
        if not linear(world):
            lost = optimised("start", trained, [part.starts(catalogue, random) for part in pool], settings, random)
            log.info("round %d: starts are off by %.3f of the way", place + 1, lost)
    pool = [part.attained(world, catalogue, trained, settings) for part in pool]
    lost = optimised("score", trained, [part.choices() for part in pool], settings, random)
    log.info("choices: a loss of %.3f", lost)
    return trained


def purpose(world, catalogue):
    """What a network is for; its inputs are scaled by some of it."""
    return {
        "nodes": np.array(world.model.nodes),
        "actionable": np.array(world.model.names),
        "patterns": catalogue,
        "mean": world.mean,
        "sd": world.sd,
        "ranges": world.ranges,
        "limits": world.limits,
    }


def check(trained, world, settings):
    """The patterns of a network, if it is one for this world and these settings.

    Raises
    ------
    InputError
        If it was trained for another one.
    """
    for name, value in purpose(world, patterns_of(world, settings)).items():
        if not np.array_equal(trained[name], value):
            given, needed = (" ".join(np.asarray(part).ravel().astype(str)[:8]) for part in (trained[name], value))
            raise InputError(f"amortized: given a network trained for {name} {given}; allowed: one for {needed}")
    return trained["patterns"]


def initial(random, name, inputs, hidden, outputs):
    """Weights to begin with: those of the last layer small."""
    sizes = [inputs, hidden, hidden, outputs]
    weights = {}
    for layer in (1, 2, 3):
        scale = np.sqrt((2.0 if layer < 3 else 0.1) / sizes[layer - 1])
        weights[f"{name}_w{layer}"] = (scale * random.standard_normal(sizes[layer - 1 : layer + 1])).astype(np.float32)
        weights[f"{name}_b{layer}"] = np.zeros(sizes[layer], np.float32)
    return weights


def population(world, rejected, schemes, people, random):
    """Rejected people with profiles, as many of each scheme."""
    model, parts = world.model, []
    schemes = [*schemes.values(), INDIVIDUAL]
    if model.sensitive is None:
        schemes = [scheme for scheme in schemes if not scheme.correlation]
    for scheme in schemes:
        rows = rejected[random.integers(len(rejected), size=-(-people // len(schemes)))]
        sensitive = None if model.sensitive is None else rows[:, model.sensitive]
        profiles = draw(
            scheme,
            rows[:, model.actionable],
            world.sd[model.actionable],
            world.limits,
            sensitive,
            int(random.integers(2**31)),
        )
        parts.append((rows, profiles))
    rows, profiles = zip(*parts, strict=True)
    return Problem(world, np.concatenate(rows), type(profiles[0])(*map(np.concatenate, zip(*profiles, strict=True))))


class Examples(NamedTuple):
    """People, patterns tried on each, and how that went: arrays (n, tried, ...).

    Attributes
    ----------
    people : People
    seen : (n, inputs) array
    picks : (n, tried) array
        Which patterns.
    possible : (n, tried) boolean array
        Which of them mask and box allow.
    far : (n, tried, actionable) array
        How far of the way to their bounds values ended, from the best of several starts.
    cost : (n, tried) array
        What it cost there, infinite where no start led to acceptance.
    """

    people: People
    seen: np.ndarray
    picks: np.ndarray
    possible: np.ndarray
    far: np.ndarray
    cost: np.ndarray

    @classmethod
    def of(cls, problem, catalogue, trained, settings, random, learned):
        """Patterns tried from several starts, the network's own among them if it has learned any."""
        people = People.of(problem)
        seen, possible = inputs(problem, people, trained["scale"]), allowed(catalogue, problem, people)
        n, tried = len(seen), min(settings.tried, len(catalogue))
        picks = np.argsort(random.random(possible.shape) - possible, axis=1)[:, :tried]
        possible = np.take_along_axis(possible, picks, axis=1)
        shape = (n, tried, len(problem.world.ranges))
        self = cls(people, seen, picks, possible, np.zeros(shape, np.float32), np.full((n, tried), np.inf, np.float32))
        starts = [0.0] if linear(problem.world) else [*settings.starts, *["learned"] * learned]
        for start in starts:
            far, cost = self.attempts(
                problem.world, catalogue, trained, settings, start, settings.steps, settings.pushes
            )
            better = cost < self.cost
            self.far[better], self.cost[better] = far[better], cost[better]
        return self

    def attained(self, world, catalogue, trained, settings):
        """The same with the costs that the network's own start and the usual number of steps lead to."""
        if linear(world):
            return self
        _, cost = self.attempts(world, catalogue, trained, settings, "learned", settings.steps, settings.pushes)
        return self._replace(cost=cost)

    def attempts(self, world, catalogue, trained, settings, start, steps, pushes):
        """Where the steps end for every possible pattern: how far of the way, and at what cost."""
        import jax

        kernel = compiled(attempt, world, settings)
        rows, places = np.nonzero(self.possible)
        far, cost = np.zeros_like(self.far), np.full_like(self.cost, np.inf)
        with on_host(double=False):
            first = jax.jit(started, compiler_options=ONE_THREAD)
            for begin in range(0, len(rows), MANY):
                row, place = rows[begin : begin + MANY], places[begin : begin + MANY]
                people, pattern = self.people.take(row), catalogue[self.picks[row, place]]
                seen, *arrays = [padded(part, MANY, np.float32) for part in (self.seen[row], *people, pattern)]
                if start == "learned":
                    share = first(
                        {name: trained[name] for name in trained if name.startswith("start")}, seen, arrays[-1]
                    )
                else:
                    share = np.full((MANY, pattern.shape[1]), start, np.float32)
                change, price, _ = (np.asarray(part)[: len(row)] for part in kernel(*arrays, share, steps, pushes))
                bound = np.where(pattern > 0, people.upper, people.lower)
                far[row, place] = np.where(pattern != 0, change / np.where(bound == 0, 1.0, bound), 0.0)
                cost[row, place] = price
        return far, cost

    def choices(self):
        """What the scores are trained on: all about people for whom some pattern was accepted."""
        useful = np.isfinite(self.cost).any(axis=1)
        return tuple(part[useful] for part in (self.seen, self.picks, self.possible, self.cost))

    def starts(self, catalogue, random):
        """What the start is trained on: patterns of those people, drawn, good ones rather than bad ones."""
        seen, picks, _, cost = self.choices()
        far = self.far[np.isfinite(self.cost).any(axis=1)]
        worth = -relative(cost, np)
        rows = np.repeat(np.arange(len(seen)), DRAWN)
        places = (worth[rows] + random.gumbel(size=(len(rows), cost.shape[1]))).argmax(axis=1)
        return seen[rows], catalogue[picks[rows, places]], far[rows, places]


def relative(cost, xp):
    """How much more patterns cost than a person's best, in units between that and the mean of all persons' bests."""
    best = cost.min(axis=1)[:, None]
    return (cost - best) / (0.5 * (best + best.mean()) + xp.finfo(xp.float32).tiny)


def optimised(name, trained, data, settings, random):
    """Improve one part of the network on examples, in place; the mean loss of the last tenth of updates."""
    import jax

    data = tuple(np.concatenate(parts) for parts in zip(*data, strict=True))
    if not len(data[0]):
        return float("nan")
    batches = random.integers(len(data[0]), size=(settings.updates, settings.batch)).astype(np.int32)
    weights = {key: value for key, value in trained.items() if key.startswith(name)}
    with on_host(double=False):
        improve = functools.partial(improved, {"start": start_loss, "score": score_loss}[name], settings)
        weights, losses = jax.jit(improve, compiler_options=ONE_THREAD)(weights, data, batches)
        trained |= {key: np.asarray(value) for key, value in weights.items()}
        return float(np.asarray(losses)[-max(settings.updates // 10, 1) :].mean())


def improved(loss, settings, weights, data, batches):
    """Steps of Adam, and of the multiplier."""
    import jax
    import jax.numpy as jnp
    import optax

    optimiser = optax.adam(optax.cosine_decay_schedule(settings.rate, settings.updates))

    def update(state, batch):
        weights, memory, multiplier = state
        drawn = [part[batch] for part in data]
        (value, failures), slopes = jax.value_and_grad(loss, has_aux=True)(weights, multiplier, *drawn)
        changes, memory = optimiser.update(slopes, memory)
        multiplier = jnp.maximum(multiplier + failures - settings.failures, 0.0)
        return (optax.apply_updates(weights, changes), memory, multiplier), value

    state = weights, optimiser.init(weights), jnp.float32(1.0)
    state, losses = jax.lax.scan(update, state, batches)
    return state[0], losses


def score_loss(weights, multiplier, seen, picks, possible, cost):
    """What the choice is expected to cost above the best one, plus the multiplier times how often it fails.

    Such a loss hardly teaches what has little chance, so the cross-entropy to a soft choice by cost is added.
    """
    import jax
    import jax.numpy as jnp

    scores = jnp.take_along_axis(network(weights, "score", seen), picks, axis=1)
    log_chance = jax.nn.log_softmax(jnp.where(possible, scores, -FAR), axis=1)
    chance, failed, excess = jnp.exp(log_chance), jnp.isinf(cost), relative(cost, jnp)
    failures = (chance * failed).sum(1).mean()
    expected = (chance * jnp.where(failed, 0.0, jnp.minimum(excess, WORST))).sum(1).mean()
    soft = jax.nn.softmax(jnp.where(failed, -jnp.inf, -excess / SOFTNESS), axis=1)
    learnt = -jnp.where(possible, soft * log_chance, 0.0).sum(1).mean()
    return expected + multiplier * failures + learnt, failures


def start_loss(weights, multiplier, seen, pattern, far):
    """How far the start is from where the steps ended."""
    import jax.numpy as jnp

    found = started(weights, seen, pattern.astype(jnp.float32))
    return jnp.where(pattern != 0, jnp.abs(found - far), 0.0).sum(1).mean(), jnp.float32(0.0)
