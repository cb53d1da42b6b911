"""The whole workflow on the tiny data set: what it makes, what it makes again and what not."""

import ast
import contextlib
import json
import re
from collections import Counter
from fractions import Fraction
from itertools import product

import literal
import numpy as np
import pandas as pd
import pytest
import random_study
import tiny
import yaml
from conftest import FIGURES, run

from recrec.data.matrices import Matrices
from recrec.reporting.cells import DIAGNOSTICS
from recrec.reporting.columns import TABLES

#: Stages that run once for every group, rank and sampling.
CELL_STAGES = {"recourse", "hard_thresholding", "evaluate"}
#: Stages before these.
EARLIER = {"download", "featurize", "fit", "rank_baseline", "item_selection"}
#: What reads the cells of all data sets. There may be more.
LATER = {"cells_table", "paper_table", "statements", "study_tables", "plot", "workflow_table"}
#: The recommender and the method of the study, among a cell's wildcards.
PAIR = "dataset=tiny, recommender=content, method=recrec"
GROUPS = range(1, tiny.STUDY["groups"] + 1)
CELLS = {
    f"{PAIR}, group={group}, rank={rank}, sampling={sampling}"
    for group, rank, sampling in product(GROUPS, tiny.STUDY["ranks"], tiny.STUDY["samplings"])
}
ROWS = len(CELLS) * tiny.STUDY["items_per_rank"] * len(tiny.STUDY["seeds"])


@contextlib.contextmanager
def edited(path, change):
    """A file whose text is changed for the time of the block."""
    text = path.read_text("utf-8")
    changed = change(text)
    assert changed != text
    path.write_text(changed, "utf-8")
    try:
        yield
    finally:
        path.write_text(text, "utf-8")


def body(text, function):
    """The statements of a function in a source text, its docstring first."""
    found = next(node for node in ast.parse(text).body if getattr(node, "name", None) == function)
    assert ast.get_docstring(found) and len(found.body) > 1
    return found.body


def add_statement(function):
    """A change of a function: one more statement, which does nothing."""

    def change(text):
        lines = text.splitlines(keepends=True)
        lines.insert(body(text, function)[1].lineno - 1, "    assert True\n")
        return "".join(lines)

    return change


def only_prose(function):
    """A change of a function's docstring, and a comment and an empty line in it."""

    def change(text):
        docstring = body(text, function)[0]
        lines = text.splitlines(keepends=True)
        lines[docstring.lineno - 1 : docstring.end_lineno] = ['    """Other words."""\n', "\n", "    # Another word.\n"]
        return "".join(lines)

    return change


def more_samplings(text):
    """A change of the study: one more sampling percentage, between the others."""
    study = yaml.safe_load(text)
    return yaml.safe_dump({**study, "samplings": [20, 50, 100]}, sort_keys=False)


def rules(jobs):
    return Counter(rule for rule, _ in jobs)


def cells(jobs, stage):
    """The cells that a stage is to run for; none twice."""
    found = [wildcards for rule, wildcards in jobs if rule == stage]
    assert len(found) == len(set(found))
    return set(found)


