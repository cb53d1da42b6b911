"""Whole runs on the tiny data set: with one core and more, stopped and taken up again, without the profile, refused."""

import contextlib
import os
import re
import signal
import time

import pytest
import tiny
from conftest import FIGURES, run, session


def test_one_core_and_four_give_the_same_bytes(finished, copy_workflow):
    alone = run(copy_workflow("cores1"), 1)
    assert len(alone.digests) > 3 * 2 * 2 * 2, "three files of each cell, at least"
    assert {path.rpartition(".")[2] for path in alone.digests} >= {"csv", "npz", "npy", "txt", "png", "pdf"}
    differing = {
        path
        for path in alone.digests.keys() | finished.digests.keys()
        if alone.digests.get(path) != finished.digests.get(path)
    }
    assert not differing


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_run_that_is_stopped_goes_on_from_there(finished, copy_workflow, number):
    """All its processes get the signal, as from a terminal or a shutdown; none stays, and the bytes are the same."""
    copy = copy_workflow(f"stopped{number}")
    process = copy.start(FIGURES)
    try:
        evaluated = copy.folder / "results/evaluation"
        end = time.monotonic() + 240
        while not list(evaluated.rglob("*.csv")):
            assert process.poll() is None and time.monotonic() < end, "it ends, or nothing comes"
            time.sleep(0.02)
        os.killpg(process.pid, number)
        said = process.communicate(timeout=120)[0]
        assert process.returncode != 0
        end = time.monotonic() + 60
        while session(process.pid):
            assert time.monotonic() < end, session(process.pid)
            time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert "Traceback" not in said and "error: " not in said, said
    if number != signal.SIGKILL:
        assert "they are kept, and the same command goes on from there" in said
        assert not list(copy.folder.rglob(".part-*"))
    done = copy.snakemake(FIGURES, *(["--unlock"] if number == signal.SIGKILL else []))
    assert done.returncode == 0, done.stdout
    assert run(copy, 2).digests == finished.digests
    assert not list(copy.folder.rglob(".part-*"))


def test_without_the_default_profile_jobs_run_too_and_a_line_says_so(finished):
    run_ = ["results/tables/cells.csv", "--forcerun", "cells_table", "--workflow-profile", "none"]
    done = finished.copy.snakemake(*run_)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("--force-use-threads") == 1


def test_a_data_set_is_described_before_any_recourse(copy_workflow):
    copy = copy_workflow("described")
    done = copy.snakemake("results/datasets/tiny")
    assert done.returncode == 0, done.stdout
    text = (copy.folder / "results/datasets/tiny/summary.txt").read_text("utf-8")
    assert "SYNTHETIC" in text and text in done.stdout
    assert re.search(rf"^ *{tiny.USERS} users$", text, re.MULTILINE)
    assert re.search(rf"^ *{tiny.ITEMS} items$", text, re.MULTILINE)
    assert {path.name for path in (copy.folder / "results").iterdir()} == {
        *("baseline", "data", "datasets", "logs", "model")
    }


def test_a_file_that_is_not_the_expected_one_stops_the_run(copy_workflow):
    """The damaged file is the last one, so that others lie there already when it is refused."""
    copy = copy_workflow("damaged")
    with open(copy.folder / "tiny/mirror/users.csv", "a", encoding="utf-8") as file:
        file.write("u60,30\n")
    done = copy.snakemake(FIGURES)
    assert done.returncode == 1
    told = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert len(told) == 1 and "users.csv" in told[0] and "wrong checksum" in told[0], done.stdout
    assert "Traceback" not in done.stdout
    log = (copy.folder / "results/logs/download/tiny.log").read_text("utf-8")
    assert len([line for line in log.splitlines() if "error: " in line]) == 1
    assert log.endswith(f"{told[0]}\n") and "Traceback" not in log
    assert [path.name for path in sorted((copy.folder / "results").rglob("*")) if path.is_file()] == [
        *("tiny.json", "tiny.log")
    ], done.stdout
    assert done.stdout.splitlines()[-1].endswith(told[0].removeprefix("error: ")), "the reason is the last word"
    assert not (copy.folder / "results/data/tiny/raw").exists()
