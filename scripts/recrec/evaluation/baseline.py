"""Ranks of every item for every user of a group, before any recourse, in blocks of users."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from recrec import ranking as recommender


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


def rank_baseline(ratings, features, candidates, top_k, block_users, ordered, say=lambda line: None):
    """Rank all items for a group.

    Parameters
    ----------
    ratings : (users, items) sparse array, CSR
        The group's rows.
    features : (items, features) sparse array, CSR
    candidates : {"all", "unrated"}
    top_k : int
    block_users : int
        Users at a time; what is held in memory grows with this and not with the number of users.
    ordered : (users, items) array, written
        Receives the sorted scores (`recommender.sorted_scores`); may be a file mapped into memory.
    say : callable
        Takes lines of progress.

    Returns
    -------
    Baseline
    """
    users, items = ratings.shape
    rank_sum, in_top = np.zeros(items), np.zeros(items, dtype=np.int64)
    transposed = csr_array(features.T)
    for start in range(0, users, block_users):
        block = ratings[start : start + block_users]
        rated = block if candidates == "unrated" else None
        ordered[start : start + block_users], scores = recommender.sorted_scores(block @ features, transposed, rated)
        listed = np.ones(scores.shape, dtype=bool)
        if rated is not None:
            listed[rated.nonzero()] = False
        rank = recommender.ranks(ordered[start : start + block_users], scores, listed)
        rank_sum += rank.sum(axis=0)
        in_top += (rank <= top_k).sum(axis=0)
        say(f"ranked {min(users, start + block_users)} of {users} users")
    return Baseline(rank_sum / users, in_top / users)
