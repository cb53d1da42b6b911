"""The library runs where there is no Snakemake: on a bare machine with a GPU, say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import recrec

PACKAGE = Path(recrec.__file__).parent
TESTS = Path(__file__).parent


@pytest.mark.slow
def test_the_library_and_its_tests_import_without_snakemake():
    modules = [
        "recrec." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.stem != "__init__"
    ]
    modules += [path.stem for path in sorted(TESTS.glob("test_*.py")) if path.stem != "test_gpu"]
    code = "import sys\nsys.modules['snakemake'] = None\nfor name in sys.argv[1:]: __import__(name)"
    done = subprocess.run(
        [sys.executable, "-c", code, *modules], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), str(TESTS)])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
