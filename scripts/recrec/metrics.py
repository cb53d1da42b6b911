"""What a recourse did, over the whole target group (RecRec, section 4.1)."""

import numpy as np


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
