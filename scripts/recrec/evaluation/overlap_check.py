"""Our closed form of rank-biased overlap against the `rbo` package, on real lists."""

import numpy as np
from rbo import RankingSimilarity

from recrec.ranking import rank_biased_overlap


def list_of(scores, candidates, item, rank):
    """A user's list: the other candidates by descending score (ties by index), the item in question at its rank."""
    others = np.argsort(-scores, kind="stable")
    others = others[candidates[others] & (others != item)]
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
    after_scores = target.audience.rescored(item, change[None, :])
    before = target.ranks([item])[:, 0]
    after = target.ranks([item], after_scores)[:, 0]
    ours = rank_biased_overlap(before, after, p)
    rows = []
    for user in users:
        one = target.audience.take([user])
        scores, in_list = one.scores()[0], one.candidates()[0]
        lists = [list_of(scores, in_list, item, rank[user]).tolist() for rank in (before, after)]
        package = RankingSimilarity(*lists).rbo_ext(p=p)
        rows.append((int(user), float(ours[user]), float(package)))
    return rows
