"""Everything that is computed for a cell, written out word for word: what the library has to equal.

Algorithm 1 and section 4.1 of the RecRec paper with nothing but NumPy, no line of the library and no shortcut: lists
are made and sorted, profiles and items are scored anew. All functions take dense arrays, of floats or, as objects, of
exact fractions: with those nothing is rounded, and no tolerance is left but the one that the rule for ties names.
"""

from typing import NamedTuple

import numpy as np

#: A score is above another one if it is greater by more than one part in so many (of 1 where that is larger).
TIE = 10**9


def scores(ratings, features, item_features):
    """Scores of some items for each user, ``sum_i R[j, i] (v_i . v_z)``: (users, items)."""
    return np.array([[sum(profile * item) for item in item_features] for profile in profiles(ratings, features)])


def profiles(ratings, features):
    """Of each user, the sum of the features of the items in the history, times their ratings: (users, features)."""
    return np.array([sum(rating * item for rating, item in zip(row, features, strict=True)) for row in ratings])


def above(score, other):
    """Whether a score is above another one: a tie is not."""
    return score > other + max(1, abs(other)) / TIE


def rank(score, others):
    """Place of a score among others, 1 or more. The user may see any of tied items first, so it is the last of them."""
    return 1 + sum(not above(score, other) for other in others)


def competitors(rating, item, candidates):
    """The other items in a user's list: all of them, or those that the user has not rated."""
    return [z for z in range(len(rating)) if z != item and (candidates == "all" or rating[z] == 0)]


def item_ranks(ratings, features, item, item_features, candidates, live=False):
    """Rank for each user of an item that has other features than at first.

    `live`: the other features also enter the profiles of the users who have rated the item.
    """
    catalogue = features.copy()
    catalogue[item] = item_features
    found = []
    of_user = scores(ratings, catalogue if live else features, catalogue)
    for rating, row in zip(ratings, of_user, strict=True):
        found.append(rank(row[item], [row[z] for z in competitors(rating, item, candidates)]))
    return np.array(found)


