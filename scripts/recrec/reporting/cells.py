"""All cells of a data set in one tidy table, and the tables of several data sets in one."""

import pandas as pd

from recrec.evaluation.paths import cell_of, group_of
from recrec.evaluation.sampling import sample_size
from recrec.storage import atomic_write

#: Columns of cells.csv, in order, and what they say. Behind `reason` come the diagnostics of the methods.
COLUMNS = {
    "dataset": "name of the data set",
    "synthetic": "whether the data are generated, and so say nothing about people",
    "recommender": "name of the recommender whose lists count",
    "group": "number of the group of users",
    "group_label": "the group in words",
    "rank": "original rank that was asked for: where, by mean rank, the search for an item began",
    "sampling": "share of the group whose users the recourse was computed for, in per cent",
    "sampled_users": "number of these users",
    "method": "name of the method that computed the recourse",
    "item": "number of the item in the data set's matrices, from 0",
    "item_id": "the item's id in the source",
    "title": "the item's title",
    "seed": "seed that the sample of users was drawn with",
    "position": "place of the item among all items sorted by mean rank over the group, from 1",
    "mean_rank_before": "mean of the item's ranks in the lists of the group's users, before the recourse",
    "top_share_before": "share of the group with the item in their top k before the recourse",
    "status": "why the method stopped: `reached` (every sampled user has the item within the desired rank), `stalled` "
    "(nothing that may change helps any more), `max_iterations` or `budget` (iterations or queries ran out), or "
    "`declined` (the method cannot answer this, see `reason`)",
    "reason": "why the method declined, in a sentence; empty otherwise",
    "success_before_thresholding": "share of the whole group with the item in their top k after the recourse, before "
    "hard thresholding",
    "success": "the same after hard thresholding, which is what is meant where nothing else is said",
    "success_live": "as `success`, if the item's new features also counted in the histories of the users who have "
    "rated it",
    "users_reached": "number of users of the group with the item in their top k, after thresholding",
    "users": "number of users of the group",
    "changed": "number of features that differ from the item's present ones, after thresholding",
    "changed_share": "`changed` as a share of all features",
    "changed_share_mutable": "`changed` as a share of the features that may change",
    "l1": "sum of the absolute changes, after thresholding",
    "rbo": "rank-biased overlap of a user's list before and after the recourse, mean over the group; 1: the same list",
    "rbo_p05": "5th percentile of the rank-biased overlap over the group",
    "mean_rank_after": "mean of the item's ranks in the lists of the group's users, after thresholding",
}
#: Diagnostics: columns that only some methods have; empty in the rows of the others.
DIAGNOSTICS = {
    "iterations": "gradient steps of Algorithm 1",
    "events": "times that the set of sampled users who still lack the item, or of features that move, has changed",
    "queries": "times that a black-box method asked for scores",
}
#: Columns of selection.csv.
SELECTION = {
    name: COLUMNS[name]
    for name in (
        "dataset", "synthetic", "recommender", "group", "group_label", "users", "rank", "item", "item_id", "title",
        "position", "mean_rank_before", "top_share_before",
    )
}  # fmt: skip

#: What is a text whatever it looks like: a film may be called "NA", a data set "2024".
TEXTS = (
    "dataset", "recommender", "method", "group_label", "label", "id", "item_id", "title", "status", "reason", "seeds",
    "cell", "statement", "stands_for", "claim", "statistic",
)  # fmt: skip


def gather(cells, selection, items, groups, synthetic):
    """Put the cells of a data set together.

    Parameters
    ----------
    cells, selection : lists of paths
        Files of the stages evaluate and item-selection, of any recommenders and methods.
    items, groups : paths
        Files of the stage featurize.
    synthetic : bool

    Returns
    -------
    (cells, selection) : two DataFrames
        With the columns `COLUMNS`, with the methods' own behind `reason`, and `SELECTION`.
    """
    titles = read(items).rename(columns={"id": "item_id"})
    labels = read(groups).rename(columns={"label": "group_label"})
    chosen = pd.concat([read(path).assign(**group_of(path)) for path in selection])
    chosen = chosen.merge(labels, on="group").merge(titles, on="item").assign(synthetic=synthetic)
    chosen = chosen.rename(columns={"mean_rank": "mean_rank_before", "top_share": "top_share_before"})
    rows = pd.concat([read(path).assign(**cell_of(path)) for path in cells])
    own = set(rows) - set(COLUMNS)
    diagnostics = [*(name for name in DIAGNOSTICS if name in own), *sorted(own - set(DIAGNOSTICS))]
    # Whole numbers stay whole where another method has none.
    rows[diagnostics] = rows[diagnostics].convert_dtypes()
    rows["reason"] = rows["reason"].fillna("") if "reason" in rows else ""
    rows = rows.merge(chosen, on=["dataset", "recommender", "group", "rank", "item"], validate="many_to_one")
    rows["sampled_users"] = [sample_size(*pair) for pair in zip(rows["users"], rows["sampling"], strict=True)]
    order = ["dataset", "recommender", "group", "rank", "sampling", "method", "position", "seed"]
    columns = list(COLUMNS)
    behind = columns.index("reason") + 1
    columns[behind:behind] = diagnostics
    rows = rows.sort_values(order, kind="stable")[columns]
    chosen = chosen.sort_values(["dataset", "recommender", "group", "rank", "position"], kind="stable")
    return rows, chosen[list(SELECTION)]


def combine(paths, path):
    """Write the tables of several data sets as one, every value as it stands.

    A column that a table lacks is empty in its rows.

    Parameters
    ----------
    paths : list of paths
        Tables with a header each.
    path : path
    """
    # As texts: numbers that are read and written again may differ in their last digit.
    tables = [pd.read_csv(one, dtype=str, na_filter=False) for one in paths]
    write(pd.concat(tables).fillna(""), path)


def read(path):
    """A table of ours as a DataFrame. A text that reads "NA" is one, an empty one too; an empty number is missing."""
    table = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=[""])
    texts = [name for name in TEXTS if name in table]
    table[texts] = table[texts].fillna("")
    return table


def write(table, path):
    """Write a DataFrame as CSV."""
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
