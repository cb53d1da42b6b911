"""The leaping and the stepping solver give the iterates of Algorithm 1 written out literally, and stop alike."""

import array_api_strict
import numpy as np
import pytest
import random_study
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_study import choose
from scipy.sparse import csr_array

from recrec.actionability import FREE, Constraints
from recrec.evaluation import recourses
from recrec.methods import LIMIT, REACHED, STALLED
from recrec.methods.recrec import Settings, leaping, profiles, stepping
from recrec.methods.recrec.profiles import Dense, Factored
from recrec.methods.recrec.steps import Scale, Task, ended, gradient_of, within
from recrec.ranking import score_thresholds, sort_scores, tie_adjusted

choices = st.builds(
    Settings,
    aggregate=st.sampled_from(["mean", "sum"]),
    desired_rank=st.integers(1, 6),
    learning_rate=st.sampled_from([0.05, 0.25, 0.3, 1.0, 3.0]),
    lambda_=st.sampled_from([0.0, 0.0, 0.05, 0.3, 0.7, 1.0]),
    max_iterations=st.sampled_from([1, 2, 7, 60]),
)
namespaces = st.sampled_from([np, array_api_strict])


@st.composite
def some_terms(draw, features):
    """Weights, bounds, both or neither."""
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    weights = low = high = None
    if draw(st.booleans()):
        weights = random.choice([0.0, 0.5, 1.0, 3.0], features)
    if draw(st.booleans()):
        low = -random.choice([0.0, 0.1, 0.5, np.inf], features)
    if draw(st.booleans()):
        high = random.choice([0.0, 0.05, 0.3, 1.0, 7.0, np.inf], features)
    return Constraints(weights, low, high)


def problem_of(features, ratings, item, mutable, desired_rank, constraints=FREE):
    profiles = ratings @ features
    scores = profiles @ features.T
    everyone = np.ones((1, 1), dtype=bool)
    threshold = score_thresholds(sort_scores(scores), scores[:, [item]], everyone, desired_rank)[:, 0]
    return Task(profiles[:, mutable], scores[:, item], threshold, constraints)


def batch_of(problems, xp=np, dtype=np.float64):
    """Problems, samples by items, as a batch; those of a sample share their profiles, all share their constraints."""

    def array(values):
        return None if values is None else xp.asarray(np.asarray(values, dtype=dtype))

    profiles = Dense(xp, array([of_sample[0].profiles for of_sample in problems]))
    scores, thresholds = (
        [[getattr(one, name) for one in row] for row in problems] for name in ("scores", "thresholds")
    )
    return leaping.Batch(
        profiles, array(scores), array(thresholds), Constraints(*map(array, problems[0][0].constraints))
    )


def factored_of(right, *left, dtype=np.float64):
    """Profiles from sparse factors, given as dense ones."""
    right, *left = (csr_array(np.asarray(one, dtype)) for one in (right, *left))
    return Factored(np, right, csr_array(right.T), left, [csr_array(one.T) for one in left])


def paths_of(found):
    """What a batch found, a row of `Solution` per sample."""
    samples, items = found.status.shape
    change, status, iterations, events = (np.asarray(part) for part in found[:4])
    return [
        [
            ended(change[s, i], leaping.STATUS[status[s, i]], int(iterations[s, i]), int(events[s, i]))
            for i in range(items)
        ]
        for s in range(samples)
    ]


def leap(problem, choice, xp=np, use_gram=True):
    return paths_of(leaping.solve(batch_of([[problem]], xp), choice, xp, use_gram))[0][0]


