"""What the benchmarks time is the same algorithm, and what they say follows from what they timed."""

import numpy as np
import pandas as pd
import pytest
import random_study
from hypothesis import given, settings
from hypothesis import strategies as st
from random_study import choose
from test_solvers import assert_same

from recrec.benchmarks import autograd, growth, printed, roofline
from recrec.benchmarks import figures as benchmark_figures
from recrec.benchmarks import timing as benchmark

CHOICE = choose("mean", 5, 0.05, 0.0, max_iterations=200)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.1, 0.7]),
    st.sampled_from(["mean", "sum"]),
    st.sampled_from(["proximal", "subgradient", "autograd"]),
)
def test_the_slow_ways_are_algorithm_1(seed, penalty, aggregate, way):
    features, ratings = random_study.recommender(seed, users=4, items=15)
    mutable = np.random.default_rng(seed).random(features.shape[1]) < 0.8
    l1_step = "proximal" if way == "autograd" else way
    choice = choose(aggregate, 4, 0.3, penalty, l1_step, max_iterations=40)
    solve = autograd.compute_recourse if way == "autograd" else printed.compute_recourse
    found = solve(features, ratings, seed % len(features), mutable, choice)
    expected = random_study.algorithm_1(features, ratings, seed % len(features), mutable, choice)
    assert not found.change[~mutable].any()
    assert found.change.dtype == np.float64
    assert_same(found._replace(change=found.change[mutable]), expected)


def test_as_printed_tastes_that_cancel_lead_nowhere():
    features = np.array([[0.1, 0.3], [0.7, -0.7], [-0.7, 0.7]])
    ratings = np.array([[0.0, 0.1 * 3, 0.0], [0.0, 0.0, 0.3]])
    found = printed.compute_recourse(features, ratings, 0, np.ones(2, bool), choose("mean", 1, max_iterations=10))
    assert (found.status, found.diagnostics["iterations"]) == ("stalled", 0)


def test_as_printed_a_tied_item_comes_last():
    """Two items alike, a tie up to rounding, and one that is better: third of three."""
    features = np.array([[0.1 + 0.2], [0.3], [5.0]])
    ranks = printed.get_updated_ranks(features, features[0], 0, np.array([[1.0]]))
    assert ranks.tolist() == [3]
    assert printed.get_updated_ranks(features, np.array([0.4]), 0, np.array([[1.0]])).tolist() == [2]


@pytest.mark.parametrize(("wanted", "seconds", "how"), [(2, 5.0, "measured"), (40, 81.0, "scaled from 3 iterations")])
def test_iterations_that_are_not_run_are_scaled_and_said_to_be(wanted, seconds, how):
    ran = []

    def run(iterations):
        ran.append(iterations)
        return 1.0 + 2.0 * iterations

    assert benchmark._scaled(run, wanted, 3) == (seconds, how)
    assert max(ran) <= 3
    assert ran[0] == 1, "what is compiled is compiled before anything counts"


def test_solvers_are_compared_on_the_same_recourses(monkeypatch):
    monkeypatch.setattr(benchmark, "find_spec", lambda name: None)
    target = random_study.target(3, users=40, items=60, features=30, real=True)
    rows = benchmark.compare_solvers(target, target.audience.item_features.toarray(), [4, 9], 20, [1, 2], CHOICE, 2, 2)
    assert [row.method for row in rows] == ["leaping", "printed"], "autograd is left out without JAX"
    assert {row.users for row in rows} == {8}
    assert all(row.seconds > 0 for row in rows)
    assert rows[0].events <= rows[0].iterations


def test_seeds_that_share_a_sample_count_once(monkeypatch):
    monkeypatch.setattr(benchmark, "find_spec", lambda name: None)
    monkeypatch.setattr(benchmark, "seconds", lambda function, repeats=1: 12.0)
    target = random_study.target(3, users=12)
    dense = target.audience.item_features.toarray()
    apart, together = (
        benchmark.compare_solvers(target, dense, [4, 9], sampling, [1, 2, 3], CHOICE, 2, 1)[0] for sampling in (50, 100)
    )
    assert (apart.seconds, together.seconds) == (2.0, 6.0)


def test_the_exponent_of_a_power_is_that_power_and_fixed_costs_do_not_hide_it():
    sizes = np.array([1, 2, 4, 8, 16, 32]) * 100
    assert growth.exponent(sizes, 3e-9 * sizes**1.5) == pytest.approx(1.5)
    assert growth.exponent(sizes, 100 + 1.0 * sizes) > 0.9


