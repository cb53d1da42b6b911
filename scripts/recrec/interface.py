"""Recourse from Python, on arrays: fit a recommender, ask for a recourse, threshold it, evaluate it, say it in words.

The workflow's stages call the same functions, on files.
"""

import difflib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pydantic import ValidationError
from scipy.sparse import csr_array, issparse

from recrec import methods, recommenders
from recrec.actionability import FREE, Constraints
from recrec.arrays.device import CPU, Device
from recrec.data.matrices import Matrices
from recrec.errors import InputError
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.measures import Evaluated, evaluate_cell
from recrec.evaluation.recourses import solve_samples
from recrec.evaluation.target import Target
from recrec.evaluation.thresholding import threshold_cell
from recrec.reporting.sentences import Place, change_phrases, statement

LOG = logging.getLogger(__name__)
#: Users whose lists are sorted at a time.
BLOCK_USERS = 512


@dataclass(frozen=True)
class Model:
    """A recommender fitted to interactions: what `fit` returns.

    Attributes
    ----------
    recommender : str
    settings : pydantic model
    state : dict
        What it learnt.
    matrices : Matrices
    candidates : {"all", "unrated"}
    feature_names, item_names : list of str
    """

    recommender: str
    settings: Any
    state: dict[str, np.ndarray]
    matrices: Matrices
    candidates: str
    feature_names: list[str]
    item_names: list[str]

    def target(self, users: ArrayLike | None = None) -> Target:
        """Users as a target group, with their ranked lists.

        Parameters
        ----------
        users : (n,) array of int or of bool, optional
            Positions of the users; everybody if left out.

        Returns
        -------
        Target

        Raises
        ------
        InputError
            For a position that there is not.
        """
        chosen = _positions(users, self.matrices.ratings.shape[0], "users")
        audience = recommenders.load(self.recommender).audience(
            self.state, self.matrices, chosen, self.candidates, self.settings
        )
        sorted_scores = np.empty(audience.shape)
        rank_baseline(audience, 1, BLOCK_USERS, sorted_scores, LOG)
        return Target(audience, sorted_scores)

    def scores(self, users: ArrayLike | None = None) -> np.ndarray:
        """Scores of all items for users: (n, items) array."""
        return self.target(users).audience.scores()

    def item(self, item: int | str) -> int:
        """Position of an item, given as position or name.

        Raises
        ------
        InputError
            If there is none.
        """
        if isinstance(item, str):
            return _named(item, self.item_names, "item")
        return int(_positions([item], len(self.item_names), "item")[0])


@dataclass(frozen=True)
class Recourse:
    """A recourse for one item: what `recourse` returns.

    Attributes
    ----------
    model : Model
    target : Target
        The users whom the item shall reach.
    item : int
    sample : (n,) integer array
        Positions, within the target group, of the users that the recourse was computed for.
    found : (features,) array
        Change of each feature as the method found it; 0 for those that cannot change.
    change : (features,) array
        The same after hard thresholding, or as it was found.
    status : str
        ``"reached"`` if all sampled users have the item within the desired rank, or why not.
    reason : str
        In a sentence, where the status does not say it.
    diagnostics : dict
        What else the method tells.
    """

    model: Model
    target: Target
    item: int
    sample: np.ndarray
    found: np.ndarray
    change: np.ndarray
    status: str
    reason: str
    diagnostics: dict[str, float]

    @property
    def changes(self) -> dict[str, float]:
        """What to change, by the features' names, the largest change first."""
        order = np.argsort(-np.abs(self.change), kind="stable")[: np.count_nonzero(self.change)]
        return {self.model.feature_names[feature]: float(self.change[feature]) for feature in order}

    @cached_property
    def features(self) -> np.ndarray:
        """(features,) array: the item with its changes made."""
        return self.model.matrices.features[[self.item]].toarray()[0] + self.change


