"""Jobs that start warm: forked from a process that has imported their libraries, in place of one Python each.

A cell's job computes for some hundredths of a second, and imports for ten times as long. On Linux, when Snakemake runs
jobs on its own machine, `start` therefore launches one process that imports the libraries once, and puts this file's
client in the place of the interpreter on the jobs' command lines. The client hands the script over; the process forks,
and the fork runs it with the client's streams, folder and environment, as a Python of its own would (but for numerical
libraries, which keep to the number of threads that they were imported with). What the client cannot hand over, because
the server is gone, say, it runs itself.
"""

import os
import sys

#: What the scripts of cells need, which run by the hundred: a fork costs the more the more was imported.
CELLS = ("recourse", "hard_thresholding", "evaluate")
FOR_CELLS = (
    "snakemake.script", "numpy.random", "scipy.sparse", "recrec.job", "recrec.device", "recrec.recourse",
    "recrec.evaluation",
)  # fmt: skip
#: What the other scripts need besides.
FOR_ALL = ("scipy.stats", "pandas", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf", "seaborn")
PARTS = ("cells", "others")
#: Bytes that say how many follow.
LENGTH = 8
TAKEN = b"+"
#: Processes that jobs fork from: kept, or their input would be closed.
_servers = []


def start(shell):
    """Launch the process that jobs fork from, for as long as this process lives.

    Parameters
    ----------
    shell : snakemake.shell.shell
        Its prefix is set so that jobs go through the client.
    """
    import shlex
    import shutil
    import socket
    import subprocess
    import tempfile

    executable = shell.get_executable() or ""
    if not sys.platform.startswith("linux") or os.path.basename(executable) != "bash":
        return
    folder = tempfile.mkdtemp(prefix="recrec-")
    address, listeners = os.path.join(folder, "jobs"), []
    try:
        for part in PARTS:  # from now on jobs can ask; they are answered once the libraries are there
            listeners.append(socket.socket(socket.AF_UNIX))
            listeners[-1].bind(f"{address}.{part}")
            listeners[-1].listen(1024)
    except OSError:  # a path too long for a socket, say: jobs start as they would
        shutil.rmtree(folder)
        return
    places = [listener.fileno() for listener in listeners]
    # Ends when the pipe to its input does, that is with this process, however that ends.
    command = [sys.executable, __file__, "--serve", folder, *map(str, places)]
    _servers.append(subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=places))
    for listener in listeners:
        listener.close()
    client = shlex.join([sys.executable, "-I", "-S", __file__, address, sys.executable])
    # A function of the interpreter's name, so that a command is handed over wherever in a line it stands.
    function = f'function {sys.executable} {{ command {client} "$@"; }}'.replace("{", "{{").replace("}", "}}")
    shell.prefix(f"set -euo pipefail; {function}; ")


def serve(folder, for_cells, for_others):
    """Fork a process for each command that arrives, until standard input ends: here for cells, beside it for others.

    Parameters
    ----------
    folder : str
        Of the sockets; removed at the end.
    for_cells, for_others : int
        The sockets, listening.
    """
    import shutil
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks: each answers for itself
    sys.path[0] = os.path.dirname(sys.path[0])
    main = os.getpid()
    try:
        _import(FOR_CELLS)
        if os.fork():
            os.close(for_others)
            _answer(for_cells)
        else:
            os.close(for_cells)
            _import(FOR_ALL)
            _answer(for_others)
    finally:
        if os.getpid() == main:
            shutil.rmtree(folder, ignore_errors=True)


def _import(names):
    import contextlib
    import importlib

    for name in names:
        with contextlib.suppress(ImportError):  # the script that needs it will say so
            importlib.import_module(name)


def _answer(place):
    """Fork for each command."""
    import gc
    import select
    import socket

    listener = socket.socket(fileno=place)
    gc.collect()
    gc.freeze()  # or the forks' collectors would touch, and so copy, every page of what was imported
    while sys.stdin not in (ready := select.select([listener, sys.stdin], [], [])[0]):
        if not ready:
            continue
        connection, _ = listener.accept()
        try:
            forked = os.fork()
        except OSError:  # no more processes: the client runs its command itself
            forked = None
        if forked == 0:
            listener.close()
            _run(connection)
        connection.close()


def _run(connection):
    """Take a command's place: its streams, folder, environment and arguments; answer with its exit status; end."""
    import atexit
    import runpy
    import signal
    import socket
    import threading
    import traceback

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, streams, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while len(data) < LENGTH or len(data) < LENGTH + int.from_bytes(data[:LENGTH], "little"):
        part = connection.recv(1 << 16)
        if not part:  # the client was stopped before it had said all
            os._exit(1)
        data += part
    folder, *rest = os.fsdecode(data[LENGTH:]).split("\0")
    number = int(rest[0])
    arguments, environment = rest[1 : 1 + number], rest[1 + number :]
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(pair.split("=", 1) for pair in environment)
    sys.argv = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    connection.sendall(TAKEN)

    def follow():
        """End with the client: Snakemake stops a job by stopping that."""
        if not connection.recv(1):
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, daemon=True).start()
    status = 1
    try:
        runpy.run_path(arguments[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            status = end.code or 0
        else:
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    connection.sendall(bytes([status & 255]))
    os._exit(0)


def ask(address, command):
    """Have a command run by the server, or run it here.

    Returns
    -------
    int
        Exit status.
    """
    # The C half of socket: the rest takes longer to import than this function to run.
    import _socket as socket

    if len(command) < 2 or not command[1].endswith(".py"):
        os.execv(command[0], command)
    name = os.path.basename(command[1]).split(".")[-2]
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    parts = [os.getcwd(), str(len(command) - 1), *command[1:], *environment]
    data = os.fsencode("\0".join(parts))
    data = len(data).to_bytes(LENGTH, "little") + data
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in (0, 1, 2))
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(f"{address}.{PARTS[name not in CELLS]}")
        sent = connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
        connection.sendall(data[sent:])
        taken = connection.recv(1) == TAKEN
    except OSError:
        taken = False
    if not taken:
        os.execv(command[0], command)
    shell, answer = os.getppid(), None
    connection.settimeout(1.0)
    while answer is None:
        try:
            answer = connection.recv(1)
        except TimeoutError:
            if os.getppid() != shell:  # Snakemake has stopped it; the job ends with its client
                return 1
    if not answer:
        print(f"{command[1]}: the job's process was killed", file=sys.stderr)
    return answer[0] if answer else 1


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
