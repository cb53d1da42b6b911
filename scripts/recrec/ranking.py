"""The content-filtering recommender: profiles, scores, and ranks that are pessimistic about ties.

With item features ``V`` (items x features) and ratings ``R`` (users x items) the profile of a user is
``p = R V`` and the score of item ``z`` is ``v_z . p`` (RecRec, section 3, the score inside Algorithm 1).
"""

import numpy as np

#: Scores this close, relative to their size, count as tied. Counts and one-hot features make many exact ties;
#: a tie must stay a tie whatever the order in which a sum was taken.
TIE = 1e-9


def bar_over(scores):
    """The bar that a score has to clear to be ranked above these scores.

    Parameters
    ----------
    scores : array
        Scores of other items; ``-inf`` marks an item that is not in the list.

    Returns
    -------
    array
        ``scores`` raised by the tie tolerance. Monotone, so sorted scores give sorted bars.
    """
    finite = np.where(np.isfinite(scores), np.abs(scores), 0.0)
    return scores + TIE * np.maximum(1.0, finite)


def sorted_scores(profiles, transposed, rated=None):
    """Scores of all items for a block of users, ascending along each row.

    Parameters
    ----------
    profiles : (users, features) array or sparse array
    transposed : (features, items) sparse array
        ``V.T``.
    rated : (users, items) sparse array, optional
        Items to leave out of each user's list (``candidates: unrated``); they get the score ``-inf``.

    Returns
    -------
    (ordered, scores) : two (users, items) arrays
        The scores sorted along each row with items left out at ``-inf``, and the scores of all items as they are.
    """
    scores = profiles @ transposed
    scores = scores.toarray() if hasattr(scores, "toarray") else np.asarray(scores)
    ordered = scores.copy()
    if rated is not None:
        rows, columns = rated.nonzero()
        ordered[rows, columns] = -np.inf
    ordered.sort(axis=1)
    return ordered, scores


def count_not_beaten(ordered, scores):
    """How many listed items each score does not beat, per user.

    Parameters
    ----------
    ordered : (users, items) array
        Listed scores, ascending along each row (`sorted_scores`).
    scores : (users, n) array
        Scores to place.

    Returns
    -------
    (users, n) integer array
    """
    items, wanted = ordered.shape[1], scores.shape[1]
    if wanted * items.bit_length() < items:
        return items - _first_not_beaten(ordered, scores)
    placed = np.empty(scores.shape, dtype=np.int64)
    for user, row in enumerate(ordered):
        placed[user] = items - np.searchsorted(bar_over(row), scores[user], side="left")
    return placed


def _first_not_beaten(ordered, scores):
    """Position of the lowest listed score that each score does not beat, by bisection of all lists at once.

    Looks at a few entries of each list where a pass over it would read them all.
    """
    users = np.arange(len(ordered))[:, None]
    low = np.zeros(scores.shape, dtype=np.int64)
    high = np.full(scores.shape, ordered.shape[1])
    while (unknown := low < high).any():
        middle = (low + high) // 2
        beaten = bar_over(np.asarray(ordered[users, np.where(unknown, middle, 0)])) < scores
        low = np.where(unknown & beaten, middle + 1, low)
        high = np.where(unknown & ~beaten, middle, high)
    return low


def ranks(ordered, present, listed, scores=None):
    """Pessimistic ranks of n items, at present or with other scores.

    ``rank = 1 + #{other listed items whose score is at least as high}``: a tied item is not promised a place.

    Parameters
    ----------
    ordered : (users, items) array
        Listed scores, ascending along each row.
    present : (users, n) array
        The items' present scores, with which they stand in `ordered`.
    listed : bool array, broadcastable to (users, n)
        Whether the item itself is one of the listed ones of that user.
    scores : (users, n) array, optional
        The scores to rank; the present ones if left out.

    Returns
    -------
    (users, n) integer array
    """
    scores = present if scores is None else scores
    itself = listed & (bar_over(present) >= scores)
    return 1 + count_not_beaten(ordered, scores) - itself


def bars(ordered, scores, listed, place):
    """The bar an item must clear to be within the first `place` of each user's list.

    Parameters
    ----------
    ordered, scores, listed
        As for `ranks`: `scores` are the items' present scores.
    place : int
        Desired rank, 1 or more.

    Returns
    -------
    (users, n) array
        ``rank <= place`` holds exactly where a score is greater than the bar. ``-inf`` where fewer than `place`
        other items are listed.
    """
    users, items = ordered.shape

    def from_top(position):
        return ordered[:, items - position] if position <= items else np.full(users, -np.inf)

    kth, next_one = from_top(place)[:, None], from_top(place + 1)[:, None]
    # Taking the item itself out of the list moves the k-th other one place down if the item is among the first k.
    return bar_over(np.where(listed & (bar_over(scores) >= kth), next_one, kth))


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
    """
    before, after = np.asarray(before), np.asarray(after)
    depth = int(max(before.max(initial=1), after.max(initial=1)))
    d = np.arange(1, depth)
    lost = np.concatenate([[0.0], np.cumsum((1 - p) * p ** (d - 1.0) / d)])
    low, high = np.minimum(before, after), np.maximum(before, after)
    return 1.0 - (lost[high - 1] - lost[low - 1])
