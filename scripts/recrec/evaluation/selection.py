"""The items that ask for a recourse: at a given original rank, not yet in the top k (RecRec, section 4.1)."""

from typing import NamedTuple

import numpy as np

from recrec.errors import InputError


class Selected(NamedTuple):
    """One selected item.

    Attributes
    ----------
    rank : int
        The original rank that was asked for.
    item : int
    position : int
        Place among all items sorted by mean rank over the group, 1 or more.
    mean_rank : float
    top_share : float
    """

    rank: int
    item: int
    position: int
    mean_rank: float
    top_share: float


def select(baseline, ranks, items_per_rank, max_top_share, reading):
    """Eligible items for every original rank; no item twice.

    Parameters
    ----------
    baseline : Baseline
    ranks : list of int
    items_per_rank : int
    max_top_share : float
        An item that more of the group have in their top k is not eligible.
    reading : {"order", "mean-rank"}
        The item at rank r is the r-th by mean rank, or the one whose mean rank is nearest to r.

    Returns
    -------
    list of Selected
        By rank in ascending order.

    Raises
    ------
    InputError
        If a rank lies beyond the items, or too few eligible items are left for it.

    Examples
    --------
    >>> from recrec.evaluation.baseline import Baseline
    >>> baseline = Baseline(np.array([1.5, 3.0, 1.5, 4.0]), np.array([0.9, 0.0, 0.1, 0.0]))
    >>> [(one.item, one.position) for one in select(baseline, [1], 2, 0.2, "order")]
    [(2, 2), (1, 3)]
    """
    items = len(baseline.mean_rank)
    order = np.argsort(baseline.mean_rank, kind="stable")
    position = np.empty(items, dtype=np.int64)
    position[order] = np.arange(1, items + 1)
    free = baseline.top_share <= max_top_share
    chosen = []
    for rank in sorted(ranks):
        if rank > items:
            raise InputError(f"ranks: given {rank}; allowed: at most {items}, the number of items")
        if reading == "order":
            candidates = order[rank - 1 :]
        else:
            candidates = np.argsort(np.abs(baseline.mean_rank - rank), kind="stable")
        found = candidates[free[candidates]][:items_per_rank]
        if len(found) < items_per_rank:
            raise InputError(
                f"ranks: {rank}: only {len(found)} of {items_per_rank} items are left that are in the top "
                f"k of at most {100 * max_top_share:g} % of the group; ask for fewer items_per_rank or another rank"
            )
        free[found] = False
        chosen += [
            Selected(rank, int(i), int(position[i]), float(baseline.mean_rank[i]), float(baseline.top_share[i]))
            for i in found
        ]
    return chosen
