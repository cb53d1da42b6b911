"""Ranks of every item for every user of a group, before any recourse, in blocks of users."""

import logging
from typing import NamedTuple

import numpy as np

from recrec import ranking
from recrec.errors import InputError

LOG = logging.getLogger(__name__)


class Baseline(NamedTuple):
    """How items rank over a group.

    Attributes
    ----------
    mean_rank : (items,) array
    top_share : (items,) array
        Share of the users who have the item in their top k.
    """

    mean_rank: np.ndarray
    top_share: np.ndarray


def rank_baseline(audience, top_k, block_users, sorted_scores, log=LOG):
    """Rank all items for a group.

    Parameters
    ----------
    audience : Audience
        The group's users.
    top_k : int
    block_users : int
        Users at a time; what is held in memory grows with this and not with the number of users.
    sorted_scores : (users, items) array, written
        Receives the sorted scores (`ranking.sort_scores`); may be a file mapped into memory.
    log : logging.Logger
        Told of progress.

    Returns
    -------
    Baseline

    Raises
    ------
    InputError
        If every item is in everybody's top k, or a score is not a finite number.

    Examples
    --------
    >>> import recrec
    >>> model = recrec.fit([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]], [[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> audience = model.target().audience
    >>> baseline = rank_baseline(audience, 1, 100, np.empty(audience.shape))
    >>> baseline.mean_rank.round(2).tolist(), baseline.top_share.round(2).tolist()
    ([1.67, 3.33, 3.0, 2.33], [0.67, 0.0, 0.0, 0.33])
    """
    users, items = audience.shape
    if top_k >= items:
        raise InputError(f"top_k: given {top_k}; allowed: less than {items}, the number of items")
    rank_sum, in_top = np.zeros(items), np.zeros(items, dtype=np.int64)
    for start in range(0, users, block_users):
        block = audience.take(np.arange(start, min(users, start + block_users)))
        scores, candidates = block.scores(), block.candidates()
        if not np.isfinite(scores).all():
            raise InputError("a score is not a finite number; the ratings or features are too large to be multiplied")
        ascending = ranking.sort_scores(scores, None if candidates.all() else candidates)
        sorted_scores[start : start + block_users] = ascending
        rank = ranking.ranks(ascending, scores, candidates)
        rank_sum += rank.sum(axis=0)
        in_top += (rank <= top_k).sum(axis=0)
        log.info("ranked %d of %d users", min(users, start + block_users), users)
    return Baseline(rank_sum / users, in_top / users)
