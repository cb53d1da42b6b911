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
import select
import shlex
import signal
import socket
import sys
import threading
import time
import traceback
import warnings

#: The scripts of cells do one thing to arrays, so that a process can run one after another. Those that may use a CUDA
#: device keep to processes of their own: where such jobs run one at a time, one process has the device.
IN_TURN = {"recourse": "device", "hard_thresholding": "device", "evaluate": "host"}
#: Scripts that need no more libraries than those.
LIGHT = (*IN_TURN, "download", "rank_baseline", "item_selection", "sweep_settings")
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
#: What asks for a worker: the socket to talk to it comes along.
REQUEST = b"+"
#: When this process was interrupted, in seconds since the epoch: a server or a worker.
_interrupted = 0.0


def start(shell):
    """Launch the process that workers fork from, for as long as this process lives.

    Parameters
    ----------
    shell : module
        ``snakemake.shell``: its name for `subprocess` is what jobs go through from now on.
    """
    if sys.platform.startswith("linux") and hasattr(shell, "sp") and not isinstance(shell.sp, Workers):
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
        self._idle = {kind: [] for kind in IN_TURN.values()}
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
                return Job(self, path, keys.get("env") or os.environ)
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
            idle = self._idle.get(IN_TURN.get(script))
            if idle:
                return idle.pop()
            here, there = socket.socketpair()
            with there:
                launcher = self._launchers["light" if script in LIGHT else "full"]
                socket.send_fds(launcher, [REQUEST], [there.fileno()])
        number = _read(here, LENGTH)
        if not number:
            here.close()
            raise OSError("no worker")
        return here, int.from_bytes(number, "little")

    def give_back(self, script, worker):
        """Take a worker that has run a script and goes on."""
        with self._lock:
            self._idle[IN_TURN[script]].append(worker)

    def close(self):
        """Let the workers end; scripts start as they always would."""
        with self._lock:
            for launcher in self._launchers.values():
                launcher.close()
            for idle in self._idle.values():
                while idle:
                    idle.pop()[0].close()


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
        launched = time.time()
        environment = {**environment, LAUNCHED: repr(launched)}
        self._workers, self._path, self._script = workers, path, os.path.basename(path).split(".")[-2]
        message = json.dumps([launched, self._script in IN_TURN, os.getcwd(), path, environment]).encode()
        self._worker = workers.take(self._script)
        self._connection, self.pid = self._worker
        self._connection.sendall(len(message).to_bytes(LENGTH, "little") + message)
        self.returncode = None

    def wait(self):
        """The script's exit status, once it has ended."""
        if self.returncode is None:
            answer = _read(self._connection, 1)
            self.returncode = answer[0] if answer else 1
            if not answer:
                print(f"{self._path}: its process ended without an answer; was it killed?", file=sys.stderr)
            # What a failed script leaves behind is nobody's ground to build on.
            if self.returncode == 0 and self._script in IN_TURN:
                self._workers.give_back(self._script, self._worker)
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
        *before, path = shlex.split(command) if isinstance(command, str) else [""]
    except ValueError:
        return None
    alone = before == BEFORE and command.endswith(f" {shlex.quote(path)}")
    return path if alone and path.endswith(".py") and os.path.basename(path).count(".") > 1 else None


def _read(connection, length):
    """That many bytes, or none if the connection ends before."""
    data = b""
    while len(data) < length:
        try:
            part = connection.recv(length - len(data))
        except OSError:
            part = b""
        if not part:
            return b""
        data += part
    return data


def serve(light, full):
    """Fork a worker for every request that arrives, until the sockets end.

    Those with all libraries fork from a process of their own beside this one.

    Parameters
    ----------
    light, full : int
        Sockets.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as for what a script starts in the background
        signal.signal(signal.SIGINT, _note)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers: each answers for itself
    sys.path[0] = os.path.dirname(sys.path[0])
    _import(LIBRARIES["light"], light)
    if os.fork():
        os.close(full)
        _answer(light)
    else:
        os.close(light)
        _import(LIBRARIES["full"], full)
        _answer(full)


def _note(*_):
    """Remember an interrupt: jobs launched before it do not start."""
    global _interrupted
    _interrupted = time.time()


def _import(names, place):
    """Import libraries for as long as the main process is there."""
    main = select.poll()
    main.register(place, select.POLLHUP)
    for name in names:
        if any(event & select.POLLHUP for _, event in main.poll(0)):
            os._exit(0)
        with contextlib.suppress(Exception):  # the script that needs it will say what is wrong
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
    os.register_at_fork(after_in_child=connection.close)  # whoever waits for this process waits for no child of it
    try:
        connection.sendall(os.getpid().to_bytes(LENGTH, "little"))
        goes_on = True
        while goes_on and (length := _read(connection, LENGTH)):
            launched, goes_on, *job = json.loads(_read(connection, int.from_bytes(length, "little")))
            noting = signal.getsignal(signal.SIGINT)
            if noting is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            status = 1 if launched < _interrupted else _run(*job)
            signal.signal(signal.SIGINT, noting)
            _tidy(goes_on)
            connection.sendall(bytes([status]))
    except BrokenPipeError:  # the main process has gone
        pass
    except Exception:
        traceback.print_exc()
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
        with warnings.catch_warnings():  # each script may give a warning once
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


def _tidy(goes_on):
    """What a process does at its end, or before the next script: give back what the last one took."""
    if goes_on:
        gc.collect()
        if "cupy" in sys.modules:
            with contextlib.suppress(Exception):  # there may be no device
                sys.modules["cupy"].get_default_memory_pool().free_all_blocks()
    else:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
