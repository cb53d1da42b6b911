"""What may change, how far and at what cost: shared by every method."""

from typing import Any, NamedTuple

import numpy as np


class Constraints(NamedTuple):
    """What changes of the mutable features cost and how far they may go.

    Attributes
    ----------
    weights : (features,) array, number or None
        Cost of a unit of change of each feature, none negative; a number: of any of them; None: all are 1.
    low, high : (features,) arrays, numbers or None
        Bounds on the change, ``low <= 0 <= high``, infinite ones included; None: none.

    Examples
    --------
    >>> Constraints(high=np.array([2.0, np.inf])).check().bounded
    True
    """

    weights: np.ndarray | float | None = None
    low: np.ndarray | float | None = None
    high: np.ndarray | float | None = None

    def check(self, xp: Any = np) -> "Constraints":
        """These constraints.

        Parameters
        ----------
        xp : array namespace

        Returns
        -------
        Constraints

        Raises
        ------
        ValueError
            For weights or bounds that make no problem.
        """
        if self.weights is not None and not bool(xp.all(xp.isfinite(self.weights) & (self.weights >= 0))):
            raise ValueError("weights have to be finite and not negative")
        if self.low is not None and not bool(xp.all(self.low <= 0)):
            raise ValueError("a lower bound on a change is above 0: the item as it is would be outside")
        if self.high is not None and not bool(xp.all(self.high >= 0)):
            raise ValueError("an upper bound on a change is below 0: the item as it is would be outside")
        return self

    @property
    def bounded(self) -> bool:
        """Whether any change has a bound."""
        return self.low is not None or self.high is not None


#: Every feature costs the same and goes anywhere.
FREE = Constraints()
