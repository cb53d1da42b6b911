"""Closed forms of the evaluation against real lists, made item by item."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import random_study
from hypothesis import given, settings
from hypothesis import strategies as st
from rbo import RankingSimilarity

from recrec import ranking
from recrec.evaluation import measures, recourses, thresholding
from recrec.evaluation import overlap_check as rbo_check
from recrec.evaluation.measures import rank_biased_overlap
from recrec.evaluation.sampling import sample


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.data(), st.sampled_from([0.3, 0.5, 0.9]))
def test_rbo_of_one_moved_item_is_the_packages(length, data, p):
    before, after = data.draw(st.integers(1, length)), data.draw(st.integers(1, length))
    others = list(range(1, length))
    lists = [[*others[: place - 1], 0, *others[place - 1 :]] for place in (before, after)]
    expected = RankingSimilarity(*lists).rbo_ext(p=p)
    assert rank_biased_overlap(np.array([before]), np.array([after]), p)[0] == pytest.approx(expected, abs=1e-12)


def test_rbo_is_symmetric_one_when_nothing_moves_and_falls_with_the_distance():
    places = np.arange(1, 30)
    to_first = rank_biased_overlap(places, np.ones_like(places))
    assert to_first[0] == 1.0
    assert (np.diff(to_first) < 0).all()
    assert np.array_equal(to_first, rank_biased_overlap(np.ones_like(places), places))


def lists_by_hand(target, item, features, live):
    """Rank of the item for each user when it has the given features."""
    original = target.audience.item_features.toarray()
    new = original.copy()
    new[item] = features
    ranks = []
    for rating in target.audience.ratings.toarray():
        profile = rating @ (new if live else original)
        scores = new @ profile
        others = [z for z in range(len(new)) if z != item and (not target.audience.unrated_only or not rating[z])]
        ranks.append(1 + sum(scores[z] >= scores[item] - 1e-9 * max(1, abs(scores[z])) for z in others))
    return np.array(ranks)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["all", "unrated"]))
def test_evaluation_is_that_of_lists_made_by_hand(seed, candidates):
    random = np.random.default_rng(seed)
    mutable = random.random(10) < 0.8
    target = random_study.target(seed, candidates, mutable)
    items = [3, 3, 8]
    changes = np.zeros((3, mutable.sum()))
    changes += random.integers(-2, 5, changes.shape) * 0.25
    kept = changes * (random.random(changes.shape) < 0.5)
    rows = measures.evaluate_cell(target, np.array(items), changes, kept, 5, 0.5)
    for number, (row, item) in enumerate(zip(rows, items, strict=True)):
        original = target.audience.item_features.toarray()[item]

        def ranks(change, live=False, original=original, item=item):
            features = original.copy()
            features[mutable] += change
            return lists_by_hand(target, item, features, live)

        before, after = ranks(np.zeros(mutable.sum())), ranks(kept[number])
        assert row.success_before_thresholding == pytest.approx(np.mean(ranks(changes[number]) <= 5))
        assert row.success == pytest.approx(np.mean(after <= 5))
        assert row.users_reached == np.count_nonzero(after <= 5)
        assert row.success_live == pytest.approx(np.mean(ranks(kept[number], live=True) <= 5))
        assert row.mean_rank_after == pytest.approx(after.mean())
        assert row.changed == np.count_nonzero(kept[number])
        assert row.changed_share == row.changed / 10
        assert row.l1 == pytest.approx(np.abs(kept[number]).sum())
        assert row.rbo == pytest.approx(rank_biased_overlap(before, after).mean())


@pytest.mark.parametrize("candidates", ["all", "unrated"])
def test_the_runs_own_check_agrees_with_the_package(candidates):
    target = random_study.target(4, candidates)
    change = np.zeros(10)
    change[[1, 5]] = 1.5
    rows = rbo_check.compare(target, 6, change, range(12), 0.5)
    assert len(rows) == 12
    for _, ours, package in rows:
        assert ours == pytest.approx(package, abs=1e-9)


@pytest.mark.parametrize("over", ["group", "sample"])
def test_thresholding_a_cell_keeps_enough_of_the_success_rate(over):
    target = random_study.target(2, users=30, features=20)
    random = np.random.default_rng(0)
    changes = random.random((2, 20))
    items, seeds = np.array([5, 9]), np.array([1, 1])
    counted = thresholding.counted_users(target, seeds, 20, over)
    kept = thresholding.threshold_cell(target, items, counted, changes, 10, 0.8)
    users = slice(None) if over == "group" else sample(30, 20, 1)
    for row, item in enumerate(items):
        scores, thresholds = target.scores([item])[:, 0], target.thresholds([item], 10)[:, 0]
        before = (scores + target.audience.linear().gains(changes[row]) > thresholds)[users].mean()
        after = (scores + target.audience.linear().gains(kept[row]) > thresholds)[users].mean()
        assert after >= 0.8 * before
    assert np.count_nonzero(kept) < np.count_nonzero(changes)


def test_a_score_at_its_threshold_is_no_success(monkeypatch):
    target, items = random_study.target(2), np.array([4, 9])
    changes = np.random.default_rng(0).integers(-2, 5, (2, 10)) * 0.25
    at_the_threshold = measures.rescored(target, items, changes)
    monkeypatch.setattr(type(target), "thresholds", lambda *_: at_the_threshold)
    for row, item in zip(measures.evaluate_cell(target, items, changes, changes, 5, 0.5), items, strict=True):
        assert row.success_before_thresholding == 0.0
        # Whose state the item is part of is ranked anew.
        assert row.success_live <= np.count_nonzero(target.audience.ratings.toarray()[:, item]) / len(at_the_threshold)


@pytest.mark.parametrize(("above", "success"), [(False, 0.0), (True, 1.0)])
def test_a_live_score_at_the_bar_of_another_is_tied_with_it(above, success):
    bar = float(ranking.tie_adjusted(np.array(3.0)))
    scores = np.array([[np.nextafter(bar, np.inf) if above else bar, 3.0]])
    audience = SimpleNamespace(
        live=lambda item, rows: [(np.array([0]), scores)],
        take=lambda users: SimpleNamespace(candidates=lambda: np.ones((1, 2), dtype=bool)),
    )
    found = measures.live_success(
        SimpleNamespace(audience=audience), np.array([0]), np.zeros((1, 1)), np.ones((1, 1), dtype=bool), 1
    )
    assert found.tolist() == [success]


def test_a_method_that_declines_is_asked_with_its_settings_and_its_reason_is_logged(caplog):
    choice, asked = SimpleNamespace(desired_rank=3), []
    method = SimpleNamespace(unsupported=lambda problem, settings: asked.append(settings) or "too curved")
    with caplog.at_level("INFO", "one.cell"):
        found = recourses.solve_cell(
            random_study.target(2), [4], 50, [1], method, choice, log=logging.getLogger("one.cell")
        )
    assert asked == [choice] and found[0][2].reason == "too curved"
    assert caplog.record_tuples == [("one.cell", logging.INFO, "declined: too curved")]


def test_a_table_is_not_made_of_parts_that_do_not_fit_together():
    one = measures.Evaluated(*[0.0] * len(measures.Evaluated._fields))
    arrays = {"item": np.array([4, 5]), "seed": np.array([1, 1])}
    assert measures.rows_of(arrays, [one, one])[1] == [(4, 1, *one), (5, 1, *one)]
    with pytest.raises(ValueError, match="shorter"):
        measures.rows_of(arrays, [one])
    with pytest.raises(ValueError, match="shorter"):
        measures.rows_of({**arrays, "seed": np.array([1])}, [one])
