"""Which users of the target group the recourse is computed for (RecRec, section 4.1)."""

import numpy as np


def sample_size(users, percentage):
    """Number of sampled users: ``max(1, round(percentage / 100 * users))``, halves rounded up.

    Examples
    --------
    >>> sample_size(250, 1), sample_size(7, 0.5)
    (3, 1)
    """
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

    Examples
    --------
    >>> set(sample(10, 20, seed=1)) < set(sample(10, 50, seed=1)), len(sample(10, 50, seed=1))
    (True, 5)
    """
    order = np.random.default_rng(seed).permutation(users)
    return order[: sample_size(users, percentage)]


def same_samples(users, percentage, seeds):
    """Seeds that draw the same users, such as all of them.

    Parameters
    ----------
    users : int
        Size of the target group.
    percentage : float
        In (0, 100].
    seeds : list of int

    Returns
    -------
    dict
        For each seed the tuple of seeds that draw its users, itself among them, in the given order.

    Examples
    --------
    >>> same_samples(5, 100, [1, 2])
    {1: (1, 2), 2: (1, 2)}
    """
    drawn = {}
    for seed in seeds:
        drawn.setdefault(np.sort(sample(users, percentage, seed)).tobytes(), []).append(seed)
    return {seed: tuple(alike) for alike in drawn.values() for seed in alike}
