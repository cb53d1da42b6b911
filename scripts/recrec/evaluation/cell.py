"""What the recourses of a cell did to the lists of the whole target group (RecRec, section 4.1)."""

from typing import NamedTuple

import numpy as np

from recrec import ranking as recommender
from recrec.evaluation.sampling import sample
from recrec.methods.recrec import thresholding
from recrec.ranking import rank_biased_overlap


class Evaluated(NamedTuple):
    """One recourse, evaluated over the target group.

    Attributes
    ----------
    item, seed : int
    status, iterations, events
        As in `problem.Path`.
    success_before_thresholding, success : float
        Share of the group with the item in the top k, before and after hard thresholding.
    success_live : float
        The same as `success` if the item's new features also entered the profiles of the users who have rated it.
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

    item: int
    seed: int
    status: str
    iterations: int
    events: int
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


def threshold_cell(target, items, seeds, changes, percentage, top_k, keep, over, count=None):
    """Hard-threshold the recourses of a cell.

    Parameters
    ----------
    target : Target
    items, seeds : (n,) integer arrays
        Of each recourse.
    changes : (n, features) array
        Over the mutable features.
    percentage : float
        Sampling of the cell, in per cent.
    top_k : int
    keep : float
        Share of the success rate to keep.
    over : {"group", "sample"}
        The users over whom the success rate counts.
    count : callable, optional
        As for `thresholding.hard_threshold`.

    Returns
    -------
    (n, features) array
    """
    wanted = np.unique(items)
    scores, bars = target.scores(wanted), target.bars(wanted, top_k)
    if over == "group":
        everyone = np.arange(len(scores))
        counted = dict.fromkeys(seeds, (everyone, target.histories()))
    else:
        drawn = {seed: sample(len(scores), percentage, int(seed)) for seed in seeds}
        counted = {seed: (users, target.histories(users)) for seed, users in drawn.items()}
    kept = np.empty_like(changes)
    for row, (item, seed) in enumerate(zip(items, seeds, strict=True)):
        (users, histories), column = counted[seed], int(np.searchsorted(wanted, item))
        kept[row] = thresholding.hard_threshold(
            changes[row], histories, scores[users, column], bars[users, column], keep, count
        )
    return kept


def evaluate_cell(target, found, changes, kept, top_k, rbo_p):
    """Evaluate the recourses of a cell.

    Parameters
    ----------
    target : Target
    found : dict of (n,) arrays
        ``item``, ``seed``, ``status``, ``iterations``, ``events``.
    changes, kept : (n, features) arrays
        Before and after hard thresholding, over the mutable features.
    top_k : int
    rbo_p : float

    Returns
    -------
    list of Evaluated
    """
    items = found["item"]
    wanted, of = np.unique(items, return_inverse=True)
    scores, listed, bars = target.scores(wanted), target.listed(wanted), target.bars(wanted, top_k)
    before = recommender.ranks(target.ordered, scores, listed)[:, of]
    scores, listed, bars = scores[:, of], listed[:, of], bars[:, of]
    after = recommender.ranks(target.ordered, scores, listed, scores + target.gains(kept.T))
    reached_first = scores + target.gains(changes.T) > bars
    reached = after <= top_k
    overlap = rank_biased_overlap(before, after, rbo_p)
    live = live_success(target, items, kept, top_k)
    changed = np.count_nonzero(kept, axis=1)
    return [
        Evaluated(
            int(items[row]),
            int(found["seed"][row]),
            str(found["status"][row]),
            int(found["iterations"][row]),
            int(found["events"][row]),
            float(reached_first[:, row].mean()),
            float(reached[:, row].mean()),
            float(live[row]),
            int(changed[row]),
            float(changed[row] / len(target.mutable)),
            float(changed[row] / kept.shape[1]),
            float(np.abs(kept[row]).sum()),
            float(overlap[:, row].mean()),
            float(np.percentile(overlap[:, row], 5)),
            float(after[:, row].mean()),
            int(reached[:, row].sum()),
        )
        for row in range(len(items))
    ]


def live_success(target, items, changes, top_k):
    """Success rates if the items' new features also count in the histories of the users who have rated them.

    The profile of such a user moves by ``R_ja (v' - v)``, a rank-one correction: every other item's score by
    ``R_ja v_y . (v' - v)``, the item's own by ``R_ja v' . (v' - v)``, so success is quadratic in v'.

    Parameters
    ----------
    target : Target
    items : (n,) integer array
    changes : (n, features) array
        Over the mutable features.
    top_k : int

    Returns
    -------
    (n,) array
    """
    similar = target.mutable_features @ changes.T  # (items, n): v_y . (v' - v)
    wanted, of = np.unique(items, return_inverse=True)
    success = (target.scores(wanted)[:, of] + target.ratings @ similar) > target.bars(wanted, top_k)[:, of]
    for item in wanted:
        rating = target.ratings[:, [item]].toarray()[:, 0]
        raters = np.flatnonzero(rating)
        if not raters.size:
            continue
        profiles = target.transposed @ target.ratings[raters].T.toarray()
        scores = (target.features @ profiles).T
        outside = np.zeros(scores.shape, dtype=bool)
        outside[:, item] = True
        if target.candidates == "unrated":
            outside |= target.ratings[raters].toarray() != 0
        for row in np.flatnonzero(items == item):
            own_change = similar[item, row] + changes[row] @ changes[row]  # v' . (v' - v)
            own = scores[:, item] + target.ratings[raters] @ similar[:, row] + rating[raters] * own_change
            others = recommender.bar_over(scores + rating[raters, None] * similar[:, row])
            others[outside] = -np.inf
            success[raters, row] = np.count_nonzero(others >= own[:, None], axis=1) < top_k
    return success.mean(axis=0)
