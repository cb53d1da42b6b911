"""Values for given sets of acts by a few steps, each of which has a closed form: what `amortized` unrolls.

A step replaces the logit by its tangent at the present values and moves to the cheapest values inside the box that the
tangent accepts. Where model and classifier are linear the first step is exact. Everything runs under JAX, over arrays
whose last axis is people, so that they are long along it.
"""

import contextlib
import functools
import hashlib
import os
import pickle
from typing import NamedTuple

import numpy as np

from recrec.causal.world import Plans, Problem

#: Threads that share a sum could add it up in another order, and those that share an array round its ends otherwise:
#: this keeps products of matrices to one, and `_host` the rest.
ONE_THREAD = {"xla_cpu_multi_thread_eigen": False}
FAR = 1e30
#: Compiled functions that are kept.
COMPILED = 64


@functools.cache
def _host():
    """The host as a device, with one thread if nothing in this process has used JAX before."""
    import jax

    before = os.environ.get("NPROC")
    os.environ["NPROC"] = "1"
    try:
        return jax.local_devices(backend="cpu")[0]
    finally:
        del os.environ["NPROC"]
        if before is not None:
            os.environ["NPROC"] = before


@contextlib.contextmanager
def on_host(double):
    """Compute on the host, with arrays of double or of single precision, whatever else in this process does."""
    import jax

    with jax.enable_x64(double), jax.default_device(_host()):
        yield


def missing():
    """Which library that is needed there is not, in a sentence; None if all are there."""
    try:
        import jax  # noqa: F401
        import optax  # noqa: F401
    except ImportError as error:
        return f"it needs {error.name}: pip install --no-deps --require-hashes -r envs/requirements-causal.txt"
    return None


_compiled = {}


def compiled(function, world, settings):
    """``function(world, settings, *arrays)``, compiled once in a process for all worlds that are equal.

    It must not use the training rows.
    """
    import jax

    world = world._replace(train=None)
    content = pickle.dumps((world.model, world.classifier, *(part.tobytes() for part in world[2:6])))
    key = function, settings.model_dump_json(), hashlib.sha256(content).hexdigest()
    if key not in _compiled:
        if len(_compiled) >= COMPILED:
            _compiled.clear()
        _compiled[key] = jax.jit(functools.partial(function, world, settings), compiler_options=ONE_THREAD)
    return _compiled[key]


def padded(part, size, precision):
    """Rows up to a size, copies of the first one behind; other than booleans in a precision."""
    part = part if part.dtype == bool else part.astype(precision)
    return part if len(part) == size else np.concatenate([part, np.repeat(part[:1], size - len(part), axis=0)])


def cheapest_accepted(problem, rows, acted, change, price, best):
    """Note the cheapest of each person's changes that is accepted in double precision.

    Parameters
    ----------
    problem : Problem
    rows : (m,) array of int
        Which people.
    acted : (m, candidates, actionable) boolean array
    change : (m, candidates, actionable) array
        In standard deviations.
    price : (m, candidates) array
        Infinite for what is no candidate.
    best : (n, actionable) boolean array, (n, actionable) array
        Acts and values of all people, in which they are noted.

    Returns
    -------
    (k,) array of int
        The people of whom none was accepted.
    """
    sd = problem.world.sd[problem.world.model.actionable]
    at, price, lost = np.arange(len(rows)), price.copy(), []
    while len(at):
        first = price[at].argmin(axis=1)
        hopeful = np.isfinite(price[at, first])
        lost.append(rows[at[~hopeful]])
        at, first = at[hopeful], first[hopeful]
        part = Problem(problem.world, problem.people[rows[at]], problem.profiles.take(rows[at]))
        plans = Plans.of(part, acted[at, first], part.present + change[at, first] * sd)
        found = rows[at[plans.found]]
        best[0][found], best[1][found] = plans.acted[plans.found], plans.values[plans.found]
        price[at, first] = np.inf
        at = at[~plans.found]
    return np.sort(np.concatenate(lost)) if lost else rows


class People(NamedTuple):
    """Rejected people as the steps see them: arrays (n, ...); changes are in standard deviations from what is.

    Attributes
    ----------
    noise : (n, nodes) array
        From which the model predicts.
    present : (n, actionable) array
        Raw values.
    lower, upper : (n, actionable) arrays
        Least and largest change: at most and at least 0.
    curve, centre, floor : (n, actionable) arrays
        What a change ``d`` costs, where the node is acted on: ``curve * (d - centre)**2 + floor``.
    """

    noise: np.ndarray
    present: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    curve: np.ndarray
    centre: np.ndarray
    floor: np.ndarray

    @classmethod
    def of(cls, problem):
        """Those of a problem."""
        world, profiles, present = problem.world, problem.profiles, problem.present
        sd = world.sd[world.model.actionable]
        lower, upper = problem.box()
        penalty = np.where(np.isnan(profiles.preferred), 0.0, profiles.penalty)
        wish = np.where(np.isnan(profiles.preferred), 0.0, (profiles.preferred - present) / sd)
        total, unit = profiles.weights + penalty, world.ranges * len(world.ranges)
        return cls(
            noise=world.model.abduct(problem.people),
            present=present,
            lower=(lower - present) / sd,
            upper=(upper - present) / sd,
            curve=total / unit,
            centre=penalty * wish / total,
            floor=profiles.weights * penalty / total * wish**2 / unit,
        )

    def take(self, rows):
        """Some of them."""
        return People(*(part[rows] for part in self))


