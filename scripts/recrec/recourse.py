"""The recourses of one cell: every selected item, every sample of users."""

import numpy as np

from recrec import leaping, stepping
from recrec.problem import Problem
from recrec.sampling import sample


def solve_cell(target, items, percentage, seeds, settings):
    """Run Algorithm 1 for every item and seed of a cell.

    Parameters
    ----------
    target : Target
    items : list of int
    percentage : float
        Share of the group to sample, in per cent.
    seeds : list of int
    settings : Settings

    Returns
    -------
    list of (item, seed, Path)
        Items in the given order, seeds within.
    """
    scores = target.scores(items)
    bars = target.bars(items, settings.desired_rank)
    paths = {}
    for seed in seeds:
        users = sample(len(scores), percentage, seed)
        profiles = target.profiles(users)
        solve = solver(profiles, settings)
        for column, item in enumerate(items):
            paths[item, seed] = solve(Problem(profiles, scores[users, column], bars[users, column]))
    return [(item, seed, paths[item, seed]) for item in items for seed in seeds]


def solver(profiles, settings):
    """The production solver for problems over the same sampled users.

    The proximal step leaps from event to event; the subgradient step jumps to and fro around zero and has to be taken
    step by step. What the problems share is computed here, once.

    Parameters
    ----------
    profiles : (n, features) sparse array, CSR
        Of the sampled users, over the mutable features.
    settings : Settings

    Returns
    -------
    callable
        From a `Problem` with these profiles to its `Path`.
    """
    if settings.l1_step == "subgradient":
        return lambda problem: stepping.solve(problem, settings)
    gram = leaping.gram_matrix(profiles) if settings.lambda_ == 0.0 else None
    return lambda problem: leaping.solve(problem, settings, gram)


def pack(paths):
    """Paths of a cell as arrays, for one file.

    Parameters
    ----------
    paths : list of (item, seed, Path)
        As `solve_cell` returns them.

    Returns
    -------
    dict of arrays
        `outcomes` and `pack_changes`.
    """
    return {**outcomes(paths), **pack_changes(np.array([path.change for _, _, path in paths]))}


def outcomes(paths):
    """Everything of the paths of a cell but the changes: (n,) arrays by name."""
    return {
        "item": np.array([item for item, _, _ in paths]),
        "seed": np.array([seed for _, seed, _ in paths]),
        "status": np.array([path.status for _, _, path in paths]),
        "iterations": np.array([path.iterations for _, _, path in paths]),
        "events": np.array([path.events for _, _, path in paths]),
    }


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
