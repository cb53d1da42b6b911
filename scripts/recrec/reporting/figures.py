"""The paper's figures, from the table of cells. Every number in them is the run's.

A figure shows one recommender and one method, which its title names; `comparison` shows them side by side. Each is as
wide as a printed page or less, so that it can be looked at in its own size, and can be read without colours: these
differ in lightness, and every line has a marker and dashes of its own. Axes are the same for every data set.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from recrec.drawing import COLOURS, EDGE, LINE, broken, looks_of, palette, plain_numbers, style
from recrec.titles import display_title

#: What there is to see in each figure, to stand below it in a report.
CAPTIONS = {
    "success": (
        "Success over the share of sampled users: a row for each original rank of the items, a line for each group of "
        "users. An original rank is a position in the order of the group's items; beside it stand the mean ranks of "
        "the items there, which are farther down where users differ much. Points are means over items and samples of "
        "users, bars reach from their 10th to their 90th percentile; points of one sampling stand side by side so that "
        "all of them can be seen. On the left before hard thresholding, on the right after it, where it may give up a "
        "part of the success for fewer changes; a method without thresholding has one column. The axis is stretched "
        "towards 100 %, alike in every figure."
    ),
    "rbo": (
        "How much of the users' lists stays as it was: rank-biased overlap of a user's list before and after the "
        "recourse, mean over the group. Boxes are quartiles over items, original ranks, groups and samples of users, "
        "whiskers reach from the 5th to the 95th percentile, dots lie beyond, diamonds are means. A dashed line is "
        "the paper's mean; only a data set of the paper itself has one. The axis is stretched towards 100 %, alike in "
        "every figure."
    ),
    "changes": (
        "The paper's figure 4: the share of the item's features that a recourse changes, over the share of sampled "
        "users, a line for each original rank. Points are means over groups, items and samples of users, bars reach "
        "from their 10th to their 90th percentile. Both axes are logarithmic and alike in every figure; the one on the "
        "right counts features. No change at all stands on the lower edge."
    ),
    "comparison": (
        "The recommenders and methods of a study side by side, over the share of sampled users: success, rank-biased "
        "overlap, changed features, the size of the change (its L1 norm) and how much work it was, as far as a method "
        "counts it; after hard thresholding where a method has it. Points are means over groups, original ranks, items "
        "and samples of users, bars reach from their 10th to their 90th percentile. Each recommender has items of its "
        "own at an original rank: methods on one recommender are compared on the same items, recommenders are not. "
        "The axes of success and overlap, stretched towards 100 %, and that of changed features are alike in every "
        "figure."
    ),
}

#: The bars around each point: between these quantiles over items and samples.
INTERVAL = (0.1, 0.9)
#: The whiskers of a box: between these percentiles.
WHISKERS = (5, 95)
#: The axis of changed features in per cent: from less than one in 50,000 to all of them.
CHANGED = (0.002, 100)


def _sheet(shape, panel, looks, legend, title, note, gaps=(0.12, 0.12), left=0.6, right=0.12, heads=0.05):
    """Panels of a fixed size below a title and one legend, above a note.

    Everything has its place in inches: a layout engine would have to draw all of it to find that out.

    Parameters
    ----------
    shape : (rows, columns)
    panel : (width, height)
    looks : dict
        What each line looks like (`drawing.looks_of`).
    legend : str or None
        The legend's title.
    title, note : str
        Of some lines; too long ones are broken.
    gaps : (between columns, between rows)
    left, right : float
        For the labels of the vertical axes.
    heads : float
        For the titles of the uppermost panels.

    Returns
    -------
    figure, panels : Figure, array of Axes, rows x columns
    """
    rows, columns = shape
    inner = columns * panel[0] + (columns - 1) * gaps[0]
    width = left + inner + right
    title, note = broken(title, width / 0.078), broken(note, width / 0.056)
    entry = 0.5 + 0.057 * max(len(look["label"]) for look in looks.values())
    lines = -(-len(looks) // max(1, int(width / entry)))
    above = EDGE + 1.05 * LINE * (title.count("\n") + 1) + EDGE + LINE * (lines + (legend is not None)) + EDGE + heads
    below = 0.45 + 0.8 * LINE * (note.count("\n") + 1)
    height = above + rows * panel[1] + (rows - 1) * gaps[1] + below
    figure, panels = plt.subplots(
        rows, columns, figsize=(width, height), sharex=True, squeeze=False,
        gridspec_kw={
            "left": left / width, "right": 1 - right / width, "bottom": below / height, "top": 1 - above / height,
            "wspace": gaps[0] / panel[0], "hspace": gaps[1] / panel[1],
        },
    )  # fmt: skip
    figure.suptitle(title, y=1 - EDGE / height, va="top", fontsize="large")
    figure.legend(
        handles=[Line2D([], [], **{"linewidth": 1, "markersize": 4.5, **look}) for look in looks.values()],
        title=legend, ncols=-(-len(looks) // lines), loc="lower center",
        bbox_to_anchor=(0.5, 1 - (above - EDGE - heads) / height), frameon=False, handlelength=3, borderpad=0,
        borderaxespad=0, columnspacing=1.2,
    )  # fmt: skip
    middle = (left + inner / 2) / width
    figure.supxlabel("sampled users (% of the group)", x=middle, y=(below - 0.3) / height, va="top", fontsize="medium")
    figure.text(0.5, EDGE / 2 / height, note, ha="center", va="bottom", fontsize="x-small", color="0.3")
    return figure, panels


def _points(table, value, by):
    """Mean and interval of a value for each level of a column and each sampling."""
    grouped = table.groupby([by, "sampling"], sort=True)[value]
    low, high = (grouped.quantile(quantile) for quantile in INTERVAL)
    return grouped.mean().to_frame("mean").assign(low=low, high=high)


def _step(samplings):
    """The least factor from one sampling to the next, of which a part is between the points of one sampling."""
    return min([2.0, *(samplings[1:] / samplings[:-1])])


def _lines(axes, table, value, by, looks, least=None):
    """A line for each level of a column, over sampling, with the points of one sampling beside each other."""
    points, samplings = _points(table, value, by).clip(lower=least), np.sort(table["sampling"].unique())
    places = _step(samplings) ** (np.linspace(-0.3, 0.3, len(looks)) if len(looks) > 1 else np.zeros(1))
    for (level, look), place in zip(looks.items(), places, strict=True):
        if level not in points.index:
            continue
        part = points.loc[level]
        axes.vlines(part.index * place, part["low"], part["high"], color=look["color"], linewidth=0.7)
        axes.plot(
            part.index * place, part["mean"], **look, linewidth=1, markersize=3.8, markeredgecolor="0.15",
            markeredgewidth=0.35,
        )  # fmt: skip


def _sampling_axis(axes, samplings):
    samplings = np.sort(samplings)
    wide = 0.24 * len(samplings) > axes.get_position().width * axes.figure.get_figwidth()
    axes.set_xscale("log")
    axes.set_xticks(samplings, [f"{sampling:g}" for sampling in samplings])
    axes.xaxis.set_minor_locator(NullLocator())
    edge = _step(samplings) ** 0.6
    axes.set_xlim(samplings[0] / edge, samplings[-1] * edge)
    if wide:
        for one in axes.figure.axes:
            one.tick_params("x", labelsize="x-small", labelrotation=60)


def _towards_all(axes, finest, ticks):
    """An axis of per cent from 0 to 100 on which what is missing from 100 % is told apart down to `finest`."""
    axes.set_yscale(
        "function",
        functions=(
            lambda percent: -np.log10(np.maximum(100 + finest - np.asarray(percent), finest / 10)),
            lambda place: 100 + finest - 10.0 ** -np.asarray(place),
        ),
    )
    axes.set_ylim(0, 100 + 0.2 * finest)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(plain_numbers())
    axes.yaxis.set_minor_locator(NullLocator())


def _success_axis(axes):
    _towards_all(axes, 2.0, [0, 50, 70, 80, 90, 95, 98, 100])


def _overlap_axis(axes):
    _towards_all(axes, 0.001, [0, 90, 95, 99, 99.5, 99.9, 99.99, 100])


def _decade_axis(axes, limits):
    """A logarithmic axis with a label at every power of ten, and at parts of it where there are few of those."""
    low, high = limits
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    factors = (1,) if len(powers) > 4 else (1, 2, 5)
    ticks = np.array([power * factor for power in powers for factor in factors])
    axes.set_yscale("log")
    # Room for what stands on an end.
    axes.set_ylim(low / 1.15, high * 1.15)
    axes.yaxis.set_major_locator(FixedLocator(ticks[(ticks >= low) & (ticks <= high)]))
    axes.yaxis.set_major_formatter(plain_numbers())
    axes.yaxis.set_minor_locator(NullLocator())


def _decades(values):
    """The powers of ten around the positive ones of some values."""
    positive = values[values > 0]
    if positive.empty:
        return 0.1, 1.0
    return 10.0 ** np.floor(np.log10(positive.min())), 10.0 ** (np.floor(np.log10(positive.max())) + 1)


def _changed_axis(axes, percent):
    """The axis of changed features. Returns its lower end."""
    low, high = CHANGED
    if (percent[percent > 0] < low).any():
        low = _decades(percent)[0]
    _decade_axis(axes, (low, high))
    return low


def _title(cells, title, synthetic):
    """A title that names the recommender and the method.

    Raises
    ------
    ValueError
        If the table holds several data sets, recommenders or methods: a mean over them says nothing about any.
    """
    pairs = cells[["dataset", "recommender", "method"]].drop_duplicates()
    if len(pairs) != 1:
        raise ValueError(f"a figure shows one data set, recommender and method, not {len(pairs)} combinations")
    [(_, recommender, method)] = pairs.itertuples(index=False)
    return f"{display_title(title, synthetic)}\nmethod {method} on recommender {recommender}"


def _after(thresholded):
    return ",\nafter hard thresholding" if thresholded else ""


def success(cells, title, synthetic, top_k, thresholded=True):
    """Figures 1 to 3: success over sampling, a row of panels per original rank, a line per group.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv: one data set, recommender and method.
    title : str
    synthetic : bool
    top_k : int
    thresholded : bool
        Whether hard thresholding follows the method: then a second column shows the success that is left.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are several data sets, recommenders or methods in the table.
    """
    style(0.9)
    ranks = sorted(cells["rank"].unique())
    columns = [("success_before_thresholding", "before hard thresholding")]
    columns += [("success", "after hard thresholding")] if thresholded else []
    groups = cells.drop_duplicates("group").sort_values("group")
    looks = looks_of(dict(zip(groups["group"], groups["group_label"], strict=True)))
    figure, panels = _sheet(
        (len(ranks), len(columns)), (2.95 if thresholded else 3.3, 1.45), looks, "group of users",
        _title(cells, title, synthetic),
        "Points: means over items and samples. Bars: 10th to 90th percentile. The axis is stretched towards 100 %.",
        left=0.95, heads=0.2 if thresholded else 0.05,
    )  # fmt: skip
    for number, rank in enumerate(ranks):
        part = cells[cells["rank"] == rank]
        for axes, (value, when) in zip(panels[number], columns, strict=True):
            _success_axis(axes)
            _lines(axes, part.assign(percent=100 * part[value]), "percent", "group", looks)
            axes.tick_params(labelleft=axes is panels[number, 0])
            if thresholded and number == 0:
                axes.set_title(when, fontsize="medium")
        before = part["mean_rank_before"]
        panels[number, 0].set_ylabel(f"original rank {rank}\n(mean rank {before.min():.0f} to {before.max():.0f})")
    _sampling_axis(panels[0, 0], cells["sampling"].unique())
    figure.supylabel(f"users with the item in their top {top_k} (%)", x=EDGE / figure.get_figwidth(), fontsize="medium")
    return figure


def changes(cells, title, synthetic, thresholded=True):
    """Figure 4: the share of changed features over sampling, a line per original rank.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv: one data set, recommender and method.
    title : str
    synthetic : bool
    thresholded : bool
        Whether hard thresholding follows the method.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are several data sets, recommenders or methods in the table.
    """
    style(0.9)
    looks = looks_of({rank: str(rank) for rank in sorted(cells["rank"].unique())})
    figure, [[axes]] = _sheet(
        (1, 1), (3.1, 2.6), looks, "original rank", _title(cells, title, synthetic),
        "Points: means over groups, items and samples. Bars: 10th to 90th percentile.", left=0.75, right=0.7,
    )  # fmt: skip
    percent = 100 * cells["changed_share"]
    least = _changed_axis(axes, percent)
    _sampling_axis(axes, cells["sampling"].unique())
    _lines(axes, cells.assign(percent=percent), "percent", "rank", looks, least)
    axes.set_ylabel(f"changed features (% of all){_after(thresholded)}")
    changed = cells[cells["changed"] > 0]
    if len(changed):
        features = (changed["changed"] / changed["changed_share"]).max()
        counted = axes.secondary_yaxis(
            "right", functions=(lambda percent: percent * features / 100, lambda number: 100 * number / features)
        )
        counted.set_ylabel("changed features")
        counted.yaxis.set_major_locator(FixedLocator(10.0 ** np.arange(np.floor(np.log10(features)) + 1)))
        counted.yaxis.set_major_formatter(plain_numbers())
        counted.yaxis.set_minor_locator(NullLocator())
    return figure


def overlap(cells, title, synthetic, paper=None, thresholded=True):
    """Distribution of rank-biased overlap over items, ranks, groups and samples, by sampling.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv: one data set, recommender and method.
    title : str
    synthetic : bool
    paper : float, optional
        The paper's mean, if the data set is one of the paper's own (`claims.own_rbo`).
    thresholded : bool
        Whether hard thresholding follows the method.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are several data sets, recommenders or methods in the table.
    """
    style(0.9)
    percent = 100 * cells["rbo"]
    by_sampling = {sampling: part.to_numpy() for sampling, part in percent.groupby(cells["sampling"], sort=True)}
    means = [(percent.mean(), "-", "mean over all samplings")]
    if paper is not None:
        means.append((100 * paper, "--", "mean in the paper"))
    looks = {
        name: {"label": f"{name}: {mean:.2f} %", "color": "black", "linestyle": line} for mean, line, name in means
    }
    figure, [[axes]] = _sheet(
        (1, 1), (3.6, 2.6), looks, None, _title(cells, title, synthetic),
        "Boxes: quartiles over items, original ranks, groups and samples. Whiskers: 5th to 95th percentile. "
        "Diamonds: means. The axis is stretched towards 100 %.",
        left=0.85,
    )  # fmt: skip
    _overlap_axis(axes)
    axes.boxplot(
        list(by_sampling.values()), tick_labels=[f"{sampling:g}" for sampling in by_sampling], whis=WHISKERS,
        widths=0.6, patch_artist=True, showmeans=True,
        boxprops={"facecolor": "0.85", "linewidth": 0.8}, medianprops={"color": "black", "linewidth": 1.2},
        whiskerprops={"linewidth": 0.8}, capprops={"linewidth": 0.8},
        flierprops={"marker": ".", "markersize": 2, "markerfacecolor": "0.4", "markeredgecolor": "0.4"},
        meanprops={"marker": "D", "markerfacecolor": COLOURS[2], "markeredgecolor": "black", "markersize": 4},
    )  # fmt: skip
    axes.grid(axis="x", visible=False)
    axes.set_ylabel(f"rank-biased overlap (%){_after(thresholded)}")
    for mean, line, _ in means:
        axes.axhline(mean, color="black", linewidth=1, linestyle=line)
    return figure


def comparison(cells, title, synthetic, top_k):
    """Success, rank-biased overlap, changed features and costs over sampling, a line per recommender and method.

    Parameters
    ----------
    cells : DataFrame
        results/tables/cells.csv: one data set, any recommenders and methods. Where a method has no such number
        (``queries``), its field is empty.
    title : str
    synthetic : bool
    top_k : int

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are several data sets in the table.
    """
    if cells["dataset"].nunique() != 1:
        raise ValueError("recommenders and methods are compared on one data set at a time")
    style(0.9)
    cells = cells.assign(pair=cells["method"] + " on " + cells["recommender"])
    counts = cells["pair"].value_counts().sort_index()
    # A pair without some of the recourses would be compared on others than the rest.
    counted = counts.nunique() > 1
    looks = looks_of({pair: pair + (f" ({number:,} recourses)" if counted else "") for pair, number in counts.items()})
    measures = {
        "success": f"item in the top {top_k} (% of users)",
        "rbo": "rank-biased overlap (%)",
        "changed_share": "changed features (% of all)",
        "l1": "size of the change (L1)",
        "iterations": "iterations",
        "queries": "queries",
    }
    percent = {"success", "rbo", "changed_share"}
    values = {name: pd.to_numeric(cells[name], errors="coerce") for name in measures if name in cells}
    values = {name: 100 * each if name in percent else each for name, each in values.items() if each.notna().any()}
    figure, panels = _sheet(
        (2, (len(values) + 1) // 2), (1.75, 1.8), looks, "method and recommender", display_title(title, synthetic),
        "Points: means over groups, original ranks, items and samples. Bars: 10th to 90th percentile. Success and "
        "overlap are stretched towards 100 %. After hard thresholding where a method has it. Each recommender has "
        "items of its own.",
        gaps=(0.6, 0.3), heads=0.2,
    )  # fmt: skip
    for axes, (name, each) in zip(panels.flat, values.items(), strict=False):
        least = None
        if name == "success":
            _success_axis(axes)
        elif name == "rbo":
            _overlap_axis(axes)
        elif name == "changed_share":
            least = _changed_axis(axes, each)
        else:
            least, most = _decades(each)
            _decade_axis(axes, (least, most))
        _lines(axes, cells.assign(value=each).dropna(subset="value"), "value", "pair", looks, least)
        axes.set_title(measures[name], fontsize="medium")
    if len(values) % 2:
        panels[1, -1].set_visible(False)
        panels[0, -1].tick_params(labelbottom=True)
    _sampling_axis(panels[0, 0], cells["sampling"].unique())
    return figure


def sweep(table, title, synthetic, paper=None):
    """What every setting of a sweep misses: users, against how far it disturbs lists. Lower left is better.

    A panel per sampling (columns) and per limit of the iterations (rows), both axes logarithmic.

    Parameters
    ----------
    table : DataFrame
        results/sweep/sweep.csv: one data set and recommender.
    title : str
    synthetic : bool
    paper : float, optional
        The paper's mean rank-biased overlap, if the data set is one of the paper's own.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are several recommenders in the table.
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
                size="lambda (share of first gradient)", sizes=(25, 90), palette=palette(len(ranks)),
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
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.set_major_formatter(plain_numbers())
                axis.set_minor_locator(NullLocator())
            if last:
                axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    [recommender] = table["recommender"].unique()
    figure.suptitle(f"{display_title(title, synthetic)}: settings of method recrec on recommender {recommender}")
    rates = " and ".join(f"{rate:g}" for rate in sorted(table["learning_rate"].unique()))
    figure.supxlabel(f"A point for each setting and learning rate ({rates}).", fontsize="small")
    return figure
