"""Gradients for each person: all sets of acts at once, each from several starts, batched over people.

Values move by Adam, and back into the box after every step, on an augmented Lagrangian: what the plan costs, plus what
the logit lacks, times a multiplier that rises while it lacks anything and falls where there is too much, plus the
square of what it lacks. What was accepted on the way and cost least is then moved straight towards the values that cost
least of all, as far as it stays accepted. That is a local optimum at best; nothing is proved.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from recrec.causal.methods._refinement import People, cheapest_accepted, compiled, missing, on_host, padded
from recrec.causal.methods.grid import largest
from recrec.causal.world import Plans, intervention_sets
from recrec.config import Section
from recrec.config.values import number, whole_number

TITLE = "gradient"
TRAINED = False
#: Libraries that it imports when it is asked: a study without them is refused at once.
REQUIRES = ("jax", "optax")

#: Sets of acts of people that are computed together: a power of two between these, so that little is compiled.
FEW, MANY = 256, 8192
#: Weight of the square of what the logit lacks, and the most that is taken off the multiplier in a step.
PENALTY, SLACK = 4.0, 0.1
#: Halvings of the way back to the boundary, and the logit at which it ends, as a share of the present one.
HALVINGS, BOUNDARY = 40, 1e-9


class Settings(Section):
    """Settings of the gradient method."""

    largest_set: whole_number(1) | None = Field(
        None,
        description="Nodes that a plan may act on at once; null: all of up to four actionable nodes, three of more.",
    )
    steps: whole_number(1) = Field(80, description="Steps of Adam.")
    rate: number(gt=0) = Field(
        0.15, description="Learning rate, in standard deviations; it falls to a hundredth along a cosine."
    )
    ways: Annotated[list[number(ge=-1, le=1)], Field(min_length=1)] = Field(
        [0.15, -0.15, 0.6, -0.6],
        description="Where values start, once for each: 0 at the present ones, 1 at the highest, -1 at the lowest that "
        "the person may set.",
    )


def unsupported(problem, settings):
    """Why it cannot answer: JAX and optax may be missing."""
    return missing()


def solve(problem, settings, trained, seed, log):
    """The best plan that descent finds for each person.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    trained, seed
        Not used: nothing is drawn.
    log : logging.Logger

    Returns
    -------
    Plans
        The diagnostic ``starts`` is how many were followed for each person.
    """
    world, people = problem.world, People.of(problem)
    n, nodes = problem.present.shape
    sets = intervention_sets(nodes, largest(nodes, settings.largest_set))
    possible = ~(sets & ~problem.profiles.mask[:, None]).any(axis=2)
    ways = np.array(settings.ways, dtype=float)
    rows, which, way = np.nonzero(np.broadcast_to(possible[..., None], (*possible.shape, len(ways))))
    change = np.zeros((n, len(sets), len(ways), nodes))
    price = np.full(change.shape[:3], np.inf)
    kernel = compiled(descended, world, settings)
    with on_host(double=True):
        for begin in range(0, len(rows), MANY):
            row, set_, start = (part[begin : begin + MANY] for part in (rows, which, way))
            size = min(MANY, max(FEW, 1 << (len(row) - 1).bit_length()))
            given = [*people.take(row), sets[set_], ways[start]]
            found = kernel(*[padded(part, size, np.float64) for part in given])
            change[row, set_, start], price[row, set_, start] = (np.asarray(part)[: len(row)] for part in found)
    best = np.zeros((n, nodes), dtype=bool), problem.present.copy()
    acted = np.broadcast_to(sets[None, :, None], change.shape)
    candidates = len(sets) * len(ways)
    cheapest_accepted(
        problem,
        np.arange(n),
        acted.reshape(n, candidates, nodes),
        change.reshape(n, candidates, nodes),
        price.reshape(n, candidates),
        best,
    )
    plans = Plans.of(problem, *best, diagnostics={"starts": np.bincount(rows, minlength=n)})
    log.info("%d of %d people: a plan was found", plans.found.sum(), n)
    return plans


def descended(world, settings, *arrays):
    """Changes (n, actionable) for a set of acts each, in standard deviations, and their cost: infinite if rejected."""
    import jax
    import jax.numpy as jnp
    import optax

    *people, acted, way = arrays
    people, acted = People(*(part.T for part in people)), acted.T
    lower, upper = jnp.where(acted, people.lower, 0.0), jnp.where(acted, people.upper, 0.0)
    cheapest = jnp.clip(people.centre, lower, upper)
    sd = world.sd[world.model.actionable][:, None]

    def logit(change):
        values = people.present + change * sd
        return world.classifier.logit(world.model.predict(people.noise.T, acted.T, values.T, jnp), jnp)

    def price(change):
        return jnp.where(acted, people.curve * (change - people.centre) ** 2 + people.floor, 0.0).sum(0)

    size = jnp.maximum(jnp.abs(logit(jnp.zeros_like(lower))), 1e-6)
    unit = jnp.where(acted, people.curve, 0.0).sum(0)

    def lagrangian(change, multiplier):
        score = logit(change)
        lacks = jnp.maximum(BOUNDARY - score / size, -multiplier / PENALTY)
        return (price(change) / unit + multiplier * lacks + 0.5 * PENALTY * lacks**2).sum(), score

    optimiser = optax.adam(optax.cosine_decay_schedule(settings.rate, settings.steps, 0.01), b1=0.8, b2=0.95)

    def step(state, _):
        change, memory, multiplier, best, least = state
        slopes, score = jax.grad(lagrangian, has_aux=True)(change, multiplier)
        best, least = noted(change, score, best, least)
        moves, memory = optimiser.update(jnp.where(acted, jnp.nan_to_num(slopes), 0.0), memory)
        lacks = jnp.maximum(BOUNDARY - score / size, -SLACK)
        multiplier = jnp.maximum(multiplier + PENALTY * jnp.nan_to_num(lacks), 0.0)
        return (jnp.clip(change + moves, lower, upper), memory, multiplier, best, least), None

    def noted(change, score, best, least):
        better = (score >= BOUNDARY * size) & (price(change) < least)
        return jnp.where(better, change, best), jnp.where(better, price(change), least)

    start = jnp.where(way > 0, way * upper, -way * lower)
    nothing = jnp.full_like(size, jnp.inf)
    state = start, optimiser.init(start), jnp.ones_like(size), start, nothing
    (change, _, _, best, least), _ = jax.lax.scan(step, state, length=settings.steps)
    best, least = noted(change, logit(change), best, least)

    def halve(_, state):
        rejected, accepted = state
        middle = 0.5 * (rejected + accepted)
        passes = logit(cheapest + middle * (best - cheapest)) >= BOUNDARY * size
        return jnp.where(passes, rejected, middle), jnp.where(passes, middle, accepted)

    shares = jax.lax.fori_loop(0, HALVINGS, halve, (jnp.zeros_like(size), jnp.ones_like(size)))
    best = cheapest + shares[1] * (best - cheapest)
    return best.T, jnp.where(jnp.isinf(least), jnp.inf, price(best))
