"""What every recommender and every method that is found has to hold, and the slow twins of ours."""

import logging
from itertools import permutations

import numpy as np
import pytest
import random_study
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_study import choose
from scipy.sparse import csr_array
from test_solvers import some_terms

from recrec import methods, recommenders
from recrec.actionability import FREE, Constraints
from recrec.arrays.device import CPU
from recrec.audience import LinearAudience, LinearMap
from recrec.config import Section
from recrec.data.matrices import Matrices
from recrec.errors import InputError
from recrec.evaluation import measures, recourses, thresholding
from recrec.methods import BUDGET, DECLINED, REACHED, STALLED, MethodSettings, Problem, Solution, greedy, recrec
from recrec.methods.recrec import stepping
from recrec.methods.recrec.steps import Task
from recrec.recommenders import ridge
from recrec.reporting.cells import COLUMNS, DIAGNOSTICS

SEEDS = st.integers(0, 10**6)


def matrices_of(seed, **size):
    features, ratings = random_study.recommender(seed, **size)
    mutable = np.random.default_rng(seed).random(features.shape[1]) < 0.8
    mutable[0] = True
    return Matrices(csr_array(features), csr_array(ratings), mutable, np.ones(len(ratings), dtype=int))


def audience_of(name, seed, candidates="all", **size):
    """Everybody as a recommender sees them, and the matrices."""
    recommender, matrices = recommenders.load(name), matrices_of(seed, **size)
    choice = recommender.Settings()
    state = recommender.fit(matrices, choice)
    return recommender.audience(state, matrices, slice(None), candidates, choice), matrices


@pytest.fixture(scope="module", params=recommenders.names())
def recommender(request):
    return request.param


@pytest.fixture(scope="module", params=methods.names())
def method(request):
    return methods.load(request.param)


def test_two_of_each_are_there():
    assert {"content", "ridge"} <= set(recommenders.names())
    assert {"greedy", "recrec"} <= set(methods.names())


@pytest.mark.parametrize("room", [recommenders, methods])
class TestDoors:
    def test_every_setting_has_a_default_and_a_description(self, room):
        for name in room.names():
            model = room.load(name).Settings
            assert issubclass(model, MethodSettings if room is methods else Section)
            model()
            assert all(field.description for field in model.model_fields.values()), name

    def test_an_unknown_one_is_named_with_those_there_are(self, room):
        known = room.names()[0]
        with pytest.raises(InputError, match=rf"given '{known}x' \(did you mean {known}\?\); allowed: .*{known}"):
            room.load(f"{known}x")

    def test_one_that_cannot_be_used_is_one_clear_line(self, room, tmp_path, monkeypatch):
        monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
        (tmp_path / "broken.py").write_text("import no_such_library\n")
        (tmp_path / "empty.py").write_text("TITLE = 'empty'\n")
        (tmp_path / "_helper.py").write_text("")
        assert {"broken", "empty"} <= set(room.names()) and "_helper" not in room.names()
        with pytest.raises(InputError, match="broken cannot be imported: ModuleNotFoundError: No module"):
            room.load("broken")
        with pytest.raises(InputError, match=r"empty\.py does not define"):
            room.load("empty")


