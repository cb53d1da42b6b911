"""Scripts that workers run do what scripts in a Python of their own would."""

import contextlib
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import types

import pytest

from recrec.workflow import workers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")


@pytest.fixture(scope="module")
def hand_over():
    """A `Workers` with its libraries imported, in the place of `subprocess`."""
    shell = types.SimpleNamespace(sp=subprocess)
    workers.start(shell)
    yield shell.sp
    processes = descendants(shell.sp._server.pid)
    assert len(processes) >= 4, "a server beside the server, and idle workers of both kinds"
    shell.sp.close()
    assert until(lambda: shell.sp._server.poll() is not None and not any(map(running, processes)))


def descendants(process):
    """The numbers of a process and of those that it, or one of them, has started."""
    with open(f"/proc/{process}/task/{process}/children") as file:
        return [process, *(one for child in file.read().split() for one in descendants(int(child)))]


def running(process):
    """Whether there is such a process, and it has not ended."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def until(condition, seconds=20):
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def command(path):
    """A script as Snakemake starts it."""
    return f"set -euo pipefail;  {sys.executable} {shlex.quote(str(path))}"


def script(folder, name, code):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(code)
    return path


def start(hand_over, path, environment=None):
    job = hand_over.Popen(command(path), bufsize=-1, shell=True, stdout=sys.stdout, env=environment or {**os.environ})
    assert isinstance(job, workers.Job)
    return job


def here(path):
    """Code that writes something to a file beside the script: whole, when it is there."""
    return (
        "import os, pathlib, sys\n"
        "def tell(text):\n"
        f"    path = pathlib.Path({str(path)!r}); part = path.with_suffix('.part')\n"
        "    part.write_text(str(text)); part.rename(path)\n"
    )


@pytest.mark.parametrize("name", ["tmp1.recourse.py", "tmp1.plot.py"])
def test_a_job_has_its_folder_environment_and_paths(hand_over, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    told = tmp_path / "told"
    code = (
        f"{here(told)}import json\n"
        "tell(json.dumps([os.getcwd(), os.environ.get('X'), sys.argv, sys.path, __name__, 'LOST' in os.environ]))\n"
        "os.environ['LOST'] = ''; sys.path.insert(0, 'lost')"
    )
    path = script(tmp_path / "of the script", name, code)
    paths = None
    for value in ("a=b\nc", "\udcff"):
        job = start(hand_over, path, {"X": value})
        assert job.wait() == job.wait() == 0
        found = json.loads(told.read_text())
        paths = paths or found[3]
        assert found == [str(tmp_path), value, [str(path)], paths, "__main__", False]
        assert paths[0] == str(path.parent)


def test_the_scripts_of_cells_share_a_process_and_the_others_have_one_each(hand_over, tmp_path):
    told = tmp_path / "told"
    processes = {}
    for turn in range(2):
        for name in ("recourse", "hard_thresholding", "evaluate", "plot", "download"):
            job = start(hand_over, script(tmp_path, f"tmp{turn}.{name}.py", f"{here(told)}tell(os.getpid())"))
            assert job.wait() == 0
            assert int(told.read_text()) == job.pid
            processes[turn, name] = job.pid
    on_device, on_host = (
        {processes[turn, name] for turn in range(2) for name in names}
        for names in (("recourse", "hard_thresholding"), ("evaluate",))
    )
    assert len(on_device) == len(on_host) == 1, "a device is held by no more processes than there are jobs for it"
    assert len(set(processes.values())) == 2 + 4
    assert os.getpid() not in processes.values()


def test_cells_at_the_same_time_have_a_process_each(hand_over, tmp_path):
    told = tmp_path / "go"
    code = f"import os, time\nwhile not os.path.exists({str(told)!r}): time.sleep(0.01)"
    jobs = [start(hand_over, script(tmp_path, f"tmp{number}.recourse.py", code)) for number in range(3)]
    assert len({job.pid for job in jobs}) == 3
    told.touch()
    assert [job.wait() for job in jobs] == [0, 0, 0]


@pytest.mark.parametrize("name", ["x.evaluate.py", "x.plot.py"])
@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(256)", 0, ""),
        ("import sys; sys.exit('no such thing')", 1, "no such thing\n"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("raise KeyboardInterrupt", 1, "KeyboardInterrupt"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, ""),
        (
            "import os, signal\nif not os.fork(): import time; time.sleep(60)\nos.kill(os.getpid(), signal.SIGKILL)",
            None,
            "",
        ),
        ("import atexit, sys; atexit.register(print, 'bye', file=sys.stderr)", 0, None),
    ],
)
def test_how_a_job_ends(hand_over, tmp_path, capsys, name, code, status, error):
    told = tmp_path / "stderr"
    redirected = (
        f"import os, sys; before = os.dup(2); os.dup2(os.open({str(told)!r}, os.O_WRONLY | os.O_CREAT), 2)\n{code}\n"
        f"if {'atexit' not in code}: os.dup2(before, 2)"
    )
    job, begin = start(hand_over, script(tmp_path, name, redirected)), time.monotonic()
    assert job.wait() == (1 if status is None else status)
    assert time.monotonic() < begin + 30, "nobody waits for what it has started"
    said = told.read_text()
    if error is None:
        assert said == ("" if "evaluate" in name else "bye\n"), "a worker of cells has more to do"
    else:
        assert error in said and bool(error) == bool(said)
    assert (f"{name}: its process ended without an answer" in capsys.readouterr().err) == (status is None)
    assert start(hand_over, script(tmp_path, name, "")).wait() == 0, "the next one is as good as ever"


def test_a_worker_whose_script_failed_takes_no_other(hand_over, tmp_path):
    failed = start(hand_over, script(tmp_path, "x.recourse.py", "import sys; sys.exit(1)"))
    failed.wait()
    following = start(hand_over, script(tmp_path, "y.recourse.py", ""))
    assert following.wait() == 0
    assert following.pid != failed.pid


@pytest.mark.parametrize("stop", ["kill", "terminate", "interrupt"])
def test_a_job_can_be_stopped(hand_over, tmp_path, monkeypatch, stop):
    told = tmp_path / "told"
    job = start(hand_over, script(tmp_path, "x.recourse.py", f"{here(told)}tell(1); import time; time.sleep(60)"))
    assert until(told.exists)
    if stop == "interrupt":  # what a terminal sends to all processes of the run
        os.kill(job.pid, signal.SIGINT)
    else:
        getattr(job, stop)()
    assert job.wait() == 1
    assert until(lambda: not os.path.exists(f"/proc/{job.pid}"))
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("another process may have its number by now"))
    job.kill()


def test_an_interrupt_between_jobs_is_none(hand_over, tmp_path):
    first = start(hand_over, script(tmp_path, "x.recourse.py", ""))
    first.wait()
    os.kill(first.pid, signal.SIGINT)
    time.sleep(0.5)  # until it has noticed
    second = start(hand_over, script(tmp_path, "y.recourse.py", ""))
    assert (second.wait(), second.pid) == (0, first.pid)


def test_an_idle_worker_that_was_killed_costs_no_job(hand_over, tmp_path):
    """The kernel may kill it for its memory; then the script has a process as it would have without workers."""
    first = start(hand_over, script(tmp_path, "x.recourse.py", ""))
    first.wait()
    os.kill(first.pid, signal.SIGKILL)
    assert until(lambda: not os.path.exists(f"/proc/{first.pid}"))
    told = tmp_path / "told"
    path = script(tmp_path, "y.recourse.py", f"{here(told)}tell(1)")
    job = hand_over.Popen(command(path), shell=True, executable="/bin/bash")
    assert job.wait() == 0
    assert told.exists()


def test_a_jobs_peak_is_its_own(hand_over, tmp_path):
    told = tmp_path / "told"
    measure = f"{here(told)}import resource; tell(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    large = start(hand_over, script(tmp_path, "x.recourse.py", f"taken = bytearray(300 << 20)\n{measure}"))
    assert large.wait() == 0
    assert int(told.read_text()) > 300 << 10
    small = start(hand_over, script(tmp_path, "y.recourse.py", measure))
    assert (small.wait(), small.pid) == (0, large.pid)
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pytest.skip("the kernel does not let peaks be reset")
    assert int(told.read_text()) < 300 << 10


def test_the_time_of_its_start_is_told(hand_over, tmp_path):
    told = tmp_path / "told"
    before = time.time()
    job = start(hand_over, script(tmp_path, "x.recourse.py", f"{here(told)}tell(os.environ['{workers.LAUNCHED}'])"))
    assert job.wait() == 0
    assert before <= float(told.read_text()) <= time.time()


@pytest.mark.parametrize(
    "line",
    [
        "set -euo pipefail;  echo x.recourse.py",
        f"set -euo pipefail;  {sys.executable} -c pass",
        f"set -euo pipefail;  {sys.executable} script.py",
        f"set -euo pipefail;  {sys.executable} tmp1.recourse.py now",
        "set -euo pipefail;  python tmp1.recourse.py",
        f"source activate 'somewhere'; set -euo pipefail;  {sys.executable} tmp1.recourse.py",
        f"set -euo pipefail;  {sys.executable} 'tmp1.recourse.py",
        f"set -euo pipefail;  {sys.executable} tmp1.recourse.py>tmp2.plot.py",
        f"set -euo pipefail;  {sys.executable} $HOME/tmp1.recourse.py",
        [sys.executable, "tmp1.recourse.py"],
    ],
)
def test_other_commands_are_not_scripts(line):
    assert workers._script(line) is None


def test_what_is_not_handed_over_runs_as_it_would(hand_over, tmp_path):
    path = script(tmp_path, "x.recourse.py", "print('here')")
    job = hand_over.Popen(command(path), shell=True, stdout=subprocess.PIPE, executable="/bin/bash")
    assert not isinstance(job, workers.Job)
    assert job.communicate()[0] == b"here\n"
    assert hand_over.check_output(["echo", "1"]) == b"1\n"
    assert hand_over.PIPE is subprocess.PIPE


def test_without_a_server_scripts_run_as_they_would(tmp_path):
    shell = types.SimpleNamespace(sp=subprocess)
    workers.start(shell)
    shell.sp._server.kill()
    shell.sp._server.wait()
    job = shell.sp.Popen(command(script(tmp_path, "x.recourse.py", "")), shell=True, executable="/bin/bash")
    assert not isinstance(job, workers.Job)
    assert job.wait() == 0
    shell.sp.close()


def test_when_the_main_process_is_killed_nothing_stays(tmp_path):
    """Its workers end with the job they have."""
    told, path = tmp_path / "told", tmp_path / "x.recourse.py"
    path.write_text(f"{here(told)}import time\ntell(os.getpid())\ntime.sleep(1)")
    code = (
        "import subprocess, types; from recrec import workers\n"
        "shell = types.SimpleNamespace(sp=subprocess); workers.start(shell)\n"
        f"job = shell.sp.Popen({command(path)!r}); print(shell.sp._server.pid, flush=True); job.wait()\n"
    )
    folder = os.path.dirname(os.path.dirname(workers.__file__))
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": folder}
    )
    server = int(owner.stdout.readline())
    assert until(told.exists)
    owner.kill()
    owner.wait()
    for process in (int(told.read_text()), server):
        assert until(lambda process=process: not running(process))


def test_snakemakes_shell_hands_scripts_over(tmp_path):
    """The one that is installed: its module, its commands, its way to wait."""
    pytest.importorskip("snakemake")
    told, path = tmp_path / "told", tmp_path / "x.recourse.py"
    path.write_text(f"{here(told)}tell(os.getpid())")
    code = (
        "import sys, snakemake.script; from recrec import workers\n"
        "module = sys.modules['snakemake.shell']; workers.start(module)\n"
        "shell = module.shell\n"
        f"for _ in range(2): shell('{{python}} {{path:q}}', python=sys.executable, path={str(path)!r}); "
        f"print(open({str(told)!r}).read())\n"
    )
    folder = os.path.dirname(os.path.dirname(workers.__file__))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": folder}
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.split()
    assert first == second


def test_elsewhere_nothing_is_handed_over(monkeypatch):
    shell = types.SimpleNamespace(sp=subprocess)
    monkeypatch.setattr(sys, "platform", "darwin")
    workers.start(shell)
    assert shell.sp is subprocess
    monkeypatch.undo()
    workers.start(types.SimpleNamespace())  # a Snakemake that names it differently


def test_a_worker_that_never_comes_is_an_error(monkeypatch):
    """The server ends between the request and the fork."""
    shell = types.SimpleNamespace(sp=subprocess)
    workers.start(shell)
    asked, asking = socket.socketpair()
    monkeypatch.setitem(shell.sp._launchers, "light", asking)

    def end():
        _, places, _, _ = socket.recv_fds(asked, 1, 1)
        os.close(places[0])

    threading.Thread(target=end).start()
    with pytest.raises(OSError, match="no worker"):
        shell.sp.take("recourse")
    shell.sp.close()
    asked.close()


def test_closed_workers_leave_scripts_to_subprocess(tmp_path):
    shell = types.SimpleNamespace(sp=subprocess)
    workers.start(shell)
    first = shell.sp
    workers.start(shell)
    assert shell.sp is first, "one is enough"
    shell.sp.close()
    for name in ("x.recourse.py", "x.plot.py"):
        job = shell.sp.Popen(command(script(tmp_path, name, "")), shell=True, executable="/bin/bash")
        assert not isinstance(job, workers.Job)
        assert job.wait() == 0


def test_a_warning_is_given_once_by_each_script(hand_over, tmp_path):
    told = tmp_path / "stderr"
    code = (
        f"import os, warnings; before = os.dup(2); os.dup2(os.open({str(told)!r}, os.O_WRONLY | os.O_APPEND), 2)\n"
        "import recrec.metrics\nfor _ in range(2): warnings.warn_explicit('odd', UserWarning, 'metrics.py', 1, "
        "registry=recrec.metrics.__dict__.setdefault('__warningregistry__', {}))\nos.dup2(before, 2)"
    )
    told.touch()
    first = start(hand_over, script(tmp_path, "a.evaluate.py", code))
    assert first.wait() == 0
    second = start(hand_over, script(tmp_path, "b.evaluate.py", code))
    assert (second.wait(), second.pid) == (0, first.pid)
    assert told.read_text().count("odd") == 2


def test_an_output_that_a_thread_writes_is_there_when_the_job_is_done(hand_over, tmp_path):
    told = tmp_path / "told"
    code = f"{here(told)}import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.3), tell(1))).start()"
    assert start(hand_over, script(tmp_path, "x.plot.py", code)).wait() == 0
    assert told.exists()


#: A main process whose server takes a while to import, with a script for it.
OWNER = """
import subprocess, sys, threading, time, types
sys.path.insert(0, {folder!r})
import recrec.workers as workers
shell = types.SimpleNamespace(sp=subprocess)
workers.start(shell)
print(shell.sp._server.pid, flush=True)
time.sleep(0.1)
"""


def owner(tmp_path, code, slow="time.sleep(1.5)", **keys):
    """A process with a server of its own, which imports for that long."""
    package = tmp_path / "package/recrec"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    source = pathlib.Path(workers.__file__).read_text("utf-8")
    (package / "slow.py").write_text(f"import time; {slow}")
    start_, end = source.index("LIBRARIES = {"), source.index("#: What precedes a script")
    short = 'LIBRARIES = {"light": ("recrec.slow", "recrec.slower"), "full": ()}\n'
    (package / "workers.py").write_text(source[:start_] + short + source[end:])
    text = OWNER.format(folder=str(package.parent)) + code
    return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, **keys)


def test_an_interrupt_while_the_libraries_are_imported_stops_the_jobs_that_wait(tmp_path):
    told = tmp_path / "told"
    path = script(tmp_path / "scripts", "x.recourse.py", f"{here(told)}tell(1)")
    code = (
        "import signal; signal.signal(signal.SIGINT, lambda *_: None)\n"
        f"print(shell.sp.Popen({command(path)!r}).wait())\n"
        f"print(shell.sp.Popen({command(path)!r}).wait())\n"
    )
    main = owner(tmp_path, code, start_new_session=True)
    main.stdout.readline()
    time.sleep(0.7)
    os.killpg(main.pid, signal.SIGINT)
    assert main.communicate(timeout=30)[0].split() == ["1", "0"], "and no others"


def test_what_runs_in_the_background_is_not_interrupted(tmp_path):
    told = tmp_path / "told"
    path = script(tmp_path / "scripts", "x.recourse.py", f"{here(told)}tell(1); import time; time.sleep(0.5)")
    code = f"print(shell.sp.Popen({command(path)!r}).wait())\n"
    main = owner(
        tmp_path,
        f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{code}",
        slow="pass",
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    main.stdout.readline()
    assert until(told.exists)
    os.killpg(main.pid, signal.SIGINT)
    assert main.communicate(timeout=30)[0].split() == ["0"]


def test_a_server_that_nobody_waits_for_stops_importing(tmp_path):
    """It holds the streams of the run: whoever reads them would wait for it."""
    (tmp_path / "mark").touch()
    main = owner(tmp_path, "")
    (tmp_path / "package/recrec/slower.py").write_text(f"import os; os.unlink({str(tmp_path / 'mark')!r})")
    server = int(main.stdout.readline())
    main.wait()
    assert until(lambda: not running(server))
    assert (tmp_path / "mark").exists()
