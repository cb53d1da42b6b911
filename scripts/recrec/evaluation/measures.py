"""What recourses did to the lists of the whole target group (RecRec, section 4.1)."""

from typing import NamedTuple

import numpy as np

from recrec import ranking
from recrec.evaluation.recourses import PACKED


class Evaluated(NamedTuple):
    """One recourse, evaluated over the target group.

    Attributes
    ----------
    success_before_thresholding, success : float
        Share of the group with the item in the top k, before and after hard thresholding.
    success_live : float
        The same as `success` if the item's new features also entered the users' own state.
    changed : int
        Features changed, after thresholding.
    changed_share, changed_share_mutable : float
        Of all features; of the mutable ones.
    l1 : float
        Sum of the absolute changes.
    rbo, rbo_p05 : float
        Rank-biased overlap of the lists before and after, mean and 5th percentile over the group.
    mean_rank_after : float
    users_reached : int
        Users with the item in the top k after thresholding.
    """

    success_before_thresholding: float
    success: float
    success_live: float
    changed: int
    changed_share: float
    changed_share_mutable: float
    l1: float
    rbo: float
    rbo_p05: float
    mean_rank_after: float
    users_reached: int


def evaluate_cell(target, items, changes, kept, top_k, rbo_p):
    """Evaluate the recourses of a cell.

    Parameters
    ----------
    target : Target
    items : (n,) integer array
        Of each recourse.
    changes, kept : (n, features) arrays
        Before and after hard thresholding, over the mutable features.
    top_k : int
    rbo_p : float

    Returns
    -------
    list of Evaluated

    Examples
    --------
    >>> import recrec
    >>> model = recrec.fit([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]], [[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> change = np.array([[9.0, 0.0, 0.0]])
    >>> [row] = evaluate_cell(model.target(), np.array([1]), change, change, top_k=1, rbo_p=0.5)
    >>> row.changed, row.l1, row.users_reached
    (1, 9.0, 2)
    """
    different, of = np.unique(items, return_inverse=True)
    thresholds = target.thresholds(different, top_k)[:, of]
    before = target.ranks(different)[:, of]
    scores_after = rescored(target, items, kept)
    after = target.ranks(items, scores_after)
    reached_first = rescored(target, items, changes) > thresholds
    reached = after <= top_k
    overlap = rank_biased_overlap(before, after, rbo_p)
    live = live_success(target, items, kept, scores_after > thresholds, top_k)
    changed = np.count_nonzero(kept, axis=1)
    return [
        Evaluated(
            float(reached_first[:, row].mean()),
            float(reached[:, row].mean()),
            float(live[row]),
            int(changed[row]),
            float(changed[row] / len(target.audience.mutable)),
            float(changed[row] / kept.shape[1]),
            float(np.abs(kept[row]).sum()),
            float(overlap[:, row].mean()),
            float(np.percentile(overlap[:, row], 5)),
            float(after[:, row].mean()),
            int(reached[:, row].sum()),
        )
        for row in range(len(items))
    ]


def rescored(target, items, changes):
    """Scores of items with a change each, (n, features), for every user of the group: (users, n) array.

    Examples
    --------
    >>> import recrec
    >>> model = recrec.fit([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]], [[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> rescored(model.target(), np.array([1]), np.array([[1.0, 0.0, 0.0]]))[:, 0] - model.scores()[:, 1]
    array([10., 11.,  0.])
    """
    different, of = np.unique(items, return_inverse=True)
    if linear := target.audience.linear():
        return target.scores(different)[:, of] + linear.gains(changes.T)
    scores = np.empty((target.audience.shape[0], len(items)))
    for item in different:
        rows = np.flatnonzero(items == item)
        scores[:, rows] = target.audience.rescored(int(item), changes[rows])
    return scores


def live_success(target, items, changes, frozen, top_k):
    """Success rates if the items' new features also counted in the users' own state.

    Parameters
    ----------
    target : Target
    items : (n,) integer array
    changes : (n, features) array
        Over the mutable features.
    frozen : (users, n) bool array
        Who has the item in the top k as long as the state stays what it was.
    top_k : int

    Returns
    -------
    (n,) array
    """
    success, audience = frozen.copy(), target.audience
    for item in np.unique(items):
        rows = np.flatnonzero(items == item)
        for row, (users, scores) in zip(rows, audience.live(int(item), changes[rows]), strict=True):
            own, others = scores[:, item], ranking.tie_adjusted(scores)
            outside = ~audience.take(users).candidates()
            outside[:, item] = True
            others[outside] = -np.inf
            success[users, row] = np.count_nonzero(others >= own[:, None], axis=1) < top_k
    return success.mean(axis=0)


def rank_biased_overlap(before, after, p=0.5):
    """RBO between a list and the same list with one item moved.

    With frozen profiles only the item in question moves, from position ``a`` to ``b``, so the two prefixes of depth d
    differ in one item exactly while ``lo <= d < hi`` and the extrapolated RBO of Webber et al. (2010) has the closed
    form ``1 - (1 - p) * sum_{d=lo}^{hi-1} p^(d-1) / d``.

    Parameters
    ----------
    before, after : integer arrays of one shape
        Position of the moved item in the two lists, 1 or more.
    p : float
        Persistence, in (0, 1). The paper uses 0.5.

    Returns
    -------
    float array of that shape

    Examples
    --------
    An item that moves from the second place to the first: the lists differ at depth 1 alone.

    >>> float(rank_biased_overlap(2, 1)), float(rank_biased_overlap(7, 7))
    (0.5, 1.0)
    """
    before, after = np.asarray(before), np.asarray(after)
    depth = int(max(before.max(initial=1), after.max(initial=1)))
    d = np.arange(1, depth)
    lost = np.concatenate([[0.0], np.cumsum((1 - p) * p ** (d - 1.0) / d)])
    low, high = np.minimum(before, after), np.maximum(before, after)
    return 1.0 - (lost[high - 1] - lost[low - 1])


def rows_of(arrays, evaluated):
    """A table of evaluated recourses.

    Parameters
    ----------
    arrays : dict of (n,) arrays
        `outcomes`, from a file of recourses.
    evaluated : list of Evaluated

    Returns
    -------
    columns : list of str
        ``item``, ``seed``, ``status``, the method's diagnostics, ``reason`` if any has one, and those of `Evaluated`.
    rows : list of tuples
    """
    columns = [name for name in arrays if name not in PACKED]
    outcomes = zip(*(arrays[name].tolist() for name in columns), strict=True)
    return [*columns, *Evaluated._fields], [(*outcome, *row) for outcome, row in zip(outcomes, evaluated, strict=True)]
