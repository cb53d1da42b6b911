"""What the workflow itself costs: from the benchmark files and logs that Snakemake and the jobs leave."""

import csv
import re
from pathlib import Path
from typing import NamedTuple

#: The last line of a job's log (`job.job`).
DONE = re.compile(r"done, peak memory (\d+) MiB, of ([\d.]+) s ([\d.]+) s for files")


class Job(NamedTuple):
    """One job.

    Attributes
    ----------
    rule : str
    begin, end : float
        Seconds since the epoch.
    memory : float
        Peak, in MiB.
    starting, files, work : float
        Seconds until the script's own work began (process, imports), of reading and writing files, and the rest.
    """

    rule: str
    begin: float
    end: float
    memory: float
    starting: float
    files: float
    work: float


def read_job(path):
    """The job of a benchmark file, ``.../benchmarks/RULE[/...].tsv``, and of the log at the same place under ``logs``.

    Snakemake looks at a job's memory now and then and misses the short ones; the job itself knows its peak.
    """
    path = Path(path)
    with open(path, encoding="utf-8", newline="") as file:
        seconds = float(next(csv.DictReader(file, delimiter="\t"))["s"])
    end = path.stat().st_mtime
    parts = path.with_suffix(".log").parts
    place = len(parts) - 1 - parts[::-1].index("benchmarks")
    log = Path(*parts[:place], "logs", *parts[place + 1 :])
    said = DONE.findall(log.read_text("utf-8")) if log.is_file() else []
    memory, inside, files = map(float, said[-1]) if said else (0.0, seconds, 0.0)
    inside = min(inside, seconds)
    return Job(Path(parts[place + 1]).stem, end - seconds, end, memory, seconds - inside, files, inside - files)


class Cost(NamedTuple):
    """What some jobs cost: a row of the table. Times in seconds, `starting` to `work` as in `Job`."""

    rule: str
    jobs: int
    seconds: float
    mean_seconds: float
    starting: float
    files: float
    work: float
    peak_mib: float


def summarise(found, started):
    """Seconds in rules and seconds of overhead.

    Parameters
    ----------
    found : list of Job
        All jobs that the present results come from; some may have run long ago.
    started : float
        When the present run of the workflow began.

    Returns
    -------
    list of Cost
        A row per rule, for all jobs. Then for the present run alone: `in rules`, its jobs' seconds; `wall`, the seconds
        from its beginning to the end of its last job; `overhead`, the seconds that its processors could have been
        running jobs but were not: wall time times the most jobs that ran at once, less the jobs' seconds.
    """
    rows = [_row(rule, [job for job in found if job.rule == rule]) for rule in sorted({job.rule for job in found})]
    present = [job for job in found if job.begin >= started]
    in_rules = _row("in rules", present)
    wall = max((job.end for job in present), default=started) - started
    idle = wall * _side_by_side(present) - in_rules.seconds
    number = len(present)
    return [
        *rows,
        in_rules,
        Cost("wall", number, wall, wall / max(1, number), 0.0, 0.0, 0.0, in_rules.peak_mib),
        Cost("overhead", number, idle, idle / max(1, number), 0.0, 0.0, 0.0, 0.0),
    ]


def _row(name, jobs):
    seconds, starting, files, work = (
        (sum(values) for values in zip(*((job.end - job.begin, *job[4:]) for job in jobs), strict=True))
        if jobs
        else (0.0, 0.0, 0.0, 0.0)
    )
    peak = max((job.memory for job in jobs), default=0.0)
    return Cost(name, len(jobs), seconds, seconds / max(1, len(jobs)), starting, files, work, peak)


def _side_by_side(jobs):
    """The most jobs that ran at once."""
    events = sorted([(job.begin, 1) for job in jobs] + [(job.end, -1) for job in jobs])
    most = running = 0
    for _, change in events:
        running += change
        most = max(most, running)
    return most
