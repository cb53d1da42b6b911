"""One cell: its recourses, what is kept of them, and what they did to the lists of the whole target group.

RecRec, section 4.1.
"""

import logging
from typing import NamedTuple

import numpy as np

from recrec import ranking
from recrec.actionability import FREE
from recrec.arrays.device import CPU
from recrec.evaluation import thresholding
from recrec.evaluation.sampling import sample
from recrec.methods import DECLINED, Problem, Solution

LOG = logging.getLogger(__name__)

#: Names of the arrays of `pack_changes`.
PACKED = ("change_row", "change_feature", "change_value", "change_shape")


def solve_cell(target, items, percentage, seeds, method, settings, device=CPU, constraints=FREE, log=LOG):
    """Ask a method for a recourse for every item and seed of a cell.

    Parameters
    ----------
    target : Target
    items : list of int
    percentage : float
        Share of the group to sample, in per cent.
    seeds : list of int
    method : module
        `methods.load`.
    settings : method.Settings
    device : device.Device
    constraints : Constraints
    log : logging.Logger

    Returns
    -------
    list of (item, seed, Solution)
        Items in the given order, seeds within. A method that cannot answer has declined each of them.

    Raises
    ------
    InputError
        If a recourse does not fit into memory.
    """
    users = target.audience.shape[0]
    drawn = {seed: np.sort(sample(users, percentage, seed)) for seed in seeds}
    # Seeds that draw the same users (all of them, say) ask the same question.
    samples = {users.tobytes(): users for users in drawn.values()}
    solved = solve_samples(target, items, list(samples.values()), method, settings, device, constraints, log)
    solutions = dict(zip(samples, solved, strict=True))
    return [(item, seed, solutions[drawn[seed].tobytes()][at]) for at, item in enumerate(items) for seed in seeds]


def solve_samples(target, items, samples, method, settings, device=CPU, constraints=FREE, log=LOG):
    """Ask a method for a recourse for every one of some items and samples of users.

    Parameters
    ----------
    target : Target
    items : list of int
    samples : list of integer arrays
        Positions of users in the group, ascending, as many in each.
    method, settings, device, constraints, log
        As for `solve_cell`.

    Returns
    -------
    list of lists of Solution
        By sample, then item.
    """
    scores, thresholds = target.scores(items), target.thresholds(items, settings.desired_rank)
    problem = Problem(target.audience, items, samples, scores, thresholds, constraints)
    if reason := method.unsupported(problem, settings):
        log.info("declined: %s", reason)
        declined = Solution(np.zeros(int(target.audience.mutable.sum())), DECLINED, reason)
        return [[declined] * len(items) for _ in samples]
    return method.solve(problem, settings, device, log)


def outcomes(solutions):
    """Everything of the recourses of a cell but the changes.

    Parameters
    ----------
    solutions : list of (item, seed, Solution)
        As `solve_cell` returns them.

    Returns
    -------
    dict of (n,) arrays
        ``item``, ``seed``, ``status``, the method's diagnostics, and ``reason`` if any has one.
    """
    found = {
        "item": np.array([item for item, _, _ in solutions]),
        "seed": np.array([seed for _, seed, _ in solutions]),
        "status": np.array([solution.status for _, _, solution in solutions]),
    }
    for name in solutions[0][2].diagnostics if solutions else ():
        found[name] = np.array([solution.diagnostics[name] for _, _, solution in solutions])
    if any(solution.reason for _, _, solution in solutions):
        found["reason"] = np.array([solution.reason for _, _, solution in solutions])
    return found


def pack(solutions):
    """Recourses of a cell as arrays, for one file: `outcomes` and `pack_changes`."""
    return {**outcomes(solutions), **pack_changes(np.array([solution.change for _, _, solution in solutions]))}


def pack_changes(changes):
    """Changes, (n, features), as the triples of their non-zeros: thresholded ones are few."""
    rows, features = np.nonzero(changes)
    return {
        "change_row": rows.astype(np.int32),
        "change_feature": features.astype(np.int32),
        "change_value": changes[rows, features],
        "change_shape": np.array(changes.shape),
    }


def unpack_changes(arrays):
    """The changes that `pack_changes` took apart: (n, features) array."""
    changes = np.zeros(tuple(arrays["change_shape"]))
    changes[arrays["change_row"], arrays["change_feature"]] = arrays["change_value"]
    return changes


class Evaluated(NamedTuple):
    """One recourse, evaluated over the target group.

    Attributes
    ----------
    success_before_thresholding, success : float
        Share of the group with the item in the top k, before and after hard thresholding.
    success_live : float
        The same as `success` if the item's new features also entered the users' own state.
    changed : int
        Features changed, after thresholding.
    changed_share, changed_share_mutable : float
        Of all features; of the mutable ones.
    l1 : float
        Sum of the absolute changes.
    rbo, rbo_p05 : float
        Rank-biased overlap of the lists before and after, mean and 5th percentile over the group.
    mean_rank_after : float
    users_reached : int
        Users with the item in the top k after thresholding.
    """

    success_before_thresholding: float
    success: float
    success_live: float
    changed: int
    changed_share: float
    changed_share_mutable: float
    l1: float
    rbo: float
    rbo_p05: float
    mean_rank_after: float
    users_reached: int


