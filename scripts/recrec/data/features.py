"""Item features: raw counts and 0-1 indicators, as the paper's dot product takes them."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from recrec.data import tables
from recrec.errors import InputError


def featurize(columns, items, sources=None):
    """The feature matrix of all items.

    Parameters
    ----------
    columns : dict
        The data set's ``features``: a block of features per key, in this order.
    items : DataFrame
        Text columns. Messages call the items by their ``id``, or count them if they have none.
    sources : dict, optional
        Where a column comes from, for messages (`dataset.Dataset.sources`).

    Returns
    -------
    features : (items, features) sparse array, CSR, float64
    names : DataFrame
        A row per feature: ``block``, ``kind``, ``name``, ``mutable``, ``offset``, ``scale``, ``ids``. The value that a
        person knows is ``offset + scale * feature``; ``ids`` says that the name is an id that tells a person nothing.

    Raises
    ------
    InputError
        If a column is missing, has a value that cannot be read, or gives no feature.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"genre": ["war|love", "war"]})
    >>> features, names = featurize({"genre": {"kind": "multi", "separator": "|", "mutable": True}}, items)
    >>> list(names["name"]), features.toarray().tolist()
    (['love', 'war'], [[1.0, 1.0], [0.0, 1.0]])
    """
    kinds = {"text": _text, "categorical": _categorical, "multi": _multi, "indicator": _indicator, "number": _number}
    blocks, names = [], []
    for block, rule in columns.items():
        where = f"features.{block}"
        matrix, values, *affine = kinds[rule["kind"]](rule, items, rule.get("column", block), where, sources or {})
        offset, scale = affine or (0.0, 1.0)
        enough = _items_with(matrix) >= rule.get("min_items", 1)
        if not enough.any():
            raise InputError(
                f"{where}: no feature in at least {rule.get('min_items', 1)} items; lower min_items or drop it"
            )
        values = np.asarray(values, dtype=object)[enough]
        mutable = np.full(len(values), rule["mutable"])
        if rule.get("function_words") == "lock":
            mutable &= ~np.isin(values, list(ENGLISH_STOP_WORDS))
        blocks.append(csr_array(matrix)[:, enough])
        names.append(
            pd.DataFrame(
                {
                    "block": block,
                    "kind": rule["kind"],
                    "name": values,
                    "mutable": mutable,
                    "offset": offset,
                    "scale": scale,
                    "ids": rule.get("ids", False),
                }
            )
        )
    features = csr_array(hstack(blocks, format="csr"), dtype=np.float64)
    features.sort_indices()
    return features, pd.concat(names, ignore_index=True)


def _items_with(matrix):
    return np.bincount(matrix.tocoo().coords[1], minlength=matrix.shape[1])


def _text(rule, items, column, where, sources):
    """Counts of words of two letters or more, lower case."""
    stop = "english" if rule.get("function_words") == "drop" else None
    counter = CountVectorizer(stop_words=stop)
    try:
        counts = counter.fit_transform(tables.column(items, column, where))
    except ValueError:
        raise InputError(f"{where}: no word in any item's {column}") from None
    return csr_array(counts), counter.get_feature_names_out()


def _categorical(rule, items, column, where, sources):
    """One-hot; an empty value is no category."""
    listed = tables.column(items, column, where).str.contains(tables.LISTED, regex=False)
    if listed.any():
        values = ", ".join(items[column][listed].iloc[0].split(tables.LISTED))
        raise InputError(f"{where}: an item has several values of {column}, {values}; use kind: multi")
    return _multi({**rule, "separator": None}, items, column, where, sources)


def _multi(rule, items, column, where, sources):
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


def _indicator(rule, items, column, where, sources):
    """Columns that are indicators already."""
    matrix = np.column_stack(
        [_numbers(tables.column(items, name, where), items, where, sources) for name in rule["columns"]]
    )
    other = np.argwhere(~np.isin(matrix, (0, 1)))
    if len(other):
        row, number = other[0]
        name, value = rule["columns"][number], matrix[row, number]
        item = f"of {items['id'].iloc[row]!r}" if "id" in items else f"in row {row + 1}"
        source = sources.get(name, f"column {name}")
        raise InputError(f"{where}, {source}: {value:g} {item} is neither 0 nor 1; use another kind")
    return csr_array(matrix), rule["columns"]


def _numbers(values, items, where, sources):
    """A column of the items as numbers."""
    return tables.numbers(values, f"{where}, {sources.get(values.name, f'column {values.name}')}", ids=items.get("id"))


def _number(rule, items, column, where, sources):
    """One number: as it is, from 0 to 1 (minmax), of mean 0 and variance 1 (standard), of variance 1 (deviation)."""
    values = tables.column(items, column, where)
    if "empty" in rule:
        values = values.where(values.str.strip() != "", str(rule["empty"]))
    values = _numbers(values, items, where, sources)
    offset, scale = {
        "none": (0.0, 1.0),
        "minmax": (values.min(), np.ptp(values)),
        "standard": (values.mean(), values.std()),
        "deviation": (0.0, values.std()),
    }[rule["scaling"]]
    if scale == 0.0:
        raise InputError(f"{where}: every item's {column} is {values[0]:g}; scaling needs different values, or drop it")
    return csr_array(((values - offset) / scale)[:, None]), [column], offset, scale
