"""Some users as a recommender sees them: what ranks an item for them, with their own state frozen.

Methods and the evaluation know a recommender by this alone. `LinearAudience` serves every recommender whose scores are
``weights @ V @ v``, linear in the item's own features ``v``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from scipy.sparse import csr_array, issparse

Array = Any  # of any array namespace


@dataclass(frozen=True)
class LinearMap:
    """What a change of an item's mutable features adds to users' scores, as two factors that are never multiplied out.

    Attributes
    ----------
    left : (users, r) array or sparse array, CSR
        Ratings, or user factors.
    right : (r, mutable features) array or sparse array, CSR
        Item features, or what features are worth for each factor.

    Examples
    --------
    >>> slopes = LinearMap(np.array([[5.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    >>> slopes.gains(np.array([1.0, 0.0, 2.0])), slopes.columns([1])
    (array([15.,  4.]), array([[0.],
           [2.]]))
    """

    left: Array
    right: Array

    def take(self, users: Array) -> "LinearMap":
        """The map of some of the users."""
        part = LinearMap(self.left[users], self.right)
        part.__dict__["right_transposed"] = self.right_transposed  # made once
        return part

    @cached_property
    def right_transposed(self) -> Array:
        """``right`` transposed: (mutable features, r), sparse in CSR."""
        return csr_array(self.right.T) if issparse(self.right) else self.right.T

    @cached_property
    def signed(self) -> bool:
        """Whether gains of a user's features can cancel each other."""
        return any(_smallest(part) < 0.0 for part in (self.left, self.right))

    def gains(self, changes: Array) -> np.ndarray:
        """What changes add to each user's score.

        Parameters
        ----------
        changes : (mutable features,) or (mutable features, n) array or sparse array

        Returns
        -------
        (users,) or (users, n) array
        """
        gains = self.left @ (self.right @ changes)
        return gains.toarray() if issparse(gains) else gains

    def magnitude(self) -> "LinearMap":
        """A map whose gains bound what changes of a size can add or take away."""
        return LinearMap(abs(self.left), abs(self.right)) if self.signed else self

    def columns(self, features: Array) -> np.ndarray:
        """What a unit of each of some features adds: (users, n) array."""
        part = self.right_transposed[features]
        return self.left @ (part.toarray() if issparse(part) else part).T


def _smallest(part: Array) -> float:
    return float((part.data if issparse(part) else part).min(initial=0.0))


class Audience(Protocol):
    """Some users with frozen state.

    Attributes
    ----------
    shape : (users, items)
    mutable : (features,) bool array
        Which of an item's features a provider can change.
    """

    shape: tuple[int, int]
    mutable: np.ndarray

    def take(self, users: Array) -> "Audience":
        """Some of the users, by position."""
        ...

    def scores(self, items: Array = None) -> np.ndarray:
        """Present scores: (users, n) array, of all items if none are named."""
        ...

    def candidates(self, items: Array = None) -> np.ndarray:
        """Whether items compete in each user's list: (users, n) bool array."""
        ...

    def features(self, item: int) -> np.ndarray:
        """The item's present values of the mutable features: (mutable features,) array."""
        ...

    def rescored(self, item: int, changes: Array) -> np.ndarray:
        """The item's scores with its mutable features changed: (n, mutable features) to (users, n)."""
        ...

    def gradient(self, item: int, change: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Gradient of ``weights @ scores`` by the item's mutable features at a change: (mutable features,) array."""
        ...

    def linear(self) -> LinearMap | None:
        """The slopes of the scores in an item's mutable features; None if they are not affine."""
        ...

    def live(self, item: int, changes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Scores if the item's changed features also counted in the users' own state.

        Yields, for each row of `changes`, the users whose state knows the item, (m,) positions, and the scores of all
        items for them, (m, items), the item's own with its changed features.
        """
        ...


class LinearAudience:
    """Users whose scores are a weighted sum over the items of their histories, ``weights @ V @ v``.

    Parameters
    ----------
    features : (items, features) sparse array, CSR
        ``V``.
    mutable : (features,) bool array
    ratings : (users, items) sparse array, CSR
        Histories.
    candidates : {"all", "unrated"}
        Which items compete in a user's list: all of them, or those that the user has not rated.
    weights : (users, items) sparse array, CSR, optional
        What each item of a history counts; the ratings if left out.

    Examples
    --------
    >>> features, ratings = csr_array([[1.0, 0.0], [0.0, 1.0]]), csr_array([[5.0, 0.0]])
    >>> audience = LinearAudience(features, np.array([True, False]), ratings, "unrated")
    >>> audience.scores(), audience.candidates(), audience.rescored(1, np.array([[2.0]]))
    (array([[5., 0.]]), array([[False,  True]]), array([[10.]]))
    """

    def __init__(
        self,
        features: csr_array,
        mutable: np.ndarray,
        ratings: csr_array,
        candidates: str,
        weights: csr_array | None = None,
    ) -> None:
        self.item_features, self.mutable, self.ratings = features, mutable, ratings
        self.unrated_only = candidates == "unrated"
        self.weights = ratings if weights is None else weights
        self.shape = self.weights.shape

    def take(self, users: Array) -> Self:
        """Some of the users."""
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__)  # with what is known of the items
        part.__dict__.pop("map", None)
        part.ratings, part.weights = self.ratings[users], self.weights[users]
        part.shape = part.weights.shape
        return part

    @cached_property
    def mutable_features(self) -> csr_array:
        """The mutable columns of ``V``: (items, mutable features) sparse array, CSR."""
        return self.item_features if self.mutable.all() else self.item_features[:, np.flatnonzero(self.mutable)]

    @cached_property
    def transposed(self) -> csr_array:
        """``V`` transposed: (features, items) sparse array, CSR."""
        return csr_array(self.item_features.T)

    @cached_property
    def map(self) -> LinearMap:
        """The linear map."""
        return LinearMap(self.weights, self.mutable_features)

    def scores(self, items: Array = None) -> np.ndarray:
        """Present scores: (users, n) array."""
        if items is None:
            return (self.weights @ self.item_features @ self.transposed).toarray()
        return self.weights @ (self.item_features @ self.item_features[items].toarray().T)

    def candidates(self, items: Array = None) -> np.ndarray:
        """Whether items compete in each user's list: (users, n) bool array."""
        items = slice(None) if items is None else items
        if self.unrated_only:
            return ~(self.ratings[:, items].toarray() != 0)
        return np.ones((self.shape[0], self.shape[1] if isinstance(items, slice) else len(items)), dtype=bool)

    def features(self, item: int) -> np.ndarray:
        """The item's present values of the mutable features."""
        return self.mutable_features[[item]].toarray()[0]

    def rescored(self, item: int, changes: Array) -> np.ndarray:
        """The item's scores with its mutable features changed."""
        return self.scores([item]) + self.map.gains(changes.T)

    def gradient(self, item: int, change: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Gradient of ``weights @ scores``: the same at every change."""
        return (self.weights.T @ weights) @ self.mutable_features

    def linear(self) -> LinearMap | None:
        """The slopes of the scores."""
        return self.map

    def raters(self, item: int) -> tuple[np.ndarray, np.ndarray]:
        """Users who have rated the item, and their ratings: two (m,) arrays."""
        rating = self.ratings[:, [item]].toarray()[:, 0]
        users = np.flatnonzero(rating)
        return users, rating[users]
