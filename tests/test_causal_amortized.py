"""The amortized method: what no network can break, the steps behind it, and how good it is when trained."""

import hashlib
import logging
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recrec.actionability.populations import SCHEMES, draw
from recrec.causal import catalogue, worlds
from recrec.causal.boxed import cheapest
from recrec.causal.methods import amortized, exact, gradient
from recrec.causal.methods._refinement import People, on_host, tangent_step
from recrec.causal.world import Problem, act_costs, intervention_sets
from recrec.errors import InputError

#: Together a minute or two.
pytestmark = pytest.mark.slow

jax = pytest.importorskip("jax")
pytest.importorskip("optax")

LOG = logging.getLogger(__name__)
SMALL = amortized.Settings(hidden=16, rounds=1, people=600, updates=200, tried=12)
LINEAR, CURVED = "triangle", "collider-nonlinear"


def world_named(name, people=2000, seed=0):
    """A data set's world, of fewer people than usual, and the people to test on."""
    dataset = catalogue.load(catalogue.find(name, catalogue.SHIPPED.parents[1])).model_copy(update={"people": people})
    split, _ = worlds.people_of(dataset, name, None, seed, LOG)
    fitted = worlds.to_arrays(dataset, *worlds.fit(dataset, split, seed, LOG))
    world, _ = worlds.load(dataset, split, fitted, (0.01, 0.99), "all")
    return world, split.test.x


