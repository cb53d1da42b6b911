"""What a solver may hold in memory, and that it keeps to it."""

import numpy as np
import pytest
import random_study
from random_study import choose
from test_solvers import assert_same

from recrec.actionability import FREE, Constraints
from recrec.arrays.device import CPU
from recrec.methods import Problem
from recrec.methods.recrec import batches, leaping
from recrec.methods.recrec.profiles import Factored


@pytest.fixture
def grams(monkeypatch):
    """Shapes of the Gram matrices that were made."""
    made = []
    original = Factored.gram

    def noting(self):
        found = original(self)
        made.append(found.shape)
        return found

    monkeypatch.setattr(Factored, "gram", noting)
    return made


USERS = 200
#: Bytes of a Gram matrix of everybody.
MATRIX = 8 * USERS**2


@pytest.mark.parametrize(("budget", "expected"), [(2**30, [(1, USERS, USERS)]), (MATRIX - 1, [])])
def test_a_gram_matrix_is_made_where_it_fits_and_nowhere_else(grams, budget, expected):
    target, choice = random_study.target(1, users=USERS), choose(desired_rank=4)
    found = random_study.solve_cell(target, [4], 100, [1], choice, CPU._replace(budget=budget))
    assert grams == expected
    grams.clear()
    with_all = random_study.solve_cell(target, [4], 100, [1], choice)
    assert_same(found[0][2], with_all[0][2])


def test_a_small_sample_of_a_large_group_may_have_one(grams):
    target, choice = random_study.target(1, users=USERS), choose(desired_rank=4)
    random_study.solve_cell(target, [4], 2, [1], choice, CPU._replace(budget=MATRIX - 1))
    assert grams == [(1, 4, 4)]


@pytest.mark.parametrize(("penalty", "constraints"), [(0.05, Constraints()), (0.0, Constraints(high=np.full(10, 5.0)))])
def test_a_path_with_an_l1_term_or_bounds_needs_none(grams, penalty, constraints):
    target = random_study.target(1, users=20)
    random_study.solve_cell(target, [4], 100, [1], choose(lambda_=penalty, desired_rank=4), constraints=constraints)
    assert grams == []


@pytest.mark.parametrize(("penalty", "samples"), [(0.05, [2]), (0.0, [1, 1])])
def test_only_what_is_made_counts(monkeypatch, penalty, samples):
    """300 kB are enough for one Gram matrix of 100 users and not for two; with an L1 term there is none."""
    solved = []
    original = leaping.solve

    def noting(batch, *arguments, **keys):
        solved.append(len(batch.scores))
        return original(batch, *arguments, **keys)

    monkeypatch.setattr(leaping, "solve", noting)
    target = random_study.target(1, users=USERS)
    choice = choose(lambda_=penalty, desired_rank=4)
    random_study.solve_cell(target, [4], 50, [1, 2], choice, CPU._replace(budget=300_000))
    assert solved == samples


class TestPlanned:
    """What the arrays of a batch take, counted by hand.

    Samples of 3 users; 4 items, of whose features two are mutable, with 3 numbers stored; the histories of the larger
    sample have 5.
    """

    @staticmethod
    def problem(constraints=FREE):
        features = np.array([[1.0, 0, 1], [1, 2, 0], [0, 0, 1], [0, 0, 2]])
        ratings = np.array([[1.0, 0, 0, 0], [1, 2, 0, 0], [0, 0, 1, 0], [0, 3, 0, 1]])
        audience = random_study.audience(features, ratings, mutable=np.array([True, True, False]))
        samples, empty = [np.array([0, 1, 2]), np.array([1, 2, 3])], np.zeros((4, 1))
        return Problem(audience, [0], samples, empty, empty, constraints)

    @pytest.mark.parametrize(("dtype", "size"), [(np.float64, 8), (np.float32, 4)])
    def test_a_gram_matrix_and_what_making_it_takes(self, dtype, size):
        """A block of 64 of its columns through features, items and users, and 10 numbers for one of the factors."""
        needed = size * (3 * 3 + 64 * (2 + 4 + 3) + 10 * (2 * 3 + 5))
        for budget, fits in ((needed, True), (needed - 1, False)):
            there = CPU._replace(dtype=dtype, budget=budget)
            assert batches.fits_gram(self.problem(), choose(), there) == fits
            assert not batches.fits_gram(self.problem(), choose(lambda_=0.1), there)
            assert not batches.fits_gram(self.problem(Constraints(low=np.full(2, -9.0))), choose(), there)

    @pytest.mark.parametrize(("dtype", "size"), [(np.float64, 8), (np.float32, 4)])
    @pytest.mark.parametrize(
        ("penalty", "constraints", "per_feature"),
        [(0.0, FREE, 3), (0.1, FREE, 16), (1.0, FREE, 16), (0.0, Constraints(high=np.full(2, 9.0)), 16)],
    )
    def test_a_batch(self, dtype, size, penalty, constraints, per_feature):
        """2 samples by 5 items: 12 arrays of users, 3 of features or, if these have events, 16, 4 of the catalogue."""
        arguments = self.problem(constraints), choose(lambda_=penalty), CPU._replace(dtype=dtype), 2, 5
        arrays = 2 * 5 * (12 * 3 + per_feature * 2 + 4 * 4)
        gram = 2 * 3 * 3 + 64 * (2 + 4 + 3) + 10 * (2 * 3 + 5)
        assert batches.batch_bytes(*arguments, use_gram=False) == size * arrays
        assert batches.batch_bytes(*arguments, use_gram=True) == size * (arrays + gram)
