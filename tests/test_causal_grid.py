"""The grid, against its literal twin; the two baselines."""

import itertools

import numpy as np
import pytest
from causal_worlds import SIMULATED, costs_of, problem_of, random_profiles, solved, world_and_asking
from hypothesis import given, settings
from hypothesis import strategies as st

from recrec.actionability.profiles import Profiles
from recrec.causal.methods import exact, grid, nearest, random
from recrec.causal.world import Plans, Problem, cost

#: Together a minute or two.
pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 10**6)


def literal(problem, bins, span, largest_set):
    """One person and one combination after the other; the first of the cheapest accepted ones stays."""
    world, profiles = problem.world, problem.profiles
    lower, upper = problem.box()
    rejected = world.train[world.classifier.logit(world.train) < 0][:, world.model.actionable]
    acted, values = np.zeros_like(profiles.mask), problem.present.copy()
    for person, present in enumerate(problem.present):
        per_node = []
        for node, value in enumerate(present):
            low, high = lower[person, node], upper[person, node]
            if span == "published":
                low = value - 2 * (value - rejected[:, node].min())
                high = value + 2 * (rejected[:, node].max() - value)
            steps = [low + place / (bins - 1) * (high - low) for place in range(bins - 1)]
            offered = [v for v in [*steps, high] if lower[person, node] <= v <= upper[person, node]]
            per_node.append([*(offered if profiles.mask[person, node] else []), None])
        best = np.inf
        for combination in itertools.product(*per_node):
            acts = np.array([choice is not None for choice in combination])
            if not 0 < acts.sum() <= largest_set:
                continue
            set_to = np.array([v if choice is None else choice for v, choice in zip(present, combination, strict=True)])
            whole = problem.people[person : person + 1], acts[None], set_to[None]
            if world.classifier.logit(world.model.counterfactual(*whole))[0] < 0:
                continue
            soft = [part[person : person + 1] for part in (profiles.weights, profiles.preferred, profiles.penalty)]
            price = cost(world, *whole, *soft)[0]
            if price < best:
                best, acted[person], values[person] = price, acts, set_to
    return Plans.of(problem, acted, values)


@pytest.mark.parametrize("span", ["limits", "published"])
@pytest.mark.parametrize("name", ["triangle", "collider-nonlinear", "loan"])
def test_grid_is_its_literal_twin(name, span):
    problem = problem_of(name, 6)
    for profiles in (problem.profiles, random_profiles(problem, 4)):
        problem = problem._replace(profiles=profiles)
        bins = 4 if name == "loan" else 7
        plans, _ = solved(grid, problem, bins=bins, span=span)
        twin = literal(problem, bins, span, problem.present.shape[1])
        np.testing.assert_array_equal(plans.acted, twin.acted)
        assert plans.values.tobytes() == twin.values.tobytes()
        assert not plans.certified.any()


def test_grid_acts_on_no_more_nodes_than_it_may():
    problem = problem_of("loan", 6)
    plans, costs = solved(grid, problem, bins=5, largest_set=2)
    assert plans.values.tobytes() == literal(problem, 5, "limits", 2).values.tobytes()
    assert (costs >= solved(grid, problem, bins=5)[1]).all()
    assert grid.largest(4, None) == 4 and grid.largest(5, None) == 3 and grid.largest(5, 2) == 2


@pytest.mark.parametrize("first", [1, 40, 128])
def test_of_two_that_cost_the_same_the_first_is_taken(first, monkeypatch):
    """The person stands in the middle of the values, so that going up and going down cost the same to the last bit."""
    monkeypatch.setattr(grid, "FIRST", first)  # the round that finds it ends between equal ones, or does not
    world, _ = world_and_asking("collider")

    class Bowl:
        coefficients = None

        def logit(self, x, xp=np):
            return xp.abs(x[..., 1]) + xp.abs(x[..., 2]) - 1.0

    person = np.zeros((1, 4))
    limits = np.array([[-1.0] * 3, [1.0] * 3])
    sd, ranges = np.ones(4), np.ones(3)
    problem = Problem(
        world._replace(classifier=Bowl(), limits=limits, sd=sd, ranges=ranges), person, Profiles.universal(1, 3)
    )
    plans, costs = solved(grid, problem, bins=5)
    # Half a unit of two nodes costs less than a unit of one. X3 follows its parents, so acting on it would cost more.
    assert plans.values.tolist() == [[-0.5, -0.5, 0.0]] and costs == pytest.approx(0.5 / 3)
    assert plans.values.tobytes() == literal(problem, 5, "limits", 3).values.tobytes()


