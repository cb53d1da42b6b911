"""The columns of all tables in words: ``python -m recrec.reporting.columns`` writes workflow/docs/tables.md."""

from pathlib import Path

from recrec.evaluation import claims, overlap_check
from recrec.reporting import cells, sentences, summary
from recrec.storage import write_text

DOCUMENT = Path(__file__).parents[3] / "workflow/docs/tables.md"
#: What a row of each table below results/tables is, and its columns.
TABLES = {
    "cells.csv": ("a recourse for one item and one sample of users, evaluated over the whole group", cells.COLUMNS),
    "selection.csv": ("an item that asks for a recourse", cells.SELECTION),
    "paper.csv": ("a claim of the paper beside this run's figure", claims.COLUMNS),
    "recourses.csv": ("a recourse in plain words, if it brought its item to more users than before", sentences.COLUMNS),
    "datasets.csv": ("a data set, and the sizes that the paper gives for the one it stands for", summary.COLUMNS),
    "rbo_check.csv": (
        "a user's lists before and after a recourse: users and recourses are drawn at random",
        overlap_check.COLUMNS,
    ),
}
HEAD = """\
# The tables

<!-- Written by `PYTHONPATH=scripts python -m recrec.reporting.columns`: edit the COLUMNS beside the code instead. -->

`snakemake results/figures` writes them below `results/tables`. `cells.csv`, `selection.csv`, `paper.csv`,
`recourses.csv` and `recourses.txt` are written for each data set into the folder `results/tables/NAME`, which a study
of other data sets leaves as it is. The files directly in `results/tables` are of all data sets of the study that was
run last; `study.txt` says which they are. A data set's tables hold the recommenders and methods of the last study that
it was part of; what others have computed stays in `results/evaluation` and is used again.

Shares are fractions of 1 and counted over the whole group, never only the sample, unless it says per cent. Ranks are
pessimistic: of tied items the one in question comes last. Rows are never means over recommenders or methods.
"""


def document():
    """The text of workflow/docs/tables.md."""
    parts = [HEAD]
    for name, (row, columns) in TABLES.items():
        parts += [f"## {name}", "", f"A row is {row}.", "", *_table(columns), ""]
        if columns is cells.COLUMNS:
            parts += [
                "Behind `reason` stand columns that only some methods have. They are empty in the rows of the others.",
                "",
                *_table(cells.DIAGNOSTICS),
                "",
            ]
    return "\n".join(parts)


def _table(columns):
    return ["| column | what it says |", "| --- | --- |", *(f"| `{name}` | {said} |" for name, said in columns.items())]


if __name__ == "__main__":
    write_text(DOCUMENT, document())
