"""From a data set's config and files to items, users and interactions, every dropped row counted."""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recrec.data import items as item_table
from recrec.data import tables
from recrec.errors import InputError

LOG = logging.getLogger(__name__)


class Dataset(NamedTuple):
    """A data set as read, before featurizing.

    Attributes
    ----------
    items, users : DataFrame
        Text columns; ``id`` is unique, items have a ``title``.
    ratings : (users, items) sparse array, CSR
        Interaction weights.
    dropped : list of (table, reason, rows)
    sources : dict of str
        Column of the items -> where it comes from, for messages.
    """

    items: pd.DataFrame
    users: pd.DataFrame
    ratings: csr_array
    dropped: list
    sources: dict


class _Interactions(NamedTuple):
    """Codes of users and items, and weights, of every interaction; in file order."""

    user: np.ndarray
    item: np.ndarray
    weight: np.ndarray

    def where(self, mask):
        return _Interactions(self.user[mask], self.item[mask], self.weight[mask])


def build(config, folder, log=LOG):
    """Read, join and filter the tables of a data set.

    The items are read twice: first only what the filters look at, then, of the items that stay, everything. So a data
    set may be cut out of one whose texts would not fit into memory.

    Parameters
    ----------
    config : dict
        A data set's config.
    folder : path
        Where its files are.
    log : logging.Logger
        Told of progress.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        For data that the config does not say what to do about.
    """
    dropped = []
    filters = config.get("filters", {})
    looked_at = {*filters.get("items_with", ()), *filters.get("items_range", ())}
    light = [name for name in filters.get("items_with", ()) if name not in filters.get("items_range", ())]
    items = item_table.read_items(config["items"], folder, looked_at, light)
    users = None
    if "users" in config:
        columns = {config["groups"]["by"]} - {"activity"}
        users = item_table.identified(config["users"], folder, columns)
    log.info(f"{len(items)} items" + (f", {len(users)} users" if users is not None else ""))
    interactions, users = _read_interactions(config["interactions"], folder, items, users, dropped, log)
    item_stays = _eligible_items(filters, items, config["items"], dropped)
    interactions = _counted(interactions, item_stays[interactions.item], dropped, "interactions", "item dropped")
    interactions, item_stays = _most_interacted(filters, "item", interactions, item_stays, dropped)
    user_stays = np.ones(len(users), dtype=bool)
    interactions, user_stays = _most_interacted(filters, "user", interactions, user_stays, dropped)
    interactions = _without_duplicates(config["interactions"], interactions, items, users, dropped)
    interactions, user_stays, item_stays = _core(filters, interactions, user_stays, item_stays, dropped)
    if not len(interactions.user):
        raise InputError(
            f"{item_table.name_of(config['interactions'])}: no interaction is left after filtering; loosen filters"
        )
    user, item = np.cumsum(user_stays) - 1, np.cumsum(item_stays) - 1
    shape = (int(user_stays.sum()), int(item_stays.sum()))
    places = (user[interactions.user], item[interactions.item])
    ratings = csr_array((interactions.weight, places), shape=shape, dtype=np.float64)
    ratings.sort_indices()
    ids = items["id"][item_stays]
    columns = _used_columns(config)
    items = item_table.read_items(config["items"], folder, columns, keep=set(ids), dropped=dropped)
    items = items.set_index("id", drop=False).loc[ids].reset_index(drop=True)
    title = config["items"]["title"]
    if title != "title" and any(rule.get("column", block) == "title" for block, rule in config["features"].items()):
        raise InputError(f"items: a feature of a column title beside the title, {title}; give the column another name")
    items = items.assign(title=items[title])
    sources = {name: item_table.source_of(config["items"], name) for name in columns}
    return Dataset(items, users[user_stays].reset_index(drop=True), ratings, dropped, sources)


def _used_columns(config):
    """Every column of the items that is scored, shown or filtered by."""
    used = {config["items"]["title"], *config.get("filters", {}).get("items_with", ())}
    for block, rule in config["features"].items():
        used.update(rule.get("columns") or [rule.get("column", block)])
    return used


def _read_interactions(spec, folder, items, users, dropped, log):
    """All interactions whose user and item are known and whose weight is not 0, and the table of users."""
    where = item_table.name_of(spec)
    item_index = pd.Index(items["id"])
    code_of_item = _item_codes(spec, folder, item_index)
    user_index = pd.Index(users["id"]) if users is not None else None
    seen = {}
    columns = {spec["user"], spec["item"]} | ({spec["weight"]["column"]} if "weight" in spec else set())
    parts, zero, row = [], 0, 1
    unknown = {"items": 0, "users": 0}
    for chunk in tables.chunks(spec["read"], folder, columns):
        for kind in ("user", "item"):
            empty = (chunk[spec[kind]] == "").to_numpy()
            if empty.any():
                raise InputError(f"{where}, row {row + int(np.flatnonzero(empty)[0])}: no {kind} in {spec[kind]}")
        weight = _weights(spec.get("weight"), chunk, where, row)
        item = code_of_item(chunk[spec["item"]])
        if user_index is None:
            local, ids = pd.factorize(chunk[spec["user"]])
            user = np.array([seen.setdefault(user_id, len(seen)) for user_id in ids], dtype=np.int32)[local]
        else:
            user = user_index.get_indexer(chunk[spec["user"]]).astype(np.int32)
        keep = np.ones(len(chunk), dtype=bool)
        for codes, kind in ((item, "items"), (user, "users")):
            missing = codes < 0
            if missing.any() and spec.get(f"unknown_{kind}", "refuse") == "refuse":
                at = int(np.flatnonzero(missing)[0])
                raise InputError(
                    f"{where}, row {row + at}: {kind[:-1]} {chunk[spec[kind[:-1]]].iloc[at]!r} is not in the table of "
                    f"{kind}; correct it or set unknown_{kind}: drop"
                )
            unknown[kind] += int(np.count_nonzero(missing & keep))
            keep &= ~missing
        zero += int(np.count_nonzero(keep & (weight == 0)))
        keep &= weight != 0
        parts.append((user[keep], item[keep], weight[keep]))
        row += len(chunk)
        if row > tables.ROWS:
            log.info(f"{row - 1:,} interactions read")
    for reason, rows in (
        ("not in the table of items", unknown["items"]),
        ("not in the table of users", unknown["users"]),
        ("weight 0", zero),
    ):
        if rows:
            dropped.append(("interactions", reason, rows))
    columns = list(zip(*parts, strict=True))
    del parts
    interactions = _Interactions(*(np.concatenate(columns.pop(0)) for _ in range(3)))
    return interactions, pd.DataFrame({"id": list(seen)}) if users is None else users


