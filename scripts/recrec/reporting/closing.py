"""What is said at the end of a run, and which study the tables are of."""

import textwrap
from pathlib import Path

from recrec.reporting.cells import read
from recrec.reporting.sentences import WIDTH, joined
from recrec.titles import display_title

#: A recourse that is shown to a newcomer brings its item to at least this share of the group, if any does.
LARGE = 0.8


def about(cells, titles, synthetic):
    """Which study the tables of the whole study are of.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv.
    titles : dict
        Title by data set.
    synthetic : dict
        Whether each is synthetic.

    Returns
    -------
    str
    """
    lines = ["The tables in this folder are of the study that was run last:", ""]
    lines += [f"  {name}: {display_title(title, synthetic[name])}" for name, title in titles.items()]
    lines += [
        "",
        f"  recommenders: {', '.join(sorted(set(cells['recommender'])))}",
        f"  methods: {', '.join(sorted(set(cells['method'])))}",
        "",
        "Each data set has a folder of its own tables, which a study of other data sets leaves as it is.",
        "All columns are explained in workflow/docs/tables.md.",
    ]
    return "\n".join([*lines, ""])


def example(cells, recourses):
    """One recourse that shows well what this is about: everybody sampled reached, large success, few changes.

    Of real data, where there are any; of several, the one with more success, then fewer sampled users, then the first.

    Parameters
    ----------
    cells, recourses : DataFrames
        The tables of a study.

    Returns
    -------
    Series or None
        A row of `recourses`; None if there is none.
    """
    keys = ["dataset", "recommender", "method", "group_label", "rank", "sampling", "item_id", "seed"]
    rows = recourses.merge(cells[[*keys, "status", "success"]], on=keys)
    if rows.empty:
        return None
    rows = rows.assign(
        unfit=(rows["status"] != "reached").astype(int) + (rows["success"] < LARGE), lost=1 - rows["success"]
    )
    order = ["synthetic", "unfit", "changed", "lost", "sampled_users"]
    return rows.sort_values(order, kind="stable").iloc[0]


def summary(results, computed, reused):
    """The text at the end of a run.

    Parameters
    ----------
    results : path
        The folder of results, with the tables of a study.
    computed, reused : int
        Cells that this run has computed, and those that it found.

    Returns
    -------
    str
        Some ten lines of at most 100 columns.

    Raises
    ------
    FileNotFoundError
        If the study has no tables yet.
    """
    results = Path(results)
    cells, recourses, paper = (read(results / f"tables/{name}.csv") for name in ("cells", "recourses", "paper"))
    names = list(dict.fromkeys(cells["dataset"]))
    texts = results / "tables" / (names[0] if len(names) == 1 else "NAME") / "recourses.txt"
    lines = [
        f"Cells       {computed:,} computed, {reused:,} reused: {joined(names)}",
        f"Paper       {_claims(paper)}",
        f"Figures     {results / 'figures'}",
        f"Tables      {results / 'tables'}, explained in workflow/docs/tables.md",
        f"Statements  {texts}",
    ]
    shown = example(cells, recourses)
    if shown is None:
        lines.append("Recourses   none brought its item to more users than before")
    else:
        data = f"{shown['dataset']} (SYNTHETIC)" if shown["synthetic"] else shown["dataset"]
        drawn = "all of them" if shown["sampled_users"] == shown["users"] else f"{shown['sampled_users']:,} of them"
        by = f"{shown['method']} on {shown['recommender']}"
        lines.append(f"For example {shown['statement']} ({data}; computed for {drawn} by {by}.)")
    wrapped = (
        textwrap.wrap(line, WIDTH, subsequent_indent=" " * 12, break_on_hyphens=False, max_lines=8, placeholder=" ...")
        for line in lines
    )
    return "\n".join([part for line in wrapped for part in line])


def _claims(paper):
    """How many of the paper's claims hold, each recommender and method by itself."""
    if paper.empty:
        return "no claim of the paper is about these data"
    counts = [
        f"{table['holds'].sum()} of {len(table)} ({method} on {recommender})"
        for (recommender, method), table in paper.groupby(["recommender", "method"])
    ]
    return f"claims that hold: {', '.join(counts)}"