class TestRecommenders:
    """The contract of an audience."""

    @pytest.mark.parametrize("candidates", ["all", "unrated"])
    @given(seed=SEEDS)
    @settings(max_examples=10, deadline=None)
    def test_parts_are_those_of_the_whole(self, recommender, candidates, seed):
        audience, matrices = audience_of(recommender, seed, candidates)
        everything, mask = audience.scores(), audience.candidates()
        assert everything.shape == mask.shape == audience.shape == matrices.ratings.shape
        some, users = [4, 1, 7], np.array([2, 9, 5])
        np.testing.assert_allclose(audience.scores(some), everything[:, some], atol=1e-9)
        assert np.array_equal(audience.candidates(some), mask[:, some])
        part = audience.take(users)
        np.testing.assert_allclose(part.scores(), everything[users], atol=1e-9)
        assert np.array_equal(part.candidates(), mask[users])
        assert part.shape == (3, audience.shape[1])
        rated = matrices.ratings.toarray() != 0
        assert np.array_equal(mask, ~rated if candidates == "unrated" else np.ones_like(rated))

    @given(seed=SEEDS)
    @settings(max_examples=10, deadline=None)
    def test_a_changed_item_is_rescored_and_its_gradient_is_that_of_differences(self, recommender, seed):
        audience, matrices = audience_of(recommender, seed)
        random = np.random.default_rng(seed)
        size = int(matrices.mutable.sum())
        changes = random.normal(size=(2, size))
        rescored = audience.rescored(3, changes)
        assert rescored.shape == (audience.shape[0], 2)
        np.testing.assert_allclose(audience.rescored(3, np.zeros((1, size))), audience.scores([3]), atol=1e-9)
        np.testing.assert_allclose(audience.rescored(3, csr_array(changes)), rescored, atol=1e-9)
        assert np.array_equal(audience.features(3), matrices.features.toarray()[3, matrices.mutable])
        weights, step = random.normal(size=audience.shape[0]), 1e-5
        gradient = audience.gradient(3, changes[0], weights)
        for feature in range(size):
            away = np.zeros((2, size))
            away[:, feature] = step, -step
            above, below = weights @ audience.rescored(3, changes[:1] + away)
            assert gradient[feature] == pytest.approx((above - below) / (2 * step), abs=1e-4)

    @given(seed=SEEDS)
    @settings(max_examples=10, deadline=None)
    def test_a_linear_map_is_the_difference_that_changes_make(self, recommender, seed):
        audience, matrices = audience_of(recommender, seed)
        linear = audience.linear()
        if linear is None:
            pytest.skip("its scores are not linear in an item's features")
        changes = np.random.default_rng(seed).normal(size=(3, int(matrices.mutable.sum())))
        gains = audience.rescored(5, changes) - audience.scores([5])
        np.testing.assert_allclose(linear.gains(changes.T), gains, atol=1e-9)
        profiles = linear.columns(np.arange(changes.shape[1]))
        np.testing.assert_allclose(profiles @ changes.T, gains, atol=1e-9)
        users = np.array([1, 4])
        np.testing.assert_allclose(audience.take(users).linear().gains(changes.T), gains[users], atol=1e-9)
        np.testing.assert_allclose(linear.take(users).columns([2, 0]), profiles[users][:, [2, 0]], atol=1e-9)
        assert (np.abs(gains) <= linear.magnitude().gains(np.abs(changes).T) + 1e-9).all()

    @given(seed=SEEDS)
    @settings(max_examples=10, deadline=None)
    def test_live_scores_are_those_of_a_recommender_fitted_to_the_changed_item(self, recommender, seed):
        audience, matrices = audience_of(recommender, seed, items=12)
        change = np.round(np.random.default_rng(seed).normal(size=(2, int(matrices.mutable.sum()))), 2)
        item = int(matrices.ratings.indices[0])
        module = recommenders.load(recommender)
        for row, (users, scores) in enumerate(audience.live(item, change)):
            assert np.array_equal(users, np.flatnonzero(matrices.ratings.toarray()[:, item]))
            changed = matrices.features.toarray()
            changed[item, matrices.mutable] += change[row]
            anew = matrices._replace(features=csr_array(changed))
            choice = module.Settings()
            fitted = module.audience(module.fit(anew, choice), anew, slice(None), "all", choice)
            np.testing.assert_allclose(scores, fitted.scores()[users], atol=1e-8)

    def test_fitting_twice_gives_the_same_bytes(self, recommender):
        module, matrices = recommenders.load(recommender), matrices_of(3)
        one, other = (module.fit(matrices, module.Settings()) for _ in range(2))
        assert one.keys() == other.keys()
        assert all(np.asarray(one[name]).tobytes() == np.asarray(other[name]).tobytes() for name in one)


@given(SEEDS, st.sampled_from([0.1, 3.0]), st.booleans())
@settings(max_examples=20, deadline=None)
def test_ridge_is_ridge_regression(seed, alpha, centre):
    """In the primal: the normal equations of each user, with all features."""
    matrices = matrices_of(seed)
    choice = ridge.Settings(alpha=alpha, centre=centre)
    audience = ridge.audience(ridge.fit(matrices, choice), matrices, slice(None), "all", choice)
    features = matrices.features.toarray()
    for user, ratings in enumerate(matrices.ratings.toarray()):
        rated = np.flatnonzero(ratings)
        wanted = ratings[rated] - (ratings[rated].mean() if centre else 0.0)
        history = features[rated]
        normal = history.T @ history + alpha * np.eye(features.shape[1])
        coefficients = np.linalg.solve(normal, history.T @ wanted)
        np.testing.assert_allclose(audience.scores()[user], features @ coefficients, atol=1e-8)


