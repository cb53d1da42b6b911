"""Recommenders, a module each, found by looking into this folder.

A recommender is a file that defines what `Recommender` says; nothing else has to be touched. `content` is the paper's.
"""

import sys
from typing import Any, Protocol

from recrec import plugins
from recrec.audience import Audience
from recrec.config import Section
from recrec.data.matrices import Matrices


class Recommender(Protocol):
    """What a module in this folder has to define.

    Attributes
    ----------
    TITLE : str
        What to call it in a figure.
    Settings : type
        The config's section ``recommender_settings.NAME``: a pydantic model with a default and a description for each
        key.
    """

    TITLE: str
    Settings: type[Section]

    def fit(self, matrices: Matrices, settings: Any) -> dict:
        """What is learnt from all interactions, as plain arrays by name: one cached file."""
        ...

    def audience(self, state: dict, matrices: Matrices, users: Any, candidates: str, settings: Any) -> Audience:
        """Some of the users, by position in the data set; `candidates` is "all" or "unrated"."""
        ...


NEEDS = ("TITLE", "Settings", "fit", "audience")


def names() -> list[str]:
    """Names of the recommenders there are.

    Examples
    --------
    >>> {"content", "ridge"} <= set(names())
    True
    """
    return plugins.names(sys.modules[__name__])


def load(name: str) -> Any:
    """A recommender: a module as `Recommender`.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be used.

    Examples
    --------
    >>> load("content").TITLE
    'content filtering'
    """
    return plugins.load(sys.modules[__name__], name, NEEDS)
