"""Profiles of sampled users as the two linear maps that a recourse needs, without the profiles where that is faster.

The profile of a user is a sum over the items of their history, ``P = R V``, and both factors are far smaller than it:
on goodbooks 0.4 million stored numbers stand for 40 million. A solver needs what a change of the item adds to every
user's score, ``P c = R (V c)``, and the sum of the profiles of the users still active, ``P^T a = V^T (R^T a)``.

In `Dense` and `Factored` all arrays are stacks: S samples of n users each, and I items that ask for a recourse over
each of the samples.
"""

from functools import cached_property
from typing import NamedTuple

from recrec.methods.recrec.problem import cancelled

#: Columns of a Gram matrix that are made at once.
BLOCK = 64

#: Multiplications of a dense product that take as long as one of a sparse product, roughly.
DENSE_GAIN = 10


class Dense:
    """Profiles as arrays of any namespace.

    Parameters
    ----------
    xp : array namespace
    profiles : (S, n, features) array
    """

    def __init__(self, xp, profiles):
        self.xp, self.profiles = xp, profiles
        self.shape = profiles.shape
        #: Whether profiles can cancel each other.
        self.signed = bool(xp.any(profiles < 0.0))
        #: Multiplications of `totals` and `scores` for one item.
        self.cost = 2 * profiles.shape[1] * profiles.shape[2]

    def scores(self, changes):
        """What changes add to the users' scores: (S, I, features) to (S, I, n)."""
        return self.xp.matmul(changes, self.xp.matrix_transpose(self.profiles))

    def totals(self, users):
        """Weighted sums of the users' profiles: (S, I, n) to (S, I, features)."""
        total = self.xp.matmul(users, self.profiles)
        if not self.signed:
            return total
        return cancelled(self.xp, total, self.xp.matmul(self.xp.abs(users), self.xp.abs(self.profiles)))

    def reach(self, aggregate):
        """No sum, or mean, over any of the users has larger entries: (S, features)."""
        size = self.xp.abs(self.profiles)
        return self.xp.max(size, axis=1) if aggregate == "mean" else self.xp.sum(size, axis=1)

    def restricted(self, features):
        """The same users with some of the features only."""
        return Dense(self.xp, self.xp.take(self.profiles, features, axis=2))

    def gram(self):
        """Inner products of the profiles: (S, n, n)."""
        return self.xp.matmul(self.profiles, self.xp.matrix_transpose(self.profiles))


class Factored:
    """Profiles as ratings times features, both sparse.

    Parameters
    ----------
    xp : array namespace
        NumPy, or CuPy with its sparse matrices.
    features, transposed : sparse matrices, CSR
        Mutable features of all items, (items, features), and the same transposed.
    ratings, raters : lists of S sparse matrices, CSR
        Histories of each sample, (n, items), and the same transposed.
    """

    def __init__(self, xp, features, transposed, ratings, raters):
        self.xp = xp
        self.features, self.transposed = features, transposed
        self.ratings, self.raters = ratings, raters
        self.shape = (len(ratings), ratings[0].shape[0], features.shape[1])
        #: Whether profiles can cancel each other.
        self.signed = _any_below_zero(features, *ratings)
        #: Multiplications of `totals` and `scores` for one item.
        self.cost = 2 * (features.nnz + ratings[0].nnz)

    def scores(self, changes):
        """What changes add to the users' scores: (S, I, features) to (S, I, n)."""
        samples, items, features = changes.shape
        similar = self.features.dot(changes.reshape(samples * items, features).T)
        parts = [
            ratings.dot(similar[:, sample * items : (sample + 1) * items]).T
            for sample, ratings in enumerate(self.ratings)
        ]
        return self.xp.stack(parts)

    def totals(self, users):
        """Weighted sums of the users' profiles: (S, I, n) to (S, I, features)."""
        total = self._totals(users, self.raters, self.transposed)
        if not self.signed:
            return total
        return cancelled(self.xp, total, self._totals(self.xp.abs(users), *self._sizes))

    @cached_property
    def _sizes(self):
        return [abs(raters) for raters in self.raters], abs(self.transposed)

    def _totals(self, users, raters, transposed):
        samples, items, _ = users.shape
        weights = self.xp.concatenate([one.dot(users[sample].T) for sample, one in enumerate(raters)], axis=1)
        return self.xp.ascontiguousarray(transposed.dot(weights).T).reshape(samples, items, -1)

    def reach(self, aggregate):
        """No sum, or mean, over any of the users has larger entries: (S, features)."""
        if aggregate == "mean" and self.features.nnz:
            return self.xp.stack([self._largest(ratings) for ratings in self.ratings])
        raters, transposed = self._sizes
        return self.xp.stack([transposed.dot(one.sum(axis=1)).reshape(-1) for one in raters])

    def _largest(self, ratings):
        """The largest entry of each column of some users' profiles, by size."""
        largest = self.xp.zeros(self.shape[-1], dtype=self.features.dtype)
        for start in range(0, self.shape[1], BLOCK):
            profiles = ratings[start : start + BLOCK].dot(self.features)
            largest = self.xp.maximum(largest, abs(profiles).max(axis=0).toarray().reshape(-1))
        return largest

    def restricted(self, features):
        """The same users with some of the features only."""
        return Factored(self.xp, self.features[:, features], self.transposed[features], self.ratings, self.raters)

    def gram(self):
        """Inner products of the profiles: (S, n, n).

        Few users: their profiles, times themselves. Many: a block of profiles at a time against all items, then against
        all histories, which costs n times the stored numbers of the factors and not n squared times the features.
        """
        samples, users, features = self.shape
        found = self.xp.zeros((samples, users, users), dtype=self.features.dtype)
        if not self.features.nnz:
            return found
        for sample, (ratings, raters) in enumerate(zip(self.ratings, self.raters, strict=True)):
            if users * features <= DENSE_GAIN * (2 * self.features.nnz + ratings.nnz):
                profiles = ratings.dot(self.features).toarray()
                self.xp.matmul(profiles, profiles.T, out=found[sample])
                continue
            for start in range(0, users, BLOCK):
                block = slice(start, start + BLOCK)
                profiles = self.transposed.dot(raters[:, block].toarray())
                found[sample, :, block] = ratings.dot(self.features.dot(profiles))
        return found


class Histories(NamedTuple):
    """The users over whom success counts, as ratings and features.

    Attributes
    ----------
    ratings : (users, items) sparse array, CSR
    features, transposed : sparse arrays, CSR
        Mutable features of all items, (items, features), and the same transposed.
    """

    ratings: object
    features: object
    transposed: object

    def gains(self, change):
        """What a change, (features,) or (features, n), adds to each user's score."""
        return self.ratings @ (self.features @ change)

    def magnitude(self):
        """The same with absolute values: its gains bound what changes of a size can add or take away."""
        return Histories(*map(abs, self)) if _any_below_zero(self.features, self.ratings) else self

    def columns(self, features):
        """Some columns of the users' profiles: (users, n) array."""
        return self.ratings @ self.transposed[features].toarray().T


def _any_below_zero(*matrices):
    return any(bool((matrix.data < 0.0).any()) for matrix in matrices)
