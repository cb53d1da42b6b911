"""The paper's figures, from the table of cells. Every number in them is the run's."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from recrec.reporting.summary import display_title
from recrec.storage import whole

matplotlib.use("Agg")

#: The interval around each line: between these percentiles over items and seeds.
INTERVAL = ("pi", 80)
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]


def style():
    sns.set_theme(context="paper", style="whitegrid", font_scale=1.1)


def _palette(number):
    """Colours in order of brightness, so that they stay apart in grey and for the colour-blind."""
    return sns.color_palette("inferno", number + 1)[:number]


def _lines(table, value, hue, axes, legend):
    levels = list(dict.fromkeys(table[hue]))
    sns.lineplot(
        table,
        x="sampling",
        y=value,
        hue=hue,
        style=hue,
        hue_order=levels,
        style_order=levels,
        palette=_palette(len(levels)),
        markers=MARKERS[: len(levels)] if len(levels) <= len(MARKERS) else True,
        dashes=True,
        errorbar=INTERVAL,
        err_kws={"alpha": 0.12, "linewidth": 0},
        legend=legend,
        ax=axes,
    )


def _sampling_axis(axes, table):
    points = sorted(table["sampling"].unique())
    axes.set_xscale("log")
    axes.set_xticks(points, [f"{point:g}" for point in points], rotation=45)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    axes.set_xlabel("sampled users (% of the group)")


def plain_numbers():
    """Labels of a logarithmic axis as 0.1 and 20, not as powers of ten."""
    return FuncFormatter(lambda value, _: f"{value:g}")


def _titled(figure, title, synthetic):
    figure.suptitle(display_title(title, synthetic))


def save(figure, paths):
    """Write a figure to every path, by suffix, without the date in it."""
    for path in paths:
        metadata = {"CreationDate": None} if Path(path).suffix == ".pdf" else {}
        with whole(path) as beside:
            figure.savefig(beside, dpi=160, metadata=metadata, format=Path(path).suffix[1:])
    plt.close(figure)


def success(cells, title, synthetic, top_k):
    """Figures 1 to 3: success over sampling, a panel per original rank, a line per group.

    The upper row is success before hard thresholding, which gives up to 20 % of it away, the lower row after.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv, one data set.
    title : str
    synthetic : bool
    top_k : int

    Returns
    -------
    Figure
    """
    style()
    ranks = sorted(cells["rank"].unique())
    figure, panels = plt.subplots(
        2,
        len(ranks),
        figsize=(2.9 * len(ranks) + 1.8, 6),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    table = cells.rename(columns={"group_label": "group of users"})
    rows = [("success_before_thresholding", "before thresholding"), ("success", "after thresholding")]
    for row, (value, when) in enumerate(rows):
        for column, rank in enumerate(ranks):
            axes, part = panels[row, column], table[table["rank"] == rank]
            last = row == 0 and column == len(ranks) - 1
            _lines(part.assign(percent=100 * part[value]), "percent", "group of users", axes, "full" if last else False)
            _sampling_axis(axes, cells)
            axes.set_ylabel(f"users with the item\nin their top {top_k} (%),\n{when}")
            if row == 0:
                before = part["mean_rank_before"]
                axes.set_title(f"original rank {rank}\nmean rank {before.min():.0f} to {before.max():.0f}")
            if last:
                sns.move_legend(axes, "upper left", bbox_to_anchor=(1.02, 1))
    _titled(figure, title, synthetic)
    figure.supxlabel("Lines: mean over items and samples. Bands: 10th to 90th percentile.", fontsize="small")
    return figure


def changes(cells, titles):
    """Figure 4: the share of changed features over sampling, a panel per data set, a line per original rank.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv.
    titles : dict
        Title and whether it is synthetic, by data set.
    """
    style()
    figure, panels = plt.subplots(
        1, len(titles), figsize=(4.3 * len(titles) + 1.6, 4.4), sharey=True, squeeze=False, layout="constrained"
    )
    table = cells.assign(percent=100 * cells["changed_share"]).sort_values("rank", kind="stable")
    table["original rank"] = table["rank"].map("rank {}".format)
    for axes, (dataset, (title, synthetic)) in zip(panels[0], titles.items(), strict=True):
        last = axes is panels[0, -1]
        _lines(table[table["dataset"] == dataset], "percent", "original rank", axes, "full" if last else False)
        _sampling_axis(axes, cells)
        axes.set_ylabel("changed features (% of all), after thresholding")
        axes.set_title(display_title(title, synthetic).replace(" (SYN", "\n(SYN"))
        if last:
            sns.move_legend(axes, "upper left", bbox_to_anchor=(1.02, 1))
    # Once everything is drawn: on a logarithmic axis seaborn would take the means of logarithms.
    for axes in panels[0]:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.yaxis.set_minor_formatter(NullFormatter())
    return figure


def overlap(cells, title, synthetic, paper=None):
    """Distribution of rank-biased overlap over items, ranks, groups and samples, by sampling.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv, one data set.
    title : str
    synthetic : bool
    paper : float, optional
        The paper's mean.

    Returns
    -------
    Figure
    """
    style()
    figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
    table = cells.assign(percent=100 * cells["rbo"])
    order, mean = sorted(table["sampling"].unique()), table["percent"].mean()
    sns.boxplot(
        table, x="sampling", y="percent", order=order, color="0.85", fliersize=2, linewidth=1, ax=axes,
        showmeans=True,
        meanprops={"marker": "D", "markerfacecolor": "black", "markeredgecolor": "black", "markersize": 4},
    )  # fmt: skip
    axes.set_xticks(range(len(order)), [f"{point:g}" for point in order])
    axes.set_xlabel("sampled users (% of the group)")
    axes.set_ylabel("rank-biased overlap (%) after thresholding,\nmean over the group")
    axes.axhline(
        mean,
        color="black",
        linewidth=1,
        label=f"mean of this run over all samplings, {mean:.2f} %",
    )
    if paper is not None:
        axes.axhline(
            100 * paper, color="black", linestyle="--", linewidth=1, label=f"mean in the paper, {100 * paper:.2f} %"
        )
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.16), title="diamonds: mean per sampling")
    _titled(figure, title, synthetic)
    return figure


def sweep(table, title, synthetic, paper=None):
    """What every setting of a sweep misses: users, against how far it disturbs lists. Lower left is better.

    A panel per sampling (columns) and per limit of the iterations (rows), both axes logarithmic.

    Parameters
    ----------
    table : DataFrame
        results/sweep/sweep.csv, one data set.
    title : str
    synthetic : bool
    paper : float, optional
        The paper's mean rank-biased overlap.
    """
    style()
    samplings, limits = sorted(table["sampling"].unique()), sorted(table["max_iterations"].unique())
    figure, panels = plt.subplots(
        len(limits), len(samplings), figsize=(3.1 * len(samplings) + 2.2, 3.1 * len(limits) + 0.7),
        sharex=True, sharey=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    table = table.assign(
        # Nothing missed has no logarithm: it stands at the edge.
        missed=(100 * (1 - table["success_before_thresholding"])).clip(lower=0.01),
        disturbed=(100 * (1 - table["rbo"])).clip(lower=0.01),
        **{"desired rank": table["desired_rank"], "lambda (share of first gradient)": table["lambda"]},
    )
    ranks = sorted(table["desired rank"].unique())
    for row, limit in enumerate(limits):
        for column, sampling in enumerate(samplings):
            axes = panels[row, column]
            part = table[(table["sampling"] == sampling) & (table["max_iterations"] == limit)]
            last = row == 0 and column == len(samplings) - 1
            sns.scatterplot(
                part, x="disturbed", y="missed", hue="desired rank", hue_order=ranks, style="aggregate",
                size="lambda (share of first gradient)", sizes=(25, 90), palette=_palette(len(ranks)),
                legend="full" if last else False, ax=axes,
            )  # fmt: skip
            best = part[part["chosen"]]
            axes.scatter(
                best["disturbed"], best["missed"], s=220, facecolors="none", edgecolors="black", label="chosen"
            )
            if paper is not None:
                axes.axvline(
                    100 * (1 - paper), color="black", linestyle="--", linewidth=1, label="mean RBO in the paper"
                )
            axes.set_title(f"{sampling:g} % sampled,\n{limit} iterations at most", fontsize="medium")
            axes.set_xlabel("100 % - mean RBO,\nafter thresholding")
            axes.set_ylabel("100 % - success, before thresholding")
            axes.set_xscale("log")
            axes.set_yscale("log")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(plain_numbers())
            if last:
                axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    _titled(figure, title, synthetic)
    rates = " and ".join(f"{rate:g}" for rate in sorted(table["learning_rate"].unique()))
    figure.supxlabel(f"A point for each setting and learning rate ({rates}).", fontsize="small")
    return figure
