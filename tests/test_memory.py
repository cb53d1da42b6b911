"""What a solver may hold in memory, and that it keeps to it."""

import numpy as np
import pytest
import random_study
from random_study import choose
from test_solvers import assert_same

from recrec.actionability import Constraints
from recrec.arrays.device import CPU
from recrec.methods.recrec import leaping
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