def rows_of(arrays, evaluated):
    """A table of evaluated recourses.

    Parameters
    ----------
    arrays : dict of (n,) arrays
        `outcomes`, from a file of recourses.
    evaluated : list of Evaluated

    Returns
    -------
    columns : list of str
        ``item``, ``seed``, ``status``, the method's diagnostics, ``reason`` if any has one, and those of `Evaluated`.
    rows : list of tuples
    """
    columns = [name for name in arrays if name not in PACKED]
    outcomes = zip(*(arrays[name].tolist() for name in columns), strict=True)
    return [*columns, *Evaluated._fields], [(*outcome, *row) for outcome, row in zip(outcomes, evaluated, strict=True)]


def threshold_cell(target, items, users, changes, top_k, keep, count=None):
    """Hard-threshold some recourses.

    Parameters
    ----------
    target : Target
    items : (n,) integer array
        Of each recourse.
    users : list of n integer arrays, or None
        The users over whom each one's success rate counts: positions in the group; None: all of them.
    changes : (n, features) array
        Over the mutable features.
    top_k : int
    keep : float
        Share of the success rate to keep.
    count : callable, optional
        As for `thresholding.hard_threshold`.

    Returns
    -------
    (n, features) array
    """
    different = np.unique(items)
    scores, thresholds = target.scores(different), target.thresholds(different, top_k)
    kept = np.empty_like(changes)
    linear = target.audience.linear()
    for row, (item, counted) in enumerate(zip(items, users, strict=True)):
        column = int(np.searchsorted(different, item))
        some = slice(None) if counted is None else counted
        if linear:
            gains = linear if counted is None else linear.take(counted)
            of_users = scores[some, column], thresholds[some, column]
            kept[row] = thresholding.hard_threshold(changes[row], gains, *of_users, keep, count)
        else:
            audience = target.audience if counted is None else target.audience.take(counted)
            kept[row] = thresholding.hard_threshold_anew(
                changes[row],
                lambda states, audience=audience, item=item: audience.rescored(int(item), states),
                thresholds[some, column],
                keep,
            )
    return kept


def counted_users(target, seeds, percentage, over):
    """The users over whom the success rate of each recourse counts, for `threshold_cell`.

    Parameters
    ----------
    target : Target
    seeds : (n,) integer array
    percentage : float
        Sampling of the cell, in per cent.
    over : {"group", "sample"}
        The whole group, or the sample of users that the recourse was computed for.

    Returns
    -------
    list of n integer arrays or None
    """
    if over == "group":
        return [None] * len(seeds)
    return [sample(target.audience.shape[0], percentage, int(seed)) for seed in seeds]


def evaluate_cell(target, items, changes, kept, top_k, rbo_p):
    """Evaluate the recourses of a cell.

    Parameters
    ----------
    target : Target
    items : (n,) integer array
        Of each recourse.
    changes, kept : (n, features) arrays
        Before and after hard thresholding, over the mutable features.
    top_k : int
    rbo_p : float

    Returns
    -------
    list of Evaluated
    """
    different, of = np.unique(items, return_inverse=True)
    thresholds = target.thresholds(different, top_k)[:, of]
    before = target.ranks(different)[:, of]
    scores_after = rescored(target, items, kept)
    after = target.ranks(items, scores_after)
    reached_first = rescored(target, items, changes) > thresholds
    reached = after <= top_k
    overlap = ranking.rank_biased_overlap(before, after, rbo_p)
    live = live_success(target, items, kept, scores_after > thresholds, top_k)
    changed = np.count_nonzero(kept, axis=1)
    return [
        Evaluated(
            float(reached_first[:, row].mean()),
            float(reached[:, row].mean()),
            float(live[row]),
            int(changed[row]),
            float(changed[row] / len(target.audience.mutable)),
            float(changed[row] / kept.shape[1]),
            float(np.abs(kept[row]).sum()),
            float(overlap[:, row].mean()),
            float(np.percentile(overlap[:, row], 5)),
            float(after[:, row].mean()),
            int(reached[:, row].sum()),
        )
        for row in range(len(items))
    ]


def rescored(target, items, changes):
    """Scores of items with a change each, (n, features), for every user of the group: (users, n) array."""
    different, of = np.unique(items, return_inverse=True)
    if linear := target.audience.linear():
        return target.scores(different)[:, of] + linear.gains(changes.T)
    scores = np.empty((target.audience.shape[0], len(items)))
    for item in different:
        rows = np.flatnonzero(items == item)
        scores[:, rows] = target.audience.rescored(int(item), changes[rows])
    return scores


def live_success(target, items, changes, frozen, top_k):
    """Success rates if the items' new features also counted in the users' own state.

    Parameters
    ----------
    target : Target
    items : (n,) integer array
    changes : (n, features) array
        Over the mutable features.
    frozen : (users, n) bool array
        Who has the item in the top k as long as the state stays what it was.
    top_k : int

    Returns
    -------
    (n,) array
    """
    success, audience = frozen.copy(), target.audience
    for item in np.unique(items):
        rows = np.flatnonzero(items == item)
        for row, (users, scores) in zip(rows, audience.live(int(item), changes[rows]), strict=True):
            own, others = scores[:, item], ranking.tie_adjusted(scores)
            outside = ~audience.take(users).candidates()
            outside[:, item] = True
            others[outside] = -np.inf
            success[users, row] = np.count_nonzero(others >= own[:, None], axis=1) < top_k
    return success.mean(axis=0)
