"""The target group of a recourse: an audience and its users' ranked lists."""

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from recrec import ranking, recommenders
from recrec.audience import Audience
from recrec.data.matrices import Matrices
from recrec.storage import load_arrays


class Target(NamedTuple):
    """A group of users and what ranks an item for them.

    Attributes
    ----------
    audience : Audience
    sorted_scores : (users, items) array
        Scores of the items in each user's list, ascending along each row (`ranking.sort_scores`).

    Examples
    --------
    >>> import recrec
    >>> target = recrec.fit([[1, 0], [0, 1]], [[5, 0]]).target()
    >>> target.ranks([0, 1]), target.scores([0])
    (array([[1, 2]]), array([[5.]]))
    """

    audience: Audience
    sorted_scores: Any

    def scores(self, items: ArrayLike) -> np.ndarray:
        """Present scores of the given items: (users, n) array."""
        return self.audience.scores(items)

    def thresholds(self, items: ArrayLike, k: int) -> np.ndarray:
        """The score each of the given items must exceed for each user to be among the first k: (users, n) array."""
        scores, candidates = self.scores(items), self.audience.candidates(items)
        return ranking.score_thresholds(self.sorted_scores, scores, candidates, k)

    def ranks(self, items: ArrayLike, scores: np.ndarray | None = None) -> np.ndarray:
        """Ranks of the given items, at present or with other scores: (users, n) integer array."""
        candidates = self.audience.candidates(items)
        return ranking.ranks(self.sorted_scores, self.scores(items), candidates, scores)


def load_target(
    recommender: Any,
    settings: Any,
    matrices: Matrices,
    model: dict[str, np.ndarray],
    sorted_scores: str | os.PathLike[str],
    group: int | str,
    candidates: str,
) -> Target:
    """The target group of a cell, from the files of earlier stages; its score lists stay on disk until read.

    Parameters
    ----------
    recommender : module
        `recommenders.load`.
    settings : recommender.Settings
    matrices : data.matrices.Matrices
    model : dict
        What the recommender learnt.
    sorted_scores : path
        .npy file of the stage rank-baseline.
    group : int or str
    candidates : {"all", "unrated"}

    Returns
    -------
    Target
    """
    audience = recommender.audience(model, matrices, matrices.members(group), candidates, settings)
    return Target(audience, np.load(sorted_scores, mmap_mode="r", allow_pickle=False))


def target_of(files: Any, name: str, settings: dict[str, Any], group: int | str, candidates: str) -> Target:
    """The target group of a cell, from the inputs of its rule.

    Parameters
    ----------
    files : object
        With the paths `matrices`, `model` and `sorted_scores`.
    name : str
        The recommender's.
    settings : dict
    group : int or str
    candidates : {"all", "unrated"}

    Returns
    -------
    Target
    """
    recommender = recommenders.load(name)
    return load_target(
        recommender,
        recommender.Settings(**settings),
        Matrices.load(files.matrices),
        load_arrays(files.model),
        files.sorted_scores,
        group,
        candidates,
    )
