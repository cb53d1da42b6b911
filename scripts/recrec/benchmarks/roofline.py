"""What the solver moves and computes, against what the machine can."""

from typing import NamedTuple

import numpy as np

from recrec.arrays.device import CPU
from recrec.benchmarks.timing import seconds
from recrec.evaluation.sampling import sample
from recrec.methods import Problem
from recrec.methods.recrec import leaping
from recrec.methods.recrec.batches import make_batch
from recrec.methods.recrec.profiles import DENSE_GAIN

#: Bytes of a stored number of a sparse matrix with its index, and of a number.
STORED, NUMBER = 12, 8
#: Numbers read and written, and operations, per user, item and sample in an event without L1 term, counted in
#: `leaping.user_event`; per feature with one, in `leaping.coordinate_rates` and around it.
USER_NUMBERS, USER_OPERATIONS = 40, 15
FEATURE_NUMBERS, FEATURE_OPERATIONS = 50, 20


class Part(NamedTuple):
    """A part of the solver's work on one cell.

    Attributes
    ----------
    part : str
    seconds : float
    flop, bytes : float
        Computed and moved at least, counted from the sizes.
    events : int
        That the longest path of the batch took; 0 for what is done once.
    bound : float
        Seconds that reading the sampled profiles once per event, as a dense array, takes at the machine's copy
        bandwidth; 0 for what is done once.
    """

    part: str
    seconds: float
    flop: float
    bytes: float
    events: int
    bound: float


def measure(target, items, percentage, seeds, settings, bandwidth, repeats):
    """The parts of one cell.

    Parameters
    ----------
    target, items, percentage, seeds
        As for `recourses.solve_cell`.
    settings : Settings
        With `lambda_` 0 the parts are the Gram matrix and the events, otherwise the events.
    bandwidth : float
        Bytes a second.
    repeats : int

    Returns
    -------
    list of Part
    """
    drawn = {seed: np.sort(sample(target.audience.shape[0], percentage, seed)) for seed in seeds}
    samples = list({users.tobytes(): users for users in drawn.values()}.values())
    scores, thresholds = target.scores(items), target.thresholds(items, settings.desired_rank)
    problem = Problem(target.audience, items, samples, scores, thresholds)
    batch = make_batch(problem, samples, list(range(len(items))), CPU)
    narrowed = _watch(batch.profiles)
    found = leaping.solve(batch, settings)
    events, problems, users = int(found.events.max()), len(samples) * len(items), len(samples[0])
    features = target.audience.mutable_features
    (number, width), stored = features.shape, features.nnz
    rated = target.audience.ratings[samples[0]].nnz
    bound = events * len(samples) * users * width * NUMBER / bandwidth
    if settings.lambda_:
        taken = seconds(lambda: leaping.solve(batch, settings), repeats)
        # Only features that can move take part.
        width, stored = narrowed[0].shape[-1], narrowed[0].right.nnz
        product = 2 * (stored + rated)  # multiplications and additions of one pass through the factors, for one item
        flop = events * problems * (2 * product + FEATURE_OPERATIONS * width + USER_OPERATIONS * users)
        moved = events * (2 * STORED * (stored + len(samples) * rated))
        moved += events * problems * NUMBER * (FEATURE_NUMBERS * width + USER_NUMBERS * users)
        return [Part("events, L1 term", taken, flop, moved, events, bound)]
    making = seconds(batch.profiles.gram, repeats)
    made = batch.profiles.gram()
    batch.profiles.gram = lambda: made
    leaps = seconds(lambda: leaping.solve(batch, settings), repeats)
    if users * width <= DENSE_GAIN * (2 * stored + rated):
        flop, moved = users * users * width, NUMBER * (users * width + users * users)
    else:
        flop = users * 2 * (2 * stored + rated)
        moved = users * (STORED * (2 * stored + rated) / 64 + NUMBER * (width + number + users))
    gram = Part("Gram matrices", making, len(samples) * flop, len(samples) * moved, 0, 0.0)
    switched = problems  # users whose rows of the Gram matrix an event reads: one per problem, at least
    flop = events * problems * (USER_OPERATIONS * users + 2 * switched * users / len(samples))
    moved = events * NUMBER * users * (USER_NUMBERS * problems + switched)
    return [
        gram,
        Part("events, no L1 term", leaps, flop, moved, events, bound),
        Part("all, no L1 term", making + leaps, gram.flop + flop, gram.bytes + moved, events, bound),
    ]


def _watch(profiles):
    """A list that receives what `profiles` are narrowed to."""
    narrowed, narrow = [], profiles.restricted

    def restricted(features):
        narrowed.append(narrow(features))
        return narrowed[-1]

    profiles.restricted = restricted
    return narrowed