def problem_of(audience, samples, items, k, constraints=FREE):
    target = random_study.target_of(audience)
    return Problem(audience, items, samples, target.scores(items), target.thresholds(items, k), constraints)


def bounds(size, seed):
    random = np.random.default_rng(seed)
    return Constraints(random.choice([0.5, 1.0, 2.0], size), -random.choice([0.0, 1.0], size), np.full(size, 2.0))


class TestMethods:
    """The contract of a method, over every recommender."""

    @pytest.mark.slow
    @given(seed=SEEDS, bounded=st.booleans())
    @settings(max_examples=10, deadline=None)
    def test_solutions_say_the_truth(self, recommender, method, seed, bounded):
        audience, matrices = audience_of(recommender, seed, users=14)
        size = int(matrices.mutable.sum())
        constraints = bounds(size, seed) if bounded else FREE
        samples, items = [np.array([0, 3, 7]), np.array([1, 2, 9])], [4, 11]
        problem = problem_of(audience, samples, items, 5, constraints)
        few = {"queries": 1000} if "queries" in method.Settings.model_fields else {}
        choice = method.Settings(desired_rank=5, **few)
        if reason := method.unsupported(problem, choice):
            assert reason.strip() and "\n" not in reason
            return
        solutions = method.solve(problem, choice, CPU, random_study.SILENT)
        again = method.solve(problem, choice, CPU, random_study.SILENT)
        assert [len(row) for row in solutions] == [2, 2]
        for users, row, same in zip(samples, solutions, again, strict=True):
            for at, (item, solution) in enumerate(zip(items, row, strict=True)):
                assert solution.change.shape == (size,)
                assert np.isfinite(solution.change).all()
                assert np.array_equal(solution.change, same[at].change)
                if bounded:
                    assert (solution.change >= constraints.low).all() and (solution.change <= constraints.high).all()
                scores = audience.rescored(item, solution.change[None, :])[users, 0]
                content = scores > problem.thresholds[users, at] - 1e-9
                assert content.all() if solution.status == REACHED else True
                assert solution.status == REACHED or not (scores > problem.thresholds[users, at] + 1e-9).all()
                assert solution.diagnostics.keys() == row[0].diagnostics.keys()

    def test_users_who_are_content_ask_for_no_change(self, recommender, method):
        audience, _ = audience_of(recommender, 2)
        problem = problem_of(audience, [np.array([0, 1])], [3], audience.shape[1])
        if method.unsupported(problem, method.Settings()):
            pytest.skip("declined")
        [[solution]] = method.solve(problem, method.Settings(), CPU, random_study.SILENT)
        assert solution.status == REACHED and not solution.change.any()


class Saturating(LinearAudience):
    """A throw-away recommender whose scores are not linear in an item's features: their logarithms."""

    def scores(self, items=None):
        return np.arcsinh(super().scores(items))

    def rescored(self, item, changes):
        return np.arcsinh(super().scores([item]) + self.map.gains(changes.T))

    def gradient(self, item, change, weights):
        raw = super().scores([item])[:, 0] + self.map.gains(change)
        return ((weights / np.sqrt(1 + raw**2)) @ self.weights) @ self.mutable_features

    def linear(self):
        return None

    def live(self, item, changes):
        for _ in changes:
            yield np.array([], dtype=int), np.empty((0, self.shape[1]))


def saturating(seed, **size):
    features, ratings = random_study.recommender(seed, **size)
    return Saturating(csr_array(features), np.ones(features.shape[1], dtype=bool), csr_array(ratings), "all")


def solution(status=REACHED, **diagnostics):
    return Solution(np.zeros(2), status, diagnostics=diagnostics)


