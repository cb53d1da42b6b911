"""The exact method: against solvers of others, against itself under more constraints, against brute force."""

import math

import numpy as np
import pytest
from causal_worlds import LINEAR, ROOT, SIMULATED, costs_of, problem_of, random_profiles, solved, world_and_asking
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from recrec.actionability.profiles import Profiles
from recrec.causal import catalogue
from recrec.causal.boxed import cheapest
from recrec.causal.expressions import parse
from recrec.causal.fitting import fit_equations
from recrec.causal.intervals import Interval, namespace
from recrec.causal.methods import exact, grid, nearest, random
from recrec.causal.methods.exact import proving
from recrec.causal.methods.exact.quadratic import Quadratic
from recrec.causal.world import Problem, intervention_sets

#: Together a minute or two.
pytestmark = pytest.mark.slow

NUMBERS = st.floats(-5, 5)
SEEDS = st.integers(0, 10**6)


def small_problem(seed):
    """One closed-form problem: effects, curvature, pull, gain, lower, upper."""
    rng = np.random.default_rng(seed)
    acts = rng.integers(1, 5)
    effects = rng.normal(size=acts) * (rng.random(acts) < 0.9)
    curvature = rng.exponential(size=acts) + 0.01
    pull = curvature * rng.normal(size=acts) * (rng.random() < 0.5)
    lower = -rng.exponential(size=acts) * (rng.random(acts) < 0.8)
    upper = rng.exponential(size=acts) * (rng.random(acts) < 0.8)
    return effects, curvature, pull, rng.exponential(), lower, upper


# The closed form


