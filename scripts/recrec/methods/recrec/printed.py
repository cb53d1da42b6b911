"""Algorithm 1 of the RecRec paper, as printed: the reference that every faster solver must equal.

Slow on purpose: each iteration scores and sorts every item anew for every sampled user. Where the print leaves a choice
open the choice is named in `compute_recourse`.
"""

import numpy as np

from recrec.actionability import FREE
from recrec.methods import LIMIT, REACHED, STALLED
from recrec.methods.recrec.stepping import step_change
from recrec.methods.recrec.steps import ended, gradient_of, scale
from recrec.ranking import tie_adjusted


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
    thresholds = tie_adjusted(profiles @ features.T)
    # The item in question comes after all that it does not clear, so it stands last before a stable sort.
    others = np.delete(thresholds, item, axis=1)
    order = np.argsort(-np.column_stack([others, profiles @ changed]), axis=1, kind="stable")
    return np.argmax(order == others.shape[1], axis=1) + 1


def compute_recourse(features, ratings, item, mutable, settings, constraints=FREE):
    """Lines 1-12: gradient descent until the item is within the desired rank for every sampled user.

    ``S'`` is recomputed from the present ranks in every iteration, the first included, so a user who falls out of the
    desired rank counts again and an item that is already there is not changed. The score term of the loss is that of
    ``v'_a`` (the paper prints ``v_a``, whose gradient is zero).

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
    constraints : Constraints
        Weights and bounds of all features.

    Returns
    -------
    Solution
        `change` over all features.
    """
    original = features[item]
    # The sums over I_j and R_j of lines 6 and 21; frozen: they keep the features that the histories were made with.
    profiles = ratings @ features
    change = np.zeros(len(original))
    units = None
    iterations = 0
    while True:
        rank = get_updated_ranks(features, original + change, item, profiles)
        left = rank > settings.desired_rank
        if not left.any():
            return ended(change, REACHED, iterations, iterations)
        gradient = np.where(mutable, gradient_of(profiles[left], settings.aggregate), 0.0)
        units = units or scale(gradient, settings)
        if units is None:
            return ended(change, STALLED, iterations, iterations)
        moved = step_change(change, gradient, units, settings, constraints)
        if np.array_equal(moved, change):
            return ended(change, STALLED, iterations, iterations)
        if iterations == settings.max_iterations:
            return ended(change, LIMIT, iterations, iterations)
        change = moved
        iterations += 1
