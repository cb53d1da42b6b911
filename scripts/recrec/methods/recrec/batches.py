"""The problems of a cell in batches that fit into memory, for the leaping solver."""

import numpy as np

from recrec.arrays.device import in_batches
from recrec.methods.recrec import leaping
from recrec.methods.recrec.profiles import BLOCK, DENSE_GAIN, Factored, stored
from recrec.methods.recrec.steps import ended


def solve(problem, settings, device, log):
    """Leap, batch by batch.

    Parameters
    ----------
    problem : methods.Problem
        With a linear audience.
    settings : Settings
        With ``l1_step="proximal"``.
    device : device.Device
    log : logging.Logger
        Told how far single precision is off.

    Returns
    -------
    list of lists of Solution
        By sample, then item.
    """
    samples = list(range(len(problem.samples)))
    columns = list(range(len(problem.items)))
    solutions = [[None] * len(columns) for _ in samples]
    use_gram = fits_gram(problem, settings, device)

    def memory(some_samples, some_items):
        return batch_bytes(problem, settings, device, some_samples, some_items, use_gram)

    def work(some_samples, some_columns):
        batch = make_batch(problem, [problem.samples[at] for at in some_samples], some_columns, device)
        paths = leaping.solve(batch, settings, device.xp, use_gram, device.kernels)
        paths = leaping.Paths(*map(device.host, paths))
        if device.dtype != np.float64:
            log.info(rounding(problem, some_samples, some_columns, paths))
        return paths

    for some_samples, some_columns, paths in in_batches(samples, columns, memory, device, work):
        for row, sample in enumerate(some_samples):
            for place, column in enumerate(some_columns):
                solutions[sample][column] = ended(
                    paths.change[row, place].astype(np.float64),
                    leaping.STATUS[paths.status[row, place]],
                    int(paths.iterations[row, place]),
                    int(paths.events[row, place]),
                )
    return solutions


def fits_gram(problem, settings, device):
    """Whether a path goes by the Gram matrix of its sample: without L1 term, if that fits into the batch's memory."""
    users = len(problem.samples[0])
    if settings.lambda_ != 0.0 or problem.constraints.bounded:
        return False
    return _bytes(device) * (users * users + _gram_numbers(problem)) <= device.budget


def batch_bytes(problem, settings, device, samples, items, use_gram):
    """Bytes of the arrays of a batch of that many samples and items: see the solver."""
    users, features = len(problem.samples[0]), int(problem.audience.mutable.sum())
    rank = problem.audience.linear().right.shape[0]
    numbers = samples * users * users + _gram_numbers(problem) if use_gram else 0
    per_feature = 16 if settings.lambda_ != 0.0 or problem.constraints.bounded else 3
    return _bytes(device) * (numbers + samples * items * (12 * users + per_feature * features + 4 * rank))


def _bytes(device):
    return np.dtype(device.dtype).itemsize


def _gram_numbers(problem):
    """Numbers that are held on the way to a Gram matrix, besides the matrix."""
    users, linear = problem.samples[0], problem.audience.linear()
    (rank, features) = linear.right.shape
    factors = 2 * stored(linear.right) + max(stored(linear.left[users]) for users in problem.samples)
    return BLOCK * (features + rank + len(users)) + DENSE_GAIN * factors


def make_batch(problem, samples, columns, device):
    """The problems of some samples and items, on a device.

    Parameters
    ----------
    problem : methods.Problem
    samples : list of integer arrays
        Users, as many in each.
    columns : list of int
        Which of the problem's items.
    device : device.Device

    Returns
    -------
    leaping.Batch
    """
    linear = problem.audience.linear()
    left = [linear.left[users] for users in samples]
    profiles = Factored(
        device.xp,
        device.matrix(linear.right),
        device.matrix(linear.right_transposed),
        [device.matrix(part) for part in left],
        [device.matrix(part.T) for part in left],
    )
    stacks = (stack(values, samples, columns) for values in (problem.scores, problem.thresholds))
    constraints = type(problem.constraints)(*map(device.array, problem.constraints))
    return leaping.Batch(profiles, *map(device.array, stacks), constraints)


def stack(values, samples, columns):
    """Of all users and items, (users, items), those of a batch: (samples, items, users) array."""
    return np.array([values[np.ix_(users, columns)].T for users in samples])


def rounding(problem, samples, columns, paths):
    """What rounding did: the scores that the solver followed against those that its changes give in float64."""
    linear, users = problem.audience.linear(), [problem.samples[at] for at in samples]
    gains = [
        linear.take(some).gains(change.astype(np.float64).T).T for some, change in zip(users, paths.change, strict=True)
    ]
    scores, thresholds = stack(problem.scores, users, columns), stack(problem.thresholds, users, columns)
    exact = scores + np.array(gains)
    error = np.abs(paths.scores - exact) / np.maximum(1.0, np.abs(exact))
    crossed = np.count_nonzero((paths.scores <= thresholds) != (exact <= thresholds))
    return (
        f"single precision: scores off by at most {error.max():.1e} of their size, "
        f"{crossed} of {error.size} across a threshold"
    )