class TestOutcomes:
    """What solutions tell besides the change becomes columns."""

    def test_a_solution_that_lacks_a_diagnostic_leaves_it_open(self):
        for order in (1, -1):
            answers = [(1, 1, solution(queries=7)), (2, 1, solution(DECLINED))][::order]
            packed = recourses.outcomes(answers)
            assert sorted(packed["queries"].tolist(), key=np.isnan)[0] == 7.0
            assert np.isnan(packed["queries"]).sum() == 1
        assert recourses.outcomes([(1, 1, solution(queries=7))])["queries"].dtype == int

    @pytest.mark.parametrize("name", ["l1", "success", "seed", "change_row", "dataset", "no name"])
    def test_a_diagnostic_that_is_called_as_a_column_is_refused(self, name):
        with pytest.raises(InputError, match=f"diagnostics: given '{name}'"):
            recourses.outcomes([(1, 1, solution(**{name: 1.0}))])

    def test_the_names_that_are_taken_are_those_of_the_tables(self):
        assert {*COLUMNS} - {*DIAGNOSTICS} <= recourses.RESERVED
        assert {*measures.Evaluated._fields, *recourses.PACKED} <= recourses.RESERVED


class TestScoresThatAreNotLinear:
    def test_recrec_declines_in_a_sentence_and_the_cell_says_so(self):
        target = random_study.target_of(saturating(3))
        solutions = recourses.solve_cell(target, [4, 2], 50, [1, 2], recrec, choose())
        assert {solution.status for _, _, solution in solutions} == {DECLINED}
        packed = recourses.pack(solutions)
        assert "not linear" in packed["reason"][0]
        columns, rows = measures.rows_of(
            packed, measures.evaluate_cell(target, packed["item"], *2 * [np.zeros((4, 10))], 5, 0.5)
        )
        assert columns[:4] == ["item", "seed", "status", "reason"] and len(rows) == 4

    def test_greedy_answers_as_for_the_linear_ones_that_rank_alike(self):
        """A monotone function of the scores changes no rank, so the same steps win the same users."""
        curved = saturating(5, users=20)
        straight = LinearAudience(curved.item_features, curved.mutable, curved.ratings, "all")
        choice = greedy.Settings(desired_rank=5)
        found = [
            recourses.solve_cell(random_study.target_of(audience), [4], 20, [1], greedy, choice)
            for audience in (curved, straight)
        ]
        assert [one[0][2].status for one in found] == [REACHED, REACHED]
        assert np.array_equal(found[0][0][2].change > 0, found[1][0][2].change > 0)

    @given(SEEDS, st.sampled_from([0.0, 0.5, 0.8, 1.0]))
    @settings(max_examples=15, deadline=None)
    def test_thresholding_and_evaluation_are_those_of_the_linear_ones_that_rank_alike(self, seed, keep):
        curved = saturating(seed, users=20)
        straight = LinearAudience(curved.item_features, curved.mutable, curved.ratings, "all")
        random = np.random.default_rng(seed)
        items = np.array([4, 9])
        counted = [None, np.sort(random.permutation(20)[:7])]
        changes = np.round(random.normal(size=(2, 10)) * 4) / 4 * (random.random((2, 10)) < 0.7)
        results = []
        for audience in (curved, straight):
            audience.live = lambda item, rows: ((np.array([], dtype=int), np.empty((0, 30))) for _ in rows)
            target = random_study.target_of(audience)
            kept = thresholding.threshold_cell(target, items, counted, changes, 5, keep)
            results.append((kept, measures.evaluate_cell(target, items, changes, kept, 5, 0.5)))
        assert np.array_equal(results[0][0], results[1][0])
        assert results[0][1] == results[1][1]

    def test_states_are_scored_some_at_a_time(self, monkeypatch):
        audience = saturating(1, users=20)
        change = np.random.default_rng(0).normal(size=10)
        thresholds = random_study.target_of(audience).thresholds([3], 5)[:, 0]

        def kept():
            return thresholding.hard_threshold_anew(change, lambda rows: audience.rescored(3, rows), thresholds, 0.8)

        whole = kept()
        monkeypatch.setattr(thresholding, "BLOCK", 60)
        assert np.array_equal(kept(), whole)


