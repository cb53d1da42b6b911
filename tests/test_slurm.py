"""The workflow through workflow/profiles/slurm, on a SLURM of one node: the same bytes as without it."""

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import one_node_slurm
import psutil
import pytest
import yaml
from conftest import REPOSITORY, digests

PLUGIN = "snakemake_executor_plugin_slurm"
#: MiB; that of a small node, whatever this machine has.
MEMORY = 16000
#: For a node without a database of finished jobs, and quicker than a cluster's users need it to be.
QUICK = ["--slurm-status-command", "squeue", "--slurm-no-account", "--slurm-init-seconds-before-status-checks", "2"]
LONG = "RECREC_SLURM_LONG"


def needed():
    """Skip the test, and say why, where SLURM cannot be started."""
    reason = one_node_slurm.missing()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def slurm():
    """The environment of a running SLURM, and its daemons."""
    needed()
    if importlib.util.find_spec(PLUGIN) is None:
        pytest.skip("needs snakemake-executor-plugin-slurm (pip)")
    with one_node_slurm.one_node(memory=MEMORY) as node:
        yield node


def submit(folder, environment, *arguments, timeout):
    """Run the study in a folder through SLURM."""
    path = os.pathsep.join([environment["PATH"].split(os.pathsep)[0], str(Path(sys.executable).parent)])
    environment = {key: value for key, value in environment.items() if key != "SNAKEMAKE_PROFILE"}
    done = subprocess.run(
        [
            *[sys.executable, "-m", "snakemake", "--nocolor", "--workflow-profile", "workflow/profiles/slurm"],
            *[*QUICK, "results/figures", *arguments],
        ],
        cwd=folder,
        env={**environment, "PATH": os.pathsep.join([path, environment["PATH"]])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout + node_logs(folder)


def node_logs(folder):
    """What failed jobs said on the node; the logs of the others are removed."""
    return "".join(path.read_text("utf-8") for path in (folder / ".snakemake" / "slurm_logs").rglob("*.log"))


def queue(environment):
    """All jobs that SLURM was given: their states, cores, MiB and minutes, all text."""
    done = subprocess.run(
        ["squeue", "--noheader", "--states=all", "--format=%i|%T|%C|%m|%l"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = (line.split("|") for line in done.stdout.splitlines())
    return {job: dict(zip(("state", "cores", "memory", "time"), row, strict=True)) for job, *row in rows}


def test_there_are_rules_of_all_names():
    """Snakemake says nothing about a name that no rule has."""
    rules = set()
    for path in (REPOSITORY / "workflow" / "rules").glob("*.smk"):
        rules.update(re.findall(r"^rule (\w+):", path.read_text("utf-8"), re.MULTILINE))
    profile = yaml.safe_load((REPOSITORY / "workflow" / "profiles" / "slurm" / "config.yaml").read_text("utf-8"))
    block = re.search(r"^localrules:\n((?:    \w+,\n)+)", (REPOSITORY / "Snakefile").read_text("utf-8"), re.MULTILINE)
    local = set(re.findall(r"\w+", block[1]))
    assert local <= rules
    assert set(profile["set-resources"]) <= rules - local
    assert set(profile["groups"]) <= rules - local


def test_the_tiny_study_has_the_bytes_of_a_local_run(slurm, copy_workflow):
    environment, _ = slurm
    local, cluster = copy_workflow("local"), copy_workflow("cluster")
    done = local.snakemake("results/figures")
    assert done.returncode == 0, done.stdout
    before = queue(environment)
    # Few cells a group, so that there are several groups and one that is not full.
    submit(
        cluster.folder,
        environment,
        *["--group-components", "cells=3", "--configfile", "tiny/study.yaml"],
        timeout=900,
    )
    assert digests(cluster.folder) == digests(local.folder)

    jobs = [row for job, row in queue(environment).items() if job not in before]
    assert {row["state"] for row in jobs} == {"COMPLETED"}
    # A group asks for what its jobs need one after another: one core, the memory of the largest, everybody's minute.
    assert {row["cores"] for row in jobs} == {"1"}
    groups = [row["time"] for row in jobs if row["memory"] == "3000M"]
    assert sorted(groups) == ["6:00", "9:00", "9:00"]
    assert len(jobs) > len(groups)


def test_ml_100k_has_the_bytes_of_a_local_run(slurm, copy_workflow, mirror):
    """Of a part of its grid, or with RECREC_SLURM_LONG of all: every job starts two Snakemakes, half an hour."""
    part, cells = ("", 160) if os.environ.get(LONG) else ("ranks: [101]\nsamplings: [20]\n", 5)
    environment, _ = slurm
    local, cluster = copy_workflow("local"), copy_workflow("cluster")
    for copy in (local, cluster):
        (copy.folder / "study.yaml").write_text(f"study: [ml-100k]\n{part}", "utf-8")
    environment = {**environment, "RECREC_MIRROR": str(mirror.resolve())}
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml", "--", "results/figures"],
        cwd=local.folder,
        env=environment,
        check=True,
    )
    submit(cluster.folder, environment, "--configfile", "study.yaml", timeout=5400)
    assert len(list((cluster.folder / "results" / "evaluation").rglob("*.csv"))) == cells
    assert digests(cluster.folder) == digests(local.folder)


def test_every_port_is_on_the_loopback_interface(slurm):
    environment, daemons = slurm
    with subprocess.Popen(["srun", "--mem=100", "sleep", "60"], env=environment) as client:
        try:
            end = time.monotonic() + 30
            while not any(row["state"] == "RUNNING" for row in queue(environment).values()):
                assert time.monotonic() < end
                time.sleep(0.2)
            processes = [psutil.Process(client.pid), *daemons]
            processes += [child for process in processes for child in process.children(recursive=True)]
            ports = [
                connection.laddr.ip
                for process in processes
                for connection in process.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN
            ]
        finally:
            client.terminate()
    # Of slurmctld, slurmd and srun.
    assert len(ports) >= 3
    assert set(ports) == {"127.0.0.1"}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_daemon_outlives_the_script(number):
    needed()
    # A killed script leaves its folder behind. Not pytest's folder, see `one_node_slurm.one_node`.
    with tempfile.TemporaryDirectory() as folder:
        script = subprocess.Popen(
            [sys.executable, one_node_slurm.__file__, "sleep", "300"], env={**os.environ, "TMPDIR": folder}
        )
        try:
            end = time.monotonic() + 60
            while "sleep" not in names(children(script)):
                assert time.monotonic() < end and script.poll() is None
                time.sleep(0.2)
            started = children(script)
            daemons = [process for process in started if process.name() in one_node_slurm.DAEMONS]
            assert names(daemons) == set(one_node_slurm.DAEMONS)
        finally:
            script.send_signal(number)
            script.wait(60)
        _, alive = psutil.wait_procs(daemons, 30)
        assert not alive
        for process in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert (os.listdir(folder) == []) == (number == signal.SIGTERM)


def children(script):
    return psutil.Process(script.pid).children(recursive=True)


def names(processes):
    return {process.name() for process in processes}
