"""The cost as a quadratic function of each act's change."""

from typing import NamedTuple

import numpy as np

#: Relative difference of costs that is taken for rounding.
ROUNDING = 1e-12


class Quadratic(NamedTuple):
    """Cost and box of changes: each act adds ``curvature d**2 - 2 pull d + rest``. All arrays are (..., acts).

    Attributes
    ----------
    curvature, pull, rest : arrays
    lower, upper : arrays
        Box on the change.
    mask : boolean array
        Whether the person may act.
    """

    curvature: np.ndarray
    pull: np.ndarray
    rest: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    mask: np.ndarray

    @classmethod
    def of(cls, problem):
        """Of all people of a problem over all actionable nodes, (n, actionable)."""
        world, profiles, present = problem.world, problem.profiles, problem.present
        lower, upper = problem.box()
        with np.errstate(divide="ignore"):
            scale = 1.0 / (world.sd[world.model.actionable] ** 2 * world.ranges * present.shape[1])
        preferred = np.where(np.isnan(profiles.preferred), present, profiles.preferred)
        penalty, distance = scale * profiles.penalty, preferred - present
        return cls(
            scale * profiles.weights + penalty,
            penalty * distance,
            penalty * distance**2,
            lower - present,
            upper - present,
            profiles.mask,
        )

    def take(self, rows):
        """Those of some people."""
        return Quadratic(*(part[rows] for part in self))

    def at(self, nodes):
        """Those of some nodes: (n, actionable) arrays become (n, *nodes.shape) arrays."""
        return Quadratic(*(part[:, nodes] for part in self))

    def of_pairs(self, rows, nodes):
        """Those of some people, each at their own nodes: (pairs, acts) arrays."""
        return Quadratic(*(part[rows[:, None], nodes] for part in self))

    def cost(self, change):
        """What changes cost, summed over the last axis."""
        return (self.curvature * change**2 - 2 * self.pull * change + self.rest).sum(axis=-1)

    def easiest(self):
        """The change in the box that costs least: 0 but where another value is preferred."""
        with np.errstate(invalid="ignore"):
            change = np.where(np.isfinite(self.curvature) & (self.pull != 0), self.pull / self.curvature, 0.0)
        return np.clip(change, self.lower, self.upper)


def cheaper(cost, than):
    """Whether costs are lower by more than rounding."""
    return cost < than - ROUNDING * np.abs(np.where(np.isfinite(than), than, 0.0))
