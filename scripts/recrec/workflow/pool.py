"""Processes that run the scripts of rules, in place of one Python each.

A cell's job computes for some hundredths of a second, and imports for ten times as long. The rules' ``run:`` blocks
therefore hand their scripts over to workers, which are forks of a process that has the libraries imported already.
Those that run the scripts of cells, of which there are many, go on to the next one; any other script has a worker of
its own.

Every worker is an executor of one process, so that a worker that is killed takes no job but its own along.
"""

import collections
import contextlib
import dataclasses
import gc
import io
import multiprocessing
import os
import pickle
import runpy
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, forkserver, resource_tracker
from pathlib import Path
from typing import NamedTuple

from recrec.errors import InputError
from recrec.storage import remove_leftovers
from recrec.workflow.job import record, record_path, reset_peak

#: How often a job is given to a worker: a worker that is killed may be nobody's fault, two hardly.
ATTEMPTS = 2
#: Seconds that a job has to remove its temporary files when the main process is gone.
GRACE = 5.0
KILLED = "its process was killed; out of memory?"
#: Signals that have a usual reason.
REASONS = {
    signal.SIGKILL: KILLED,
    signal.SIGTERM: "its process was ended by SIGTERM; a time limit, or scancel?",
}


def prepare_environment():
    """Let the processes of jobs, which this one is going to start, find the package, and compute on one core each."""
    folder = str(Path(__file__).parents[2])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join([folder, *(path for path in paths if path not in ("", folder))])
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"


class JobFailed(Exception):
    """A script did not end well. The message is the reason, in one line if it is the user's to mend."""


class Named(list):
    """A list some of whose parts have names, as Snakemake's: ``input[0]``, ``input.cells``, ``input["cells"]``.

    Parameters
    ----------
    values : iterable
    names : mapping
        The parts that have one: an item, or a list of several.

    Examples
    --------
    >>> wildcards = Named(["1", "11"], {"group": "1", "rank": "11"})
    >>> wildcards.rank, wildcards["rank"], wildcards[1]
    ('11', '11', '11')
    """

    def __init__(self, values=(), names=()):
        super().__init__(values)
        vars(self).update(names)

    @classmethod
    def of(cls, given):
        """What Snakemake gives to a ``run:`` block, without its classes: a worker need not import them."""
        return cls(map(_plain, given), {name: _plain(part) for name, part in given.items()})

    def __getitem__(self, key):
        return vars(self)[key] if isinstance(key, str) else super().__getitem__(key)

    def __reduce__(self):
        return Named, (list(self), vars(self))

    def get(self, name, default=None):
        """The part of that name."""
        return vars(self).get(name, default)

    def keys(self):
        """The names."""
        return vars(self).keys()

    def items(self):
        """Pairs of names and parts."""
        return vars(self).items()


def _plain(value):
    """A value of no class of Snakemake's, nor with one in it."""
    if isinstance(value, str):
        return str(value)
    if type(value) is tuple:
        return tuple(map(_plain, value))
    if isinstance(value, list):
        return list(map(_plain, value))
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return value


@dataclasses.dataclass
class ScriptJob:
    """A script and what it finds under the name ``snakemake``.

    Parameters
    ----------
    script : str
        Its path. Its name is the rule's.
    input, output, params, wildcards, resources, log : Named
    threads : int
    config : dict
    launched : float
        When it was handed over, in seconds since the epoch.
    """

    script: str
    input: Named
    output: Named
    params: Named
    wildcards: Named
    resources: Named
    log: Named
    threads: int
    config: dict
    launched: float = dataclasses.field(default_factory=time.time)

    @property
    def rule(self):
        """The rule's name."""
        return Path(self.script).stem


class Outcome(NamedTuple):
    """How a script ended.

    Attributes
    ----------
    printed : str
        What it wrote to the standard output.
    error : str or None
        Why it did not end well: one line that is the user's to mend, or a traceback.
    """

    printed: str
    error: str | None


class Pool:
    """Workers, started when they are first needed and kept until this process ends.

    Parameters
    ----------
    preload : iterable of str
        Modules that are imported before the first worker starts.
    """

    def __init__(self, preload=("recrec.workflow.preload",)):
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        # A worker would run the main script anew to find what is defined there: nothing that it needs.
        vars(sys.modules["__main__"]).pop("__file__", None)
        self._idle = collections.defaultdict(list)
        self._lock = threading.Lock()

    def warm(self):
        """Begin to import the libraries, without waiting for it."""
        resource_tracker.ensure_running()  # its start would unblock them
        with _blocked():
            forkserver.ensure_running()

    def run(self, job, keep=None):
        """Run a script in a worker.

        Parameters
        ----------
        job : ScriptJob
        keep : str, optional
            A name for the workers that go on to the next job for which the same name is given: for scripts that do one
            thing to arrays. Those that may use a CUDA device share a name of their own: where such jobs run one at a
            time (``--resources gpu=1``), one process has the device. Without a name the worker ends with the script.

        Returns
        -------
        str
            What it printed.

        Raises
        ------
        JobFailed
            If the script raised an error, or was interrupted, or its worker was killed, twice.
        """
        for _ in range(ATTEMPTS):
            try:
                return _settled(job, self._attempt(job, keep))
            except BrokenProcessPool:
                continue
        return _settled(job, None)

    def _attempt(self, job, keep):
        while True:
            with self._lock:
                idle = self._idle[keep]
                worker = idle.pop() if idle else ProcessPoolExecutor(1, self._context, _settle)
            try:
                resource_tracker.ensure_running()  # see `warm`
                with _blocked():
                    future = worker.submit(run_script, job)
                break
            except BrokenProcessPool:  # it was killed while it had nothing to do
                continue
        outcome = future.result()
        # What a script that failed has left in its process is not for the next one.
        if keep and outcome.error is None:
            with self._lock:
                self._idle[keep].append(worker)
        else:
            worker.shutdown(wait=False)
        return outcome


