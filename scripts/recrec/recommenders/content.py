"""The target group of a recourse: its users' histories and their ranked lists."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from recrec import ranking as recommender
from recrec.methods.recrec.profiles import Histories
from recrec.storage import csr_from_parts, load_arrays


@dataclass(frozen=True)
class Target:
    """A group of users and what ranks an item for them.

    Attributes
    ----------
    features : (items, features) sparse array, CSR
        ``V``.
    mutable : (features,) bool array
    ratings : (users, items) sparse array, CSR
        The group's rows of ``R``.
    ordered : (users, items) array
        Scores of the listed items, ascending along each row (`recommender.sorted_scores`).
    candidates : {"all", "unrated"}
        Which items are listed: all of them, or those that the user has not rated. The item in question always
        competes.
    """

    features: csr_array
    mutable: np.ndarray
    ratings: csr_array
    ordered: np.ndarray
    candidates: str

    @cached_property
    def mutable_features(self):
        """The mutable columns of ``V``: (items, mutable features) sparse array, CSR."""
        return self.features if self.mutable.all() else self.features[:, np.flatnonzero(self.mutable)]

    @cached_property
    def transposed(self):
        """``V`` transposed: (features, items) sparse array, CSR."""
        return csr_array(self.features.T)

    @cached_property
    def mutable_transposed(self):
        """The mutable rows of that: (mutable features, items) sparse array, CSR."""
        return self.transposed if self.mutable.all() else self.transposed[np.flatnonzero(self.mutable)]

    def histories(self, users=slice(None)):
        """Ratings of (some of) the users and the mutable features, as factors of their profiles."""
        return Histories(self.ratings[users], self.mutable_features, self.mutable_transposed)

    def profiles(self, users=slice(None)):
        """Profiles of (some of) the users over the mutable features: sparse CSR array."""
        return self.ratings[users] @ self.mutable_features

    def scores(self, items):
        """Present scores of the given items: (users, n) array."""
        return self.ratings @ (self.features @ self.features[items].toarray().T)

    def listed(self, items):
        """Whether each of the given items is in each user's list: (users, n) bool array."""
        if self.candidates == "all":
            return np.ones((self.ratings.shape[0], len(items)), dtype=bool)
        return ~(self.ratings[:, items].toarray() != 0)

    def bars(self, items, place):
        """The bar each of the given items must clear for each user: (users, n) array."""
        return recommender.bars(self.ordered, self.scores(items), self.listed(items), place)

    def gains(self, change):
        """What changes of mutable features add to the score of each user.

        Parameters
        ----------
        change : (features, n) array
            Over the mutable features.

        Returns
        -------
        (users, n) array
        """
        return self.histories().gains(change)


def group_matrices(path, group):
    """Features, mutable mask and a group's ratings, from a data set's file of matrices."""
    arrays = load_arrays(path)
    members = np.flatnonzero(arrays["group"] == int(group))
    return csr_from_parts("features", arrays), arrays["mutable"], csr_from_parts("ratings", arrays)[members]


def load_target(matrices, ordered, group, candidates):
    """The target group of a cell, from the files of earlier stages; its score lists stay on disk until read."""
    features, mutable, ratings = group_matrices(matrices, group)
    return Target(features, mutable, ratings, np.load(ordered, mmap_mode="r", allow_pickle=False), candidates)
