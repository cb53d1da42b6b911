"""Cells of people: a cell worked out by hand, every measure against loops over people, what is broken is noticed."""

import itertools
import logging
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from recrec.actionability.populations import SCHEMES, Scheme, draw
from recrec.actionability.profiles import Profiles
from recrec.causal import cells, measures, tables
from recrec.causal.model import CausalModel, EquationMechanism
from recrec.causal.noise import Bernoulli, Normal
from recrec.causal.world import Plans, World, cost, world_of
from recrec.errors import InputError
from recrec.storage import load_arrays, save_arrays, write_rows

#: Together a minute or two.
pytestmark = pytest.mark.slow

LOG = logging.getLogger("test")
COIN, NORMAL = Bernoulli(kind="bernoulli", p=0.5), Normal(kind="normal")


class Linear:
    def __init__(self, coefficients, intercept):
        self.coefficients, self.intercept = np.array(coefficients, dtype=float), intercept

    def logit(self, x, xp=np):
        return x @ self.coefficients + self.intercept


def model_of(equations, sensitive="S"):
    mechanisms = {
        node: EquationMechanism.of(text, f"U_{node}", COIN if node == "S" else NORMAL)
        for node, text in equations.items()
    }
    return CausalModel(mechanisms, [node for node in equations if node != "S"], sensitive)


GIVEN = {"S": "U_S", "A": "S + U_A", "B": "2 * A + S + U_B"}


def method_of(answer, unsupported=None):
    """A method that answers with acts and values from the problem, and notes what it was asked."""
    asked = []

    def solve(problem, settings, trained, seed, log):
        asked.append(problem)
        return Plans.of(problem, *answer(problem))

    return SimpleNamespace(solve=solve, unsupported=lambda problem, settings: unsupported, asked=asked)


def everything_up(problem):
    """Set what is open as high as one may."""
    return problem.profiles.mask, problem.box()[1]


def easiest_up(problem):
    """Set only what is easiest as high as one may."""
    weights = np.where(problem.profiles.mask, problem.profiles.weights, np.inf)
    return weights == weights.min(axis=1, keepdims=True), problem.box()[1]


def world_for(seed, classifier=None, model=None, n=300):
    model = model or model_of(GIVEN)
    train, _ = model.sample(n, np.random.default_rng(seed))
    limits = np.quantile(train[:, model.actionable], [0.05, 0.95], axis=0)
    return world_of(model, classifier or Linear([0, 1, 1], -4.0), train, limits)


def rejected(world, seed, n=40):
    x, _ = world.model.sample(4 * n, np.random.default_rng([seed, 1]))
    rows = np.flatnonzero(world.classifier.logit(x) < 0)[:n]
    return x[rows], rows


def cell_of(seed, scheme, answer=everything_up, **world):
    world = world_for(seed, **world)
    x, rows = rejected(world, seed)
    method = method_of(answer)
    cell, _ = cells.solve_cell(world, x, rows, scheme, method, None, None, seed, LOG)
    return world, cell, method


# By hand


def by_hand():
    """One person and one without a plan; sd 2 and 4, ranges 2 and 5, limits 0 to 10 and 0 to 20."""
    model = model_of(GIVEN)
    train = np.array([[0.0, 9, 9], [0, 8, 10], [1, 9, 10], [0, 0, 0]])
    world = World(
        model, Linear([0, 1, 1], -12.0), np.zeros(3), np.array([1.0, 2.0, 4.0]), np.array([2.0, 5.0]),
        np.array([[0.0, 0.0], [10.0, 20.0]]), train,
    )  # fmt: skip
    people = np.array([[1.0, 2.0, 6.0], [0.0, 1.0, 1.0]])
    profiles = Profiles.universal(2, 2)._replace(
        weights=np.array([[0.5, 1.5], [1.0, 1.0]]),
        latent=np.array([[1.6, 0.4], [1.0, 1.0]]),
        preferred=np.array([[5.0, np.nan], [np.nan, np.nan]]),
        penalty=np.array([[2.0, 0.0], [0.0, 0.0]]),
    )
    return world, people, profiles


def plans_of(acted, values, found):
    acted, found = np.array(acted, dtype=bool), np.array(found)
    return Plans(acted, np.array(values, dtype=float), found, np.zeros(len(found), dtype=bool))


