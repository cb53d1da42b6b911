"""Measurements: seconds, memory, the machine's own speed, and the solvers beside each other.

All on one core, and one after the other in one process, so that what is compared runs under the same conditions.
"""

import os
import platform
import time
import tracemalloc
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recrec.benchmarks import autograd, printed
from recrec.evaluation.recourses import solve_cell
from recrec.evaluation.sampling import sample
from recrec.evaluation.target import Target, target_of
from recrec.methods import recrec
from recrec.methods.recrec import Settings
from recrec.storage import read_rows

MIB = 2**20
#: What the solvers are timed on: the paper's.
RECOMMENDER = "content"
#: Columns that name a cell in the benchmarks' tables.
CELL = ["dataset", "synthetic", "group", "rank", "sampling"]


def seconds(function, repeats=1):
    """The median of the seconds that some calls take."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def peak_mib(function):
    """What a call holds in memory at most beyond what is there before it, in MiB."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


class Machine(NamedTuple):
    """What the numbers were measured on.

    Attributes
    ----------
    processor : str
    cores, memory_gib : int
    copy_gb_s : float
        Bytes read plus bytes written, in 10^9 a second, of copying a large array.
    matrix_gflop_s : float
        Of a product of dense float64 matrices, on one core.
    python, numpy : str
        Versions.
    """

    processor: str
    cores: int
    memory_gib: int
    copy_gb_s: float
    matrix_gflop_s: float
    python: str
    numpy: str


def measure_machine():
    """Measure the present machine.

    Returns
    -------
    Machine
    """
    source = np.ones(32 * MIB)
    target = np.empty_like(source)
    matrix = np.random.default_rng(0).random((1500, 1500))
    copying = min(seconds(lambda: np.copyto(target, source)) for _ in range(7))
    multiplying = min(seconds(lambda: matrix @ matrix) for _ in range(5))
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        names[0] if names else platform.processor() or platform.machine(),
        os.cpu_count(),
        round(memory / 2**30),
        2 * source.nbytes / copying / 1e9,
        2 * len(matrix) ** 3 / multiplying / 1e9,
        platform.python_version(),
        np.__version__,
    )


class Files(NamedTuple):
    """Paths of what a cell is made of."""

    matrices: str
    model: str
    sorted_scores: str
    selection: str


class Cell(NamedTuple):
    """A cell to measure.

    Attributes
    ----------
    named : tuple
        Values of the columns `CELL`.
    target : Target
    items : list of int
    sampling : float
        In per cent.
    settings : Settings
    """

    named: tuple
    target: Target
    items: list
    sampling: float
    settings: Settings


def largest_cells(inputs, params):
    """The largest cells of the data sets of a rule, each without L1 term and with one.

    Parameters
    ----------
    inputs : object
        With lists of paths `matrices`, `model`, `sorted_scores` and `selection`.
    params : object
        With `cells`, tuples of data set, settings, group, rank, sampling and whether synthetic, one for each of these
        paths; `penalty`, the weight of the L1 term; `candidates`.

    Yields
    ------
    Cell
    """
    paths = zip(inputs.matrices, inputs.model, inputs.sorted_scores, inputs.selection, strict=True)
    for place, (dataset, settings, group, rank, sampling, synthetic) in zip(paths, params.cells, strict=True):
        files = Files(*place)
        target = target_of(files, RECOMMENDER, {}, group, params.candidates)
        items = [int(row["item"]) for row in read_rows(files.selection) if int(row["rank"]) == rank]
        for penalty in (0.0, params.penalty):
            choice = Settings(**{**settings, "lambda": penalty, "l1_step": "proximal"})
            yield Cell((dataset, synthetic, group, rank, sampling), target, items, sampling, choice)


class Timing(NamedTuple):
    """How long one way of solving takes for a recourse of one cell.

    Attributes
    ----------
    method : {"leaping", "printed", "autograd"}
    users : int
        In each sample.
    iterations, events : float
        Means over the recourses timed.
    seconds : float
        For one recourse, everything included from the ratings, features and score lists on.
    how : str
        "measured", or which iterations were, and the rest scaled.
    """

    method: str
    users: int
    iterations: float
    events: float
    seconds: float
    how: str


def compare_solvers(target, dense, items, percentage, seeds, settings, iterations, repeats):
    """The production solver beside Algorithm 1 as printed and with autograd, on one cell.

    Parameters
    ----------
    target : Target
    dense : (items, features) array
        The item features.
    items, percentage, seeds, settings
        The cell, as for `recourses.solve_cell`. The slow methods solve its first item and seed.
    iterations : int
        Iterations of the slow methods that are timed. All iterations cost the same, so the rest is scaled.
    repeats : int
        Times that the production solver is timed; the median counts.

    Returns
    -------
    list of Timing
        Without autograd if JAX is not installed.
    """
    solutions = solve_cell(target, items, percentage, seeds, recrec, settings)
    users = np.sort(sample(target.audience.shape[0], percentage, seeds[0]))
    # Seeds that draw the same users share their recourses: those count once.
    distinct = len({id(solution) for _, _, solution in solutions})
    taken = seconds(lambda: solve_cell(target, items, percentage, seeds, recrec, settings), repeats)
    means = [
        float(np.mean([solution.diagnostics[name] for _, _, solution in solutions]))
        for name in ("iterations", "events")
    ]
    rows = [Timing("leaping", len(users), *means, taken / distinct, "measured")]
    ratings = target.audience.ratings[users].toarray()
    first = solutions[0][2].diagnostics["iterations"]
    ways = {"printed": printed.compute_recourse}
    if find_spec("jax") is not None:
        ways["autograd"] = autograd.compute_recourse
    for name, way in ways.items():

        def run(limit, way=way):
            cut = settings.model_copy(update={"max_iterations": limit})
            return seconds(lambda: way(dense, ratings, items[0], target.audience.mutable, cut))

        taken, how = _scaled(run, first, iterations)
        rows.append(Timing(name, len(users), first, first, taken, how))
    return rows


def _scaled(run, wanted, timed):
    """Seconds of `wanted` iterations of which only `timed` are run, where those are fewer."""
    run(1)  # what is compiled on the way is compiled here, once for all
    if wanted <= timed:
        return run(wanted), "measured"
    one, many = run(1), run(timed)
    each = max(0.0, many - one) / (timed - 1)
    return one + (wanted - 1) * each, f"scaled from {timed} iterations"