def test_outputs_of_a_whole_run(finished):
    results = finished.copy.folder / "results"
    table = pd.read_csv(results / "tables/cells.csv")
    for name, (_, columns) in TABLES.items():
        written = list(pd.read_csv(results / "tables" / name, nrows=0))
        assert [column for column in written if column in columns] == list(columns), name
    diagnostics = set(table) - set(TABLES["cells.csv"][1])
    assert diagnostics == {"iterations", "events"} <= set(DIAGNOSTICS), "the method's own columns"
    for name in ("cells", "selection", "paper", "recourses"):
        of_study, of_data_set = (results / "tables" / folder / f"{name}.csv" for folder in ("", "tiny"))
        assert of_study.read_bytes() == of_data_set.read_bytes(), "the study has one data set"
    assert len(table) == ROWS
    assert set(table["dataset"]) == {"tiny"}
    assert (table.groupby(["group", "rank", "sampling"]).size() == ROWS / len(CELLS)).all()
    assert set(table["rank"]) == set(tiny.STUDY["ranks"]) and set(table["sampling"]) == set(tiny.STUDY["samplings"])
    assert (table["top_share_before"] <= tiny.STUDY["max_top_share"]).all()
    assert (table["success_before_thresholding"] > table["top_share_before"]).mean() > 0.9, "recourses do something"

    selection = pd.read_csv(results / "tables/selection.csv")
    assert len(selection) == tiny.STUDY["groups"] * len(tiny.STUDY["ranks"]) * tiny.STUDY["items_per_rank"]
    assert "claim" in pd.read_csv(results / "tables/paper.csv").columns
    recourses = pd.read_csv(results / "tables/recourses.csv")
    assert 0 < len(recourses) <= ROWS
    assert recourses["statement"].str.contains("have it in their top 5").all()

    for path in results.glob("figures/*"):
        start = {".png": b"\x89PNG", ".pdf": b"%PDF"}[path.suffix]
        assert path.read_bytes().startswith(start), path
    drawn = {path.name for path in results.glob("figures/*")}
    names = [f"tiny-content-recrec-{figure}" for figure in ("success", "rbo", "changes")]
    assert drawn == {f"{name}.{kind}" for name, kind in product(names, ("png", "pdf"))}

    costs = pd.read_csv(results / "benchmarks/workflow.csv").set_index("rule")
    assert set(costs.index) >= CELL_STAGES | EARLIER | {"in rules", "overhead", "wall", "wall at work"}
    assert (costs.loc[sorted(CELL_STAGES), "jobs"] == len(CELLS)).all()


def test_a_cell_is_what_it_is_written_out_literally(finished):
    """From the matrices on, with the settings of the study and nothing of the library."""
    results = finished.copy.folder / "results"
    of_cell = {"recommender": "content", "method": "recrec", "group": 1, "rank": 15, "sampling": 20}
    config = yaml.safe_load((finished.copy.folder / "config.yaml").read_text("utf-8")) | tiny.STUDY
    table = pd.read_csv(results / "tables/cells.csv")
    rows = table[np.logical_and.reduce([table[name] == value for name, value in of_cell.items()])]
    matrices = Matrices.load(results / "data/tiny/matrices.npz")
    features, ratings = matrices.features.toarray(), matrices.ratings[matrices.members(1)].toarray()
    found = literal.baseline(ratings, features, config["candidates"], config["top_k"])
    selected = literal.select(
        *found, config["ranks"], config["items_per_rank"], config["max_top_share"], config["selection"]
    )
    expected = [(item, seed) for rank, item, _ in selected if rank == 15 for seed in config["seeds"]]
    assert list(zip(rows["item"], rows["seed"], strict=True)) == expected
    for _, row in rows[rows["seed"] == 2].iterrows():
        users = literal.sample(len(ratings), 20, 2)
        path = literal.compute_recourse(
            random_study.exact(features), random_study.exact(ratings[users]), row["item"], matrices.mutable,
            aggregate="mean", desired_rank=3, learning_rate=Fraction("0.05"), penalty=0, l1_step="proximal",
            max_iterations=500, candidates=config["candidates"],
        )  # fmt: skip
        path = path._replace(change=path.change.astype(float))
        assert (row["status"], row["iterations"], row["events"]) == (path.status, path.iterations, path.stretches)
        lists = row["item"], config["candidates"], config["top_k"]
        counted = users if config["thresholding"]["over"] == "sample" else np.arange(len(ratings))
        kept = literal.hard_threshold(
            features, ratings, row["item"], path.change, counted, *lists[1:], config["thresholding"]["keep"]
        )
        assert 0 < np.count_nonzero(kept) < np.count_nonzero(path.change)
        columns = literal.evaluate(
            features, ratings, row["item"], matrices.mutable, path.change, kept, *lists[1:], config["rbo_p"]
        )
        columns |= {
            "mean_rank_before": found.mean_rank[row["item"]], "top_share_before": found.top_share[row["item"]]
        }  # fmt: skip
        for name, value in columns.items():
            assert row[name] == pytest.approx(float(value), rel=1e-9), name


def test_synthetic_data_are_called_so(finished):
    text = (finished.copy.folder / "results/tables/tiny/recourses.txt").read_text("utf-8")
    assert text.startswith("Recourses on Tiny synthetic films (SYNTHETIC data)\n")
    for name in ("cells", "selection", "recourses", "datasets", "rbo_check"):
        table = pd.read_csv(finished.copy.folder / f"results/tables/{name}.csv")
        assert len(table) and table["synthetic"].all(), name


