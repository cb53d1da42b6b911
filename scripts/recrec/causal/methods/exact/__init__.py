"""The cheapest recourse of each person: in closed form where all is linear, else by search, with a proof where it can.

Otherwise, where model or classifier is not linear, what is found is a local optimum, no worse than the best combination
of a grid over what the person may set. `certified` says of each person whether nothing cheaper is proved to exist.
"""

import functools
import math
from typing import Literal

from pydantic import Field

from recrec.causal.methods import grid
from recrec.causal.methods.exact import linear, searching
from recrec.config import Section
from recrec.config.values import number, whole_number

TITLE = "exact"
TRAINED = False

#: Pairs of people and sets of nodes that are looked at together.
PAIRS = 100_000


class Settings(Section):
    """Settings of the exact method."""

    largest_set: whole_number(1) | None = Field(
        None,
        description="Nodes that a plan may act on at once; null: all of up to four actionable nodes, three of more.",
    )
    bins: whole_number(2) = Field(
        15,
        description="Where all is not linear: values per node of a grid over what the person may set. All combinations "
        "that cost less than the plan found so far are tried, so that the plan is never worse than that grid's.",
    )
    span: Literal["limits", "published"] = Field("limits", description="Over what that grid goes: see `grid`.")
    steps: whole_number(1) = Field(
        12, description="Where all is not linear: steps of sequential quadratic programming from each start, at most."
    )
    proved_set: whole_number(0) = Field(
        1,
        description="Where all is not linear: people who may act on no more nodes than that get a proof that nothing "
        "cheaper is accepted, where it succeeds.",
    )
    tolerance: number(gt=0, lt=1) = Field(1e-6, description="Relative difference in cost down to which that is proved.")
    boxes: whole_number(1) = Field(
        2000, description="Boxes into which the search for a proof may cut what one person may set, at most."
    )


def unsupported(problem, settings):
    """Where all is not linear: what the grid cannot do either."""
    return None if linear.applies(problem.world) else grid.unsupported(problem, settings)


def solve(problem, settings, trained, seed, log):
    """The cheapest plan of each person.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    trained, seed
        Not used: nothing is drawn.
    log : logging.Logger

    Returns
    -------
    Plans
    """
    actionable = len(problem.world.model.actionable)
    largest_set = grid.largest(actionable, settings.largest_set)
    sets = sum(math.comb(actionable, acts) for acts in range(1, min(largest_set, actionable) + 1))
    together = max(1, PAIRS // sets)
    if linear.applies(problem.world):
        return problem.solved_in_parts(functools.partial(linear.solve, largest_set=largest_set), together)
    search = functools.partial(searching.solve, largest_set=largest_set, settings=settings, log=log)
    return problem.solved_in_parts(search, together)
