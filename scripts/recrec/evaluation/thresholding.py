"""Hard thresholding: give up the smallest changes while the recourse keeps most of its success (section 3)."""

import numpy as np

from recrec.evaluation.sampling import sample

#: Numbers in the largest array that is made at once.
BLOCK = 4_000_000


def threshold_cell(target, items, users, changes, top_k, keep, count=None):
    """Hard-threshold some recourses.

    Parameters
    ----------
    target : Target
    items : (n,) integer array
        Of each recourse.
    users : list of n integer arrays, or None
        The users over whom each one's success rate counts: positions in the group; None: all of them.
    changes : (n, features) array
        Over the mutable features.
    top_k : int
    keep : float
        Share of the success rate to keep.
    count : callable, optional
        As for `hard_threshold`.

    Returns
    -------
    (n, features) array

    Examples
    --------
    >>> import recrec
    >>> model = recrec.fit([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]], [[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> threshold_cell(model.target(), np.array([1]), [None], np.array([[9.0, 0.1, 0.0]]), top_k=1, keep=0.8)
    array([[9., 0., 0.]])
    """
    different = np.unique(items)
    scores, thresholds = target.scores(different), target.thresholds(different, top_k)
    kept = np.empty_like(changes)
    linear = target.audience.linear()
    for row, (item, counted) in enumerate(zip(items, users, strict=True)):
        column = int(np.searchsorted(different, item))
        some = slice(None) if counted is None else counted
        if linear:
            gains = linear if counted is None else linear.take(counted)
            of_users = scores[some, column], thresholds[some, column]
            kept[row] = hard_threshold(changes[row], gains, *of_users, keep, count)
        else:
            audience = target.audience if counted is None else target.audience.take(counted)
            kept[row] = hard_threshold_anew(
                changes[row],
                lambda states, audience=audience, item=item: audience.rescored(int(item), states),
                thresholds[some, column],
                keep,
            )
    return kept


def counted_users(target, seeds, percentage, over):
    """The users over whom the success rate of each recourse counts, for `threshold_cell`.

    Parameters
    ----------
    target : Target
    seeds : (n,) integer array
    percentage : float
        Sampling of the cell, in per cent.
    over : {"group", "sample"}
        The whole group, or the sample of users that the recourse was computed for.

    Returns
    -------
    list of n integer arrays or None
    """
    if over == "group":
        return [None] * len(seeds)
    return [sample(target.audience.shape[0], percentage, int(seed)) for seed in seeds]


def removal_order(change):
    """Changed features from the smallest to the largest absolute change, ties by index.

    Examples
    --------
    >>> removal_order(np.array([0.0, -2.0, 0.5, 2.0]))
    array([2, 1, 3])
    """
    changed = np.flatnonzero(change)
    return changed[np.argsort(np.abs(change[changed]), kind="stable")]


def hard_threshold(change, gains, scores, thresholds, keep, count=None):
    """Reset changed features, smallest change first, until the success rate falls below a share of what it was.

    Counting backwards, with the q largest changes kept, the scores for every q are one cumulative sum. The changes
    that together cannot take enough users below their thresholds need not be looked at one by one.

    Parameters
    ----------
    change : (features,) array
        Recourse minus original.
    gains : audience.LinearMap
        Of the users over whom success is measured.
    scores : (users,) array
        The item's scores before the recourse.
    thresholds : (users,) array
        `ranking.score_thresholds` of these users: success is a score above the threshold.
    keep : float
        The share of the success rate that must remain (the paper gives up at most 20 %, so 0.8).
    count : callable, optional
        A form of `count_successes`, which is taken if left out.

    Returns
    -------
    (features,) array
        The change that is kept: the last state before the success rate fell below ``keep`` times its first value. A
        recourse that reaches nobody is returned as it is.

    Examples
    --------
    One user, whose score has to exceed 1: the change of 2 does it alone.

    >>> from recrec.audience import LinearMap
    >>> gains = LinearMap(np.ones((1, 1)), np.ones((1, 2)))
    >>> hard_threshold(np.array([0.5, 2.0]), gains, np.zeros(1), np.ones(1), keep=0.8)
    array([0., 2.])
    """
    largest_first = removal_order(change)[::-1]
    full = scores + gains.gains(change)
    needed = _needed(full > thresholds, keep)
    if needed is None:
        return change.copy()
    candidates = largest_first[: _safe_tail(change, largest_first, gains, full, thresholds, needed)]
    successes = _successes(change, candidates, gains, scores, thresholds, count or count_successes)
    return _kept(change, candidates, successes, needed)


