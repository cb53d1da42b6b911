"""What a run says, told from the events that Snakemake tells its log handlers."""

import io
import logging
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("snakemake_interface_logger_plugins")
from snakemake_interface_logger_plugins.common import LogEvent

from recrec.workflow import progress
from recrec.workflow.job import record
from recrec.workflow.pool import Named

QUIET = SimpleNamespace(
    dryrun=False, quiet=None, verbose=False, printshellcmds=False, debug_dag=False, show_failed_logs=False
)
STATS = {"featurize": 1, "evaluate": 20, "total": 21}


class Run:
    """A logger with Snakemake's kind of handler, and a progress in its place.

    Parameters
    ----------
    terminal : bool
    """

    def __init__(self, terminal=False):
        self.stream = io.StringIO()
        self.stream.isatty = lambda: terminal
        self.log = logging.Logger("run", logging.INFO)
        self.log.addHandler(logging.StreamHandler(self.stream))
        self.progress = progress.attach(self.log, QUIET)

    def tell(self, event=None, message="", level=logging.INFO, **parts):
        self.log.log(level, message, extra={"event": event, **parts} if event else parts)

    def start(self, number, rule="evaluate", **wildcards):
        self.tell(LogEvent.JOB_INFO, jobid=number, rule_name=rule, wildcards=wildcards)

    def finish(self, number):
        self.tell(LogEvent.JOB_FINISHED, job_id=number)

    def fail(self, number, log, rule="evaluate", message="Error in rule evaluate, jobid: 3"):
        parts = {"rule_name": rule, "jobid": number, "log": [str(log)], "rule_msg": None, "aux": {}}
        self.tell(LogEvent.JOB_ERROR, message, logging.ERROR, **parts)

    def fail_group(self, logs, told=("slurm.log",)):
        """As Snakemake does: an error of the group, then one of each of its jobs, in the order of the rules."""
        parts = {"rule_name": "evaluate", "rule_msg": None, "aux": {"external_jobid": "17"}, "indent": True}
        jobs = [{**parts, "jobid": number, "log": [str(log)]} for number, log in enumerate(logs)]
        group = {"groupid": "cells", "aux_logs": list(told), "job_error_info": jobs, "external_jobid": "17"}
        self.tell(LogEvent.GROUP_ERROR, "Error in group cells", logging.ERROR, **group)
        for number, log in enumerate(logs):
            self.fail(number, log)

    @property
    def said(self):
        return self.stream.getvalue()


def leave(log, outcome, error=None, ago=0.0):
    """The record of a job that has just ended, or some seconds ago."""
    now = time.time() - ago
    record(log, "evaluate", Named(), now, now, outcome, error)


@pytest.fixture
def run():
    run = Run()
    run.tell(LogEvent.RUN_INFO, "Job stats: a long table", stats=STATS)
    return run


@pytest.mark.parametrize("asked", [name for name in vars(QUIET)])
def test_whoever_asks_for_more_or_less_hears_snakemake(asked):
    log = logging.Logger("run")
    log.addHandler(logging.StreamHandler(io.StringIO()))
    assert progress.attach(log, SimpleNamespace(**{**vars(QUIET), asked: True})) is None
    assert len(log.handlers) == 1 and not log.handlers[0].filters


def test_the_log_file_of_snakemake_keeps_everything(tmp_path):
    log = logging.Logger("run")
    log.addHandler(logging.FileHandler(tmp_path / "log"))
    assert progress.attach(log, QUIET) is None, "a logger plugin tells the run"
    log.addHandler(logging.StreamHandler(io.StringIO()))
    assert progress.attach(log, QUIET)
    log.warning("lines", extra={"event": LogEvent.RUN_INFO, "stats": STATS})
    log.warning("more")
    assert (tmp_path / "log").read_text() == "lines\nmore\n"


