"""Jobs that start warm: forked from a process that has imported their libraries, in place of one Python each.

A cell's job computes for some hundredths of a second, and imports for ten times as long. On Linux, when Snakemake runs
jobs on its own machine, `start` therefore launches one process that imports the libraries once, and puts this file's
client before each job's command line. The client hands the command over; the process forks, and the fork runs the
script with the client's streams, folder and environment, as a Python of its own would. What the client cannot hand over
(no server, another interpreter, a job on a cluster) it runs itself.
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
END = b"\0\0"


def start(shell):
    """Launch the process that jobs fork from, for as long as this process lives.

    Parameters
    ----------
    shell : snakemake.shell.shell
        Its prefix is set so that jobs go through the client.
    """
    import shlex
    import socket
    import subprocess
    import tempfile

    if not sys.platform.startswith("linux"):
        return
    address = os.path.join(tempfile.mkdtemp(prefix="recrec-"), "jobs")
    listeners = []
    for part in ("cells", "others"):  # from now on jobs can ask; they are answered once the libraries are there
        listeners.append(socket.socket(socket.AF_UNIX))
        listeners[-1].bind(f"{address}.{part}")
        listeners[-1].listen(1024)
    places = [listener.fileno() for listener in listeners]
    # Ends when the pipe to its input does, that is with this process, however that ends.
    command = [sys.executable, __file__, "--serve", address, *map(str, places)]
    subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=places)
    for listener in listeners:
        listener.close()
    client = shlex.join([sys.executable, "-I", "-S", __file__, address]).replace("{", "{{").replace("}", "}}")
    shell.prefix(f"set -euo pipefail; exec {client} ")


def serve(address, for_cells, for_others):
    """Fork a process for each command that arrives, until standard input ends: here for cells, beside it for others.

    Parameters
    ----------
    address : str
        Of the sockets, less their suffixes.
    for_cells, for_others : int
        The sockets, listening.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks: each answers for itself
    sys.path[0] = os.path.dirname(sys.path[0])
    _import(FOR_CELLS)
    if os.fork():
        os.close(for_others)
        _answer(for_cells)
        os.unlink(f"{address}.cells")
        os.unlink(f"{address}.others")
        os.rmdir(os.path.dirname(address))
    else:
        os.close(for_cells)
        _import(FOR_ALL)
        _answer(for_others)


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
        if ready:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                _run(connection)
            connection.close()


def _run(connection):
    """Take a command's place: its streams, folder, environment and arguments; answer with its exit status; end."""
    import runpy
    import signal
    import socket
    import threading
    import traceback

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, streams, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while not data.endswith(END):
        data += connection.recv(1 << 16)
    folder, *rest = os.fsdecode(data[: -len(END)]).split("\0")
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
    if len(command) < 2 or command[0] != sys.executable or not command[1].endswith(".py"):
        os.execvp(command[0], command)
    # The C half of socket: the rest takes longer to import than this function to run.
    import _socket as socket

    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    name = os.path.basename(command[1]).split(".")[-2]
    try:
        connection.connect(f"{address}.{'cells' if name in CELLS else 'others'}")
    except OSError:
        os.execvp(command[0], command)
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    parts = [os.getcwd(), str(len(command) - 1), *command[1:], *environment]
    data = os.fsencode("\0".join(parts)) + END
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in (0, 1, 2))
    sent = connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
    connection.sendall(data[sent:])
    answer = connection.recv(1)
    if not answer:
        print(f"{command[1]}: the job's process was killed", file=sys.stderr)
    return answer[0] if answer else 1


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
