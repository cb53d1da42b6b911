"""A data set as matrices: what the stage featurize leaves to all others."""

import os
from typing import NamedTuple, Self

import numpy as np
from scipy.sparse import csr_array

from recrec.storage import csr_from_parts, csr_parts, load_arrays, save_arrays


class Matrices(NamedTuple):
    """Items, users and their interactions.

    Attributes
    ----------
    features : (items, features) sparse array, CSR
        ``V``: raw counts, 0-1 indicators, scaled numbers.
    ratings : (users, items) sparse array, CSR
        ``R``.
    mutable : (features,) bool array
        Which features a provider can change.
    group : (users,) integer array
        Target group of each user, from 1.

    Examples
    --------
    >>> one = np.ones(1, dtype=int)
    >>> Matrices(csr_array([[1.0]]), csr_array([[5.0], [3.0]]), one > 0, np.array([1, 2])).members(2)
    array([1])
    """

    features: csr_array
    ratings: csr_array
    mutable: np.ndarray
    group: np.ndarray

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The matrices of a data set, from its file."""
        arrays = load_arrays(path)
        features, ratings = (csr_from_parts(name, arrays) for name in ("features", "ratings"))
        return cls(features, ratings, arrays["mutable"], arrays["group"])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write them as one file."""
        save_arrays(
            path,
            **csr_parts("features", self.features),
            **csr_parts("ratings", self.ratings),
            mutable=self.mutable,
            group=self.group,
        )

    def members(self, group: int | str) -> np.ndarray:
        """Positions of the users of a target group."""
        return np.flatnonzero(self.group == int(group))