def assert_same(one, other):
    assert (one.status, one.diagnostics["iterations"]) == (other.status, other.diagnostics["iterations"])
    scale = max(1.0, np.abs(other.change).max(initial=0.0))
    np.testing.assert_allclose(one.change, other.change, rtol=1e-9, atol=1e-9 * scale)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 5), choices, st.integers(0, 2**10 - 1), st.booleans(), some_terms(10),
    namespaces, st.booleans(),
)  # fmt: skip
@example(0, 1, choose(lambda_=0.3, desired_rank=1, max_iterations=60), 2**10 - 1, False, Constraints(), np, True)
@example(1, 4, choose(), 0, False, Constraints(), np, True)  # no mutable feature
def test_leaping_and_stepping_are_algorithm_1(seed, users, choice, mask, real, constraints, xp, use_gram):
    features, ratings = random_study.recommender(seed, users=users, items=15, real=real)
    mutable = np.array([bool(mask >> bit & 1) for bit in range(features.shape[1])])
    item = seed % len(features)
    of_mutable = Constraints(*(None if part is None else part[mutable] for part in constraints))
    literal = random_study.algorithm_1(features, ratings, item, mutable, choice, of_mutable)
    problem = problem_of(features, ratings, item, mutable, choice.desired_rank, of_mutable)
    stepped, leapt = stepping.solve(problem, choice), leap(problem, choice, xp, use_gram)
    assert_same(stepped, literal)
    assert_same(leapt, literal)
    assert np.array_equal(leapt.change != 0, literal.change != 0), "back at zero is exactly there"
    assert stepped.diagnostics["events"] == stepped.diagnostics["iterations"]
    random_study.check_events(leapt, literal)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), choices, st.booleans(), some_terms(25), namespaces, st.booleans())
def test_a_batch_leaps_as_its_problems_step(seed, users, choice, real, constraints, xp, use_gram):
    features, everyone = random_study.recommender(seed, users=3 * users, items=60, features=25, real=real)
    choice = choice.model_copy(update={"max_iterations": 400})
    problems = [
        [
            problem_of(features, ratings, item, np.ones(25, dtype=bool), choice.desired_rank, constraints)
            for item in (seed % 60, 7, 31)
        ]
        for ratings in np.split(everyone, 3)[:2]
    ]
    found = leaping.solve(batch_of(problems, xp), choice, xp, use_gram)
    for row, of_sample, scores in zip(paths_of(found), problems, np.asarray(found.scores), strict=True):
        for path, problem, kept in zip(row, of_sample, scores, strict=True):
            assert_same(path, stepping.solve(problem, choice))
            # What the solver kept of the scores is what the change gives.
            np.testing.assert_allclose(kept, problem.scores + problem.profiles @ path.change, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 7), choices, namespaces, st.booleans())
def test_profiles_that_cancel_pull_nowhere(seed, users, choice, xp, use_gram):
    """Signed real profiles, some the negatives of others or of their sums: what is left of them is rounding."""
    random = np.random.default_rng(seed)
    features = random.integers(1, 5)
    profiles = random.integers(-3, 4, (users, features)) * random.choice([0.1, 0.3, 0.7], (users, features))
    profiles = profiles * random.normal(1.0, 0.3, features)
    half = users // 2
    profiles[:half] = -profiles[half : 2 * half]
    if users > 2 and seed % 3 == 0:
        profiles[0] = -(profiles[1] + profiles[2])
    choice = choice.model_copy(update={"max_iterations": 60, "learning_rate": 0.3})
    scores = random.normal(size=users)
    problem = Task(profiles, scores, scores + random.normal(0.0, random.choice([0.01, 0.1, 1.0]), users))
    stepped = stepping.solve(problem, choice)
    assert_same(leap(problem, choice, xp, use_gram), stepped)
    factored = factored_of(np.eye(features), profiles)
    [[found]] = paths_of(leaping.solve(batch_of([[problem]])._replace(profiles=factored), choice))
    assert_same(found, stepped)


@pytest.mark.parametrize("aggregate", ["mean", "sum"])
@pytest.mark.parametrize("factored", [True, False])
def test_tastes_that_cancel_once_others_are_content_leave_nowhere_to_go(aggregate, factored):
    """What is left of a rate that was carried along from before would lead on for ever."""
    choice = choose(aggregate, learning_rate=0.3, max_iterations=50)
    for seed in range(40):
        random = np.random.default_rng(seed)
        tastes, other = random.normal(size=(2, 3)), random.normal(size=3)
        profiles = np.array([-tastes.sum(axis=0), *tastes, other])
        task = Task(profiles, np.zeros(4), np.array([1e6, 1e6, 1e6, 0.5]))
        stepped = stepping.solve(task, choice)
        assert stepped.status == STALLED and stepped.diagnostics["iterations"] > 0
        endless = task._replace(thresholds=np.full(4, 1e6))
        batch = batch_of([[task, endless]])
        if factored:
            batch = batch._replace(profiles=factored_of(np.eye(3), profiles))
        [[found, beside]] = paths_of(leaping.solve(batch, choice))
        assert_same(found, stepped)
        assert (beside.status, beside.diagnostics["iterations"]) == (LIMIT, 50)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(1, 3))