def test_every_job_leaves_a_log(finished):
    logs = finished.copy.folder / "results/logs"
    for stage in CELL_STAGES:
        found = list((logs / stage).rglob("*.log"))
        assert len(found) == len(CELLS)
        assert all("done, peak memory" in path.read_text("utf-8").splitlines()[-1] for path in found)
        records = [json.loads(path.with_suffix(".json").read_text("utf-8")) for path in found]
        assert all(told["rule"] == stage and told["outcome"] == "done" for told in records)


def test_a_data_set_is_named_by_a_path(finished):
    """The tiny data set's config lies outside workflow/datasets; its file name is its name."""
    folder = finished.copy.folder
    assert not (folder / "workflow/datasets/tiny.yaml").exists()
    assert (folder / "results/data/tiny/raw/ratings.csv").read_bytes() == (
        folder / "tiny/mirror/ratings.csv"
    ).read_bytes()


def test_a_second_call_does_nothing(finished):
    done = finished.copy.snakemake(FIGURES)
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in done.stdout
    assert not re.search(r"^(local)?rule ", done.stdout, re.MULTILINE)


def test_a_new_sampling_computes_only_its_cells(finished):
    with edited(finished.copy.folder / "tiny/study.yaml", more_samplings):
        jobs = finished.copy.planned(FIGURES)
    new = {f"{PAIR}, group={group}, rank={rank}, sampling=50" for group in GROUPS for rank in tiny.STUDY["ranks"]}
    for stage in CELL_STAGES:
        assert cells(jobs, stage) == new
    counts = rules(jobs)
    assert not EARLIER & counts.keys()
    assert counts.keys() >= LATER
    assert all(count == (3 if rule == "plot" else 1) for rule, count in counts.items() if rule not in CELL_STAGES)


def test_a_deleted_evaluation_is_planned_alone(finished):
    lost = finished.copy.folder / "results/evaluation/tiny/content/recrec/group1/rank15/sampling20.csv"
    kept = lost.with_suffix(".kept")
    lost.rename(kept)
    try:
        jobs = finished.copy.planned()  # without a target: the default one
    finally:
        kept.rename(lost)
    assert cells(jobs, "evaluate") == {f"{PAIR}, group=1, rank=15, sampling=20"}
    counts = rules(jobs)
    assert not (EARLIER | {"recourse", "hard_thresholding"}) & counts.keys()
    assert counts.keys() >= LATER
    assert all(count == (3 if rule == "plot" else 1) for rule, count in counts.items())


def test_a_deleted_recourse_is_computed_alone(finished):
    """Nothing but the cell's own stages and what reads them; and the bytes are the old ones."""
    folder = finished.copy.folder
    (folder / "results/recourse/tiny/content/recrec/group2/rank11/sampling100.npz").unlink()
    jobs = finished.copy.planned(FIGURES)
    for stage in CELL_STAGES:
        assert cells(jobs, stage) == {f"{PAIR}, group=2, rank=11, sampling=100"}
    assert not EARLIER & rules(jobs).keys()
    assert rules(jobs).keys() >= LATER
    again = run(finished.copy, 2).digests
    assert {path: again.get(path) for path in finished.digests} == finished.digests


def test_an_edit_in_the_library_runs_again_what_uses_it(finished):
    metrics = finished.copy.folder / "scripts/recrec/evaluation/measures.py"
    with edited(metrics, add_statement("rank_biased_overlap")):
        jobs = finished.copy.planned(FIGURES)
    assert cells(jobs, "evaluate") == CELLS
    assert not (EARLIER | {"recourse", "hard_thresholding"}) & rules(jobs).keys()
    assert rules(jobs).keys() >= LATER


def test_an_edit_of_the_solver_runs_again_from_there(finished):
    with edited(finished.copy.folder / "scripts/recrec/methods/recrec/leaping.py", add_statement("solve")):
        jobs = finished.copy.planned(FIGURES)
    for stage in CELL_STAGES:
        assert cells(jobs, stage) == CELLS
    assert not EARLIER & rules(jobs).keys()


def test_an_edit_of_prose_runs_nothing_again(finished):
    metrics = finished.copy.folder / "scripts/recrec/evaluation/measures.py"
    with edited(metrics, only_prose("rank_biased_overlap")):
        assert finished.copy.planned(FIGURES) == []