def hard_threshold_anew(change, rescored, thresholds, keep):
    """The same where scores are not linear in the features: every state is scored anew.

    Parameters
    ----------
    change : (features,) array
    rescored : callable
        From changes, (n, features), to the users' scores, (users, n): `Audience.rescored` of the item.
    thresholds : (users,) array
    keep : float

    Returns
    -------
    (features,) array

    Examples
    --------
    >>> hard_threshold_anew(np.array([0.5, 2.0]), lambda changes: changes.sum(axis=1)[None, :], np.ones(1), keep=0.8)
    array([0., 2.])
    """
    largest_first = removal_order(change)[::-1]
    needed = _needed(rescored(change[None, :])[:, 0] > thresholds, keep)
    if needed is None:
        return change.copy()
    together = max(1, BLOCK // max(len(change), len(thresholds)))
    successes = []
    for start in range(0, len(largest_first) + 1, together):
        kept = np.arange(start, min(len(largest_first) + 1, start + together))
        states = np.zeros((len(kept), len(change)))
        for state, number in zip(states, kept, strict=True):
            state[largest_first[:number]] = change[largest_first[:number]]
        successes.append(np.count_nonzero(rescored(states) > thresholds[:, None], axis=0))
    return _kept(change, largest_first, np.concatenate(successes), needed)


def _needed(succeeds, keep):
    """How many users have to remain; None if there are none from the beginning."""
    successes = np.count_nonzero(succeeds)
    # A share such as 0.7 of 10 users is 7 of them, whatever 0.7 is in binary.
    return keep * successes - 1e-9 if successes else None


def _kept(change, largest_first, successes, needed):
    """The last state before too few users succeed, of the successes with the first 0, 1, 2, ... changes."""
    short = np.flatnonzero(successes < needed)
    kept = largest_first[: short[-1] + 1] if short.size else largest_first[:0]
    thresholded = np.zeros_like(change)
    thresholded[kept] = change[kept]
    return thresholded


def _safe_tail(change, largest_first, gains, full, thresholds, needed):
    """A number of changes after which all the smaller ones together cannot cost too much success."""
    at_most = gains.magnitude()
    rest = np.abs(change)
    kept = 0
    while kept < len(largest_first):
        step = max(32, kept)
        rest[largest_first[kept : kept + step]] = 0.0
        kept += step
        if np.count_nonzero(full - at_most.gains(rest) > thresholds) >= needed:
            return kept
    return len(largest_first)


def _successes(change, candidates, gains, scores, thresholds, count):
    """Users who succeed with the first 0, 1, 2, ... of the candidate changes, some of them at a time."""
    successes = [[np.count_nonzero(scores > thresholds)]]
    totals = np.zeros(len(scores))
    together = max(1, BLOCK // max(gains.left.shape))
    for start in range(0, len(candidates), together):
        features = candidates[start : start + together]
        counts, totals = count(gains.columns(features), change[features], totals, scores, thresholds)
        successes.append(counts)
    return np.concatenate(successes)


def count_successes(columns, change, totals, scores, thresholds):
    """Users above their thresholds with the first 1, 2, ... of some changes.

    Parameters
    ----------
    columns : (users, n) array
        What a unit of each change adds to each user's score.
    change : (n,) array
    totals : (users,) array
        What the changes before these have added.
    scores, thresholds : (users,) arrays

    Returns
    -------
    counts : (n,) integer array
    totals : (users,) array
        With these changes.

    Examples
    --------
    >>> columns = np.array([[1.0, 1.0], [0.0, 1.0]])
    >>> counts, totals = count_successes(columns, np.array([2.0, 1.0]), np.zeros(2), np.zeros(2), np.array([1.5, 0.5]))
    >>> counts.tolist(), totals.tolist()
    ([1, 2], [3.0, 1.0])
    """
    sums = columns * change
    sums[:, 0] += totals
    np.cumsum(sums, axis=1, out=sums)
    return np.count_nonzero(sums + scores[:, None] > thresholds[:, None], axis=0), sums[:, -1].copy()
