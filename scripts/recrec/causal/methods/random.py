"""Random plans inside of what a person may set, the cheapest accepted one of them: a baseline."""

import numpy as np
from pydantic import Field

from recrec.causal.outcomes import Outcomes
from recrec.causal.world import Plans, cost
from recrec.config import Section
from recrec.config.values import whole_number

TITLE = "random"
TRAINED = False


class Settings(Section):
    """Settings of the random plans."""

    tries: whole_number(1) = Field(100, description="Plans that are drawn for each person.")


def unsupported(problem, settings):
    """A node without limits to draw from."""
    if not all(np.isfinite(end).all() for end in problem.box()):
        return "random plans need finite limits"
    return None


def solve(problem, settings, trained, seed, log):
    """The cheapest accepted one of some random plans of each person.

    A plan acts on each node that is not locked with probability one half, at least on one, and sets it to a value drawn
    evenly from what the person may set.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    trained
        Not used.
    seed : int
    log : logging.Logger
        Not used.

    Returns
    -------
    Plans
    """
    n, actionable = problem.present.shape
    lower, upper = problem.box()
    rng = np.random.default_rng(seed)
    shape = (settings.tries, n, actionable)
    urge = np.where(problem.profiles.mask, rng.random(shape), np.inf)
    acted = (urge < 0.5) | (urge == urge.min(axis=-1, keepdims=True))
    acted &= problem.profiles.mask
    values = np.where(acted, lower + rng.random(shape) * (upper - lower), problem.present)
    values = np.clip(values, lower, upper)
    rows = np.tile(np.arange(n), settings.tries)
    logits = Outcomes(problem).logits(rows, acted.reshape(-1, actionable), values.reshape(-1, actionable))
    profiles = problem.profiles
    costs = cost(problem.world, problem.people, acted, values, profiles.weights, profiles.preferred, profiles.penalty)
    costs = np.where(logits.reshape(settings.tries, n) >= 0, costs, np.inf)
    best = costs.argmin(axis=0), np.arange(n)
    return Plans.of(problem, acted[best] & np.isfinite(costs[best])[:, None], values[best])
