"""Linear model and linear classifier: the optimum in closed form, over all sets of nodes."""

import numpy as np

from recrec.causal.boxed import cheapest
from recrec.causal.methods.exact.quadratic import Quadratic, cheaper
from recrec.causal.outcomes import Outcomes
from recrec.causal.world import Plans, intervention_sets

#: By how much more than the gap plans aim at, relative to the numbers that the logit is summed from. The classifier,
#: asked again, has to accept in spite of rounding; where it does not, the next margin is tried.
MARGINS = (1e-14, 1e-12, 1e-10, 1e-8)


def applies(world):
    """Whether model and classifier are both linear."""
    return world.model.linear and world.classifier.coefficients is not None


def solve(problem, largest_set):
    """The optimum of each person.

    Parameters
    ----------
    problem : Problem
    largest_set : int

    Returns
    -------
    Plans
    """
    world, quadratic = problem.world, Quadratic.of(problem)
    n, actionable = problem.present.shape
    coefficients = world.classifier.coefficients
    gap = -world.classifier.logit(problem.people)
    size = np.abs(problem.people) @ np.abs(coefficients) + np.abs(gap)
    groups = []
    for acts in range(1, min(largest_set, actionable) + 1):
        sets = [row for row in intervention_sets(actionable, acts) if row.sum() == acts]
        nodes = np.array([np.flatnonzero(row) for row in sets])
        effects = np.array(
            [(world.model.unit_effects(row) @ coefficients)[places] for row, places in zip(sets, nodes, strict=True)]
        )
        groups.append((nodes, effects))
    outcomes = Outcomes(problem)
    acted, change = np.zeros((n, actionable), dtype=bool), np.zeros((n, actionable))
    open_, possible = np.arange(n), np.full(n, -np.inf)
    for margin in MARGINS:
        best, best_acted, best_change = np.full(len(open_), np.inf), acted[open_], change[open_]
        some = quadratic.take(open_)
        for nodes, effects in groups:
            part = some.at(nodes)
            solution = cheapest(
                effects, part.curvature, part.pull, (gap + margin * size)[open_, None], part.lower, part.upper
            )
            gains = (effects * solution.change).sum(axis=-1)
            allowed = part.mask.all(axis=-1)
            possible[open_] = np.maximum(possible[open_], np.where(allowed, gains, -np.inf).max(axis=1))
            costs = np.where(allowed & (gains >= gap[open_, None]), part.cost(solution.change), np.inf)
            first = _first_of_the_cheapest(costs)
            better = cheaper(costs[np.arange(len(open_)), first], best)
            rows = np.flatnonzero(better)
            best[rows] = costs[rows, first[rows]]
            best_acted[rows], best_change[rows] = False, 0.0
            best_acted[rows[:, None], nodes[first[rows]]] = True
            best_change[rows[:, None], nodes[first[rows]]] = solution.change[rows, first[rows]]
        acted[open_], change[open_] = best_acted & np.isfinite(best)[:, None], best_change
        values = np.clip(problem.present[open_] + best_change, *(end[open_] for end in problem.box()))
        logits = outcomes.logits(open_, acted[open_], values)
        open_ = open_[np.isfinite(best) & ~(logits >= 0)]
        if not len(open_):
            break
    all_sets = problem.profiles.mask.sum(axis=1) <= largest_set
    plans = Plans.of(problem, acted, problem.present + change)
    certified = all_sets & (plans.found | (possible < gap - 1e-9 * size))
    return plans._replace(certified=certified)


def _first_of_the_cheapest(costs):
    """Place of the first set, so the smallest, of those that cost no more than rounding beyond the cheapest."""
    least = costs.min(axis=1, keepdims=True)
    return (~cheaper(least, costs)).argmax(axis=1)
