"""Profiles of sampled users as the two linear maps that a recourse needs, without the profiles where that is faster.

The profile of a user is a sum over the items of their history, ``P = R V``, and both factors are far smaller than it:
on goodbooks 0.4 million stored numbers stand for 40 million. A solver needs what a change of the item adds to every
user's score, ``P c = R (V c)``, and the sum of the profiles of the users still active, ``P^T a = V^T (R^T a)``.

In `Dense` and `Factored` all arrays are stacks: S samples of n users each, and I items that ask for a recourse over
each of the samples.
"""

from functools import cached_property

from recrec.methods.recrec.steps import cancelled

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
    """Profiles as the product of two factors, each sparse or dense (`audience.LinearMap`).

    Parameters
    ----------
    xp : array namespace
        NumPy, or CuPy with its sparse matrices.
    right, right_transposed : matrices, sparse ones in CSR
        Such as the mutable features of all items, (r, features), and the same transposed.
    left, left_transposed : lists of S matrices, sparse ones in CSR
        Such as the histories of each sample, (n, r), and the same transposed.
    """

    def __init__(self, xp, right, right_transposed, left, left_transposed):
        self.xp = xp
        self.right, self.right_transposed = right, right_transposed
        self.left, self.left_transposed = left, left_transposed
        self.shape = (len(left), left[0].shape[0], right.shape[1])
        #: Whether profiles can cancel each other.
        self.signed = _any_below_zero(right, *left)
        #: Multiplications of `totals` and `scores` for one item.
        self.cost = 2 * (stored(right) + stored(left[0]))

    def scores(self, changes):
        """What changes add to the users' scores: (S, I, features) to (S, I, n)."""
        samples, items, features = changes.shape
        similar = self.right @ changes.reshape(samples * items, features).T
        parts = [(left @ similar[:, sample * items : (sample + 1) * items]).T for sample, left in enumerate(self.left)]
        return self.xp.stack(parts)

    def totals(self, users):
        """Weighted sums of the users' profiles: (S, I, n) to (S, I, features)."""
        total = self._totals(users, self.left_transposed, self.right_transposed)
        if not self.signed:
            return total
        return cancelled(self.xp, total, self._totals(self.xp.abs(users), *self._sizes))

    @cached_property
    def _sizes(self):
        return [abs(one) for one in self.left_transposed], abs(self.right_transposed)

    def _totals(self, users, left_transposed, right_transposed):
        samples, items, _ = users.shape
        weights = self.xp.concatenate([one @ users[sample].T for sample, one in enumerate(left_transposed)], axis=1)
        return self.xp.ascontiguousarray((right_transposed @ weights).T).reshape(samples, items, -1)

    def reach(self, aggregate):
        """No sum, or mean, over any of the users has larger entries: (S, features)."""
        if aggregate == "mean" and stored(self.right):
            return self.xp.stack([self._largest(left) for left in self.left])
        left_transposed, right_transposed = self._sizes
        return self.xp.stack([(right_transposed @ one.sum(axis=1)).reshape(-1) for one in left_transposed])

    def _largest(self, left):
        """The largest entry of each column of some users' profiles, by size."""
        largest = self.xp.zeros(self.shape[-1], dtype=self.right.dtype)
        for start in range(0, self.shape[1], BLOCK):
            profiles = left[start : start + BLOCK] @ self.right
            largest = self.xp.maximum(largest, _dense(abs(profiles).max(axis=0)).reshape(-1))
        return largest

    def restricted(self, features):
        """The same users with some of the features only."""
        return Factored(
            self.xp, self.right[:, features], self.right_transposed[features], self.left, self.left_transposed
        )

    def gram(self):
        """Inner products of the profiles: (S, n, n).

        Few users: their profiles, times themselves. Many: a block of profiles at a time against the right factor, then
        against the left one, which costs n times the stored numbers of the factors and not n squared times the
        features.
        """
        samples, users, features = self.shape
        found = self.xp.zeros((samples, users, users), dtype=self.right.dtype)
        if not stored(self.right):
            return found
        for sample, (left, left_transposed) in enumerate(zip(self.left, self.left_transposed, strict=True)):
            if users * features <= DENSE_GAIN * (2 * stored(self.right) + stored(left)):
                profiles = _dense(left @ self.right)
                self.xp.matmul(profiles, profiles.T, out=found[sample])
                continue
            for start in range(0, users, BLOCK):
                block = slice(start, start + BLOCK)
                profiles = self.right_transposed @ _dense(left_transposed[:, block])
                found[sample, :, block] = left @ (self.right @ profiles)
        return found


def stored(matrix):
    """Numbers that a matrix, sparse or dense, holds."""
    return matrix.nnz if hasattr(matrix, "nnz") else matrix.size


def _dense(matrix):
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


def _any_below_zero(*matrices):
    return any(bool(((matrix.data if hasattr(matrix, "nnz") else matrix) < 0.0).any()) for matrix in matrices)
