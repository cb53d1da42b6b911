"""How the time of methods grows with people and with nodes, on made-up linear models."""

import statistics
import time
import tracemalloc
from typing import NamedTuple

import numpy as np

from recrec.actionability.populations import Scheme, draw
from recrec.causal.classifiers import Classifier
from recrec.causal.model import CausalModel, EquationMechanism
from recrec.causal.noise import Normal
from recrec.causal.world import Problem, world_of
from recrec.drawing import style

#: Where one of the two grows, the other is this.
BASE = {"people": 1000, "nodes": 6}
#: A node's parents, at most.
PARENTS = 3
#: People drawn to train on.
TRAIN = 2000
#: Everybody may act on two nodes of three on average, and prefers some.
SCHEME = Scheme(keep=2 / 3, weights="ranked")


class Point(NamedTuple):
    """One measurement.

    Attributes
    ----------
    dimension : str
        What grew: people, or nodes.
    size : int
        How large it was.
    method : str
    people, nodes : int
    largest_set : int
        Nodes that a plan may act on at once.
    seconds : float
        Median of some repeats.
    peak_mib : float
        Memory that the method took at once.
    """

    dimension: str
    size: int
    method: str
    people: int
    nodes: int
    largest_set: int
    seconds: float
    peak_mib: float


def world(nodes, seed=0):
    """A SYNTHETIC linear world, all of whose nodes but the first are actionable.

    Parameters
    ----------
    nodes, seed : int

    Returns
    -------
    World
    """
    rng = np.random.default_rng(seed)
    names = [f"X{place}" for place in range(nodes)]
    mechanisms = {}
    for place, name in enumerate(names):
        parents = rng.choice(place, min(place, PARENTS), replace=False)
        terms = [f"{rng.uniform(-0.5, 1):.3f}*X{parent}" for parent in sorted(parents)]
        mechanisms[name] = EquationMechanism.of(" + ".join([*terms, f"U_{name}"]), f"U_{name}", Normal(kind="normal"))
    model = CausalModel(mechanisms, names[1:])
    train, _ = model.sample(TRAIN, rng)
    classifier = Classifier((rng.uniform(0.2, 1, (nodes, 1)),), (np.array([-0.5]),), 0.0)
    return world_of(model, classifier, train, np.quantile(train[:, 1:], [0.01, 0.99], axis=0))


def problem(place, people, seed=1):
    """Rejected people of a world.

    Parameters
    ----------
    place : World
    people, seed : int

    Returns
    -------
    Problem
    """
    rng, found = np.random.default_rng(seed), []
    while sum(map(len, found)) < people:
        x, _ = place.model.sample(2 * people + 100, rng)
        found.append(x[place.classifier.logit(x) < 0])
    rejected = np.concatenate(found)[:people]
    actionable = place.model.actionable
    profiles = draw(SCHEME, rejected[:, actionable], place.sd[actionable], place.limits, seed=seed)
    return Problem(place, rejected, profiles)


def measure(dimension, sizes, name, method, settings, repeats, log):
    """Let one dimension grow.

    Parameters
    ----------
    dimension : {"people", "nodes"}
    sizes : list of int
    name : str
        Of the method.
    method : module
        See `recrec.causal.methods.Method`; one that is not trained.
    settings : Section
        With the key `largest_set`.
    repeats : int
    log : logging.Logger

    Yields
    ------
    Point
    """
    for size in sizes:
        at = {**BASE, dimension: size}
        asked = problem(world(at["nodes"]), at["people"])

        def solve(asked=asked):
            return method.solve(asked, settings, None, 0, log)

        taken = []
        for _ in range(repeats):
            start = time.perf_counter()
            solve()
            taken.append(time.perf_counter() - start)
        tracemalloc.start()
        try:
            solve()
            peak = tracemalloc.get_traced_memory()[1] / 2**20
        finally:
            tracemalloc.stop()
        largest = min(settings.largest_set or at["nodes"] - 1, at["nodes"] - 1)
        yield Point(dimension, size, name, at["people"], at["nodes"], largest, statistics.median(taken), peak)


def figure(table):
    """Time and memory over people, and over nodes, on logarithmic axes.

    Parameters
    ----------
    table : DataFrame
        With the columns of `Point`.

    Returns
    -------
    Figure
    """
    import matplotlib.pyplot as plt

    style()
    drawn, panels = plt.subplots(2, 2, figsize=(9, 6), sharey="row", layout="constrained")
    rows = {"seconds": "time (s)", "peak_mib": "memory (MiB)"}
    for column, (dimension, part) in zip(panels.T, table.groupby("dimension", sort=False), strict=True):
        for axes, (value, label) in zip(column, rows.items(), strict=True):
            part.plot.line(x="size", y=value, ax=axes, marker="o", color="black", legend=False, loglog=True)
            slope = np.polyfit(np.log(part["size"].iloc[-3:]), np.log(part[value].iloc[-3:]), 1)[0]
            axes.set(
                xlabel=dimension, ylabel=label, title=f"grows like {dimension} to the power {slope:.2f} at the end"
            )
            if dimension == "nodes":
                axes.set_xticks(part["size"], map(str, part["size"]))
                axes.minorticks_off()
    other = {row.dimension: row for row in table.itertuples()}
    nodes, people, largest = other["people"].nodes, other["nodes"].people, other["nodes"].largest_set
    drawn.suptitle(
        f"exact, made-up linear models (SYNTHETIC): {nodes} nodes, or {people:,} people;\n"
        f"plans act on {largest} nodes at most"
    )
    return drawn