def test_factored_profiles_are_the_profiles(seed, users, samples):
    random = np.random.default_rng(seed)
    features = random_study.recommender(seed, real=True)[0]
    ratings = random.poisson(0.3, (samples, users, len(features))).astype(float)
    dense = Dense(np, ratings @ features)
    factored = factored_of(features, *ratings)
    assert factored.shape == dense.shape
    changes, weights = random.normal(size=(samples, 2, 10)), random.normal(size=(samples, 2, users))
    np.testing.assert_allclose(factored.scores(changes), dense.scores(changes), atol=1e-9)
    np.testing.assert_allclose(factored.totals(weights), dense.totals(weights), atol=1e-9)
    np.testing.assert_allclose(factored.gram(), dense.gram(), atol=1e-9)
    np.testing.assert_allclose(factored.reach("mean"), dense.reach("mean"), atol=1e-9)
    assert (factored.reach("sum") >= dense.reach("sum") - 1e-9).all()


def test_reach_is_the_largest_entry_or_the_sum_of_all():
    right, left = [[1.0, -2.0], [3.0, 0.0]], [[1.0, 0.0], [0.0, 2.0], [4.0, 0.0]]
    for found in (Dense(np, np.array([left]) @ right), factored_of(right, left)):
        assert found.reach("mean").tolist() == [[6.0, 8.0]]
        assert found.reach("sum").tolist() == [[11.0, 10.0]]
    assert factored_of(right, left, dtype=np.float32).reach("mean").dtype == np.float32


def test_profiles_are_signed_where_an_entry_is_below_zero():
    assert not Dense(np, np.array([[[0.0, 0.5], [2.0, 0.0]]])).signed
    assert Dense(np, np.array([[[0.0, 0.5], [-1e-9, 2.0]]])).signed
    plain, below = [[0.0, 0.5], [2.0, 0.0]], [[1.0, 0.0], [0.0, -1e-9]]
    for right, *left in ((plain, plain, plain), (below, plain, plain), (plain, plain, below)):
        assert factored_of(right, *left).signed == (below in (right, *left))
        dense = Factored(
            np, np.array(right), np.array(right).T, [*map(np.array, left)], [np.array(one).T for one in left]
        )
        assert dense.signed == (below in (right, *left))


def test_a_small_entry_beside_a_large_one_is_no_rounding():
    """What is left of a sum is measured against the terms of that sum."""
    profile = np.array([[1e9, -1e-9]])
    assert gradient_of(profile, "sum").tolist() == [1e9, -1e-9]
    for found in (Dense(np, profile[None]), factored_of(np.eye(2), profile)):
        assert found.totals(np.ones((1, 1, 1))).tolist() == [[[1e9, -1e-9]]]


@pytest.mark.parametrize(("rest", "kept"), [(2**-44, False), (2**-40, True)])
def test_what_is_left_of_terms_that_cancel_counts_from_a_thousand_roundings_on(rest, kept):
    """A rounding is 2**-52 of the terms' sizes, here 2."""
    profile = np.array([[1.0], [-1.0 + rest]])
    expected = [rest if kept else 0.0]
    assert gradient_of(profile, "sum").tolist() == expected
    for found in (Dense(np, profile[None]), factored_of([[1.0]], profile)):
        assert found.totals(np.ones((1, 1, 2))).tolist() == [[expected]]


