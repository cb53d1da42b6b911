"""Hard thresholding: give up the smallest changes while the recourse keeps most of its success (section 3)."""

import numpy as np

#: Numbers in the largest array that is made at once.
BLOCK = 4_000_000


def removal_order(change):
    """Changed features from the smallest to the largest absolute change, ties by index."""
    changed = np.flatnonzero(change)
    return changed[np.argsort(np.abs(change[changed]), kind="stable")]


def hard_threshold(change, histories, scores, bars, keep, count=None):
    """Reset changed features, smallest change first, until the success rate falls below a share of what it was.

    Counting backwards, with the q largest changes kept, the scores for every q are one cumulative sum. The changes
    that together cannot take enough users below their bars need not be looked at one by one.

    Parameters
    ----------
    change : (features,) array
        Recourse minus original.
    histories : profiles.Histories
        Of the users over whom success is measured.
    scores : (users,) array
        The item's scores before the recourse.
    bars : (users,) array
        `recommender.bars` of these users: success is a score above the bar.
    keep : float
        The share of the success rate that must remain (the paper gives up at most 20 %, so 0.8).
    count : callable, optional
        A form of `count_successes`, which is taken if left out.

    Returns
    -------
    (features,) array
        The change that is kept: the last state before the success rate fell below ``keep`` times its first value. A
        recourse that reaches nobody is returned as it is.
    """
    largest_first = removal_order(change)[::-1]
    full = scores + histories.gains(change)
    successes = np.count_nonzero(full > bars)
    if not successes:
        return change.copy()
    # A share such as 0.7 of 10 users is 7 of them, whatever 0.7 is in binary.
    needed = keep * successes - 1e-9
    candidates = largest_first[: _safe_tail(change, largest_first, histories, full, bars, needed)]
    successes = _successes(change, candidates, histories, scores, bars, count or count_successes)
    short = np.flatnonzero(successes < needed)
    kept = candidates[: short[-1] + 1] if short.size else candidates[:0]
    thresholded = np.zeros_like(change)
    thresholded[kept] = change[kept]
    return thresholded


def _safe_tail(change, largest_first, histories, full, bars, needed):
    """A number of changes after which all the smaller ones together cannot cost too much success."""
    at_most = histories.magnitude()
    rest = np.abs(change)
    kept = 0
    while kept < len(largest_first):
        step = max(32, kept)
        rest[largest_first[kept : kept + step]] = 0.0
        kept += step
        if np.count_nonzero(full - at_most.gains(rest) > bars) >= needed:
            return kept
    return len(largest_first)


def _successes(change, candidates, histories, scores, bars, count):
    """Users who succeed with the first 0, 1, 2, ... of the candidate changes, some of them at a time."""
    successes = [[np.count_nonzero(scores > bars)]]
    totals = np.zeros(len(scores))
    together = max(1, BLOCK // max(histories.ratings.shape))
    for start in range(0, len(candidates), together):
        features = candidates[start : start + together]
        counts, totals = count(histories.columns(features), change[features], totals, scores, bars)
        successes.append(counts)
    return np.concatenate(successes)


def count_successes(columns, change, totals, scores, bars):
    """Users above their bars with the first 1, 2, ... of some changes.

    Parameters
    ----------
    columns : (users, n) array
        What a unit of each change adds to each user's score.
    change : (n,) array
    totals : (users,) array
        What the changes before these have added.
    scores, bars : (users,) arrays

    Returns
    -------
    counts : (n,) integer array
    totals : (users,) array
        With these changes.
    """
    sums = columns * change
    sums[:, 0] += totals
    np.cumsum(sums, axis=1, out=sums)
    return np.count_nonzero(sums + scores[:, None] > bars[:, None], axis=0), sums[:, -1].copy()
