"""Methods of causal recourse, a module each, found by looking into this folder."""

import logging
import sys
from typing import Any, Protocol

from recrec import plugins
from recrec.causal.world import Plans, Problem, World
from recrec.config import Section


class Method(Protocol):
    """What a module in this folder has to define.

    Attributes
    ----------
    TITLE : str
        What to call it in a figure.
    TRAINED : bool
        Whether it is trained before it is asked, once for a data set and a seed.
    Settings : type
        The config's section ``causal.method_settings.NAME``: a pydantic model, with a default and a description each.
    """

    TITLE: str
    TRAINED: bool
    Settings: type[Section]

    def unsupported(self, problem: Problem, settings: Any) -> str | None:
        """Why the method cannot answer, in a sentence; None if it can."""
        ...

    def train(self, world: World, schemes: dict, settings: Any, seed: int, log: logging.Logger) -> dict:
        """Plain arrays by name, where `TRAINED`."""
        ...

    def solve(self, problem: Problem, settings: Any, trained: dict | None, seed: int, log: logging.Logger) -> Plans:
        """A plan for each person."""
        ...


NEEDS = ("TITLE", "TRAINED", "Settings", "unsupported", "solve")


def names() -> list[str]:
    """Names of the methods there are."""
    return plugins.names(sys.modules[__name__])


def load(name: str) -> Any:
    """A method: a module as `Method`.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be used.
    """
    return plugins.load(sys.modules[__name__], name, NEEDS)
