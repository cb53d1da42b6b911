"""The digest of the library code that a script reaches: what changes it and what does not."""

import pytest

from recrec.digest import code_digest

SCRIPT = """
\"\"\"A script.\"\"\"

from recrec import shapes
from recrec.numbers import Table, double, fetch as get

with open("out") as file:
    file.write(str(double(2)) + str(shapes.square(3)))
    Table().total()
    get()
"""

NUMBERS = """
\"\"\"Numbers.\"\"\"

from recrec import units
from recrec.constants import FACTOR

STEPS = [1, 2]
STEPS += [3]


def double(value):
    \"\"\"Twice the value.\"\"\"
    return FACTOR * helper(value)


def helper(value):
    # A comment.
    return value + sum(STEPS) + units.metre()


def unused(value):
    return value


class Table:
    \"\"\"A table.\"\"\"

    def total(self):
        \"\"\"The sum.\"\"\"
        return 1

    def mean(self):
        return 2


def fetch():
    from recrec.lazily import load
    from recrec import units

    return load() + units.second()
"""

SHAPES = """
import math


def square(side):
    return side * side * math.cos(0)


def circle(radius):
    return radius
"""

CONSTANTS = """
FACTOR = 2
OTHER = 3
"""

UNITS = """
def metre():
    return 1


def second():
    return 1


def gram():
    return 1
"""

LAZILY = """
def load():
    return inner()


def inner():
    return 5


def spare():
    return 6
"""

FILES = {
    "script": SCRIPT,
    "numbers": NUMBERS,
    "shapes": SHAPES,
    "constants": CONSTANTS,
    "units": UNITS,
    "lazily": LAZILY,
}


@pytest.fixture
def digest(tmp_path):
    """A function that writes the package, with one text changed, and gives the script's digest."""
    (tmp_path / "recrec").mkdir()

    def write(module=None, old=None, new=None):
        code_digest.cache_clear()
        for name, text in FILES.items():
            if name == module:
                assert text.count(old) == 1, "the change is at one place"
                text = text.replace(old, new)
            path = tmp_path / "script.py" if name == "script" else tmp_path / "recrec" / f"{name}.py"
            path.write_text(text, "utf-8")
        return code_digest(tmp_path / "script.py")

    yield write
    code_digest.cache_clear()


CHANGES = {
    "a function that the script imports by name": ("numbers", "FACTOR * helper", "FACTOR + helper"),
    "its signature": ("numbers", "def double(value)", "def double(value, power=1)"),
    "a function that this one uses": ("numbers", "value + sum", "value - sum"),
    "a function of a module that the script imports": ("shapes", "side * side", "side + side"),
    "a constant of the same module": ("numbers", "STEPS = [1, 2]", "STEPS = [1, 4]"),
    "an addition to this constant": ("numbers", "STEPS += [3]", "STEPS += [5]"),
    "a constant of another module": ("constants", "FACTOR = 2", "FACTOR = 5"),
    "a method": ("numbers", "return 1", "return 7"),
    "a method that nobody calls by name": ("numbers", "return 2", "return 7"),
    "a function reached through a module's attribute": ("units", "def metre():\n    return 1", "def metre(): return 8"),
    "a function imported inside a function": ("lazily", "return inner()", "return -inner()"),
    "what that one uses": ("lazily", "return 5", "return 9"),
    "a module imported inside a function": ("units", "def second():\n    return 1", "def second(): return 8"),
    "which library function a name stands for": ("numbers", "import load\n", "import spare as load\n"),
    "what a module imports from elsewhere": ("shapes", "import math", "import cmath as math"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes(digest, change):
    assert digest(*CHANGES[change]) != digest()


SAME = {
    "a function that nobody uses": ("numbers", "def unused(value):\n    return value", "def unused(x): return x + 1"),
    "an unused function of a module that is used": ("shapes", "return radius", "return 2 * radius"),
    "an unused function beside one reached by attribute": (
        "units",
        "def gram():\n    return 1",
        "def gram(): return 2",
    ),
    "an unused function beside one imported lazily": ("lazily", "return 6", "return 7"),
    "an unused constant": ("constants", "OTHER = 3", "OTHER = 4"),
    "a new function": ("shapes", "import math", "import math\n\n\ndef new():\n    return 1\n"),
    "a comment": ("numbers", "# A comment.", "# Another comment, longer than that."),
    "no comment": ("numbers", "    # A comment.\n", ""),
    "the docstring of a function": ("numbers", '"""Twice the value."""', '"""Two times the value."""'),
    "no docstring of a function": ("numbers", '    """Twice the value."""\n', ""),
    "the docstring of a class": ("numbers", '"""A table."""', '"""Rows and columns."""'),
    "the docstring of a method": ("numbers", '"""The sum."""', '"""All of it."""'),
    "the docstring of a module": ("numbers", '"""Numbers."""', '"""Figures."""'),
    "the docstring of the script": ("script", '"""A script."""', '"""The script."""'),
    "empty lines": ("numbers", "STEPS += [3]\n", "STEPS += [3]\n\n\n\n"),
    "spaces": ("shapes", "side * side", "side*side"),
    "line breaks": ("shapes", "side * side * math.cos(0)", "(\n        side * side\n        * math.cos(0)\n    )"),
}


@pytest.mark.parametrize("change", SAME)
def test_stays_the_same(digest, change):
    assert digest(*SAME[change]) == digest()


def test_a_use_that_is_added_or_dropped(digest):
    """The script's own text is Snakemake's concern; what it newly reaches is the digest's."""
    assert digest("script", "shapes.square(3)", "shapes.circle(3)") != digest()
    assert digest("script", "    get()\n", "") != digest()


def test_of_one_line_only(digest):
    found = digest()
    assert len(found) == 16 and set(found) <= set("0123456789abcdef")


def test_functions_that_use_each_other(digest):
    """A circle of uses ends."""
    circle = ("lazily", "    return 5", "    return load() + 5")
    assert digest(*circle) != digest()


def test_a_docstring_alone_is_a_body(digest):
    one = digest("lazily", "    return 5", '    """Nothing yet."""')
    assert one == digest("lazily", "    return 5", '    """Nothing ever."""')
    assert one == digest("lazily", "    return 5", "    pass")
