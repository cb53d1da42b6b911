"""The table of items: read, derived columns, columns from other tables."""

import numpy as np
import pandas as pd

from recrec.data import tables
from recrec.errors import InputError


def identified(spec, folder, columns=None, flags=(), keep=None):
    """A table with its id column, checked to be unique, as ``id``.

    Parameters
    ----------
    spec : dict
        The data set's ``items`` or ``users``.
    folder : path
    columns : set of str, optional
        The columns to read, besides the id; all if left out.
    flags : collection of str
        Columns of which only whether they are filled is kept, so that a light table of long texts stays light.
    keep : set of str, optional
        The ids to keep; all if left out.

    Returns
    -------
    DataFrame
    """
    parts, rows = [], 1
    columns_read = None if columns is None else columns | {spec["id"]}
    for part in tables.chunks(spec["read"], folder, columns_read):
        if "id" in (columns or ()) and spec["id"] != "id":
            raise InputError(f"{name_of(spec)}: a column id beside the id, {spec['id']}; give it another name")
        part = part.assign(id=tables.column(part, spec["id"], name_of(spec)))
        empty = (part["id"] == "").to_numpy()
        if empty.any():
            row = rows + int(np.flatnonzero(empty)[0])
            raise InputError(f"{name_of(spec)}, row {row}: no {spec['id']}; every row needs its id")
        rows += len(part)
        if keep is not None:
            part = part[part["id"].isin(keep)]
        parts.append(part.assign(**{name: np.where(part[name].str.strip() != "", "1", "") for name in flags}))
    table = pd.concat(parts, ignore_index=True)
    repeated = table["id"].duplicated()
    if repeated.any():
        raise InputError(f"{name_of(spec)}: {spec['id']} {table['id'][repeated].iloc[0]!r} stands in more than one row")
    return table


def name_of(spec):
    """The files of a table, for messages."""
    return ", ".join(spec["read"]["files"])


def source_of(spec, name):
    """Where a column of the items comes from, for messages.

    Parameters
    ----------
    spec : dict
        The data set's ``items``.
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> read, plots = {"files": ["films.csv"]}, {"files": ["plots.csv"]}
    >>> spec = {"read": read, "attach": [{"read": plots, "take": {"summary": "text"}}]}
    >>> source_of(spec, "summary"), source_of(spec, "price")
    ('column text of plots.csv', 'column price of films.csv')
    """
    if name in spec.get("derive", {}):
        return f"{name}, derived from {source_of(spec, spec['derive'][name]['from'])}"
    for attached in spec.get("attach", ()):
        if name in _new_columns(attached):
            column = attached.get("take", {}).get(name) or attached["collect"]["value"]
            return f"column {column} of {name_of(attached)}"
    return f"column {name} of {name_of(spec)}"


def _made_columns(spec):
    """The columns that the items get besides those of their files, for messages."""
    made = [f"{name} (derived)" for name in spec.get("derive", {})]
    made += [
        f"{name} (of {name_of(attached)})" for attached in spec.get("attach", ()) for name in _new_columns(attached)
    ]
    return f"; made of them and of other files: {', '.join(made)}" if made else ""


def _new_columns(attached):
    into = attached.get("collect", {}).get("into", {})
    return [*attached.get("take", {}), *([into] if isinstance(into, str) else into)]


class _Needs:
    """What has to be read, derived and attached to get some columns."""

    def __init__(self, spec, columns):
        self.raw, self.derived, self.attached = set(), set(), set()
        self.matched = set()
        derived = spec.get("derive", {})
        attached = {name: number for number, entry in enumerate(spec.get("attach", ())) for name in _new_columns(entry)}
        open_names = list(columns)
        while open_names:
            name = open_names.pop()
            if name in derived and name not in self.derived:
                self.derived.add(name)
                self.matched.add(derived[name]["from"])
                open_names.append(derived[name]["from"])
            elif name in attached and attached[name] not in self.attached:
                self.attached.add(attached[name])
                matches = [match["item"] for match in spec["attach"][attached[name]]["match"]]
                self.matched.update(matches)
                open_names += matches
            elif name not in derived and name not in attached:
                self.raw.add(name)


def read_items(spec, folder, columns, light=(), keep=None, dropped=None):
    """Some columns of the items.

    Parameters
    ----------
    spec : dict
        The data set's ``items``.
    folder : path
    columns : collection of str
        Columns of the file, derived or attached.
    light : collection of str
        Those of which only whether they are filled matters.
    keep : set of str, optional
        The ids of the items to read; all if left out.
    dropped : list of (table, reason, rows), optional
        Gets a row for every attached table some of whose matches were ignored, see `attach`.

    Returns
    -------
    DataFrame
        Text columns; ``id`` is unique.
    """
    needs = _Needs(spec, columns)
    flags = [name for name in light if name in needs.raw and name not in needs.matched]
    try:
        table = identified(spec, folder, needs.raw, flags, keep)
    except tables.NoColumn as error:
        raise InputError(f"{error}{_made_columns(spec)}") from None
    # A column may be derived from an attached one and the other way round: each as soon as what it needs is there.
    derived = {name: rule for name, rule in spec.get("derive", {}).items() if name in needs.derived}
    table = _derive(table, derived)
    for number in sorted(needs.attached):
        entry = spec["attach"][number]
        table, ignored, matched = attach(table, entry, folder, f"{name_of(spec)}, before items.attach[{number}]")
        if ignored and dropped is not None:
            reason = f"ignored, of {matched:,} that match: take keeps an item's first row, collect keeps all"
            dropped.append((f"rows of {name_of(entry)}", reason, ignored))
        table = _derive(table, derived)
    for rule in derived.values():
        tables.column(table, rule["from"], name_of(spec))
    return table


