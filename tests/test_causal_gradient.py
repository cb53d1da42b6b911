"""The gradient method: never below the optimum and close to it, and at the boundary of what is accepted."""

import logging

import numpy as np
import pytest
from test_causal_amortized import CURVED, LINEAR, broken, cost_of, exact_costs, problem_of, world_named

from recrec.actionability.populations import SCHEMES, Scheme
from recrec.causal.methods import gradient
from recrec.causal.world import Problem

#: Together a minute or two.
pytestmark = pytest.mark.slow

jax = pytest.importorskip("jax")
pytest.importorskip("optax")

LOG = logging.getLogger(__name__)
DEFAULT = gradient.Settings()


@pytest.fixture(scope="module")
def worlds():
    return {name: world_named(name) for name in (LINEAR, CURVED)}


@pytest.mark.parametrize("scheme", ["universal", "top-1", "scored", "preferred", "hard-soft"])
def test_close_to_the_optimum_where_all_is_linear(worlds, scheme):
    problem = problem_of(*worlds[LINEAR], SCHEMES[scheme])
    plans = gradient.solve(problem, DEFAULT, None, 0, LOG)
    best = exact_costs(problem)
    assert broken(problem, plans) == 0
    assert not plans.certified.any()
    assert not (plans.found & ~np.isfinite(best)).any()
    assert plans.found.mean() >= np.isfinite(best).mean() - 0.01
    costs = cost_of(problem, plans.acted, plans.values)[plans.found]
    assert (costs >= best[plans.found] * (1 - 1e-7)).all()
    assert costs.mean() <= 1.02 * best[plans.found].mean()


@pytest.mark.parametrize("name", [LINEAR, CURVED])
@pytest.mark.parametrize("scheme", [SCHEMES["scored"], Scheme(keep=0.7, preferred=True, box=1, direction="own")])
def test_nothing_is_broken(worlds, name, scheme):
    problem = problem_of(*worlds[name], scheme)
    plans = gradient.solve(problem, DEFAULT, None, 0, LOG)
    assert plans.found.any()
    assert broken(problem, plans) == 0


def test_plans_end_at_the_boundary(worlds):
    """Without preferred values less change is always cheaper, until the classifier is indifferent."""
    problem = problem_of(*worlds[CURVED], SCHEMES["ranked"])
    plans = gradient.solve(problem, DEFAULT, None, 0, LOG)
    changed = problem.world.model.counterfactual(problem.people, plans.acted, plans.values)[plans.found]
    logit = problem.world.classifier.logit(changed)
    assert plans.found.mean() > 0.9
    assert np.quantile(logit, 0.95) < 1e-4


def test_the_same_for_a_person_alone_and_among_others(worlds):
    problem = problem_of(*worlds[CURVED], SCHEMES["hard-soft"])
    plans = gradient.solve(problem, DEFAULT, None, 0, LOG)
    row = int(np.flatnonzero(plans.found)[0])
    alone = Problem(problem.world, problem.people[[row]], problem.profiles.take([row]))
    one = gradient.solve(alone, DEFAULT, None, 0, LOG)
    assert np.array_equal(one.acted[0], plans.acted[row])
    np.testing.assert_allclose(one.values[0], plans.values[row], rtol=1e-6)


def test_the_same_bytes_twice_and_single_precision_elsewhere(worlds):
    problem = problem_of(*worlds[LINEAR], SCHEMES["scored"])
    first, second = (gradient.solve(problem, DEFAULT, None, seed, LOG) for seed in (0, 1))
    assert first.values.tobytes() == second.values.tobytes()
    assert jax.numpy.asarray(1.0).dtype == "float32"


def test_more_steps_cost_no_more(worlds):
    problem = problem_of(*worlds[CURVED], SCHEMES["universal"])
    costs = []
    for steps in (5, 200):
        plans = gradient.solve(problem, DEFAULT.model_copy(update={"steps": steps}), None, 0, LOG)
        costs.append(np.where(plans.found, cost_of(problem, plans.acted, plans.values), np.inf))
    assert (costs[1] <= costs[0] * 1.05).mean() > 0.95
    assert costs[1].mean() < costs[0].mean()
