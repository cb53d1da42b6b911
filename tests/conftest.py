"""Where things are, and copies of the workflow to run."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import tiny
from hypothesis import Phase, settings

# A shell that starts the tests in the background has them ignore interrupts, and so all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parent.parent
WORKFLOW = ["Snakefile", "config.yaml", "profiles", "workflow", "scripts", "envs"]
JOB = re.compile(r"^(?:local)?rule (?P<rule>\S+):\n(?P<rest>(?:    .*\n)*)", re.MULTILINE)


#: For those who want to know whether a test fails, and not how the least example looks (tests/mutations.py).
settings.register_profile("first-failure", phases=[Phase.explicit, Phase.generate], deadline=None)
# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items):
    """Whatever runs Snakemake or reads real data is slow: `pytest -m "not slow"` leaves it out."""
    for item in items:
        if {"copy_workflow", "finished", "mirror"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


class Copy(NamedTuple):
    """A copy of the workflow in a folder of its own, beside the tiny data set.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    def snakemake(self, *arguments, cores=2):
        """Run Snakemake here on the tiny study.

        Returns
        -------
        CompletedProcess
            ``stdout`` has both streams.
        """
        return subprocess.run(**self._call(arguments, cores))

    def start(self, *arguments, cores=2):
        """The same in a session of its own, without waiting for it.

        Returns
        -------
        Popen
        """
        return subprocess.Popen(**self._call(arguments, cores), start_new_session=True)

    def _call(self, arguments, cores):
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        hidden = {"RECREC_MIRROR", "SNAKEMAKE_PROFILE"}
        return dict(
            args=[
                *[sys.executable, "-m", "snakemake", "--cores", str(cores), "--nocolor"],
                *[*arguments, "--configfile", "tiny/study.yaml"],
            ],
            cwd=self.folder,
            env={**{key: value for key, value in os.environ.items() if key not in hidden}, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def planned(self, *arguments):
        """The jobs that Snakemake would run: a list of (rule, wildcards), both text."""
        done = self.snakemake("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout
        found = []
        for job in JOB.finditer(done.stdout):
            wildcards = re.search(r"^    wildcards: (.*)$", job["rest"], re.MULTILINE)
            found.append((job["rule"], wildcards[1] if wildcards else ""))
        total = re.search(r"^total\s+(\d+)$", done.stdout, re.MULTILINE)
        assert len(found) == (int(total[1]) if total else 0), done.stdout
        return found


def session(leader):
    """The living processes of a session, by the number of the first."""
    found = []
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            state, _, _, number = (place / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(number) == leader and state != "Z":
                found.append(int(place.name))
    return found


@pytest.fixture(scope="session")
def mirror():
    """The folder with the files of the real data sets."""
    folder = Path(os.environ.get("RECREC_MIRROR", ""))
    if not os.environ.get("RECREC_MIRROR") or not folder.is_dir():
        pytest.skip("needs the mirror folder: set RECREC_MIRROR")
    return folder


@pytest.fixture(scope="session")
def copy_workflow(tmp_path_factory):
    """A function that makes a fresh `Copy`, of the workflow as it was at the start."""
    snapshot = tmp_path_factory.mktemp("snapshot") / "workflow"
    snapshot.mkdir()
    for part in WORKFLOW:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, snapshot / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, snapshot / part)
    tiny.write(snapshot / "tiny")

    def make(name):
        return Copy(Path(shutil.copytree(snapshot, tmp_path_factory.mktemp(name) / "workflow")))

    return make


#: What is made of a study.
FIGURES = "results/figures"


class Run(NamedTuple):
    """A copy with a finished run, and what it had made by then."""

    copy: Copy
    digests: dict
    output: str


def digests(folder):
    """sha256 of every file of the results. What a job took and when differs from run to run."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "results").rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[1] not in ("logs", "benchmarks")
    }


def run(copy, cores):
    done = copy.snakemake(FIGURES, cores=cores)
    assert done.returncode == 0, done.stdout
    return Run(copy, digests(copy.folder), done.stdout)


@pytest.fixture(scope="module")
def finished(copy_workflow):
    """The tiny study, done. Tests that change something in its folder put it right again."""
    return run(copy_workflow("cores4"), 4)
