"""Recourse problems, the settings of Algorithm 1, its gradient step, and what a solver returns."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

#: A shrunk coordinate this close to zero, relative to the shrinkage, is zero; one this close to a bound, relative to
#: the bound and to the step, is on it; one that moves by less, relative to the shrinkage, does not move. What is so
#: exactly must be so whatever the order in which the steps were summed.
ZERO = 1e-9
#: What is left of a sum whose terms cancel is zero if it is at most this many units of rounding of the terms' sizes.
CANCELS = 1024

REACHED, STALLED, LIMIT = "reached", "stalled", "max_iterations"


@dataclass(frozen=True)
class Settings:
    """The choices that Algorithm 1 leaves open.

    Attributes
    ----------
    aggregate : {"mean", "sum"}
        How the scores of the active users enter the loss: ``sum`` is the paper's, under ``mean`` the L1 term keeps
        its weight when few users are left.
    desired_rank : int
        A sampled user is content once the item is within this rank.
    learning_rate : float
        Step size, in units of the largest first gradient: the first step changes no feature by more than this.
    lambda_ : float
        Weight of the L1 term, as a share of the largest first gradient. At 1 nothing moves.
    l1_step : {"proximal", "subgradient"}
        Soft threshold, or the plain subgradient with ``sign(0) = 0`` (the paper's letter).
    max_iterations : int
    """

    aggregate: str = "mean"
    desired_rank: int = 7
    learning_rate: float = 0.05
    lambda_: float = 0.0
    l1_step: str = "proximal"
    max_iterations: int = 5000

    @classmethod
    def from_config(cls, keys):
        """Settings from the config's section `recourse`, whose key `lambda` is a reserved word in Python."""
        return cls(**{"lambda_" if key == "lambda" else key: value for key, value in keys.items()})


class Terms(NamedTuple):
    """What changes of the mutable features cost and how far they may go.

    Attributes
    ----------
    weights : (features,) array or None
        Of each feature in the L1 term, none negative; None: all are 1.
    low, high : (features,) arrays or None
        Bounds on the change, ``low <= 0 <= high``, infinite ones included; None: none.
    """

    weights: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def check(self, xp=np):
        """These terms, or a `ValueError` for weights or bounds that make no problem."""
        if self.weights is not None and not bool(xp.all(xp.isfinite(self.weights) & (self.weights >= 0))):
            raise ValueError("weights have to be finite and not negative")
        if self.low is not None and not bool(xp.all(self.low <= 0)):
            raise ValueError("a lower bound on a change is above 0: the item as it is would be outside")
        if self.high is not None and not bool(xp.all(self.high >= 0)):
            raise ValueError("an upper bound on a change is below 0: the item as it is would be outside")
        return self

    @property
    def bounded(self):
        """Whether any change has a bound."""
        return self.low is not None or self.high is not None


#: Every feature costs the same and goes anywhere.
FREE = Terms()


class Problem(NamedTuple):
    """Lift one item above a bar for each of n sampled users.

    Attributes
    ----------
    profiles : (n, features) array
        Profiles of the sampled users over the mutable features.
    scores : (n,) array
        The item's scores before the recourse.
    bars : (n,) array
        `recommender.bars` for the desired rank: a user is content where the score is greater.
    terms : Terms
    """

    profiles: np.ndarray
    scores: np.ndarray
    bars: np.ndarray
    terms: Terms = FREE


class Path(NamedTuple):
    """Where the path of Algorithm 1 ended.

    Attributes
    ----------
    change : (features,) array
        Recourse minus original, over the mutable features.
    status : {"reached", "stalled", "max_iterations"}
        No sampled user is left; nothing can move; the iterations ran out.
    iterations : int
        Gradient steps taken.
    events : int
        Stretches of constant gradient that a leaping solver took them in; equals `iterations` for a stepping one.
    """

    change: np.ndarray
    status: str
    iterations: int
    events: int


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


def shrink(xp, values, threshold):
    """Soft threshold, the proximal step of the L1 term."""
    size = xp.abs(values) - threshold
    return xp.where(size > ZERO * threshold, xp.sign(values) * size, 0.0)


def within(xp, change, drift, terms):
    """Changes put back into their bounds, and onto a bound where steps of the size of `drift` as good as touch it."""
    for bound, beyond, inwards in ((terms.low, xp.less, 1.0), (terms.high, xp.greater, -1.0)):
        if bound is not None:
            finite = xp.where(xp.isfinite(bound), bound, 0.0)
            near = finite + inwards * ZERO * xp.maximum(xp.abs(finite), xp.abs(drift))
            change = xp.where(beyond(change, xp.where(xp.isfinite(bound), near, bound)), bound, change)
    return change


def proximal_step(xp, change, drift, threshold, terms):
    """One proximal gradient step on ``-(gradient . v') + l1 * ||v' - v||_1`` within bounds.

    Parameters
    ----------
    xp : array namespace
    change : array
        ``v' - v`` so far.
    drift : array
        Step size times gradient.
    threshold : array or float
        Step size times the L1 weight of each feature.
    terms : Terms

    Returns
    -------
    array
        The change after the step.
    """
    moved = within(xp, shrink(xp, change + drift, threshold), drift, terms)
    return xp.where(xp.abs(moved - change) > ZERO * threshold, moved, change)