def groups(values, number):
    """Users by value, ties by their index, dealt into groups of equal size; the first ones get what is left over."""
    order = sorted(range(len(values)), key=lambda user: (values[user], user))
    group = np.zeros(len(values), dtype=int)
    place = 0
    for g in range(number):
        for _ in range(len(values) // number + (g < len(values) % number)):
            group[order[place]] = g
            place += 1
    return group


class Baseline(NamedTuple):
    """Mean rank of each item over a group, and the share of users who have it in their top k."""

    mean_rank: np.ndarray
    top_share: np.ndarray


def baseline(ratings, features, candidates, top_k):
    """Rank every item for every user of a group."""
    ranks = np.array([item_ranks(ratings, features, z, features[z], candidates) for z in range(len(features))])
    return Baseline(ranks.mean(axis=1), (ranks <= top_k).mean(axis=1))


def select(mean_rank, top_share, ranks, items_per_rank, max_top_share, reading):
    """Items for each original rank, as (rank, item, position): lowest rank first, no item twice."""
    order = sorted(range(len(mean_rank)), key=lambda item: (mean_rank[item], item))
    chosen = []
    for asked in sorted(ranks):
        if reading == "order":
            queue = order[asked - 1 :]
        else:
            queue = sorted(range(len(mean_rank)), key=lambda item: (abs(mean_rank[item] - asked), item))
        taken = {item for _, item, _ in chosen}
        eligible = [item for item in queue if top_share[item] <= max_top_share and item not in taken]
        chosen += [(asked, item, order.index(item) + 1) for item in eligible[:items_per_rank]]
    return chosen


def sample(users, percentage, seed):
    """The first users of one order, shuffled by the seed; half a user counts as one, and there is always one."""
    size = int(np.floor(percentage * users / 100 + 0.5))
    return np.random.default_rng(seed).permutation(users)[: max(1, size)]


class Path(NamedTuple):
    """Where Algorithm 1 ended.

    `stretches` are runs of iterations with one set of active users and one step, each as long as it can be. `landings`
    are iterations in which a feature arrives at its original value or at a bound with just that step.
    """

    change: np.ndarray
    status: str
    iterations: int
    stretches: int
    landings: int


def compute_recourse(
    features, ratings, item, mutable, *, aggregate, desired_rank, learning_rate, penalty, l1_step, max_iterations,
    weights=None, low=None, high=None, candidates="all",
):  # fmt: skip
    """Algorithm 1 for the sampled users whose ratings are given; weights and bounds are of the mutable features."""
    free = np.flatnonzero(mutable)
    profile = profiles(ratings, features)
    others = scores(ratings, features, features)
    rivals = [[others[user, z] for z in competitors(rating, item, candidates)] for user, rating in enumerate(ratings)]
    original, change = features[item], features[item] * 0
    step = l1 = None
    trace = []
    while True:
        iterations = len(trace)

        def ended(status, change=change, iterations=iterations):
            stretches = sum(number == 0 or one[:2] != trace[number - 1][:2] for number, one in enumerate(trace))
            return Path(change, status, iterations, stretches, sum(landed for _, _, landed in trace))

        # Lines 10-14: the users for whom the item is not yet within the desired rank.
        left = [
            user for user in range(len(ratings))
            if rank(sum(profile[user] * (original + change)), rivals[user]) > desired_rank
        ]  # fmt: skip
        if not left:
            return ended("reached")
        # Line 6: minus the gradient of the loss without its L1 term.
        gradient = sum(profile[user] for user in left)
        if aggregate == "mean":
            gradient = gradient / len(left)
        if step is None:
            largest = max((abs(gradient[f]) for f in free), default=0)
            if largest == 0:
                return ended("stalled")
            step, l1 = learning_rate / largest, penalty * largest
        # Line 8.
        moved = change.copy()
        for place, f in enumerate(free):
            pull = l1 * (1 if weights is None else weights[place])
            if l1_step == "subgradient":
                moved[f] = change[f] + step * (gradient[f] - pull * sign(change[f]))
            else:
                target = change[f] + step * gradient[f]
                moved[f] = sign(target) * max(abs(target) - step * pull, 0)
            if low is not None:
                moved[f] = max(moved[f], low[place])
            if high is not None:
                moved[f] = min(moved[f], high[place])
        if all(moved == change):
            return ended("stalled")
        if iterations == max_iterations:
            return ended("max_iterations")
        ends = [[0] + [bound[place] for bound in (low, high) if bound is not None] for place in range(len(free))]
        landed = any(moved[f] in ends[place] and moved[f] != change[f] for place, f in enumerate(free))
        trace.append((left, list(moved - change), landed))
        change = moved


def sign(value):
    """-1, 0 or 1."""
    return 1 if value > 0 else -1 if value < 0 else 0


def hard_threshold(features, ratings, item, change, users, candidates, top_k, keep):
    """Give up changes, smallest first, ties by index, until too few of the users are left; the last state before that.

    `users` are those over whom the success rate counts; a recourse that reaches none of them stays as it is.
    """

    def successes(one):
        ranks = item_ranks(ratings[users], features, item, features[item] + one, candidates)
        return sum(ranks <= top_k)

    at_first = successes(change)
    if at_first == 0:
        return change
    while any(change != 0):
        smallest = min(np.flatnonzero(change), key=lambda feature: (abs(change[feature]), feature))
        trial = change.copy()
        trial[smallest] = 0
        if successes(trial) < keep * at_first:
            return change
        change = trial
    return change


def rank_biased_overlap(one, other, p):
    """Extrapolated rank-biased overlap of two lists of one length (Webber et al. 2010)."""
    length = len(one)
    common = [len(set(one[:d]) & set(other[:d])) for d in range(1, length + 1)]
    weighed = sum(common[d - 1] / d * p**d for d in range(1, length + 1))
    return common[-1] / length * p**length + (1 - p) / p * weighed


def ranked_list(ratings, features, user, item, place, candidates):
    """A user's whole list with the item at a place."""
    row = scores(ratings[[user]], features, features)[0]
    others = sorted(competitors(ratings[user], item, candidates), key=lambda z: -row[z])
    return [*others[: place - 1], item, *others[place - 1 :]]


def percentile(values, percent):
    """The value below which so many per cent of the others lie, between two of them in proportion."""
    ordered = sorted(values)
    place = percent * (len(ordered) - 1) / 100
    below = int(place)
    share = place - below
    return ordered[below] * (1 - share) + ordered[min(below + 1, len(ordered) - 1)] * share


def evaluate(features, ratings, item, mutable, change, kept, candidates, top_k, p):
    """Columns of an evaluation by name, for changes of all features before and after hard thresholding."""
    original = features[item]

    def ranks(one, live=False):
        return item_ranks(ratings, features, item, original + one, candidates, live)

    before, after = ranks(change * 0), ranks(kept)
    overlap = [
        rank_biased_overlap(
            *(ranked_list(ratings, features, user, item, place, candidates) for place in (before[user], after[user])), p
        )
        for user in range(len(ratings))
    ]
    changed = sum(kept != 0)
    return {
        "success_before_thresholding": np.mean(ranks(change) <= top_k),
        "success": np.mean(after <= top_k),
        "success_live": np.mean(ranks(kept, live=True) <= top_k),
        "changed": changed,
        "changed_share": changed / len(original),
        "changed_share_mutable": changed / sum(mutable),
        "l1": sum(abs(kept)),
        "rbo": sum(overlap) / len(overlap),
        "rbo_p05": percentile(overlap, 5),
        "mean_rank_after": np.mean(after),
        "users_reached": sum(after <= top_k),
    }
