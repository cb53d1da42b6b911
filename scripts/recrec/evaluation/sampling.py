"""Which users of the target group the recourse is computed for (RecRec, section 4.1)."""

import numpy as np


def sample_size(users, percentage):
    """Number of sampled users: ``max(1, round(percentage / 100 * users))``, halves rounded up."""
    return max(1, int(np.floor(percentage / 100 * users + 0.5)))


def sample(users, percentage, seed):
    """Positions of the sampled users within their group.

    For one seed the samples of different percentages are prefixes of one shuffled order, so that a curve over the
    percentage compares like with like.

    Parameters
    ----------
    users : int
        Size of the target group.
    percentage : float
        In (0, 100].
    seed : int

    Returns
    -------
    (n,) integer array
    """
    order = np.random.default_rng(seed).permutation(users)
    return order[: sample_size(users, percentage)]
