"""How time and memory grow with users, items, features and sampled users, on synthetic data."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, random_array

from recrec.arrays.device import CPU
from recrec.benchmarks.timing import peak_mib, seconds
from recrec.evaluation import measures, recourses, thresholding
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.target import Target
from recrec.methods import Problem, recrec
from recrec.methods.recrec import Settings, leaping
from recrec.methods.recrec.batches import make_batch
from recrec.recommenders.content import ContentAudience

#: Sizes at the start; one at a time is doubled.
BASE = {"users": 1024, "items": 512, "features": 1024, "sampled users": 64}
#: Users where the sample grows: it has to have room.
ROOM = 4096
DENSITY, RATINGS, TOP_K, ITEMS = 0.02, 24, 10, (100, 200, 300)
SETTINGS = {
    "event, no L1 term": Settings(max_iterations=400),
    "event, L1 term": Settings(lambda_=0.05, max_iterations=400),
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
    audience = ContentAudience(features, np.ones(sizes["features"], dtype=bool), ratings, "all")
    sorted_scores = np.empty(ratings.shape)
    rank_baseline(audience, TOP_K, 512, sorted_scores)
    return Target(audience, sorted_scores)


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
    items, everyone = list(ITEMS), target.audience.shape[0]
    scores = target.scores(items)
    users = np.sort(np.random.default_rng(0).permutation(everyone)[:sampled])
    for stage, settings in SETTINGS.items():
        thresholds = target.thresholds(items, settings.desired_rank)
        problem = Problem(target.audience, items, [users], scores, thresholds)
        batch = make_batch(problem, [users], [0, 1, 2], CPU)
        use_gram = settings.lambda_ == 0.0

        def solve(batch=batch, settings=settings, use_gram=use_gram):
            return leaping.solve(batch, settings, use_gram=use_gram)

        peak = peak_mib(solve)
        if use_gram:  # which is made once, and not at an event
            made = batch.profiles.gram()
            batch.profiles.gram = lambda made=made: made
        yield stage, seconds(solve, repeats) / max(1, int(solve().events.max())), peak
    percentage = 100 * sampled / everyone
    solutions = recourses.solve_cell(target, items, percentage, [1], recrec, SETTINGS["event, no L1 term"])
    asked = np.array(items)
    changes = np.array([solution.change for _, _, solution in solutions])

    def threshold():
        return thresholding.threshold_cell(target, asked, [None] * len(asked), changes, TOP_K, 0.8)

    kept = threshold()

    def evaluate():
        return measures.evaluate_cell(target, asked, changes, kept, TOP_K, 0.5)

    for stage, function in (("thresholding", threshold), ("evaluation", evaluate)):
        yield stage, seconds(function, repeats), peak_mib(function)


def exponent(sizes, values):
    """Slope of a line through the logarithms, over the upper half of the sizes: fixed costs hide below."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(values[half:]), 1)[0])
