"""One combination of Algorithm 1's open settings over the whole grid of a data set, in short."""

import numpy as np

from recrec.arrays.device import CPU
from recrec.evaluation.measures import evaluate_cell
from recrec.evaluation.recourses import solve_cell
from recrec.evaluation.thresholding import counted_users, threshold_cell
from recrec.methods import recrec

#: Means that a sweep keeps of each setting and sampling.
MEANS = ("success_before_thresholding", "success", "rbo", "changed_share", "l1", "iterations")


def sweep_setting(targets, items, percentage, seeds, settings, top_k, keep, over, rbo_p, device=CPU):
    """Means over all groups, ranks, items and seeds for one setting and one sampling.

    Parameters
    ----------
    targets : list of Target
        A group each.
    items : list of lists of int
        Selected items of each group.
    percentage, seeds, settings, top_k, keep, over, rbo_p, device
        As for `recourses.solve_cell` and `measures.evaluate_cell`.

    Returns
    -------
    tuple of float
        In the order of `MEANS`, then the share of runs that reached every sampled user.
    """
    rows, solutions = [], []
    for target, chosen in zip(targets, items, strict=True):
        solved = solve_cell(target, chosen, percentage, seeds, recrec, settings, device=device)
        each, drawn = (np.array([one[place] for one in solved]) for place in (0, 1))
        changes = np.array([solution.change for _, _, solution in solved])
        users = counted_users(target, drawn, percentage, over)
        kept = threshold_cell(target, each, users, changes, top_k, keep)
        rows += evaluate_cell(target, each, changes, kept, top_k, rbo_p)
        solutions += [solution for _, _, solution in solved]
    columns = {name: [getattr(row, name) for row in rows] for name in MEANS if name != "iterations"}
    columns["iterations"] = [solution.diagnostics["iterations"] for solution in solutions]
    reached = float(np.mean([solution.status == "reached" for solution in solutions]))
    return (*(float(np.mean(columns[name])) for name in MEANS), reached)
