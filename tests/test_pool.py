"""Scripts that the pool's processes run do what scripts in a Python of their own would, whatever happens to them."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from conftest import session

from recrec.workflow import pool
from recrec.workflow.pool import JobFailed, Named, Pool, ScriptJob, run_alone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]
SECONDS = 60
HEAD = """
import os, signal, time
from pathlib import Path
from recrec.errors import InputError
from recrec.storage import write_text
from recrec.workflow.job import job
"""


#: Rules whose jobs share processes, here as in the rule files.
KEEP = {"recourse": "device", "hard_thresholding": "device", "evaluate": "host"}


class Processes(Pool):
    """A pool that is told by the rule's name which jobs share processes."""

    def run(self, job):
        return super().run(job, KEEP.get(job.rule))


@pytest.fixture(scope="module")
def processes():
    """A pool that imports nothing beforehand. The signals of the tests go to its workers alone."""
    before = dict(os.environ)
    pool.prepare_environment()
    main = vars(sys.modules["__main__"]).copy()
    processes = Processes(preload=())
    yield processes
    vars(sys.modules["__main__"]).update(main)
    os.environ.clear()
    os.environ.update(before)


def script_job(folder, rule, code, number=0, **params):
    """A job of a script, with one output and one log."""
    folder.mkdir(exist_ok=True)
    script = folder / f"{rule}.py"
    script.write_text(HEAD + textwrap.dedent(code))
    (folder / "logs").mkdir(exist_ok=True)
    empty = Named()
    return ScriptJob(
        str(script), empty, Named([str(folder / f"out{number}")]), Named(params.values(), params),
        Named(["1"], {"group": "1"}), Named([1], {"gpu": 1}), Named([str(folder / f"logs/{rule}{number}.log")]), 1,
        {"top_k": 5},
    )  # fmt: skip


def told(job):
    """The record of a job."""
    return json.loads(Path(job.log[0]).with_suffix(".json").read_text("utf-8"))


def until(condition):
    """Wait until something is so."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return True


def lives(process):
    """Whether there is such a process, and it has not ended."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def in_thread(function, *arguments):
    """Start a call; what it returns or raises is in the list once the thread has ended."""
    result = []

    def call():
        try:
            result.append(function(*arguments))
        except Exception as error:
            result.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    return thread, result


WHOAMI = """
with job(snakemake) as log:
    write_text(snakemake.output[0], str(os.getpid()))
"""
WAITS = """
from recrec.storage import atomic_write
with job(snakemake) as log, atomic_write(snakemake.output[0]) as temporary:
    temporary.write_text("half")
    Path(snakemake.params.mark).write_text(str(os.getpid()))
    end = time.monotonic() + snakemake.params.seconds
    while time.monotonic() < end:
        time.sleep(0.02)
"""


def worker_of(mark):
    """The process of a job that waits."""
    until(lambda: mark.exists() and mark.read_text())
    return int(mark.read_text())


def test_named_parts_are_those_of_snakemake():
    io = pytest.importorskip("snakemake.iocontainers")
    theirs = io.InputFiles(fromdict={"index": "a.csv", "cells": ["b", "c"]})
    theirs.append("d")
    ours = pickle.loads(pickle.dumps(Named.of(theirs)))
    assert list(ours) == list(theirs)
    assert ours.cells == theirs.cells == ours["cells"] and ours.index == ours[0] == "a.csv"
    assert list(ours.items()) == list(theirs.items()) and list(ours.keys()) == list(theirs.keys())
    assert ours.get("none", 3) == 3
    assert not any("snakemake" in type(part).__module__ for part in (ours, *ours, *ours.cells))


