"""The published brute-force oracle: some values per node or none, all combinations, the cheapest accepted one.

Combinations are tried in the order of their cost until one is accepted. Of those that cost the same, the first in the
order of nodes and values counts, where not acting on a node comes after all of its values.
"""

import functools
import itertools
from typing import Literal

import numpy as np
from pydantic import Field

from recrec.causal.outcomes import Outcomes
from recrec.causal.world import Plans, act_costs, intervention_sets
from recrec.config import Section
from recrec.config.values import whole_number

TITLE = "grid"
TRAINED = False

#: Combinations that a person may have, and how many of them are tried first; each further round tries more.
MOST, FIRST, GROWTH = 2_000_000, 128, 8
#: Costs that are held at once.
TOGETHER = 4_000_000


class Settings(Section):
    """Settings of the grid."""

    bins: whole_number(2) = Field(15, description="Values that are tried per node.")
    span: Literal["limits", "published"] = Field(
        "limits",
        description="From where to where they go: `limits`, over all that the person may set; `published`, from x - 2 "
        "(x - min) to x + 2 (max - x), with the least and the largest value of rejected training rows, which reaches "
        "outside of the data: of these, values that the person may not set are left out.",
    )
    largest_set: whole_number(1) | None = Field(
        None,
        description="Nodes that a plan may act on at once; null: all of up to four actionable nodes, three of more.",
    )


def largest(actionable, setting):
    """Nodes that a plan may act on at once."""
    return setting or (actionable if actionable <= 4 else 3)


def values_of(problem, bins, span="limits"):
    """The values that are tried.

    Parameters
    ----------
    problem : Problem
    bins : int
    span : {"limits", "published"}

    Returns
    -------
    values : (n, actionable, bins) array
        In raw units.
    allowed : (n, actionable, bins) boolean array
        Whether the person may set them.
    """
    lower, upper = problem.box()
    low, high = lower, upper
    if span == "published":
        world = problem.world
        rejected = world.train[world.classifier.logit(world.train) < 0][:, world.model.actionable]
        low = problem.present - 2 * (problem.present - rejected.min(axis=0))
        high = problem.present + 2 * (rejected.max(axis=0) - problem.present)
    # Not by NumPy's linspace, which takes another formula for all if for one of them both ends are the same.
    values = low[..., None] + np.arange(bins) / (bins - 1) * (high - low)[..., None]
    values[..., -1] = high
    allowed = (lower[..., None] <= values) & (values <= upper[..., None]) & problem.profiles.mask[..., None]
    return values, allowed


@functools.lru_cache(maxsize=8)
def combinations(actionable, bins, largest_set):
    """All combinations of values: (combinations, actionable) array of places among the values, ``bins`` for no act."""
    found = []
    for acted in intervention_sets(actionable, largest_set):
        size = int(acted.sum())
        places = np.full((bins**size, actionable), bins, dtype=np.int16)
        places[:, acted] = np.array(list(itertools.product(range(bins), repeat=size)), dtype=np.int16)
        found.append(places)
    places = np.concatenate(found)
    places = places[np.lexsort(places.T[::-1])]
    places.flags.writeable = False  # the cache hands it out again
    return places


def size(actionable, bins, largest_set):
    """How many `combinations` there are."""
    return sum(bins ** int(acted.sum()) for acted in intervention_sets(actionable, largest_set))


def costs_of(problem, values, allowed):
    """What setting a node to each of the values costs: (n, actionable, bins + 1) array, not acting last.

    Infinite where the person may not.
    """
    parts = problem.profiles
    per_value = act_costs(
        problem.world,
        problem.people[:, None, :],
        True,
        np.moveaxis(values, -1, 1),
        parts.weights[:, None],
        parts.preferred[:, None],
        parts.penalty[:, None],
    )
    per_value = np.where(allowed, np.moveaxis(per_value, 1, -1), np.inf)
    return np.concatenate([per_value, np.zeros((*per_value.shape[:2], 1))], axis=-1)


def unsupported(problem, settings):
    """Too many combinations, or a node without limits to span."""
    actionable = len(problem.world.model.actionable)
    largest_set = largest(actionable, settings.largest_set)
    if size(actionable, settings.bins, largest_set) > MOST:
        return (
            f"{settings.bins} values for each of {actionable} nodes, at most {largest_set} at once, are more than "
            f"{MOST:,} combinations"
        )
    if settings.span == "limits" and not all(np.isfinite(end).all() for end in problem.box()):
        return "a grid over the limits needs finite ones"
    return None


def solve(problem, settings, trained, seed, log):
    """The cheapest accepted combination of each person.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    trained, seed
        Not used.
    log : logging.Logger

    Returns
    -------
    Plans
        The diagnostic is ``tries``, how many combinations were looked at.
    """
    actionable = len(problem.world.model.actionable)
    places = combinations(actionable, settings.bins, largest(actionable, settings.largest_set))
    solve_part = functools.partial(_solve, settings=settings, places=places, log=log)
    return problem.solved_in_parts(solve_part, max(1, TOGETHER // len(places)))


def _solve(problem, settings, places, log):
    n, actionable = problem.present.shape
    values, allowed = values_of(problem, settings.bins, settings.span)
    costs = costs_of(problem, values, allowed)
    total = sum(costs[:, node][:, places[:, node]] for node in range(actionable)) / actionable
    best, tries = _first_accepted(Outcomes(problem), total, places, values)
    log.debug("grid: %d combinations, %.0f tried per person", len(places), tries.mean() if n else 0)
    acted, chosen = _acts(np.arange(n), places[best], values)
    return Plans.of(problem, acted & (best >= 0)[:, None], chosen, diagnostics={"tries": tries})


def _acts(rows, places, values):
    """Which nodes combinations act on, and the values they set them to."""
    bins = values.shape[-1]
    acted = places < bins
    return acted, values[rows[:, None], np.arange(places.shape[1]), np.where(acted, places, 0)]


def _first_accepted(outcomes, total, places, values):
    """The first accepted combination of each person in the order of cost, -1 for none, and how many were tried."""
    n = len(total)
    best, tries = np.full(n, -1), np.zeros(n, dtype=int)
    below, take = np.full(n, -np.inf), FIRST
    open_ = np.arange(n)
    while len(open_):
        asked, order = [], []
        for person in open_:
            cost = total[person]
            threshold = np.partition(cost, take - 1)[take - 1] if take < cost.size else np.inf
            # With all that cost as much as the last of them, so that none of these is looked at too late.
            which = np.flatnonzero((cost > below[person]) & (cost <= threshold) & np.isfinite(cost))
            which = which[np.argsort(cost[which], kind="stable")]
            below[person] = threshold
            asked.append(np.full(len(which), person))
            order.append(which)
        asked, order = np.concatenate(asked), np.concatenate(order)
        accepted = outcomes.logits(asked, *_acts(asked, places[order], values)) >= 0
        tries += np.bincount(asked, minlength=n)
        people, first = np.unique(asked[accepted], return_index=True)
        best[people] = order[accepted][first]
        open_ = open_[(best[open_] < 0) & np.isfinite(below[open_])]
        take *= GROWTH
    return best, tries
