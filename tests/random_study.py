"""Small random recommenders for the tests: counts as features, stars as ratings, so that ties are common.

And the one place where the tests of a whole cell meet the library: what `literal` is compared with.
"""

import logging
from fractions import Fraction
from typing import NamedTuple

import literal
import numpy as np
from scipy.sparse import csr_array

from recrec.actionability import FREE
from recrec.evaluation import measures, recourses, thresholding
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.target import Target
from recrec.methods import Solution, recrec
from recrec.recommenders.content import ContentAudience


def recommender(seed, users=12, items=30, features=10, real=False):
    """Features (items, features) and ratings (users, items) as dense arrays; every user has rated something."""
    random = np.random.default_rng(seed)
    counts = random.poisson(0.7, (items, features)).astype(float)
    if real:
        counts *= random.normal(1.0, 0.5, counts.shape)
    ratings = (random.random((users, items)) < 0.25) * random.integers(1, 6, (users, items)).astype(float)
    ratings[np.arange(users), random.integers(items, size=users)] = 3.0
    return counts, ratings


def audience(features, ratings, candidates="all", mutable=None):
    """Users of the paper's recommender, from dense arrays."""
    mutable = np.ones(features.shape[1], dtype=bool) if mutable is None else mutable
    return ContentAudience(csr_array(features), mutable, csr_array(ratings), candidates)


def target_of(users):
    """A target group of all users of an audience."""
    sorted_scores = np.empty(users.shape)
    rank_baseline(users, min(10, users.shape[1] - 1), 5, sorted_scores)
    return Target(users, sorted_scores)


def target(seed, candidates="all", mutable=None, **size):
    """A target group of all users of `recommender`."""
    return target_of(audience(*recommender(seed, **size), candidates, mutable))


def choose(aggregate="mean", desired_rank=7, learning_rate=0.05, lambda_=0.0, l1_step="proximal", max_iterations=5000):
    """Settings of Algorithm 1."""
    return recrec.Settings(
        aggregate=aggregate, desired_rank=desired_rank, learning_rate=learning_rate, lambda_=lambda_, l1_step=l1_step,
        max_iterations=max_iterations,
    )  # fmt: skip


def solve_cell(target, items, percentage, seeds, choice, *device, **keys):
    """Recourses of a cell by Algorithm 1."""
    return recourses.solve_cell(target, items, percentage, seeds, recrec, choice, *device, **keys)


#: A logger that says nothing.
SILENT = logging.getLogger("silent")
SILENT.setLevel(logging.CRITICAL)


class Found(NamedTuple):
    """What the library finds for a cell.

    Attributes
    ----------
    solutions : list of (item, seed, Solution)
    changes, kept : (n, mutable features) arrays
        Before and after hard thresholding.
    rows : list of dict
        Columns of the evaluation by name.
    """

    solutions: list
    changes: np.ndarray
    kept: np.ndarray
    rows: list


def whole_cell(target, items, percentage, seeds, choice, top_k, keep=0.8, over="group", p=0.5):
    """All stages of a cell with the library, by way of what it writes to files."""
    solutions = solve_cell(target, items, percentage, seeds, choice)
    arrays = recourses.pack(solutions)
    asked, changes = arrays["item"], recourses.unpack_changes(arrays)
    users = thresholding.counted_users(target, arrays["seed"], percentage, over)
    kept = thresholding.threshold_cell(target, asked, users, changes, top_k, keep)
    columns, rows = measures.rows_of(arrays, measures.evaluate_cell(target, asked, changes, kept, top_k, p))
    return Found(solutions, changes, kept, [dict(zip(columns, row, strict=True)) for row in rows])


def exact(values):
    """Floats as the fractions that they are: an array of objects."""
    return np.array([[Fraction(value) for value in row] for row in values], dtype=object).reshape(np.shape(values))


def decimal(number):
    """What a person writes as 0.1 is a tenth, and not quite the fraction that the float is."""
    return Fraction(str(float(number)))


def algorithm_1(features, ratings, item, mutable, choice, constraints=FREE, candidates="all"):
    """Algorithm 1 word for word and without rounding, with the library's settings.

    Returns
    -------
    Solution
        `change` of the mutable features, as floats. Diagnostics are those of `literal.Path`.
    """
    parts = {
        name: None if part is None else [decimal(one) if np.isfinite(one) else one for one in part]
        for name, part in constraints._asdict().items()
    }
    path = literal.compute_recourse(
        exact(features), exact(ratings), item, mutable, aggregate=choice.aggregate, desired_rank=choice.desired_rank,
        learning_rate=decimal(choice.learning_rate), penalty=decimal(choice.lambda_), l1_step=choice.l1_step,
        max_iterations=choice.max_iterations, candidates=candidates, **parts,
    )  # fmt: skip
    assert not any(path.change[~mutable])
    diagnostics = {name: getattr(path, name) for name in ("iterations", "stretches", "landings")}
    return Solution(path.change[mutable].astype(float), path.status, diagnostics=diagnostics)


def check_events(solution, expected):
    """Events are stretches of one step; one may also end where a feature arrives at zero or at a bound with it."""
    stretches, landings = expected.diagnostics["stretches"], expected.diagnostics["landings"]
    events = solution.diagnostics["events"]
    assert stretches <= events <= min(stretches + landings, solution.diagnostics["iterations"])