def run_alone(job):
    """Run a script in a Python of its own; as `Pool.run`, where there is no pool: on the node of a cluster, say."""
    with _blocked():
        process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
        )
    with process:
        answer, _ = process.communicate(pickle.dumps(job))
    code = process.returncode
    return _settled(job, pickle.loads(answer) if code == 0 else None, _reason(code))


def _reason(code):
    """Why a process gave no answer, by its exit status: a signal's number, negative, if one ended it."""
    if code >= 0:
        return f"its process ended with exit status {code}"
    return REASONS.get(-code) or f"its process was ended by signal {-code} ({signal.strsignal(-code)})"


def _settled(job, outcome, reason=KILLED):
    """What a job printed, if it went well; `outcome` is None if its process gave no answer, for that reason."""
    if outcome is None:
        _clear(job)
        _note_failure(job, reason, "killed")
        outcome = Outcome("", reason)
    if outcome.error is not None:
        raise JobFailed(outcome.error)
    return outcome.printed


def _clear(job):
    """Remove the temporary files of a job that has ended, or of its forerunner."""
    for path in (*job.output, record_path(job.log[0])):
        remove_leftovers(path)


def _note_failure(job, error, outcome):
    """Put into log and record what the script itself could not."""
    with open(job.log[0], "a", encoding="utf-8") as log:
        log.write(f"error: {error}\n")
    record(job.log[0], job.rule, job.wildcards, job.launched, time.time(), outcome, error.strip().splitlines()[-1])


@contextlib.contextmanager
def _blocked():
    """Processes that this thread starts do not see what a terminal or an operator sends to all of them.

    An interrupt is let through by `_settle`. A request to end is the main process's alone where there is a pool: it
    lets running jobs finish.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# In a worker.

#: Whether a script is running, and when this process was last interrupted, in seconds since the epoch.
_running = False
_interrupted = 0.0


def _settle():
    """Prepare a worker: an interrupt ends its script, not itself; it ends with the main process."""
    signal.signal(signal.SIGUSR1, _interrupt)
    _let_through(signal.SIGINT)
    threading.Thread(target=_end_with_main, daemon=True).start()


def _let_through(*signals):
    """Unblock signals; an interrupt, an earlier one included, ends the script of this process with an answer."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as for what a shell starts in the background
        signal.signal(signal.SIGINT, _interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _interrupt(*_):
    global _interrupted
    _interrupted = time.time()
    if _running:
        raise KeyboardInterrupt


def _end_with_main():
    connection.wait([multiprocessing.parent_process().sentinel])
    end = time.monotonic() + GRACE
    signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
    while _running and time.monotonic() < end:
        time.sleep(0.01)
    os._exit(1)


def run_script(job):
    """Run a script in this process, with a job as ``snakemake``.

    Parameters
    ----------
    job : ScriptJob

    Returns
    -------
    Outcome
    """
    global _running
    printed, error = io.StringIO(), None
    record_path(job.log[0]).unlink(missing_ok=True)
    Path(job.log[0]).unlink(missing_ok=True)
    _clear(job)
    reset_peak()
    outcome = "failed"
    try:
        _running = True
        if job.launched < _interrupted:
            raise KeyboardInterrupt
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():  # each script may give a warning once
            runpy.run_path(job.script, {"snakemake": job}, "__main__")
    except InputError as refusal:
        error, outcome = str(refusal), "refused"
    except KeyboardInterrupt:
        error, outcome = "interrupted", "interrupted"
    except BaseException as failure:  # whatever a script does, its process has an answer to give
        error = _traceback(failure, job.script)
    finally:
        _running = False
    if error is not None:
        _clear(job)  # an interrupt may come between a file and what would have removed it
        if not record_path(job.log[0]).exists():
            _note_failure(job, error, outcome)
    _tidy()
    return Outcome(printed.getvalue(), error)


def _traceback(failure, script):
    """A traceback, from the script on."""
    frames = traceback.TracebackException.from_exception(failure)
    first = next((number for number, frame in enumerate(frames.stack) if frame.filename == script), 0)
    frames.stack = traceback.StackSummary.from_list(frames.stack[first:])
    return "".join(frames.format()).rstrip()


def _tidy():
    """Give back what a script took."""
    gc.collect()
    if "cupy" in sys.modules:
        with contextlib.suppress(Exception):  # there may be no device
            sys.modules["cupy"].get_default_memory_pool().free_all_blocks()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def _answer():
    """Run the job on the standard input, and write its outcome to the standard output."""
    job = pickle.load(sys.stdin.buffer)
    answer = os.dup(1)
    os.dup2(2, 1)  # what a library of another language prints
    _let_through(signal.SIGINT, signal.SIGTERM)
    outcome = run_script(job)
    with os.fdopen(answer, "wb") as file:
        pickle.dump(outcome, file)


if __name__ == "__main__":
    # As a module of its own name: that is what the job was pickled with.
    from recrec.workflow import pool

    pool._answer()
