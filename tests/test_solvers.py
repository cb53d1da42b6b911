"""The leaping solver, the stepping solver and Algorithm 1 as printed give the same iterates and stop alike."""

import numpy as np
import pytest
import random_study
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recrec import algorithm1, leaping, recourse, stepping
from recrec.problem import LIMIT, REACHED, STALLED, Problem, Settings
from recrec.recommender import bars, sorted_scores

choices = st.builds(
    Settings,
    aggregate=st.sampled_from(["mean", "sum"]),
    desired_rank=st.integers(1, 6),
    learning_rate=st.sampled_from([0.05, 0.25, 0.3, 1.0, 3.0]),
    lambda_=st.sampled_from([0.0, 0.0, 0.05, 0.3, 0.7, 1.0]),
    max_iterations=st.sampled_from([0, 1, 7, 60]),
)


def problem_of(features, ratings, item, mutable, desired_rank):
    profiles = ratings @ features
    ordered, scores = sorted_scores(profiles, csr_array(features.T))
    bar = bars(ordered, scores[:, [item]], np.ones((1, 1), dtype=bool), desired_rank)[:, 0]
    return Problem(csr_array(profiles[:, mutable]), scores[:, item], bar)


def assert_same(one, other):
    assert (one.status, one.iterations) == (other.status, other.iterations)
    scale = max(1.0, np.abs(other.change).max(initial=0.0))
    np.testing.assert_allclose(one.change, other.change, rtol=1e-9, atol=1e-9 * scale)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), choices, st.integers(0, 2**10 - 1), st.booleans())
@example(0, 1, Settings(lambda_=0.3, desired_rank=1, max_iterations=60), 2**10 - 1, False)
@example(1, 4, Settings(), 0, False)  # no mutable feature
def test_leaping_and_stepping_are_algorithm_1(seed, users, choice, mask, real):
    features, ratings = random_study.recommender(seed, users=users, items=15, real=real)
    mutable = np.array([bool(mask >> bit & 1) for bit in range(features.shape[1])])
    item = seed % len(features)
    printed = algorithm1.compute_recourse(features, ratings, item, mutable, choice)
    problem = problem_of(features, ratings, item, mutable, choice.desired_rank)
    stepped, leapt = stepping.solve(problem, choice), leaping.solve(problem, choice)
    assert not printed.change[~mutable].any()
    assert_same(stepped, printed._replace(change=printed.change[mutable]))
    assert_same(leapt, stepped)
    assert leapt.events <= leapt.iterations


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), choices, st.booleans())
def test_leaping_is_stepping_on_larger_problems(seed, users, choice, real):
    features, ratings = random_study.recommender(seed, users=users, items=60, features=25, real=real)
    problem = problem_of(features, ratings, seed % 60, np.ones(25, dtype=bool), choice.desired_rank)
    choice = Settings(**{**vars(choice), "max_iterations": 400})
    assert_same(leaping.solve(problem, choice), stepping.solve(problem, choice))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.2]), st.sampled_from(["mean", "sum"]))
def test_the_subgradient_step_is_algorithm_1s(seed, penalty, aggregate):
    choice = Settings(aggregate, 4, 0.3, penalty, "subgradient", 30)
    features, ratings = random_study.recommender(seed, users=3, items=15)
    mutable = np.ones(features.shape[1], dtype=bool)
    printed = algorithm1.compute_recourse(features, ratings, 2, mutable, choice)
    problem = problem_of(features, ratings, 2, mutable, 4)
    assert_same(recourse.solver(problem.profiles, choice)(problem), printed)


@pytest.mark.parametrize("solver", [stepping.solve, leaping.solve])
@pytest.mark.parametrize("penalty", [0.0, 0.2])
class TestDegenerate:
    def solve(self, solver, profiles, scores, bars_, penalty, **keys):
        problem = Problem(csr_array(np.array(profiles, dtype=float)), np.array(scores), np.array(bars_))
        return solver(problem, Settings(lambda_=penalty, **keys))

    def test_already_in_the_top_k(self, solver, penalty):
        found = self.solve(solver, [[1, 0]], [5.0], [1.0], penalty)
        assert (found.status, found.iterations) == (REACHED, 0)
        assert not found.change.any()

    def test_zero_gradient(self, solver, penalty):
        found = self.solve(solver, [[0, 0]], [0.0], [1.0], penalty)
        assert (found.status, found.iterations) == (STALLED, 0)

    def test_opposed_tastes_leave_nowhere_to_go(self, solver, penalty):
        found = self.solve(solver, [[1, 0], [-1, 0]], [0.0, 0.0], [1.0, 1.0], penalty)
        assert (found.status, found.iterations) == (STALLED, 0)

    def test_a_bar_out_of_reach(self, solver, penalty):
        found = self.solve(solver, [[1, 1]], [0.0], [1e9], penalty, max_iterations=50)
        assert (found.status, found.iterations) == (LIMIT, 50)

    def test_all_users_satisfied_at_the_same_step(self, solver, penalty):
        found = self.solve(solver, [[1, 0], [0, 1]], [0.0, 0.0], [1.0, 1.0], penalty, learning_rate=0.3)
        assert found.status == REACHED
        assert found.change[0] == pytest.approx(found.change[1])

    def test_no_mutable_feature(self, solver, penalty):
        problem = Problem(csr_array((2, 0)), np.zeros(2), np.ones(2))
        assert solver(problem, Settings(lambda_=penalty)).status == STALLED


def test_lambda_1_moves_nothing():
    features, ratings = random_study.recommender(5, users=4)
    problem = problem_of(features, ratings, 7, np.ones(10, dtype=bool), 1)
    found = leaping.solve(problem, Settings(lambda_=1.0))
    assert (found.status, found.change.any()) == (STALLED, False)


def test_a_lone_user_costs_the_hand_computed_steps():
    # Score 0, bar 1, gradient (2, 1): each step of 0.5 / 2 adds 0.25 * 5 = 1.25, the first is above the bar.
    problem = Problem(csr_array(np.array([[2.0, 1.0]])), np.array([0.0]), np.array([1.0]))
    found = leaping.solve(problem, Settings(learning_rate=0.5))
    assert (found.status, found.iterations) == (REACHED, 1)
    np.testing.assert_allclose(found.change, [0.5, 0.25])


def test_cells_list_every_item_and_seed_and_share_the_sample():
    target = random_study.target(1, users=20)
    choice = Settings(desired_rank=5)
    found = recourse.solve_cell(target, [4, 2], 50, [7, 8], choice)
    assert [(item, seed) for item, seed, _ in found] == [(4, 7), (4, 8), (2, 7), (2, 8)]
    changes = recourse.unpack_changes(recourse.pack(found))
    assert np.array_equal(changes, [path.change for _, _, path in found])
