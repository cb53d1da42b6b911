"""Every stage of a cell against the same written out literally, on small random studies."""

import literal
import numpy as np
import pytest
import random_study
from hypothesis import given, settings
from hypothesis import strategies as st
from test_solvers import assert_same, choices

from recrec.data.groups import equal_groups
from recrec.errors import InputError
from recrec.evaluation.baseline import Baseline, rank_baseline
from recrec.evaluation.sampling import sample
from recrec.evaluation.selection import select

TOP_K = 4
seeds = st.integers(0, 10**6)
candidate_rules = st.sampled_from(["all", "unrated"])


def study(seed, real=False):
    """A recommender and what of an item may change."""
    features, ratings = random_study.recommender(seed, users=7, items=14, features=8, real=real)
    mutable = np.random.default_rng(seed).random(8) < 0.7
    mutable[seed % 8] = True
    return features, ratings, mutable


def padded(changes, mutable):
    """Changes of mutable features as changes of all."""
    full = np.zeros((len(changes), len(mutable)))
    full[:, mutable] = changes
    return full


@settings(max_examples=40, deadline=None)
@given(seeds, st.booleans(), candidate_rules, st.integers(1, 9))
def test_baseline(seed, real, candidates, block_users):
    features, ratings, _ = study(seed, real)
    users = random_study.audience(features, ratings, candidates)
    found = rank_baseline(users, TOP_K, block_users, np.empty(users.shape))
    expected = literal.baseline(ratings, features, candidates, TOP_K)
    np.testing.assert_allclose(found.mean_rank, expected.mean_rank, rtol=1e-12)
    np.testing.assert_allclose(found.top_share, expected.top_share, rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=5, max_size=30), st.integers(1, 5))
def test_groups(values, number):
    assert np.array_equal(equal_groups(np.array(values), number), literal.groups(values, number))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(2, 40), st.sampled_from([0, 0, 1, 2])), min_size=8, max_size=30),
    st.permutations([2, 5, 7]),
    st.integers(1, 3),
    st.sampled_from(["order", "mean-rank"]),
)
def test_selection(found, ranks, items_per_rank, reading):
    """Mean ranks in halves and shares that are just allowed: ties and the limit itself are common."""
    mean_rank, top_share = np.array([one / 2 for one, _ in found]), np.array([share / 100 for _, share in found])
    expected = literal.select(mean_rank, top_share, ranks, items_per_rank, 0.01, reading)
    arguments = Baseline(mean_rank, top_share), ranks, items_per_rank, 0.01, reading
    if len(expected) < 3 * items_per_rank:
        with pytest.raises(InputError, match=r"at most 1 % of the group|allowed: at most"):
            select(*arguments)
        return
    chosen = select(*arguments)
    assert [(one.rank, one.item, one.position) for one in chosen] == expected
    for one in chosen:
        assert (one.mean_rank, one.top_share) == (mean_rank[one.item], top_share[one.item])


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 300), st.sampled_from([0.1, 0.5, 1, 2, 12.5, 50, 100]), st.integers(0, 99))
def test_sampling(users, percentage, seed):
    assert np.array_equal(sample(users, percentage, seed), literal.sample(users, percentage, seed))


@settings(max_examples=30, deadline=None)
@given(
    seeds, st.booleans(), choices, candidate_rules, st.sampled_from(["group", "sample"]),
    st.sampled_from([15, 30, 60, 100]), st.sampled_from([0.0, 0.5, 0.8, 1.0]), st.sampled_from([0.5, 0.9]),
)  # fmt: skip
def test_a_cell(seed, real, choice, candidates, over, percentage, keep, p):
    features, ratings, mutable = study(seed, real)
    items, sample_seeds = [3, 9], [1, 2]
    target = random_study.target_of(random_study.audience(features, ratings, candidates, mutable))
    found = random_study.whole_cell(target, items, percentage, sample_seeds, choice, TOP_K, keep, over, p)
    assert [(item, of) for item, of, _ in found.solutions] == [(item, of) for item in items for of in sample_seeds]
    changes, kept = (padded(one, mutable) for one in (found.changes, found.kept))
    for number, (item, sample_seed, solution) in enumerate(found.solutions):
        users = literal.sample(len(ratings), percentage, sample_seed)
        expected = random_study.algorithm_1(features, ratings[users], item, mutable, choice, candidates=candidates)
        assert_same(solution, expected)
        random_study.check_events(solution, expected)
        # From here on with the library's own numbers: of equal changes rounding decides which is the smaller one.
        counted = np.arange(len(ratings)) if over == "group" else users
        thresholded = literal.hard_threshold(
            features, ratings, item, changes[number], counted, candidates, TOP_K, random_study.decimal(keep)
        )
        assert np.array_equal(kept[number], thresholded)
        columns = literal.evaluate(
            features, ratings, item, mutable, changes[number], kept[number], candidates, TOP_K, p
        )
        row = found.rows[number]
        assert (row["item"], row["seed"], row["status"]) == (item, sample_seed, solution.status)
        assert {name: row[name] for name in solution.diagnostics} == solution.diagnostics
        for name, value in columns.items():
            assert row[name] == pytest.approx(float(value), rel=1e-12, abs=1e-12), name
