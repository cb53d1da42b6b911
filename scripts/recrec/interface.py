"""Recourse from Python, on arrays: fit a recommender, ask for a recourse, threshold it, evaluate it, say it in words.

The workflow's stages call the same functions, on files.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pydantic import ValidationError
from scipy.sparse import csr_array, issparse

from recrec import methods, recommenders
from recrec.actionability import FREE, Constraints
from recrec.arrays.device import CPU, DEFAULT_MIB, Device, choose
from recrec.audience import Audience
from recrec.data.matrices import Matrices
from recrec.errors import InputError, did_you_mean
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.measures import Evaluated, evaluate_cell
from recrec.evaluation.recourses import solve_samples
from recrec.evaluation.target import Target
from recrec.evaluation.thresholding import threshold_cell
from recrec.reporting.sentences import Place, change_phrases, statement

LOG = logging.getLogger(__name__)
#: Users whose lists are sorted at a time.
BLOCK_USERS = 512


@dataclass(frozen=True, eq=False)
class Model:
    """A recommender fitted to interactions: what `fit` returns.

    Attributes
    ----------
    recommender : str
        Its name.
    settings : pydantic model
        Those of the recommender.
    state : dict of arrays
        What it learnt.
    matrices : Matrices
        What it was fitted to, and which features can change.
    candidates : {"all", "unrated"}
        Which items compete in a user's list.
    feature_names, item_names : list of str

    Examples
    --------
    >>> import recrec
    >>> model = recrec.fit([[1, 0], [0, 1]], [[5, 0]], item_names=["a", "b"])
    >>> model.scores()
    array([[5., 0.]])
    >>> model.item("b")
    1
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
            For a position that there is not, no user at all, or scores that are no finite numbers.
        """
        audience = self._audience(users, "target")
        if not audience.shape[0]:
            raise InputError("target: given no user; allowed: at least one")
        sorted_scores = np.empty(audience.shape)
        rank_baseline(audience, 1, BLOCK_USERS, sorted_scores, LOG)
        return Target(audience, sorted_scores)

    def scores(self, users: ArrayLike | None = None) -> np.ndarray:
        """Scores of all items for users.

        Parameters
        ----------
        users : (n,) array of int or of bool, optional
            As for `target`.

        Returns
        -------
        (n, items) array

        Raises
        ------
        InputError
            For a position that there is not.
        """
        return self._audience(users, "users").scores()

    def item(self, item: int | str) -> int:
        """Position of an item, given as position or name.

        Parameters
        ----------
        item : int or str

        Returns
        -------
        int

        Raises
        ------
        InputError
            If there is none, or several have the name.
        """
        if not isinstance(item, str):
            if np.ndim(item):
                raise InputError(f"item: given {np.size(item)} of them; allowed: one, as position or name")
            return int(_positions([item], len(self.item_names), "item")[0])
        count = self.item_names.count(item)
        if count > 1:
            raise InputError(f"item: {count} items are called {item!r}; give its position")
        if not count:
            raise InputError(f"item: there is no {item!r}{did_you_mean(item, self.item_names)}")
        return self.item_names.index(item)

    def _audience(self, users: ArrayLike | None, name: str) -> Audience:
        chosen = _positions(users, self.matrices.ratings.shape[0], name)
        plugin = recommenders.load(self.recommender)
        audience: Audience = plugin.audience(self.state, self.matrices, chosen, self.candidates, self.settings)
        return audience


@dataclass(frozen=True, eq=False)
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
    diagnostics : dict of str to number
        What else the method tells.
    changes : dict of str to float
        What to change, by the features' names, the largest change first.
    features : (features,) array
        The item with its changes made.

    Examples
    --------
    >>> import recrec
    >>> model = recrec.fit([[1, 0], [0, 1]], [[5, 0]], feature_names=["love", "war"])
    >>> answer = recrec.recourse(model, 1, method="greedy", desired_rank=1)
    >>> answer.changes, answer.features
    ({'love': 2.0}, array([2., 1.]))
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
        return self._before + self.change

    @property
    def _before(self) -> np.ndarray:
        features: np.ndarray = self.model.matrices.features[[self.item]].toarray()[0]
        return features


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
    features : (items, features) array, DataFrame or sparse matrix
        What each item has: counts, 0-1 indicators, numbers. The texts that label a DataFrame are its names.
    ratings : (users, items) array, DataFrame or sparse matrix
        Interactions; 0 where there is none.
    recommender : str
        One of `recommenders.names()`.
    mutable : (features,) array of bool, or of int, optional
        Which features a provider can change, as a mask or as positions; all of them if left out.
    candidates : {"all", "unrated"}
        Which items compete in a user's list: all of them, or those that the user has not rated.
    feature_names, item_names : sequence of str, optional
        What to call them. No two features may have one name.
    **settings
        Of the recommender: the fields of its ``Settings``, such as ``alpha`` for `ridge`.

    Returns
    -------
    Model
        Of copies: what was given may change afterwards.

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
    if items.shape[0] < 2:
        raise InputError("features: given 1 item (row); allowed: at least 2, or there is nothing to rank")
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
    of_features = _names(
        feature_names if feature_names is not None else _labels(features, "columns"), items.shape[1], "feature"
    )
    _check_once(of_features, "feature_names")
    labels, columns = _labels(features, "index"), _labels(ratings, "columns")
    if labels and columns and labels != columns:
        at = next(at for at, pair in enumerate(zip(labels, columns, strict=True)) if pair[0] != pair[1])
        raise InputError(
            f"ratings: column {at} is called {columns[at]!r}; allowed: {labels[at]!r}, as row {at} of features"
        )
    of_items = _names(item_names if item_names is not None else labels or columns, items.shape[0], "item")
    return Model(recommender, choice, plugin.fit(matrices, choice), matrices, candidates, of_features, of_items)


def recourse(
    model: Model,
    item: int | str,
    users: ArrayLike | None = None,
    method: str = "recrec",
    *,
    target: Target | ArrayLike | None = None,
    constraints: Constraints = FREE,
    device: Device | str = CPU,
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
        What a unit of change costs, and bounds: a number for all mutable features, or one for each.
    device : Device or {"cpu", "gpu", "auto"}
        Where the method computes; `auto` takes a CUDA device if CuPy finds one.
        Where to compute: `recrec.arrays.device.choose`.
    **settings
        Of the method: the fields of its ``Settings``, such as ``desired_rank=10``. ``lambda`` is a word of Python's:
        write ``lambda_``.

    Returns
    -------
    Recourse
        Without a change where the method declines; `reason` says why.

    Raises
    ------
    InputError
        For a user, item, method or setting that there is not, or constraints that do not fit.

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
    if isinstance(target, Target) and target.audience.shape[1] != len(model.item_names):
        raise InputError(
            f"target: given lists of {target.audience.shape[1]} items; allowed: {len(model.item_names)}, the model's"
        )
    group = target if isinstance(target, Target) else model.target(target)
    sample = np.sort(_positions(users, group.audience.shape[0], "users"))
    if not sample.size:
        raise InputError("users: given none; allowed: at least one")
    plugin = methods.load(method)
    choice = _settings(plugin, method, settings)
    if isinstance(device, str):
        if device not in ("cpu", "gpu", "auto"):
            raise InputError(f"device: given {device!r}; allowed: cpu, gpu, auto")
        device = choose(device, "double", DEFAULT_MIB, LOG)
    items = group.audience.shape[1]
    if choice.desired_rank > items and "desired_rank" not in choice.model_fields_set:
        raise InputError(
            f"desired_rank: its default, {choice.desired_rank}, is above the number of items; give one, 1 to {items}"
        )
    if choice.desired_rank > items:
        raise InputError(f"desired_rank: given {choice.desired_rank}; allowed: at most {items}, the number of items")
    at = model.item(item)
    mutable = model.matrices.mutable
    limits = _constraints(constraints, int(mutable.sum()))
    [[solution]] = solve_samples(group, [at], [sample], plugin, choice, device, limits, LOG)
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
    if not _is_number(keep) or not 0 <= keep <= 1:
        raise InputError(f"keep: given {keep!r}; allowed: 0 to 1")
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
    if not _is_number(rbo_p) or not 0 < rbo_p < 1:
        raise InputError(f"rbo_p: given {rbo_p!r}; allowed: above 0 and below 1")
    found, kept = (change[None, answer.model.matrices.mutable] for change in (answer.found, answer.change))
    [row] = evaluate_cell(answer.target, np.array([answer.item]), found, kept, top_k, rbo_p)
    return row


def say(answer: Recourse, top_k: int = 10, group: str = "asked for") -> str:
    """A recourse in words: where the item stands, what to change, what that brings.

    Parameters
    ----------
    answer : Recourse
    top_k : int
        How far down the users are said to look.
    group : str
        What to call the target group.

    Returns
    -------
    str
        Two sentences; a third where the method says why there is no recourse.

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
    means = rank_baseline(target.audience, 1, BLOCK_USERS, np.empty((users, items)), LOG).mean_rank
    position = int(np.flatnonzero(np.argsort(means, kind="stable") == answer.item)[0]) + 1
    before = target.ranks([answer.item])[:, 0]
    row = evaluate(answer, top_k)
    place = Place(
        position, items, float(before.mean()), row.mean_rank_after, top_k, int((before <= top_k).sum()),
        row.users_reached, users, group,
    )  # fmt: skip
    ones = np.ones(len(answer.change))
    phrases = change_phrases(answer.change, answer._before, model.feature_names.__getitem__, 0 * ones, ones)
    said = statement(model.item_names[answer.item], phrases or ["change nothing"], place)
    return f"{said} No recourse: {answer.reason}." if answer.reason and not phrases else said


