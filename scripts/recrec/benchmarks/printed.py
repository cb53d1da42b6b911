"""Algorithm 1 of the RecRec paper as printed, with nothing but NumPy: what the solver is timed beside.

Slow on purpose: each iteration scores and sorts every item anew for every sampled user. Where the print leaves a choice
open the choice is named in `compute_recourse`.
"""

import numpy as np

from recrec.methods import LIMIT, REACHED, STALLED
from recrec.methods.recrec.steps import ended

#: A score is a tie with another one unless it is greater by more than this, relative to the other one's size.
TIE = 1e-9
#: What is left of terms of this relative size that cancel is rounding.
ROUNDING = 1e-12
#: So is what is left of a feature that L1 has brought back to its original value, relative to L1's pull.
BACK = 1e-9


def get_updated_ranks(features, changed, item, profiles):
    """Lines 16-24: the rank of the changed item for each user, by scoring and sorting every item.

    Parameters
    ----------
    features : (items, features) array
        Original features.
    changed : (features,) array
        The item's new features ``v'_a``.
    item : int
    profiles : (users, features) array

    Returns
    -------
    (users,) integer array
        Pessimistic: of tied items the one in question comes last.
    """
    scores = profiles @ features.T
    scores += TIE * np.maximum(1.0, np.abs(scores))
    # The item in question comes after all that it is not above, so it stands last before a stable sort.
    others = np.delete(scores, item, axis=1)
    order = np.argsort(-np.column_stack([others, profiles @ changed]), axis=1, kind="stable")
    return np.argmax(order == others.shape[1], axis=1) + 1


def compute_recourse(features, ratings, item, mutable, settings):
    """Lines 1-15: gradient descent until the item is within the desired rank for every sampled user.

    ``S'`` is recomputed from the present ranks in every iteration, the first included, so a user who falls out of the
    desired rank counts again and an item that is already there is not changed. The score term of the loss is that of
    ``v'_a`` (the paper prints ``v_a``, whose gradient is zero). Learning rate and lambda are in units of the largest
    entry of the first gradient.

    Parameters
    ----------
    features : (items, features) array
    ratings : (users, items) array
        Of the sampled users ``S``.
    item : int
        The item ``a``.
    mutable : (features,) bool array
        Only these may change.
    settings : Settings

    Returns
    -------
    Solution
        `change` over all features.
    """
    original = features[item]
    # The sums over I_j and R_j of lines 6 and 21; frozen: they keep the features that the histories were made with.
    profiles = ratings @ features
    change = np.zeros(len(original))
    step = l1 = None
    iterations = 0
    while True:
        left = get_updated_ranks(features, original + change, item, profiles) > settings.desired_rank
        if not left.any():
            return ended(change, REACHED, iterations, iterations)
        gradient = profiles[left].sum(axis=0)
        gradient[np.abs(gradient) <= ROUNDING * np.abs(profiles[left]).sum(axis=0)] = 0.0
        gradient[~mutable] = 0.0
        if settings.aggregate == "mean":
            gradient /= np.count_nonzero(left)
        if step is None:
            largest = np.abs(gradient).max()
            if largest == 0.0:
                return ended(change, STALLED, iterations, iterations)
            step, l1 = settings.learning_rate / largest, settings.lambda_ * largest
        moved = change + step * gradient
        if settings.l1_step == "subgradient":
            moved -= step * l1 * np.sign(np.where(np.abs(change) > BACK * step * l1, change, 0.0))
        else:
            size = np.abs(moved) - step * l1
            moved = np.where(size > BACK * step * l1, np.sign(moved) * size, 0.0)
        if (np.abs(moved - change) <= BACK * step * l1).all():
            return ended(change, STALLED, iterations, iterations)
        if iterations == settings.max_iterations:
            return ended(change, LIMIT, iterations, iterations)
        change = moved
        iterations += 1
