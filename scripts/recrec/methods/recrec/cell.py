"""The recourses of one cell: every selected item, every sample of users."""

import numpy as np

from recrec.arrays.device import CPU, in_batches
from recrec.evaluation.sampling import sample
from recrec.methods.recrec import leaping, stepping
from recrec.methods.recrec.problem import Path, Problem
from recrec.methods.recrec.profiles import BLOCK, DENSE_GAIN, Factored


def solve_cell(target, items, percentage, seeds, settings, device=CPU, say=lambda line: None):
    """Run Algorithm 1 for every item and seed of a cell.

    The proximal step leaps from event to event, in batches that fit into the device's memory; the subgradient step
    jumps to and fro around zero and has to be taken step by step.

    Parameters
    ----------
    target : Target
    items : list of int
    percentage : float
        Share of the group to sample, in per cent.
    seeds : list of int
    settings : Settings
    device : device.Device
    say : callable
        Told how far single precision is off.

    Returns
    -------
    list of (item, seed, Path)
        Items in the given order, seeds within.

    Raises
    ------
    InputError
        If a recourse does not fit into memory.
    """
    scores = target.scores(items)
    bars = target.bars(items, settings.desired_rank)
    drawn = {seed: np.sort(sample(len(scores), percentage, seed)) for seed in seeds}
    # Seeds that draw the same users (all of them, say) ask the same question.
    samples = list({users.tobytes(): users for users in drawn.values()}.values())
    solve = _step if settings.l1_step == "subgradient" else _leap
    found = {}
    for users, columns, paths in solve(target, samples, list(range(len(items))), scores, bars, settings, device, say):
        for of_sample, row in zip(users, paths, strict=True):
            found |= {(of_sample.tobytes(), column): path for column, path in zip(columns, row, strict=True)}
    return [(item, seed, found[drawn[seed].tobytes(), column]) for column, item in enumerate(items) for seed in seeds]


def _step(target, samples, columns, scores, bars, settings, device, say):
    """Problem by problem."""
    for users in samples:
        profiles = target.profiles(users).toarray()
        problems = [Problem(profiles, scores[users, column], bars[users, column]) for column in columns]
        yield [users], columns, [[stepping.solve(problem, settings) for problem in problems]]


def _leap(target, samples, columns, scores, bars, settings, device, say):
    """Batch by batch."""
    users, (catalogue, features) = len(samples[0]), target.mutable_features.shape
    size = np.dtype(device.dtype).itemsize
    in_span = settings.lambda_ == 0.0
    stored = 2 * target.features.nnz + max(target.ratings[users].nnz for users in samples)
    gram = BLOCK * (features + catalogue + users) + DENSE_GAIN * stored
    use_gram = in_span and size * (users * users + gram) <= device.budget

    def memory(samples, items):
        """Bytes of the arrays of a batch: see the solver."""
        problems = samples * items
        by_gram = samples * users * users + gram if use_gram else 0
        return size * (by_gram + problems * (12 * users + (3 if in_span else 16) * features + 4 * catalogue))

    def work(samples, columns):
        """Solve one batch."""
        batch = make_batch(target, samples, columns, scores, bars, device)
        found = leaping.solve(batch, settings, device.xp, use_gram, device.kernels)
        host = leaping.Paths(*map(device.host, found))
        if device.dtype != np.float64:
            say(_error(target, samples, columns, host, scores, bars))
        return _paths(host)

    return in_batches(samples, columns, memory, device, work)


def make_batch(target, samples, columns, scores, bars, device):
    """The problems of some samples and items, on a device.

    Parameters
    ----------
    target : Target
    samples : list of integer arrays
        Users, as many in each.
    columns : list of int
        Of `scores` and `bars`: the items.
    scores, bars : (users, items) arrays
        Of the whole group.
    device : device.Device

    Returns
    -------
    leaping.Batch
    """
    ratings = [target.ratings[users] for users in samples]
    profiles = Factored(
        device.xp,
        device.sparse(target.mutable_features),
        device.sparse(target.mutable_transposed),
        [device.sparse(one) for one in ratings],
        [device.sparse(one.T) for one in ratings],
    )
    stacked = (_stacked(values, samples, columns) for values in (scores, bars))
    return leaping.Batch(profiles, *map(device.array, stacked))


def _stacked(values, samples, columns):
    """Of all users and items, those of a batch: (samples, items, users)."""
    return np.array([values[np.ix_(users, columns)].T for users in samples])


def _paths(found):
    """A list of `Path` per sample."""
    samples, items = found.status.shape
    return [
        [
            Path(
                found.change[s, i].astype(np.float64),
                leaping.STATUS[found.status[s, i]],
                int(found.iterations[s, i]),
                int(found.events[s, i]),
            )
            for i in range(items)
        ]
        for s in range(samples)
    ]


def _error(target, samples, columns, found, scores, bars):
    """What rounding did: the scores that the solver followed against those that its changes give in float64."""
    change = found.change.astype(np.float64)
    gains = [
        target.ratings[users] @ (target.mutable_features @ one.T) for users, one in zip(samples, change, strict=True)
    ]
    scores, bars = _stacked(scores, samples, columns), _stacked(bars, samples, columns)
    given = scores + np.array([one.T for one in gains])
    error = np.abs(found.scores - given) / np.maximum(1.0, np.abs(given))
    turned = np.count_nonzero((found.scores <= bars) != (given <= bars))
    return (
        f"single precision: scores off by at most {error.max():.1e} of their size, "
        f"{turned} of {error.size} across a bar"
    )


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
