"""Processes that take Snakemake's script jobs, one after the other, in place of one Python each.

A cell's job computes for some hundredths of a second, and imports for ten times as long. On Linux, when Snakemake runs
jobs on its own machine, `start` therefore launches a process that imports the libraries once. Where Snakemake would
start a Python for a script, a fork of that process runs it, in the same folder and environment; those that run the
scripts of cells go on to the next one. What cannot be handed over so, because its rule has an environment of its own,
say, or because the process has gone, starts as it always would.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import shlex
import signal
import socket
import sys
import threading
import time
import traceback

#: The scripts of cells: they do one thing to arrays and leave nothing behind, so that a process can run one after
#: another. The others have a process each.
CELLS = ("recourse", "hard_thresholding", "evaluate")
#: Scripts that need no more libraries than those.
LIGHT = (*CELLS, "download", "rank_baseline", "item_selection", "sweep_settings")
#: What they need, and what the other scripts need besides: a fork costs the more the more was imported.
LIBRARIES = {
    "light": (
        "snakemake.script", "numpy.random", "scipy.sparse", "recrec.job", "recrec.device", "recrec.recourse",
        "recrec.evaluation",
    ),
    "full": ("scipy.stats", "pandas", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf", "seaborn"),
}  # fmt: skip
#: What precedes a script in a command of Snakemake's.
BEFORE = ["set", "-euo", "pipefail;", sys.executable]
#: When a job was started, in seconds since the epoch: an environment variable of those that are handed over.
LAUNCHED = "RECREC_LAUNCHED"
#: Bytes that say how many follow, or the number of a process.
LENGTH = 8
REQUEST = b"+"


def start(shell):
    """Launch the process that workers fork from, for as long as this process lives.

    Parameters
    ----------
    shell : module
        ``snakemake.shell``: its name for `subprocess` is what jobs go through from now on.
    """
    if sys.platform.startswith("linux") and hasattr(shell, "sp"):
        with contextlib.suppress(OSError):  # no more processes or sockets
            shell.sp = Workers(shell.sp)


class Workers:
    """`subprocess`, but for `Popen`, which hands scripts over.

    Parameters
    ----------
    subprocess : module
    """

    def __init__(self, subprocess):
        self._subprocess = subprocess
        self._lock = threading.Lock()
        self._idle = []
        pairs = [socket.socketpair() for _ in LIBRARIES]
        self._launchers = {name: pair[0] for name, pair in zip(LIBRARIES, pairs, strict=True)}
        places = [there.fileno() for _, there in pairs]
        # It ends when the sockets to it do, that is with this process, however that ends.
        self._server = subprocess.Popen(
            [sys.executable, __file__, *map(str, places)], stdin=subprocess.DEVNULL, pass_fds=places
        )
        for _, there in pairs:
            there.close()

    def __getattr__(self, name):
        return getattr(self._subprocess, name)

    def Popen(self, command, **keys):
        """A `Job` if the command is a Python script that a worker can run, and otherwise what `subprocess` makes."""
        path = _script(command)
        if path and keys.get("stdout") in (None, sys.stdout):
            with contextlib.suppress(OSError):  # no more processes, or the worker has gone
                return Job(self, path, keys.get("env", os.environ))
        return self._subprocess.Popen(command, **keys)

    def take(self, script):
        """An idle worker, or a new one.

        Parameters
        ----------
        script : str
            Its name.

        Returns
        -------
        connection : socket
        pid : int

        Raises
        ------
        OSError
            If there can be none.
        """
        with self._lock:
            if script in CELLS and self._idle:
                return self._idle.pop()
            here, there = socket.socketpair()
            with there:
                launcher = self._launchers["light" if script in LIGHT else "full"]
                socket.send_fds(launcher, [REQUEST], [there.fileno()])
        number = here.recv(LENGTH, socket.MSG_WAITALL)
        if len(number) < LENGTH:
            here.close()
            raise OSError("no worker")
        return here, int.from_bytes(number, "little")

    def give_back(self, worker):
        """Take a worker that has done its job."""
        with self._lock:
            self._idle.append(worker)

    def close(self):
        """Let the workers end; scripts start as they always would."""
        with self._lock:
            for connection in (*self._launchers.values(), *(connection for connection, _ in self._idle)):
                connection.close()
            self._idle.clear()
            self._launchers.clear()


class Job:
    """A script that a worker runs: what Snakemake uses of a `subprocess.Popen`.

    Parameters
    ----------
    workers : Workers
    path : str
        Of the script, as Snakemake writes it: its name between two dots, and ``.py``.
    environment : dict

    Raises
    ------
    OSError
        If there is no worker.
    """

    def __init__(self, workers, path, environment):
        environment = {**environment, LAUNCHED: repr(time.time())}
        script = os.path.basename(path).split(".")[-2]
        self._workers, self._path, self._goes_on = workers, path, script in CELLS
        message = json.dumps([self._goes_on, os.getcwd(), path, environment]).encode()
        self._worker = workers.take(script)
        self._connection, self.pid = self._worker
        self._connection.sendall(len(message).to_bytes(LENGTH, "little") + message)
        self.returncode = None

    def wait(self):
        """The script's exit status, once it has ended."""
        if self.returncode is None:
            try:
                answer = self._connection.recv(1)
            except OSError:
                answer = b""
            self.returncode = answer[0] if answer else -signal.SIGKILL
            if not answer:
                print(f"{self._path}: the job's process was killed", file=sys.stderr)
            if self.returncode == 0 and self._goes_on:
                self._workers.give_back(self._worker)
            else:
                self._connection.close()
        return self.returncode

    def kill(self):
        """End it now."""
        self._signal(signal.SIGKILL)

    def terminate(self):
        """End it."""
        self._signal(signal.SIGTERM)

    def _signal(self, number):
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _script(command):
    """The script that a shell command runs, if that is all it does."""
    try:
        *before, path = shlex.split(command)
    except (ValueError, TypeError):
        return None
    return path if before == BEFORE and path.endswith(".py") and os.path.basename(path).count(".") > 1 else None