@pytest.mark.parametrize(
    ("users", "made"), [(80, [(80, 20)]), (81, [(20, 64), (20, 17)]), (150, [(20, 64)] * 2 + [(20, 22)])]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_gram_matrix_of_many_users_is_made_without_their_profiles(monkeypatch, users, made, dtype):
    """Where the stored numbers, 40 in the right factor and one a user in the left one, are few beside the profiles'."""
    random = np.random.default_rng(users)
    right, left = np.zeros((20, 20)), np.zeros((2, users, 20))
    right[np.arange(20), :2] = random.integers(1, 9, (20, 2))
    left[:, np.arange(users), random.integers(20, size=users)] = random.integers(1, 6, (2, users))
    factored, shapes = factored_of(right, *left, dtype=dtype), []
    dense = profiles._dense
    monkeypatch.setattr(profiles, "_dense", lambda matrix: shapes.append(matrix.shape) or dense(matrix))
    found = factored.gram()
    assert shapes == 2 * made
    assert found.dtype == dtype
    assert np.array_equal(found, Dense(np, left @ right).gram())


@pytest.mark.parametrize("factored", [False, True])
@pytest.mark.parametrize(("thresholds", "sums"), [([0.1, 0.1, 5.0], 2), ([0.1, 0.1, 0.1], 3)])
def test_what_many_users_change_is_summed_anew_and_what_few_change_taken_from_the_gram_matrix(
    factored, thresholds, sums
):
    """Of three users, two who are content at once stand for 6 numbers of the matrix, three for 9.

    With one feature their profiles take 6 multiplications, or 8 through factors: no less than 6, and fewer than 9. Sums
    are made at the start and at the end in any case.
    """
    ones = np.ones((1, 3, 1))
    batch = batch_of([[Task(ones[0], np.zeros(3), np.array(thresholds))]])
    batch = batch._replace(profiles=factored_of([[1.0]], ones[0]) if factored else batch.profiles)
    calls, totals = [], batch.profiles.totals
    batch.profiles.totals = lambda users: calls.append(users) or totals(users)
    found = leaping.solve(batch, choose(learning_rate=0.3))
    assert leaping.STATUS[found.status[0, 0]] == REACHED
    assert len(calls) == sums


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.2]), st.sampled_from(["mean", "sum"]), some_terms(10))
def test_the_subgradient_step_is_algorithm_1s(seed, penalty, aggregate, constraints):
    choice = choose(aggregate, 4, 0.3, penalty, "subgradient", 30)
    features, ratings = random_study.recommender(seed, users=3, items=15)
    mutable = np.ones(features.shape[1], dtype=bool)
    literal = random_study.algorithm_1(features, ratings, 2, mutable, choice, constraints)
    assert_same(stepping.solve(problem_of(features, ratings, 2, mutable, 4, constraints), choice), literal)


def test_the_subgradient_pulls_at_a_change_however_small_the_l1_term_is():
    change, pull = np.array([0.01, -0.01, 0.0]), 1e-8
    moved = stepping.step_change(change, np.zeros(3), Scale(1.0, pull), choose(l1_step="subgradient"), FREE)
    assert moved.tolist() == [0.01 - pull, pull - 0.01, 0.0]


def leap_strict(problem, choice):
    return leap(problem, choice, array_api_strict)


