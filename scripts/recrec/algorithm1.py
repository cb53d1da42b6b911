"""Algorithm 1 of the RecRec paper, as printed: the reference that every faster solver must equal.

Slow on purpose. Each iteration scores and sorts every item anew for every sampled user. Where the print leaves a
choice open the choice is named in `compute_recourse`.
"""

import numpy as np

from recrec.problem import LIMIT, REACHED, STALLED, Path, Scale
from recrec.recommender import bar_over
from recrec.stepping import step_change


def get_updated_ranks(features, changed, item, ratings):
    """Lines 13-19: the rank of the changed item for each user, by scoring and sorting every item.

    Parameters
    ----------
    features : (items, features) array
        Original features. Profiles are frozen: histories count with the features they were collected with.
    changed : (features,) array
        The item's new features ``v'_a``.
    item : int
    ratings : (users, items) array

    Returns
    -------
    (users,) integer array
        Pessimistic: of tied items the one in question comes last.
    """
    new_features = features.copy()
    new_features[item] = changed
    new_rank = np.empty(len(ratings), dtype=np.int64)
    for user, rated in enumerate(ratings):
        profile = rated @ features
        new_score = np.array([new_features[z] @ profile for z in range(len(features))])
        bar = bar_over(new_score)
        bar[item] = new_score[item]
        # Descending by bar; the item in question after all that it does not clear.
        order = sorted(range(len(features)), key=lambda z: (-bar[z], z == item, z))
        new_rank[user] = order.index(item) + 1
    return new_rank


def compute_recourse(features, ratings, item, mutable, settings):
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

    Returns
    -------
    Path
        `change` over all features.
    """
    original = features[item]
    changed = original.copy()
    units = None
    iterations = 0
    while True:
        rank = get_updated_ranks(features, changed, item, ratings)
        left = [user for user in range(len(ratings)) if rank[user] > settings.desired_rank]
        if not left:
            return Path(changed - original, REACHED, iterations, iterations)
        gradient = np.zeros(len(original))
        for user in left:
            gradient += ratings[user] @ features
        if settings.aggregate == "mean":
            gradient /= len(left)
        gradient[~mutable] = 0.0
        if units is None:
            largest = np.abs(gradient).max()
            if largest == 0.0:
                return Path(changed - original, STALLED, iterations, iterations)
            units = Scale(settings.learning_rate / largest, settings.lambda_ * largest)
        change = changed - original
        moved = step_change(change, gradient, units, settings.l1_step)
        if np.array_equal(moved, change):
            return Path(change, STALLED, iterations, iterations)
        if iterations == settings.max_iterations:
            return Path(change, LIMIT, iterations, iterations)
        changed = original + moved
        iterations += 1
