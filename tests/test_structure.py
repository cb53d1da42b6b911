"""The rooms of the library and who may lean on whom (workflow/docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

import recrec

PACKAGE = Path(recrec.__file__).parent
SCRIPTS = PACKAGE.parent
#: Rooms from the ground up; one may lean on those of lower storeys, and on those named before it on its own.
STOREYS = [
    ["errors", "storage", "config", "plugins", "titles", "drawing"],
    ["arrays", "data"],
    ["ranking", "actionability"],
    ["audience"],
    ["recommenders"],
    ["methods"],
    ["evaluation"],
    ["reporting", "interface", "benchmarks", "causal", "workflow"],
]
ORDER = [room for storey in STOREYS for room in storey]
#: Rooms of one storey that do not know each other.
STRANGERS = {("arrays", "data"), ("ranking", "actionability")}
#: What the track of its own, of people, leans on; of all rooms only the workflow may know it.
CAUSAL = {"errors", "storage", "config", "plugins", "titles", "drawing", "arrays", "data", "actionability", "causal"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path):
    """Names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: name the package in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_room_has_its_storey():
    found = {room_of(path) for path in MODULES} - {"__init__", "py"}
    assert found <= set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_arrows_point_down(path):
    room = room_of(path)
    if room == "__init__":
        return  # the public names
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package != "recrec":
            continue
        other = rest.partition(".")[0]
        assert other in ORDER, f"{path}: imports {name}"
        pair = tuple(sorted((room, other)))
        allowed = room == other or (ORDER.index(other) < ORDER.index(room) and pair not in STRANGERS)
        if room == "causal":
            allowed = other in CAUSAL
        elif other == "causal":
            allowed = room == "workflow"
        assert allowed, f"{path.relative_to(PACKAGE)} ({room}) leans on {name} ({other})"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_workflow_room_knows_snakemake(path):
    known = any(name.partition(".")[0].startswith("snakemake") for name in imports(path))
    assert not known or room_of(path) == "workflow"


def test_a_script_and_a_module_do_not_share_a_name():
    scripts = {path.stem for path in SCRIPTS.glob("*.py")}
    assert not scripts & {path.stem for path in MODULES}
