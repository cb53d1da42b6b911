"""Processes that take Snakemake's script jobs, one after the other, in place of one Python each.

A cell's job computes for some hundredths of a second, and imports for ten times as long. On Linux, when Snakemake runs
jobs on its own machine, `start` therefore launches a process that imports the libraries once. Where Snakemake would
start a Python for a script, a fork of that process runs it, in the same folder and environment; those that run the
scripts of cells go on to the next one. What cannot be handed over so, because the libraries are not there yet, say, or
because a rule has an environment of its own, starts as it always would.
"""

import os
import socket
import sys

#: What the scripts of cells need, which run by the hundred: a fork costs the more the more was imported.
FOR_CELLS = (
    "snakemake.script", "numpy.random", "scipy.sparse", "recrec.job", "recrec.device", "recrec.recourse",
    "recrec.evaluation",
)  # fmt: skip
#: What the other scripts need besides.
FOR_ALL = ("scipy.stats", "pandas", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf", "seaborn")
#: The scripts of cells: they do one thing to arrays and leave nothing behind, so that a process can run one after
#: another. The others have a process each.
CELLS = ("recourse", "hard_thresholding", "evaluate")
PARTS = ("cells", "others")
#: What precedes a script in a command of Snakemake's.
BEFORE = ["set", "-euo", "pipefail;", sys.executable]
#: When a job was started, in seconds since the epoch: an environment variable of those that are handed over.
LAUNCHED = "RECREC_LAUNCHED"
#: Bytes that say how many follow, and bytes of a process' number.
LENGTH = 8
READY = b"+"


def start(shell):
    """Launch the process that workers fork from, for as long as this process lives.

    Parameters
    ----------
    shell : module
        ``snakemake.shell``: its name for `subprocess` is what jobs go through from now on.
    """
    import contextlib

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
        import threading

        self._subprocess = subprocess
        self._lock = threading.Lock()
        self._ready = set()
        self._idle = []
        pairs = [socket.socketpair() for _ in PARTS]
        self._launchers = {part: pair[0] for part, pair in zip(PARTS, pairs, strict=True)}
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
            part = PARTS[os.path.basename(path).split(".")[-2] not in CELLS]
            try:
                if self.ready(part):
                    return Job(self, part, path, keys.get("env", os.environ))
            except OSError:  # no more processes, or the worker has gone
                pass
        return self._subprocess.Popen(command, **keys)

    def ready(self, part):
        """Whether the libraries of that part are imported."""
        import select

        with self._lock:
            launcher = self._launchers.get(part)
            if (
                launcher
                and part not in self._ready
                and select.select([launcher], [], [], 0)[0]
                and launcher.recv(1) == READY
            ):
                self._ready.add(part)
            return part in self._ready

    def take(self, part):
        """An idle worker, or a new one.

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
            if part == "cells" and self._idle:
                return self._idle.pop()
            here, there = socket.socketpair()
            with there:
                socket.send_fds(self._launchers[part], [READY], [there.fileno()])
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
            self._ready.clear()
            for connection in (*self._launchers.values(), *(connection for connection, _ in self._idle)):
                connection.close()
            self._idle.clear()
            self._launchers.clear()


class Job:
    """A script that a worker runs: what Snakemake uses of a `subprocess.Popen`.

    Parameters
    ----------
    workers : Workers
    part : {"cells", "others"}
    path : str
        Of the script.
    environment : dict

    Raises
    ------
    OSError
        If there is no worker.
    """

    def __init__(self, workers, part, path, environment):
        import json
        import time

        environment = {**environment, LAUNCHED: repr(time.time())}
        message = json.dumps([os.getcwd(), path, environment]).encode()
        self._workers, self._part, self._path = workers, part, path
        self._worker = workers.take(part)
        self._connection, self.pid = self._worker
        self._connection.sendall(len(message).to_bytes(LENGTH, "little") + message)
        self.returncode = None

    def wait(self):
        """The script's exit status, once it has ended."""
        import signal

        if self.returncode is None:
            try:
                answer = self._connection.recv(1)
            except OSError:
                answer = b""
            self.returncode = answer[0] if answer else -signal.SIGKILL
            if not answer:
                print(f"{self._path}: the job's process was killed", file=sys.stderr)
            if self.returncode == 0 and self._part == "cells":
                self._workers.give_back(self._worker)
            else:
                self._connection.close()
        return self.returncode

    def kill(self):
        """End it now."""
        import signal

        self._signal(signal.SIGKILL)

    def terminate(self):
        """End it."""
        import signal

        self._signal(signal.SIGTERM)

    def _signal(self, number):
        import contextlib

        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _script(command):
    """The script that a shell command runs, if that is all it does."""
    import shlex

    try:
        *before, path = shlex.split(command)
    except (ValueError, TypeError):
        return None
    return path if before == BEFORE and path.endswith(".py") and os.path.basename(path).count(".") > 1 else None


def serve(for_cells, for_others):
    """Fork a worker for every request that arrives, until the sockets end: here for cells, beside it for the others.

    Parameters
    ----------
    for_cells, for_others : int
        Sockets.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers: each answers for itself
    sys.path[0] = os.path.dirname(sys.path[0])
    _import(FOR_CELLS)
    if os.fork():
        os.close(for_others)
        _answer(for_cells, once=False)
    else:
        os.close(for_cells)
        _import(FOR_ALL)
        _answer(for_others, once=True)


def _import(names):
    import contextlib
    import importlib

    for name in names:
        with contextlib.suppress(ImportError):  # the script that needs it will say so
            importlib.import_module(name)


def _answer(place, once):
    """Fork a worker per request."""
    import gc

    launcher = socket.socket(fileno=place)
    gc.collect()
    gc.freeze()  # or the forks' collectors would touch, and so copy, every page of what was imported
    try:
        launcher.sendall(READY)
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
                _work(connection, once)
            connection.close()
    except OSError:  # the main process has gone
        return


def _work(connection, once):
    """Run the scripts that arrive, each as a process of its own would; answer with its exit status."""
    import atexit
    import json
    import signal

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        connection.sendall(os.getpid().to_bytes(LENGTH, "little"))
        while True:
            length = connection.recv(LENGTH, socket.MSG_WAITALL)
            message = connection.recv(int.from_bytes(length, "little"), socket.MSG_WAITALL) if length else b""
            if not message:
                break
            signal.signal(signal.SIGINT, signal.default_int_handler)
            status = _run(*json.loads(message))
            if once:
                atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            connection.sendall(bytes([status]))
            if once or status:  # what a failed script leaves behind is nobody's ground to build on
                break
            _tidy()
    except OSError:  # the main process has gone
        pass
    finally:
        os._exit(0)


def _run(folder, path, environment):
    """The exit status of a script, run as ``python path`` would."""
    import contextlib
    import runpy
    import traceback

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
    """Give memory back that the last job took."""
    import contextlib
    import ctypes
    import gc

    gc.collect()
    if "cupy" in sys.modules:
        with contextlib.suppress(Exception):  # there may be no device
            sys.modules["cupy"].get_default_memory_pool().free_all_blocks()
    with contextlib.suppress(AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
