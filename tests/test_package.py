"""The package: what it declares, what it holds once it is built and installed, and that its names have types."""

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import REPOSITORY
from documents import blocks_of
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import recrec

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
SCRIPTS = REPOSITORY / "scripts"
#: Distributions that are called other than what they are imported as.
CALLED = {"yaml": "pyyaml", "sklearn": "scikit-learn", "cupyx": "cupy"}
#: The lines of the README's chapter on Python, and what they come from.
TEN_LINES = f"""\
{blocks_of("From Python", "python")[0]}
print(recrec.__file__, recrec.__version__, recrec.methods.names(), recrec.recommenders.names())
"""
TYPED = """\
from typing import assert_type

import recrec

model = recrec.fit([[1, 0], [0, 1]], [[5, 0]], "ridge", alpha=1.0)
assert_type(model, recrec.Model)
answer = recrec.recourse(model, "item 1", [0], constraints=recrec.Constraints(high=1.0))
assert_type(answer, recrec.Recourse)
assert_type(answer.changes, dict[str, float])
assert_type(recrec.threshold(answer, keep=0.9), recrec.Recourse)
assert_type(recrec.evaluate(answer), recrec.Evaluated)
assert_type(recrec.evaluate(answer).users_reached, int)
assert_type(recrec.say(answer), str)
assert_type(recrec.methods.names(), list[str])
assert_type(model.target([0]), recrec.Target)
recrec.fit([[1]])  # type: ignore[call-arg]
recrec.recourse(model, 1.5)  # type: ignore[arg-type]
recrec.threshold(answer, keep="most")  # type: ignore[arg-type]
recrec.fitt  # type: ignore[attr-defined]
"""


def declared(*extras):
    """Names of the distributions of some extras; of the core with none."""
    parts = [PROJECT["optional-dependencies"][extra] for extra in extras] or [PROJECT["dependencies"]]
    return {canonicalize_name(Requirement(line).name) for part in parts for line in part}