def _derive(table, waiting):
    """Add the columns whose source is there, and take them off the waiting ones."""
    while ready := next((name for name, rule in waiting.items() if rule["from"] in table), None):
        rule = waiting.pop(ready)
        table = table.assign(**{ready: table[rule["from"]].str.extract(rule["pattern"], expand=False).fillna("")})
    return table


def attach(items, spec, folder, items_name):
    """Add columns from another table: of the row that matches an item best, or of all the rows that match it.

    Parameters
    ----------
    items : DataFrame
        Say ``title = ["Misérables, Les (1995)"], year = ["1995"]``.
    spec : dict
        One of the data set's ``items.attach``. With ``match`` by folded title and year within 1, a table with the rows
        ``("Les Miserables", 1996, "A lead.")`` and ``("Les Miserables", 1935, "Another.")`` and ``take: {summary:
        extract}``, the item gets ``summary = "A lead."``. ``take`` names new columns and the table's that they are
        taken from; of rows that match equally well the first in the file counts. ``collect: {value: COLUMN, into:
        NAME}`` makes a list of the values of all matching rows (`tables.LISTED` between them), and ``collect: {by:
        KIND, value: COLUMN, into: {NAME: kind, ...}}`` a list for each kind of row.
    folder : path
    items_name : str
        What to call the items' table.

    Returns
    -------
    items : DataFrame
        `items` and the new columns; the empty text where nothing matches.
    ignored : int
        Matches that `take` did not keep although they are as near as the kept one and say something else. A match that
        is farther from the item in a number (``within``) is a worse one, not an ignored one.
    matched : int
        All matches.

    Raises
    ------
    InputError
        If a column is missing.
    """
    take, collect = spec.get("take", {}), spec.get("collect", {})
    columns = {
        *(match["table"] for match in spec["match"]),
        *spec.get("min_length", ()),
        *take.values(),
        *(collect[key] for key in ("by", "value") if key in collect),
    }
    keys, near = [], None
    left = pd.DataFrame(index=items.index)
    for number, match in enumerate(spec["match"]):
        values = tables.column(items, match["item"], items_name)
        if "within" in match:
            near = match
            left["near"] = pd.to_numeric(values, errors="coerce")
        else:
            keys.append(f"key{number}")
            left[keys[-1]] = values.map(_fold(match))
    left["item"] = np.arange(len(left))
    left = left[(left[keys] != "").all(axis=1)]
    matches, row = [], 0
    for part in tables.chunks(spec["read"], folder, columns):
        for name, minimum in spec.get("min_length", {}).items():
            part = part[part[name].str.len() >= minimum]
        right = pd.DataFrame(index=part.index)
        folded = [match for match in spec["match"] if match is not near]
        for key, match in zip(keys, folded, strict=True):
            right[key] = part[match["table"]].map(_fold(match))
        if near:
            right["near_other"] = pd.to_numeric(part[near["table"]], errors="coerce")
        right["row"] = np.arange(row, row + len(part))
        row += len(part)
        right = right.join(part.add_prefix("other "))
        matches.append(left.merge(right, on=keys, how="inner"))
    pairs = pd.concat(matches, ignore_index=True)
    pairs["away"] = (pairs["near"] - pairs["near_other"]).abs() if near else 0.0
    pairs = pairs[pairs["away"] <= (near["within"] if near else 0.0)]
    # The nearest match first; of equally near ones the first in the file.
    pairs = pairs.sort_values(["item", "away", "row"], kind="stable")
    first = pairs.drop_duplicates("item").set_index("item")
    items = items.assign(**_taken(take, first, len(items)), **_collected(collect, pairs, len(items)))
    lost = [f"other {column}" for column in take.values() if column != collect.get("value")]
    return items, _ignored(lost, first, pairs), len(pairs)


def _fold(match):
    return tables.fold_title if match.get("as") == "title" else str.strip


def _taken(take, first, items):
    return {
        name: first[f"other {column}"].reindex(range(items), fill_value="").to_numpy() for name, column in take.items()
    }


def _ignored(columns, first, pairs):
    """How many matches are as near as an item's first and have another value in one of the columns."""
    kept = first.loc[pairs["item"]]
    as_near = pairs["away"].to_numpy() == kept["away"].to_numpy()
    differs = (pairs[columns].to_numpy() != kept[columns].to_numpy()).any(axis=1)
    return int(np.count_nonzero(as_near & differs))


def _collected(collect, pairs, items):
    into = collect.get("into", {})
    if isinstance(into, str):
        chosen = {into: pairs}
    else:
        chosen = {name: pairs[pairs[f"other {collect['by']}"] == kind] for name, kind in into.items()}
    columns = {}
    for name, rows in chosen.items():
        listed = rows.groupby("item")[f"other {collect['value']}"].agg(tables.LISTED.join)
        columns[name] = listed.reindex(range(items), fill_value="").to_numpy()
    return columns
