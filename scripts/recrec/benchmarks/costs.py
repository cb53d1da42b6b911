"""What the workflow itself costs: from the records that its jobs leave beside their logs."""

import json
from pathlib import Path
from typing import NamedTuple

#: What a study is for, by its rules.
STAGES = {
    "solver": ["recourse", "hard_thresholding"],
    "evaluation": ["evaluate", "rank_baseline", "rbo_check"],
    "plotting": ["plot", "plot_comparison"],
}
#: The rows that are no rules.
TOTALS = ("in rules", "wall", "wall at work", "overhead")


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


def read_jobs(logs):
    """The jobs whose logs these are, from the records beside them; without those that left none or did not end well.

    Parameters
    ----------
    logs : iterable of paths
        ``x.log``, beside each a line of JSON, ``x.json`` (`recrec.workflow.job.record`).

    Returns
    -------
    list of Job
    """
    places = [Path(log).with_suffix(".json") for log in logs]
    records = [json.loads(path.read_text("utf-8")) for path in places if path.is_file()]
    return [
        Job(*(told[name] for name in ("rule", "begin", "end", "peak_mib", "starting", "files", "work")))
        for told in records
        if told["outcome"] == "done"
    ]


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
        from its beginning to the end of its last job; `wall at work`, those of them in which a job of `STAGES` was past
        its start; `overhead`, the seconds that its processors could have been running jobs but were not: wall time
        times the most jobs that ran at once, less the jobs' seconds.
    """
    rows = [_row(rule, [job for job in found if job.rule == rule]) for rule in sorted({job.rule for job in found})]
    present = [job for job in found if job.begin >= started]
    in_rules = _row("in rules", present)
    wall = max((job.end for job in present), default=started) - started
    idle = wall * _side_by_side(present) - in_rules.seconds
    number = len(present)
    working = [job for job in present if any(job.rule in rules for rules in STAGES.values())]
    at_work = _covered([(job.begin + job.starting, job.end) for job in working])
    return [
        *rows,
        in_rules,
        Cost("wall", number, wall, wall / max(1, number), 0.0, 0.0, 0.0, in_rules.peak_mib),
        Cost("wall at work", len(working), at_work, at_work / max(1, len(working)), 0.0, 0.0, 0.0, 0.0),
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


def _covered(spans):
    """Seconds that are part of some span."""
    covered, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        covered += max(0.0, end - max(begin, until))
        until = max(until, end)
    return covered
