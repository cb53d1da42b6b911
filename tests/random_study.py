"""Small random recommenders for the tests: counts as features, stars as ratings, so that ties are common."""

import numpy as np
from scipy.sparse import csr_array

from recrec.evaluation.baseline import rank_baseline
from recrec.recommenders.content import Target


def recommender(seed, users=12, items=30, features=10, real=False):
    """Features (items, features) and ratings (users, items) as dense arrays; every user has rated something."""
    random = np.random.default_rng(seed)
    counts = random.poisson(0.7, (items, features)).astype(float)
    if real:
        counts *= random.normal(1.0, 0.5, counts.shape)
    ratings = (random.random((users, items)) < 0.25) * random.integers(1, 6, (users, items)).astype(float)
    ratings[np.arange(users), random.integers(items, size=users)] = 3.0
    return counts, ratings


def target(seed, candidates="all", mutable=None, **size):
    """A target group of all users of `recommender`."""
    features, ratings = recommender(seed, **size)
    mutable = np.ones(features.shape[1], dtype=bool) if mutable is None else mutable
    ordered = np.empty((len(ratings), len(features)))
    sparse_features, sparse_ratings = csr_array(features), csr_array(ratings)
    rank_baseline(sparse_ratings, sparse_features, candidates, 10, 5, ordered)
    return Target(sparse_features, mutable, sparse_ratings, ordered, candidates)
