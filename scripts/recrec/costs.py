"""What the workflow itself costs: from the benchmark files that Snakemake writes beside its jobs."""

import csv
from pathlib import Path
from typing import NamedTuple

#: Two jobs further apart than this belong to different runs of the workflow.
PAUSE = 30.0


class Job(NamedTuple):
    """One job: its rule, when it began and ended (seconds), and its peak memory (MiB)."""

    rule: str
    begin: float
    end: float
    memory: float


def read_job(path, folder):
    """The job of one benchmark file; the first folder level below `folder` names its rule."""
    path = Path(path)
    with open(path, encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file, delimiter="\t"))
    end = path.stat().st_mtime
    memory = float(row["max_rss"]) if row["max_rss"] not in ("NA", "-") else 0.0
    return Job(path.relative_to(folder).parts[0].removesuffix(".tsv"), end - float(row["s"]), end, memory)


def jobs(folder):
    """All jobs that have a benchmark file below a folder."""
    return [read_job(path, folder) for path in sorted(Path(folder).rglob("*.tsv"))]


def summarise(found):
    """Seconds in rules and seconds of overhead.

    Overhead is the time in which the workflow ran but one more job could have been running: for every run (jobs
    without a pause between them), the wall time times the most jobs seen side by side, less the time in jobs.

    Parameters
    ----------
    found : list of Job

    Returns
    -------
    list of (name, jobs, seconds, mean seconds, peak MiB)
        A row per rule, then `in rules`, `overhead` and `wall`.
    """
    rows = []
    for rule in sorted({job.rule for job in found}):
        mine = [job for job in found if job.rule == rule]
        seconds = sum(job.end - job.begin for job in mine)
        rows.append((rule, len(mine), seconds, seconds / len(mine), max(job.memory for job in mine)))
    wall = idle = 0.0
    for run in _runs(found):
        span = max(job.end for job in run) - min(job.begin for job in run)
        busy = sum(job.end - job.begin for job in run)
        wall += span
        idle += span * _side_by_side(run) - busy
    busy = sum(row[2] for row in rows)
    peak = max((row[4] for row in rows), default=0.0)
    rows.append(("in rules", len(found), busy, busy / max(1, len(found)), peak))
    rows.append(("overhead", len(found), idle, idle / max(1, len(found)), 0.0))
    rows.append(("wall", len(found), wall, wall / max(1, len(found)), peak))
    return rows


def _runs(found):
    runs, last = [], None
    for job in sorted(found, key=lambda job: job.begin):
        if last is None or job.begin - last > PAUSE:
            runs.append([])
        runs[-1].append(job)
        last = max(last or job.end, job.end)
    return runs


def _side_by_side(run):
    """The most jobs that ran at once."""
    events = sorted([(job.begin, 1) for job in run] + [(job.end, -1) for job in run])
    most = running = 0
    for _, change in events:
        running += change
        most = max(most, running)
    return most