def _item_codes(spec, folder, item_index):
    """A function from item ids, as the interactions write them, to codes; -1 for an unknown one."""
    if "item_map" not in spec:
        return lambda ids: item_index.get_indexer(ids).astype(np.int32)
    rule = spec["item_map"]
    table = tables.read(rule["read"], folder, {rule["from"], rule["to"]})
    index = pd.Index(table[rule["from"]])
    if index.has_duplicates:
        twice = index[index.duplicated()][0]
        raise InputError(f"{item_table.name_of(rule)}: {rule['from']} {twice!r} stands in more than one row")
    codes = np.append(item_index.get_indexer(table[rule["to"]]), -1).astype(np.int32)
    return lambda ids: codes[index.get_indexer(ids)]


def _weights(rule, chunk, where, row):
    if rule is None:
        return np.ones(len(chunk))
    return tables.numbers(chunk[rule["column"]], f"{where}, column {rule['column']}", row, rule.get("values"))


def _eligible_items(rules, items, spec, dropped):
    stays = np.ones(len(items), dtype=bool)
    for name in rules.get("items_with", ()):
        filled = items[name].str.strip().to_numpy() != ""
        _count(dropped, "items", f"no {name}", stays & ~filled)
        stays &= filled
    for name, (low, high) in rules.get("items_range", {}).items():
        values = tables.numbers(items[name], item_table.source_of(spec, name), ids=items["id"])
        inside = (values >= low) & (values <= high)
        _count(dropped, "items", f"{name} not within {low:g} to {high:g}", stays & ~inside)
        stays &= inside
    return stays


def _most_interacted(rules, kind, interactions, stays, dropped):
    """Keep the n items or users with most interactions, ties by their place in the table."""
    number = rules.get(f"top_{kind}s")
    if number is None:
        return interactions, stays
    codes = getattr(interactions, kind)
    counts = np.where(stays, np.bincount(codes, minlength=len(stays)), -1)
    best = np.zeros(len(stays), dtype=bool)
    best[np.argsort(-counts, kind="stable")[:number]] = True
    _count(dropped, f"{kind}s", f"not among the {number:,} with most interactions", stays & ~best)
    interactions = _counted(
        interactions, best[codes], dropped, "interactions", f"{kind} not among the {number:,} with most"
    )
    return interactions, stays & best


def _without_duplicates(spec, interactions, items, users, dropped):
    pair = interactions.user.astype(np.int64) * len(items) + interactions.item
    order = np.argsort(pair, kind="stable")
    first = np.ones(len(pair), dtype=bool)
    first[1:] = np.diff(pair[order]) != 0
    rows = int(np.count_nonzero(~first))
    if not rows:
        return interactions
    rule = spec.get("duplicates", "refuse")
    if rule == "refuse":
        at = order[~first][0]
        raise InputError(
            f"{item_table.name_of(spec)}: user {users['id'].iloc[interactions.user[at]]!r} and item "
            f"{items['id'].iloc[interactions.item[at]]!r} stand in more than one row; set duplicates: first or sum"
        )
    if rule == "sum":
        dropped.append(("interactions", "added to another of the same user and item", rows))
        total = np.add.reduceat(interactions.weight[order], np.flatnonzero(first))
        interactions = interactions.where(order[first])._replace(weight=total)
        return _counted(interactions, total != 0, dropped, "interactions", "weights of one user and item add up to 0")
    dropped.append(("interactions", "repeated user and item, first kept", rows))
    return interactions.where(np.sort(order[first]))


def _core(rules, interactions, user_stays, item_stays, dropped):
    """Drop users and items with too few interactions until all that are left have enough."""
    least = {"user": rules.get("user_interactions", 1), "item": rules.get("item_interactions", 0)}
    rows = len(interactions.user)
    while True:
        per_user = np.bincount(interactions.user, minlength=len(user_stays))
        per_item = np.bincount(interactions.item, minlength=len(item_stays))
        enough = (per_user[interactions.user] >= least["user"]) & (per_item[interactions.item] >= least["item"])
        if enough.all():
            break
        interactions = interactions.where(enough)
    busy_users, busy_items = per_user >= least["user"], per_item >= least["item"]
    _count(dropped, "users", f"fewer than {least['user']} interactions", user_stays & ~busy_users)
    _count(dropped, "items", f"fewer than {least['item']} interactions", item_stays & ~busy_items)
    if gone := rows - len(interactions.user):
        dropped.append(("interactions", "user or item with too few", gone))
    return interactions, user_stays & busy_users, item_stays & busy_items


def _counted(interactions, keep, dropped, table, reason):
    _count(dropped, table, reason, ~keep)
    return interactions.where(keep)


def _count(dropped, table, reason, gone):
    if rows := int(np.count_nonzero(gone)):
        dropped.append((table, reason, rows))