def test_a_script_finds_what_snakemake_would_give_it(processes, tmp_path):
    code = """
    with job(snakemake) as log:
        log.info("12 %s", "items")
        print("hello")
        write_text(snakemake.output[0], repr((
            snakemake.params.seeds, snakemake.params["seeds"], snakemake.wildcards.group, snakemake.resources.gpu,
            snakemake.threads, snakemake.config["top_k"], snakemake.rule, __name__, os.getcwd(),
        )))
    """
    job = script_job(tmp_path, "plot", code, seeds=[1, 2])
    for run in (processes.run, run_alone):
        assert run(job) == "hello\n"
        found = Path(job.output[0]).read_text()
        assert found == repr(([1, 2], [1, 2], "1", 1, 1, 5, "plot", "__main__", os.getcwd()))
        lines = Path(job.log[0]).read_text().splitlines()
        assert lines[0].endswith(" s  12 items") and "done, peak memory" in lines[1] and len(lines) == 2
        record = told(job)
        assert (record["rule"], record["wildcards"], record["outcome"]) == ("plot", {"group": "1"}, "done")
        assert record["begin"] == pytest.approx(job.launched)
        spent = record["starting"] + record["files"] + record["work"]
        assert record["end"] - record["begin"] == pytest.approx(spent) and record["files"] > 0


def test_the_scripts_of_cells_share_processes_and_the_others_have_their_own(processes, tmp_path):
    found = {}
    for number in range(2):
        for rule in ("recourse", "hard_thresholding", "evaluate", "plot"):
            job = script_job(tmp_path, rule, WHOAMI, number)
            processes.run(job)
            found[rule, number] = int(Path(job.output[0]).read_text())
    device = {found[rule, number] for rule in ("recourse", "hard_thresholding") for number in range(2)}
    assert len(device) == 1, "one process has the device"
    assert found["evaluate", 0] == found["evaluate", 1] not in device
    assert len(set(found.values())) == 4 and os.getpid() not in found.values()


def test_jobs_at_the_same_time_have_a_process_each(processes, tmp_path):
    code = """
    with job(snakemake):
        Path(snakemake.params.mark).write_text(str(os.getpid()))
        while len([path for path in Path(snakemake.params.mark).parent.iterdir()]) < 3: time.sleep(0.01)
    """
    marks = tmp_path / "marks"
    marks.mkdir()
    jobs = [script_job(tmp_path / "x", "recourse", code, number, mark=str(marks / str(number))) for number in range(3)]
    threads = [in_thread(processes.run, job) for job in jobs]
    for thread, result in threads:
        thread.join(SECONDS)
        assert result == [""]
    assert len({path.read_text() for path in marks.iterdir()}) == 3


@pytest.mark.parametrize("rule", ["recourse", "plot"])
@pytest.mark.parametrize("way", ["run", "alone"])
@pytest.mark.parametrize(
    ("code", "outcome", "error"),
    [
        ("with job(snakemake): raise InputError('top_k: given 9')", "refused", "^top_k: given 9$"),
        ("raise InputError('before it began')", "refused", "^before it began$"),
        ("with job(snakemake): 1 / 0", "failed", "recourse.py|plot.py"),
        ("import no_such_library", "failed", "No module named 'no_such_library'"),
        ("with job(snakemake): raise SystemExit(3)", "failed", "SystemExit: 3"),
        ("with job(snakemake): raise KeyboardInterrupt", "interrupted", "^interrupted$"),
        ("with job(snakemake): os.kill(os.getpid(), signal.SIGKILL)", "killed", f"^{pool.KILLED.replace('?', '.')}$"),
    ],
)
def test_how_a_job_fails(processes, tmp_path, rule, way, code, outcome, error):
    job = script_job(tmp_path, rule, code)
    with pytest.raises(JobFailed, match=error) as failed:
        (processes.run if way == "run" else run_alone)(job)
    assert told(job)["outcome"] == outcome
    assert "pool.py" not in str(failed.value), "a traceback begins with the script"
    log = Path(job.log[0]).read_text()
    if outcome in ("refused", "killed"):
        assert log.count("error: ") == 1 and "Traceback" not in log and "\n" not in str(failed.value)
        assert told(job)["error"] == str(failed.value)
    job = script_job(tmp_path, rule, WHOAMI)
    assert processes.run(job) == "" and told(job)["outcome"] == "done", "the next one is as good as ever"


