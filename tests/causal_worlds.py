"""Small causal worlds with people who ask, for tests."""

import functools
import logging
from pathlib import Path

import numpy as np

from recrec.actionability.profiles import Profiles
from recrec.causal import catalogue, classifiers
from recrec.causal.expressions import parse
from recrec.causal.world import Problem, cost, world_of

ROOT = Path(__file__).resolve().parent.parent
LOG = logging.getLogger("test")
SIMULATED = (
    "triangle", "collider", "chain", "triangle-nonlinear", "collider-nonlinear", "chain-nonlinear", "loan",
)  # fmt: skip
LINEAR = SIMULATED[:3]


@functools.cache
def world_and_asking(name, people=2000):
    """A world with its limits, and those of fresh people whom it rejects."""
    dataset = catalogue.load(catalogue.find(name, ROOT))
    model, rng = dataset.model(), np.random.default_rng(7)
    x, u = model.sample(people, rng)
    values = {node: x[:, place] for place, node in enumerate(model.nodes)}
    values |= {f"U_{node}": u[:, place] for place, node in enumerate(model.nodes)}
    classifier = classifiers.train(dataset, x, parse(dataset.accepted).evaluate(values) > 0, 0)
    limits = np.quantile(x[:, model.actionable], [0.01, 0.99], axis=0)
    asking = model.sample(people, rng)[0]
    return world_of(model, classifier, x, limits), asking[classifier.logit(asking) < 0]


def problem_of(name, people=20, profiles=None, **changed):
    """A problem: universal profiles, or others."""
    world, asking = world_and_asking(name)
    asking = asking[:people]
    profiles = profiles or Profiles.universal(len(asking), len(world.model.actionable))._replace(**changed)
    return Problem(world, asking, profiles)


def random_profiles(problem, seed, soft=True):
    """Profiles of all kinds of constraints, at random; every person may change something."""
    rng = np.random.default_rng(seed)
    n, k = problem.present.shape
    sd = problem.world.sd[problem.world.model.actionable]
    mask = rng.random((n, k)) < 0.7
    mask[np.arange(n), rng.integers(k, size=n)] = True
    boxed = rng.random((2, n, k)) < 0.3
    low = np.where(boxed[0], problem.present - sd * rng.exponential(size=(n, k)), -np.inf)
    high = np.where(boxed[1], problem.present + sd * rng.exponential(size=(n, k)), np.inf)
    profiles = Profiles.universal(n, k)._replace(
        mask=mask, low=low, high=high, direction=rng.choice([-1, 0, 0, 1], (n, k)).astype(np.int8)
    )
    if not soft:
        return profiles
    weights = np.where(mask, rng.exponential(size=(n, k)) + 0.1, 0.0)
    weights = np.where(mask, weights * mask.sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True), 1.0)
    wants = mask & (rng.random((n, k)) < 0.3)
    return profiles._replace(
        weights=weights,
        preferred=np.where(wants, problem.present + sd * rng.normal(size=(n, k)), np.nan),
        penalty=np.where(wants, rng.exponential(size=(n, k)), 0.0),
    )


def costs_of(problem, plans):
    """What plans cost the people, infinite where there is none."""
    parts = problem.profiles
    costs = cost(
        problem.world, problem.people, plans.acted, plans.values, parts.weights, parts.preferred, parts.penalty
    )
    return np.where(plans.found, costs, np.inf)


def solved(method, problem, seed=0, **settings):
    """Plans by a method, which have to be what they claim; and what they cost."""
    settings = method.Settings(**settings)
    assert method.unsupported(problem, settings) is None
    plans = method.solve(problem, settings, None, seed, LOG)
    assert_obeyed(problem, plans)
    return plans, costs_of(problem, plans)


def assert_obeyed(problem, plans):
    """No mask, box, direction or limit is broken, to the last bit; who is said to be accepted is."""
    profiles, present, limits = problem.profiles, problem.present, problem.world.limits
    assert not (plans.acted & ~profiles.mask).any()
    assert (plans.values[~plans.acted] == present[~plans.acted]).all()
    assert ((profiles.low <= plans.values) & (plans.values <= profiles.high)).all()
    assert (np.where(profiles.direction > 0, plans.values >= present, True)).all()
    assert (np.where(profiles.direction < 0, plans.values <= present, True)).all()
    assert (np.minimum(limits[0], present) <= plans.values).all()
    assert (plans.values <= np.maximum(limits[1], present)).all()
    changed = problem.world.model.counterfactual(problem.people, plans.acted, plans.values)
    assert (problem.world.classifier.logit(changed)[plans.found] >= 0).all()
    assert (plans.acted.any(axis=1) == plans.found).all()