def tangent_step(logit, slopes, at, people, lower, upper, centre, margin):
    """The cheapest change inside the box whose logit is at least `margin`, were the logit its tangent.

    Where no change in the box is accepted, it is the one that comes nearest to it. The minimiser is ``clip(centre +
    multiplier * slopes / (2 curve))``; what it gains rises with the multiplier, linearly between the values at which
    some node enters or meets its bound, so that the multiplier is found between two of them.

    Parameters
    ----------
    logit : (n,) array
        At the values `at`.
    slopes : (actionable, n) array
        Its derivatives there; 0 where a node is not acted on.
    at, lower, upper, centre : (actionable, n) arrays
    people : People
        Of which `curve` is used, (actionable, n).
    margin : float

    Returns
    -------
    (actionable, n) array
    """
    import jax.numpy as jnp

    needed = margin - logit + (slopes * at).sum(0)
    still = slopes == 0
    per_unit = jnp.where(still, 0.0, 2 * people.curve / jnp.where(still, 1.0, slopes))
    meets = per_unit * (jnp.where(slopes > 0, upper, lower) - centre)
    enters = per_unit * (jnp.where(slopes > 0, lower, upper) - centre)
    multipliers = jnp.concatenate([jnp.zeros_like(meets[:1]), jnp.maximum(meets, 0), jnp.maximum(enters, 0)])
    direction = slopes / (2 * people.curve)
    tried = jnp.clip(centre + multipliers[:, None] * direction, lower, upper)
    gains = (tried * slopes).sum(1)
    enough = gains >= needed
    after = jnp.where(enough, multipliers, FAR).min(0)
    before = jnp.where(enough, 0.0, multipliers).max(0)
    gain_after, gain_before = jnp.where(enough, gains, FAR).min(0), jnp.where(enough, -FAR, gains).max(0)
    share = (needed - gain_before) / jnp.maximum(gain_after - gain_before, 1 / FAR)
    multiplier = jnp.where(enough.any(0), before + share * (after - before), before)
    return jnp.clip(centre + jnp.where(enough[0], 0.0, multiplier) * direction, lower, upper)


def refined(world, people, acted, lower, upper, start, steps, pushes, margin):
    """Steps towards the least cost, then steps towards acceptance, and the best that was accepted on the way.

    Parameters
    ----------
    world : World
    people : People
        With people along the last axis.
    acted : (actionable, n) boolean array
    lower, upper, start : (actionable, n) arrays
        0 where not acted on.
    steps, pushes : int
        How many of each kind.
    margin : float
        How far on the accepted side a step aims.

    Returns
    -------
    change : (actionable, n) array
        The cheapest accepted one; else the last.
    cost : (n,) array
        Infinite where none was accepted.
    nearest : (n,) array
        The highest logit met.
    """
    import jax
    import jax.numpy as jnp

    sd = world.sd[world.model.actionable][:, None]
    curve = jnp.asarray(people.curve)

    def logit(change):
        values = people.present + change * sd
        return world.classifier.logit(world.model.predict(people.noise.T, acted.T, values.T, jnp), jnp)

    def noted(change, score, best):
        price = jnp.where(acted, curve * (change - people.centre) ** 2 + people.floor, 0.0).sum(0)
        better = (score >= 0) & (price < best[1])
        return jnp.where(better, change, best[0]), jnp.where(better, price, best[1]), jnp.maximum(best[2], score)

    def step(number, state):
        change, best = state
        score, back = jax.vjp(logit, change)
        slopes = jnp.where(acted, jnp.nan_to_num(back(jnp.ones_like(score))[0]), 0.0)
        best = noted(change, score, best)
        centre = jnp.where(number < steps, people.centre, change)
        moved = tangent_step(score, slopes, change, people, lower, upper, centre, margin)
        return jnp.where((number >= steps) & (score >= 0), change, moved), best

    worst = jnp.full_like(start[0], -jnp.inf)
    change, best = jax.lax.fori_loop(0, steps + pushes, step, (start, (start, -worst, worst)))
    best = noted(change, logit(change), best)
    return jnp.where(jnp.isinf(best[1]), change, best[0]), best[1], best[2]
