"""Item features: raw counts and 0-1 indicators, as the paper's dot product takes them."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from recrec.data import tables
from recrec.errors import InputError


def featurize(columns, items):
    """The feature matrix of all items.

    Parameters
    ----------
    columns : dict
        The data set's ``features``: a block of features per key, in this order.
    items : DataFrame
        Text columns.

    Returns
    -------
    features : (items, features) sparse array, CSR, float64
    names : DataFrame
        A row per feature: ``block``, ``kind``, ``name``, ``mutable``, ``offset``, ``scale``. The value that a person
        knows is ``offset + scale * feature``.

    Raises
    ------
    InputError
        If a column is missing, has a value that cannot be read, or gives no feature.
    """
    kinds = {"text": _text, "categorical": _categorical, "multi": _multi, "indicator": _indicator, "number": _number}
    blocks, names = [], []
    for block, rule in columns.items():
        where = f"features.{block}"
        matrix, found, *affine = kinds[rule["kind"]](rule, items, rule.get("column", block), where)
        offset, scale = affine or (0.0, 1.0)
        enough = _items_with(matrix) >= rule.get("min_items", 1)
        if not enough.any():
            raise InputError(
                f"{where}: no feature in at least {rule.get('min_items', 1)} items; lower min_items or drop it"
            )
        found = np.asarray(found, dtype=object)[enough]
        mutable = np.full(len(found), rule["mutable"])
        if rule.get("function_words") == "lock":
            mutable &= ~np.isin(found, list(ENGLISH_STOP_WORDS))
        blocks.append(csr_array(matrix)[:, enough])
        names.append(
            pd.DataFrame(
                {
                    "block": block,
                    "kind": rule["kind"],
                    "name": found,
                    "mutable": mutable,
                    "offset": offset,
                    "scale": scale,
                }
            )
        )
    features = csr_array(hstack(blocks, format="csr"), dtype=np.float64)
    features.sort_indices()
    return features, pd.concat(names, ignore_index=True)


def _items_with(matrix):
    return np.bincount(matrix.tocoo().coords[1], minlength=matrix.shape[1])


def _text(rule, items, column, where):
    """Counts of words of two letters or more, lower case."""
    stop = "english" if rule.get("function_words") == "drop" else None
    counter = CountVectorizer(stop_words=stop)
    try:
        counts = counter.fit_transform(tables.column(items, column, where))
    except ValueError:
        raise InputError(f"{where}: no word in any item's {column}") from None
    return csr_array(counts), counter.get_feature_names_out()


def _categorical(rule, items, column, where):
    """One-hot; an empty value is no category."""
    return _multi({**rule, "separator": None}, items, column, where)


def _multi(rule, items, column, where):
    """An indicator for each of the values in a list, split at the separator."""
    values = tables.column(items, column, where)
    separator = rule.get("separator", tables.LISTED)
    lists = values.map(
        lambda text: sorted({part.strip() for part in text.split(separator)} if separator else {text.strip()})
    )
    pairs = lists.explode()
    pairs = pairs[pairs != ""]
    if not len(pairs):
        raise InputError(f"{where}: no value in any item's {column}")
    codes, names = pd.factorize(pairs, sort=True)
    return csr_array((np.ones(len(codes)), (pairs.index.to_numpy(), codes)), shape=(len(items), len(names))), names


def _indicator(rule, items, column, where):
    """Columns that are indicators already."""
    matrix = np.column_stack(
        [tables.numbers(tables.column(items, name, where), f"{where}, {name}") for name in rule["columns"]]
    )
    other = np.argwhere(~np.isin(matrix, (0, 1)))
    if len(other):
        row, number = other[0]
        name, value = rule["columns"][number], matrix[row, number]
        raise InputError(f"{where}, {name}, row {row + 1}: {value:g} is neither 0 nor 1; use another kind")
    return csr_array(matrix), rule["columns"]


def _number(rule, items, column, where):
    """One number: as it is, from 0 to 1 (minmax), of mean 0 and variance 1 (standard), of variance 1 (deviation)."""
    values = tables.column(items, column, where)
    if "empty" in rule:
        values = values.where(values.str.strip() != "", str(rule["empty"]))
    values = tables.numbers(values, f"{where}, {column}")
    offset, scale = {
        "none": (0.0, 1.0),
        "minmax": (values.min(), np.ptp(values)),
        "standard": (values.mean(), values.std()),
        "deviation": (0.0, values.std()),
    }[rule["scaling"]]
    if scale == 0.0:
        raise InputError(f"{where}: every item's {column} is {values[0]:g}; scaling needs different values, or drop it")
    return csr_array(((values - offset) / scale)[:, None]), [column], offset, scale
