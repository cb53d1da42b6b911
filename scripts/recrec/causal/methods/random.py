"""Random plans inside of what a person may set, the cheapest accepted one of them: a baseline."""

import numpy as np
from pydantic import Field

from recrec.causal.outcomes import Outcomes
from recrec.causal.world import Plans, cost
from recrec.config import Section
from recrec.config.values import whole_number

TITLE = "random"
TRAINED = False

#: Plans that are looked at together, or those of one person if there are more.
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
    evenly from what the person may set. The first people of a problem get the same plans however many follow.

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
    rng, together = np.random.default_rng(seed), max(1, TOGETHER // settings.tries)
    return problem.solved_in_parts(lambda part: cheapest_drawn(part, settings.tries, rng), together)


def cheapest_drawn(problem, tries, rng):
    """The cheapest accepted one of so many plans of each person, drawn person by person: others change nothing."""
    n, actionable = problem.present.shape
    lower, upper = problem.box()
    mask, present = problem.profiles.mask[:, None], problem.present[:, None]
    urge, share = np.moveaxis(rng.random((n, tries, 2, actionable)), 2, 0)
    urge = np.where(mask, urge, np.inf)
    acted = mask & ((urge < 0.5) | (urge == urge.min(axis=-1, keepdims=True)))
    lower, upper = lower[:, None], upper[:, None]
    values = np.where(acted, np.clip(lower + share * (upper - lower), lower, upper), present)
    rows = np.repeat(np.arange(n), tries)
    logits = Outcomes(problem).logits(rows, acted.reshape(-1, actionable), values.reshape(-1, actionable))
    parts = problem.profiles
    soft = (part[:, None] for part in (parts.weights, parts.preferred, parts.penalty))
    costs = cost(problem.world, problem.people[:, None], acted, values, *soft)
    best = np.where(logits.reshape(n, tries) >= 0, costs, np.inf).argmin(axis=1)
    return Plans.of(problem, acted[np.arange(n), best], values[np.arange(n), best])