class Factors(LinearAudience):
    """A throw-away factorisation: dense factors on either side of the map."""

    def __init__(self, seed, sparse_features):
        random = np.random.default_rng(seed)
        features, ratings = random_study.recommender(seed, users=15, items=25, features=12)
        super().__init__(csr_array(features), np.ones(12, dtype=bool), csr_array(ratings), "all")
        self.users, right = random.normal(size=(15, 3)), np.round(random.normal(size=(3, 12)), 2)
        self.right = csr_array(right) if sparse_features else right

    @property
    def map(self):
        return LinearMap(self.users, self.right)

    def take(self, users):
        part = super().take(users)
        part.users = self.users[users]
        return part

    def scores(self, items=None):
        scores = self.users @ (self.right @ self.item_features.T.toarray())
        return scores if items is None else scores[:, items]


@given(SEEDS, st.sampled_from([0.0, 0.2]), st.booleans(), st.sampled_from(["mean", "sum"]), some_terms(12))
@settings(max_examples=25, deadline=None)
def test_leaping_through_dense_factors_is_stepping(seed, penalty, sparse_features, aggregate, constraints):
    audience = Factors(seed, sparse_features)
    problem = problem_of(audience, [np.array([0, 4, 8]), np.array([1, 2, 3])], [5, 6], 4, constraints)
    choice = choose(aggregate, 4, 0.3, penalty, max_iterations=50)
    for users, row in zip(problem.samples, recrec.solve(problem, choice, CPU, random_study.SILENT), strict=True):
        for at, solution in enumerate(row):
            profiles = audience.users[users] @ np.asarray(audience.right @ np.eye(12))
            task = Task(profiles, problem.scores[users, at], problem.thresholds[users, at], constraints)
            stepped = stepping.solve(task, choice)
            assert (solution.status, solution.diagnostics["iterations"]) == (
                stepped.status,
                stepped.diagnostics["iterations"],
            )
            np.testing.assert_allclose(solution.change, stepped.change, rtol=1e-8, atol=1e-8)


class Counting:
    """An audience that counts the changed items it is asked to score, and answers nothing else but features."""

    def __init__(self, audience, asked):
        self.audience, self.asked = audience, asked
        self.mutable, self.shape = audience.mutable, audience.shape

    def take(self, users):
        return Counting(self.audience.take(users), self.asked)

    def features(self, item):
        return self.audience.features(item)

    def rescored(self, item, changes):
        self.asked.append(changes.shape[0])
        return self.audience.rescored(item, changes)


def literal_greedy(audience, item, thresholds, choice, constraints):
    """One step after another, each candidate scored by itself."""
    weights, low, high = constraints
    present, size = audience.features(item), len(audience.features(item))
    change, queries = np.zeros(size), 0
    candidates = [(feature, choice.step) for feature in range(size)]
    candidates += [(feature, -choice.step) for feature in range(size) if present[feature]]

    def state(change):
        scores = audience.rescored(item, change[None, :])[:, 0]
        short = sum(max(0.0, bar - score) for score, bar in zip(scores, thresholds, strict=True) if np.isfinite(bar))
        return sum(scores > thresholds), short, scores

    content, short, _ = state(change)
    while content < len(thresholds):
        if choice.queries - queries < 2:
            return change, "budget", queries
        asked = []
        for feature, step in candidates:
            changed = change.copy()
            changed[feature] += step
            if step < 0 < present[feature] and present[feature] + changed[feature] < 0:
                continue
            if not low[feature] <= changed[feature] <= high[feature]:
                continue
            then, left, _ = state(changed)
            share = round((short - left) / short, 9) if short > 0 else short - left
            asked.append(((feature, step), then - content, share, abs(step) * weights[feature]))
            queries += 1
        winning = any(won > 0 for _, won, _, _ in asked)
        worth = [(won if winning else made_up) / cost for _, won, made_up, cost in asked]
        if not asked or max(worth) <= 0:
            return change, "stalled", queries
        order = sorted(range(len(asked)), key=lambda at: (-worth[at], -asked[at][2] / asked[at][3], at))
        feature, step = asked[order[0]][0]
        change[feature] += step
        content, short, _ = state(change)
        queries += 1
        candidates = [asked[at][0] for at in sorted(order[: choice.shortlist])]
    return change, "reached", queries


