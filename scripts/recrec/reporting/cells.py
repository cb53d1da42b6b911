"""All cells of a study in one tidy table."""

from pathlib import Path

import pandas as pd

from recrec.evaluation.paths import cell_of, group_of
from recrec.storage import whole

#: Columns of results/tables/cells.csv, in order.
COLUMNS = [
    "dataset", "synthetic", "recommender", "group", "group_label", "rank", "sampling", "method", "item", "item_id",
    "title", "seed", "position", "mean_rank_before", "top_share_before", "status", "iterations", "events",
    "success_before_thresholding", "success", "success_live", "users_reached", "users", "changed", "changed_share",
    "changed_share_mutable", "l1", "rbo", "rbo_p05", "mean_rank_after",
]  # fmt: skip


def gather(cells, selection, items, groups, synthetic):
    """Put the cells of all data sets together.

    Parameters
    ----------
    cells, selection, items, groups : lists of paths
        Files of the stages evaluate, item-selection and featurize.
    synthetic : dict
        Whether each data set is synthetic.

    Returns
    -------
    (cells, selection) : two DataFrames
    """
    named = {Path(path).parent.name: read(path) for path in items}
    groups = pd.concat([read(path).assign(dataset=Path(path).parent.name) for path in groups])
    chosen = []
    for path in selection:
        chosen.append(pd.read_csv(path).assign(**group_of(path)))
    chosen = pd.concat(chosen)
    chosen = chosen.merge(groups.rename(columns={"label": "group_label"}), on=["dataset", "group"])
    titles = pd.concat([table.assign(dataset=name) for name, table in named.items()])
    chosen = chosen.merge(titles.rename(columns={"id": "item_id"}), on=["dataset", "item"])
    chosen = chosen.rename(columns={"mean_rank": "mean_rank_before", "top_share": "top_share_before"})
    chosen = chosen.assign(synthetic=chosen["dataset"].map(synthetic))
    rows = pd.concat([pd.read_csv(path).assign(**cell_of(path)) for path in cells])
    rows = rows.merge(chosen, on=["dataset", "recommender", "group", "rank", "item"], validate="many_to_one")
    order = ["dataset", "recommender", "group", "rank", "sampling", "method", "position", "seed"]
    rows = rows.sort_values(order, kind="stable").reindex(columns=COLUMNS)
    chosen = chosen.sort_values(["dataset", "recommender", "group", "rank", "position"], kind="stable")
    return rows, chosen[
        ["dataset", "synthetic", "recommender", "group", "group_label", "users", "rank", "item", "item_id", "title",
         "position", "mean_rank_before", "top_share_before"]
    ]  # fmt: skip


def read(path):
    """A table of ours as a DataFrame. An id or a title that reads "NA" is one, and no missing value."""
    texts = {"id": str, "item_id": str, "title": str, "group_label": str, "label": str}
    return pd.read_csv(path, dtype=texts, na_filter=False)


def write(table, path):
    """Write a DataFrame as CSV."""
    with whole(path) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