def test_a_cell_by_hand():
    world, people, profiles = by_hand()
    # The person sets A from 2 to 4: B = 2 A + S + U_B with U_B = 6 - 4 - 1 = 1, so 10; 4 + 10 >= 12.
    plans = plans_of([[1, 0], [0, 0]], [[4, 6], [1, 1]], [True, False])
    # By latent weights B from 6 to 10: accepted at 2 + 10 = 12.
    latent = plans_of([[0, 1], [0, 0]], [[2, 10], [1, 1]], [True, False])
    # The twin with S = 0: U_A = 1, so A = 1, and B = 2 + 0 + 1 = 3. Sets A to 5: B = 11.
    twins = np.array([[0.0, 1.0, 3.0], [1.0, 2.0, 4.0]])
    assert np.array_equal(world.model.twin(people), twins)
    twin_plans = plans_of([[1, 0], [0, 0]], [[5, 3], [2, 4]], [True, False])
    cell = cells.Cell(np.array([7, 9]), people, profiles, plans, latent, twins, profiles,
                      np.array([False, False]), twin_plans)  # fmt: skip
    # Own distances of accepted people, of 1 neighbour: (0, 9, 9) to (0, 8, 10): sqrt(.5^2 + .25^2) = .559, and back;
    # (1, 9, 10) to (0, 9, 9): sqrt(1 + .25^2) = 1.031.
    plausibility = measures.Plausibility.of(world, neighbours=1)
    assert plausibility.distance == pytest.approx(np.sqrt([0.3125, 0.3125, 1.0625]))
    columns = {name: values.tolist() for name, values in cells.evaluate_cell(world, cell, plausibility).items()}
    cost_universal = (2 / 2) ** 2 / 2 / 2
    elicited = (0.5 * 1 + 2 * ((4 - 5) / 2) ** 2) / 2 / 2
    latently = (1.6 * 1 + 2 * ((4 - 5) / 2) ** 2) / 2 / 2
    best = (0.4 * ((10 - 6) / 4) ** 2) / 5 / 2  # no preferred value of B, and A is not acted on
    twin = (0.5 * ((5 - 1) / 2) ** 2 + 0.0) / 2 / 2  # sets A to the preferred value
    # U_S = 1, U_A = 4 - 1 = 3, U_B = 10 - 8 - 1 = 1
    log_density = math.log(0.5) - 3**2 / 2 - 1 / 2 - math.log(2 * math.pi)
    expected = {
        "person": 7, "group": 1, "validity_model": 1, "validity_true": None, "certified": 0, "changed_nodes": 1,
        "cost_universal": cost_universal, "cost_elicited": elicited, "cost_latent": latently,
        "log_density": log_density, "log_density_percentile": 100.0,  # theirs are below -20
        "neighbour_distance_percentile": 100.0,  # (1, 4, 10): 2.5 standard deviations of A from (1, 9, 10)
        # Local density 1 / max(2.5, .5...); of the neighbour, at distance 1.03: 1 / 1.03; those of its neighbours equal
        "outlier_factor_percentile": 100.0,
        "preferred_distance": abs(4 - 5) / 2, "regret": latently - best, "twin_accepted": 0, "twin_valid": 1,
        "twin_cost_gap": elicited - twin, "broken": 0,
    }  # fmt: skip
    assert list(expected) == list(cells.COLUMNS) == list(columns)
    for name, value in expected.items():
        assert columns[name][0] == pytest.approx(np.nan if value is None else value, nan_ok=True), name
    nothing = {name for name in columns if math.isnan(columns[name][1])}
    assert nothing == {"validity_true", *measures.COLUMNS, "regret", "twin_cost_gap"}
    assert columns["validity_model"][1] == columns["twin_valid"][1] == 0
    assert columns["group"][1] == 0


