"""Hard thresholding: give up the smallest changes while the recourse keeps most of its success (section 3)."""

import numpy as np

#: Numbers in the largest array that is made at once.
BLOCK = 4_000_000


def removal_order(change):
    """Changed features from the smallest to the largest absolute change, ties by index."""
    changed = np.flatnonzero(change)
    return changed[np.argsort(np.abs(change[changed]), kind="stable")]


def hard_threshold(change, profiles, scores, bars, keep):
    """Reset changed features, smallest change first, until the success rate falls below a share of what it was.

    Counting backwards, with the q largest changes kept, the scores for every q are one cumulative sum. The changes
    that together cannot take enough users below their bars need not be looked at one by one.

    Parameters
    ----------
    change : (features,) array
        Recourse minus original.
    profiles : (users, features) sparse array, CSC
        Profiles of the users over whom success is measured.
    scores : (users,) array
        The item's scores before the recourse.
    bars : (users,) array
        `recommender.bars` of these users: success is a score above the bar.
    keep : float
        The share of the success rate that must remain (the paper gives up at most 20 %, so 0.8).

    Returns
    -------
    (features,) array
        The change that is kept: the last state before the success rate fell below ``keep`` times its first value. A
        recourse that reaches nobody is returned as it is.
    """
    largest_first = removal_order(change)[::-1]
    full = scores + profiles @ change
    successes = np.count_nonzero(full > bars)
    if not successes:
        return change.copy()
    # A share such as 0.7 of 10 users is 7 of them, whatever 0.7 is in binary.
    needed = keep * successes - 1e-9
    candidates = largest_first[: _safe_tail(change, largest_first, profiles, full, bars, needed)]
    successes = _successes(change, candidates, profiles, scores, bars)
    short = np.flatnonzero(successes < needed)
    kept = candidates[: short[-1] + 1] if short.size else candidates[:0]
    thresholded = np.zeros_like(change)
    thresholded[kept] = change[kept]
    return thresholded


def _safe_tail(change, largest_first, profiles, full, bars, needed):
    """A number of changes after which all the smaller ones together cannot cost too much success."""
    at_most = abs(profiles)
    rest = np.abs(change)
    kept = 0
    while kept < len(largest_first):
        step = max(32, kept)
        rest[largest_first[kept : kept + step]] = 0.0
        kept += step
        if np.count_nonzero(full - at_most @ rest > bars) >= needed:
            return kept
    return len(largest_first)


def _successes(change, candidates, profiles, scores, bars):
    """Users who succeed with the first 0, 1, 2, ... of the candidate changes."""
    successes = np.zeros(len(candidates) + 1, dtype=np.int64)
    successes[0] = np.count_nonzero(scores > bars)
    columns = profiles[:, candidates].tocsr()
    block = max(1, BLOCK // max(1, len(candidates)))
    for start in range(0, len(scores), block):
        part = slice(start, start + block)
        totals = columns[part].toarray() * change[candidates]
        np.cumsum(totals, axis=1, out=totals)
        totals += scores[part, None]
        successes[1:] += np.count_nonzero(totals > bars[part, None], axis=0)
    return successes
