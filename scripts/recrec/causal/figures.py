"""The figures of the causal track, from its tables. Every number in them is the run's.

Lines and points are one per method, which has the same colour, marker and dashes in every figure; colours differ in
lightness, so that all can be read in grey. Validity comes first, for whoever fails drops out of all other measures:
cost and plausibility are shown over all valid cases and over the common support, the cases that are valid under every
scheme, which alone compares schemes on the same people.
"""

import itertools
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from scipy.optimize import isotonic_regression

from recrec.causal.catalogue import NOISE
from recrec.causal.expressions import parse
from recrec.drawing import EDGE, LINE, broken, looks_of, plain_numbers, style
from recrec.titles import display_title

#: What there is to see in each figure, to stand below it in a report.
CAPTIONS = {
    "constraints": (
        "What constraints do. On the left of each pair hard ones: nothing forbidden, a random 75, 50 and 25 % of the "
        "actionable nodes, the two and the one that people like best to change; on the right soft ones, beside nothing "
        "asked. Points are means over people, a marker for each method; bars reach from the least to the greatest "
        "seed. Validity is of all cases. Cost (with the same weights for everybody) and plausibility (percentile of "
        "the log-density among accepted people) are of valid cases, and on the right of the common support: the cases "
        "that a method has valid under every scheme. Without it, those who drop out make a harsher scheme look cheaper."
    ),
    "constraints-all": (
        "The same over all data sets: means of validity and plausibility, and the geometric mean of the cost as a "
        "multiple of the same method's cost without constraints. Bars reach from the least to the greatest data set."
    ),
    "disparity": (
        "Who pays. Gaps by the sensitive attribute under each scheme, a marker for each method, with bootstrap "
        "intervals: on the left between the means of the two groups, on the right between people and their "
        "counterfactual twins, both of them rejected; always what belongs to the sensitive value 1 less what belongs "
        "to 0. Filled markers differ from no gap after Holm's correction over schemes, empty ones do not. Shaded rows "
        "have preferences that go with the sensitive attribute: what they add to the row above is driven by "
        "preferences, the rest is structural. Validity is of all cases, cost and plausibility of the common support."
    ),
    "disparity-all": (
        "Gaps between the means of the two groups on all data sets, of one method; the shade is by their size within a "
        "table. Numbers in bold with a star differ from no gap after Holm's correction."
    ),
    "elicited": (
        "What asking is worth. On the left, what plans by people's rankings and scores truly cost them, in per cent of "
        "what plans cost that were made without asking. On the right the regret: how much more a plan by such answers "
        "truly costs than one by the true weights. Of the common support, a marker for each method; bars reach from "
        "the least to the greatest seed."
    ),
    "amortized": (
        "The amortized method beside the exact one. Above, its cost as a multiple on cases that both solve, and how "
        "many percentage points fewer or more it solves; frames mark what is worse than 1.15 times the cost or two "
        "points. Below, the time per person of every method, one logarithmic axis: markers are medians over schemes "
        "and seeds, bars reach from the least to the greatest."
    ),
    "graph": (
        "What causes what. Arrows lead from causes to effects. Filled boxes with a thick edge can "
        "be acted on; the dashed box is the sensitive attribute; the dotted oval is who is accepted in truth, where "
        "that is known."
    ),
    "models": (
        "How good the models are on people they were not fitted to: the fitted equations by the share of variance "
        "that they explain, a point per node; classifiers over all people and in each sensitive group."
    ),
}

#: The methods in the order of legends, from dark to light so that they stay apart in grey and for the colour-blind.
METHODS = {
    "exact": "#040328",
    "grid": "#610424",
    "gradient": "#154b98",
    "amortized": "#de4b51",
    "nearest": "#cd993d",
    "random": "#a9cad8",
}
#: The schemes in the order of axes; others follow as they come.
HARD = ("universal", "mask-75", "mask-50", "mask-25", "top-2", "top-1")
SOFT = ("universal", "ranked", "scored", "preferred", "hard-soft")
#: How the schemes are called whose preferences go with the sensitive attribute.
CORRELATED = "-correlated"
#: What is worse than this is framed: times the exact method's cost, percentage points of validity.
TARGETS = (1.15, -2.0)
#: The cost's axis reaches down to this part of the greatest cost.
RANGE = 100
#: After Holm's correction.
SIGNIFICANT = 0.05
#: Which cases the measures of valid cases are over.
OVER = {"all": "all valid cases", "common": "common support"}
KINDS = {"group": "group 1 less group 0", "individual": "as one of group 1 less as one of group 0"}
GAP_LABELS = {"validity_model": "validity\n(% points)", "log_density_percentile": "plausibility\n(percentiles)"}
#: Schemes by which people are asked for what changes cost them, and what for.
ASKED = {"universal": "without asking", "ranked": "rankings", "scored": "scores"}
#: From white to what black numbers can still be read on.
SHADES = LinearSegmentedColormap.from_list("shades", ["#f7f7f7", "#f2bccb", "#c9607f"])


class Measure(NamedTuple):
    """A column of the tables as it is drawn."""

    column: str
    label: str
    over: str
    factor: float = 1.0


VALIDITY = Measure("validity_model", "valid (%)", "all", 100)
COST = Measure("cost_universal", "cost", "common")
PLAUSIBILITY = Measure("log_density_percentile", "plausibility\n(percentile)", "common")
#: The gaps that are drawn, by kind.
GAPS = {
    "group": (VALIDITY, COST, PLAUSIBILITY),
    "individual": (VALIDITY, Measure("cost_elicited", "cost (by the\nweights asked)", "common")),
}


def _looks(methods):
    """Looks of the methods of a table, the same whichever others are in it; those that we do not know are grey."""
    ordered = [*METHODS, *sorted(set(methods) - set(METHODS))]
    looks = looks_of({name: name for name in ordered})
    return {name: {**looks[name], "color": METHODS.get(name, "0.6")} for name in ordered if name in set(methods)}


def _in_order(names, order):
    """The names that are there, in an order; those that it does not know last, as they come."""
    names = list(dict.fromkeys(names))
    return [name for name in order if name in names] + [name for name in names if name not in order]


def _one(table):
    if table["dataset"].nunique() != 1:
        raise ValueError(f"a figure of one data set, given {table['dataset'].nunique()}")
    return table


def titles_of(cells):
    """Title of each data set and whether it is synthetic, by name.

    Parameters
    ----------
    cells : DataFrame
        results/tables/causal/cells.csv.

    Returns
    -------
    dict of str to (str, bool)
    """
    rows = cells.drop_duplicates("dataset")
    return {row.dataset: (row.title, bool(row.synthetic)) for row in rows.itertuples()}