def test_truth_may_differ_from_the_model():
    world, people, _ = by_hand()
    plans = plans_of([[1, 0], [1, 0]], [[4, 6], [9, 1]], [True, True])
    # In truth B hardly follows A: the first gets to 4 + 6.2, the second to 9 + 1.8.
    true = model_of({**GIVEN, "B": "0.1 * A + S + U_B"})
    found = measures.outcome(world, people, plans, true)
    assert found.values == pytest.approx(np.array([[1, 4, 6.2], [0, 9, 1.8]]))
    assert found.valid.tolist() == [0, 0]
    nearly = model_of({**GIVEN, "B": "0.9 * A + S + U_B"})  # 4 + 7.8 and 9 + 8.2
    assert measures.outcome(world, people, plans, nearly).valid.tolist() == [0, 1]
    same = measures.outcome(world, people, plans, world.model)
    assert same.valid.tolist() == [1, 1]
    assert np.isnan(measures.outcome(world, people, plans).valid).all()
    # Who has no plan is not valid, whatever becomes of them.
    none = plans._replace(found=np.array([False, False]))
    assert measures.outcome(world, people, none, world.model).valid.tolist() == [0, 0]


def test_plausibility_is_of_what_truly_becomes_of_people():
    world, people, profiles = by_hand()
    plans = plans_of([[1, 0], [0, 0]], [[4, 6], [1, 1]], [True, False])
    true = model_of({**GIVEN, "B": "0.1 * A + S + U_B"})
    plausibility = measures.Plausibility.of(world, true, neighbours=1)
    outcome = measures.outcome(world, people, plans, true)
    measured = measures.measure(world, people, profiles, plans, outcome, plausibility, true)
    assert measured["log_density"][0] == pytest.approx(true.log_density(np.array([[1, 4, 6.2]]))[0])
    assert plausibility.log_density == pytest.approx(np.sort(true.log_density(world.accepted)))


# Against loops


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(SCHEMES)))
def test_costs_and_distances_are_those_of_loops(seed, scheme):
    world, cell, _ = cell_of(seed, SCHEMES[scheme])
    columns = cells.evaluate_cell(world, cell, measures.Plausibility.of(world), world.model)
    sd, nodes = world.sd, world.model.actionable
    for i, person in enumerate(cell.people):
        profile, plan = cell.profiles.take([i]), cell.plans
        if not plan.found[i]:
            assert all(math.isnan(columns[name][i]) for name in measures.COLUMNS)
            continue
        totals = {"cost_universal": 0.0, "cost_elicited": 0.0, "cost_latent": 0.0}
        wishes = []
        u = world.model.abduct(person[None])
        after = world.model.predict(u, plan.acted[i : i + 1], plan.values[i : i + 1])[0]
        for k, node in enumerate(nodes):
            wish, penalty = profile.preferred[0, k], profile.penalty[0, k]
            if not math.isnan(wish):
                wishes.append(abs(after[node] - wish) / sd[node])
            if plan.acted[i, k]:
                change = ((plan.values[i, k] - person[node]) / sd[node]) ** 2
                wished = 0.0 if math.isnan(wish) else penalty * ((plan.values[i, k] - wish) / sd[node]) ** 2
                weights = {"cost_universal": 1.0, "cost_elicited": profile.weights[0, k],
                           "cost_latent": profile.latent[0, k]}  # fmt: skip
                for name, weight in weights.items():
                    own = 0.0 if name == "cost_universal" else wished
                    totals[name] += (weight * change + own) / world.ranges[k] / len(nodes)
        for name, total in totals.items():
            assert columns[name][i] == pytest.approx(total, rel=1e-12, abs=1e-300)
        assert columns["preferred_distance"][i] == pytest.approx(np.mean(wishes) if wishes else np.nan, nan_ok=True)
        assert columns["changed_nodes"][i] == plan.acted[i].sum()
        assert columns["log_density"][i] == pytest.approx(world.model.log_density(after[None])[0])
    assert np.array_equal(columns["validity_true"], columns["validity_model"])