@pytest.mark.parametrize("name", SIMULATED)
def test_a_finer_grid_that_holds_the_coarser_one_costs_no_more(name):
    problem = problem_of(name, 15)
    problem = problem._replace(profiles=random_profiles(problem, 9))
    costs = [solved(grid, problem, bins=bins)[1] for bins in (3, 5, 9)]
    assert (costs[1] <= costs[0] * (1 + 1e-9)).all() and (costs[2] <= costs[1] * (1 + 1e-9)).all()
    assert (costs[2] < costs[0]).any()


def test_grid_asks_in_the_order_of_cost():
    problem = problem_of("loan", 20)
    plans, _ = solved(grid, problem, bins=9)
    assert (plans.diagnostics["tries"] < grid.size(4, 9, 4)).any()
    assert len(grid.combinations(4, 9, 4)) == grid.size(4, 9, 4) == 10**4 - 1


def test_grid_declines_what_it_cannot_do():
    problem = problem_of("loan", 2)
    assert "2,000,000 combinations" in grid.unsupported(problem, grid.Settings(bins=40))
    endless = problem._replace(world=problem.world._replace(limits=np.array([[-np.inf] * 4, [np.inf] * 4])))
    assert "finite" in grid.unsupported(endless, grid.Settings())
    assert "finite" in random.unsupported(endless, random.Settings())
    assert grid.unsupported(endless, grid.Settings(span="published")) is None
    solved(grid, endless, span="published")


@pytest.mark.parametrize("together", [random.TOGETHER, 300, 1])
def test_random_plans_of_the_first_people_are_the_same_however_many_follow(together, monkeypatch):
    problem = problem_of("loan", 30)
    problem = problem._replace(profiles=random_profiles(problem, 4))
    plans, costs = solved(random, problem, 5)
    assert np.isfinite(costs).any()
    monkeypatch.setattr(random, "TOGETHER", together)
    for n in (1, 7, 30):
        first = Problem(problem.world, problem.people[:n], problem.profiles.take(slice(n)))
        few, _ = solved(random, first, 5)
        assert few.acted.tobytes() == plans.acted[:n].tobytes()
        assert few.values.tobytes() == plans.values[:n].tobytes()
    assert solved(random, problem, 6)[0].values.tobytes() != plans.values.tobytes()


def test_a_random_plan_is_the_cheapest_accepted_one_of_all_that_are_drawn():
    """Against one person's draws, read off the generator one plan at a time."""
    problem = problem_of("loan", 4)
    problem = problem._replace(profiles=random_profiles(problem, 4))
    rng, (lower, upper), profiles = np.random.default_rng(5), problem.box(), problem.profiles
    _, costs = solved(random, problem, 5, tries=40)
    for row in range(4):
        best = np.inf
        one = problem._replace(people=problem.people[[row]], profiles=profiles.take([row]))
        for _ in range(40):
            urge, share = rng.random((2, problem.present.shape[1]))
            urge[~profiles.mask[row]] = np.inf
            acted = profiles.mask[row] & ((urge < 0.5) | (urge == urge.min()))
            plan = Plans.of(one, acted[None], (lower[row] + share * (upper[row] - lower[row]))[None])
            best = min(best, costs_of(one, plan)[0])
        assert costs[row] == pytest.approx(best)


@pytest.mark.parametrize("method", [grid, random, nearest])
@given(SEEDS, st.sampled_from(SIMULATED))
@settings(max_examples=10, deadline=None)
def test_no_constraint_is_broken(method, seed, name):
    problem = problem_of(name, 8)
    problem = problem._replace(profiles=random_profiles(problem, seed))
    plans, _ = solved(method, problem, **({"bins": 5} if method is grid else {}))  # asserts it
    again, _ = solved(method, problem, **({"bins": 5} if method is grid else {}))
    np.testing.assert_array_equal(plans.values, again.values)


