"""How time and memory grow with users, items, features and sampled users, on synthetic data."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, random_array

from recrec.arrays.device import CPU
from recrec.benchmarks.timing import peak_mib, seconds
from recrec.evaluation import cell as evaluation
from recrec.evaluation.baseline import rank_baseline
from recrec.methods.recrec import leaping
from recrec.methods.recrec.cell import make_batch, outcomes, solve_cell
from recrec.methods.recrec.problem import Settings
from recrec.recommenders.content import Target

#: Sizes at the start; one at a time is doubled.
BASE = {"users": 1024, "items": 512, "features": 1024, "sampled users": 64}
#: Users where the sample grows: it has to have room.
ROOM = 4096
DENSITY, RATINGS, TOP_K, ITEMS = 0.02, 24, 10, (100, 200, 300)
SETTINGS = {
    "event, no L1 term": Settings("mean", 7, 0.05, 0.0, max_iterations=400),
    "event, L1 term": Settings("mean", 7, 0.05, 0.05, max_iterations=400),
}


class Point(NamedTuple):
    """One measurement.

    Attributes
    ----------
    dimension : str
        What was doubled, and
    size : int
        how large it was.
    stage : str
        An event of the solver, thresholding, or evaluation.
    seconds, peak_mib : float
        For an event, memory is that of the whole solver.
    """

    dimension: str
    size: int
    stage: str
    seconds: float
    peak_mib: float


def recommender(sizes, seed=0):
    """A SYNTHETIC target group of the given sizes: the same share of features and as many ratings at every size."""
    random = np.random.default_rng(seed)
    items = sizes["items"]
    features = random_array((items, sizes["features"]), density=DENSITY, rng=random, format="csr")
    features.data = random.integers(1, 4, features.nnz).astype(float)
    ratings = random_array((sizes["users"], items), density=RATINGS / items, rng=random, format="csr")
    ratings.data = random.integers(1, 6, ratings.nnz).astype(float)
    features, ratings = csr_array(features), csr_array(ratings)
    ordered = np.empty(ratings.shape)
    rank_baseline(ratings, features, "all", TOP_K, 512, ordered)
    return Target(features, np.ones(sizes["features"], dtype=bool), ratings, ordered, "all")


def measure(dimension, doublings, repeats):
    """Double one dimension some times.

    Parameters
    ----------
    dimension : str
        A key of `BASE`.
    doublings, repeats : int

    Yields
    ------
    Point
    """
    for doubled in range(doublings + 1):
        sizes = {**BASE, dimension: BASE[dimension] * 2**doubled}
        if dimension == "sampled users":
            sizes["users"] = ROOM
        target = recommender(sizes)
        for stage, taken, peak in _stages(target, sizes["sampled users"], repeats):
            yield Point(dimension, sizes[dimension], stage, taken, peak)


def _stages(target, sampled, repeats):
    items, everyone = list(ITEMS), target.ratings.shape[0]
    scores = target.scores(items)
    users = np.sort(np.random.default_rng(0).permutation(everyone)[:sampled])
    for stage, settings in SETTINGS.items():
        bars = target.bars(items, settings.desired_rank)
        batch = make_batch(target, [users], [0, 1, 2], scores, bars, CPU)
        use_gram = settings.lambda_ == 0.0

        def solve(batch=batch, settings=settings, use_gram=use_gram):
            return leaping.solve(batch, settings, use_gram=use_gram)

        peak = peak_mib(solve)
        if use_gram:  # which is made once, and not at an event
            made = batch.profiles.gram()
            batch.profiles.gram = lambda made=made: made
        yield stage, seconds(solve, repeats) / max(1, int(solve().events.max())), peak
    percentage = 100 * sampled / everyone
    paths = solve_cell(target, items, percentage, [1], SETTINGS["event, no L1 term"])
    outcome, changes = outcomes(paths), np.array([path.change for _, _, path in paths])

    def threshold():
        return evaluation.threshold_cell(
            target, outcome["item"], outcome["seed"], changes, percentage, TOP_K, 0.8, "group"
        )

    kept = threshold()

    def evaluate():
        return evaluation.evaluate_cell(target, outcome, changes, kept, TOP_K, 0.5)

    for stage, function in (("thresholding", threshold), ("evaluation", evaluate)):
        yield stage, seconds(function, repeats), peak_mib(function)


def exponent(sizes, values):
    """Slope of a line through the logarithms, over the upper half of the sizes: fixed costs hide below."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(values[half:]), 1)[0])