def literal_factor(rows, k):
    """Of a point: its mean distance to the nearest rows and its local outlier factor, one row left out if asked."""

    def neighbours(point, left_out):
        distances = [(math.dist(point, row), j) for j, row in enumerate(rows) if j != left_out]
        return sorted(distances)[:k]

    def reach(point, left_out):
        near = neighbours(point, left_out)
        return 1 / (np.mean([max(d, neighbours(rows[j], j)[-1][0]) for d, j in near]) + 1e-10)

    densities = [reach(row, j) for j, row in enumerate(rows)]
    return lambda point, left_out=None: (
        np.mean([d for d, _ in neighbours(point, left_out)]),
        np.mean([densities[j] for _, j in neighbours(point, left_out)]) / reach(point, left_out),
    )


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_plausibility_is_that_of_loops(seed, k):
    world = world_for(seed, Linear([0, 1, 1], -2.0), n=100)
    plausibility = measures.Plausibility.of(world, neighbours=k)
    accepted = world.accepted
    rows = (accepted - world.train.mean(axis=0)) / world.train.std(axis=0)
    fold = np.arange(len(rows)) % 20
    k = min(k, min((fold != part).sum() for part in fold) - 1)
    assert plausibility.neighbours == k >= 1
    literal = literal_factor(rows, k)
    own = [literal(row, j)[0] for j, row in enumerate(rows)]
    assert plausibility.distance == pytest.approx(np.sort(own))
    without = [literal_factor(rows[fold != part], k) for part in range(20)]
    own = [without[part](row)[1] for part, row in zip(fold, rows, strict=True)]
    assert plausibility.factor == pytest.approx(np.sort(own), rel=1e-6)
    x = world.model.sample(6, np.random.default_rng([seed, 2]))[0] * 1.5
    x = np.vstack([x, accepted[:1]])  # known already: its nearest neighbour is itself
    measured = plausibility.measure(world.model, x)
    for i, point in enumerate((x - world.mean) / world.sd):
        distance, factor = literal(point)
        expected = stats.percentileofscore(plausibility.distance, distance, "mean")
        assert measured["neighbour_distance_percentile"][i] == pytest.approx(expected, abs=1e-9)
        expected = stats.percentileofscore(plausibility.factor, factor, "mean")
        assert measured["outlier_factor_percentile"][i] == pytest.approx(expected, abs=1e-9)
        expected = stats.percentileofscore(plausibility.log_density, world.model.log_density(x[i : i + 1])[0], "mean")
        assert measured["log_density_percentile"][i] == pytest.approx(expected, abs=1e-9)


def test_far_away_is_less_plausible_by_every_measure():
    world = world_for(3)
    plausibility = measures.Plausibility.of(world)
    middle = world.accepted.mean(axis=0)
    middle[0] = 1.0
    near, far = (plausibility.measure(world.model, (middle + np.array([0, step, -step]))[None]) for step in (0.0, 8.0))
    assert far["log_density_percentile"] == 0 < near["log_density_percentile"]
    for name in ("neighbour_distance_percentile", "outlier_factor_percentile"):
        assert far[name] == 100 > near[name]
    nowhere = plausibility.measure(world.model, np.array([[1.0, np.nan, 0.0]]))
    assert math.isnan(nowhere["neighbour_distance_percentile"][0])
    assert nowhere["log_density"][0] == -np.inf and nowhere["log_density_percentile"][0] == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1), st.lists(st.integers(-1, 6), min_size=1))
def test_percentiles_are_scipys(own, values):
    found = measures.percentile(np.array(values, dtype=float), np.sort(np.array(own, dtype=float)))
    assert found == pytest.approx([stats.percentileofscore(own, value, "mean") for value in values])
    assert np.isnan(measures.percentile(np.array([np.nan]), np.array([1.0])))


def test_own_percentiles_are_uniform():
    """People as the accepted ones are, but others, are in the middle of them."""
    world = world_for(5, n=6000)
    plausibility = measures.Plausibility.of(world, largest=1000, seed=1)
    x, _ = world.model.sample(6000, np.random.default_rng(11))
    measured = plausibility.measure(world.model, x[world.classifier.logit(x) >= 0][:1000])
    for name in measures.COLUMNS:
        if name.endswith("percentile"):
            assert measured[name].mean() == pytest.approx(50, abs=4)