def test_jobs_share_a_process_only_where_they_are_told_to(processes, tmp_path):
    found = []
    for number, keep in enumerate(("a", "a", "b", None, None)):
        job = script_job(tmp_path, "recourse", WHOAMI, number)
        Pool.run(processes, job, keep)
        found.append(Path(job.output[0]).read_text())
    assert found[0] == found[1] and len(set(found)) == 4


SLOW_START = """
import os, time
with open(os.environ["MARK"], "w") as mark:
    mark.write(str(os.getpid()))
time.sleep(0.5)
"""


@pytest.mark.parametrize("when", ["starting", "running"])
@pytest.mark.parametrize(
    ("number", "outcome", "error"),
    [
        (signal.SIGINT, "interrupted", "interrupted"),
        (signal.SIGTERM, "killed", "its process was ended by SIGTERM; a time limit, or scancel?"),
        (signal.SIGKILL, "killed", "its process was killed; out of memory?"),
        (signal.SIGABRT, "killed", "its process was ended by signal 6 (Aborted)"),
    ],
)
def test_a_signal_to_a_job_without_a_pool(processes, tmp_path, monkeypatch, capfd, when, number, outcome, error):
    mark = tmp_path / "mark"
    job = script_job(tmp_path / "hit", "plot", WAITS, mark=str(mark), seconds=SECONDS)
    if when == "starting":
        (tmp_path / "sitecustomize.py").write_text(SLOW_START)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setenv("MARK", str(mark))
    thread, result = in_thread(run_alone, job)
    os.kill(worker_of(mark), number)
    thread.join(SECONDS)
    assert str(result[0]) == error and told(job)["outcome"] == outcome
    assert not list((tmp_path / "hit").glob(".part-*")) and not Path(job.output[0]).exists()
    assert "Traceback" not in capfd.readouterr().err


