"""Algorithm 1 as one would write it with JAX: the loss, its gradient by autograd, every item ranked anew.

For the benchmarks only; JAX is an optional extra.
"""

import os
from functools import cache

import numpy as np

from recrec.methods import LIMIT, REACHED, STALLED
from recrec.methods.recrec.steps import ended

#: Tolerances for ties and for features that are back where they were, as in `printed`.
TIE, BACK = 1e-9, 1e-9
#: One thread, as everything that it is timed beside. Read when JAX starts.
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


@cache
def _iteration():
    """Ranks and gradient of one iteration, as a function that is compiled for each shape of its arguments."""
    os.environ.setdefault("XLA_FLAGS", ONE_THREAD)
    import jax
    import jax.numpy as jnp

    def loss(changed, profiles, left, mean):
        total = jnp.where(left, profiles @ changed, 0.0).sum()
        return -total / jnp.where(mean, jnp.maximum(left.sum(), 1), 1)

    @jax.jit
    def iteration(changed, features, profiles, item, desired_rank, mean):
        scores = profiles @ features.T
        scores = (scores + TIE * jnp.maximum(1.0, jnp.abs(scores))).at[:, item].set(-jnp.inf)
        rank = 1 + (scores >= (profiles @ changed)[:, None]).sum(axis=1)
        left = rank > desired_rank
        return left.any(), -jax.grad(loss)(changed, profiles, left, mean)

    return jax, iteration


def compute_recourse(features, ratings, item, mutable, settings):
    """As `printed.compute_recourse` with the proximal L1 step.

    Parameters
    ----------
    features : (items, features) array
    ratings : (users, items) array
    item : int
    mutable : (features,) bool array
    settings : Settings

    Returns
    -------
    Solution
    """
    jax, iteration = _iteration()
    with jax.enable_x64(True):
        matrix = jax.device_put(features)
        profiles = jax.device_put(ratings) @ matrix
        original, change = features[item], np.zeros(features.shape[1])
        step = l1 = None
        iterations = 0
        while True:
            anyone_left, gradient = iteration(
                original + change, matrix, profiles, item, settings.desired_rank, settings.aggregate == "mean"
            )
            if not anyone_left:
                return ended(change, REACHED, iterations, iterations)
            gradient = np.where(mutable, gradient, 0.0)
            if step is None:
                largest = np.abs(gradient).max()
                if largest == 0.0:
                    return ended(change, STALLED, iterations, iterations)
                step, l1 = settings.learning_rate / largest, settings.lambda_ * largest
            moved = change + step * gradient
            size = np.abs(moved) - step * l1
            moved = np.where(size > BACK * step * l1, np.sign(moved) * size, 0.0)
            if (np.abs(moved - change) <= BACK * step * l1).all():
                return ended(change, STALLED, iterations, iterations)
            if iterations == settings.max_iterations:
                return ended(change, LIMIT, iterations, iterations)
            change = moved
            iterations += 1
