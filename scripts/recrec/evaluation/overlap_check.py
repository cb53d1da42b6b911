"""Our closed form of rank-biased overlap against the `rbo` package, on real lists."""

import numpy as np
from rbo import RankingSimilarity

from recrec import ranking as recommender
from recrec.ranking import rank_biased_overlap


def list_of(scores, listed, item, rank):
    """A user's list: the other listed items by descending score (ties by index), the item in question at its rank."""
    others = np.argsort(-scores, kind="stable")
    others = others[listed[others] & (others != item)]
    return np.insert(others, rank - 1, item)


def compare(target, item, change, users, p):
    """Both values for some users.

    Parameters
    ----------
    target : Target
    item : int
    change : (features,) array
        Over the mutable features.
    users : list of int
        Positions in the group.
    p : float

    Returns
    -------
    list of (user, closed form, package)
    """
    present, listed = target.scores([item]), target.listed([item])
    after_scores = present + target.gains(change[:, None])
    before = recommender.ranks(target.ordered, present, listed)[:, 0]
    after = recommender.ranks(target.ordered, present, listed, after_scores)[:, 0]
    ours = rank_biased_overlap(before, after, p)
    rows = []
    for user in users:
        scores = (target.ratings[[user]] @ target.features @ target.features.T).toarray()[0]
        rated = target.ratings[[user]].toarray()[0] != 0
        in_list = ~rated if target.candidates == "unrated" else np.ones(len(scores), dtype=bool)
        lists = [list_of(scores, in_list, item, rank[user]).tolist() for rank in (before, after)]
        package = RankingSimilarity(*lists).rbo_ext(p=p)
        rows.append((int(user), float(ours[user]), float(package)))
    return rows