@given(SEEDS)
@settings(max_examples=150)
def test_boxed_is_the_optimum_of_a_qp_solver(seed):
    effects, curvature, pull, gain, lower, upper = small_problem(seed)
    found = cheapest(effects, curvature, pull, np.array(gain), lower, upper)

    def objective(change):
        return (curvature * change**2 - 2 * pull * change).sum()

    most = -linprog(-effects, bounds=list(zip(lower, upper, strict=True))).fun
    assert found.reached == (most >= gain) or most == pytest.approx(gain)
    assert (lower <= found.change).all() and (found.change <= upper).all()
    if not found.reached:
        assert effects @ found.change == pytest.approx(most)
        return
    assert effects @ found.change >= gain - 1e-12 * (1 + gain)
    twin = minimize(
        objective,
        found.change * 0 + np.where(effects > 0, upper, lower),
        jac=lambda change: 2 * (curvature * change - pull),
        bounds=list(zip(lower, upper, strict=True)),
        constraints={"type": "ineq", "fun": lambda change: effects @ change - gain, "jac": lambda change: effects},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert objective(found.change) <= objective(twin.x) + 1e-9 * (1 + abs(twin.fun))
    if twin.success:
        assert objective(found.change) == pytest.approx(twin.fun, abs=1e-6)


@given(SEEDS)
def test_without_a_box_it_is_the_gap_squared_over_the_effects(seed):
    effects, curvature, _, gain, _, _ = small_problem(seed)
    if not effects.any():
        return
    found = cheapest(effects, curvature, np.zeros_like(effects), np.array(gain), np.array(-np.inf), np.array(np.inf))
    assert (curvature * found.change**2).sum() == pytest.approx(gain**2 / (effects**2 / curvature).sum())
    assert found.multiplier == pytest.approx(2 * gain / (effects**2 / curvature).sum())


def test_boxed_takes_free_acts_first_and_leaves_stuck_ones():
    changes = cheapest(
        np.array([1.0, 2.0, 1.0]),
        np.array([1.0, 0.0, np.inf]),
        np.zeros(3),
        np.array([1.0, 3.0]),
        np.full(3, -1.0),
        np.ones(3),
    ).change
    np.testing.assert_allclose(changes, [[0, 0.5, 0], [1, 1, 0]], atol=1e-9)


def test_boxed_with_two_acts_that_start_at_once():
    found = cheapest(np.ones(3), np.ones(3), np.zeros(3), np.array(3.5), np.zeros(3), np.array([1.0, 1.0, 2.0]))
    np.testing.assert_allclose(found.change, [1, 1, 1.5])


def test_boxed_answers_for_all_people_and_sets_at_once():
    single = [small_problem(seed) for seed in range(200)]
    single = [one for one in single if len(one[0]) == 3][:20]
    together = [np.stack(parts) for parts in zip(*single, strict=True)]
    for at, one in enumerate(single):
        np.testing.assert_array_equal(
            cheapest(*together).change[at], cheapest(*one[:3], np.array(one[3]), *one[4:]).change
        )


# Linear worlds


@pytest.mark.parametrize("name", LINEAR)
def test_nobody_does_better_in_a_linear_world(name):
    problem = problem_of(name, 12)
    problem = problem._replace(profiles=random_profiles(problem, 3))
    plans, costs = solved(exact, problem)
    world, quadratic = problem.world, Quadratic.of(problem)
    for person in range(len(problem.people)):
        best = np.inf
        for acted in intervention_sets(problem.present.shape[1]):
            if (acted & ~problem.profiles.mask[person]).any():
                continue
            part = Quadratic(*(rows[person, acted] for rows in quadratic))

            def logit(change, acted=acted, person=person):
                values = problem.present[person].copy()
                values[acted] += change
                return world.classifier.logit(world.model.counterfactual(problem.people[person], acted, values))

            start = np.where(quadratic.upper[person, acted] > 0, part.upper, part.lower)
            twin = minimize(
                part.cost,
                start,
                bounds=list(zip(part.lower, part.upper, strict=True)),
                constraints={"type": "ineq", "fun": logit},
                method="SLSQP",
                options={"ftol": 1e-13, "maxiter": 300},
            )
            if twin.success and logit(twin.x) >= -1e-9:
                best = min(best, twin.fun)
        assert costs[person] == pytest.approx(best, rel=1e-5, abs=1e-9) or costs[person] < best
        assert plans.certified[person]


def test_an_act_may_keep_the_value_and_cut_the_edge():
    """In the triangle X1 raises X2; who acts on X2 as well and wants it where it is holds it there."""
    problem = problem_of("triangle", 30)
    n = len(problem.people)
    preferred = np.full((n, 3), np.nan)
    preferred[:, 1] = problem.present[:, 1]
    mask = np.ones((n, 3), dtype=bool)
    problem = problem._replace(
        profiles=problem.profiles._replace(
            mask=mask, preferred=preferred, penalty=np.where(np.isnan(preferred), 0.0, 1e6), direction=np.int8(1) * mask
        )
    )
    plans, _ = solved(exact, problem)
    assert plans.found.any()
    assert (~plans.acted[:, 1] | (np.abs(plans.values[:, 1] - problem.present[:, 1]) < 1e-3)).all()


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_the_optimum_never_rises_as_constraints_fall(seed):
    problem = problem_of("triangle", 30)
    hard = random_profiles(problem, seed)
    rng = np.random.default_rng(seed)
    wider = hard._replace(
        mask=hard.mask | (rng.random(hard.mask.shape) < 0.3),
        low=np.where(rng.random(hard.mask.shape) < 0.5, -np.inf, hard.low),
        high=hard.high + rng.exponential(size=hard.mask.shape),
        direction=np.where(rng.random(hard.mask.shape) < 0.5, 0, hard.direction).astype(np.int8),
    )
    _, before = solved(exact, problem._replace(profiles=hard))
    _, after = solved(exact, problem._replace(profiles=wider))
    assert (after <= before * (1 + 1e-9) + 1e-15).all()


def test_weights_that_are_all_one_are_the_universal_profile():
    for name in ("collider", "loan"):
        problem = problem_of(name, 10)
        one, _ = solved(exact, problem)
        other, _ = solved(exact, problem_of(name, 10, weights=np.ones(problem.present.shape)))
        np.testing.assert_array_equal(one.values, other.values)


def test_nothing_is_found_where_nothing_does_it_and_that_is_certified():
    for name in ("triangle", "chain-nonlinear"):
        world, asking = world_and_asking(name)
        world = world._replace(limits=np.quantile(world.train[:, world.model.actionable], [0.499, 0.501], axis=0))
        worst = asking[np.argsort(world.classifier.logit(asking))[:10]]
        mask = np.zeros((10, 3), dtype=bool)
        mask[:, 1] = True
        problem = Problem(world, worst, Profiles.universal(10, 3)._replace(mask=mask))
        plans, _ = solved(exact, problem)
        assert not plans.found.all()
        assert plans.certified[~plans.found].all()
        assert (plans.values[~plans.found] == problem.present[~plans.found]).all()


def test_a_limit_on_the_set_is_kept():
    problem = problem_of("triangle", 40)
    plans, costs = solved(exact, problem, largest_set=1)
    assert (plans.acted.sum(axis=1) <= 1).all() and not plans.certified.any()
    assert (costs >= solved(exact, problem)[1] - 1e-12).all()
    assert (solved(exact, problem_of("loan", 8), largest_set=2)[0].acted.sum(axis=1) <= 2).all()


# All simulated worlds


@pytest.mark.parametrize("name", SIMULATED)
def test_exact_is_at_most_what_others_find(name):
    problem = problem_of(name, 40)
    for profiles in (problem.profiles, random_profiles(problem, 1)):
        problem = problem._replace(profiles=profiles)
        plans, costs = solved(exact, problem)
        for method, settings_ in ((grid, {"bins": 15}), (grid, {"bins": 8}), (random, {}), (nearest, {})):
            others, other_costs = solved(method, problem, **settings_)
            assert (costs <= other_costs * (1 + 1e-9)).all()
            assert not (others.found & ~plans.found).any()


@given(SEEDS, st.sampled_from(SIMULATED))
@settings(max_examples=14, deadline=None)
def test_no_constraint_is_broken(seed, name):
    problem = problem_of(name, 8)
    problem = problem._replace(profiles=random_profiles(problem, seed))
    plans, _ = solved(exact, problem)  # asserts it
    again, _ = solved(exact, problem)
    np.testing.assert_array_equal(plans.values, again.values)


@pytest.mark.parametrize("name", ["loan", "triangle-nonlinear", "chain-nonlinear"])
def test_what_is_certified_for_one_node_is_the_nearest_value_of_a_fine_scan(name):
    problem = problem_of(name, 25)
    n, actionable = problem.present.shape
    mask = np.zeros((n, actionable), dtype=bool)
    mask[np.arange(n), np.arange(n) % actionable] = True
    problem = problem._replace(profiles=problem.profiles._replace(mask=mask))
    plans, _ = solved(exact, problem)
    assert plans.certified.mean() > 0.9
    lower, upper = problem.box()
    for person in np.flatnonzero(plans.certified):
        (node,) = np.flatnonzero(mask[person])
        values = np.tile(problem.present[person], (20_001, 1))
        values[:, node] = np.linspace(lower[person, node], upper[person, node], len(values))
        acted = np.tile(mask[person], (len(values), 1))
        people = np.tile(problem.people[person], (len(values), 1))
        accepted = problem.world.classifier.logit(problem.world.model.counterfactual(people, acted, values)) >= 0
        if not plans.found[person]:
            assert not accepted.any()
            continue
        nearest_scanned = np.abs(values[accepted, node] - problem.present[person, node]).min(initial=np.inf)
        found = abs(plans.values[person, node] - problem.present[person, node])
        assert found <= nearest_scanned * (1 + 1e-6) + 1e-9
        assert found >= nearest_scanned - 2 * np.diff(values[:2, node])[0]


def test_the_search_finds_the_closed_form_in_a_linear_world(monkeypatch):
    problem = problem_of("chain", 40)
    problem = problem._replace(profiles=random_profiles(problem, 5))
    _, best = solved(exact, problem)
    monkeypatch.setattr(exact.linear, "applies", lambda world: False)
    plans, searched = solved(exact, problem)
    both = np.isfinite(best)
    assert (np.isfinite(searched) == both).all()
    np.testing.assert_allclose(searched[both], best[both], rtol=1e-6, atol=1e-12)
    assert "tries" in plans.diagnostics


def test_the_search_knows_its_grid_even_where_it_finds_nothing_itself(monkeypatch):
    """Take all starts away: what remains is the sweep, so the plan costs no more than the grid's."""
    problem = problem_of("loan", 15)
    monkeypatch.setattr(exact.searching.Search, "descend", lambda self, rows, nodes, change, *_: change)
    _, costs = solved(exact, problem)
    _, by_grid = solved(grid, problem, bins=15)
    assert (costs <= by_grid * (1 + 1e-9)).all()


# Intervals


@pytest.mark.parametrize(
    "text",
    [
        "X * Y - 2 * X", "X / Y", "X ** 2 + Y ** 3", "2 ** X + exp(Y)", "max(X, 0) * min(Y, 1)",
        "sigmoid(X) - 1 / (1 + Y ** 2)",
        "(X >= 0) * Y + (Y < 1)", "0.75 * Y ** -3", "-X", "3 - X * X", "log(1 + X ** 2)",
    ],
)  # fmt: skip
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_an_interval_holds_whatever_can_come_out(text, x, width_x, y, width_y, share_x, share_y):
    def interval(start, width):
        return Interval(np.array([start]), np.array([start + abs(width)]))

    expression = parse(text)
    bounds = expression.evaluate({"X": interval(x, width_x), "Y": interval(y, width_y)}, namespace)
    with np.errstate(all="ignore"):
        point = expression.evaluate(
            {"X": np.array([x + share_x * abs(width_x)]), "Y": np.array([y + share_y * abs(width_y)])}
        )
    if np.isnan(point[0]) or np.isnan(bounds.low[0]) or np.isnan(bounds.high[0]):
        return
    slack = 1e-9 * (1 + abs(point[0])) if math.isfinite(point[0]) else 0
    assert bounds.low[0] - slack <= point[0] <= bounds.high[0] + slack


@pytest.mark.parametrize("name", SIMULATED)
def test_bounds_of_the_logit_hold_for_points_between(name):
    problem = problem_of(name, 10)
    search = exact.searching.Search(problem, 2, exact.Settings())
    rows, nodes = search.pairs(2)
    part = search.quadratic.of_pairs(rows, nodes)
    rng = np.random.default_rng(0)
    ends = np.sort(part.lower + (part.upper - part.lower) * rng.random((2, *part.lower.shape)), axis=0)
    upper, _ = proving.bounds(search, rows, nodes, *ends)
    assert np.isfinite(upper).all()
    for share in rng.random((20, *part.lower.shape)):
        logits = search.logits(rows, nodes, ends[0] + share * (ends[1] - ends[0]))
        assert (logits <= upper + 1e-9 * (1 + np.abs(upper))).all()
    points, _ = proving.bounds(search, rows, nodes, ends[0], ends[0])
    np.testing.assert_allclose(points, search.logits(rows, nodes, ends[0]), rtol=1e-6, atol=1e-6)


def test_costs_are_those_of_the_world():
    problem = problem_of("loan", 20)
    problem = problem._replace(profiles=random_profiles(problem, 2))
    plans, costs = solved(random, problem, tries=30)
    quadratic = Quadratic.of(problem)
    change = plans.values - problem.present
    per_act = quadratic.curvature * change**2 - 2 * quadratic.pull * change + quadratic.rest
    np.testing.assert_allclose(np.where(plans.acted, per_act, 0).sum(axis=1)[plans.found], costs[plans.found])
    assert (costs_of(problem, plans) == costs).all()


def test_a_proof_runs_over_fitted_equations_as_well():
    world, asking = world_and_asking("chain-nonlinear")
    dataset = catalogue.load(catalogue.find("chain-nonlinear", ROOT))
    dataset = dataset.model_copy(update={"equations": "network"})
    fitted = world._replace(model=fit_equations(dataset, world.train))
    mask = np.arange(30)[:, None] % 3 == np.arange(3)
    problem = Problem(fitted, asking[:30], Profiles.universal(30, 3)._replace(mask=mask))
    plans, costs = solved(exact, problem)
    assert plans.certified.mean() > 0.9 and plans.found.mean() > 0.5
    _, by_grid = solved(grid, problem, bins=400, largest_set=1)
    assert (costs <= by_grid).all()


@pytest.mark.parametrize("name", ["loan", "triangle-nonlinear", "collider-nonlinear"])
def test_a_proof_without_a_plan_finds_one_or_none(name):
    """Nothing is searched before: what a proof leaves is the optimum, found on the way, or that nothing is accepted."""
    problem = problem_of(name, 24)
    n, actionable = problem.present.shape
    mask = np.arange(n)[:, None] % actionable == np.arange(actionable)
    problem = problem._replace(profiles=problem.profiles._replace(mask=mask))
    _, costs = solved(exact, problem)
    search = exact.searching.Search(problem, 1, exact.Settings(boxes=20_000))
    proved = proving.prove(search, 1)
    assert proved.mean() > 0.9
    np.testing.assert_array_equal(np.isfinite(search.cost), np.isfinite(costs))
    both = proved & np.isfinite(costs)
    np.testing.assert_allclose(search.cost[both], costs[both], rtol=3e-6)
    # A plan that is a little dearer than the optimum is bettered or not certified.
    search.cost *= 1.0001
    again = proving.prove(search, 1)
    assert (search.cost <= costs * (1 + 3e-6))[again & both].all()


def test_no_proof_without_the_means():
    problem = problem_of("loan", 6)
    search = exact.searching.Search(problem, 4, exact.Settings())
    assert not proving.prove(search, 4).any()  # four nodes each
    search = exact.searching.Search(problem, 4, exact.Settings(proved_set=4, boxes=1))
    assert not proving.prove(search, 4).any()  # too few boxes

    class Opaque:
        coefficients = None

        def logit(self, x, xp=np):
            return np.sin(x[..., 0])

    one = problem._replace(
        profiles=Profiles.universal(6, 4)._replace(mask=np.tile([True, False, False, False], (6, 1))),
        world=problem.world._replace(classifier=Opaque()),
    )
    search = exact.searching.Search(one, 1, exact.Settings())
    assert not proving.over_intervals(search) and not proving.prove(search, 1).any()


def test_a_proof_of_two_nodes_at_once():
    problem = problem_of("triangle-nonlinear", 10)
    mask = np.tile([True, False, True], (10, 1))
    problem = problem._replace(profiles=problem.profiles._replace(mask=mask))
    plans, costs = solved(exact, problem, proved_set=2, boxes=50_000, tolerance=0.01)
    assert plans.certified.any()
    _, by_grid = solved(grid, problem, bins=300, largest_set=2)
    assert (costs[plans.certified] <= by_grid[plans.certified] * (1 + 1e-9)).all()
    assert (by_grid[plans.certified] <= costs[plans.certified] * 1.1 + 1e-4).all()