def fit(
    features: Any,
    ratings: Any,
    recommender: str = "content",
    *,
    mutable: ArrayLike | None = None,
    candidates: str = "all",
    feature_names: Sequence[str] | None = None,
    item_names: Sequence[str] | None = None,
    **settings: Any,
) -> Model:
    """Fit a recommender to interactions.

    Parameters
    ----------
    features : (items, features) array or sparse matrix
        What each item has: counts, 0-1 indicators, numbers.
    ratings : (users, items) array or sparse matrix
        Interactions; 0 where there is none.
    recommender : str
        One of `recommenders.names()`.
    mutable : (features,) array of bool, or of int, optional
        Which features a provider can change, as a mask or as positions; all of them if left out.
    candidates : {"all", "unrated"}
        Which items compete in a user's list: all of them, or those that the user has not rated.
    feature_names, item_names : sequence of str, optional
        What to call them.
    **settings
        Of the recommender.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        For shapes that do not fit together, values that are no finite numbers, or a name or setting that there is not.

    Examples
    --------
    >>> import numpy as np
    >>> import recrec
    >>> features = np.array([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]])  # items x words
    >>> ratings = np.array([[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])  # users x items
    >>> model = recrec.fit(features, ratings, feature_names=["love", "war", "river"])
    >>> model.scores([0])
    array([[26.,  2., 10., 10.]])
    """
    items, users = _matrix(features, "features"), _matrix(ratings, "ratings")
    if users.shape[1] != items.shape[0]:
        raise InputError(
            f"ratings: given {users.shape[1]} columns; allowed: {items.shape[0]}, one for each item (row) of features"
        )
    if candidates not in ("all", "unrated"):
        raise InputError(f"candidates: given {candidates!r}; allowed: all, unrated")
    mask = np.zeros(items.shape[1], dtype=bool)
    mask[_positions(mutable, items.shape[1], "mutable")] = True
    if not mask.any():
        raise InputError("mutable: no feature can change; allowed: at least one")
    matrices = Matrices(items, users, mask, np.ones(users.shape[0], dtype=np.int64))
    plugin = recommenders.load(recommender)
    choice = _settings(plugin, recommender, settings)
    names = _names(feature_names, items.shape[1], "feature"), _names(item_names, items.shape[0], "item")
    return Model(recommender, choice, plugin.fit(matrices, choice), matrices, candidates, *names)


def recourse(
    model: Model,
    item: int | str,
    users: ArrayLike | None = None,
    method: str = "recrec",
    *,
    target: Target | ArrayLike | None = None,
    constraints: Constraints = FREE,
    device: Device = CPU,
    **settings: Any,
) -> Recourse:
    """Ask a method what would have to change about an item so that users see it within a rank.

    Parameters
    ----------
    model : Model
    item : int or str
        Its position or name.
    users : (n,) array of int or of bool, optional
        The users that the recourse is computed for: positions within the target group, or a mask of it. The whole group
        if left out.
    method : str
        One of `methods.names()`.
    target : Target or (m,) array of int or of bool, optional
        The group of users whom the item shall reach: positions, or what `Model.target` returned. Everybody if left out.
    constraints : Constraints
        Over the mutable features: what a unit of change costs, and bounds.
    device : Device
    **settings
        Of the method, such as ``desired_rank=10``. ``lambda`` is a word of Python's: write ``lambda_``.

    Returns
    -------
    Recourse
        Without a change where the method declines; `reason` says why.

    Raises
    ------
    InputError
        For a user, item, method or setting that there is not.

    Examples
    --------
    >>> import numpy as np
    >>> import recrec
    >>> features = np.array([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]])
    >>> ratings = np.array([[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> model = recrec.fit(features, ratings, feature_names=["love", "war", "river"])
    >>> answer = recrec.recourse(model, 1, users=[0, 1], method="greedy", desired_rank=1)
    >>> answer.status, answer.changes
    ('reached', {'love': 3.0})
    """
    group = target if isinstance(target, Target) else model.target(target)
    sample = np.sort(_positions(users, group.audience.shape[0], "users"))
    if not sample.size:
        raise InputError("users: given none; allowed: at least one")
    plugin = methods.load(method)
    choice = _settings(plugin, method, settings)
    if choice.desired_rank > group.audience.shape[1]:
        raise InputError(
            f"desired_rank: given {choice.desired_rank}; allowed: at most {group.audience.shape[1]}, "
            "the number of items"
        )
    at = model.item(item)
    mutable = model.matrices.mutable
    try:
        [[solution]] = solve_samples(group, [at], [sample], plugin, choice, device, constraints, LOG)
    except ValueError as error:
        raise InputError(f"constraints: {error}") from None
    change = np.zeros(len(mutable))
    change[mutable] = solution.change
    return Recourse(
        model, group, at, sample, change, change, solution.status, solution.reason, dict(solution.diagnostics)
    )