@pytest.mark.parametrize("solver", [stepping.solve, leap, leap_strict])
@pytest.mark.parametrize("penalty", [0.0, 0.2])
@pytest.mark.parametrize("high", [None, 1e6])
class TestDegenerate:
    def solve(self, solver, profiles, scores, thresholds, penalty, high, **keys):
        profiles = np.array(profiles, dtype=float)
        constraints = Constraints(high=None if high is None else np.full(profiles.shape[1], high))
        return solver(
            Task(profiles, np.array(scores), np.array(thresholds), constraints), choose(lambda_=penalty, **keys)
        )

    def test_already_in_the_top_k(self, solver, penalty, high):
        found = self.solve(solver, [[1, 0]], [5.0], [1.0], penalty, high)
        assert (found.status, found.diagnostics["iterations"]) == (REACHED, 0)
        assert not found.change.any()

    def test_zero_gradient(self, solver, penalty, high):
        found = self.solve(solver, [[0, 0]], [0.0], [1.0], penalty, high)
        assert (found.status, found.diagnostics["iterations"]) == (STALLED, 0)

    def test_opposed_tastes_leave_nowhere_to_go(self, solver, penalty, high):
        found = self.solve(solver, [[1, 0], [-1, 0]], [0.0, 0.0], [1.0, 1.0], penalty, high)
        assert (found.status, found.diagnostics["iterations"]) == (STALLED, 0)

    def test_a_bar_out_of_reach(self, solver, penalty, high):
        found = self.solve(solver, [[1, 1]], [0.0], [1e9], penalty, high, max_iterations=50)
        assert (found.status, found.diagnostics["iterations"]) == (LIMIT, 50)

    def test_all_users_satisfied_at_the_same_step(self, solver, penalty, high):
        found = self.solve(solver, [[1, 0], [0, 1]], [0.0, 0.0], [1.0, 1.0], penalty, high, learning_rate=0.3)
        assert found.status == REACHED
        assert found.change[0] == pytest.approx(found.change[1])

    def test_a_tie_with_the_bar_is_not_above_it(self, solver, penalty, high):
        found = self.solve(solver, [[1.0]], [1.0], [1.0], penalty, high, learning_rate=0.5)
        assert (found.status, found.diagnostics["iterations"]) == (REACHED, 1)

    def test_no_mutable_feature(self, solver, penalty, high):
        found = self.solve(solver, np.zeros((2, 0)), np.zeros(2), np.ones(2), penalty, high)
        assert found.status == STALLED

    def test_a_user_whose_bar_is_beneath_everything(self, solver, penalty, high):
        found = self.solve(solver, [[1.0], [-1.0]], [0.0, 0.0], [1.0, -np.inf], penalty, high)
        assert found.status == REACHED


def test_a_gradient_that_just_balances_the_l1_term_moves_nothing():
    """Rounding must not make it move for ever."""
    profiles = np.array([[3.0, -3.0], [3.0, -3.0]])
    problem = Task(profiles, np.array([-1.0, -4.0]), tie_adjusted(np.array([2.0, -3.0])))
    choice = choose("sum", 5, 0.3, 0.5, max_iterations=30)
    for solver in (stepping.solve, leap):
        found = solver(problem, choice)
        assert (found.status, found.diagnostics["iterations"]) == (STALLED, 2)


class TestTerms:
    @pytest.mark.parametrize("learning_rate", [0.05, 0.5, 1.0])
    def test_a_bound_holds_and_the_run_stalls_on_it(self, learning_rate):
        problem = Task(np.array([[2.0, 1.0]]), np.zeros(1), np.full(1, 50.0), Constraints(high=np.array([0.12, 0.3])))
        for solver in (stepping.solve, leap):
            found = solver(problem, choose(learning_rate=learning_rate))
            assert found.status == STALLED
            assert found.change.tolist() == [0.12, 0.3]

    def test_a_dear_feature_moves_less(self):
        profiles = np.array([[1.0, 1.0]])
        problem = Task(profiles, np.zeros(1), np.ones(1), Constraints(weights=np.array([0.0, 1.0])))
        found = leap(problem, choose(lambda_=0.5))
        assert found.change[0] == pytest.approx(2 * found.change[1])

    def test_one_number_stands_for_all_features(self):
        problem = Task(np.array([[2.0, 1.0]]), np.zeros(1), np.full(1, 50.0))
        choice = choose(lambda_=0.1)
        short = problem._replace(constraints=Constraints(np.array([2.0]), np.array(-1.0), np.array([0.1])))
        long = problem._replace(constraints=Constraints(np.full(2, 2.0), np.full(2, -1.0), np.full(2, 0.1)))
        assert_same(leap(short, choice), leap(long, choice))

    @pytest.mark.parametrize("penalty", [0.0, 0.3])
    def test_each_problem_of_a_batch_may_have_terms_of_its_own(self, penalty):
        random = np.random.default_rng(0)
        profiles, shape = random.poisson(1.0, (2, 3, 6)).astype(float), (2, 4, 6)
        terms = Constraints(
            random.choice([0.0, 0.5, 2.0], shape),
            -random.choice([0.0, 0.2], shape),
            random.choice([0.1, 0.4, 9], shape),
        )
        problems = [
            [
                Task(profiles[s], np.zeros(3), np.full(3, 1.97 + i), Constraints(*(part[s, i] for part in terms)))
                for i in range(4)
            ]
            for s in range(2)
        ]
        choice = choose(lambda_=penalty, max_iterations=300)
        found = paths_of(leaping.solve(batch_of(problems)._replace(constraints=terms), choice))
        assert {path.status for row in found for path in row} >= {REACHED, STALLED}
        for row, of_sample in zip(found, problems, strict=True):
            for path, problem in zip(row, of_sample, strict=True):
                assert_same(path, stepping.solve(problem, choice))
                assert path.diagnostics == leap(problem, choice).diagnostics

    @pytest.mark.parametrize(
        "constraints",
        [Constraints(weights=np.array([-1.0])), Constraints(low=np.array([0.1])), Constraints(high=np.array([-0.1]))],
    )
    def test_terms_that_make_no_problem_are_refused(self, constraints):
        with pytest.raises(ValueError, match=r"weights|bound"):
            leap(Task(np.ones((1, 1)), np.zeros(1), np.ones(1), constraints), choose())