def test_a_python_that_does_not_start_is_not_out_of_memory(processes, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(JobFailed, match=r"^its process ended with exit status 3$"):
        run_alone(script_job(tmp_path, "plot", WHOAMI))


def test_a_process_whose_script_failed_takes_no_other(processes, tmp_path):
    with pytest.raises(JobFailed):
        processes.run(script_job(tmp_path, "recourse", f"{WHOAMI}\n1 / 0"))
    failed = (tmp_path / "out0").read_text()
    processes.run(script_job(tmp_path, "recourse", WHOAMI))
    assert (tmp_path / "out0").read_text() != failed


@pytest.mark.parametrize("rule", ["recourse", "plot"])
def test_a_job_whose_process_is_killed_runs_again_and_harms_no_other(processes, tmp_path, rule):
    mark, other = tmp_path / "mark", tmp_path / "other"
    calm = script_job(tmp_path / "calm", rule, WAITS, mark=str(other), seconds=1.0)
    job = script_job(tmp_path / "hit", rule, WAITS, mark=str(mark), seconds=1.0)
    threads = [in_thread(processes.run, one) for one in (calm, job)]
    victim = worker_of(mark)
    worker_of(other)
    os.kill(victim, signal.SIGKILL)
    for thread, result in threads:
        thread.join(SECONDS)
        assert result == [""]
    assert int(mark.read_text()) != victim
    for one in (calm, job):
        assert Path(one.output[0]).read_text() == "half" and told(one)["outcome"] == "done"
        assert not list(Path(one.output[0]).parent.glob(".part-*"))


def test_a_job_killed_twice_leaves_nothing(processes, tmp_path):
    mark = tmp_path / "mark"
    job = script_job(tmp_path / "hit", "recourse", WAITS, mark=str(mark), seconds=SECONDS)
    thread, result = in_thread(processes.run, job)
    for _ in range(2):
        victim = worker_of(mark)
        mark.unlink()
        os.kill(victim, signal.SIGKILL)
    thread.join(SECONDS)
    assert str(result[0]) == pool.KILLED
    assert not list((tmp_path / "hit").glob(".part-*")) and not Path(job.output[0]).exists()


def test_a_process_killed_while_idle_is_no_jobs_fault(processes, tmp_path):
    for number in range(3):
        job = script_job(tmp_path, "evaluate", WHOAMI, number)
        processes.run(job)
        victim = int(Path(job.output[0]).read_text())
        os.kill(victim, signal.SIGKILL)
        until(lambda victim=victim: not lives(victim))
    assert processes.run(script_job(tmp_path, "evaluate", WHOAMI)) == ""


def test_an_interrupt_ends_a_job_not_its_idle_process(processes, tmp_path, capfd):
    first = script_job(tmp_path, "evaluate", WHOAMI)
    processes.run(first)
    worker = int(Path(first.output[0]).read_text())
    os.kill(worker, signal.SIGINT)
    time.sleep(0.3)
    processes.run(script_job(tmp_path, "evaluate", WHOAMI, 1))
    assert int((tmp_path / "out1").read_text()) == worker

    mark = tmp_path / "mark"
    job = script_job(tmp_path / "hit", "evaluate", WAITS, mark=str(mark), seconds=SECONDS)
    thread, result = in_thread(processes.run, job)
    os.kill(worker_of(mark), signal.SIGINT)
    thread.join(SECONDS)
    assert str(result[0]) == "interrupted" and told(job)["outcome"] == "interrupted"
    assert not list((tmp_path / "hit").glob(".part-*")) and not Path(job.output[0]).exists()
    assert capfd.readouterr().err == ""


def test_a_job_handed_over_before_an_interrupt_does_not_begin(monkeypatch, tmp_path):
    job = script_job(tmp_path, "evaluate", WHOAMI)
    monkeypatch.setattr(pool, "_interrupted", job.launched + 1)
    assert pool.run_script(job).error == "interrupted"
    assert not Path(job.output[0]).exists() and told(job)["outcome"] == "interrupted"


def test_a_request_to_end_lets_running_jobs_finish(processes, tmp_path):
    mark = tmp_path / "mark"
    job = script_job(tmp_path / "hit", "recourse", WAITS, mark=str(mark), seconds=1.0)
    thread, result = in_thread(processes.run, job)
    os.kill(worker_of(mark), signal.SIGTERM)
    thread.join(SECONDS)
    assert result == [""] and Path(job.output[0]).read_text() == "half"


def test_the_peak_is_the_jobs_own(processes, tmp_path):
    code = """
    with job(snakemake):
        kept = bytearray(snakemake.params.mib << 20)
        for place in range(0, len(kept), 4096): kept[place] = 1
        del kept
    """
    peaks = []
    for number, mib in enumerate((1, 300, 1)):
        job = script_job(tmp_path, "evaluate", code, number, mib=mib)
        processes.run(job)
        peaks.append(told(job)["peak_mib"])
    assert peaks[1] - peaks[0] == pytest.approx(299, abs=20)
    assert peaks[2] < peaks[0] + 50


#: A main process with a pool; it says who it has started.
MAIN = """
import pickle, sys, threading
from recrec.workflow.pool import JobFailed, Pool
jobs = pickle.load(open(sys.argv[1], "rb"))
processes = Pool(preload=())
processes.warm()
def run(job):
    try:
        processes.run(job)
        print("done", flush=True)
    except JobFailed as failure:
        print(failure, flush=True)
threads = [threading.Thread(target=run, args=[job]) for job in jobs]
for thread in threads: thread.start()
try:
    for thread in threads: thread.join()
except KeyboardInterrupt:
    print("main interrupted", flush=True)
"""


@pytest.fixture
def main(tmp_path):
    """A function that starts a main process, with a job that waits and a session of its own."""
    started = []

    def start(seconds, ignored=False):
        job = script_job(tmp_path / "hit", "recourse", WAITS, mark=str(tmp_path / "mark"), seconds=seconds)
        (tmp_path / "jobs").write_bytes(pickle.dumps([job]))
        (tmp_path / "main.py").write_text(MAIN)
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "main.py"), str(tmp_path / "jobs")], start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(Path(pool.__file__).parents[2])},
            preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignored else None,
        )  # fmt: skip
        started.append(process)
        worker_of(tmp_path / "mark")
        return process, job

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_an_interrupt_of_the_whole_group(main, tmp_path):
    process, job = main(SECONDS)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=SECONDS)[0]
    assert sorted(said.splitlines()) == ["interrupted", "main interrupted"]
    assert until(lambda: not session(process.pid))
    assert not list((tmp_path / "hit").glob(".part-*")) and not Path(job.output[0]).exists()


