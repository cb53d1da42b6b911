"""The cheapest change inside a box that gains enough, in closed form, for many people and sets of acts at once.

Of a separable quadratic cost and one linear constraint, the optimum is a clipped line in the constraint's multiplier.
What it gains is a non-decreasing, piecewise linear function of the multiplier, so that the multiplier is found from the
breakpoints, without iterating.
"""

from typing import NamedTuple

import numpy as np

#: Curvature that an act without cost gets, as a share of the largest one: of plans that cost the same, the near ones.
FREE = 1e-12


class Boxed(NamedTuple):
    """The cheapest changes.

    Attributes
    ----------
    change : (..., acts) array
        Where nothing gains enough, what gains most (with every unbounded act left as it is).
    multiplier : (...) array
        What one more unit of gain costs; 0 where the cheapest change of all gains enough.
    reached : (...) boolean array
        Whether the box allows the gain.
    """

    change: np.ndarray
    multiplier: np.ndarray
    reached: np.ndarray


def cheapest(effects, curvature, pull, gain, lower, upper):
    """The change d that minimises ``sum(curvature * d**2 - 2 * pull * d)`` while ``effects @ d >= gain``, in its box.

    A cost ``q * d**2 + r * (d - tau)**2`` has the curvature ``q + r`` and the pull ``r * tau``. All arrays broadcast.

    Parameters
    ----------
    effects : (..., acts) array
        Gain per unit of each act.
    curvature : (..., acts) array
        Not negative; infinite for an act that may not move.
    pull : (..., acts) array
    gain : (...) array
        What has to be gained.
    lower, upper : (..., acts) arrays
        Box on the change, possibly infinite; ``lower <= 0 <= upper``.

    Returns
    -------
    Boxed

    Examples
    --------
    >>> highest = np.array([1.0, np.inf])
    >>> cheapest(np.ones(2), np.ones(2), np.zeros(2), np.array(3.0), np.zeros(2), highest).change
    array([1., 2.])
    """
    effects, curvature, pull, lower, upper, wanted = np.broadcast_arrays(
        effects, curvature, pull, lower, upper, np.asarray(gain, dtype=float)[..., None]
    )
    gain = wanted[..., 0]
    stuck = ~np.isfinite(curvature)
    lower, upper = np.where(stuck, 0.0, lower), np.where(stuck, 0.0, upper)
    curvature = np.where(stuck, 1.0, curvature)
    largest = curvature.max(axis=-1, keepdims=True, initial=0.0)
    curvature = np.maximum(curvature, np.where(largest > 0, FREE * largest, 1.0))
    # An act without effect stays where it is cheapest, so it has no breakpoint.
    useful = effects != 0
    slope = np.where(useful, effects, 1.0)
    with np.errstate(invalid="ignore"):
        at_lower, at_upper = (2.0 * (curvature * end - pull) / slope for end in (lower, upper))
    first, last = np.where(slope > 0, at_lower, at_upper), np.where(slope > 0, at_upper, at_lower)

    def moved(multiplier):
        return np.clip((0.5 * multiplier[..., None] * effects + pull) / curvature, lower, upper)

    def gained(multiplier):
        return (effects * moved(multiplier)).sum(axis=-1)

    most = np.where(useful, np.where(slope > 0, upper, lower), 0.0)
    with np.errstate(invalid="ignore"):
        possible = np.where(useful, effects * most, 0.0).sum(axis=-1)
    reached = possible >= gain
    # The largest breakpoint at which not too much is gained begins the piece on which the optimum lies.
    start = np.zeros(gain.shape)
    gain_there = gained(start)
    enough = gain_there >= gain
    for breakpoints in (first, last):
        for act in range(effects.shape[-1]):
            breakpoint_ = breakpoints[..., act]
            considered = useful[..., act] & np.isfinite(breakpoint_) & (breakpoint_ > start)
            if not considered.any():
                continue
            candidate = np.where(considered, breakpoint_, start)
            its_gain = gained(candidate)
            later = considered & (its_gain <= gain)
            start, gain_there = np.where(later, candidate, start), np.where(later, its_gain, gain_there)
    moving = useful & (first <= start[..., None]) & (last > start[..., None])
    rate = np.where(moving, 0.5 * effects**2 / curvature, 0.0).sum(axis=-1)
    missing = np.maximum(gain - gain_there, 0.0)
    multiplier = start + np.where(rate > 0, missing / np.where(rate > 0, rate, 1.0), 0.0)
    multiplier = np.where(enough | ~reached, np.where(enough, 0.0, np.inf), multiplier)
    change = moved(np.where(np.isfinite(multiplier), multiplier, 0.0))
    corner = np.where(useful & np.isfinite(most), most, change)
    return Boxed(np.where(reached[..., None], change, corner), multiplier, reached)