def test_growth_measures_every_stage_at_every_size(monkeypatch):
    monkeypatch.setattr(growth, "BASE", {"users": 40, "items": 320, "features": 60, "sampled users": 8})
    monkeypatch.setattr(growth, "ROOM", 80)
    points = list(growth.measure("sampled users", 2, 1))
    assert [point.size for point in points[::4]] == [8, 16, 32]
    assert {point.stage for point in points} == {*growth.SETTINGS, "thresholding", "evaluation"}
    assert all(point.seconds >= 0 and point.peak_mib > 0 for point in points)


@pytest.mark.parametrize("penalty", [0.0, 0.05])
def test_the_bound_is_reading_the_profiles_once_per_event(penalty):
    target = random_study.target(3, users=40, items=60, features=30, real=True)
    choice = choose("mean", 5, 0.05, penalty, max_iterations=200)
    parts = roofline.measure(target, [4, 9], 50, [1, 2], choice, 1e9, 1)
    last = parts[-1]
    assert last.events > 0
    assert last.bound == pytest.approx(last.events * 2 * 20 * 30 * 8 / 1e9)
    assert all(part.flop > 0 and part.bytes > 0 for part in parts)


def timings():
    rows = [
        ("films", False, group, 11, sampling, method, 9, 60, 60, seconds * group, "measured")
        for group in (1, 2)
        for sampling in (1, 100)
        for method, seconds in (("leaping", 0.001), ("printed", 2.0), ("autograd", 0.5))
    ]
    columns = [*benchmark.CELL, *benchmark.Timing._fields]
    return pd.DataFrame(rows, columns=columns)


def test_ratios_are_cell_by_cell_and_the_summary_has_their_spread():
    table = benchmark_figures.ratios(timings())
    assert len(table) == 8
    assert table[table["method"] == "printed"]["ratio"].to_numpy() == pytest.approx(2000)
    found = benchmark_figures.summary(table).set_index(["method", "sampling"])
    assert found.loc[("autograd", "all"), "median"] == pytest.approx(500)
    assert found.loc[("printed", 100), "cells"] == 2


def costs():
    rows = [
        ("recourse", 2, 4.0, 2.0, 1.0, 1.0, 2.0, 50),
        ("evaluate", 2, 3.0, 1.5, 1.0, 0.5, 1.5, 50),
        ("plot", 1, 5.0, 5.0, 2.0, 0.0, 3.0, 50),
        ("download", 1, 2.0, 2.0, 0.5, 0.5, 1.0, 50),
        ("in rules", 6, 14.0, 2.3, 4.5, 2.0, 7.5, 50),
        ("wall", 6, 9.0, 1.5, 0.0, 0.0, 0.0, 50),
        ("wall at work", 5, 6.0, 1.2, 0.0, 0.0, 0.0, 0),
        ("overhead", 6, 4.0, 0.7, 0.0, 0.0, 0.0, 0),
    ]
    names = ["rule", "jobs", "seconds", "mean_seconds", "starting", "files", "work", "peak_mib"]
    return pd.DataFrame(rows, columns=names)


def test_the_split_of_the_study_loses_nothing():
    split = benchmark_figures.workflow_split(costs())
    assert split.to_numpy().sum() == pytest.approx(14.0 + 4.0)
    assert split.loc["solver", "work"] == 2.0
    assert split.loc["no job", "idle"] == 4.0


def test_the_device_figure_says_so_where_there_was_no_device():
    rows = [("films", False, 1, 11, 100, penalty, "cpu", "double", 0.1) for penalty in (0.0, 0.05)]
    columns = [*benchmark.CELL, "lambda", "device", "precision", "seconds"]
    titles = {"films": ("Films", True)}
    alone = benchmark_figures.device(pd.DataFrame(rows, columns=columns), titles)
    assert "no CUDA device" in alone.get_supxlabel()
    both = [*rows, *((*row[:6], "H200", "double", 0.01) for row in rows)]
    assert benchmark_figures.device(pd.DataFrame(both, columns=columns), titles).get_supxlabel() == ""


def test_the_solvers_figure_names_what_it_leaves_out():
    table = benchmark_figures.ratios(timings())
    titles = {"films": ("Films", False)}
    assert "left out" not in benchmark_figures.solvers(table, titles).get_supxlabel()
    without = benchmark_figures.solvers(table[table["method"] != "autograd"], titles)
    assert "autograd is left out" in without.get_supxlabel()