@pytest.fixture(scope="module")
def world_of():
    """Worlds by name, each made once."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = world_named(name)
        return made[name]

    return get


def problem_of(world, people, scheme, seed=3):
    """Those of some people who are rejected, with profiles of a scheme."""
    rejected = people[world.classifier.logit(people) < 0]
    actionable = world.model.actionable
    profiles = draw(
        scheme,
        rejected[:, actionable],
        world.sd[actionable],
        world.limits,
        rejected[:, world.model.sensitive].astype(int),
        seed,
    )
    return Problem(world, rejected, profiles)


def untrained(world, settings, seed=0, scale=1.0):
    """A network of random weights."""
    random, catalogue_ = np.random.default_rng(seed), amortized.patterns_of(world, settings)
    nodes, actions = len(world.mean), len(world.ranges)
    seen = nodes + 1 + 8 * actions
    parts = amortized.initial(random, "score", seen, settings.hidden, len(catalogue_))
    parts |= amortized.initial(random, "start", seen + actions, settings.hidden, actions)
    return amortized.purpose(world, catalogue_) | {"scale": 1.0} | {name: scale * part for name, part in parts.items()}


def broken(problem, plans):
    """Plans that break a mask, a box, a direction or a limit, or say that they do what they do not."""
    lower, upper = problem.box()
    outside = (plans.values < lower) | (plans.values > upper)
    locked = plans.acted & ~problem.profiles.mask
    moved = ~plans.acted & (plans.values != problem.present)
    against = problem.profiles.direction * (plans.values - problem.present) < 0
    changed = problem.world.model.counterfactual(problem.people, plans.acted, plans.values)
    untrue = plans.found & (problem.world.classifier.logit(changed) < 0)
    return int((outside | locked | moved | against).any(axis=1).sum() + untrue.sum())


def exact_costs(problem):
    """The least cost of each person where all is linear, infinite where there is none: all sets, by bisection."""
    world, profiles = problem.world, problem.profiles
    sd = world.sd[world.model.actionable]
    lower, upper = ((side - problem.present) / sd for side in problem.box())
    wish = np.nan_to_num((profiles.preferred - problem.present) / sd)
    curve = (profiles.weights + profiles.penalty) / world.ranges / len(sd)
    centre = profiles.penalty * wish / (profiles.weights + profiles.penalty)
    gap = -world.classifier.logit(problem.people)
    best = np.full(len(gap), np.inf)
    for acted in intervention_sets(len(sd)):
        slopes = np.where(acted, world.model.unit_effects(acted) @ world.classifier.coefficients * sd, 0.0)

        def change(multiplier, slopes=slopes):
            return np.clip(centre + multiplier[:, None] * slopes / curve, lower, upper)

        low, high = np.zeros(len(gap)), np.full(len(gap), 1e6)
        reached = (change(high) @ slopes >= gap) & ~(acted & ~profiles.mask).any(axis=1)
        for _ in range(200):
            middle = 0.5 * (low + high)
            enough = change(middle) @ slopes >= gap
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        high = np.where(change(np.zeros(len(gap))) @ slopes >= gap, 0.0, high)
        values = problem.present + change(high) * sd
        costs = cost_of(problem, np.broadcast_to(acted, values.shape), values)
        best = np.where(reached, np.minimum(best, costs), best)
    return best


def cost_of(problem, acted, values):
    """What plans cost."""
    profiles = problem.profiles
    return act_costs(
        problem.world, problem.people, acted, values, profiles.weights, profiles.preferred, profiles.penalty
    ).sum(axis=1)


@pytest.mark.parametrize("name", [LINEAR, CURVED])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_no_weights_break_a_constraint(world_of, name, data):
    world, people = world_of(name)
    rows = data.draw(st.lists(st.integers(0, len(people) - 1), min_size=1, max_size=20, unique=True))
    rejected = people[rows][world.classifier.logit(people[rows]) < 0]
    if not len(rejected):
        return
    present = rejected[:, world.model.actionable]
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    profiles = draw(SCHEMES["preferred"], present, world.sd[world.model.actionable], world.limits, None, 0)
    mask = random.random(present.shape) < data.draw(st.sampled_from([0.3, 0.7, 1.0]))
    mask[np.arange(len(mask)), random.integers(mask.shape[1], size=len(mask))] = True
    width = data.draw(st.sampled_from([0.0, 0.5, 2.0, np.inf]))
    with np.errstate(invalid="ignore"):
        room = np.nan_to_num(random.random(present.shape) * width, nan=np.inf, posinf=np.inf)
    profiles = profiles._replace(
        mask=mask,
        low=present - room,
        high=present + room,
        direction=random.integers(-1, 2, present.shape).astype(np.int8),
        weights=np.exp(random.normal(size=present.shape)),
    )
    problem = Problem(world, rejected, profiles)
    network = untrained(world, SMALL, data.draw(st.integers(0, 5)), data.draw(st.sampled_from([0.0, 1.0, 100.0])))
    plans = amortized.solve(problem, SMALL, network, 0, LOG)
    assert broken(problem, plans) == 0


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_step_is_the_optimum_of_the_tangent(data):
    """Against the closed form of the exact method, which sorts nothing in common with it."""
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    n, nodes = 64, data.draw(st.integers(1, 5))
    slopes, at = random.normal(size=(2, n, nodes))
    slopes *= random.random((n, nodes)) < 0.8
    lower, upper = -3 * random.random((n, nodes)), 3 * random.random((n, nodes))
    at = np.clip(at, lower, upper)
    curve, centre = random.random((n, nodes)) + 0.05, random.normal(size=(n, nodes)) * data.draw(st.integers(0, 2))
    logit, margin = random.normal(size=n) - 1, 0.1
    needed = margin - logit + (slopes * at).sum(1)
    best = cheapest(slopes, curve, curve * centre, needed, lower, upper)
    people = People(*[curve.T] * 7)
    with on_host(double=True):
        found = np.asarray(tangent_step(logit, slopes.T, at.T, people, lower.T, upper.T, centre.T, margin)).T
    np.testing.assert_allclose((found * slopes).sum(1), (best.change * slopes).sum(1), atol=1e-8)
    cost, least = ((curve * (change - centre) ** 2).sum(1) for change in (found, best.change))
    free = (slopes != 0).any(1) & best.reached
    np.testing.assert_allclose(cost[free], least[free], atol=1e-8)


@pytest.mark.parametrize("name", ["chain", "triangle-nonlinear", CURVED, "loan"])
def test_slopes_are_differences(name):
    """JAX through classifier and equations, against finite differences in NumPy."""
    world, people = world_named(name, 400)
    people, model = people[:20], world.model
    random = np.random.default_rng(1)
    acted = random.random((len(people), len(model.actionable))) < 0.6
    values = people[:, model.actionable] + random.normal(size=acted.shape) * world.sd[model.actionable]
    noise = model.abduct(people)
    with on_host(double=True):
        import jax.numpy as jnp

        def total(values):
            return world.classifier.logit(model.predict(noise, acted, values, jnp), jnp).sum()

        slopes = np.asarray(jax.grad(total)(values))
    for k in range(acted.shape[1]):
        step = np.zeros(acted.shape[1])
        step[k] = 1e-6
        ends = [world.classifier.logit(model.predict(noise, acted, values + way * step)) for way in (1, -1)]
        np.testing.assert_allclose(slopes[:, k], (ends[0] - ends[1]) / 2e-6, rtol=1e-4, atol=1e-4)


def test_close_to_the_optimum_where_all_is_linear(world_of):
    world, people = world_of(LINEAR)
    network = amortized.train(world, SCHEMES, SMALL, 0, LOG)
    for scheme in ("universal", "top-1", "scored", "preferred", "hard-soft"):
        problem = problem_of(world, people, SCHEMES[scheme])
        plans = amortized.solve(problem, SMALL, network, 0, LOG)
        best = exact_costs(problem)
        both = plans.found & np.isfinite(best)
        assert broken(problem, plans) == 0
        assert abs(np.isfinite(best).mean() - plans.found.mean()) <= 0.02
        assert not (plans.found & ~np.isfinite(best)).any()
        costs = cost_of(problem, plans.acted, plans.values)[both]
        assert (costs >= best[both] * (1 - 1e-9)).all()
        assert costs.mean() <= 1.15 * best[both].mean()


def test_training_makes_better_choices_where_all_is_not_linear(world_of):
    world, people = world_of(CURVED)
    settings = SMALL.model_copy(update={"patterns": 1, "fallback": 0})
    problem = problem_of(world, people, SCHEMES["ranked"])
    results = []
    for network in (untrained(world, settings), amortized.train(world, SCHEMES, settings, 0, LOG)):
        plans = amortized.solve(problem, settings, network, 0, LOG)
        results.append((plans.found.mean(), cost_of(problem, plans.acted, plans.values)[plans.found].mean()))
    (found, cost), (found_trained, cost_trained) = results
    assert found_trained >= max(found, 0.9)
    assert cost_trained < 0.8 * cost


def test_close_to_the_exact_method_where_all_is_not_linear():
    """With the default settings, which are promised to be as good as this."""
    world, people = world_named("triangle-nonlinear", 4000, seed=1)
    asking = people[world.classifier.logit(people) < 0][:150]
    assert len(asking) == 150
    network = amortized.train(world, SCHEMES, amortized.Settings(), 1, LOG)
    for scheme in ("top-1", "scored", "mask-75"):
        problem = problem_of(world, asking, SCHEMES[scheme])
        plans = amortized.solve(problem, amortized.Settings(), network, 1, LOG)
        best = exact.solve(problem, exact.Settings(), None, 1, LOG)
        assert broken(problem, plans) == broken(problem, best) == 0
        assert best.found.mean() > 0.8
        assert abs(plans.found.mean() - best.found.mean()) <= 0.02
        both = plans.found & best.found
        costs, least = (cost_of(problem, part.acted, part.values)[both].sum() for part in (plans, best))
        assert costs <= 1.15 * least


def test_those_who_fail_are_tried_again(world_of):
    world, people = world_of(LINEAR)
    problem = problem_of(world, people, SCHEMES["top-2"])
    few = SMALL.model_copy(update={"patterns": 1, "fallback": 0})
    network = untrained(world, SMALL)
    found = [
        amortized.solve(problem, settings, network, 0, LOG).found
        for settings in (few, few.model_copy(update={"fallback": 100}))
    ]
    assert found[0].sum() < found[1].sum()
    assert np.array_equal(found[1], np.isfinite(exact_costs(problem)))


def test_patterns_that_mask_box_and_direction_leave(world_of):
    world, people = world_of(CURVED)
    problem = problem_of(world, people[:200], SCHEMES["universal"])
    n, nodes = problem.present.shape
    mask, direction = np.ones((n, nodes), bool), np.zeros((n, nodes), np.int8)
    mask[:, 0], direction[:, 1] = False, 1
    problem = problem._replace(profiles=problem.profiles._replace(mask=mask, direction=direction))
    patterns = amortized.patterns_of(world, SMALL)
    possible = amortized.allowed(patterns, problem, People.of(problem))
    assert not possible[:, patterns[:, 0] != 0].any()
    assert not possible[:, patterns[:, 1] < 0].any()
    assert possible[:, (patterns == [0, 1, 0]).all(axis=1)].mean() > 0.9


def test_the_network_of_another_world_is_refused(world_of):
    world, people = world_of(LINEAR)
    problem = problem_of(world, people, SCHEMES["universal"])
    other = untrained(world._replace(limits=world.limits + 1), SMALL)
    with pytest.raises(InputError, match=r"given a network trained for limits .* allowed: one for"):
        amortized.solve(problem, SMALL, other, 0, LOG)


def test_nobody_to_train_on(world_of):
    world, _ = world_of(LINEAR)
    accepted = world.train[world.classifier.logit(world.train) >= 0]
    with pytest.raises(InputError, match="all accepted"):
        amortized.train(world._replace(train=accepted), SCHEMES, SMALL, 0, LOG)


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "optax", None)
    assert "it needs optax" in amortized.unsupported(None, SMALL)


def test_importing_it_imports_no_jax():
    code = "import sys; from recrec.causal.methods import amortized, exact, gradient; print('jax' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "False"


def digest(name):
    """Of a network, of its plans and of those of the gradient method."""
    world, people = world_named(name, 400)
    settings = SMALL.model_copy(update={"people": 300, "updates": 30})
    problem = problem_of(world, people, SCHEMES["scored"])
    network = amortized.train(world, SCHEMES, settings, 7, LOG)
    plans = amortized.solve(problem, settings, network, 0, LOG)
    others = gradient.solve(problem, gradient.Settings(), None, 0, LOG)
    parts = [network[part] for part in sorted(network) if part[:5] in ("score", "start")]
    parts += [plans.acted, plans.values, others.values]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be taken away here")
def test_the_same_bytes_on_one_core_and_on_all():
    code = "from test_causal_amortized import *; print(digest('loan'))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path])}
    one = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    digests = [
        subprocess.run(
            [sys.executable, "-c", first + code], capture_output=True, text=True, env=environment, check=True
        ).stdout
        for first in ("", one, "")
    ]
    assert digests[0] == digests[1] == digests[2] != ""
