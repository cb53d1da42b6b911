"""The gradient step of Algorithm 1, and what a solver is given and returns."""

from typing import NamedTuple

import numpy as np

from recrec.actionability import FREE, Constraints
from recrec.arrays.kernels import ZERO
from recrec.methods import Solution

#: What is left of a sum whose terms cancel is zero if it is at most this many units of rounding of the terms' sizes.
CANCELS = 1024


class Task(NamedTuple):
    """Lift one item above a threshold for each of n sampled users.

    Attributes
    ----------
    profiles : (n, features) array
        Profiles of the sampled users over the mutable features.
    scores : (n,) array
        The item's scores before the recourse.
    thresholds : (n,) array
        `ranking.score_thresholds` for the desired rank: a user is content where the score is greater.
    constraints : Constraints
    """

    profiles: np.ndarray
    scores: np.ndarray
    thresholds: np.ndarray
    constraints: Constraints = FREE


def ended(change, status, iterations, events):
    """Where the path of Algorithm 1 ended, as a solution.

    Parameters
    ----------
    change : (features,) array
        Recourse minus original, over the mutable features.
    status : {"reached", "stalled", "max_iterations"}
        No sampled user is left; nothing can move; the iterations ran out.
    iterations : int
        Gradient steps taken.
    events : int
        Stretches of constant gradient that a leaping solver took them in; equals `iterations` for a stepping one.

    Returns
    -------
    Solution
    """
    return Solution(change, status, diagnostics={"iterations": iterations, "events": events})


class Scale(NamedTuple):
    """Step size and L1 weight in absolute units."""

    step: float
    l1: float


def cancelled(xp, total, size):
    """Sums, with zero for those whose terms cancel to rounding.

    Parameters
    ----------
    xp : array namespace
    total, size : arrays
        Sums of some terms, and of their absolute values.

    Returns
    -------
    array
    """
    return xp.where(xp.abs(total) > CANCELS * xp.finfo(total.dtype).eps * size, total, 0.0)


def gradient_of(profiles, aggregate):
    """The gradient of the active users' scores, summed or averaged, by the item's features.

    Parameters
    ----------
    profiles : (active users, features) array
    aggregate : {"mean", "sum"}

    Returns
    -------
    (features,) array
    """
    gradient = cancelled(np, profiles.sum(axis=0), np.abs(profiles).sum(axis=0))
    return gradient / len(profiles) if aggregate == "mean" else gradient


def scale(first_gradient, settings):
    """Absolute step size and L1 weight: the settings times the largest entry of the first gradient.

    Parameters
    ----------
    first_gradient : (features,) array
        Zero for features that must not change.
    settings : Settings

    Returns
    -------
    Scale or None
        None where the gradient is zero: no mutable feature occurs in an active profile, nothing can move.
    """
    largest = np.abs(first_gradient).max(initial=0.0)
    if largest == 0.0:
        return None
    return Scale(settings.learning_rate / largest, settings.lambda_ * largest)


def shrink(xp, values, shrinkage):
    """Soft threshold, the proximal step of the L1 term."""
    size = xp.abs(values) - shrinkage
    return xp.where(size > ZERO * shrinkage, xp.sign(values) * size, 0.0)


def within(xp, change, drift, constraints):
    """Changes put back into their bounds, and onto a bound where steps of the size of `drift` as good as touch it."""
    for bound, beyond, inwards in ((constraints.low, xp.less, 1.0), (constraints.high, xp.greater, -1.0)):
        if bound is not None:
            finite = xp.where(xp.isfinite(bound), bound, 0.0)
            near = finite + inwards * ZERO * xp.maximum(xp.abs(finite), xp.abs(drift))
            change = xp.where(beyond(change, xp.where(xp.isfinite(bound), near, bound)), bound, change)
    return change


def proximal_step(xp, change, drift, shrinkage, constraints):
    """One proximal gradient step on ``-(gradient . v') + l1 * ||v' - v||_1`` within bounds.

    Parameters
    ----------
    xp : array namespace
    change : array
        ``v' - v`` so far.
    drift : array
        Step size times gradient.
    shrinkage : array or float
        Step size times the L1 weight of each feature.
    constraints : Constraints

    Returns
    -------
    array
        The change after the step.
    """
    moved = within(xp, shrink(xp, change + drift, shrinkage), drift, constraints)
    return xp.where(xp.abs(moved - change) > ZERO * shrinkage, moved, change)