def threshold(answer: Recourse, top_k: int = 10, keep: float = 0.8, over: str = "group") -> Recourse:
    """Give up the smallest changes of a recourse while it keeps most of its success (RecRec, section 3).

    Parameters
    ----------
    answer : Recourse
    top_k : int
        Success is a place within this rank.
    keep : float
        Share of the success rate that must remain, 0 to 1.
    over : {"group", "sample"}
        The users over whom the success rate counts.

    Returns
    -------
    Recourse
        With another `change`; `found` stays.

    Raises
    ------
    InputError
        For a rank, share or group of users that there is not.

    Examples
    --------
    >>> import numpy as np
    >>> import recrec
    >>> features = np.array([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]])
    >>> ratings = np.array([[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> model = recrec.fit(features, ratings, feature_names=["love", "war", "river"])
    >>> answer = recrec.recourse(model, 1, users=[0, 1], desired_rank=1)
    >>> len(answer.changes), len(recrec.threshold(answer, top_k=1).changes)
    (3, 2)
    """
    _check_rank(top_k, answer.target)
    if not 0 <= keep <= 1:
        raise InputError(f"keep: given {keep}; allowed: 0 to 1")
    if over not in ("group", "sample"):
        raise InputError(f"over: given {over!r}; allowed: group, sample")
    mutable = answer.model.matrices.mutable
    users = None if over == "group" else answer.sample
    [kept] = threshold_cell(answer.target, np.array([answer.item]), [users], answer.found[None, mutable], top_k, keep)
    change = np.zeros(len(mutable))
    change[mutable] = kept
    return replace(answer, change=change)


def evaluate(answer: Recourse, top_k: int = 10, rbo_p: float = 0.5) -> Evaluated:
    """What a recourse does to the lists of the whole target group.

    Parameters
    ----------
    answer : Recourse
    top_k : int
        Success is a place within this rank.
    rbo_p : float
        Persistence of rank-biased overlap, above 0 and below 1.

    Returns
    -------
    Evaluated

    Raises
    ------
    InputError
        For a rank that there is not or another persistence.

    Examples
    --------
    >>> import numpy as np
    >>> import recrec
    >>> features = np.array([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]])
    >>> ratings = np.array([[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> model = recrec.fit(features, ratings, feature_names=["love", "war", "river"])
    >>> answer = recrec.recourse(model, 1, users=[0, 1], method="greedy", desired_rank=1)
    >>> recrec.evaluate(answer, top_k=1).users_reached
    2
    """
    _check_rank(top_k, answer.target)
    if not 0 < rbo_p < 1:
        raise InputError(f"rbo_p: given {rbo_p}; allowed: above 0 and below 1")
    found, kept = (change[None, answer.model.matrices.mutable] for change in (answer.found, answer.change))
    [row] = evaluate_cell(answer.target, np.array([answer.item]), found, kept, top_k, rbo_p)
    return row


