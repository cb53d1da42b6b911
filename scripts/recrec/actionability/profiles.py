"""What each of some people can and would change: hard constraints, soft preferences and what they truly feel."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Profiles(NamedTuple):
    """Actionability profiles of people over the features that can be acted on at all.

    Hard constraints are never broken: the mask, the box and the direction. Soft ones enter the cost of a change: the
    weights and the distance from preferred values. All arrays are people by features; values are in the features' own
    units.

    Attributes
    ----------
    mask : (people, features) array of bool
        Whether the person may act on the feature; where not, it is locked.
    low, high : (people, features) arrays of float
        Box on the feature's value, infinite where there is none; the person's present value is inside.
    direction : (people, features) array of int8
        -1: the value may only go down, 1: only up, 0: either way.
    weights : (people, features) array of float
        What a change costs, as the person said when asked: positive, mean 1 over the features that are not locked;
        1 where locked, without effect.
    preferred : (people, features) array of float
        The value that the person would like best, NaN where there is none.
    penalty : (people, features) array of float
        Weight of the distance from the preferred value, 0 where there is none.
    latent : (people, features) array of float
        What a change truly costs the person: positive, mean 1 over all features. Known in simulations only, and kept
        apart: no method sees it.

    Examples
    --------
    >>> profiles = Profiles.universal(1, 2)
    >>> profiles = profiles._replace(direction=np.array([[1, 0]], dtype=np.int8), high=np.array([[np.inf, 5.5]]))
    >>> lower, upper = profiles.box(np.array([[1.0, 5.0]]), limits=np.array([[0.0, 2.0], [4.0, 8.0]]))
    >>> lower.tolist(), upper.tolist()
    ([[1.0, 2.0]], [[4.0, 5.5]])
    """

    mask: np.ndarray
    low: np.ndarray
    high: np.ndarray
    direction: np.ndarray
    weights: np.ndarray
    preferred: np.ndarray
    penalty: np.ndarray
    latent: np.ndarray

    @classmethod
    def universal(cls, people: int, features: int) -> "Profiles":
        """People who may change everything, at the same cost.

        Parameters
        ----------
        people, features : int

        Returns
        -------
        Profiles

        Examples
        --------
        >>> Profiles.universal(2, 3).weights.sum()
        np.float64(6.0)
        """

        def filled(value: float, dtype: Any = np.float64) -> np.ndarray:
            return np.full((people, features), value, dtype)

        return cls(
            mask=filled(True, bool),
            low=filled(-np.inf),
            high=filled(np.inf),
            direction=filled(0, np.int8),
            weights=filled(1),
            preferred=filled(np.nan),
            penalty=filled(0),
            latent=filled(1),
        )

    def take(self, rows: Any) -> "Profiles":
        """The profiles of some of the people.

        Parameters
        ----------
        rows : index array, mask or slice

        Returns
        -------
        Profiles

        Examples
        --------
        >>> Profiles.universal(5, 3).take([0, 4]).mask.shape
        (2, 3)
        """
        return Profiles(*(part[rows] for part in self))

    def box(self, present: np.ndarray, limits: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """What each feature may be set to: from mask, box, direction and limits.

        Parameters
        ----------
        present : (people, features) array
            The features' present values.
        limits : (2, features) array, optional
            Least and largest value of each feature for anybody, widened here to contain a person's present value.

        Returns
        -------
        lower, upper : (people, features) arrays
            ``lower <= present <= upper``; both are the present value, to the last bit, where a feature is locked.

        Raises
        ------
        ValueError
            For profiles that make no problem (see `check`).
        """
        self.check(present)
        lower, upper = self.low, self.high
        if limits is not None:
            lower = np.maximum(lower, np.minimum(limits[0], present))
            upper = np.minimum(upper, np.maximum(limits[1], present))
        lower = np.where(self.mask & (self.direction <= 0), lower, present)
        upper = np.where(self.mask & (self.direction >= 0), upper, present)
        return lower, upper

    def check(self, present: np.ndarray | None = None) -> "Profiles":
        """These profiles.

        The mean of the weights is not asked for: a problem makes sense with any positive ones.

        Parameters
        ----------
        present : (people, features) array, optional
            The features' present values.

        Returns
        -------
        Profiles

        Raises
        ------
        ValueError
            For profiles that make no problem: what is wrong, and the first person and feature it is wrong for.

        Examples
        --------
        >>> profiles = Profiles.universal(2, 3)._replace(low=np.array([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))
        >>> profiles.check(present=np.ones((2, 3)))
        Traceback (most recent call last):
            ...
        ValueError: profile 1, feature 1: the present value is below the box
        """
        if self.mask.ndim != 2:
            raise ValueError(f"profiles are arrays of people by features; the mask has the shape {self.mask.shape}")
        for name, part in (*self._asdict().items(), ("present", present)):
            if part is not None and part.shape != self.mask.shape:
                raise ValueError(f"{name} has the shape {part.shape}, the mask {self.mask.shape}")
        if self.mask.dtype != bool:
            raise ValueError(f"the mask holds {self.mask.dtype}, not bool")
        none = np.isnan(self.preferred)
        wrong = {
            "weights have to be positive and finite": ~(np.isfinite(self.weights) & (self.weights > 0)),
            "latent weights have to be positive and finite": ~(np.isfinite(self.latent) & (self.latent > 0)),
            "a direction is -1, 0 or 1": ~np.isin(self.direction, (-1, 0, 1)),
            "the box is empty": ~(self.low <= self.high),
            "a preferred value is finite, or NaN for none": np.isinf(self.preferred),
            "a penalty is finite and not negative": ~(np.isfinite(self.penalty) & (self.penalty >= 0)),
            "a penalty without a preferred value": none & (self.penalty != 0),
        }
        if present is not None:
            wrong |= {
                "the present value is not a finite number": ~np.isfinite(present),
                "the present value is below the box": ~(self.low <= present),
                "the present value is above the box": ~(self.high >= present),
            }
        for complaint, where in wrong.items():
            if where.any():
                person, feature = np.argwhere(where)[0]
                raise ValueError(f"profile {person}, feature {feature}: {complaint}")
        locked = ~self.mask.any(axis=1)
        if locked.any():
            raise ValueError(f"profile {np.flatnonzero(locked)[0]}: every feature is locked, so nothing can be done")
        return self

    def hard(self, person: int) -> list[tuple[str, int]]:
        """The hard constraints of a person.

        Parameters
        ----------
        person : int

        Returns
        -------
        list of (str, int)
            ``mask``, ``direction``, ``low`` or ``high``, and the feature; of a locked feature only ``mask``.

        Examples
        --------
        >>> profiles = Profiles.universal(1, 2)._replace(mask=np.array([[True, False]]), low=np.array([[0.0, 0.0]]))
        >>> profiles.hard(0)
        [('low', 0), ('mask', 1)]
        """
        found = []
        for feature in range(self.mask.shape[1]):
            at = person, feature
            if not self.mask[at]:
                found.append(("mask", feature))
                continue
            there = {
                "direction": self.direction[at] != 0,
                "low": np.isfinite(self.low[at]),
                "high": np.isfinite(self.high[at]),
            }
            found += [(name, feature) for name, is_there in there.items() if is_there]
        return found

    def without(self, constraint: str, feature: int) -> "Profiles":
        """These profiles without one hard constraint, to see what it costs or whether it stands in the way.

        A feature that is no longer locked has the weight 1, the mean of the others, and its box and direction.

        Parameters
        ----------
        constraint : str
            As in `hard`.
        feature : int

        Returns
        -------
        Profiles

        Examples
        --------
        >>> profiles = Profiles.universal(1, 2)._replace(mask=np.array([[True, False]]))
        >>> profiles.without("mask", 1).mask.tolist()
        [[True, True]]
        """
        free = getattr(Profiles.universal(*self.mask.shape), constraint)
        relaxed = getattr(self, constraint).copy()
        relaxed[:, feature] = free[:, feature]
        return self._replace(**{constraint: relaxed})

    def to_arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """These profiles as named arrays, for `storage.save_arrays`.

        Parameters
        ----------
        prefix : str
            Put before each name.

        Returns
        -------
        dict of arrays

        Examples
        --------
        >>> sorted(Profiles.universal(1, 1).to_arrays("profile_"))[:3]
        ['profile_direction', 'profile_high', 'profile_latent']
        """
        return {prefix + name: part for name, part in self._asdict().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str = "") -> "Profiles":
        """The profiles that `to_arrays` took apart.

        Parameters
        ----------
        arrays : dict of arrays
            There may be others among them.
        prefix : str

        Returns
        -------
        Profiles
        """
        return cls(*(arrays[prefix + name] for name in cls._fields))
