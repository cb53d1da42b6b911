"""The people of a causal data set: read from a table or simulated, and split into those to train and to test on."""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd

from recrec.causal.catalogue import NOISE, Column
from recrec.causal.expressions import parse
from recrec.data import tables
from recrec.errors import InputError

LOG = logging.getLogger(__name__)

#: Columns of the table of what was done to the columns of a table of people.
COLUMNS = {
    "dataset": "name of the data set",
    "seed": "seed of the split, by which values that are missing get the median of other training people",
    "node": "the node that the column is read as",
    "column": "name of the column",
    "people": "rows of the table",
    "no_value": "of these, without a value: an empty cell, or a text that stands for none",
    "not_valid": "with a value outside what is possible, which counts as none",
    "dropped": "left out for want of this value",
    "kept": "people who are left in the end, of all columns",
    "filled": "of these, given a value in place of none",
    "filled_with": "that value, a median of the training people",
    "capped_low": "of these, set to the least value that is allowed",
    "capped_high": "set to the greatest one",
}
PARTS = ("train", "validation", "test")


class People(NamedTuple):
    """Some people.

    Attributes
    ----------
    x : (n, nodes) array
        Raw values, the columns in the order of the model's nodes.
    y : (n,) boolean array
        Whether they were accepted in truth.
    rows : (n,) int array
        Who they are: rows of the table, or simulated people, counted from 1.
    u : (n, nodes) array or None
        The noise, of simulated people.
    """

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray
    u: np.ndarray | None = None

    def take(self, chosen):
        """Some of them, by a mask or by places."""
        return People(*(None if part is None else part[chosen] for part in self))


class Split(NamedTuple):
    """People in three parts that share nobody.

    Attributes
    ----------
    train, validation, test : People
    """

    train: People
    validation: People
    test: People

    def to_arrays(self):
        """Plain arrays by name, for `recrec.storage.save_arrays`."""
        return {
            f"{part}_{name}": values
            for part, people in zip(PARTS, self, strict=True)
            for name, values in people._asdict().items()
            if values is not None
        }

    @classmethod
    def from_arrays(cls, arrays):
        """What `to_arrays` took apart."""
        return cls(*(People(*(arrays.get(f"{part}_{name}") for name in People._fields)) for part in PARTS))


def split(people, shares=(0.5, 0.25, 0.25), seed=0):
    """People in three parts, at random.

    Parameters
    ----------
    people : People
    shares : three numbers
        Of all people; they sum to 1.
    seed : int

    Returns
    -------
    Split
        Each part in the order of the people.

    Raises
    ------
    InputError
        If a part would have nobody.

    Examples
    --------
    >>> people = People(np.zeros((8, 1)), np.zeros(8, dtype=bool), np.arange(1, 9))
    >>> [len(part.x) for part in split(people)]
    [4, 2, 2]
    """
    n = len(people.x)
    ends = [round(shares[0] * n), round((shares[0] + shares[1]) * n), n]
    places = np.split(np.random.default_rng([seed, 1]).permutation(n), ends[:2])
    for share, part, name in zip(shares, places, PARTS, strict=True):
        if not len(part):
            raise InputError(f"{n} people, of whom a share of {share} to {name} is nobody; more people are needed")
    return Split(*(people.take(np.sort(part)) for part in places))