def test_what_runs_in_the_background_is_not_interrupted(main):
    process, job = main(2.0, ignored=True)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=SECONDS)[0] == "done\n"
    assert Path(job.output[0]).exists()


@pytest.mark.parametrize("ignored", [False, True])
def test_when_the_main_process_is_killed_nothing_stays(main, tmp_path, ignored):
    process, job = main(SECONDS, ignored)
    assert len(session(process.pid)) == 4, "main, fork server, resource tracker, worker"
    process.kill()
    process.communicate(timeout=SECONDS)
    assert until(lambda: not session(process.pid))
    assert not list((tmp_path / "hit").glob(".part-*")) and not Path(job.output[0]).exists()


def test_when_all_are_killed_the_next_run_clears_up(main, processes, tmp_path):
    process, _ = main(SECONDS)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=SECONDS)
    assert until(lambda: not session(process.pid))
    assert list((tmp_path / "hit").glob(".part-*")), "nobody was left to remove it"
    processes.run(script_job(tmp_path / "hit", "recourse", WHOAMI))
    assert not list((tmp_path / "hit").glob(".part-*"))


def test_a_request_to_end_of_the_whole_group_is_the_main_processes_alone(main):
    """Snakemake lets running jobs finish; its default action would end this one."""
    process, job = main(2.0)
    for number in session(process.pid):
        if number != process.pid:
            os.kill(number, signal.SIGTERM)
    assert process.communicate(timeout=SECONDS)[0] == "done\n"
    assert Path(job.output[0]).exists()


def test_leftovers_are_those_of_that_file_alone(tmp_path):
    from recrec.storage import remove_leftovers

    names = [".part-abcdefgha.csv", ".part-abcdefghaa.csv", ".part-abcdefghb.csv", "a.csv", ".part-a.csv"]
    for name in names:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "a.csv")
    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])


def test_jobs_find_the_package_and_have_a_core_each(processes, tmp_path):
    code = """
    with job(snakemake):
        import numpy, threadpoolctl
        numpy.ones((9, 9)) @ numpy.ones((9, 9))
        write_text(snakemake.output[0], str(max(one["num_threads"] for one in threadpoolctl.threadpool_info())))
    """
    for run in (processes.run, run_alone):
        job = script_job(tmp_path, "plot", code)
        run(job)
        assert Path(job.output[0]).read_text() == "1"


@pytest.mark.parametrize("place", ["snakemake.output[0]", "snakemake.log[0].replace('.log', '.json')"])
def test_an_interrupt_between_a_file_and_its_removal_leaves_nothing(processes, tmp_path, place):
    code = f"""
    import tempfile
    path = Path({place})
    tempfile.mkstemp(prefix=".part-", suffix=path.name, dir=path.parent)
    raise KeyboardInterrupt
    """
    with pytest.raises(JobFailed, match="interrupted"):
        processes.run(script_job(tmp_path, "recourse", code))
    assert not list(tmp_path.rglob(".part-*"))