@pytest.mark.parametrize("high", [None, 1e6])
@pytest.mark.parametrize("bar", [0.0, -1.0])
def test_a_user_whom_nothing_moves_makes_no_event(high, bar):
    """One at the bar for good, or above it, beside one who is lifted over a bar."""
    constraints = Constraints(high=high and np.array([high]))
    found = leap(Task(np.array([[1.0], [0.0]]), np.zeros(2), np.array([1.0, bar]), constraints), choose())
    assert found.status == (REACHED if bar < 0.0 else STALLED)
    assert found.diagnostics["events"] == 1


@pytest.mark.parametrize("solver", [stepping.solve, leap, leap_strict])
@pytest.mark.parametrize("high", [None, 1e6])
class TestAtTheBar:
    """Steps of quarters, so that sums are exact."""

    @pytest.mark.parametrize(("penalty", "bar"), [(0.0, 0.5), (0.25, 0.375)])
    def test_a_step_to_the_bar_is_not_above_it(self, solver, high, penalty, bar):
        """It is at the bar after two steps."""
        problem = Task(np.ones((1, 1)), np.zeros(1), np.array([bar]), Constraints(high=high and np.array([high])))
        for most, status, steps in ((2, LIMIT, 2), (3, REACHED, 3), (9, REACHED, 3)):
            found = solver(problem, choose(learning_rate=0.25, lambda_=penalty, max_iterations=most))
            assert (found.status, found.diagnostics["iterations"]) == (status, steps)

    def test_two_users_take_turns(self, solver, high):
        """After three steps up the first one is above 1/2 and the second one, down from 1, at 1/4: a step down."""
        profiles, scores, bars = np.array([[1.0], [-1.0]]), np.array([0.0, 1.0]), np.array([0.5, 0.25])
        problem = Task(profiles, scores, bars, Constraints(high=high and np.array([high])))
        for steps, change in ((3, 0.75), (4, 0.5), (5, 0.75)):
            found = solver(problem, choose(learning_rate=0.25, max_iterations=steps))
            assert (found.status, found.change.tolist()) == (LIMIT, [change])


@pytest.mark.parametrize("xp", [np, array_api_strict])
@pytest.mark.parametrize(
    ("bound", "drift", "size"), [(0.0, 0.5, 0.5), (0.25, 0.0, 0.25), (4.0, 0.5, 4.0), (0.25, 0.5, 0.5)]
)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_what_as_good_as_touches_a_bound_is_on_it(xp, bound, drift, size, sign):
    """Up to a billionth of the bound or of the step, whichever is larger; beside it a coordinate without a bound."""
    bounds = sign * xp.asarray([bound, np.inf])
    constraints = Constraints(high=bounds) if sign > 0 else Constraints(low=bounds)
    for away, on_it in ((1.0, True), (1e-10, True), (-0.7e-9, True), (-1.4e-9, False), (-0.1, False)):
        change = bound + away * size
        found = within(xp, sign * xp.asarray([change, change]), sign * xp.asarray([drift, drift]), constraints)
        assert [float(found[0]), float(found[1])] == [sign * (bound if on_it else change), sign * change]