def test_before_the_jobs_snakemake_speaks_but_of_no_machine():
    run = Run()
    run.tell(message="Building DAG of jobs...")
    run.tell(LogEvent.WORKFLOW_STARTED, "host: x")
    run.tell(LogEvent.RESOURCES_INFO, "Provided cores: 2")
    run.tell(LogEvent.ERROR, "WorkflowError: no such rule", logging.ERROR)
    assert run.said == "Building DAG of jobs...\nWorkflowError: no such rule\n"


def test_lines_come_now_and_then_with_the_rules_that_are_not_through(run, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    run.start(0, "featurize")
    now += 5.0
    run.finish(0)
    assert run.said == "21 jobs to do\n", "one of 21 in five seconds is nothing to speak of"
    for number in range(1, 21):
        run.start(number)
        now += 2.0
        run.finish(number)
        assert run.progress.finished["evaluate"] == number
    lines = run.said.splitlines()[1:]
    assert lines[0] == "3 of 21 jobs, about 54 s left: evaluate 2/20", "three in nine seconds"
    assert lines[1] == "6 of 21 jobs, about 30 s left: evaluate 5/20", "at the last pace"
    assert len(lines) == 6 and all(line.count("\n") == 0 for line in lines)
    run.progress.close_run()
    assert run.said.splitlines()[-1] == "21 of 21 jobs done in 45 s"
    assert not {"\r", "\x1b"} & set(run.said)


def test_a_slow_job_is_told_of_after_some_seconds(run, monkeypatch):
    now = time.monotonic() + progress.SECONDS + 5
    monkeypatch.setattr(time, "monotonic", lambda: now)
    run.start(1)
    run.finish(1)
    assert run.said.splitlines()[-1] == "1 of 21 jobs: evaluate 1/20", "one job says nothing of the others"


def test_a_terminal_has_one_line_that_is_rewritten():
    run = Run(terminal=True)
    run.tell(LogEvent.RUN_INFO, stats=STATS)
    for number in range(4):
        run.start(number)
        run.finish(number)
        time.sleep(0.15)
    assert "\n" not in run.said and "of 21 jobs" in run.said and "evaluate " in run.said
    run.progress.write("between", run.stream)
    assert "\rbetween\n" in run.said.replace(" ", "")
    run.progress.close_run()
    assert run.said.endswith("4 of 21 jobs done in 1 s\n") or "4 of 21 jobs done in" in run.said.splitlines()[-1]


def test_a_refusal_is_one_line_and_the_last_word(run, tmp_path):
    log = tmp_path / "x.log"
    leave(log, "refused", "config.yaml: top_k: given 9")
    run.start(3, group="1", rank="11")
    run.tell(
        LogEvent.ERROR,
        "RuleException:\nJobFailed in file evaluate.smk: config.yaml: top_k",
        logging.ERROR,
        exception="RuleException",
    )
    run.fail(3, log)
    run.tell(message="Exiting because a job execution failed. Look above for error messages", level=logging.ERROR)
    run.progress.close_run(error=True)
    run.tell(LogEvent.ERROR, "WorkflowError: At least one job did not complete successfully.", logging.ERROR)
    assert run.said.splitlines() == [
        "21 jobs to do",
        "error: config.yaml: top_k: given 9",
        "    in evaluate (group=1, rank=11)",
        f"    log: {log}",
        "0 of 21 jobs done; they are kept, and the same command goes on from there",
        "stopped: evaluate (group=1, rank=11): config.yaml: top_k: given 9",
    ]


def test_other_errors_are_told_in_full(run, tmp_path):
    run.start(3)
    run.tell(
        LogEvent.ERROR,
        "MissingOutputException in rule evaluate:\n  a.csv is missing",
        logging.ERROR,
        exception="MissingOutputException",
    )
    run.fail(3, tmp_path / "none.log")
    assert "MissingOutputException in rule evaluate:\n  a.csv is missing\n" in run.said
    assert "error: it left no word on why\n    in evaluate\n" in run.said
    run.tell(message="a warning", level=logging.WARNING)
    assert run.said.endswith("a warning\n")


def test_an_interrupt_is_told_once(run, tmp_path):
    for number in range(3):
        log = tmp_path / f"{number}.log"
        leave(log, "interrupted", "interrupted")
        run.start(number)
        run.fail(number, log)
    assert run.said == "21 jobs to do\n"
    run.progress.close_run(error=True)
    assert run.said.splitlines()[-1] == "stopped: interrupted"


@pytest.fixture
def group(run, tmp_path):
    """The logs of sixty jobs that one job of a cluster was to run."""
    for number in range(60):
        run.start(number, rank=str(number))
    return [tmp_path / f"{number}.log" for number in range(60)]


def test_a_group_that_fails_is_told_by_the_job_that_failed(run, group):
    for log in group[:41]:
        leave(log, "done")
    leave(group[41], "failed", "ValueError: no")
    leave(group[42], "done", ago=3600.0)  # of a former run
    leave(group[43], "refused", "config.yaml: mended since", ago=3600.0)
    run.fail_group(group)
    run.progress.close_run(error=True)
    assert run.said.splitlines() == [
        "21 jobs to do",
        "error: ValueError: no",
        "    in evaluate (rank=41)",
        "    an error in the program: its log has the whole of it",
        "    external_jobid: 17",
        f"    log: {group[41]}",
        "    log: slurm.log",
        "18 of the 60 jobs of the group were not run, or not to their end",
        "0 of 21 jobs done; they are kept, and the same command goes on from there",
        "stopped: evaluate (rank=41): ValueError: no",
    ]


def test_one_reason_of_many_jobs_is_told_once(run, group):
    for log in group:
        leave(log, "refused", "config.yaml: top_k: given 9")
    leave(group[7], "killed", "its process was killed")
    run.fail_group(group)
    assert run.said.count("error: ") == 2 and "not run" not in run.said
    assert run.said.splitlines()[1:3] == [
        "error: config.yaml: top_k: given 9",
        "    in evaluate (rank=0) and 58 more of its group",
    ]
    assert "error: its process was killed\n    in evaluate (rank=7)\n" in run.said


@pytest.mark.parametrize("done", [0, 59, 60])
def test_a_group_that_left_no_word(run, group, done):
    for log in group[:done]:
        leave(log, "done")
    run.fail_group(group)
    lines = run.said.splitlines()[1:]
    assert lines[:4] == [
        f"error: {progress.NO_WORD_OF_GROUP}",
        "    in group cells",
        "    external_jobid: 17",
        "    log: slurm.log",
    ]
    unrun = [f"{60 - done} of the 60 jobs of the group were not run, or not to their end"]
    assert lines[4:] == unrun[: 60 - done]


def test_a_group_that_was_interrupted(run, group):
    leave(group[0], "interrupted", "interrupted")
    run.fail_group(group)
    run.progress.close_run(error=True)
    assert "error: " not in run.said and run.said.splitlines()[-1] == "stopped: interrupted"


def test_a_job_of_a_group_may_fail_by_itself_another_time(run, group):
    run.fail_group(group[:1])
    leave(group[0], "refused", "x")
    run.fail(0, group[0])
    assert "error: x\n    in evaluate (rank=0)\n" in run.said


def test_the_record_of_a_former_run_is_not_this_ones_reason(run, tmp_path):
    leave(tmp_path / "x.log", "refused", "config.yaml: mended since", ago=3600.0)
    run.start(3)
    run.fail(3, tmp_path / "x.log")
    assert "mended" not in run.said and f"error: {progress.NO_WORD}\n" in run.said


def test_what_goes_wrong_in_telling_does_not_stop_the_run(run, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    run.finish(99)  # of which nobody has heard
    run.start(1)
    run.finish(1)
    assert run.progress.finished["evaluate"] == 1