def test_accepted_people_are_drawn_by_the_seed_and_stored_as_plain_arrays(tmp_path):
    world = world_for(5, n=2000)
    first, again, other = (measures.Plausibility.of(world, largest=100, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.rows, again.rows) and not np.array_equal(first.rows, other.rows)
    assert len(first.rows) == len(first.log_density) == len(first.distance) == len(first.factor) == 100
    save_arrays(tmp_path / "reference.npz", **first.to_arrays())
    back = measures.Plausibility.from_arrays(load_arrays(tmp_path / "reference.npz"))
    x, _ = world.model.sample(50, np.random.default_rng(0))
    one, two = (plausibility.measure(world.model, x) for plausibility in (first, back))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_nobody_accepted_is_one_clear_line():
    with pytest.raises(InputError, match=r"^0 of 300 training people are accepted; allowed: at least 3"):
        measures.Plausibility.of(world_for(1, Linear([0, 0, 0], -1.0)))


def test_a_node_that_is_the_same_for_everybody_does_not_count():
    world = world_for(2)
    world = world._replace(sd=world.sd * np.array([0.0, 1.0, 1.0]))
    measured = measures.Plausibility.of(world).measure(world.model, world.train[:5])
    assert np.isfinite(measured["neighbour_distance_percentile"]).all()


# Constraints


def breaking(name):
    world, people, profiles = by_hand()
    people, profiles = people[:1], profiles.take([0])
    plans = plans_of([[1, 0]], [[4, 6]], [True])
    replaced = {
        "mask": dict(mask=np.array([[False, True]])),
        "low": dict(low=np.array([[4.5, 0.0]])),
        "high": dict(high=np.array([[3.5, 9.0]])),
        "up": dict(direction=np.array([[-1, 0]], dtype=np.int8)),
    }
    if name in replaced:
        profiles = profiles._replace(**replaced[name])
    elif name == "down":
        profiles = profiles._replace(direction=np.array([[1, 0]], dtype=np.int8))
        plans = plans_of([[1, 1]], [[1, 18]], [True])
    elif name == "above limits":
        plans = plans_of([[1, 0]], [[10.5, 6]], [True])
    elif name == "below limits":
        plans = plans_of([[1, 1]], [[-0.5, 18]], [True])
    elif name == "a value without an act":
        plans = plans_of([[1, 0]], [[4, 7]], [True])
    elif name == "not accepted":
        plans = plans_of([[1, 0]], [[2.5, 6]], [True])
    elif name == "acts of nobody":
        plans = plans_of([[1, 0]], [[4, 6]], [False])
    elif name == "a plan of nothing":
        plans = plans_of([[0, 0]], [[2, 6]], [True])
    elif name == "no number":
        plans = plans_of([[1, 0]], [[np.nan, 6]], [True])
    return world, people, profiles, plans


BREAKING = (
    "mask", "low", "high", "up", "down", "above limits", "below limits", "a value without an act", "not accepted",
    "acts of nobody", "a plan of nothing",
)  # fmt: skip


@pytest.mark.parametrize("name", BREAKING)
def test_each_broken_constraint_is_counted_and_fails_the_run(name):
    world, people, profiles, plans = breaking(name)
    assert measures.broken(world, people, profiles, plans).tolist() == [1]
    good = breaking("nothing")
    assert measures.broken(*good).tolist() == [0]
    no_twin = dict(twins=np.full((1, 3), np.nan), twin_profiles=good[2], twin_accepted=np.array([False]),
                   twin_plans=good[3])  # fmt: skip
    plausibility = measures.Plausibility.of(world)
    for part, said in (("plans", "the plan"), ("latent", "the plan by latent weights")):
        both = {"plans": good[3], "latent": good[3], part: plans}
        cell = cells.Cell(rows=np.array([41]), people=people, profiles=profiles, **both, **no_twin)
        if part == "latent" and measures.broken(world, people, profiles, good[3])[0]:
            continue  # the profile makes both of them broken
        with pytest.raises(ValueError, match=f"^person 41: {said} breaks 1 constraints .*; 1 of 1 people"):
            cells.evaluate_cell(world, cell, plausibility)
    cell = cells.Cell(
        rows=np.array([41]), people=good[1], profiles=good[2], plans=good[3], latent=good[3], twins=people,
        twin_profiles=profiles, twin_accepted=np.array([False]), twin_plans=plans,
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"^person 41: the plan of the twin breaks 1 constraints"):
        cells.evaluate_cell(world, cell, plausibility)


def test_no_number_is_broken():
    assert measures.broken(*breaking("no number"))[0] >= 1


def test_limits_are_widened_to_where_a_person_is():
    world, people, profiles, _ = breaking("nothing")
    people = np.array([[1.0, 2.0, 25.0]])  # above 20; 24 is nearer to the limits
    world = world._replace(classifier=Linear([0, 1, 1], -20.0))
    for value, count in ((24.0, 0), (25.0, 0), (25.5, 1)):
        assert measures.broken(world, people, profiles, plans_of([[0, 1]], [[2, value]], [True])).tolist() == [count]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6), st.booleans(), st.sampled_from(["any", "own", "up", "down"]), st.sampled_from([None, 0.7])
)
def test_plans_made_by_the_rules_break_nothing(seed, preferred, direction, box):
    scheme = Scheme(keep=0.5, preferred=preferred, direction=direction, box=box)
    world, cell, _ = cell_of(seed, scheme)
    assert not cells.evaluate_cell(world, cell, measures.Plausibility.of(world))["broken"].any()