def simulate(dataset, n=None, seed=0):
    """People drawn from the equations of a causal data set.

    Parameters
    ----------
    dataset : CausalDataset
        With equations, and `accepted`.
    n : int, optional
        How many; else what the data set says.
    seed : int

    Returns
    -------
    People

    Raises
    ------
    InputError
        If nobody, or everybody, is accepted, if an equation gives no number, and if a sensitive node is not 0 or 1.
    """
    model = dataset.model()
    x, u = model.sample(dataset.people if n is None else n, np.random.default_rng(seed))
    for place, node in enumerate(model.nodes):
        other = x[~np.isfinite(x[:, place]), place]
        if len(other):
            raise InputError(
                f"{dataset.title}: node {node}: its equation, {dataset.nodes[node].equation}, gives {other[0]:g} to "
                f"{len(other)} of {len(x)} people; allowed: numbers"
            )
    if dataset.sensitive is not None:
        values = x[:, model.nodes.index(dataset.sensitive)]
        other = values[~np.isin(values, (0.0, 1.0))]
        if len(other):
            raise InputError(
                f"{dataset.title}: node {dataset.sensitive}: has the value {other[0]:g}; allowed: 0 and 1, for it is "
                "sensitive (such as noise of the kind bernoulli)"
            )
    values = {node: x[:, place] for place, node in enumerate(model.nodes)}
    values |= {NOISE + node: u[:, place] for place, node in enumerate(model.nodes)}
    with np.errstate(all="ignore"):
        y = np.broadcast_to(parse(dataset.accepted).evaluate(values) > 0, len(x)).copy()
    _check_both(y, f"{dataset.title}: accepted: {dataset.accepted}")
    return People(x, y, np.arange(1, len(x) + 1), u)


def _check_both(y, where):
    for accepted, word in ((True, "accepted"), (False, "rejected")):
        if not (y == accepted).any():
            raise InputError(f"{where}: no {word} person among {len(y)}; both are needed")


def read_people(dataset, folder, name, seed=0, log=LOG):
    """People from the table of a causal data set.

    Values that are missing are filled in with the median of the training people, after the split, so that nothing of
    the others is used.

    Parameters
    ----------
    dataset : CausalDataset
        With `files`, `read` and `label`.
    folder : path
        Where the files are.
    name : str
        The data set's, for the table and for messages.
    seed : int
        Of the split.
    log : logging.Logger

    Returns
    -------
    Split
    list of dict
        A row per node, with the keys `COLUMNS`: what was done to its column. People that several columns drop count in
        each of them; filled and capped are counted among those who are kept.

    Raises
    ------
    InputError
        For a file that cannot be read, a column that is not there, a text in a number, a value that is missing where
        that is refused, a node of one value only, and labels that are not of two kinds.
    """
    spec = dataset.read.model_dump(by_alias=True, exclude_none=True)
    table = tables.read(spec, folder)
    files = ", ".join(dataset.read.files)
    y = _labels(dataset.label, table, files)
    nodes = dataset.order()
    columns, counted = [], []
    dropped = np.zeros(len(table), dtype=bool)
    for node in nodes:
        rule = dataset.nodes[node].column or Column()
        read = _column(rule, node, table, files)
        if rule.missing == "drop":
            dropped |= np.isnan(read.values)
        columns.append(read.values)
        counted.append((rule, read))
    people = People(np.stack(columns, axis=1), y, np.arange(1, len(table) + 1)).take(~dropped)
    if dropped.any():
        log.info(f"{name}: {dropped.sum()} of {len(table)} people dropped, for want of a value")
    _check_both(people.y, f"{files}: column {dataset.label.column}")
    parts = split(people, dataset.shares, seed)
    report = []
    for place, (node, (rule, read)) in enumerate(zip(nodes, counted, strict=True)):
        known = parts.train.x[~np.isnan(parts.train.x[:, place]), place]
        if not len(known) or known.min() == known.max():
            raise InputError(
                f"{files}, node {node}: all {len(known)} training people have the same value; allowed: two or more"
            )
        # A value that occurs: half a child is none.
        median = np.quantile(known, 0.5, method="lower")
        for part in parts:
            part.x[np.isnan(part.x[:, place]), place] = median
        missing = np.isnan(read.values)
        filled = missing & ~dropped
        counts = [
            missing & (rule.missing == "drop"),
            filled,
            read.capped_low & ~dropped,
            read.capped_high & ~dropped,
        ]
        lost, mended, low, high = (int(mask.sum()) for mask in counts)
        absent, not_valid = int(read.absent.sum()), int(read.not_valid.sum())
        values = (
            name, seed, node, rule.name or node, len(table), absent, not_valid, lost, len(people.x), mended,
            median if mended else "", low, high,
        )  # fmt: skip
        report.append(dict(zip(COLUMNS, values, strict=True)))
    if dataset.sensitive is not None:
        values = np.unique(people.x[:, nodes.index(dataset.sensitive)])
        if not np.isin(values, (0.0, 1.0)).all():
            other = values[~np.isin(values, (0.0, 1.0))][0]
            raise InputError(
                f"{files}, node {dataset.sensitive}: has the value {other:g}; allowed: 0 and 1, for it is sensitive "
                "(see values, at_least, below)"
            )
    return parts, report


