"""From a data set's config and files to items, users and interactions, every dropped row counted."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recrec import tables
from recrec.errors import InputError


class Dataset(NamedTuple):
    """A data set as read, before featurizing.

    Attributes
    ----------
    items, users : DataFrame
        Text columns; ``id`` is unique, items have a ``title``.
    ratings : (users, items) sparse array, CSR
        Interaction weights.
    dropped : list of (table, reason, rows)
    """

    items: pd.DataFrame
    users: pd.DataFrame
    ratings: csr_array
    dropped: list


def build(config, folder):
    """Read, join and filter the tables of a data set.

    Parameters
    ----------
    config : dict
        A data set's config.
    folder : path
        Where its files are.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        For data that the config does not say what to do about.
    """
    dropped = []
    items = _read_items(config["items"], folder, dropped)
    users = _read_users(config["users"], folder) if "users" in config else None
    user, item, weight, users = _read_interactions(config["interactions"], folder, items, users, dropped)
    kept_users, kept_items, mask = _filter(config.get("filters", {}), items, users, user, item, dropped)
    user, item, weight = user[mask], item[mask], weight[mask]
    if not len(user):
        raise InputError("no interaction is left after filtering; loosen the data set's filters")
    new_user, new_item = np.cumsum(kept_users) - 1, np.cumsum(kept_items) - 1
    ratings = csr_array(
        (weight, (new_user[user], new_item[item])), shape=(int(kept_users.sum()), int(kept_items.sum()))
    )
    ratings.sort_indices()
    return Dataset(items[kept_items].reset_index(drop=True), users[kept_users].reset_index(drop=True), ratings, dropped)


def _name(spec):
    return ", ".join(spec["read"]["files"])


def _identified(spec, folder):
    """A table with its id column, checked to be unique, as ``id``."""
    table, where = tables.read(spec["read"], folder), _name(spec)
    table = table.assign(id=tables.column(table, spec["id"], where))
    repeated = table["id"].duplicated()
    if repeated.any():
        raise InputError(f"{where}: {spec['id']} {table['id'][repeated].iloc[0]!r} stands in more than one row")
    return table


def _read_users(spec, folder):
    return _identified(spec, folder)


def _read_items(spec, folder, dropped):
    table, where = _identified(spec, folder), _name(spec)
    table = table.assign(title=tables.column(table, spec["title"], where))
    for name, rule in spec.get("derive", {}).items():
        source = tables.column(table, rule["from"], where)
        table = table.assign(**{name: source.str.extract(rule["pattern"], expand=False).fillna("")})
    for attached in spec.get("attach", ()):
        table = _attach(table, attached, folder, where)
    return table


def _attach(items, spec, folder, items_name):
    """Add columns from another table, one row or all the rows that match an item."""
    other, where = tables.read(spec["read"], folder), _name(spec)
    for name, minimum in spec.get("min_length", {}).items():
        other = other[tables.column(other, name, where).str.len() >= minimum]
    keys, tolerance = [], None
    left, right = pd.DataFrame(index=items.index), pd.DataFrame(index=other.index)
    for number, match in enumerate(spec["match"]):
        mine, theirs = tables.column(items, match["item"], items_name), tables.column(other, match["table"], where)
        if "within" in match:
            left["near"] = pd.to_numeric(mine, errors="coerce")
            right["near"] = pd.to_numeric(theirs, errors="coerce")
            tolerance = match["within"]
        else:
            fold = tables.fold_title if match.get("as") == "title" else str.strip
            keys.append(f"key{number}")
            left[keys[-1]], right[keys[-1]] = mine.map(fold), theirs.map(fold)
    left["item"], right["row"] = np.arange(len(left)), np.arange(len(right))
    pairs = left.merge(right, on=keys, how="inner", suffixes=("", "_other"))
    pairs = pairs[(pairs[keys] != "").all(axis=1)]
    if tolerance is not None:
        away = (pairs["near"] - pairs["near_other"]).abs()
        pairs = pairs.assign(away=away)[away <= tolerance]
    else:
        pairs = pairs.assign(away=0.0)
    # The nearest match first; of equally near ones the first in the file.
    pairs = pairs.sort_values(["item", "away", "row"], kind="stable")
    for name, source in spec.get("take", {}).items():
        first = pairs.drop_duplicates("item")
        taken = np.full(len(items), "", dtype=object)
        taken[first["item"]] = tables.column(other, source, where).to_numpy()[first["row"]]
        items = items.assign(**{name: taken})
    if "collect" in spec:
        collect = spec["collect"]
        kind = tables.column(other, collect["by"], where).to_numpy()[pairs["row"]]
        value = tables.column(other, collect["value"], where).to_numpy()[pairs["row"]]
        for name, wanted in collect["into"].items():
            chosen = pairs["item"].to_numpy()[kind == wanted]
            listed = pd.Series(value[kind == wanted]).groupby(chosen).agg("\x1f".join)
            items = items.assign(**{name: listed.reindex(range(len(items)), fill_value="").to_numpy()})
    return items


def _read_interactions(spec, folder, items, users, dropped):
    """Codes of users and items and weights of all interactions, in file order."""
    where = _name(spec)
    item_index = pd.Index(items["id"])
    user_index = pd.Index(users["id"]) if users is not None else None
    seen = {}
    parts, unknown, row = [], {"items": 0, "users": 0}, 1
    for chunk in tables.chunks(spec["read"], folder):
        item_ids = tables.column(chunk, spec["item"], where)
        user_ids = tables.column(chunk, spec["user"], where)
        weight = _weights(spec.get("weight"), chunk, where, row)
        item = item_index.get_indexer(item_ids)
        if user_index is None:
            local, ids = pd.factorize(user_ids)
            user = np.array([seen.setdefault(one, len(seen)) for one in ids], dtype=np.int64)[local]
        else:
            user = user_index.get_indexer(user_ids)
        keep = np.ones(len(chunk), dtype=bool)
        for codes, ids, kind in ((item, item_ids, "items"), (user, user_ids, "users")):
            missing = codes < 0
            if missing.any() and spec.get(f"unknown_{kind}", "refuse") == "refuse":
                at = int(np.flatnonzero(missing)[0])
                raise InputError(
                    f"{where}, row {row + at}: {kind[:-1]} {ids.iloc[at]!r} is not in the table of {kind}; "
                    f"correct it or set unknown_{kind}: drop"
                )
            unknown[kind] += int((missing & keep).sum())
            keep &= ~missing
        parts.append((user[keep], item[keep], weight[keep]))
        row += len(chunk)
    user, item, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    for kind, rows in unknown.items():
        if rows:
            dropped.append(("interactions", f"not in the table of {kind}", rows))
    zero = weight == 0
    if zero.any():
        dropped.append(("interactions", "weight 0", int(zero.sum())))
        user, item, weight = user[~zero], item[~zero], weight[~zero]
    if users is None:
        users = pd.DataFrame({"id": list(seen)})
    user, item, weight = _without_duplicates(spec, user, item, weight, items, users, dropped)
    return user, item, weight, users


def _weights(rule, chunk, where, row):
    if rule is None:
        return np.ones(len(chunk))
    values = tables.column(chunk, rule["column"], where)
    return tables.numbers(values, f"{where}, column {rule['column']}", row)


def _without_duplicates(spec, user, item, weight, items, users, dropped):
    pair = user.astype(np.int64) * len(items) + item
    order = np.argsort(pair, kind="stable")
    first = np.concatenate([[True], np.diff(pair[order]) != 0]) if len(pair) else np.zeros(0, dtype=bool)
    rows = int((~first).sum())
    if not rows:
        return user, item, weight
    rule = spec.get("duplicates", "refuse")
    if rule == "refuse":
        at = order[~first][0]
        raise InputError(
            f"{_name(spec)}: user {users['id'].iloc[user[at]]!r} and item {items['id'].iloc[item[at]]!r} stand in more "
            "than one row; set duplicates: first or sum"
        )
    if rule == "sum":
        dropped.append(("interactions", "added to another of the same user and item", rows))
        return user[order[first]], item[order[first]], np.add.reduceat(weight[order], np.flatnonzero(first))
    dropped.append(("interactions", "repeated user and item, first kept", rows))
    keep = np.sort(order[first])
    return user[keep], item[keep], weight[keep]


def _filter(rules, items, users, user, item, dropped):
    """Which users, items and interactions stay."""
    kept_items = np.ones(len(items), dtype=bool)
    for name in rules.get("items_with", ()):
        filled = tables.column(items, name, "filters.items_with").str.strip().to_numpy() != ""
        _count(dropped, "items", f"no {name}", kept_items & ~filled)
        kept_items &= filled
    mask = kept_items[item]
    _count(dropped, "interactions", "item dropped", ~mask)
    users_core, items_core = rules.get("user_interactions", 1), rules.get("item_interactions", 0)
    before = int(mask.sum())
    while True:
        per_user = np.bincount(user[mask], minlength=len(users))
        per_item = np.bincount(item[mask], minlength=len(items))
        keep = mask & (per_user[user] >= users_core) & (per_item[item] >= items_core)
        if keep.sum() == mask.sum():
            break
        mask = keep
    kept_users, enough = per_user >= users_core, per_item >= items_core
    _count(dropped, "users", f"fewer than {users_core} interactions", ~kept_users)
    _count(dropped, "items", f"fewer than {items_core} interactions", kept_items & ~enough)
    if before > mask.sum():
        dropped.append(("interactions", "user or item with too few", before - int(mask.sum())))
    return kept_users, kept_items & enough, mask


def _count(dropped, table, reason, gone):
    if rows := int(np.count_nonzero(gone)):
        dropped.append((table, reason, rows))
