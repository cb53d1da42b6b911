"""What the RecRec paper claims, beside what a run found (design: figures 1 to 4 and appendix of the paper)."""

import pandas as pd

#: Success rate: from a sampling percentage on, at least this much, in all or in most of the cells.
SUCCESS = {
    "movielens": [(1, 1.0, "all", "100 % from 1 % sampling")],
    "aliec": [
        (1, 0.8, "most", "> 80 % for most groups and items from 1 % sampling"),
        (20, 1.0, "all", "100 % at 20 %"),
    ],
    "goodreads": [(0.5, 0.9, "all", "> 90 % from 0.5 % sampling"), (5, 1.0, "all", "100 % at 2 to 5 %, so from 5 %")],
}
RBO = {"movielens": 0.9943, "aliec": 0.9999, "goodreads": 0.9992}
#: The data sets of the paper itself, as far as its text names them; others stand in for one of them.
OWN = {"ml-100k": "movielens", "aliec": "aliec", "goodreads": "goodreads"}
#: The paper's "negligible share" of changed features, read as this much.
NEGLIGIBLE = 0.001
#: Columns of paper.csv, in order, and what they say. Shares are fractions of 1.
COLUMNS = {
    "dataset": "name of the data set",
    "synthetic": "whether the data are generated",
    "recommender": "name of the recommender",
    "method": "name of the method; the paper's is `recrec` on `content`",
    "stands_for": "the paper's data set that this one stands for; `itself` if it is that one",
    "claim": "what the paper claims",
    "statistic": "the figure that it is read from here",
    "paper": "what that figure has to be for the claim to hold",
    "ours": "what it is in this run",
    "holds": "whether the claim holds",
    "short_by": "by how much it does not; 0 if it holds",
}


def own_rbo(dataset, paper):
    """The paper's mean rank-biased overlap, on a data set that is the paper's own; None on one that stands in for it.

    Parameters
    ----------
    dataset : str
    paper : str or None
        Which of the paper's three the data set stands for.

    Returns
    -------
    float or None
    """
    return RBO[paper] if paper is not None and OWN.get(dataset) == paper else None


def compare(cells, papers):
    """Each claim of the paper beside this run's figure.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv.
    papers : dict
        For each data set, which of the paper's three it stands for, or None.

    Returns
    -------
    DataFrame
        With the columns `COLUMNS`. Every recommender and every method is held against the claims by itself. A claim
        about samplings that were not run is left out.
    """
    rows = []
    for (dataset, recommender, method), table in cells.groupby(["dataset", "recommender", "method"], sort=True):
        paper = papers.get(dataset)
        if paper is None:
            continue

        stands_for = "itself" if OWN.get(dataset) == paper else paper
        head = (dataset, table["synthetic"].iloc[0], recommender, method, stands_for)

        def row(claim, statistic, target, ours, at_most=False, head=head):
            short = ours - target if at_most else target - ours
            rows.append((*head, claim, statistic, target, ours, short <= 0, max(0.0, short)))

        for sampling, target, extent, claim in SUCCESS[paper]:
            from_there = table[table["sampling"] >= sampling]
            if from_there.empty:
                continue
            for when, column in (("before", "success_before_thresholding"), ("after", "success")):
                claimed = f"success {claim}, {when} thresholding"
                for percentage, at in from_there.groupby("sampling"):
                    row(claimed, f"mean at {percentage:g} %", target, at[column].mean())
                by_cell = from_there.groupby(["group", "rank", "sampling"])[column].mean()
                if extent == "all":
                    row(claimed, "worst group, rank and sampling", target, by_cell.min())
                else:
                    share = (by_cell > target).mean()
                    row(claimed, f"share of groups, ranks and samplings above {target:.0%}", 0.5, share)
        row("mean RBO", "mean over all cells", RBO[paper], table["rbo"].mean())
        changed = table.groupby("sampling")["changed_share"].mean()
        row(
            "changed features fall with sampling",
            "largest rise from one sampling percentage to the next",
            0.0,
            max(0.0, changed.diff().max()) if len(changed) > 1 else 0.0,
            at_most=True,
        )
        row(
            f"changed features become negligible (read as {NEGLIGIBLE:.1%})",
            f"mean share at {changed.index[-1]:g} %",
            NEGLIGIBLE,
            changed.iloc[-1],
            at_most=True,
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
