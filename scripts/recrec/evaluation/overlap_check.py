"""Our closed form of rank-biased overlap against the `rbo` package, on real lists."""

import numpy as np

from recrec.evaluation.measures import rank_biased_overlap

#: Columns of rbo_check.csv, in order, and what they say.
COLUMNS = {
    "dataset": "name of the data set",
    "recommender": "name of the recommender",
    "method": "name of the method that computed the recourse",
    "group": "number of the group of users",
    "rank": "original rank that was asked for",
    "sampling": "share of the group whose users the recourse was computed for, in per cent",
    "synthetic": "whether the data are generated",
    "item": "number of the item",
    "seed": "seed that the sample of users was drawn with",
    "user": "number of the user within the group, from 0",
    "rbo": "rank-biased overlap of the user's lists before and after the recourse, by the closed form used here",
    "rbo_package": "the same by the `rbo` package, from the lists written out",
}


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
    # Only this check needs the package; who asks for the columns does not.
    from rbo import RankingSimilarity

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
