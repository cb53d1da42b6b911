"""A person's problem without some of its constraints: what they cost, and which stand in the way."""

from typing import NamedTuple

import numpy as np

from recrec.actionability.profiles import Profiles
from recrec.causal.world import Plans, Problem, cost

#: Limits that hold for everybody are moved outwards by so many times what lies between them.
WIDER = 1.0


class Constraint(NamedTuple):
    """One constraint of one person.

    Attributes
    ----------
    kind : str
        ``mask``, ``direction``, ``low``, ``high``: the person's own (`Profiles.hard`); ``limit``: that holds for
        everybody.
    feature : int
        Which of the actionable nodes.
    """

    kind: str
    feature: int


class Found(NamedTuple):
    """A plan that there is without some constraints: that of a row of the problems without them.

    Attributes
    ----------
    cost : float
    without : tuple of Constraint
    problem : Problem
    plans : Plans
    row : int
    """

    cost: float
    without: tuple[Constraint, ...]
    problem: Problem
    plans: Plans
    row: int


def constraints_of(problem, everybodys):
    """The constraints of a problem of one person.

    Parameters
    ----------
    problem : Problem
    everybodys : bool
        Whether to list the limits that hold for everybody, too.

    Returns
    -------
    list of Constraint
    """
    found = [Constraint(*each) for each in problem.profiles.hard(0)]
    limits = [Constraint("limit", k) for k in range(len(problem.world.model.actionable))]
    return sorted(found + everybodys * limits, key=lambda each: each.feature)


def relax(problem, choices):
    """The problem of one person without some constraints.

    Parameters
    ----------
    problem : Problem
    choices : list of tuple of Constraint
        What to take away.

    Returns
    -------
    Problem
        With a row for each choice.
    """
    world, present, rows = problem.world, problem.present[0], []
    limits = np.repeat(world.limits[:, None, :], len(choices), axis=1)
    width = world.limits[1] - world.limits[0]
    for row, choice in enumerate(choices):
        profiles = problem.profiles
        for kind, k in choice:
            if kind == "limit":
                limits[:, row, k] += [-WIDER * width[k], WIDER * width[k]]
            else:
                profiles = profiles.without(kind, k)
        rows.append(profiles)
    profiles = Profiles(*(np.concatenate(parts) for parts in zip(*rows, strict=True)))
    if any(constraint.kind == "limit" for choice in choices for constraint in choice):
        # The world has one set of limits for all rows: the widest, and each row its own in its box.
        low = np.maximum(profiles.low, np.minimum(limits[0], present))
        high = np.minimum(profiles.high, np.maximum(limits[1], present))
        profiles = profiles._replace(low=low, high=high)
        world = world._replace(limits=np.stack([limits[0].min(axis=0), limits[1].max(axis=0)]))
    return Problem(world, np.repeat(problem.people, len(choices), axis=0), profiles)


def ways_out(problem, choices, solve):
    """The plans that there are without some constraints, cheapest first.

    Parameters
    ----------
    problem : Problem
        Of one person.
    choices : list of tuple of Constraint
        What to take away.
    solve : callable
        Plans of a `Problem`.

    Returns
    -------
    list of Found
    """
    found = []
    for wider in (False, True):
        # The world stays as it is for those that leave everybody's limits alone.
        group = [choice for choice in choices if any(each.kind == "limit" for each in choice) == wider]
        group = [choice for choice in group if _of_use(problem, choice)]
        if not group:
            continue
        freer = relax(problem, group)
        plans, wished = solve(freer), (freer.profiles.preferred, freer.profiles.penalty)
        costs = cost(freer.world, freer.people, plans.acted, plans.values, freer.profiles.weights, *wished)
        found += [Found(costs[row], group[row], freer, plans, row) for row in np.flatnonzero(plans.found)]
    return sorted(found, key=lambda each: each[:2])


def _of_use(problem, choice):
    """Whether anything could be acted on then: limits on what stays locked do not matter."""
    mask = problem.profiles.mask[0].copy()
    mask[[each.feature for each in choice if each.kind == "mask"]] = True
    return mask.any() and all(mask[each.feature] for each in choice)
