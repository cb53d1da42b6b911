"""Algorithm 1 one gradient step at a time, with scores against thresholds in place of ranks.

The plain form: the only one for the subgradient step, and what the leaping solver must equal.
"""

import numpy as np

from recrec.arrays.kernels import ZERO
from recrec.methods import LIMIT, REACHED, STALLED
from recrec.methods.recrec.steps import ended, gradient_of, proximal_step, scale, within


def step_change(change, gradient, units, settings, constraints):
    """One step of Algorithm 1 with the L1 step of the settings, in terms of ``change = v' - v``."""
    weights = 1.0 if constraints.weights is None else constraints.weights
    drift, shrinkage = units.step * gradient, units.step * units.l1 * weights
    if settings.l1_step == "subgradient":
        sign = np.where(np.abs(change) > ZERO * shrinkage, np.sign(change), 0.0)
        return within(np, change + drift - shrinkage * sign, drift, constraints)
    return proximal_step(np, change, drift, shrinkage, constraints)


def solve(task, settings):
    """Follow Algorithm 1 step by step.

    Parameters
    ----------
    task : Task
    settings : Settings

    Returns
    -------
    Solution
    """
    constraints = task.constraints.check()
    scores, change = task.scores, np.zeros(task.profiles.shape[1])
    units = None
    iterations = 0
    while True:
        active = scores <= task.thresholds
        if not active.any():
            return ended(change, REACHED, iterations, iterations)
        gradient = gradient_of(task.profiles[active], settings.aggregate)
        units = units or scale(gradient, settings)
        if units is None:
            return ended(change, STALLED, iterations, iterations)
        moved = step_change(change, gradient, units, settings, constraints)
        if np.array_equal(moved, change):
            return ended(change, STALLED, iterations, iterations)
        if iterations == settings.max_iterations:
            return ended(change, LIMIT, iterations, iterations)
        change = moved
        scores = task.scores + task.profiles @ change
        iterations += 1