def _matrix(values: Any, name: str) -> csr_array:
    """A matrix of finite numbers, sparse; a copy."""
    try:
        matrix = values if issparse(values) else np.asarray(values)
        if matrix.dtype.kind not in "biufO":
            raise TypeError
        matrix = matrix.astype(np.float64)  # always a copy
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
        raise InputError(
            f"{name}: given {array.dtype} of shape {array.shape}; allowed: a list of whole numbers from 0 to "
            f"{size - 1}, or a mask"
        )
    outside = array[(array < 0) | (array >= size)]
    if outside.size:
        raise InputError(f"{name}: given {outside[0]}; allowed: 0 to {size - 1}")
    _check_once(array.tolist(), name)
    return array.astype(np.int64)


def _check_once(values: list[Any], name: str) -> None:
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise InputError(f"{name}: {value!r} is given twice; allowed: each once")
        seen.add(value)


def _labels(values: Any, axis: str) -> list[str] | None:
    """What a DataFrame calls its rows or columns; None if those are no texts."""
    labels = list(getattr(values, axis)) if hasattr(values, "columns") else []
    return labels if labels and all(isinstance(label, str) for label in labels) else None


def _names(names: Sequence[str] | None, size: int, kind: str) -> list[str]:
    if names is None:
        return [f"{kind} {number}" for number in range(size)]
    if isinstance(names, str):
        raise InputError(f"{kind}_names: given one text; allowed: a list of {size}, one for each {kind}")
    if len(names) != size:
        raise InputError(f"{kind}_names: given {len(names)}; allowed: {size}, one for each {kind}")
    return [str(name) for name in names]


