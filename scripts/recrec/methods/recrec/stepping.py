"""Algorithm 1 one gradient step at a time, with scores against bars in place of ranks.

The plain form: the only one for the subgradient step, and what the leaping solver must equal.
"""

import numpy as np

from recrec.methods.recrec.problem import LIMIT, REACHED, STALLED, ZERO, Path, gradient_of, proximal_step, scale, within


def step_change(change, gradient, units, settings, terms):
    """One step of Algorithm 1 with the L1 step of the settings, in terms of ``change = v' - v``."""
    weights = 1.0 if terms.weights is None else terms.weights
    drift, threshold = units.step * gradient, units.step * units.l1 * weights
    if settings.l1_step == "subgradient":
        sign = np.where(np.abs(change) > ZERO * threshold, np.sign(change), 0.0)
        return within(np, change + drift - threshold * sign, drift, terms)
    return proximal_step(np, change, drift, threshold, terms)


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
    terms = problem.terms.check()
    scores, change = problem.scores, np.zeros(problem.profiles.shape[1])
    units = None
    iterations = 0
    while True:
        active = scores <= problem.bars
        if not active.any():
            return Path(change, REACHED, iterations, iterations)
        gradient = gradient_of(problem.profiles[active], settings.aggregate)
        units = units or scale(gradient, settings)
        if units is None:
            return Path(change, STALLED, iterations, iterations)
        moved = step_change(change, gradient, units, settings, terms)
        if np.array_equal(moved, change):
            return Path(change, STALLED, iterations, iterations)
        if iterations == settings.max_iterations:
            return Path(change, LIMIT, iterations, iterations)
        change = moved
        scores = problem.scores + problem.profiles @ change
        iterations += 1
