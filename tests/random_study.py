"""Small random recommenders for the tests: counts as features, stars as ratings, so that ties are common."""

import logging

import numpy as np
from scipy.sparse import csr_array

from recrec.evaluation import cell
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.target import Target
from recrec.methods import recrec
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
    rank_baseline(users, min(10, users.shape[1]), 5, sorted_scores)
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
    return cell.solve_cell(target, items, percentage, seeds, recrec, choice, *device, **keys)


#: A logger that says nothing.
SILENT = logging.getLogger("silent")
SILENT.setLevel(logging.CRITICAL)