def _settings(plugin: Any, name: str, keys: dict[str, Any]) -> Any:
    """Settings of a plug-in from keyword arguments."""
    # NumPy's scalars are numbers to whoever calls from Python, other than in a config.
    plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in keys.items()}
    try:
        return plugin.Settings(**plain)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            known = list(plugin.Settings.model_fields)
            if key in known:
                raise InputError(f"{name}: {key}: given twice, by both of its names; allowed: once") from None
            raise InputError(
                f"{name}: {key}: unknown setting{did_you_mean(key, known)}; allowed: {', '.join(known) or 'none'}"
            ) from None
        raise InputError(
            f"{name}: {key}: given {first['input']!r}; allowed: {first['msg'].removeprefix('Input should be ')}"
        ) from None


def _constraints(constraints: Constraints, size: int) -> Constraints:
    """Constraints with a number for each mutable feature, or None for none."""
    if not isinstance(constraints, Constraints):
        raise InputError(f"constraints: given {type(constraints).__name__}; allowed: recrec.Constraints")
    parts = {}
    for name, given in constraints._asdict().items():
        if given is None:
            continue
        try:
            part = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"constraints.{name}: not an array of numbers") from None
        if part.shape not in ((), (1,), (size,)):
            raise InputError(
                f"constraints.{name}: given the shape {part.shape}; allowed: a number, or ({size},), one for each "
                "mutable feature"
            )
        if np.isnan(part).any():
            raise InputError(f"constraints.{name}: a value is nan; allowed: numbers")
        parts[name] = np.broadcast_to(part, (size,)).copy()
    try:
        return Constraints(**parts).check()
    except ValueError as error:
        raise InputError(f"constraints: {error}") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _check_rank(top_k: int, target: Target) -> None:
    items = target.audience.shape[1]
    if isinstance(top_k, bool) or not isinstance(top_k, int | np.integer) or not 1 <= top_k <= items:
        raise InputError(f"top_k: given {top_k!r}; allowed: 1 to {items}, the number of items")
