"""Becoming as the nearest accepted person, as far as one may: a baseline."""

import functools

import numpy as np
from pydantic import Field

from recrec.causal.outcomes import Outcomes
from recrec.causal.world import Plans
from recrec.config import Section
from recrec.config.values import whole_number

TITLE = "nearest"
TRAINED = False

#: Distances that are held at once.
TOGETHER = 4_000_000


class Settings(Section):
    """Settings of the nearest accepted person."""

    neighbours: whole_number(1) = Field(
        10, description="Accepted training people that are tried, the nearest one first, until one of them will do."
    )


def unsupported(problem, settings):
    """Nobody to become like."""
    return None if len(problem.world.accepted) else "nobody of the training people is accepted"


def solve(problem, settings, trained, seed, log):
    """Copy what is not locked of the actionable values of the nearest accepted training people.

    Near is what costs little to reach by the person's own weights. Values are clipped to what the person may set.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    trained, seed
        Not used.
    log : logging.Logger
        Not used.

    Returns
    -------
    Plans
    """
    models = problem.world.accepted[:, problem.world.model.actionable]
    solve_part = functools.partial(_solve, models=models, tried=min(settings.neighbours, len(models)))
    return problem.solved_in_parts(solve_part, max(1, TOGETHER // len(models)))


def _solve(problem, models, tried):
    world, profiles, present = problem.world, problem.profiles, problem.present
    n, actionable = present.shape
    lower, upper = problem.box()
    sd = world.sd[world.model.actionable]
    weights = np.where(profiles.mask, profiles.weights, 0.0) / (sd**2 * world.ranges)
    distance = sum(weights[:, k, None] * (models[:, k] - present[:, k, None]) ** 2 for k in range(actionable))
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :tried]
    values = np.clip(models[nearest], lower[:, None], upper[:, None])
    acted = profiles.mask[:, None] & (values != present[:, None])
    rows = np.repeat(np.arange(n), tried)
    logits = Outcomes(problem).logits(rows, acted.reshape(-1, actionable), values.reshape(-1, actionable))
    will_do = (logits.reshape(n, tried) >= 0) & acted.any(axis=-1)
    first = np.arange(n), will_do.argmax(axis=1)
    return Plans.of(problem, acted[first] & will_do.any(axis=1)[:, None], values[first])
