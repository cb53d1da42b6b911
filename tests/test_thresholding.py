"""Hard thresholding by cumulative sums against one feature at a time."""

from fractions import Fraction

import numpy as np
import pytest
import random_study
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, eye_array

from recrec.audience import LinearMap
from recrec.evaluation import thresholding


def histories(profiles):
    """Users who have each rated one item that is their profile."""
    return LinearMap(csr_array(eye_array(len(profiles))), csr_array(profiles))


def one_at_a_time(change, profiles, scores, thresholds, keep):
    """Section 3, word for word: reset the smallest change until too much of the success rate is lost."""
    change = change.copy()
    at_first = np.count_nonzero(scores + profiles @ change > thresholds)
    if at_first == 0:
        return change
    while change.any():
        smallest = min(np.flatnonzero(change), key=lambda feature: (abs(change[feature]), feature))
        trial = change.copy()
        trial[smallest] = 0.0
        if np.count_nonzero(scores + profiles @ trial > thresholds) < Fraction(str(keep)) * at_first:
            return change
        change = trial
    return change


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 30),
    st.integers(1, 90),
    st.sampled_from([0.0, 0.5, 0.7, 0.8, 1.0]),
    st.booleans(),
    st.sampled_from([1, 200, 10**6]),
)
def test_both_forms_are_one_at_a_time(seed, users, features, keep, signed, block):
    random = np.random.default_rng(seed)
    profiles = random.poisson(0.5, (users, features)).astype(float)
    if signed:
        profiles *= random.choice([-1, 1], profiles.shape)
    # Whole sixteenths: equal changes are common, and every sum is exact.
    change = np.round(random.normal(size=features) ** 3 * 16) / 16
    scores, thresholds = random.integers(-3, 3, users).astype(float), random.integers(-8, 32, users) / 4
    expected = one_at_a_time(change, profiles, scores, thresholds, keep)
    found = thresholding.hard_threshold(change, histories(profiles), scores, thresholds, keep)
    assert np.array_equal(found, expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thresholding, "BLOCK", block)
        anew = thresholding.hard_threshold_anew(
            change, lambda states: scores[:, None] + profiles @ states.T, thresholds, keep
        )
    assert np.array_equal(anew, expected)


@pytest.mark.parametrize(("threshold", "kept"), [(39.5, 40), (32.0, 33), (31.5, 32)])
def test_changes_that_are_too_many_to_lose_are_looked_at(threshold, kept):
    """Of forty that count and thirty-two that do not, looking at the 32 largest, or smallest, is not always enough."""
    change = np.concatenate([np.ones(40), np.zeros(8), np.full(32, 2.0**-10)])
    found = thresholding.hard_threshold(change, histories(np.ones((1, 80))), np.zeros(1), np.full(1, threshold), 1.0)
    assert np.count_nonzero(found) == kept and (found[found != 0] == 1.0).all()


def test_a_form_of_counting_that_is_given_counts():
    calls = []

    def count(*arguments):
        calls.append(arguments)
        return thresholding.count_successes(*arguments)

    target = random_study.target(2, users=30, features=20)
    changes = np.random.default_rng(0).random((2, 20))
    items = np.array([5, 9])
    kept = thresholding.threshold_cell(target, items, [None, None], changes, 10, 0.8, count)
    assert len(calls) == 2
    assert np.array_equal(kept, thresholding.threshold_cell(target, items, [None, None], changes, 10, 0.8))


def test_counting_a_few_changes_at_a_time_changes_nothing(monkeypatch):
    random = np.random.default_rng(0)
    profiles = histories(random.poisson(0.5, (40, 200)).astype(float))
    change, scores, thresholds = random.normal(size=200), np.zeros(40), random.normal(size=40)
    whole = thresholding.hard_threshold(change, profiles, scores, thresholds, 0.8)
    monkeypatch.setattr(thresholding, "BLOCK", 300)
    assert np.array_equal(thresholding.hard_threshold(change, profiles, scores, thresholds, 0.8), whole)


def test_a_recourse_that_reaches_nobody_is_left_as_it_is():
    change = np.array([1.0, 0.0, 2.0])
    found = thresholding.hard_threshold(change, histories(np.eye(3)), np.zeros(3), np.full(3, 9.0), 0.8)
    assert np.array_equal(found, change)


@pytest.mark.parametrize("keep", [0.0, 0.8, 1.0])
def test_what_is_kept_is_kept_unchanged(keep):
    random = np.random.default_rng(1)
    change = random.normal(size=50)
    profiles = histories(random.poisson(1.0, (20, 50)).astype(float))
    found = thresholding.hard_threshold(change, profiles, np.zeros(20), np.zeros(20), keep)
    assert set(np.flatnonzero(found)) <= set(np.flatnonzero(change))
    assert np.array_equal(found[found != 0], change[found != 0])
