"""RecRec Bench: algorithmic recourse for recommender systems.

A room per concern (workflow/docs/architecture.md). What to use from Python is named here, and imported when it is used.

Examples
--------
>>> import numpy as np
>>> import recrec
>>> features = np.array([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]])  # items x features
>>> ratings = np.array([[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])  # users x items
>>> model = recrec.fit(features, ratings, feature_names=["love", "war", "river"])
>>> answer = recrec.threshold(recrec.recourse(model, 1, users=[0, 1], desired_rank=1), top_k=1)
>>> recrec.evaluate(answer, top_k=1).success >= 2 / 3
True
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recrec import methods as methods
    from recrec import recommenders as recommenders
    from recrec.actionability import Constraints
    from recrec.errors import InputError
    from recrec.evaluation.measures import Evaluated
    from recrec.evaluation.target import Target
    from recrec.interface import Model, Recourse, evaluate, fit, recourse, say, threshold

__version__ = "0.2.0"
__all__ = [
    "Constraints", "Evaluated", "InputError", "Model", "Recourse", "Target", "evaluate", "fit", "methods",
    "recommenders", "recourse", "say", "threshold",
]  # fmt: skip
_PLACES = {
    "Constraints": "recrec.actionability",
    "Evaluated": "recrec.evaluation.measures",
    "InputError": "recrec.errors",
    "Target": "recrec.evaluation.target",
    **dict.fromkeys(["Model", "Recourse", "evaluate", "fit", "recourse", "say", "threshold"], "recrec.interface"),
}


if not TYPE_CHECKING:  # a type checker would take it that any name is there

    def __getattr__(name: str) -> Any:
        if name in ("methods", "recommenders"):
            return importlib.import_module(f"recrec.{name}")
        if name in _PLACES:
            return getattr(importlib.import_module(_PLACES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