# Latent weights and twins


def test_regret_is_zero_and_nothing_is_solved_twice_where_people_say_what_is_true():
    for scheme in (Scheme(weights="latent"), Scheme(weights="latent", top=2), Scheme(top=1), Scheme(spread=0)):
        world, cell, method = cell_of(4, scheme, easiest_up)
        assert len(method.asked) == 2  # the people and their twins
        regret = cells.evaluate_cell(world, cell, measures.Plausibility.of(world))["regret"]
        assert np.array_equal(regret, np.where(cell.plans.found, 0.0, np.nan), equal_nan=True)


def test_regret_is_of_the_same_method_by_what_is_true():
    world, cell, method = cell_of(4, SCHEMES["universal"], easiest_up)
    people, truly, _ = method.asked
    np.testing.assert_allclose(truly.profiles.weights, people.profiles.latent, rtol=1e-12)
    assert np.array_equal(truly.people, people.people) and np.array_equal(people.profiles.weights, np.ones((40, 2)))
    # As if nothing had been found for two of them.
    lost = np.arange(40) == 3
    plans, latent = (
        plans_of(
            part.acted & ~gone, np.where(gone, part.values * 0 + people.present, part.values), part.found & ~gone[:, 0]
        )
        for part, gone in ((cell.plans, lost[:, None]), (cell.latent, lost[::-1, None]))
    )
    cell = cell._replace(plans=plans, latent=latent)
    columns = cells.evaluate_cell(world, cell, measures.Plausibility.of(world))
    acted = cell.latent.acted.sum(axis=1) == 1
    assert acted[cell.latent.found].all() and (cell.plans.acted.sum(axis=1) == 2)[cell.plans.found].all()
    for i in np.flatnonzero(cell.plans.found & cell.latent.found):
        own = [
            cost(world, cell.people[i], plan.acted[i], plan.values[i], cell.profiles.latent[i])
            for plan in (cell.plans, cell.latent)
        ]
        assert columns["regret"][i] == pytest.approx(own[0] - own[1])
    either = ~(cell.plans.found & cell.latent.found)
    assert either.any() and np.isnan(columns["regret"][either]).all()


def test_regret_is_zero_of_each_person_who_says_what_is_true_whatever_the_method_does():
    """Who can act on one node says nothing wrong; that a method answers otherwise when asked again is no regret."""
    asked = []

    def wavering(problem):
        asked.append(problem)
        lower, upper = problem.box()
        return problem.profiles.mask, lower + (upper - lower) * (1.0 if len(asked) == 1 else 0.98)

    world, cell, _ = cell_of(4, SCHEMES["mask-75"], wavering)
    regret = cells.evaluate_cell(world, cell, measures.Plausibility.of(world))["regret"]
    both, one = cell.plans.found & cell.latent.found, cell.profiles.mask.sum(axis=1) == 1
    assert (both & one).any() and (both & ~one).any()
    assert (regret[both & one] == 0).all() and (regret[both & ~one] > 0).all()
    # Somebody whom the second answer does not help has a plan all the same.
    assert np.isfinite(regret[cell.plans.found & one]).all()


def test_proportional_weights_are_the_same_problem_unless_something_is_preferred():
    profiles = Profiles.universal(3, 3)._replace(
        mask=np.array([[True, True, False]] * 3),
        weights=np.array([[0.5, 1.5, 1.0], [0.5, 1.5, 1.0], [1.0, 3.0, 1.0]]),
        latent=np.array([[0.25, 0.75, 2.0], [0.75, 0.25, 2.0], [0.25, 0.75, 2.0]]),
        penalty=np.array([[0.0, 0, 0], [0, 0, 0], [1, 0, 0]]),
    )
    assert cells.same_problem(profiles).tolist() == [True, False, False]
    equal = profiles._replace(latent=profiles.weights)
    assert cells.same_problem(equal).all()
    locked = profiles._replace(penalty=np.array([[0.0, 0, 5]] * 3))
    assert cells.same_problem(locked).tolist() == [True, False, True]