def say(answer: Recourse, top_k: int = 10, group: str = "asked for") -> str:
    """A recourse in words: where the item stands, what to change, what that brings.

    Parameters
    ----------
    answer : Recourse
    top_k : int
    group : str
        What to call the target group.

    Returns
    -------
    str

    Raises
    ------
    InputError
        For a rank that there is not.

    Examples
    --------
    >>> import numpy as np
    >>> import recrec
    >>> features = np.array([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]])
    >>> ratings = np.array([[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
    >>> model = recrec.fit(features, ratings, feature_names=["love", "war", "river"], item_names=["a", "b", "c", "d"])
    >>> answer = recrec.recourse(model, "b", users=[0, 1], method="greedy", desired_rank=1)
    >>> recrec.say(answer, top_k=1, group="readers").split(". ")[1]
    'Add love (0 → 3): then 2 of the 3 have it in their top 1 (mean rank 1.3).'
    """
    _check_rank(top_k, answer.target)
    target, model = answer.target, answer.model
    users, items = target.audience.shape
    means = np.array([target.ranks([item]).mean() for item in range(items)])
    position = int(np.flatnonzero(np.argsort(means, kind="stable") == answer.item)[0]) + 1
    before = target.ranks([answer.item])[:, 0]
    row = evaluate(answer, top_k)
    place = Place(
        position, items, float(before.mean()), row.mean_rank_after, top_k, int((before <= top_k).sum()),
        row.users_reached, users, group,
    )  # fmt: skip
    ones = np.ones(len(answer.change))
    originals = model.matrices.features[[answer.item]].toarray()[0]
    phrases = change_phrases(answer.change, originals, model.feature_names.__getitem__, 0 * ones, ones)
    return statement(model.item_names[answer.item], phrases or ["change nothing"], place)


def _matrix(values: Any, name: str) -> csr_array:
    """A matrix of finite numbers, sparse."""
    try:
        matrix = csr_array(values, dtype=np.float64) if issparse(values) else np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: not an array of numbers") from None
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise InputError(f"{name}: given the shape {matrix.shape}; allowed: two dimensions, neither of them empty")
    sparse = csr_array(matrix)
    sparse.sum_duplicates()
    sparse.eliminate_zeros()
    if not np.isfinite(sparse.data).all():
        bad = int(np.flatnonzero(~np.isfinite(sparse.data))[0])
        row = int(np.searchsorted(sparse.indptr, bad, side="right")) - 1
        raise InputError(
            f"{name}: row {row}, column {sparse.indices[bad]} is {sparse.data[bad]}; allowed: finite numbers"
        )
    return sparse


def _positions(chosen: ArrayLike | None, size: int, name: str) -> np.ndarray:
    """Positions from positions, from a mask, or all."""
    if chosen is None:
        return np.arange(size)
    array = np.atleast_1d(np.asarray(chosen))
    if array.dtype == bool:
        if array.shape != (size,):
            raise InputError(f"{name}: given a mask of shape {array.shape}; allowed: ({size},)")
        return np.flatnonzero(array)
    if array.ndim != 1 or not (array.size == 0 or np.issubdtype(array.dtype, np.integer)):
        raise InputError(f"{name}: given {chosen!r}; allowed: whole numbers from 0 to {size - 1}, or a mask")
    outside = array[(array < 0) | (array >= size)]
    if outside.size:
        raise InputError(f"{name}: given {outside[0]}; allowed: 0 to {size - 1}")
    if len(np.unique(array)) < len(array):
        raise InputError(f"{name}: a position is given twice; allowed: each once")
    return array.astype(np.int64)


def _names(names: Sequence[str] | None, size: int, kind: str) -> list[str]:
    if names is None:
        return [f"{kind} {number}" for number in range(size)]
    if len(names) != size:
        raise InputError(f"{kind}_names: given {len(names)}; allowed: {size}, one for each {kind}")
    return [str(name) for name in names]


def _named(name: str, names: list[str], kind: str) -> int:
    if name in names:
        return names.index(name)
    raise InputError(f"{kind}: there is no {name!r}{_hint(name, names)}")


def _hint(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _settings(plugin: Any, name: str, keys: dict[str, Any]) -> Any:
    """Settings of a plug-in from keyword arguments."""
    try:
        return plugin.Settings(**keys)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            known = list(plugin.Settings.model_fields)
            raise InputError(
                f"{name}: {key}: unknown setting{_hint(key, known)}; allowed: {', '.join(known) or 'none'}"
            ) from None
        raise InputError(f"{name}: {key}: given {first['input']!r}; {first['msg']}") from None


def _check_rank(top_k: int, target: Target) -> None:
    items = target.audience.shape[1]
    if isinstance(top_k, bool) or not isinstance(top_k, int | np.integer) or not 1 <= top_k <= items:
        raise InputError(f"top_k: given {top_k!r}; allowed: 1 to {items}, the number of items")
