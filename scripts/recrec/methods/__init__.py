"""Methods of recourse, a module or package each, found by looking into this folder.

A method is a file that defines what `Method` says; nothing else has to be touched. `recrec` is the paper's.
"""

import logging
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from pydantic import Field

from recrec import plugins
from recrec.actionability import FREE, Constraints
from recrec.arrays.device import Device
from recrec.audience import Audience
from recrec.config import Section

#: Why a solution ends: every sampled user has the item within the desired rank; nothing that may change helps any more;
#: the iterations, or the queries, ran out; the method cannot answer at all.
REACHED, STALLED, LIMIT, BUDGET, DECLINED = "reached", "stalled", "max_iterations", "budget", "declined"


class MethodSettings(Section):
    """What every method can be told."""

    desired_rank: int = Field(
        7,
        ge=1,
        description="a sampled user is content when the item is within this rank; stricter than top_k it is a margin, "
        "so that a small sample can stand for its group",
    )


class Problem(NamedTuple):
    """Lift some items over a score threshold for each of some samples of users.

    Attributes
    ----------
    audience : Audience
        The whole target group.
    items : list of int
    samples : list of integer arrays
        Positions of the users of each sample in the group, ascending; every sample has as many.
    scores : (users, items) array
        Present scores of these items for the whole group.
    thresholds : (users, items) array
        `ranking.score_thresholds` for the desired rank: a user is content where the score is greater.
    constraints : Constraints
        Over the mutable features.
    """

    audience: Audience
    items: list
    samples: list
    scores: np.ndarray
    thresholds: np.ndarray
    constraints: Constraints = FREE


class Solution(NamedTuple):
    """A recourse, or why there is none.

    Attributes
    ----------
    change : (mutable features,) array
        Recourse minus original.
    status : str
        One of the constants of this module.
    reason : str
        In a sentence, where the status alone does not say it.
    diagnostics : mapping of str to number
        What else the method tells, such as iterations or queries; the same names in all of its solutions.
    """

    change: np.ndarray
    status: str
    reason: str = ""
    diagnostics: Mapping[str, float] = {}


class Method(Protocol):
    """What a module in this folder has to define.

    Attributes
    ----------
    TITLE : str
        What to call it in a figure.
    THRESHOLDED : bool
        Whether hard thresholding follows it.
    Settings : type
        The config's section ``method_settings.NAME``: a pydantic model, a `MethodSettings`, with a default and a
        description for each key.
    """

    TITLE: str
    THRESHOLDED: bool
    Settings: type[MethodSettings]

    def unsupported(self, problem: Problem, settings: Any) -> str | None:
        """Why the method cannot answer, in a sentence; None if it can."""
        ...

    def solve(self, problem: Problem, settings: Any, device: Device, log: logging.Logger) -> list[list[Solution]]:
        """A solution for each sample and, within, each item."""
        ...


NEEDS = ("TITLE", "THRESHOLDED", "Settings", "unsupported", "solve")


def names() -> list[str]:
    """Names of the methods there are.

    Examples
    --------
    >>> {"greedy", "recrec"} <= set(names())
    True
    """
    return plugins.names(sys.modules[__name__])


def load(name: str) -> Any:
    """A method: a module as `Method`.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be used.

    Examples
    --------
    >>> load("greedy").THRESHOLDED
    False
    """
    return plugins.load(sys.modules[__name__], name, NEEDS)