def test_twins_have_the_draws_and_the_preferences_of_their_people():
    scheme = SCHEMES["top-1-correlated"].model_copy(update={"preferred": True})
    world, cell, method = cell_of(6, scheme)
    x, nodes = cell.people, world.model.actionable
    assert np.array_equal(cell.twins, world.model.twin(x))
    for name in ("mask", "weights", "latent"):
        assert np.array_equal(getattr(cell.profiles, name), getattr(cell.twin_profiles, name))
    expected = draw(scheme, cell.twins[:, nodes], world.sd[nodes], world.limits, x[:, 0], 6)
    assert np.array_equal(cell.twin_profiles.preferred, expected.preferred, equal_nan=True)
    assert not np.array_equal(cell.twin_profiles.preferred, cell.profiles.preferred, equal_nan=True)
    asked = method.asked[-1]
    assert (world.classifier.logit(asked.people) < 0).all()
    assert len(asked.people) == (~cell.twin_accepted).sum() and cell.twin_accepted.sum() > 0
    columns = cells.evaluate_cell(world, cell, measures.Plausibility.of(world))
    twin_cost = cost(world, cell.twins, cell.twin_plans.acted, cell.twin_plans.values, cell.profiles.weights,
                     cell.twin_profiles.preferred, cell.twin_profiles.penalty)  # fmt: skip
    for i in range(len(x)):
        own = columns["cost_elicited"][i]
        has = cell.twin_accepted[i] or cell.twin_plans.found[i]
        assert columns["twin_valid"][i] == has
        assert columns["twin_accepted"][i] == cell.twin_accepted[i]
        theirs = 0.0 if cell.twin_accepted[i] else twin_cost[i]
        assert columns["twin_cost_gap"][i] == pytest.approx(own - theirs if has else np.nan, nan_ok=True)


def test_without_a_sensitive_node_there_are_no_twins():
    model = model_of(GIVEN, sensitive=None)
    world, cell, method = cell_of(1, SCHEMES["ranked"], model=model)
    assert len(method.asked) == 2  # by elicited and by latent weights
    columns = cells.evaluate_cell(world, cell, measures.Plausibility.of(world))
    for name in ("group", "twin_accepted", "twin_valid", "twin_cost_gap"):
        assert np.isnan(columns[name]).all()
    with pytest.raises(InputError, match="sensitive"):
        cell_of(1, SCHEMES["ranked-correlated"], model=model)


def test_a_method_that_declines_leaves_nobody(tmp_path):
    world = world_for(1)
    x, rows = rejected(world, 1)
    method = method_of(everything_up, unsupported="too many nodes")
    cell, seconds = cells.solve_cell(world, x, rows, SCHEMES["ranked"], method, None, None, 1, LOG)
    assert cell.declined == "too many nodes" and not method.asked and seconds == 0
    save_arrays(tmp_path / "cell.npz", **cells.pack(cell))
    back = cells.unpack(load_arrays(tmp_path / "cell.npz"))
    assert back.declined == "too many nodes"
    columns = cells.evaluate_cell(world, back, measures.Plausibility.of(world), world.model)
    assert {len(values) for values in columns.values()} == {0}


def test_a_cell_is_stored_as_plain_arrays_without_times(tmp_path):
    world, cell, _ = cell_of(3, SCHEMES["preferred"])
    plans = cell.plans._replace(diagnostics={"steps": np.arange(40)})
    cell = cell._replace(plans=plans)
    save_arrays(tmp_path / "cell.npz", **cells.pack(cell))
    arrays = load_arrays(tmp_path / "cell.npz")
    back = cells.unpack(arrays)
    for name, part in cell._asdict().items():
        for one, other in zip(
            *([part, getattr(back, name)] if isinstance(part, tuple) else [[part], [getattr(back, name)]]), strict=True
        ):
            if isinstance(one, dict):
                assert {key: value.tolist() for key, value in one.items()} == {
                    key: value.tolist() for key, value in other.items()
                }
            else:
                np.testing.assert_array_equal(one, other)
    plausibility = measures.Plausibility.of(world)
    one, two = (cells.evaluate_cell(world, each, plausibility) for each in (cell, back))
    assert all(np.array_equal(one[name], two[name], equal_nan=True) for name in one)


