"""Asking people, before any recourse is shown, what changes cost them: by ranking, or by scores from 1 to 5.

Both ways end in cost weights that are positive and have mean 1 over the features that a person may act on. The other
direction, from the weights that a simulated person truly has to the answers they give, is here as well: answers are
coarser than weights, and that is what elicitation loses.
"""

import numpy as np

#: What a score from 1, very easy, to 5, very hard, multiplies the cost of a change by.
MULTIPLIERS = np.array([0.1, 0.5, 1.0, 2.0, 10.0])
#: The score that locks a feature.
LOCKS = 6


def scaled(weights: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Weights with mean 1 over the features that are not locked; 1 where locked.

    Parameters
    ----------
    weights : (people, features) array
        Positive where not locked.
    mask : (people, features) array of bool
        Whether the person may act on the feature.

    Returns
    -------
    (people, features) array

    Examples
    --------
    >>> scaled(np.array([[1.0, 3.0, 9.0]]), np.array([[True, True, False]])).tolist()
    [[0.5, 1.5, 1.0]]
    """
    number = np.maximum(mask.sum(axis=1, keepdims=True), 1)
    # Over the largest first: otherwise the sum of large weights overflows.
    kept = np.where(mask, weights, 0.0)
    kept = kept / np.maximum(kept.max(axis=1, keepdims=True), np.finfo(float).tiny)
    mean = kept.sum(axis=1, keepdims=True) / number
    return np.where(mask, kept / np.where(mean > 0, mean, 1.0), 1.0)


def weights_from_ranks(ranks: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Cost weights from a ranking of the features.

    Weights are in proportion to places in the ranking, 1, 2, 3, .... Only the order counts: ranks 2, 5, 9 are places
    1, 2, 3; features of one rank share a place; locked features have none.

    Parameters
    ----------
    ranks : (people, features) array
        1 is the easiest.
    mask : (people, features) array of bool
        Whether the person may act on the feature.

    Returns
    -------
    (people, features) array
        Mean 1 over the features that are not locked; 1 where locked.

    Examples
    --------
    >>> weights_from_ranks(np.array([[1, 2, 3], [2, 2, 1]]), np.array([[True, True, True], [True, False, True]]))
    array([[0.5       , 1.        , 1.5       ],
           [1.33333333, 1.        , 0.66666667]])
    """
    return scaled(_places(ranks, mask).astype(float), mask)


def ranks_of(latent: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """How people with such weights rank the features that they may act on.

    Parameters
    ----------
    latent : (people, features) array
        What a change truly costs.
    mask : (people, features) array of bool
        Whether the person may act on the feature.

    Returns
    -------
    (people, features) array of int
        1 is the easiest, equal weights share a rank; 0 where locked.

    Examples
    --------
    >>> ranks_of(np.array([[0.3, 1.7, 1.0]]), np.array([[True, True, False]])).tolist()
    [[1, 2, 0]]
    """
    return _places(latent, mask)


def weights_from_scores(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cost weights from a score of each feature.

    Parameters
    ----------
    scores : (people, features) array of int
        1, very easy, to 5, very hard, for `MULTIPLIERS`; 6 locks the feature.

    Returns
    -------
    weights : (people, features) array
        Mean 1 over the features that are not locked; 1 where locked.
    mask : (people, features) array of bool
        Whether the person may act on the feature.

    Raises
    ------
    ValueError
        For a score that is not a whole number from 1 to 6.

    Examples
    --------
    >>> weights, mask = weights_from_scores(np.array([[3, 4, 6]]))
    >>> weights.round(3).tolist(), mask.tolist()
    ([[0.667, 1.333, 1.0]], [[True, True, False]])
    """
    scores = np.asarray(scores)
    if not np.isin(scores, np.arange(1, LOCKS + 1)).all():
        raise ValueError(f"a score is a whole number from 1 to {LOCKS}")
    mask = scores != LOCKS
    multipliers = MULTIPLIERS[np.where(mask, scores, 1).astype(int) - 1]
    return scaled(multipliers, mask), mask


def scores_of(latent: np.ndarray, mask: np.ndarray | None = None, lock_above: float = np.inf) -> np.ndarray:
    """How people with such weights score the features that they may act on.

    A person calls the middle of their own weights neutral: the geometric mean over those features stands for the
    multiplier 1, since multipliers are factors. Each feature then gets the score whose multiplier is nearest by factor:
    1 up to .22 times the middle, 2 to .71, 3 to 1.41, 4 to 4.47, 5 above.

    Parameters
    ----------
    latent : (people, features) array
        What a change truly costs, positive.
    mask : (people, features) array of bool, optional
        Whether the person may act on the feature; if left out, on every one.
    lock_above : float
        Features of more than so many times the middle get a 6 and are locked, but never those of a person's least
        weight.

    Returns
    -------
    (people, features) array of int
        6 where locked.

    Examples
    --------
    >>> scores_of(np.array([[0.1, 1.0, 10.0], [1.0, 1.0, 1.0]])).tolist()
    [[1, 3, 5], [3, 3, 3]]
    >>> scores_of(np.array([[0.1, 1.0, 10.0]]), lock_above=5).tolist()
    [[1, 3, 6]]
    """
    latent = np.asarray(latent, dtype=float)
    mask = np.ones(latent.shape, dtype=bool) if mask is None else mask
    logs = np.log(latent)
    middle = np.where(mask, logs, 0.0).sum(axis=1, keepdims=True) / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    centred = logs - middle
    steps = np.log(MULTIPLIERS)
    # On a border between two scores, where rounding decides, the lower one.
    scores = 1 + np.searchsorted((steps[1:] + steps[:-1]) / 2 + 1e-12, centred)
    least = np.where(mask, latent, np.inf).min(axis=1, keepdims=True)
    hardest = (centred > np.log(lock_above)) & (latent > least)
    return np.where(mask & ~hardest, scores, LOCKS)


def _places(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Place of each value among the different ones that are not locked, 1 for the least; 0 where locked."""
    values = np.where(mask, values, np.inf)
    order = np.argsort(values, axis=1, kind="stable")
    ascending = np.take_along_axis(values, order, axis=1)
    new = np.ones(values.shape, dtype=np.int64)
    new[:, 1:] = ascending[:, 1:] != ascending[:, :-1]
    places = np.empty_like(new)
    np.put_along_axis(places, order, new.cumsum(axis=1), axis=1)
    return np.where(mask, places, 0)
