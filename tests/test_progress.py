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

    @property
    def said(self):
        return self.stream.getvalue()


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
    record(log, "evaluate", Named(["1"], {"group": "1"}), 1.0, 2.0, "refused", "config.yaml: top_k: given 9")
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
        record(log, "evaluate", Named(), 1.0, 2.0, "interrupted", "interrupted")
        run.start(number)
        run.fail(number, log)
    assert run.said == "21 jobs to do\n"
    run.progress.close_run(error=True)
    assert run.said.splitlines()[-1] == "stopped: interrupted"


def test_what_goes_wrong_in_telling_does_not_stop_the_run(run, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    run.finish(99)  # of which nobody has heard
    run.start(1)
    run.finish(1)
    assert run.progress.finished["evaluate"] == 1
