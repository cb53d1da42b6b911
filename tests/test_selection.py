"""Which items, which users."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recrec.errors import InputError
from recrec.evaluation.baseline import Baseline
from recrec.evaluation.sampling import sample, sample_size
from recrec.evaluation.selection import select


@given(st.integers(1, 400), st.integers(0, 50))
def test_samples_of_one_seed_are_prefixes_of_each_other(users, seed):
    small, large = sample(users, 5, seed), sample(users, 50, seed)
    assert np.array_equal(small, large[: len(small)])
    assert sorted(sample(users, 100, seed)) == list(range(users))


def test_sample_size_is_rounded_and_at_least_one():
    assert [sample_size(189, share) for share in (0.1, 0.5, 1, 5, 50, 100)] == [1, 1, 2, 9, 95, 189]


@given(
    st.lists(st.tuples(st.floats(1, 100), st.sampled_from([0.0, 0.02])), min_size=30, max_size=60),
    st.sampled_from(["order", "mean-rank"]),
)
def test_selected_items_are_eligible_and_different(found, reading):
    mean_rank, top_share = map(np.array, zip(*found, strict=True))
    try:
        chosen = select(Baseline(mean_rank, top_share), [5, 11], 2, 0.01, reading)
    except InputError as error:
        assert "only" in str(error)
        return
    assert len({one.item for one in chosen}) == len(chosen) == 4
    order = np.argsort(mean_rank, kind="stable")
    for one in chosen:
        assert top_share[one.item] <= 0.01
        assert order[one.position - 1] == one.item
        if reading == "order":
            assert one.position >= one.rank


def test_order_takes_the_first_eligible_ones_at_the_position_and_after():
    mean_rank = np.arange(1.0, 21.0)
    top_share = np.zeros(20)
    top_share[[4, 6]] = 0.5
    chosen = select(Baseline(mean_rank, top_share), [5], 3, 0.01, "order")
    assert [one.position for one in chosen] == [6, 8, 9]


def test_mean_rank_takes_the_nearest():
    mean_rank = np.array([1.0, 3.0, 4.0, 6.0, 30.0])
    chosen = select(Baseline(mean_rank, np.zeros(5)), [5], 2, 0.01, "mean-rank")
    assert [one.item for one in chosen] == [2, 3]


def test_too_few_items_say_which_rank():
    with pytest.raises(InputError, match="ranks: 4: only 2 of 3"):
        select(Baseline(np.arange(5.0), np.zeros(5)), [4], 3, 0.01, "order")
    with pytest.raises(InputError, match="given 6; allowed: at most 5"):
        select(Baseline(np.arange(5.0), np.zeros(5)), [6], 1, 0.01, "order")