def test_more_random_plans_are_no_worse_and_another_seed_draws_others():
    problem = problem_of("triangle", 50)
    few, many = (solved(random, problem, tries=tries)[1] for tries in (5, 500))
    assert many.mean() < few[np.isfinite(few)].mean() and np.isfinite(many).all()
    one, other = (solved(random, problem, seed=seed)[0] for seed in (0, 1))
    assert (one.values != other.values).any()


def test_random_plans_fill_the_box():
    problem = problem_of("triangle", 400)
    always = problem.world.classifier._replace(biases=(np.array([1e9]),))
    plans, _ = solved(random, problem._replace(world=problem.world._replace(classifier=always)), tries=1)
    sizes = plans.acted.sum(axis=1)
    assert set(sizes) == {1, 2, 3}
    assert 0.4 < plans.acted.mean() < 0.7
    lower, upper = problem.box()
    share = ((plans.values - lower) / (upper - lower))[plans.acted]
    assert share.min() < 0.02 and share.max() > 0.98 and 0.45 < share.mean() < 0.55


def test_nearest_copies_the_nearest_accepted_person():
    world, _ = world_and_asking("collider")
    models = np.array([[0.0, 3.0, 3.0, 3.0], [0.0, 9.0, 9.0, 9.0], [0.0, -3.0, -3.0, -3.0]])
    people = np.array([[0.0, -2.0, -2.0, -2.0], [0.0, -2.0, -2.0, -2.0]])
    limits = np.array([[-10.0] * 3, [10.0, 10.0, 4.0]])
    world = world._replace(train=models, limits=limits)
    assert (world.classifier.logit(models) >= 0).tolist() == [True, True, False]
    profiles = Profiles.universal(2, 3)
    profiles.mask[1, :2] = False
    problem = Problem(world, people, profiles)
    plans, _ = solved(nearest, problem, neighbours=1)
    assert plans.found.tolist() == [True, bool(world.classifier.logit(np.array([[0, -2, -2, 3.0]])) >= 0)]
    assert plans.values[0].tolist() == [3, 3, 3]
    # With the nearest one out of reach, the second one's values are tried, clipped to the limits.
    narrow = problem._replace(profiles=Profiles.universal(2, 3)._replace(low=np.full((2, 3), -2.0)))
    far = narrow._replace(world=world._replace(train=np.array([[0.0, 9.0, 9.0, 9.0], [0.0, 30.0, 30.0, 30.0]])))
    assert solved(nearest, far)[0].values[0].tolist() == [9, 9, 4]


def test_nearest_goes_on_to_the_next_where_the_first_will_not_do():
    problem = problem_of("loan", 60)
    one, three = (solved(nearest, problem, neighbours=k)[0] for k in (1, 30))
    assert three.found.sum() > one.found.sum()
    assert (three.values[one.found] == one.values[one.found]).all()


def test_nearest_declines_without_anybody_accepted():
    problem = problem_of("triangle", 3)
    rejected = problem.world.train[problem.world.classifier.logit(problem.world.train) < 0]
    problem = problem._replace(world=problem.world._replace(train=rejected))
    assert "nobody" in nearest.unsupported(problem, nearest.Settings())


@pytest.mark.parametrize(("method", "constant"), [(grid, "TOGETHER"), (nearest, "TOGETHER"), (exact, "PAIRS")])
def test_people_in_parts_are_people_at_once(method, constant, monkeypatch):
    problem = problem_of("loan", 7)
    problem = problem._replace(profiles=random_profiles(problem, 4))
    settings_ = {} if method is nearest else {"bins": 4}
    whole, _ = solved(method, problem, **settings_)
    monkeypatch.setattr(method, constant, 60)
    parts, _ = solved(method, problem, **settings_)
    np.testing.assert_allclose(whole.values, parts.values, rtol=1e-5)  # rounding, where derivatives are differences
    for one, other in zip(whole[2:4], parts[2:4], strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.diagnostics.keys() == parts.diagnostics.keys()
    assert all(len(values) == 7 for values in parts.diagnostics.values())


def test_random_plans_do_not_depend_on_how_many_are_looked_at_together(monkeypatch):
    problem = problem_of("triangle", 20)
    whole, _ = solved(random, problem, tries=30)
    monkeypatch.setattr(random, "TOGETHER", 50)
    np.testing.assert_array_equal(whole.values, solved(random, problem, tries=30)[0].values)
