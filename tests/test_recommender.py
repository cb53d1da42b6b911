"""Ranks and thresholds against SciPy's ranks and counting by hand."""

import tracemalloc

import numpy as np
import pytest
import random_study
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from recrec import ranking as recommender
from recrec.errors import InputError
from recrec.evaluation.baseline import rank_baseline

score_lists = st.lists(st.lists(st.integers(-3, 3), min_size=6, max_size=6), min_size=1, max_size=4)


@given(score_lists)
def test_ranks_are_scipys_ranks_with_ties_at_their_worst(lists):
    scores = np.array(lists, dtype=float)
    ordered = np.sort(scores, axis=1)
    found = recommender.ranks(ordered, scores, np.ones((1, 1), dtype=bool))
    assert np.array_equal(found, rankdata(-scores, method="max", axis=1))


@given(score_lists, st.integers(1, 8), st.lists(st.integers(-4, 4), min_size=6, max_size=6))
def test_a_score_above_the_bar_is_a_rank_within_the_place(lists, place, moved):
    scores = np.array(lists, dtype=float)
    moved = np.broadcast_to(np.array(moved, dtype=float), scores.shape)
    ordered, listed = np.sort(scores, axis=1), np.ones((1, 1), dtype=bool)
    thresholds = recommender.score_thresholds(ordered, scores, listed, place)
    ranks = recommender.ranks(ordered, scores, listed, moved)
    assert np.array_equal(moved > thresholds, ranks <= place)


@given(score_lists, st.lists(st.integers(-4, 4), min_size=6, max_size=6))
def test_the_rank_of_a_moved_item_counts_the_others_only(lists, moved):
    scores = np.array(lists, dtype=float)
    moved = np.broadcast_to(np.array(moved, dtype=float), scores.shape)
    found = recommender.ranks(np.sort(scores, axis=1), scores, np.ones((1, 1), dtype=bool), moved)
    for user, row in enumerate(scores):
        for item in range(len(row)):
            others = np.delete(row, item)
            assert found[user, item] == 1 + np.count_nonzero(others >= moved[user, item])


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_bars_and_ranks_agree_where_scores_were_summed_in_another_order(seed, place):
    features, ratings = random_study.recommender(seed, items=12, real=True)
    ordered = recommender.sort_scores(ratings @ features @ features.T)
    again = np.array([[rating @ (features @ item) for item in features] for rating in ratings])
    listed = np.ones((1, 1), dtype=bool)
    ranks = recommender.ranks(ordered, again, listed)
    assert np.array_equal(again > recommender.score_thresholds(ordered, again, listed, place), ranks <= place)


def test_scores_apart_by_rounding_alone_are_tied():
    a = 0.1 + 0.2
    assert a > 0.3
    assert recommender.ranks(np.array([[0.3, a]]), np.array([[a]]), np.ones((1, 1), dtype=bool))[0, 0] == 2


@pytest.mark.parametrize("candidates", ["all", "unrated"])
@pytest.mark.parametrize("block", [1, 5, 100])
def test_baseline_in_blocks_is_the_mean_of_ranks_by_hand(candidates, block):
    features, ratings = random_study.recommender(3)
    ordered = np.empty((len(ratings), len(features)))
    found = rank_baseline(random_study.audience(features, ratings, candidates), 10, block, ordered)
    scores = ratings @ features @ features.T
    ranks = np.empty(scores.shape)
    for user, row in enumerate(scores):
        for item in range(len(row)):
            others = [z for z in range(len(row)) if z != item and (candidates == "all" or not ratings[user, z])]
            ranks[user, item] = 1 + sum(row[z] >= row[item] for z in others)
    np.testing.assert_allclose(found.mean_rank, ranks.mean(axis=0))
    np.testing.assert_allclose(found.top_share, (ranks <= 10).mean(axis=0))


def test_the_baseline_refuses_a_top_of_all_items_and_scores_that_are_not_numbers(caplog):
    features, ratings = random_study.recommender(3, users=4, items=10)
    lists, users = np.empty((4, 10)), random_study.audience(features, ratings)
    with pytest.raises(InputError, match=r"^top_k: given 10; allowed: less than 10, the number of items$"):
        rank_baseline(users, 10, 3, lists)
    with caplog.at_level("INFO", "recrec"):
        rank_baseline(users, 9, 3, lists)
    assert caplog.messages == ["ranked 3 of 4 users", "ranked 4 of 4 users"]
    features[0] = np.inf
    message = "a score is not a finite number; the ratings or features are too large to be multiplied"
    with np.errstate(invalid="ignore"), pytest.raises(InputError, match=f"^{message}$"):
        rank_baseline(random_study.audience(features, ratings), 9, 3, lists)


def test_unrated_lists_put_the_bar_at_minus_infinity_when_too_few_items_are_listed():
    features, ratings = random_study.recommender(0, users=1, items=4)
    ratings[0] = [5, 4, 3, 0]
    scores = ratings @ features @ features.T
    ordered = recommender.sort_scores(scores, ratings == 0)
    threshold = recommender.score_thresholds(ordered, scores[:, [0]], np.array([[False]]), 2)
    assert threshold[0, 0] == -np.inf


def test_the_baselines_memory_is_that_of_a_block_of_users(tmp_path):
    """Ten times the users: ten times the work, in the same memory. The score lists are on disk."""
    peaks = []
    for users in (300, 3000):
        features, ratings = random_study.recommender(0, users=users, items=400, features=30)
        audience = random_study.audience(features, ratings)
        lists = np.lib.format.open_memmap(tmp_path / f"{users}.npy", "w+", np.float64, (users, 400))
        tracemalloc.start()
        rank_baseline(audience, 10, 50, lists)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
