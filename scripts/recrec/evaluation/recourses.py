"""The recourses of a cell: asked of a method, packed into arrays."""

import logging

import numpy as np

from recrec.actionability import FREE
from recrec.arrays.device import CPU
from recrec.errors import InputError
from recrec.evaluation.sampling import sample
from recrec.methods import DECLINED, Problem, Solution

LOG = logging.getLogger(__name__)
#: Names that a method's diagnostics may not have: those of the other columns of a study's tables.
RESERVED = {
    *("dataset", "synthetic", "recommender", "method", "group", "group_label", "rank", "sampling", "sampled_users"),
    *("item", "item_id", "title", "seed", "position", "mean_rank_before", "top_share_before", "status", "reason"),
    *("users", "users_reached", "success_before_thresholding", "success", "success_live", "changed", "changed_share"),
    *("changed_share_mutable", "l1", "rbo", "rbo_p05", "mean_rank_after"),
    *("change_row", "change_feature", "change_value", "change_shape"),
}
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

    Examples
    --------
    >>> import recrec
    >>> model = recrec.fit([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]], [[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> from recrec import methods
    >>> greedy = methods.load("greedy")
    >>> [(item, seed, solution)] = solve_cell(model.target(), [1], 50, [7], greedy, greedy.Settings(desired_rank=1))
    >>> item, seed, solution.status, solution.change.shape
    (1, 7, 'reached', (3,))
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
        ``item``, ``seed``, ``status``, the method's diagnostics (NaN where a solution lacks one that others have), and
        ``reason`` if any has one.

    Raises
    ------
    InputError
        For a diagnostic that is named like a column.
    """
    found = {
        "item": np.array([item for item, _, _ in solutions]),
        "seed": np.array([seed for _, seed, _ in solutions]),
        "status": np.array([solution.status for _, _, solution in solutions]),
    }
    told = [solution.diagnostics for _, _, solution in solutions]
    for name in dict.fromkeys(name for diagnostics in told for name in diagnostics):
        if not name.isidentifier() or name in RESERVED:
            raise InputError(f"diagnostics: given {name!r}; allowed: a name that no column has")
        found[name] = np.array([diagnostics.get(name, np.nan) for diagnostics in told])
    if any(solution.reason for _, _, solution in solutions):
        found["reason"] = np.array([solution.reason for _, _, solution in solutions])
    return found


def pack(solutions):
    """Recourses of a cell as arrays, for one file: `outcomes` and `pack_changes`."""
    return {**outcomes(solutions), **pack_changes(np.array([solution.change for _, _, solution in solutions]))}


def pack_changes(changes):
    """Changes, (n, features), as the triples of their non-zeros: thresholded ones are few.

    Examples
    --------
    >>> packed = pack_changes(np.array([[0.0, 2.0], [0.0, 0.0]]))
    >>> packed["change_feature"], packed["change_value"], packed["change_shape"]
    (array([1], dtype=int32), array([2.]), array([2, 2]))
    """
    rows, features = np.nonzero(changes)
    return {
        "change_row": rows.astype(np.int32),
        "change_feature": features.astype(np.int32),
        "change_value": changes[rows, features],
        "change_shape": np.array(changes.shape),
    }


def unpack_changes(arrays):
    """The changes that `pack_changes` took apart: (n, features) array.

    Examples
    --------
    >>> unpack_changes(pack_changes(np.array([[0.0, 2.0], [0.0, 0.0]])))
    array([[0., 2.],
           [0., 0.]])
    """
    changes = np.zeros(tuple(arrays["change_shape"]))
    changes[arrays["change_row"], arrays["change_feature"]] = arrays["change_value"]
    return changes
