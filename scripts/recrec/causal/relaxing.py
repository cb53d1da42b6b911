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
        ``lock``, ``direction``, ``box``: the person's own; ``limit``: that holds for everybody.
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
    profiles, found = problem.profiles, []
    for k in range(profiles.mask.shape[1]):
        if not profiles.mask[0, k]:
            found.append(Constraint("lock", k))
        else:
            if profiles.direction[0, k]:
                found.append(Constraint("direction", k))
            if np.isfinite(profiles.low[0, k]) or np.isfinite(profiles.high[0, k]):
                found.append(Constraint("box", k))
        if everybodys:
            found.append(Constraint("limit", k))
    return found


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
                    limits[:, row, k] += [-WIDER * width[k], WIDER * width[k]]
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
    mask[[each.feature for each in choice if each.kind == "lock"]] = True
    return mask.any() and all(mask[each.feature] for each in choice)