@pytest.mark.parametrize("xp", [np, array_api_strict])
@pytest.mark.parametrize(
    ("change", "drift", "shrinkage", "moved", "safe"),
    [
        (0.0, 0.0, 0.25, 0.0, np.inf),  # nothing pulls
        (0.0, 0.25, 0.25, 0.0, np.inf),  # no harder than L1 holds
        (0.5, 0.25, 0.0, 0.75, 6),  # to the upper bound of 2
        (0.5, 1.0, 0.0, 1.5, 1),
        (0.0, 0.5, 0.125, 0.375, 5),
        (0.0, -0.5, 0.125, -0.375, 2),  # to the lower bound of -1
        (2.0, 0.5, 0.0, 2.0, np.inf),  # on it
        (-1.0, -0.5, 0.0, -1.0, np.inf),
        (0.5, -0.125, 0.0, 0.375, 3),  # at zero in the fourth step, where L1 changes sides
        (0.5, 0.0, 0.125, 0.375, 3),
        (-0.5, 0.0, 0.125, -0.375, 3),
        (0.5, -0.2, 0.0, 0.3, 2),  # beyond it in the third one
        (0.125, -0.25, 0.0, -0.125, 1),  # in this one
        (0.125, -0.0625, 0.1875, 0.0, 1),
        (0.125, -1.0, 0.0, -0.875, 1),
    ],
)
def test_for_how_many_steps_a_coordinate_moves_alike(xp, change, drift, shrinkage, moved, safe):
    change, drift, shrinkage = (xp.asarray([[[one]]]) for one in (change, drift, shrinkage))
    bounds = Constraints(low=xp.asarray([-1.0]), high=xp.asarray([2.0]))
    found = leaping.coordinate_rates(xp, change, drift, shrinkage, bounds)
    assert float(found[0][0, 0, 0]) == pytest.approx(moved)
    assert float(found[1][0, 0, 0]) == pytest.approx(moved - float(change[0, 0, 0]))
    assert float(found[2][0, 0]) == safe


def test_lambda_1_moves_nothing():
    features, ratings = random_study.recommender(5, users=4)
    problem = problem_of(features, ratings, 7, np.ones(10, dtype=bool), 1)
    found = leap(problem, choose(lambda_=1.0))
    assert (found.status, found.change.any()) == (STALLED, False)


@pytest.mark.parametrize("xp", [np, array_api_strict])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("penalty", [0.0, 0.1, 1.0])
def test_numbers_keep_their_type(xp, dtype, penalty):
    problem = Task(np.array([[2.0, 1.0]]), np.zeros(1), np.full(1, 9.0), Constraints(weights=np.full(2, 2.0)))
    found = leaping.solve(batch_of([[problem]], xp, dtype=dtype), choose(lambda_=penalty), xp)
    assert found.change.dtype == found.scores.dtype == getattr(xp, dtype)
    assert found.iterations.dtype == found.events.dtype == xp.int64


def test_a_lone_user_costs_the_hand_computed_steps():
    # Score 0, threshold 1, gradient (2, 1): each step of 0.5 / 2 adds 0.25 * 5 = 1.25, the first one is above.
    problem = Task(np.array([[2.0, 1.0]]), np.array([0.0]), np.array([1.0]))
    found = leap(problem, choose(learning_rate=0.5))
    assert (found.status, found.diagnostics["iterations"]) == (REACHED, 1)
    np.testing.assert_allclose(found.change, [0.5, 0.25])


def test_cells_list_every_item_and_seed_and_share_the_sample():
    target = random_study.target(1, users=20)
    choice = choose(desired_rank=5)
    found = random_study.solve_cell(target, [4, 2], 50, [7, 8], choice)
    assert [(item, seed) for item, seed, _ in found] == [(4, 7), (4, 8), (2, 7), (2, 8)]
    changes = recourses.unpack_changes(recourses.pack(found))
    assert np.array_equal(changes, [path.change for _, _, path in found])
