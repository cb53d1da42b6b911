"""Ranks that are pessimistic about ties, and the score thresholds that stand for them."""

import numpy as np

#: Scores this close, relative to their size, count as tied. Counts and one-hot features make many exact ties;
#: a tie must stay a tie whatever the order in which a sum was taken.
TIE = 1e-9


def tie_adjusted(scores):
    """The threshold that a score has to clear to be ranked above these scores.

    Parameters
    ----------
    scores : array
        Scores of other items; ``-inf`` marks an item that is not in the list.

    Returns
    -------
    array
        ``scores`` raised by the tie tolerance. Monotone, so sorted scores give sorted thresholds.

    Examples
    --------
    >>> tie_adjusted(np.array([2.0, -np.inf])) > np.array([2.0, -np.inf])
    array([ True, False])
    """
    finite = np.where(np.isfinite(scores), np.abs(scores), 0.0)
    return scores + TIE * np.maximum(1.0, finite)


def sort_scores(scores, candidates=None):
    """Scores of all items, ascending along each row.

    Parameters
    ----------
    scores : (users, items) array
    candidates : (users, items) bool array, optional
        Which items are in each user's list; the others get the score ``-inf``. All of them if left out.

    Returns
    -------
    (users, items) array

    Examples
    --------
    >>> sort_scores(np.array([[3.0, 1.0, 2.0]]), np.array([[True, True, False]]))
    array([[-inf,   1.,   3.]])
    """
    ascending = scores.copy() if candidates is None else np.where(candidates, scores, -np.inf)
    ascending.sort(axis=1)
    return ascending


def count_not_beaten(ascending, scores):
    """How many listed items each score does not beat, per user.

    Parameters
    ----------
    ascending : (users, items) array
        Listed scores, ascending along each row (`sort_scores`).
    scores : (users, n) array
        Scores to place.

    Returns
    -------
    (users, n) integer array

    Examples
    --------
    >>> count_not_beaten(np.array([[1.0, 2.0, 2.0, 5.0]]), np.array([[6.0, 2.0, 0.0]]))
    array([[0, 3, 4]])
    """
    items, wanted = ascending.shape[1], scores.shape[1]
    if wanted * items.bit_length() < items:
        return items - _first_not_beaten(ascending, scores)
    placed = np.empty(scores.shape, dtype=np.int64)
    for user, row in enumerate(ascending):
        placed[user] = items - np.searchsorted(tie_adjusted(row), scores[user], side="left")
    return placed


def _first_not_beaten(ascending, scores):
    """Position of the lowest listed score that each score does not beat, by bisection of all lists at once.

    Looks at a few entries of each list where a pass over it would read them all.
    """
    users = np.arange(len(ascending))[:, None]
    low = np.zeros(scores.shape, dtype=np.int64)
    high = np.full(scores.shape, ascending.shape[1])
    while (unknown := low < high).any():
        middle = (low + high) // 2
        beaten = tie_adjusted(np.asarray(ascending[users, np.where(unknown, middle, 0)])) < scores
        low = np.where(unknown & beaten, middle + 1, low)
        high = np.where(unknown & ~beaten, middle, high)
    return low


def ranks(ascending, present, candidates, scores=None):
    """Pessimistic ranks of n items, at present or with other scores.

    ``rank = 1 + #{other listed items whose score is at least as high}``: a tied item is not promised a place.

    Parameters
    ----------
    ascending : (users, items) array
        Listed scores, ascending along each row.
    present : (users, n) array
        The items' present scores, with which they stand in `ascending`.
    candidates : bool array, broadcastable to (users, n)
        Whether the item itself is one of the listed ones of that user.
    scores : (users, n) array, optional
        The scores to rank; the present ones if left out.

    Returns
    -------
    (users, n) integer array

    Examples
    --------
    The second and the third item are tied, so neither is promised the second place.

    >>> scores = np.array([[5.0, 2.0, 2.0, 1.0]])
    >>> ranks(sort_scores(scores), scores, np.True_)
    array([[1, 3, 3, 4]])
    >>> ranks(sort_scores(scores), scores[:, [3]], np.True_, np.array([[6.0]]))
    array([[1]])
    """
    scores = present if scores is None else scores
    itself = candidates & (tie_adjusted(present) >= scores)
    return 1 + count_not_beaten(ascending, scores) - itself


def score_thresholds(ascending, scores, candidates, k):
    """The threshold an item must clear to be within the first `k` of each user's list.

    Parameters
    ----------
    ascending, scores, candidates
        As for `ranks`: `scores` are the items' present scores.
    k : int
        Desired rank, 1 or more.

    Returns
    -------
    (users, n) array
        ``rank <= k`` holds exactly where a score is greater than the threshold. ``-inf`` where fewer than `k`
        other items are candidates.

    Examples
    --------
    To be among the first two, the last item has to score more than the second best.

    >>> scores = np.array([[5.0, 3.0, 1.0]])
    >>> score_thresholds(sort_scores(scores), scores[:, [2]], np.True_, 2).round(6)
    array([[3.]])
    """
    users, items = ascending.shape

    def from_top(position):
        return ascending[:, items - position] if position <= items else np.full(users, -np.inf)

    kth, next_one = from_top(k)[:, None], from_top(k + 1)[:, None]
    # Taking the item itself out of the list moves the k-th other one place down if the item is among the first k.
    return tie_adjusted(np.where(candidates & (tie_adjusted(scores) >= kth), next_one, kth))
