"""Recourses in plain words."""

from pathlib import Path

import numpy as np
import pandas as pd

from recrec.evaluation.cell import unpack_changes
from recrec.evaluation.paths import cell_of
from recrec.storage import csr_from_parts, load_arrays, read_rows


def amount(value):
    """A feature value for reading: two digits after the point, or one that is not 0; never "-0"."""
    text = f"{value:.2f}" if round(abs(value), 2) or not value else f"{value:.1g}"
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return "0" if text in ("-0", "") else text


def feature_name(block, kind, name):
    """What to call a feature: a word of a text in quotes, anything else with its column."""
    return f"'{name}'" if kind == "text" else f"{block} {name}" if name != block else block


def change_phrases(changes, originals, names, offsets, scales):
    """One phrase per changed feature, largest change first.

    Parameters
    ----------
    changes : (features,) array
        Recourse minus original, over the mutable features.
    originals : (features,) array
        Present values of the same features.
    names : list of str
        `feature_name` of the same features.
    offsets, scales : (features,) arrays
        What people know a value as: ``offset + scale * value``.

    Returns
    -------
    list of str
        Such as ``"add 'love' (0 → 0.48)"``.
    """
    order = np.argsort(-np.abs(changes), kind="stable")
    phrases = []
    for feature in order[: np.count_nonzero(changes)]:
        old, new = (
            offsets[feature] + scales[feature] * value
            for value in (originals[feature], originals[feature] + changes[feature])
        )
        verb = ("add" if old == 0 else "raise") if new > old else ("remove" if new == 0 else "lower")
        phrases.append(f"{verb} {names[feature]} ({amount(old)} → {amount(new)})")
    return phrases


def statement(title, phrases, mean_rank, mean_rank_after, top_k, reached, users, group):
    """The sentence for one recourse.

    Parameters
    ----------
    title : str
    phrases : list of str
        `change_phrases`.
    mean_rank, mean_rank_after : float
        Over the target group.
    top_k : int
    reached, users : int
        Users of the group with the item in their top k, and all users of the group.
    group : str
        The group's label.

    Returns
    -------
    str
    """
    return (
        f"{title}: {', '.join(phrases) or 'change nothing'}: moves from rank {mean_rank:.1f} to {mean_rank_after:.1f} "
        f"on average, top {top_k} for {reached} of {users} users of group {group}"
    )


def state_recourses(cells, thresholded, matrices, features, top_k, say):
    """A statement for every recourse that brought the item into the top k of more users than before.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv.
    thresholded, matrices, features : lists of paths
        Files of the stages hard-thresholding and featurize.
    top_k : int
    say : callable
        Takes lines of progress.

    Returns
    -------
    DataFrame
        ``dataset, synthetic, group_label, rank, sampling, method, item_id, title, seed, users_reached, users, changed,
        cell, statement``.
    """
    data = {}
    for path in set(matrices):
        arrays = load_arrays(path)
        data[Path(path).parent.name] = csr_from_parts("features", arrays)[:, np.flatnonzero(arrays["mutable"])]
    names = {}
    for path in set(features):
        mutable = [row for row in read_rows(path) if row["mutable"] == "True"]
        names[Path(path).parent.name] = (
            [feature_name(row["block"], row["kind"], row["name"]) for row in mutable],
            *(np.array([float(row[part]) for row in mutable]) for part in ("offset", "scale")),
        )
    known = cells.set_index(["dataset", "recommender", "method", "group", "rank", "sampling", "item", "seed"])
    rows = []
    for number, path in enumerate(thresholded):
        cell = cell_of(path)
        arrays = load_arrays(path)
        changes = unpack_changes(arrays)
        for row, (item, seed) in enumerate(zip(arrays["item"], arrays["seed"], strict=True)):
            found = known.loc[(*cell.values(), item, seed)]
            if found["users_reached"] <= round(found["top_share_before"] * found["users"]):
                continue
            originals = data[cell["dataset"]][[item]].toarray()[0]
            phrases = change_phrases(changes[row], originals, *names[cell["dataset"]])
            text = statement(
                found["title"], phrases, found["mean_rank_before"], found["mean_rank_after"], top_k,
                found["users_reached"], found["users"], found["group_label"],
            )  # fmt: skip
            where = f"{found['group_label']}, original rank {cell['rank']}, {cell['sampling']:g} % sampled, seed {seed}"
            rows.append((
                cell["dataset"], found["synthetic"], found["group_label"], cell["rank"], cell["sampling"],
                cell["method"], found["item_id"], found["title"], seed, found["users_reached"],
                found["users"], found["changed"], where, text,
            ))  # fmt: skip
        if number % 50 == 49:
            say(f"{number + 1} of {len(thresholded)} cells")
    columns = [
        "dataset", "synthetic", "group_label", "rank", "sampling", "method", "item_id", "title", "seed",
        "users_reached", "users", "changed", "cell", "statement",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