def _labels(label, table, files):
    """Whether people were accepted in truth."""
    where = f"{files}, label {label.column}"
    texts = tables.column(table, label.column, f"{files}, label").str.strip()
    accepted = texts.isin(label.accepted)
    if not accepted.any():
        raise InputError(
            f"{where}: no accepted person; accepted are {', '.join(label.accepted)}, the column has {_some(texts)}"
        )
    others = texts[~accepted]
    rejected = label.rejected
    if rejected is None:
        if others.nunique() > 1:
            raise InputError(
                f"{where}: has {_some(others)} besides {', '.join(label.accepted)}; allowed: one other value, or a "
                "list of them, rejected"
            )
        rejected = list(others.unique())
    unknown = np.flatnonzero(~texts.isin([*label.accepted, *rejected]))
    if len(unknown) or "" in rejected:
        row = unknown[0] if len(unknown) else np.flatnonzero(texts == "")[0]
        raise InputError(
            f"{where}, row {row + 1}: {texts.iloc[row]!r} is neither accepted nor rejected; allowed: "
            f"{', '.join([*label.accepted, *filter(None, rejected)])}"
        )
    return accepted.to_numpy()


def _some(texts):
    """The values of a column of text, the first few."""
    found = [repr(text) for text in pd.unique(texts)]
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


class _Read(NamedTuple):
    """A node's values, NaN where there is none, and for which people that is so and why."""

    values: np.ndarray
    absent: np.ndarray
    not_valid: np.ndarray
    capped_low: np.ndarray
    capped_high: np.ndarray


def _column(rule, node, table, files):
    name = rule.name or node
    where = f"{files}, node {node}, column {name}"
    texts = tables.column(table, name, f"{files}, node {node}").str.strip()
    absent = (texts.eq("") | texts.isin(rule.no_value)).to_numpy()
    values = tables.numbers(texts.mask(absent, next(iter(rule.values or "0"))), where, known=rule.values)
    low, high = _limits(rule.valid)
    not_valid = ~absent & ((values < low) | (values > high))
    values[absent | not_valid] = np.nan
    missing = np.flatnonzero(np.isnan(values))
    if len(missing) and rule.missing == "refuse":
        given = f"{texts.iloc[missing[0]]!r} is not valid" if not_valid[missing[0]] else "no value"
        raise InputError(
            f"{where}, row {missing[0] + 1}: {given} ({len(missing)} of {len(values)} people); allowed: a value, or "
            "missing: drop or median in the node's column"
        )
    if rule.whole:
        broken = np.flatnonzero(np.isfinite(values) & (values != np.round(values)))
        if len(broken):
            raise InputError(
                f"{where}, row {broken[0] + 1}: {texts.iloc[broken[0]]!r} is no whole number, which it counts"
            )
    low, high = _limits(rule.cap)
    below, above = values < low, values > high
    values = np.clip(values, low, high)
    for threshold, sign in ((rule.at_least, 1.0), (rule.below, 0.0)):
        if threshold is not None:
            values = np.where(np.isnan(values), np.nan, np.where(values >= threshold, sign, 1.0 - sign))
    return _Read(values, absent, not_valid, below, above)


def _limits(limits):
    low, high = limits or (None, None)
    return -np.inf if low is None else low, np.inf if high is None else high