# Tables


def study(tmp_path, schemes=("universal", "top-1", "ranked"), methods=None, seeds=(0, 1)):
    methods = methods or {"up": everything_up, "easy": easiest_up}
    parts = []
    for (name, answer), scheme, seed in itertools.product(methods.items(), schemes, seeds):
        world, cell, _ = cell_of(seed, SCHEMES[scheme], answer)
        columns = cells.evaluate_cell(world, cell, measures.Plausibility.of(world), world.model)
        path = tmp_path / f"{name}-{scheme}-{seed}.csv"
        write_rows(path, list(columns), cells.table(columns))
        head = {"dataset": "NA", "synthetic": True, "method": name, "scheme": scheme, "seed": seed}
        parts.append((head, path))
    return tables.people(parts)


def test_cells_are_means_over_all_and_over_the_common_support(tmp_path):
    people = study(tmp_path)
    assert list(people) == list(tables.PEOPLE)
    tables.write(people, tmp_path / "people.csv")
    pd.testing.assert_frame_equal(tables.read(tmp_path / "people.csv"), people, check_dtype=False)
    strengths = {name: SCHEMES[name].kind for name in ("universal", "top-1", "ranked")}
    summary = tables.summary(people, {"NA": "Nobody asked"}, strengths)
    assert list(summary) == list(tables.CELLS) and len(summary) == 2 * 2 * 3 * 2
    assert set(summary["title"]) == {"Nobody asked"} and set(summary["dataset"]) == {"NA"}
    for _, row in summary.iterrows():
        same = people[(people["method"] == row["method"]) & (people["seed"] == row["seed"])]
        own = same[same["scheme"] == row["scheme"]].to_dict("records")
        if row["over"] == "common":
            good = {
                person
                for person in same["person"]
                if all(same[same["person"] == person]["validity_model"].to_numpy() == 1)
            }
            own = [record for record in own if record["person"] in good]
        assert row["people"] == len(own)
        assert row["strength"] == {"universal": "none", "top-1": "hard", "ranked": "soft"}[row["scheme"]]
        valid = [record for record in own if record["validity_model"] == 1]
        assert row["valid"] == len(valid)
        if own:
            assert row["validity_model"] == pytest.approx(len(valid) / len(own))
        for name in tables.AVERAGED:
            values = [record[name] for record in valid if not math.isnan(record[name])]
            assert row[name] == pytest.approx(np.mean(values) if values else np.nan, nan_ok=True), name
    common = summary[summary["over"] == "common"]
    assert (common["people"] < 40).any() and (common["people"] > 0).any()
    assert not summary["broken"].any()


def test_a_cell_without_anybody_in_common_is_there_and_what_no_noise_leads_to_is_told(tmp_path):
    people = study(tmp_path, seeds=(0,))
    first = people["person"].unique()
    people.loc[(people["scheme"] == "top-1") & (people["method"] == "up"), "validity_model"] = 0
    universal = (people["scheme"] == "universal") & (people["method"] == "up") & (people["validity_model"] == 1)
    row = people.index[universal][0]
    people.loc[row, "log_density"] = -np.inf
    summary = tables.summary(people, {"NA": "x"}, dict.fromkeys(people["scheme"], "none"))
    nobody = summary[(summary["method"] == "up") & (summary["over"] == "common")]
    assert len(nobody) == 3 and not nobody["people"].any() and nobody["cost_universal"].isna().all()
    cell = summary[(summary["method"] == "up") & (summary["over"] == "all") & (summary["scheme"] == "universal")].iloc[
        0
    ]
    others = people["log_density"][universal].drop(row)
    assert cell["log_density"] == pytest.approx(others.mean())
    assert cell["impossible"] == pytest.approx(1 / universal.sum()) and cell["people"] == len(first)


def test_the_document_of_columns_is_up_to_date():
    """Else: PYTHONPATH=scripts python -m recrec.causal.tables."""
    assert tables.DOCUMENT.read_text("utf-8") == tables.document()
