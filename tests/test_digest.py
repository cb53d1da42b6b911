"""The digest of the code that a script reaches: what changes it and what does not."""

from pathlib import Path

import pytest

from recrec.workflow import digest
from recrec.workflow.digest import code_digest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
SCRIPT = '"""A script."""\n\nimport recrec.plain\nfrom recrec.rooms import inner\n\nprint(inner.number())\n'
FILES = {
    "recrec/__init__.py": '"""The package."""\n',
    "recrec/plain.py": "VALUE = 1\nprint(VALUE)\n",
    "recrec/unused.py": "VALUE = 2\n",
    "recrec/public.py": "from recrec.house import door\n",
    "recrec/house/__init__.py": "from recrec.house.hall import opened as door\n",
    "recrec/house/hall.py": "from recrec.house import stairs\n\n\ndef opened():\n    return stairs.UP\n",
    "recrec/house/stairs.py": "UP = 1\n",
    "recrec/rooms/__init__.py": "from recrec.rooms.inner import number as exported\n",
    "recrec/rooms/inner.py": (
        'def number():\n    """One."""\n    # A comment.\n    from recrec import late\n\n    return late.ONE\n'
    ),
    "recrec/late.py": "import numpy\n\nONE = numpy.int64(1)\n",
    "recrec/plugins/__init__.py": "import importlib\n\n\ndef load(name):\n    return importlib.import_module(name)\n",
    "recrec/plugins/greedy.py": "from recrec.plugins import shared\n",
    "recrec/plugins/shared.py": "STEP = 1\n",
    "recrec/plugins/other.py": "STEP = 2\n",
}


@pytest.fixture
def tree(tmp_path):
    """A script and a package beside it."""
    for name, text in {"script.py": SCRIPT, **FILES}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def digest_after(tree, name, change, plugins=()):
    path = tree / name
    text = path.read_text("utf-8")
    changed = change(text)
    assert changed != text
    path.write_text(changed, "utf-8")
    digest._parsed.cache_clear()  # two writes may share a time
    return code_digest(tree / "script.py", plugins)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("script.py", "print(inner", "print(1 + inner"),
        ("recrec/plain.py", "VALUE = 1", "VALUE = 3"),  # `import recrec.x`
        ("recrec/plain.py", "print(VALUE)", "print(VALUE, VALUE)"),  # a bare top-level statement
        ("recrec/rooms/inner.py", "return late", "return -late"),  # a module of a sub-package
        ("recrec/rooms/__init__.py", "exported", "exported_too"),  # which runs before it
        ("recrec/__init__.py", '"""\n', '"""\n\nEDITION = 2\n'),
        ("recrec/late.py", "int64(1)", "int64(2)"),  # imported inside a function
    ],
)
def test_an_edit_of_what_a_script_reaches_changes_it(tree, name, old, new):
    before = code_digest(tree / "script.py")
    assert digest_after(tree, name, lambda text: text.replace(old, new)) != before


@pytest.mark.parametrize(
    ("name", "old", "new"), [("recrec/house/hall.py", "stairs.UP", "-stairs.UP"), ("recrec/house/stairs.py", "1", "2")]
)
@pytest.mark.parametrize("taken", ["from recrec.public import door", "import recrec.public", "import recrec.house"])
def test_a_name_is_followed_through_the_modules_that_pass_it_on(tree, taken, name, old, new):
    (tree / "script.py").write_text(f"{taken}\n", "utf-8")
    before = code_digest(tree / "script.py")
    assert digest_after(tree, name, lambda text: text.replace(old, new)) != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("recrec/unused.py", "2", "3"),
        ("recrec/plugins/greedy.py", "shared", "other"),  # nobody named it
        ("recrec/rooms/inner.py", "# A comment.", "# Another one."),
        ("recrec/rooms/inner.py", '"""One."""', '"""A number."""'),
        ("recrec/rooms/inner.py", "late\n\n", "late\n\n\n"),
        ("script.py", "A script.", "The script."),
    ],
)
def test_other_edits_do_not(tree, name, old, new):
    before = code_digest(tree / "script.py")
    assert digest_after(tree, name, lambda text: text.replace(old, new)) == before