def test_sweep(finished):
    done = finished.copy.snakemake("results/sweep")
    assert done.returncode == 0, done.stdout
    table = pd.read_csv(finished.copy.folder / "results/sweep/sweep.csv")
    assert len(table) == 2 * 2 * 2, "two aggregates, two numbers of iterations, two samplings"
    chosen = table[table["chosen"]]
    assert set(chosen["aggregate"]) == {"mean"} and set(chosen["max_iterations"]) == {500} and len(chosen) == 2
    assert (finished.copy.folder / "results/sweep/tiny-content.png").exists()
    # The sweep is no cell: its settings at the chosen point give the cells' numbers.
    cells_ = pd.read_csv(finished.copy.folder / "results/tables/cells.csv")
    for sampling, success in zip(chosen["sampling"], chosen["success"], strict=True):
        assert success == pytest.approx(cells_.loc[cells_["sampling"] == sampling, "success"].mean(), rel=1e-12)


def test_benchmarks(finished):
    """Every figure of the benchmarks, from tables that have a row for each cell named in the config."""
    done = finished.copy.snakemake("results/benchmarks/figures")
    assert done.returncode == 0, done.stdout
    results = finished.copy.folder / "results/benchmarks"
    names = {"solvers", "growth", "roofline", "workflow", "device"}
    assert {path.stem for path in (results / "figures").iterdir()} == names
    table = pd.read_csv(results / "solvers.csv")
    printed = table[table["method"] == "printed"]
    assert set(zip(printed["group"], printed["rank"], printed["sampling"], strict=True)) == {
        (group, 15, sampling) for group in (1, 2) for sampling in (20, 100)
    }
    assert table["synthetic"].all()
    assert (table["ratio"] == table["seconds"] / table["leaping_seconds"]).all()
    exponents = pd.read_csv(results / "exponents.csv")
    assert set(exponents["dimension"]) == {"users", "items", "features", "sampled users"}
    assert (pd.read_csv(results / "machine.csv")[["copy_gb_s", "matrix_gflop_s"]] > 0).all(axis=None)


def test_gpu_without_a_device_is_one_clear_line(finished):
    if device_here():
        pytest.skip("there is a CUDA device")
    forced = ["--forcerun", "recourse", "--until", "recourse", "--config", "device=gpu"]
    done = finished.copy.snakemake(FIGURES, "--keep-going", *forced)
    assert done.returncode == 1
    assert "error: device: given gpu; CuPy" in done.stdout
    assert "gpu=1" in finished.copy.snakemake(FIGURES, "--dry-run", *forced).stdout, "its jobs ask for a device"
    assert "Traceback" not in done.stdout
    assert finished.copy.snakemake(FIGURES).returncode == 0
    log = finished.copy.folder / "results/logs/recourse/tiny/content/recrec/group1/rank11/sampling20.log"
    assert "device: cpu (CuPy" in log.read_text("utf-8"), "auto says what it took"


def device_here():
    """Whether CuPy finds a CUDA device."""
    with contextlib.suppress(ImportError):
        import cupy

        return cupy.is_available()
    return False


def test_a_run_says_little_and_what_it_came_to(finished):
    lines = finished.output.splitlines()
    assert len(lines) < 40 and max(map(len, lines)) < 250, finished.output
    assert re.search(r"^\d+ of \d+ jobs done in \d+", finished.output, re.MULTILINE)
    assert f"{len(CELLS)} computed, 0 reused" in finished.output
    assert "\r" not in finished.output and "\x1b" not in finished.output


def test_whoever_wants_every_job_hears_of_it(finished):
    done = finished.copy.snakemake("results/tables/cells.csv", "--forcerun", "cells_table", "--verbose")
    assert done.returncode == 0 and "rule cells_table:" in done.stdout and "jobs done in" not in done.stdout


def test_an_edit_of_a_script_runs_its_rule_again(finished):
    with edited(finished.copy.folder / "scripts/evaluate.py", lambda text: text + "\nassert True\n"):
        jobs = finished.copy.planned(FIGURES)
    assert len(cells(jobs, "evaluate")) == len(CELLS)
    assert not (EARLIER | {"recourse", "hard_thresholding"}) & rules(jobs).keys()
