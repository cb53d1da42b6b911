"""One recourse problem, the settings of Algorithm 1, and what a solver returns."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

#: A shrunk coordinate this close to zero, relative to the shrinkage, is zero: an exact arrival at zero must be one
#: whatever the order in which the steps were summed.
ZERO = 1e-9

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


class Problem(NamedTuple):
    """Lift one item above a bar for each of n sampled users.

    Attributes
    ----------
    profiles : (n, features) sparse array, CSR
        Profiles of the sampled users over the mutable features.
    scores : (n,) array
        The item's scores before the recourse.
    bars : (n,) array
        `recommender.bars` for the desired rank: a user is content where the score is greater.
    """

    profiles: object
    scores: np.ndarray
    bars: np.ndarray


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


def weight(aggregate, active):
    """Weight of each of `active` users in the loss."""
    return 1.0 / active if aggregate == "mean" else 1.0


def scale(problem, settings):
    """Absolute step size and L1 weight: the settings times the largest entry of the first gradient.

    Returns
    -------
    Scale or None
        None where the first gradient is zero: no mutable feature occurs in an active profile, nothing can move.
    """
    active = problem.scores <= problem.bars
    total = problem.profiles.T @ active.astype(float)
    largest = np.abs(total).max(initial=0.0) * weight(settings.aggregate, max(1, active.sum()))
    if largest == 0.0:
        return None
    return Scale(settings.learning_rate / largest, settings.lambda_ * largest)


def shrink(values, threshold):
    """Soft threshold, the proximal step of the L1 term."""
    size = np.abs(values) - threshold
    return np.where(size > ZERO * threshold, np.copysign(size, values), 0.0)
