"""One combination of Algorithm 1's open settings over the whole grid of a data set, in short."""

import numpy as np

from recrec.arrays.device import CPU
from recrec.evaluation.cell import evaluate_cell, threshold_cell
from recrec.methods.recrec.cell import outcomes, solve_cell

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
        As for `recourse.solve_cell` and `evaluation.evaluate_cell`.

    Returns
    -------
    tuple of float
        In the order of `MEANS`, then the share of runs that reached every sampled user.
    """
    rows = []
    for target, chosen in zip(targets, items, strict=True):
        paths = solve_cell(target, chosen, percentage, seeds, settings, device)
        found = outcomes(paths)
        changes = np.array([path.change for _, _, path in paths])
        kept = threshold_cell(target, found["item"], found["seed"], changes, percentage, top_k, keep, over)
        rows += evaluate_cell(target, found, changes, kept, top_k, rbo_p)
    means = [float(np.mean([getattr(row, name) for row in rows])) for name in MEANS]
    return (*means, float(np.mean([row.status == "reached" for row in rows])))