def serve(light, full):
    """Fork a worker for every request that arrives, until the sockets end.

    Those with all libraries fork from a process of their own beside this one.

    Parameters
    ----------
    light, full : int
        Sockets.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers: each answers for itself
    sys.path[0] = os.path.dirname(sys.path[0])
    _import(LIBRARIES["light"])
    if os.fork():
        os.close(full)
        _answer(light)
    else:
        os.close(light)
        _import(LIBRARIES["full"])
        _answer(full)


def _import(names):
    for name in names:
        with contextlib.suppress(ImportError):  # the script that needs it will say so
            importlib.import_module(name)


def _answer(place):
    """Fork a worker per request."""
    launcher = socket.socket(fileno=place)
    gc.collect()
    gc.freeze()  # or the forks' collectors would touch, and so copy, every page of what was imported
    try:
        while True:
            request, places, _, _ = socket.recv_fds(launcher, 1, 1)
            if not request:
                return
            connection = socket.socket(fileno=places[0])
            try:
                forked = os.fork()
            except OSError:  # no more processes: the connection ends, and the job starts as it would
                forked = None
            if forked == 0:
                launcher.close()
                _work(connection)
            connection.close()
    except OSError:  # the main process has gone
        return


def _work(connection):
    """Run the scripts that arrive, each as a process of its own would; answer with its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        connection.sendall(os.getpid().to_bytes(LENGTH, "little"))
        while True:
            length = connection.recv(LENGTH, socket.MSG_WAITALL)
            message = connection.recv(int.from_bytes(length, "little"), socket.MSG_WAITALL) if length else b""
            if not message:
                break
            goes_on, *job = json.loads(message)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            status = _run(*job)
            if not goes_on:
                atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            connection.sendall(bytes([status]))
            if status or not goes_on:  # what a failed script leaves behind is nobody's ground to build on
                break
            _tidy()
    except OSError:  # the main process has gone
        pass
    finally:
        os._exit(0)


def _run(folder, path, environment):
    """The exit status of a script, run as ``python path`` would."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    paths, sys.argv = sys.path[:], [path]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    # The peak of the jobs before is not this one's.
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 255
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.path[:] = paths
    return 0


def _tidy():
    """Give back what the last job took and nobody holds."""
    gc.collect()
    if "cupy" in sys.modules:
        with contextlib.suppress(Exception):  # there may be no device
            sys.modules["cupy"].get_default_memory_pool().free_all_blocks()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