def _heading(titles):
    """What is shown of several data sets, and how many of them are synthetic."""
    synthetic = sum(synthetic for _, synthetic in titles.values())
    if len(titles) == 1:
        [title] = titles.values()
        return display_title(*title)
    if not synthetic:
        return f"{len(titles)} data sets"
    return f"{len(titles)} data sets, {'all' if synthetic == len(titles) else synthetic} of them SYNTHETIC"


def _row_name(title, synthetic):
    return broken(title, 24) + ("\n(SYNTHETIC)" if synthetic else "")


class Sheet(NamedTuple):
    """Panels of fixed sizes below a title and a legend, above a note: every place is known without drawing.

    Attributes
    ----------
    figure : Figure
    panels : (rows, columns) array of Axes
    left, top : float
        Where the panels begin, in inches from the left and from the top.
    """

    figure: plt.Figure
    panels: np.ndarray
    left: float
    top: float

    def write(self, x, y, text, **how):
        """Text at a place in inches from the left and the top."""
        width, height = self.figure.get_size_inches()
        return self.figure.text(x / width, 1 - y / height, text, **how)


def _sheet(title, note, widths, heights, *, looks=None, columns_apart=0.15, rows_apart=0.15, left=0.6, right=0.15,
           heads=0.1, below=0.1):  # fmt: skip
    """An empty `Sheet`. Lengths are in inches; distances may be one per gap.

    Parameters
    ----------
    title, note : str
        Too long lines are broken.
    widths, heights : sequence of float
        Of the columns and rows of panels.
    looks : list of dict, optional
        The legend's entries.
    columns_apart, rows_apart : float or sequence of float
    left, right : float
        For the labels of the vertical axes.
    heads, below : float
        For what stands above and below the panels.

    Returns
    -------
    Sheet
    """
    columns_apart = np.broadcast_to(columns_apart, len(widths) - 1)
    rows_apart = np.broadcast_to(rows_apart, len(heights) - 1)
    width = left + sum(widths) + columns_apart.sum() + right
    title, note = broken(title, width / 0.085), broken(note, width / 0.054)
    legend = 0.0
    if looks:
        entry = 0.55 + 0.062 * max(len(look["label"]) for look in looks)
        lines = -(-len(looks) // max(1, int((width - 2 * EDGE) / entry)))
        legend = LINE * lines + EDGE
    top = EDGE + 1.05 * LINE * (title.count("\n") + 1) + EDGE + legend + heads
    bottom = below + 0.75 * LINE * (note.count("\n") + 1) + 1.5 * EDGE
    height = top + sum(heights) + rows_apart.sum() + bottom
    figure = plt.figure(figsize=(width, height))
    figure.suptitle(title, y=1 - EDGE / height, va="top", fontsize="large")
    figure.text(0.5, EDGE / height, note, ha="center", va="bottom", fontsize="x-small", color="0.3", linespacing=1.15)
    if looks:
        figure.legend(
            handles=[Line2D([], [], **{"linewidth": 1, "markersize": 4.5, "markeredgecolor": "0.15",
                                       "markeredgewidth": 0.4, **look}) for look in looks],
            ncols=-(-len(looks) // lines), loc="upper center", frameon=False, handlelength=2.8, borderpad=0,
            bbox_to_anchor=(0.5, 1 - (top - heads - legend) / height), borderaxespad=0, columnspacing=1.3,
        )  # fmt: skip
    panels = np.empty((len(heights), len(widths)), dtype=object)
    for row, tall in enumerate(heights):
        y = top + sum(heights[:row]) + rows_apart[:row].sum() + tall
        for column, wide in enumerate(widths):
            x = left + sum(widths[:column]) + columns_apart[:column].sum()
            panels[row, column] = figure.add_axes((x / width, 1 - y / height, wide / width, tall / height))
    return Sheet(figure, panels, left, top)


def _beside(number):
    """Offsets of some methods' points at one place of an axis whose places are 1 apart."""
    return np.linspace(-0.34, 0.34, number) if number > 1 else np.zeros(1)


def _spread(table, keys, value):
    """Mean, least and greatest over seeds."""
    return table.groupby(keys, sort=False)[value].agg(["mean", "min", "max"])


def _log_ticks(axis, values):
    """A logarithmic axis around some positive values, labelled at 1, 2 and 5 or, over many decades, at 1."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (values.min() / 1.25, values.max() * 1.25) if len(values) else (0.1, 1.0)
    exponents = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for parts in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = np.sort([part * 10.0**power for power in exponents for part in parts])
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if len(ticks) >= 3:
            break
    axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": (low, high)})
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(plain_numbers())
    axis.set_minor_locator(NullLocator())


def _few_ticks(axes):
    """Some labels on a short horizontal axis, none of them at its ends, where they would meet the next panel's."""
    low, high = axes.get_xlim()
    edge = 0.07 * (high - low)
    for number in (3, 4, 5):
        ticks = MaxNLocator(number, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if len(ticks) > 1:
            break
    labels = [f"{tick:g}" for tick in ticks]
    if 0.075 * sum(len(label) + 1 for label in labels) > axes.get_position().width * axes.figure.get_figwidth():
        ticks, labels = ticks[::2], labels[::2]
    axes.set_xticks(ticks, labels)
    axes.set_xlim(low - edge, high + edge)
    axes.tick_params("x", labelsize="x-small", pad=1)


def _empty(axes, text):
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize="x-small", color="0.3")


class Places(NamedTuple):
    """Schemes on one axis, hard constraints first and soft ones behind a gap.

    Attributes
    ----------
    schemes : list of str
        In order; the one without constraints stands on either side of the gap.
    at : (schemes,) array
        Their places.
    headings : list of (place, text)
    """

    schemes: list
    at: np.ndarray
    headings: list

    def draw(self, axes, labelled, headed):
        """Set the axis up."""
        axes.set_xlim(self.at[0] - 0.55, self.at[-1] + 0.55)
        axes.set_xticks(
            self.at if labelled else [], self.schemes if labelled else [], rotation=50, ha="right",
            rotation_mode="anchor",
        )  # fmt: skip
        axes.tick_params("x", labelsize="small", pad=1)
        axes.grid(axis="x", visible=False)
        axes.bar(self.at[1::2], 1, 1, transform=axes.get_xaxis_transform(), color="0.955", linewidth=0, zorder=0)
        for place in self.at[1:][np.diff(self.at) > 1]:
            axes.axvline(place - 0.5 - GAP / 2, color="0.3", linewidth=0.8, zorder=1)
        for place, text in self.headings if headed else ():
            axes.text(place, 1.03, text, transform=axes.get_xaxis_transform(), ha="center", va="bottom")

    def runs(self):
        """For each scheme whether it is a stricter version of the one before, to which its point is then joined."""
        stricter = [
            (two.startswith("mask-") and (one == "universal" or one.startswith("mask-")))
            or (two.startswith("top-") and one.startswith("top-"))
            for one, two in itertools.pairwise(self.schemes)
        ]  # fmt: skip
        return np.array([False, *stricter])


#: Between hard and soft schemes, in places.
GAP = 0.4


def _places(cells):
    """Where the schemes of a table stand; those with correlated preferences are left to the figure of disparity."""
    cells = cells[~cells["scheme"].str.endswith(CORRELATED)]
    is_soft = cells["strength"].isin(["soft", "both"])
    hard, soft = _in_order(cells["scheme"][~is_soft], HARD), _in_order(cells["scheme"][is_soft], SOFT)
    if soft and "universal" in hard:
        soft = ["universal", *soft]
    if soft and hard == ["universal"]:
        hard = []
    at = np.concatenate([np.arange(len(hard)), len(hard) + GAP * bool(hard) + np.arange(len(soft))])
    headings = [("hard constraints", at[: len(hard)]), ("soft constraints", at[len(hard) :])]
    return Places([*hard, *soft], at, [(part.mean(), text) for text, part in headings if len(part)])


def _strengths(axes, points, places, looks):
    """Points of every method over schemes; joined where one is a stricter version of the other.

    Parameters
    ----------
    points : DataFrame
        By method and scheme: mean, min, max.
    """
    breaks = np.flatnonzero(~places.runs())
    for (method, look), beside in zip(looks.items(), _beside(len(looks)), strict=True):
        if method not in points.index.get_level_values(0):
            continue
        part, at = points.loc[method].reindex(places.schemes), places.at + beside
        axes.vlines(at, part["min"], part["max"], color=look["color"], linewidth=0.8)
        axes.plot(
            np.insert(at, breaks, np.nan), np.insert(part["mean"].to_numpy(), breaks, np.nan), **_point(look),
            linestyle=look["linestyle"], linewidth=1,
        )  # fmt: skip


def _point(look):
    """How a method's points look."""
    return {
        "color": look["color"], "marker": look["marker"], "markersize": 3.9, "markeredgecolor": "0.1",
        "markeredgewidth": 0.35,
    }  # fmt: skip


def constraints(cells, title, synthetic, cost="cost_universal"):
    """Constraint strength against validity, cost and plausibility, a line per method.

    Parameters
    ----------
    cells : DataFrame
        results/tables/causal/cells.csv: one data set.
    title : str
    synthetic : bool
    cost : str
        The column of the cost.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are several data sets in the table.
    """
    style(0.9)
    looks, places = _looks(_one(cells)["method"]), _places(cells)
    rows = [("valid (%)", "validity_model", 100)]
    known = cells.loc[cells["over"] == "all", ["validity_model", "validity_true"]].dropna()
    if not np.allclose(known["validity_model"], known["validity_true"]):
        rows = [("valid by\nits model (%)", "validity_model", 100), ("truly\nvalid (%)", "validity_true", 100)]
    first = len(rows)
    rows += [(COST.label, cost, COST.factor), (PLAUSIBILITY.label, PLAUSIBILITY.column, PLAUSIBILITY.factor)]
    sheet = _sheet(
        f"{display_title(title, synthetic)}: what constraints do",
        "Points: means over people. Bars: least to greatest seed. Lines join schemes each of which is stricter than "
        "the one before. Common support: cases that a method has valid under every scheme. Cost: with the same weights "
        f"for everybody; less than 1/{RANGE} of the greatest stands at the edge. Plausibility: percentile of the "
        "log-density among accepted people.",
        [0.31 * max(4, places.at[-1] + 1)] * 2, [1.3] * len(rows), looks=list(looks.values()), left=0.75, heads=0.2,
        below=0.62, columns_apart=0.3, rows_apart=[0.1] * (first - 1) + [0.42, 0.1],
    )  # fmt: skip
    for (row, (label, column, factor)), (side, over) in itertools.product(enumerate(rows), enumerate(OVER)):
        axes = sheet.panels[row, side]
        if row < first and side:
            axes.remove()
            continue
        points = _spread(cells[cells["over"] == over], ["method", "scheme"], column) * factor
        if column == cost:
            shown = (factor * cells[cost]).clip(lower=cells[cost].max() * factor / RANGE)
            points = points.clip(lower=shown.min())
            _log_ticks(axes.yaxis, shown)
        else:
            _percent_axis(axes.yaxis)
        _strengths(axes, points, places, looks)
        places.draw(axes, row == len(rows) - 1, row == 0)
        axes.tick_params(labelleft=side == 0)
        if points["mean"].dropna().empty:
            _empty(axes, "no case")
        if side == 0:
            axes.set_ylabel(label)
        if row == first:
            _above([axes], OVER[over])
    _common_shares(sheet, looks, cells)
    return sheet.figure


def _percent_axis(axis):
    axis.axes.set(**{f"{axis.axis_name}lim": (-4, 104)})
    axis.set_major_locator(FixedLocator([0, 25, 50, 75, 100]))


def _above(panels, text, inches=0.03):
    """A heading so far above some panels beside each other."""
    first, last = panels[0].get_position(), panels[-1].get_position()
    figure = panels[0].figure
    figure.text(
        (first.x0 + last.x1) / 2, first.y1 + inches / figure.get_figheight(), text, ha="center", va="bottom",
        fontsize="small", style="italic",
    )  # fmt: skip


def _common_shares(sheet, looks, cells):
    """The share of all cases that a method has valid under every scheme, in the place of the upper right panel."""
    place, room = sheet.panels[-1, 1].get_position(), 0.75 / sheet.figure.get_figwidth()
    upper = sheet.panels[0, 0].get_position()
    axes = sheet.figure.add_axes((place.x0 + room, upper.y0, place.width - room, upper.height))
    people = cells[cells["over"] == "all"].groupby(["method", "seed"])["people"].max()
    common = cells[cells["over"] == "common"].groupby(["method", "seed"])["valid"].max()
    share = 100 * (common / people).groupby("method").mean()
    for place, (method, look) in enumerate(looks.items()):
        value = share.get(method, np.nan)
        axes.plot([0, value], [place, place], color=look["color"], linestyle=look["linestyle"], linewidth=1)
        axes.plot([value], [place], **_point(look))
    axes.set_yticks(range(len(looks)), list(looks))
    axes.set_ylim(len(looks) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.tick_params(labelsize="small", pad=1)
    _percent_axis(axes.xaxis)
    axes.set_title("in the common support (%)", fontsize="medium", pad=3)


def constraints_all(cells):
    """The same over all data sets: means, and least and greatest data set.

    Parameters
    ----------
    cells : DataFrame
        results/tables/causal/cells.csv.

    Returns
    -------
    Figure
    """
    style(0.9)
    looks = _looks(cells["method"])
    titles = titles_of(cells)
    counts = cells.groupby("method")["dataset"].nunique()
    for method, look in looks.items():
        if counts.nunique() > 1:
            look["label"] += f" ({counts[method]})"
    places = _places(cells)
    means = cells.groupby(["over", "dataset", "method", "scheme"]).mean(numeric_only=True)
    alone = means[COST.column].xs("universal", level="scheme") if "universal" in places.schemes else np.nan
    means["times"] = means[COST.column] / alone
    rows = [
        ("valid (%)\nof all cases", means.loc["all", VALIDITY.column] * VALIDITY.factor),
        ("times the cost\nwithout constraints", means.loc["common", "times"]),
        (PLAUSIBILITY.label, means.loc["common", PLAUSIBILITY.column] * PLAUSIBILITY.factor),
    ]
    sheet = _sheet(
        f"{_heading(titles)}: what constraints do",
        "Points: means over data sets, geometric ones of multiples. Bars: least to greatest data set. Cost and "
        "plausibility: of the common support, the cases that a method has valid under every scheme."
        + (" Numbers in brackets: data sets that a method has; where they differ, methods are not to be compared."
           if counts.nunique() > 1 else ""),
        [0.44 * max(4, places.at[-1] + 1)], [1.4] * 3, looks=list(looks.values()), left=0.85, heads=0.2, below=0.62,
        rows_apart=0.12,
    )  # fmt: skip
    for row, (label, values) in enumerate(rows):
        spread = values.groupby(["method", "scheme"], sort=False)
        points = spread.agg(["mean", "min", "max"])
        if row == 1:
            points["mean"] = np.exp(np.log(values.where(values > 0)).groupby(["method", "scheme"], sort=False).mean())
        axes = sheet.panels[row, 0]
        _strengths(axes, points, places, looks)
        if row == 1:
            _log_ticks(axes.yaxis, points)
        else:
            _percent_axis(axes.yaxis)
        places.draw(axes, row == 2, row == 0)
        axes.set_ylabel(label)
    return sheet.figure


def disparity(gaps, title, synthetic, measures=GAPS):
    """Gaps by the sensitive attribute under each scheme, with bootstrap intervals and Holm's p-values.

    Parameters
    ----------
    gaps : DataFrame
        results/tables/causal/gaps.csv: one data set.
    title : str
    synthetic : bool
    measures : dict of str to sequence of Measure
        By kind: group, individual.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are several data sets in the table.
    """
    style(0.9)
    looks, gaps = _looks(_one(gaps)["method"]), _signed(gaps)
    schemes = _with_correlated(gaps["scheme"])
    there = set(zip(gaps["kind"], gaps["measure"], gaps["over"], strict=True))
    panels = [
        (kind, measure)
        for kind, some in measures.items()
        for measure in some
        if (kind, measure.column, measure.over) in there
    ]
    sheet = _sheet(
        f"{display_title(title, synthetic)}: who pays",
        "Gaps by the sensitive attribute: on the left between the means of the two groups, on the right between people "
        "and their counterfactual twins, both rejected. Bars: bootstrap intervals. Filled: differs from no gap (p < "
        "0.05 after Holm's correction over schemes); empty: does not. Shaded: preferences go with the sensitive "
        "attribute. Validity of all cases, cost and plausibility of the cases that a method has valid under every "
        "scheme.",
        [max(0.98, 3.2 / max(1, len(panels)))] * max(1, len(panels)),
        [0.062 * max(4, len(looks)) * len(schemes)], looks=list(looks.values()), left=1.3, heads=0.56, below=0.25,
        columns_apart=[0.1 if one == other else 0.25 for (one, _), (other, _) in itertools.pairwise(panels)],
    )  # fmt: skip
    if not panels:
        _empty(sheet.panels[0, 0], "no gap was measured")
    places = np.arange(len(schemes))
    for column, (kind, measure) in enumerate(panels):
        axes = sheet.panels[0, column]
        part = gaps[
            (gaps["kind"] == kind) & (gaps["measure"] == measure.column) & (gaps["over"] == measure.over)
        ].set_index(["method", "scheme"])  # fmt: skip
        for (method, look), beside in zip(looks.items(), _beside(len(looks)), strict=True):
            if method not in part.index.get_level_values(0):
                continue
            rows = part.loc[method].reindex(schemes)
            low, high, gap = (rows[name].to_numpy() * measure.factor for name in ("low", "high", "gap"))
            axes.hlines(places + beside, low, high, color=look["color"], linewidth=0.8)
            differs, edge = (rows["p_holm"] < SIGNIFICANT).to_numpy(), {"white": look["color"]}
            for which, fill in ((~differs, "white"), (differs, look["color"])):
                axes.plot(
                    gap[which], (places + beside)[which], linestyle="", marker=look["marker"], markersize=3.7,
                    markerfacecolor=fill, markeredgewidth=0.6, markeredgecolor=edge.get(fill, "0.1"),
                )  # fmt: skip
        for place, scheme in enumerate(schemes):
            if scheme.endswith(CORRELATED):
                axes.axhspan(place - 0.5, place + 0.5, color="0.9", linewidth=0, zorder=0)
        axes.hlines(places[1:] - 0.5, 0, 1, transform=axes.get_yaxis_transform(), color="0.8", linewidth=0.5)
        axes.axvline(0, color="0.2", linewidth=0.9, zorder=1)
        axes.set_ylim(len(schemes) - 0.5, -0.5)
        axes.set_yticks(places if column == 0 else [], schemes if column == 0 else [])
        axes.grid(axis="y", visible=False)
        _few_ticks(axes)
        axes.set_title(GAP_LABELS.get(measure.column, measure.label), fontsize="small", pad=3)
        if part.empty or part["gap"].isna().all():
            _empty(axes, "no case")
    for kind, heading in KINDS.items():
        own = [axes for axes, (one, _) in zip(sheet.panels[0], panels, strict=False) if one == kind]
        if own:
            _above(own, heading, 0.36)
    return sheet.figure


def _signed(gaps):
    """Gaps as the group with the sensitive value 1 less that with 0; tables have the greater less the less."""
    turned = gaps["higher"].to_numpy() == 0
    gap, low, high = (gaps[name].to_numpy() for name in ("gap", "low", "high"))
    return gaps.assign(
        gap=np.where(turned, -gap, gap), low=np.where(turned, -high, low), high=np.where(turned, -low, high)
    )


def _with_correlated(schemes):
    """Schemes in order, each followed by the one that differs from it in correlated preferences only."""
    schemes = list(dict.fromkeys(schemes))
    plain = [scheme for scheme in schemes if not scheme.endswith(CORRELATED)]
    ordered = []
    for scheme in _in_order(plain, HARD + SOFT[1:]):
        ordered += [scheme, *([scheme + CORRELATED] if scheme + CORRELATED in schemes else [])]
    return ordered + [scheme for scheme in schemes if scheme not in ordered]


def disparity_all(gaps, titles, method=None, kind="group", measures=None):
    """Gaps on all data sets, as numbers: a table per measure.

    Parameters
    ----------
    gaps : DataFrame
        results/tables/causal/gaps.csv.
    titles : dict of str to (str, bool)
        `titles_of`.
    method : str, optional
        Else the first in the order of legends.
    kind : {"group", "individual"}
    measures : sequence of Measure, optional
        Else those of `GAPS`.

    Returns
    -------
    Figure
    """
    style(0.9)
    method = method or _in_order(gaps["method"], METHODS)[0]
    part, measures = _signed(gaps[(gaps["method"] == method) & (gaps["kind"] == kind)]), measures or GAPS[kind]
    schemes, names = _with_correlated(part["scheme"]), [name for name in titles if name in set(part["dataset"])]
    sheet = _sheet(
        f"{_heading({name: titles[name] for name in names})}: who pays, with method {method}",
        f"Gaps: {KINDS[kind]}. Bold and starred: differs from no gap (p < 0.05 after Holm's correction over schemes). "
        "Shade: how large, within a table. Validity of all cases, cost and plausibility of the cases that the method "
        "has valid under every scheme. †: SYNTHETIC data.",
        [0.4 * len(schemes)], [0.2 * len(names)] * len(measures), left=_room(titles, names), right=0.35, heads=0.85,
        rows_apart=0.32,
    )  # fmt: skip
    for row, measure in enumerate(measures):
        one = part[(part["measure"] == measure.column) & (part["over"] == measure.over)]
        values, p = (
            one.pivot(index="dataset", columns="scheme", values=value).reindex(index=names, columns=schemes)
            for value in ("gap", "p_holm")
        )
        values = values.to_numpy() * measure.factor
        digits = 3 if measure.column.startswith("cost") else 1
        marked = p.to_numpy() < SIGNIFICANT
        values = np.round(values, digits) + 0.0  # no negative zeros
        texts = np.array([[f"{value:+.{digits}f}{'*' if star else ''}" for value, star in zip(*line, strict=True)]
                          for line in zip(values, marked, strict=True)])  # fmt: skip
        axes = sheet.panels[row, 0]
        _table(axes, values, np.abs(values) / np.nanmax([*np.abs(values).flat, 1e-300]), texts, marked)
        _table_labels(axes, _marked_titles(titles, names), schemes if row == 0 else [])
        label = GAP_LABELS.get(measure.column, measure.label).replace("\n", " ")
        axes.text(0, 1.01 if row else 1.0, label, transform=axes.transAxes, ha="right", va="bottom", fontsize="small",
                  style="italic")  # fmt: skip
    return sheet.figure


def _table(axes, values, shades, texts, bold, framed=None):
    """Numbers in cells, darker where the shade is larger; the colour says nothing that the number does not."""
    shades = np.where(np.isfinite(values), np.clip(shades, 0, 1), 0.0)
    axes.pcolormesh(shades, cmap=SHADES, vmin=0, vmax=1, edgecolor="white", linewidth=0.6)
    for (row, column), value in np.ndenumerate(values):
        axes.text(
            column + 0.5, row + 0.52, texts[row, column] if np.isfinite(value) else "-", ha="center", va="center",
            fontsize="xx-small", weight="bold" if bold[row, column] else "normal",
            color="0.05",
        )  # fmt: skip
        if framed is not None and framed[row, column]:
            axes.add_patch(
                Rectangle((column + 0.06, row + 0.08), 0.88, 0.84, fill=False, edgecolor="black", linewidth=1)
            )
    axes.set_ylim(len(values), 0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _marked_titles(titles, names):
    """Titles of data sets, the synthetic ones marked as notes say."""
    return [title + (" †" if synthetic else "") for title, synthetic in map(titles.get, names)]


def _room(titles, names):
    """Inches for the titles of some data sets beside a table."""
    return max(1.5, 0.2 + 0.064 * max(len(title) for title in _marked_titles(titles, names)))


def _table_labels(axes, rows, columns):
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=45, ha="left", rotation_mode="anchor")
    axes.tick_params(labelsize="x-small", pad=1, length=0)


def elicited(cells):
    """What plans by elicited answers cost by the true weights, and the regret of acting on answers.

    Parameters
    ----------
    cells : DataFrame
        results/tables/causal/cells.csv.

    Returns
    -------
    Figure
    """
    style(0.9)
    looks, titles = _looks(cells["method"]), titles_of(cells)
    common = cells[cells["over"] == "common"]
    means = common.groupby(["scheme", "dataset", "method", "seed"])[["cost_latent", "regret"]].mean()
    schemes = [scheme for scheme in ASKED if scheme in means.index]
    panels = []
    if "universal" in schemes:
        panels = [
            (f"cost by {ASKED[scheme]}\n(% of without asking)",
             100 * means.loc[scheme, "cost_latent"] / means.loc["universal", "cost_latent"], 100)
            for scheme in schemes if scheme != "universal"
        ]  # fmt: skip
    asked = len(panels)
    for scheme in schemes:
        one = means.loc[scheme]
        least = one["cost_latent"] - one["regret"]
        panels.append((f"regret {'' if scheme == 'universal' else 'by '}{ASKED[scheme]}\n(% of the least)",
                       100 * one["regret"] / least.where(least > 0), 0))  # fmt: skip
    names = list(titles)
    sheet = _sheet(
        f"{_heading(titles)}: what asking is worth",
        "Costs by people's true weights, of plans made by their answers. The least: plans made by the true weights "
        "themselves. Of the cases that a method has valid under every scheme. Points: means over people and seeds. "
        "Bars: least to greatest seed.",
        [1.15] * max(1, len(panels)), [0.066 * max(6, len(looks)) * len(names)], looks=list(looks.values()), left=1.75,
        heads=0.38, below=0.25,
        columns_apart=([0.1] * (asked - 1) + [0.25] * (asked > 0) + [0.1] * (len(panels) - asked - 1)),
    )  # fmt: skip
    for column, (label, values, none) in enumerate(panels):
        axes = sheet.panels[0, column]
        points = _spread(values.rename("value").reset_index(), ["method", "dataset"], "value")
        _by_dataset(axes, points, names, looks)
        axes.axvline(none, color="0.2", linewidth=0.9, zorder=1)
        axes.set_title(label, fontsize="small", pad=3)
        axes.set_yticks(range(len(names)), [_row_name(*titles[name]) for name in names] if column == 0 else [])
        _few_ticks(axes)
    if not panels:
        _empty(sheet.panels[0, 0], "no scheme asks")
    return sheet.figure


def _by_dataset(axes, points, names, looks):
    """Points of every method in a row per data set."""
    for (method, look), beside in zip(looks.items(), _beside(len(looks)), strict=True):
        if method not in points.index.get_level_values(0):
            continue
        part, places = points.loc[method].reindex(names), np.arange(len(names)) + beside
        axes.hlines(places, part["min"], part["max"], color=look["color"], linewidth=0.9)
        axes.plot(part["mean"], places, linestyle="", **_point(look))
    for place in range(1, len(names), 2):
        axes.axhspan(place - 0.5, place + 0.5, color="0.955", linewidth=0, zorder=0)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.tick_params(labelsize="small", pad=1)


def compared(people, method="amortized", reference="exact"):
    """One method beside another, on each data set and scheme.

    Parameters
    ----------
    people : DataFrame
        results/tables/causal/people.csv.
    method, reference : str

    Returns
    -------
    DataFrame
        By dataset and scheme: ``ratio`` of the summed costs, which the methods minimise, over cases valid with both;
        ``points``, the difference in validity in percentage points over all cases.
    """
    keys = ["dataset", "scheme", "seed", "person"]
    wanted = [*keys, "validity_model", "cost_elicited"]
    one, other = (people.loc[people["method"] == name, wanted] for name in (method, reference))
    both = one.merge(other, on=keys, suffixes=("", "_reference"))
    valid = both["validity_model"].astype(float), both["validity_model_reference"].astype(float)
    both["points"] = 100 * (valid[0] - valid[1])
    joint = both[(valid[0] > 0) & (valid[1] > 0)].groupby(["dataset", "scheme"], sort=False)
    costs = joint[["cost_elicited", "cost_elicited_reference"]].sum()
    table = both.groupby(["dataset", "scheme"], sort=False)[["points"]].mean()
    least = costs["cost_elicited_reference"]
    return table.assign(ratio=costs["cost_elicited"] / least.where(least > 0))


def amortized(people, times, titles, method="amortized", reference="exact"):
    """The amortized method beside the exact one: costs, validity, and the time of all methods.

    Parameters
    ----------
    people : DataFrame
        results/tables/causal/people.csv.
    times : DataFrame
        dataset, method, scheme, seed, people, microseconds: the time per person.
    titles : dict of str to (str, bool)
        `titles_of`.
    method, reference : str

    Returns
    -------
    Figure
    """
    style(0.9)
    table = compared(people, method, reference)
    schemes = _with_correlated(people["scheme"])
    names = [name for name in titles if name in set(people["dataset"]) | set(times["dataset"])]
    looks = _looks(times["method"])
    sheet = _sheet(
        f"{_heading({name: titles[name] for name in names})}: {method} beside {reference}",
        f"Cost: on cases that both solve. Framed: more than {TARGETS[0]:g} times the cost, or {-TARGETS[1]:g} points "
        "fewer solved. -: not there for both. Time: markers are medians over schemes and seeds, bars reach from the "
        "least to the greatest; on one machine, in one run. †: SYNTHETIC data.",
        [0.4 * len(schemes)], [0.2 * len(names)] * 2 + [0.048 * max(4, len(looks)) * len(names)],
        left=_room(titles, names), right=0.35, heads=0.85, rows_apart=[0.32, 0.62], below=0.4,
    )  # fmt: skip
    rows = [
        ("ratio", "times the cost", "{:.2f}", np.greater, lambda values: (values - 1) / (2 * (TARGETS[0] - 1))),
        ("points", "points of validity", "{:+.1f}", np.less, lambda values: values / (2 * TARGETS[1])),
    ]
    for row, (column, label, text, worse, bad) in enumerate(rows):
        axes = sheet.panels[row, 0]
        values = table[column].unstack("scheme").reindex(index=names, columns=schemes).to_numpy() + 0.0
        texts = np.array([[text.format(value) for value in line] for line in values])
        framed = worse(values, TARGETS[row])
        _table(axes, values, bad(values), texts, framed, framed)
        _table_labels(axes, _marked_titles(titles, names), schemes if row == 0 else [])
        axes.text(0, 1.0, label, transform=axes.transAxes, ha="right", va="bottom", fontsize="small", style="italic")
    axes = sheet.panels[2, 0]
    points = times.groupby(["method", "dataset"], sort=False)["microseconds"].agg(mean="median", min="min", max="max")
    _by_dataset(axes, points, names, looks)
    _log_ticks(axes.xaxis, times["microseconds"])
    axes.set_yticks(range(len(names)), _marked_titles(titles, names))
    axes.tick_params("y", labelsize="x-small")
    axes.set_xlabel("time per person (µs)", labelpad=2)
    axes.legend(
        handles=[Line2D([], [], **{**look, "linestyle": ""}, markersize=4.5, markeredgecolor="0.15",
                        markeredgewidth=0.4) for look in looks.values()],
        ncols=len(looks), loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, borderpad=0.2,
        handletextpad=0.1, columnspacing=1.2,
    )  # fmt: skip
    return sheet.figure


def layers_of(parents):
    """Nodes in layers, every node one layer below its lowest parent.

    Parameters
    ----------
    parents : dict of str to tuple of str
        By node, in any order, without a cycle.

    Returns
    -------
    list of list of str
    """
    depth = {}

    def of(node):
        if node not in depth:
            depth[node] = 1 + max((of(parent) for parent in parents[node]), default=-1)
        return depth[node]

    for node in parents:
        of(node)
    return [[node for node in parents if depth[node] == layer] for layer in range(1 + max(depth.values()))]


def _crossings(upper, lower, links):
    """How many pairs of links between two layers cross."""
    places = sorted((upper.index(start), lower.index(end)) for start, end in links)
    return sum(one[1] > other[1] for one, other in itertools.combinations(places, 2) if one[0] < other[0])


class Layout(NamedTuple):
    """Where nodes and edges of a graph are.

    Attributes
    ----------
    places : dict of str to (layer, height)
    routes : dict of (str, str) to list of (layer, height)
        Of every edge, a place in each layer from the parent's to the child's.
    """

    places: dict
    routes: dict


def layout(parents, apart=1.0, lane=0.45, sweeps=12):
    """Layers from left to right with few crossings, long edges in lanes of their own between the nodes.

    Parameters
    ----------
    parents : dict of str to tuple of str
    apart, lane : float
        Least distance between nodes of a layer, and that of an edge that passes from whatever it passes.
    sweeps : int

    Returns
    -------
    Layout
    """
    layers = layers_of(parents)
    layer_of = {node: number for number, layer in enumerate(layers) for node in layer}
    routes = {}
    for child, causes in parents.items():
        for parent in causes:
            passed = [(parent, child, number) for number in range(layer_of[parent] + 1, layer_of[child])]
            for bend in passed:
                layers[bend[2]].append(bend)
            routes[parent, child] = [parent, *passed, child]
    links = [[] for _ in layers[1:]]
    for route in routes.values():
        first = layer_of[route[0]]
        for number, link in enumerate(itertools.pairwise(route)):
            links[first + number].append(link)

    def crossings(order):
        return sum(_crossings(*pair, between) for pair, between in zip(itertools.pairwise(order), links, strict=True))

    best, least, order = layers, crossings(layers), [list(layer) for layer in layers]
    for sweep in range(sweeps):
        down = sweep % 2 == 0
        for number in range(1, len(order)) if down else range(len(order) - 2, -1, -1):
            other, between = (order[number - 1], links[number - 1]) if down else (order[number + 1], links[number])
            near = {node: [] for node in order[number]}
            for start, end in between:
                near[end if down else start].append(other.index(start if down else end))
            middle = {node: np.mean(places) if places else order[number].index(node) for node, places in near.items()}
            order[number] = sorted(order[number], key=middle.get)
        if crossings(order) < least:
            best, least = [list(layer) for layer in order], crossings(order)
    heights = _heights(best, links, apart, lane)
    places = {node: (layer_of[node], heights[node]) for node in layer_of}
    return Layout(places, {
        edge: [(layer_of[edge[0]] + number, heights[node]) for number, node in enumerate(route)]
        for edge, route in routes.items()
    })  # fmt: skip


def _heights(order, links, apart, lane, rounds=30):
    """Heights that keep the order and the distances within a layer, near those of what they are linked with."""
    near = {node: [] for layer in order for node in layer}
    for start, end in itertools.chain.from_iterable(links):
        near[start].append(end)
        near[end].append(start)
    gaps = []
    for layer in order:
        thin = [isinstance(node, tuple) for node in layer]
        gaps.append(np.cumsum([0.0, *(lane if one and other else apart * (0.75 if one or other else 1)
                                      for one, other in itertools.pairwise(thin))]))  # fmt: skip
    heights = {
        node: place - gap[-1] / 2
        for layer, gap in zip(order, gaps, strict=True) for node, place in zip(layer, gap, strict=True)
    }  # fmt: skip
    for _ in range(rounds):
        for layer, gap in zip(order, gaps, strict=True):
            wanted = [
                np.mean([heights[other] for other in near[node]]) if near[node] else heights[node] for node in layer
            ]
            heights.update(zip(layer, isotonic_regression(np.array(wanted) - gap).x + gap, strict=True))
    return heights


#: The widest that a graph may be, in inches.
PAGE = 8.0
#: What stands for who is accepted in truth among the nodes of a drawn graph; no node can be called so.
ACCEPTED = "accepted?"


def graph(dataset):
    """A causal graph, with what is actionable and what is sensitive.

    Parameters
    ----------
    dataset : CausalDataset

    Returns
    -------
    Figure
    """
    style(0.9)
    parents = {node: dataset.parents()[node] for node in dataset.order()}
    labels = {node: _node_label(node, dataset.nodes[node].label) for node in parents}
    if dataset.accepted is not None:
        named = {name.removeprefix(NOISE) for name in parse(dataset.accepted).names}
        parents[ACCEPTED] = tuple(node for node in parents if node in named)
        labels[ACCEPTED] = "accepted"
    lines = max(label.count("\n") + 1 for label in labels.values())
    size = np.array([
        0.2 + 0.072 * max(len(line) for label in labels.values() for line in label.split("\n")), 0.16 + 0.15 * lines
    ])  # fmt: skip
    for upright in (False, True):
        # Along the layers, which lie beside each other or, on a page too narrow for that, below each other.
        along, across = size[::-1] if upright else size
        places, routes = layout(parents, apart=across + 0.22, lane=0.2)
        number = 1 + max(layer for layer, _ in places.values())
        between = 0.42 if upright else 0.5
        length = number * along + (number - 1) * between
        if length <= PAGE:
            break
    bends = [at for route in routes.values() for _, at in route[1:-1]]
    low = min([at - across / 2 for _, at in places.values()] + bends) - 0.05
    high = max([at + across / 2 for _, at in places.values()] + bends) + 0.05
    kinds = {
        "can be acted on": {"facecolor": "#bfe3f5", "linewidth": 1.8, "linestyle": "-"},
        "cannot be": {"facecolor": "white", "linewidth": 0.7, "linestyle": "-"},
        "sensitive": {"facecolor": "#f9d7dc", "linewidth": 1.2, "linestyle": (0, (3, 1.5))},
        "accepted in truth": {"facecolor": "0.93", "linewidth": 1.0, "linestyle": (0, (1, 1.2))},
    }
    kind_of = {
        node: "accepted in truth" if node == ACCEPTED
        else "sensitive" if node == dataset.sensitive
        else "can be acted on" if dataset.nodes[node].actionable
        else "cannot be"
        for node in parents
    }  # fmt: skip
    extent = np.array([length, high - low])[:: -1 if upright else 1]
    width = max(extent[0], 4.6)
    sheet = _sheet(
        display_title(dataset.title, dataset.synthetic),
        f"Arrows lead from causes to effects, {'downwards' if upright else 'from left to right'}.",
        [width], [extent[1]], left=0.15, right=0.15, heads=0.3, below=0.05,
    )  # fmt: skip
    axes = sheet.panels[0, 0]
    axes.set(xlim=(extent[0] / 2 - width / 2, extent[0] / 2 + width / 2), ylim=(extent[1], 0))
    axes.set_axis_off()

    def point(*place):
        """From a place along and across the layers."""
        start, at = place
        return (at - low, start) if upright else (start, at - low)

    ports = _ports(routes, across)
    for edge, route in routes.items():
        start, end = ports[edge]
        vertices, codes = [(route[0][0] * (along + between) + along, start)], [Path.MOVETO]
        for layer, at in [*route[1:-1], (route[-1][0], end)]:
            x, y = vertices[-1]
            arrives = layer * (along + between)
            last = layer == route[-1][0]
            if last and edge[1] == ACCEPTED:
                # On the oval, not on the box around it.
                arrives += along / 2 * (1 - np.sqrt(1 - (2 * (at - route[-1][1]) / across) ** 2))
            vertices += [(x + between / 2, y), (arrives - between / 2, at), (arrives, at)]
            codes += [Path.CURVE4] * 3
            if not last:
                vertices.append((arrives + along, at))
                codes.append(Path.LINETO)
        axes.add_patch(FancyArrowPatch(
            path=Path([point(*vertex) for vertex in vertices], codes), arrowstyle="-|>", mutation_scale=8,
            linewidth=0.9, shrinkA=0, shrinkB=0, color="0.55" if edge[1] == ACCEPTED else "0.15", zorder=1,
        ))  # fmt: skip
    wide, tall = size
    for node, (layer, at) in places.items():
        look = {"edgecolor": "black", "zorder": 2, "clip_on": False, **kinds[kind_of[node]]}
        x, y = point(layer * (along + between) + along / 2, at)
        if node == ACCEPTED:
            axes.add_patch(Ellipse((x, y), wide, tall, **look))
        else:
            axes.add_patch(FancyBboxPatch((x - wide / 2 + 0.04, y - tall / 2 + 0.04), wide - 0.08, tall - 0.08,
                                          boxstyle="round,pad=0.04,rounding_size=0.06", **look))  # fmt: skip
        axes.text(x, y, labels[node], ha="center", va="center", fontsize="small", zorder=3, linespacing=1.05)
    there = [kind for kind in kinds if kind in kind_of.values()]
    sheet.figure.legend(
        handles=[Rectangle((0, 0), 1, 1, label=kind, edgecolor="black", **kinds[kind]) for kind in there],
        ncols=len(there), loc="upper center", frameon=False, borderaxespad=0, columnspacing=1.0, handlelength=1.6,
        fontsize="small", bbox_to_anchor=(0.5, 1 - (sheet.top - 0.3) / sheet.figure.get_figheight()),
        handletextpad=0.4,
    )  # fmt: skip
    return sheet.figure


def _node_label(node, label):
    """A node's name, below what it is called in words."""
    return node if label in (None, node) else f"{broken(label, 13)}\n({node})"


def _ports(routes, across):
    """Heights at which edges leave and enter, spread over the sides of boxes in the order of where they lead."""
    ports = {edge: [route[0][1], route[-1][1]] for edge, route in routes.items()}
    for side, towards in ((0, 1), (1, -2)):
        for node in {edge[side] for edge in routes}:
            edges = sorted((edge for edge in routes if edge[side] == node), key=lambda edge: routes[edge][towards][1])
            offsets = np.linspace(-0.3, 0.3, len(edges)) * across if len(edges) > 1 else [0.0]
            for edge, offset in zip(edges, offsets, strict=True):
                ports[edge][side] += offset
    return ports


#: What is drawn of a classifier.
QUALITIES = {
    "accuracy": "accuracy",
    "auc": "AUC",
    "brier": "Brier score",
    "calibration_error": "calibration error",
}


def models(table):
    """The quality of equations and classifiers on people they were not fitted to.

    Parameters
    ----------
    table : DataFrame
        results/tables/causal/models.csv.

    Returns
    -------
    Figure
    """
    style(0.9)
    titles = titles_of(table)
    names = list(titles)
    equations = table[(table["part"] == "equation") & (table["measure"] == "r2") & (table["group"] == "all")]
    classifiers = table[table["part"] == "classifier"]
    measures = [measure for measure in QUALITIES if measure in set(classifiers["measure"])]
    groups = _in_order(classifiers["group"].astype(str), ["all", "0", "1"])
    called = {group: "all people" if group == "all" else f"group {group}" for group in groups}
    looks = looks_of(called)
    panels = [*(["equations"] if len(equations) else []), *measures]
    sheet = _sheet(
        f"{_heading(titles)}: how good the models are",
        "On people of the test split. Equations: held-out R², a point per fitted node. Points: means over seeds. Bars: "
        "least to greatest seed.",
        [2.4 if panel == "equations" else 1.25 for panel in panels], [0.4 * len(names)],
        looks=list(looks.values()), left=1.75, heads=0.2, below=0.25, columns_apart=0.12,
    )  # fmt: skip
    for column, panel in enumerate(panels):
        axes = sheet.panels[0, column]
        if panel == "equations":
            _equations(axes, equations, names)
        else:
            part = classifiers[classifiers["measure"] == panel].assign(method=classifiers["group"].astype(str))
            _by_dataset(axes, _spread(part, ["method", "dataset"], "value"), names, looks)
            _few_ticks(axes)
        axes.set_title(QUALITIES.get(panel, "equations: R²"), fontsize="medium", pad=3)
        axes.set_yticks(range(len(names)), [_row_name(*titles[name]) for name in names] if column == 0 else [])
    return sheet.figure


def _equations(axes, equations, names):
    """A point per node, with its name beside those that explain least."""
    points = _spread(equations, ["dataset", "name"], "value")
    for place, dataset in enumerate(names):
        if dataset not in points.index.get_level_values(0):
            axes.text(0.02, place, "as given", fontsize="x-small", color="0.3", va="center",
                      transform=axes.get_yaxis_transform())  # fmt: skip
            continue
        part = points.loc[dataset].sort_values("mean")
        axes.plot(part["mean"], np.full(len(part), place), linestyle="", marker="|", markersize=9, color="black")
        axes.annotate(part.index[0], (part["mean"].iloc[0], place), (0, 4), textcoords="offset points",
                      fontsize="xx-small", ha="center", va="bottom", color="0.2")  # fmt: skip
    for place in range(1, len(names), 2):
        axes.axhspan(place - 0.5, place + 0.5, color="0.955", linewidth=0, zorder=0)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlim=(min(0, points["min"].min()), 1))
    _few_ticks(axes)
    axes.grid(axis="y", visible=False)
