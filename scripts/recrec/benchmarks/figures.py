"""The benchmarks' tables and figures. Every number in them is the run's."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from recrec.benchmarks.costs import STAGES, TOTALS
from recrec.benchmarks.growth import exponent
from recrec.benchmarks.timing import CELL
from recrec.drawing import MARKERS, palette, plain_numbers, style
from recrec.titles import display_title

METHODS = {"printed": "Algorithm 1 as printed (NumPy)", "autograd": "Algorithm 1 in JAX (autograd)"}


def ratios(timings):
    """How many times faster the production solver is, cell by cell.

    Parameters
    ----------
    timings : DataFrame
        A row per cell and method, as `benchmark.Timing`.

    Returns
    -------
    DataFrame
        A row per cell and slow method: the columns of a cell, ``method``, ``users``, ``iterations``, ``seconds`` of
        it, ``how`` it was measured, ``leaping_seconds`` and ``ratio``.
    """
    ours = timings[timings["method"] == "leaping"][[*CELL, "seconds"]].rename(columns={"seconds": "leaping_seconds"})
    table = timings[timings["method"] != "leaping"].drop(columns="events").merge(ours, on=CELL, validate="many_to_one")
    return table.assign(ratio=table["seconds"] / table["leaping_seconds"])


def summary(table):
    """Median, spread and least of the ratios: over all cells of a data set, and at each sampling."""
    parts = []
    for keys in (["dataset", "method"], ["dataset", "method", "sampling"]):
        grouped = table.groupby(keys, sort=True)["ratio"]
        part = grouped.agg(
            cells="size", median="median", p10=lambda x: x.quantile(0.1), p90=lambda x: x.quantile(0.9), least="min"
        ).reset_index()
        parts.append(part if "sampling" in part else part.assign(sampling="all"))
    return pd.concat(parts, ignore_index=True)[
        ["dataset", "method", "sampling", "cells", "median", "p10", "p90", "least"]
    ]


def exponents(growth):
    """Fitted exponents of time and memory for each dimension and stage."""
    rows = []
    for (dimension, stage), part in growth.groupby(["dimension", "stage"], sort=False):
        part = part.sort_values("size")
        fitted = [exponent(part["size"].to_numpy(), part[name].to_numpy()) for name in ("seconds", "peak_mib")]
        rows.append((dimension, stage, *fitted))
    return pd.DataFrame(rows, columns=["dimension", "stage", "time_exponent", "memory_exponent"])


def solvers(table, titles):
    """How many times faster, over sampling: a panel per data set.

    Parameters
    ----------
    table : DataFrame
        `ratios`.
    titles : dict
        Data set name to (title, whether synthetic).

    Returns
    -------
    Figure
    """
    style()
    names = list(dict.fromkeys(table["dataset"]))
    figure, panels = plt.subplots(
        1, len(names), figsize=(4.6 * len(names) + 0.6, 4.2), sharey=True, squeeze=False, layout="constrained"
    )
    methods = [method for method in METHODS if method in set(table["method"])]
    for axes, name in zip(panels[0], names, strict=True):
        part = table[table["dataset"] == name]
        order = [METHODS[one] for one in methods]
        sns.lineplot(
            part.assign(compared=part["method"].map(METHODS)), x="sampling", y="ratio", hue="compared",
            style="compared", hue_order=order, style_order=order, markers=MARKERS[: len(order)],
            palette=palette(len(order)), estimator="median", errorbar=("pi", 80),
            err_kws={"alpha": 0.15, "linewidth": 0}, ax=axes,
        )  # fmt: skip
        points = sorted(part["sampling"].unique())
        axes.set(
            xscale="log", yscale="log", xlabel="sampled users (% of the group)", title=display_title(*titles[name])
        )
        axes.set_xticks(points, [f"{point:g}" for point in points], rotation=45)
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.set_ylabel("times faster per recourse")
        axes.legend(title=None, fontsize="small")
    left_out = "" if "autograd" in methods else " JAX is not installed: autograd is left out."
    figure.supxlabel(
        f"Lines: median over cells. Bands: 10th to 90th percentile. One core, one run.{left_out}", fontsize="small"
    )
    return figure


def growth(table):
    """Time and peak memory over size, both logarithmic, with the fitted exponents: a column per dimension."""
    style()
    dimensions, stages = list(dict.fromkeys(table["dimension"])), list(dict.fromkeys(table["stage"]))
    fitted = exponents(table).set_index(["dimension", "stage"])
    figure, panels = plt.subplots(
        2, len(dimensions), figsize=(3.7 * len(dimensions), 7), sharey="row", squeeze=False, layout="constrained"
    )
    colours = palette(len(stages))
    for column, dimension in enumerate(dimensions):
        for row, (value, label) in enumerate((("seconds", "seconds"), ("peak_mib", "peak memory (MiB)"))):
            axes = panels[row, column]
            for number, stage in enumerate(stages):
                part = table[(table["dimension"] == dimension) & (table["stage"] == stage)].sort_values("size")
                power = fitted.loc[(dimension, stage), "time_exponent" if value == "seconds" else "memory_exponent"]
                axes.plot(
                    part["size"], part[value], marker=MARKERS[number], color=colours[number], markersize=4,
                    label=f"{stage}: {power:.2f}",
                )  # fmt: skip
            axes.set(xscale="log", yscale="log", xlabel=dimension, ylabel=label if column == 0 else "")
            sizes = sorted(table[table["dimension"] == dimension]["size"].unique())
            axes.set_xticks(sizes, [str(size) for size in sizes], rotation=45)
            axes.minorticks_off()
            axes.legend(title="exponent", loc="upper left", fontsize="x-small", title_fontsize="x-small")
    for axes in panels[:, 0]:
        axes.set_ylim(top=axes.get_ylim()[1] * 60)  # room for the legends
    figure.suptitle("Growth on SYNTHETIC data, one dimension doubled at a time")
    figure.supxlabel("Exponents: slopes over the upper half of the sizes.", fontsize="small")
    return figure


def roofline(table, machine, titles):
    """Speed over arithmetic intensity under the machine's roof, and time against reading all profiles per event."""
    style()
    [machine] = machine.to_dict("records")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    roof, ridge = machine["matrix_gflop_s"], machine["matrix_gflop_s"] / machine["copy_gb_s"]
    left.plot([0.02, ridge, 100], [0.02 * machine["copy_gb_s"], roof, roof], color="black")
    table = table.assign(
        intensity=table["flop"] / table["bytes"], speed=table["flop"] / table["seconds"] / 1e9,
        **{"data set": [display_title(*titles[name]) for name in table["dataset"]]},
    )  # fmt: skip
    parts = [part for part in dict.fromkeys(table["part"]) if not part.startswith("all")]
    sns.scatterplot(
        table[table["part"].isin(parts)], x="intensity", y="speed", hue="part", style="data set", s=70,
        palette=palette(len(parts)), ax=left,
    )  # fmt: skip
    left.set(
        xscale="log", yscale="log", xlabel="operations per byte (FLOP/B)", ylabel="GFLOP/s",
        title=f"copies {machine['copy_gb_s']:.1f} GB/s, matrices {machine['matrix_gflop_s']:.0f} GFLOP/s",
    )  # fmt: skip
    left.legend(fontsize="x-small")
    bounded = table[table["bound"] > 0]
    bounded = bounded.assign(times=bounded["seconds"] / bounded["bound"])
    names = list(dict.fromkeys(bounded["part"]))
    sns.barplot(
        bounded, x="times", y="data set", hue="part", hue_order=names,
        palette=palette(len(names)), ax=right,
    )  # fmt: skip
    right.axvline(1, color="black", linestyle="--", linewidth=1)
    right.set(xscale="log", ylabel="", xlabel="time, in units of reading the sampled\nprofiles once per event (dense)")
    right.set_xlim(right=60 * max(1.0, bounded["times"].max()))  # room for the legend
    right.legend(fontsize="x-small")
    figure.supxlabel(f"{machine['processor']}, one core; the largest sampling of each data set.", fontsize="small")
    return figure


