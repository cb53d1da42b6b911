"""Random plans inside of what a person may set, the cheapest accepted one of them: a baseline."""

import numpy as np
from pydantic import Field

from recrec.causal.outcomes import Outcomes
from recrec.causal.world import Plans, cost
from recrec.config import Section
from recrec.config.values import whole_number

TITLE = "random"
TRAINED = False

#: Plans that are looked at together.
TOGETHER = 200_000


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
    rng, profiles, outcomes = np.random.default_rng(seed), problem.profiles, Outcomes(problem)
    best, best_acted, best_values = np.full(n, np.inf), np.zeros((n, actionable), dtype=bool), problem.present.copy()
    together = max(1, TOGETHER // max(n, 1))
    for start in range(0, settings.tries, together):
        tries = min(together, settings.tries - start)
        urge, share = np.moveaxis(rng.random((tries, 2, n, actionable)), 1, 0)
        urge = np.where(profiles.mask, urge, np.inf)
        acted = profiles.mask & ((urge < 0.5) | (urge == urge.min(axis=-1, keepdims=True)))
        values = np.where(acted, np.clip(lower + share * (upper - lower), lower, upper), problem.present)
        rows = np.tile(np.arange(n), tries)
        logits = outcomes.logits(rows, acted.reshape(-1, actionable), values.reshape(-1, actionable))
        costs = cost(
            problem.world, problem.people, acted, values, profiles.weights, profiles.preferred, profiles.penalty
        )
        costs = np.where(logits.reshape(tries, n) >= 0, costs, np.inf)
        place = costs.argmin(axis=0), np.arange(n)
        better = costs[place] < best
        best[better] = costs[place][better]
        best_acted[better], best_values[better] = acted[place][better], values[place][better]
    return Plans.of(problem, best_acted, best_values)