def by_hand(profiles, present, thresholds, constraints=FREE):
    """The last item of a catalogue, for users with these profiles."""
    profiles = np.asarray(profiles, dtype=float)
    users = len(profiles)
    audience = random_study.audience(np.vstack([profiles, present]), np.eye(users, users + 1))
    return Problem(
        audience, [users], [np.arange(users)], audience.scores([users]), np.reshape(thresholds, (users, 1)), constraints
    )


def greedy_by_hand(profiles, present, thresholds, constraints=FREE, **choice):
    problem = by_hand(profiles, present, thresholds, constraints)
    [[solution]] = greedy.solve(problem, greedy.Settings(**choice), CPU, random_study.SILENT)
    return solution


class TestGreedy:
    @pytest.mark.slow
    @given(
        SEEDS, st.sampled_from([1.0, 0.5]), st.sampled_from([3, 64]), st.sampled_from(["content", "ridge"]),
        st.booleans(), st.booleans(),
    )  # fmt: skip
    @settings(max_examples=40, deadline=None)
    def test_it_takes_the_steps_of_its_literal_twin(self, seed, step, shortlist, name, real, bounded):
        """`real`: features of the item may be negative."""
        audience, matrices = audience_of(name, seed, real=real)
        random, size = np.random.default_rng(seed), int(matrices.mutable.sum())
        constraints = Constraints(random.choice([1.0, 2.0, 4.0], size), np.full(size, -np.inf), np.full(size, np.inf))
        if bounded:  # in steps, and between two of them
            low, high = random.choice([-2.5, -2, -1, 0], size), random.choice([0, 1, 2, 3.5], size)
            constraints = constraints._replace(low=low * step, high=high * step)
        users = np.array([0, 2, 5, 8])
        problem = problem_of(audience, [users], [3], 4, constraints)
        choice = greedy.Settings(desired_rank=4, step=step, shortlist=shortlist, queries=4000)
        [[solution]] = greedy.solve(problem, choice, CPU, random_study.SILENT)
        change, status, queries = literal_greedy(
            audience.take(users), 3, problem.thresholds[users, 0], choice, constraints
        )
        assume(status != "budget")  # near its end the features are drawn
        assert np.array_equal(solution.change, change)
        assert (solution.status, solution.diagnostics["queries"]) == (status, queries)
        assert np.array_equal(solution.change % step, np.zeros_like(change)), "whole steps"

    @pytest.mark.parametrize("queries", [2, 7, 30, 500])
    def test_it_sees_scores_alone_and_records_every_query_within_its_budget(self, queries):
        audience, _ = audience_of("content", 6)
        asked = []
        problem = problem_of(audience, [np.arange(12)], [3], 1)._replace(audience=Counting(audience, asked))
        choice = greedy.Settings(desired_rank=1, queries=queries)
        [[solution]] = greedy.solve(problem, choice, CPU, random_study.SILENT)
        assert solution.diagnostics["queries"] == sum(asked) <= queries

    @pytest.mark.parametrize(
        ("queries", "asked"), [(2, [1, 1]), (3, [1, 1]), (7, [3, 1, 1, 1]), (9, [4, 1, 2, 1]), (12, [5, 1, 3, 1, 1, 1])]
    )
    def test_it_asks_about_as_many_steps_as_half_of_what_is_left_allows(self, queries, asked):
        """Five features of an item that has none of them, and a bar out of reach."""
        profiles, made = np.ones((1, 5)), []
        problem = by_hand(profiles, np.zeros(5), [1e9])
        problem = problem._replace(audience=Counting(problem.audience, made))
        [[solution]] = greedy.solve(problem, greedy.Settings(queries=queries), CPU, random_study.SILENT)
        assert made == asked
        assert (solution.status, solution.diagnostics["queries"]) == (BUDGET, sum(asked))

    def test_steps_are_scored_some_at_a_time(self, monkeypatch):
        audience, _ = audience_of("content", 6)
        problem = problem_of(audience, [np.arange(4)], [3], 2)
        [[whole]] = greedy.solve(problem, greedy.Settings(), CPU, random_study.SILENT)
        monkeypatch.setattr(greedy, "TOGETHER", 3)
        asked = []
        problem = problem._replace(audience=Counting(audience, asked))
        [[parts]] = greedy.solve(problem, greedy.Settings(), CPU, random_study.SILENT)
        assert np.array_equal(parts.change, whole.change) and parts.change.any()
        assert parts.diagnostics["queries"] == whole.diagnostics["queries"] == sum(asked)
        assert max(asked) == 3

    def test_a_score_at_the_bar_is_not_above_it(self):
        """The item as it is, and after a step that brings it just there."""
        assert greedy_by_hand([[1.0]], [0.0], [0.0]).change.tolist() == [1.0]
        assert greedy_by_hand([[1.0]], [0.0], [2.0]).change.tolist() == [3.0]

    def test_a_step_to_the_bar_wins_nobody(self):
        """The first feature brings two users to their bars, the second one user above."""
        found = greedy_by_hand([[1.0, 0.0], [1.0, 0.0], [0.0, 1.25]], [0.0] * 2, [1.0] * 3, queries=4)
        assert found.change.tolist() == [0.0, 1.0]

    def test_a_user_at_the_bar_is_still_to_be_won(self):
        """Nothing is missing as it is. Either feature wins one of them, the first one at the cost of the other."""
        found = greedy_by_hand([[-1.0, 1.0], [1.0, 0.0]], [0.0] * 2, [0.0] * 2, queries=4)
        assert found.change.tolist() == [0.0, 1.0]

    def test_among_features_that_cost_nothing_the_one_that_wins_more_is_taken(self):
        """The first one wins two users and makes up for more, the second one wins three."""
        profiles, free = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0], [9.0, 0.0]]), Constraints(weights=np.zeros(2))
        found = greedy_by_hand(profiles, [0.0] * 2, [0.5, 0.5, 0.5, 10.0], free, queries=4)
        assert found.change.tolist() == [0.0, 1.0]

    @pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
    def test_of_equal_steps_the_first_is_taken_whatever_their_sums_round_to(self, scale):
        """A tenth, two and three of them are more in one order than in the other."""
        for order in permutations([0.1, 0.2, 0.3]):
            profiles = scale * np.column_stack([[0.1, 0.2, 0.3], order])
            assert greedy_by_hand(profiles, [0.0] * 2, [2 * scale] * 3, queries=4).change.tolist() == [1.0, 0.0]

    def test_a_step_that_brings_a_millionth_more_is_better(self):
        assert greedy_by_hand([[1.0, 1.000001]], [0.0] * 2, [2.0], queries=4).change.tolist() == [0.0, 1.0]

    def test_the_log_has_a_line_for_each_item(self, caplog):
        log = logging.getLogger("greedy")
        problem = by_hand([[1.0]], [0.0], [2.0])
        with caplog.at_level(logging.INFO, "greedy"):
            greedy.solve(problem, greedy.Settings(), CPU, log)
        assert [record.getMessage() for record in caplog.records] == ["item 1: reached after 6 queries"]

    def test_where_the_budget_is_short_the_seed_draws_the_features(self):
        audience, _ = audience_of("content", 6)
        problem = problem_of(audience, [np.arange(12)], [3], 1)
        drawn = {
            greedy.solve(problem, greedy.Settings(queries=8, seed=seed), CPU, random_study.SILENT)[0][
                0
            ].change.tobytes()
            for seed in range(8)
        }
        assert len(drawn) > 1

    def test_no_feature_is_taken_away_that_is_not_there(self):
        for seed in range(20):
            audience, _ = audience_of("ridge", seed)
            problem = problem_of(audience, [np.arange(4)], [3, 8], 2)
            for item, solution in zip(
                [3, 8], greedy.solve(problem, greedy.Settings(queries=2000), CPU, random_study.SILENT)[0], strict=True
            ):
                assert (audience.features(item) + solution.change >= 0).all()

    def test_opposed_users_stall_it(self):
        features, ratings = np.array([[1.0], [2.0], [3.0]]), np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
        audience = random_study.audience(features, ratings)
        problem = problem_of(audience, [np.arange(2)], [1], 1)
        [[solution]] = greedy.solve(problem, greedy.Settings(desired_rank=1), CPU, random_study.SILENT)
        assert solution.status == STALLED
