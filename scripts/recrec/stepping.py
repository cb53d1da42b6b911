"""Algorithm 1 one gradient step at a time, with scores against bars in place of ranks.

The plain form: the only one for the subgradient step, and what the leaping solver must equal.
"""

import numpy as np

from recrec.problem import LIMIT, REACHED, STALLED, ZERO, Path, scale, shrink, weight


def step_change(change, gradient, scale_, l1_step):
    """One gradient step on ``-(gradient . v') + l1 * ||v' - v||_1``, in terms of ``change = v' - v``."""
    threshold = scale_.step * scale_.l1
    if l1_step == "subgradient":
        sign = np.where(np.abs(change) > ZERO * threshold, np.sign(change), 0.0)
        return change + scale_.step * gradient - threshold * sign
    return shrink(change + scale_.step * gradient, threshold)


def solve(problem, settings):
    """Follow Algorithm 1 step by step.

    Parameters
    ----------
    problem : Problem
    settings : Settings

    Returns
    -------
    Path
    """
    profiles = problem.profiles.toarray()
    scores, change = problem.scores, np.zeros(profiles.shape[1])
    units = scale(problem, settings)
    iterations = 0
    while True:
        active = scores <= problem.bars
        if not active.any():
            return Path(change, REACHED, iterations, iterations)
        if units is None:
            return Path(change, STALLED, iterations, iterations)
        gradient = profiles[active].sum(axis=0) * weight(settings.aggregate, active.sum())
        moved = step_change(change, gradient, units, settings.l1_step)
        if np.array_equal(moved, change):
            return Path(change, STALLED, iterations, iterations)
        if iterations == settings.max_iterations:
            return Path(change, LIMIT, iterations, iterations)
        change = moved
        scores = problem.scores + profiles @ change
        iterations += 1
