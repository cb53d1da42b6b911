"""Tables of the causal track: every person of every cell, and means over them.

``PYTHONPATH=scripts python -m recrec.causal.tables`` writes workflow/docs/causal-tables.md, the columns in words.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from recrec.causal import cells, claims, gaps, measures, worlds
from recrec.causal.people import COLUMNS as COUNTED
from recrec.storage import atomic_write, write_text

DOCUMENT = Path(__file__).parents[3] / "workflow/docs/causal-tables.md"
HEAD_OF_DOCUMENT = """\
# The tables of people

<!-- Written by `PYTHONPATH=scripts python -m recrec.causal.tables`: edit the COLUMNS beside the code instead. -->

`snakemake results/figures/causal` writes them to `results/tables/causal`, those of each data set to a folder of its
name there as well; `times.csv`, which differs from run to run, to `results/benchmarks/causal`. Shares are fractions of
1.
"""

#: What a cell is known by.
HEAD = {
    "dataset": "name of the data set",
    "synthetic": "whether the people are made up, and so say nothing about people",
    "method": "name of the method",
    "scheme": "name of the scheme of actionability",
    "seed": "seed of the people, of what they say and of the method",
}
#: Columns of people.csv, in order, and what they say.
PEOPLE = {**HEAD, **cells.COLUMNS}
#: Columns that are averaged over people with a plan.
AVERAGED = (*measures.COLUMNS, "regret", "twin_valid", "twin_cost_gap")
#: Columns of cells.csv, in order, and what they say.
CELLS = {
    "dataset": HEAD["dataset"],
    "title": "what figures call it",
    **{name: HEAD[name] for name in ("synthetic", "method", "scheme")},
    "strength": "whether the scheme has `hard` constraints, `soft` ones, `both` or `none`",
    "seed": HEAD["seed"],
    "over": "`all`: all people; `common`: those who have a plan under every scheme of this data set, method and seed",
    "people": "people asked",
    "valid": "those of them who have a plan that gets them accepted, by the equations that the method used",
    "validity_model": "their share",
    "validity_true": "share of people whose plan gets them accepted by the true equations and their true noise; empty "
    "where nobody knows them",
    "certified": "share of people whose answer the method proved",
    **{name: f"mean over people with a plan: {cells.COLUMNS[name]}" for name in AVERAGED},
    "impossible": "share of people with a plan who become what no noise leads to; they do not count in `log_density`",
    "broken": "constraints that plans break, in total",
}
#: Columns of times.csv. No table that has to be the same bytes whenever it is made has times.
TIMES = {
    **{name: HEAD[name] for name in ("dataset", "method", "scheme", "seed")},
    "people": "people solved",
    "microseconds": "wall-clock time of the method for all of them, by their number: the faster of two calls where "
    "they are solved by elicited and by latent weights, of which the first may compile; else of the only one",
}
#: What a row of each table is, and its columns.
TABLES = {
    "people.csv": ("a person of a cell: data set, method, scheme and seed", PEOPLE),
    "cells.csv": ("a cell, over all its people or over those with a plan under every scheme", CELLS),
    "gaps.csv": ("a gap between the two groups, people of all seeds pooled", gaps.COLUMNS),
    "claims.csv": ("a finding of the paper's abstract beside this run's figure", claims.COLUMNS),
    "models.csv": ("a measure of a classifier or a fitted equation", worlds.QUALITY),
    "counts.csv": ("what was done to a column of a table of people", COUNTED),
    "times.csv": ("how long a cell took", TIMES),
}
#: What is a text whatever it looks like.
TEXTS = ("dataset", "title", "method", "scheme", "strength", "over", "measure", "kind", "claim", "statistic", "agrees")


def people(parts):
    """Evaluated cells in one table, in their order.

    Parameters
    ----------
    parts : iterable of (dict, path)
        The values of `HEAD`, and the file of the cell. A cell that a method declined has no row.

    Returns
    -------
    DataFrame
        With the columns `PEOPLE`.
    """
    tables = [read(path).assign(**head)[list(PEOPLE)] for head, path in parts]
    some = [table for table in tables if len(table)]
    return pd.concat(some or tables, ignore_index=True)


def summary(people, titles, strengths):
    """Means over the people of each cell.

    Parameters
    ----------
    people : DataFrame
        See `people`.
    titles : dict
        Of the data sets.
    strengths : dict
        Of the schemes, see `Scheme.kind`.

    Returns
    -------
    DataFrame
        With the columns `CELLS`.
    """
    by = list(HEAD)
    valid = people["validity_model"] > 0
    everywhere = valid.groupby([people[name] for name in ("dataset", "method", "seed", "person")]).transform("all")
    possible = people["log_density"] > -np.inf
    numbers = people.assign(
        **{name: people[name].where(valid) for name in AVERAGED if name != "log_density"},
        log_density=people["log_density"].where(valid & possible),
        impossible=(people["log_density"] == -np.inf).astype(float).where(valid),
        valid=valid.astype(int),
        people=1,
    )
    # Cells of which nobody has a plan under every scheme are there all the same.
    cells_there = pd.MultiIndex.from_frame(people[by].drop_duplicates())
    sums, means = (
        ["people", "valid", "broken"],
        ["validity_model", "validity_true", "certified", *AVERAGED, "impossible"],
    )
    tables = []
    for over, rows in (("all", numbers), ("common", numbers[everywhere])):
        grouped = rows.groupby(by, sort=False)
        table = grouped[sums].sum().join(grouped[means].mean()).reindex(cells_there)
        tables.append(table.fillna(dict.fromkeys(sums, 0)).astype(dict.fromkeys(sums, int)).assign(over=over))
    found = pd.concat(tables).reset_index()
    found["title"] = found["dataset"].map(titles)
    found["strength"] = found["scheme"].map(strengths)
    return found[list(CELLS)]


def read(path):
    """A table of ours as a DataFrame: a text that reads "NA" is one, an empty number is missing."""
    table = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=[""])
    texts = [name for name in TEXTS if name in table]
    table[texts] = table[texts].fillna("")
    return table


def write(table, path):
    """Write a DataFrame as CSV; the same bytes for the same values."""
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def document():
    """The text of workflow/docs/causal-tables.md."""
    parts = [HEAD_OF_DOCUMENT]
    for name, (row, columns) in TABLES.items():
        parts += [f"## {name}", "", f"A row is {row}.", "", "| column | what it says |", "| --- | --- |"]
        parts += [*(f"| `{column}` | {said} |" for column, said in columns.items()), ""]
    return "\n".join(parts)


if __name__ == "__main__":
    write_text(DOCUMENT, document())