def third_party(path, nested=True):
    """Distributions that a file imports, the imports within functions left out or not."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":  # Snakemake's language: the lines of it that are imports
        text = "\n".join(re.findall(r"^(?:import|from) .*$", text, re.MULTILINE))
    tree = ast.parse(text)
    for node in ast.walk(tree) if nested else tree.body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module]
        for name in names:
            top = name.partition(".")[0]
            if top != "recrec" and top not in sys.stdlib_module_names:
                yield canonicalize_name(CALLED.get(top, top))


def pinned_by_hand():
    lines = (REPOSITORY / "envs/rbo.txt").read_text("utf-8").splitlines()
    return {Requirement(line.rstrip(" \\")).name for line in lines if not line.startswith(" ")}


class TestDeclared:
    EVERYTHING = declared() | declared(*PROJECT["optional-dependencies"])
    IMPORTED = frozenset(
        name
        for files in (SCRIPTS.rglob("*.py"), [REPOSITORY / "Snakefile", *REPOSITORY.glob("workflow/rules/*.smk")])
        for path in files
        for name in third_party(path)
    )

    def test_every_import_and_nothing_else(self):
        assert self.IMPORTED - pinned_by_hand() == self.EVERYTHING

    def test_what_the_tests_import_is_in_their_environment(self):
        tests = REPOSITORY / "tests"
        imported = {name for path in tests.glob("*.py") for name in third_party(path)}
        own = {canonicalize_name(path.stem) for path in tests.glob("*.py")}
        lines = (REPOSITORY / "envs/requirements-dev.in").read_text("utf-8").splitlines()
        named = {canonicalize_name(Requirement(line).name) for line in lines if not line.startswith(("#", "-r"))}
        assert imported - own - pinned_by_hand() - self.EVERYTHING <= named

    def test_what_the_public_names_load_is_in_the_core(self):
        code = (
            "import sys, recrec\n"
            "for name in recrec.__all__: getattr(recrec, name)\n"
            "for room in (recrec.methods, recrec.recommenders):\n    for name in room.names(): room.load(name)\n"
            "print(*(m.__file__ for name, m in sys.modules.items() if name.split('.')[0] == 'recrec'), sep='\\n')"
        )
        loaded = run([sys.executable, "-c", code], PYTHONPATH=str(SCRIPTS)).splitlines()
        needed = {name for path in loaded for name in third_party(Path(path), nested=False)}
        assert {"numpy", "pydantic"} <= needed <= declared()

    def test_the_locked_environment_is_core_workflow_and_plot(self):
        lines = (REPOSITORY / "envs/requirements.in").read_text("utf-8").splitlines()
        named = {line for line in lines if not line.startswith("#")}
        assert named == declared() | declared("workflow", "plot")

    def test_the_locked_versions_are_allowed(self):
        text = (REPOSITORY / "envs/requirements.txt").read_text("utf-8")
        pins = re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)
        extras = (PROJECT["optional-dependencies"][extra] for extra in ("workflow", "plot"))
        for line in [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]:
            requirement = Requirement(line)
            versions = [version for name, version in pins if name == canonicalize_name(requirement.name)]
            assert versions and all(version in requirement.specifier for version in versions), line

    def test_locks_have_hashes_and_name_no_index(self):
        for path in (REPOSITORY / "envs").glob("requirements*.txt"):
            text = path.read_text("utf-8")
            assert "://" not in text and "--index" not in text, path.name
            for pin in re.split(r"\n(?=\w)", text):
                assert "--hash=sha256:" in pin, f"{path.name}: {pin}"


def test_the_import_is_cheap():
    code = "import sys, recrec; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = run([sys.executable, "-c", code], PYTHONPATH=str(SCRIPTS)).split()
    assert not {"numpy", "scipy", "pandas", "pydantic", "snakemake"} & set(loaded)


def test_one_version():
    version = recrec.__version__
    assert "version" not in PROJECT and PROJECT["dynamic"] == ["version"]
    assert f"\nversion: {version}\n" in (REPOSITORY / "CITATION.cff").read_text("utf-8")
    assert f"\n## {version}" in (REPOSITORY / "CHANGELOG.md").read_text("utf-8")


def run(command, folder=None, **variables):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MYPY"))}
    done = subprocess.run(command, cwd=folder, env={**environment, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder, source, kind):
    """A wheel or sdist, made with the backend that is installed."""
    run([sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)], source)
    return next(folder.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return build(tmp_path_factory.mktemp("sdist"), REPOSITORY, "sdist")


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """From the sdist, as a package index's users build it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return build(tmp_path_factory.mktemp("wheel"), next(folder.iterdir()), "wheel")


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of a fresh environment with the wheel in it, and what it needs lent by this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    interpreter = folder / "bin/python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own, lent = (Path(run([str(path), "-c", code]).strip()) for path in (interpreter, sys.executable))
    run([sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--no-deps", "--no-index", str(wheel)])
    (own / "lent.pth").write_text(f"{lent}\n", "utf-8")
    return interpreter


@pytest.mark.slow
class TestBuilt:
    def test_the_wheel_holds_the_package_alone(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
        info = f"recrec_bench-{recrec.__version__}.dist-info"
        assert {name.partition("/")[0] for name in names} == {"recrec", info}
        files = {path.relative_to(SCRIPTS).as_posix() for path in (SCRIPTS / "recrec").rglob("*.py")}
        others = {"recrec/py.typed", "recrec/causal/card.html.j2"}
        assert {name for name in names if name.startswith("recrec/")} == files | others

    def test_the_sdist_is_small_and_has_no_results(self, sdist):
        with tarfile.open(sdist) as archive:
            names = [name.partition("/")[2] for name in archive.getnames()]
        assert sdist.stat().st_size < 1_000_000
        assert not [name for name in names if name.startswith("results") or "__pycache__" in name or ".venv" in name]
        assert {"Snakefile", "config.yaml", "CHANGELOG.md", "scripts/recrec/py.typed", "tests/test_package.py"} <= {
            *names
        }

    def test_ten_lines_run_in_an_empty_folder(self, python, tmp_path):
        said = run([str(python), "-c", TEN_LINES], tmp_path).splitlines()
        assert said[0].startswith("{'love': ") and "Add love (0 → " in said[1]
        assert Path(said[2].split()[0]).is_relative_to(python.parent.parent)
        assert said[2].endswith(f"{recrec.__version__} {recrec.methods.names()} {recrec.recommenders.names()}")

    def test_its_names_have_types(self, python, tmp_path):
        (tmp_path / "typed.py").write_text(TYPED, "utf-8")
        run([sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "typed.py"], tmp_path)
