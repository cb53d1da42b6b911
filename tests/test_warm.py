"""Jobs forked from a warm process do what jobs of their own would."""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recrec import warm

FOLDER = str(Path(warm.__file__).resolve().parents[1])
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")


@pytest.fixture(scope="module")
def shell():
    """A running server, started by a process that lives as long as the tests of this file."""
    code = (
        "import sys; from recrec import warm\n"
        "class Shell:\n"
        "    get_executable = staticmethod(lambda: '/bin/bash')\n"
        "    prefix = staticmethod(lambda text: print(text.format(), flush=True))\n"
        "warm.start(Shell); sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": FOLDER},
    )  # fmt: skip
    prefix = owner.stdout.readline().rstrip("\n")
    yield prefix
    owner.stdin.close()
    owner.wait(10)
    assert until(lambda: not os.path.exists(os.path.dirname(address(prefix)))), "the server outlives its owner"


def address(prefix):
    """Where the server listens, less the suffixes."""
    return next(word for word in shlex.split(prefix) if word.endswith("/jobs"))


def until(condition, seconds=20):
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def run(shell, path, *arguments, **keys):
    command = f"{shell} {shlex.quote(sys.executable)} {shlex.quote(str(path))} {shlex.join(arguments)}"
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, **keys)


def parent(path):
    """A script that writes the id of the process it was forked from."""
    path.write_text("import os, sys; print(os.getppid(), os.path.basename(os.getcwd()), sys.argv[1:], os.environ['X'])")
    return path


@pytest.mark.parametrize("name", ["tmp1.recourse.py", "tmp1.plot.py"])
def test_a_job_has_its_folder_arguments_and_environment_and_the_servers_parent(shell, tmp_path, name):
    place = tmp_path / "place"
    place.mkdir()
    path = parent(tmp_path / name)
    environment = {**os.environ, "X": "a=b\nc"}
    outputs = [run(shell, path, "one two", cwd=place, env=environment).stdout for _ in range(2)]
    assert outputs[0].partition(" ")[2] == "place ['one two'] a=b\nc\n"
    assert outputs[0] == outputs[1], "both were forked from one process"


def test_scripts_of_cells_and_others_have_a_server_each(shell, tmp_path):
    environment = {**os.environ, "X": ""}
    servers = {
        run(shell, parent(tmp_path / name), env=environment).stdout.split()[0]
        for name in ("a.recourse.py", "a.evaluate.py", "a.hard_thresholding.py", "a.plot.py", "a.cells_table.py")
    }
    assert len(servers) == 2


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no such thing')", 1, "no such thing\n"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 1, "the job's process was killed"),
    ],
)
def test_how_a_job_ends_is_how_its_client_ends(shell, tmp_path, code, status, error):
    path = tmp_path / "x.evaluate.py"
    path.write_text(code)
    done = run(shell, path)
    assert done.returncode == status
    assert error in done.stderr


def test_a_job_whose_client_is_stopped_stops(shell, tmp_path):
    path, mark = tmp_path / "x.recourse.py", tmp_path / "pid"
    path.write_text(
        "import os, pathlib, sys, time; target = pathlib.Path(sys.argv[1]); part = target.with_suffix('.part')\n"
        "part.write_text(str(os.getpid())); part.rename(target); time.sleep(60)"
    )
    command = f"{shell} {shlex.quote(sys.executable)} {shlex.quote(str(path))} {shlex.quote(str(mark))}"
    client = subprocess.Popen(["bash", "-c", command])
    assert until(mark.exists)
    job = int(mark.read_text())
    client.send_signal(signal.SIGTERM)
    client.wait(10)
    assert until(lambda: not os.path.exists(f"/proc/{job}"))


def test_without_a_server_the_client_runs_the_script(tmp_path):
    path = tmp_path / "x.recourse.py"
    path.write_text("import sys; print(sys.argv[1]); sys.exit(4)")
    client = [sys.executable, "-I", "-S", warm.__file__, str(tmp_path / "nobody")]
    done = subprocess.run([*client, sys.executable, str(path), "here"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (4, "here\n")


def test_a_command_that_the_server_does_not_take_the_client_runs(tmp_path):
    """The server is there and goes away with the command unread."""
    path = tmp_path / "x.recourse.py"
    path.write_text("print('here')")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "jobs.cells"))
    listener.listen()
    client = [sys.executable, "-I", "-S", warm.__file__, str(tmp_path / "jobs"), sys.executable, str(path)]
    asking = subprocess.Popen(client, stdout=subprocess.PIPE, text=True)
    connection, _ = listener.accept()
    connection.close()
    assert asking.communicate(timeout=20)[0] == "here\n"
    assert asking.returncode == 0


def test_a_client_that_says_nothing_leaves_nothing_running(shell, tmp_path):
    """Its fork must not wait for ever: it holds the streams of the whole run."""
    server = int(run(shell, parent(tmp_path / "x.recourse.py"), env={**os.environ, "X": ""}).stdout.split()[0])
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"{address(shell)}.cells")
    assert until(lambda: children(server))
    connection.close()
    assert until(lambda: not children(server))


def children(process):
    """Ids of the forks of a server, but for the first, which is the other server."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            state, parent_id = path.read_text().rpartition(")")[2].split()[:2]
            if int(parent_id) == process and state != "Z":
                found.append(int(path.parent.name))
    return sorted(found)[1:]


def test_other_commands_in_a_line_are_left_alone(shell, tmp_path):
    path = tmp_path / "x.recourse.py"
    path.write_text("print('two')")
    line = f"{shell} echo one && {shlex.quote(sys.executable)} {path.name} && echo three"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.stdout == "one\ntwo\nthree\n", done.stderr


@pytest.mark.parametrize(("executable", "folder"), [("/bin/bash", "x" * 120), ("/bin/sh", "x"), (None, "x")])
def test_where_it_cannot_start_jobs_start_as_they_would(monkeypatch, tmp_path, executable, folder):
    """A path too long for a socket; another shell than bash."""
    long = tmp_path / folder
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))

    class Shell:
        get_executable = staticmethod(lambda: executable)
        prefix = staticmethod(lambda text: pytest.fail("the prefix was set"))

    warm.start(Shell)
    assert list(long.iterdir()) == []


def test_cells_import_nothing_large_that_the_server_has_not_imported(tmp_path):
    code = """
import importlib, sys
from recrec import warm
for name in warm.FOR_CELLS:
    importlib.import_module(name)
before = set(sys.modules)
import numpy as np, random_study
from recrec import evaluation, recourse, storage
from recrec.problem import Settings
target = random_study.target(1, users=20)
found = recourse.solve_cell(target, [4, 2], 50, [1, 2], Settings(desired_rank=5))
storage.save_arrays(sys.argv[1], **recourse.pack(found))
arrays = storage.load_arrays(sys.argv[1])
changes = recourse.unpack_changes(arrays)
kept = evaluation.threshold_cell(target, arrays["item"], arrays["seed"], changes, 50, 10, 0.8, "group")
evaluation.evaluate_cell(target, arrays, changes, kept, 10, 0.5)
print(*sorted(name for name in set(sys.modules) - before if name.startswith(("numpy", "scipy", "snakemake", "pandas"))))
"""
    paths = [FOLDER, str(Path(__file__).parent)]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "cell.npz")], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