PARTS = {"starting": "processes, imports", "files": "input, output", "work": "work"}


def workflow_split(costs):
    """Seconds of each stage by what they went into, and those in which a core has no job.

    Parameters
    ----------
    costs : DataFrame
        results/benchmarks/workflow.csv (`costs.Cost`).

    Returns
    -------
    DataFrame
        A row per stage, with the columns of `PARTS`, and one for the rest, which is ``idle``: Snakemake's own time, and
        cores that wait for a job on another.
    """
    costs = costs.set_index("rule")
    rules = [rule for rule in costs.index if rule not in TOTALS]
    staged = {rule: stage for stage, members in STAGES.items() for rule in members}
    table = costs.loc[rules, list(PARTS)].groupby([staged.get(rule, "data and tables") for rule in rules]).sum()
    table = table.reindex([*STAGES, "data and tables"]).assign(idle=0.0)
    table.loc["no job"] = [0.0, 0.0, 0.0, max(0.0, costs.loc["overhead", "seconds"])]
    return table


def workflow(costs):
    """Where the time of the study goes."""
    style()
    table = workflow_split(costs)
    wall, at_work = costs.set_index("rule").loc[["wall", "wall at work"], "seconds"]
    figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    left = np.zeros(len(table))
    labels = {**PARTS, "idle": "Snakemake, idle cores"}
    colours = dict(zip(("work", "files", "starting", "idle"), palette(4), strict=True))
    for name in ("work", "files", "starting", "idle"):
        axes.barh(table.index, table[name], left=left, label=labels[name], color=colours[name], edgecolor="white")
        left += table[name].to_numpy()
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set(
        xlabel="core-seconds",
        title=f"The whole study: {wall:.0f} s, solver, evaluation or plotting at work in {at_work:.0f} of them",
    )
    axes.legend(fontsize="small")
    return figure


def _decades(values):
    """The powers of ten around some values: a logarithmic axis within one power would label every part of it."""
    return 10.0 ** np.floor(np.log10(values.min())), 10.0 ** (np.floor(np.log10(values.max())) + 1)


def device(table, titles):
    """The same cells on each device: a panel per L1 weight."""
    style()
    table = table.assign(
        name=[display_title(*titles[name]) for name in table["dataset"]],
        on=[f"{device}, {precision}" for device, precision in zip(table["device"], table["precision"], strict=True)],
    )
    penalties = sorted(table["lambda"].unique())
    figure, panels = plt.subplots(
        1, len(penalties), figsize=(5.2 * len(penalties), 3.6), sharex=True, sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    order = list(dict.fromkeys(table["on"]))
    for axes, penalty in zip(panels[0], penalties, strict=True):
        sns.barplot(
            table[table["lambda"] == penalty], x="seconds", y="name", hue="on", hue_order=order,
            palette=palette(len(order)), ax=axes,
        )  # fmt: skip
        axes.set(xscale="log", xlabel="seconds per cell", ylabel="", title=f"lambda {penalty:g}")
        axes.set_xlim(*_decades(table["seconds"]))
        axes.legend(title=None, fontsize="x-small")
    if set(table["device"]) == {"cpu"}:
        figure.supxlabel("There was no CUDA device on this machine.", fontsize="small")
    return figure
