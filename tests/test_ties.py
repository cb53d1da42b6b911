"""Which scores are tied: those that rounding may set apart, and no others; an item is never tied with itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recrec import ranking
from recrec.evaluation.measures import rank_biased_overlap

EVERYONE = np.ones((1, 1), dtype=bool)
sizes = st.sampled_from([1e-3, 0.5, 1.0, 40.0, 1e6])


def rank(others, present, scores=None):
    """Rank of one item beside others."""
    ascending = np.sort([[*others, present]])
    scores = None if scores is None else np.array([[scores]])
    return ranking.ranks(ascending, np.array([[present]]), EVERYONE, scores)[0, 0]


@settings(deadline=None)
@given(sizes, st.sampled_from([-1, 1]))
def test_a_score_greater_by_a_billionth_is_tied_and_one_by_a_hundred_millionth_is_above(size, sign):
    other = sign * size
    near, far = (other + part * max(1.0, size) for part in (3e-10, 3e-9))
    assert rank([other], near) == 2
    assert rank([other], far) == 1


@pytest.mark.parametrize("off", [-1e-12, 0.0, 1e-12])
@pytest.mark.parametrize("item", [7.0, 5.0])
def test_an_item_whose_score_was_summed_in_another_order_does_not_compete_with_itself(item, off):
    """Its score in the list, its present score and the score to rank are three sums of the same numbers."""
    ascending = np.array([[1.0, 3.0, item * (1 + off)]])
    for present in (item, item * (1 - 1e-12)):
        for moved in (item, item * (1 + 1e-12), item * (1 - 1e-12)):
            found = ranking.ranks(ascending, np.array([[present]]), EVERYONE, np.array([[moved]]))
            assert found[0, 0] == 1, (present, moved)
        for k, expected in ((1, 3.0), (2, 1.0), (3, -np.inf)):
            found = ranking.score_thresholds(ascending, np.array([[present]]), EVERYONE, k)
            assert found[0, 0] == ranking.tie_adjusted(np.array(expected))


def test_an_item_that_no_list_has_competes_all_the_same():
    """It has no score of its own there that could be taken out."""
    ascending, present = np.array([[-np.inf, 1.0, 3.0]]), np.array([[5.0]])
    missing = np.zeros((1, 1), dtype=bool)
    for score, expected in ((5.0, 1), (3.0, 2), (1.0, 3), (0.0, 3)):
        assert ranking.ranks(ascending, present, missing, np.array([[score]]))[0, 0] == expected
    for k, expected in ((1, 3.0), (2, 1.0), (3, -np.inf)):
        assert ranking.score_thresholds(ascending, present, missing, k)[0, 0] == ranking.tie_adjusted(
            np.array(expected)
        )


@settings(deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=200), st.lists(st.integers(-6, 6), min_size=1, max_size=3))
def test_few_scores_are_placed_as_many_are(row, scores):
    """By bisection or by a pass over the list: the same counts."""
    ascending, wanted = np.sort(np.array([row], dtype=float)), np.array([scores], dtype=float)
    many = np.repeat(wanted, len(row), axis=1)
    found = ranking.count_not_beaten(ascending, wanted)
    assert found.tolist() == [[sum(one >= score for one in row) for score in scores]]
    assert np.array_equal(np.repeat(found, len(row), axis=1), ranking.count_not_beaten(ascending, many))


def test_the_bar_is_a_billionth_above_and_an_item_at_its_own_is_not_its_rival():
    for score, size in ((0.5, 1.0), (-1.5, 1.5), (40.0, 40.0)):
        bar = float(ranking.tie_adjusted(np.array(score)))
        assert bar == score + 1e-9 * size
        assert rank([-9.0], score, bar) == 1


@pytest.mark.parametrize("wanted", [1, 50])
def test_a_score_at_the_bar_itself_is_not_above_it(wanted):
    """By bisection and by a pass over the list."""
    ascending = np.arange(50.0)[None]
    at_the_bar = np.full((1, wanted), ranking.tie_adjusted(ascending)[0, 20])
    assert (ranking.count_not_beaten(ascending, at_the_bar) == 30).all()
    assert (ranking.count_not_beaten(ascending, np.nextafter(at_the_bar, np.inf)) == 29).all()


def test_overlap_persists_by_a_half_if_nothing_is_said_and_nothing_overlaps_in_no_lists():
    assert rank_biased_overlap([1], [2]).tolist() == [0.5]
    assert rank_biased_overlap(np.empty(0, int), np.empty(0, int)).shape == (0,)
    assert rank_biased_overlap(np.empty((0, 3), int), np.empty((0, 3), int)).shape == (0, 3)