def test_imports_for_types_alone_are_never_run(tree):
    typed = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import recrec.unused\n"
    before = digest_after(tree, "recrec/late.py", lambda text: typed + text)
    assert digest_after(tree, "recrec/unused.py", lambda text: text.replace("2", "3")) == before


def test_a_docstring_that_is_data_counts(tree):
    """Only what Python itself takes for a docstring is left out."""
    digest_after(tree, "recrec/plain.py", lambda text: text + 'if VALUE:\n    "text"\n    VALUE = 5\n')
    before = code_digest(tree / "script.py")
    assert digest_after(tree, "recrec/plain.py", lambda text: text.replace('"text"', '"other"')) != before


def test_a_plug_in_counts_where_it_is_named(tree):
    greedy = ["recrec.plugins.greedy"]
    before, other = code_digest(tree / "script.py", greedy), code_digest(tree / "script.py", ["recrec.plugins.other"])
    assert before != other != code_digest(tree / "script.py")
    after = digest_after(tree, "recrec/plugins/shared.py", lambda text: text.replace("1", "2"), greedy)
    assert after != before
    assert code_digest(tree / "script.py", ["recrec.plugins.other"]) == other


def test_a_plug_in_that_is_not_there_is_named(tree):
    with pytest.raises(FileNotFoundError, match=r"recrec\.plugins\.gone"):
        code_digest(tree / "script.py", ["recrec.plugins.gone"])


def test_a_new_version_of_a_library_changes_it(tree, monkeypatch):
    before = code_digest(tree / "script.py")
    asked = []

    def newer(library):
        asked.append(library)
        return "99.0" if library == "numpy" else digest.metadata.version(library)

    digest._version.cache_clear()
    monkeypatch.setattr(digest.metadata, "version", newer)
    try:
        assert code_digest(tree / "script.py") != before
    finally:
        digest._version.cache_clear()
    assert asked == ["numpy"]


def test_a_device_is_no_library_of_it(tree):
    before = code_digest(tree / "script.py")
    added = digest_after(tree, "recrec/late.py", lambda text: "import cupy\n" + text)
    assert added != before, "the code itself counts"
    assert digest._version("cupy") is None


def test_relative_imports_are_refused_for_they_are_not_followed(tree):
    with pytest.raises(ValueError, match="relative"):
        digest_after(tree, "recrec/late.py", lambda text: "from . import plain\n" + text)


def reached(monkeypatch, script, plugins=()):
    """Files of the package in the digest of a script, of the tree as it is."""
    files, original = set(), digest._parsed

    def noting(path, changed):
        files.add(path.relative_to(script.parent).as_posix())
        return original(path, changed)

    with monkeypatch.context() as patched:
        patched.setattr(digest, "_parsed", noting)
        code_digest(script, plugins)
    return files


def test_the_real_scripts_reach_what_they_use(monkeypatch):
    """A solver is in the digest of a cell that names it, and not in that of another or of a plot."""
    plot = reached(monkeypatch, SCRIPTS / "plot.py")
    assert "recrec/reporting/figures.py" in plot
    assert not any(path.startswith(("recrec/methods", "recrec/workflow/study")) for path in plot)
    of_recrec = reached(monkeypatch, SCRIPTS / "recourse.py", ["recrec.recommenders.ridge", "recrec.methods.recrec"])
    of_greedy = reached(monkeypatch, SCRIPTS / "recourse.py", ["recrec.recommenders.content", "recrec.methods.greedy"])
    assert of_recrec >= {"recrec/methods/recrec/leaping.py", "recrec/recommenders/ridge.py", "recrec/arrays/kernels.py"}
    assert "recrec/methods/recrec/leaping.py" not in of_greedy and "recrec/recommenders/ridge.py" not in of_greedy
    assert "recrec/evaluation/measures.py" not in of_recrec | of_greedy


@pytest.mark.parametrize(
    "code",
    ["from recrec import fit", "import recrec\n\nrecrec.fit", "import recrec\n\ndef f():\n    recrec.recourse()"],
)
def test_public_names_lead_to_where_they_are(monkeypatch, tmp_path, code):
    (tmp_path / "recrec").symlink_to(SCRIPTS / "recrec")
    (tmp_path / "own.py").write_text(code)
    files = reached(monkeypatch, tmp_path / "own.py")
    assert files >= {"recrec/interface.py", "recrec/actionability/__init__.py", "recrec/evaluation/measures.py"}
