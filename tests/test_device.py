"""Choosing a device, and batches that fit into its memory."""

import logging
import sys

import emulated
import numpy as np
import pytest
import random_study
from hypothesis import given
from hypothesis import strategies as st
from random_study import choose
from test_solvers import assert_same

from recrec.arrays import device, kernels
from recrec.errors import InputError
from recrec.methods import Problem
from recrec.methods.recrec import batches, leaping


class Lines(logging.Logger):
    """A logger that keeps what it is told."""

    def __init__(self):
        super().__init__("lines")
        self.lines = []

    def handle(self, record):
        self.lines.append(record.getMessage())


def solved(target, choice, on=device.CPU, log=None):
    return random_study.solve_cell(target, [4, 2, 9], 50, [1, 2, 3], choice, on, log=log or Lines())


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)


class Unable:
    """CuPy on a machine without a device."""

    @staticmethod
    def is_available():
        return False


def test_gpu_without_cupy_is_one_clear_line(no_cupy):
    with pytest.raises(InputError, match=r"device: given gpu; CuPy is not installed. Say auto or cpu"):
        device.choose("gpu", "double", 1)


def test_gpu_without_a_device_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", Unable)
    with pytest.raises(InputError, match=r"device: given gpu; CuPy finds no CUDA device"):
        device.choose("gpu", "double", 1)


def test_cupy_that_does_not_work_is_one_clear_line(monkeypatch, pretended):
    """CUDA's libraries are loaded late: a part of them may be missing."""

    def broken(matrix):
        raise ImportError("libcusparse.so.12: not found\nlooked in a hundred places")

    for name, module in pretended.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(pretended["cupyx.scipy.sparse"], "csr_matrix", broken)
    why = "CuPy does not work here: ImportError: libcusparse.so.12: not found"
    with pytest.raises(InputError, match=f"device: given gpu; {why}. Say auto or cpu"):
        device.choose("gpu", "double", 1)
    log = Lines()
    assert device.choose("auto", "double", 1, log).name == "cpu"
    assert log.lines == [f"device: cpu ({why})"]


def test_auto_says_what_it_took_and_why(no_cupy):
    log = Lines()
    taken = device.choose("auto", "single", 3, log)
    assert (taken.xp, taken.dtype, taken.budget) == (np, np.float32, 3 * 2**20)
    assert log.lines == ["device: cpu (CuPy is not installed)"]


def test_cpu_does_not_look_for_cupy(monkeypatch):
    monkeypatch.setattr(device, "_cuda", lambda: pytest.fail("looked"))
    assert device.choose("cpu", "double", 1).name == "cpu"


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 100), st.integers(1, 30))
def test_batches_cover_everything_once_in_order_and_fit(samples, items, budget, memory):
    small = device.CPU._replace(budget=budget)

    def work(some_samples, some_items):
        size = len(some_samples) * len(some_items)
        assert size == 1 or size <= budget
        if size > memory:
            raise MemoryError
        return [(sample, item) for sample in some_samples for item in some_items]

    found = list(device.in_batches(list(range(samples)), list(range(items)), lambda s, i: s * i, small, work))
    pairs = [pair for _, _, batch in found for pair in batch]
    assert sorted(pairs) == [(sample, item) for sample in range(samples) for item in range(items)]
    assert all(batch == [(s, i) for s in some for i in others] for some, others, batch in found)


def test_a_problem_too_large_for_the_memory_is_one_clear_line():
    def work(samples, items):
        raise MemoryError

    with pytest.raises(InputError, match=r"one recourse needs about 7 MiB, more than cpu has left; sample fewer users"):
        list(device.in_batches([1, 2], [1], lambda s, i: 7 * 2**20, device.CPU, work))


@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize("budget", [1, 3000, 12_000])
def test_small_batches_give_the_same_recourses(penalty, budget):
    target, choice = random_study.target(1, users=40), choose(desired_rank=4, lambda_=penalty)
    small = device.CPU._replace(budget=budget)
    for one, other in zip(solved(target, choice, small), solved(target, choice), strict=True):
        assert one[:2] == other[:2]
        assert_same(one[2], other[2])


def test_single_precision_says_how_far_it_is_off():
    target, choice, log = random_study.target(1, users=40, real=True), choose(desired_rank=4), Lines()
    single = solved(target, choice, device.CPU._replace(dtype=np.float32), log)
    [line] = log.lines
    error = float(line.split("at most ")[1].split()[0])
    assert 0 < error < 1e-5
    assert line.endswith("of 180 across a threshold")
    for one, other in zip(single, solved(target, choice), strict=True):
        np.testing.assert_allclose(one[2].change, other[2].change, rtol=1e-3, atol=1e-4)


def test_single_precision_says_how_many_users_it_takes_for_content_and_for_not():
    """A change of 1 gives scores of 1, 1, 4 and 1; the solver has kept others of the second and the third user."""
    profiles, change = np.array([[1.0], [1.0], [4.0], [1.0]]), np.ones((1, 1, 1), dtype=np.float32)
    audience = random_study.audience(np.vstack([profiles, 0.0]), np.eye(4, 5))
    thresholds = np.array([[1.0], [1.25], [9.0], [0.5]])
    problem = Problem(audience, [4], [np.arange(4)], np.zeros((4, 1)), thresholds)
    kept = np.array([[[1.0, 1.5, 5.0, 1.0]]], dtype=np.float32)
    paths = leaping.Paths(change, np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), kept)
    assert batches.rounding(problem, [0], [0], paths) == (
        "single precision: scores off by at most 5.0e-01 of their size, 1 of 4 across a threshold"
    )


def test_seeds_that_draw_everybody_share_one_recourse():
    target, choice = random_study.target(1, users=20), choose(desired_rank=4)
    everyone = random_study.solve_cell(target, [4], 100, [1, 2], choice)
    assert everyone[0][2] is everyone[1][2]


@pytest.fixture(scope="module")
def pretended(tmp_path_factory):
    """CuPy with a device, emulated."""
    return emulated.cupy(tmp_path_factory.mktemp("cupy"))


@pytest.mark.slow
@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize("percentage", [20, 100])
def test_with_cupy_a_cell_takes_the_device_and_its_kernels(monkeypatch, pretended, penalty, percentage):
    """All that is ours of the way to a device: only CuPy itself is not CuPy."""
    for name, module in pretended.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(kernels, "THREADS", emulated.THREADS)
    log = Lines()
    taken = device.choose("auto", "double", 1024, log)
    assert log.lines == ["device: An emulated device, 1024 MiB free"]
    assert taken.budget == int(0.8 * 2**30)
    assert taken.xp is not np and isinstance(taken.kernels, kernels.Kernels)
    kernel, launched = "coordinate_rates" if penalty else "user_event", []
    fused = getattr(taken.kernels, kernel)
    setattr(taken.kernels, kernel, lambda *arguments: launched.append(kernel) or fused(*arguments))
    target = random_study.target(2, users=30, items=40, features=20, real=True)
    choice = choose("mean", 4, 0.05, penalty, max_iterations=60)
    there, here = (
        random_study.solve_cell(target, [4, 9], percentage, [1, 2], choice, on) for on in (taken, device.CPU)
    )
    for one, other in zip(there, here, strict=True):
        assert one[:2] == other[:2]
        assert_same(one[2], other[2])
    assert launched


class LibraryError(RuntimeError):
    """An error of a CUDA library, as CuPy passes it on."""

    __module__ = "cupy_backends.cuda.libs.cusparse"


@pytest.mark.parametrize(
    "error", [MemoryError(), LibraryError("CUSPARSE_STATUS_ALLOC_FAILED"), LibraryError("cudaErrorMemoryAllocation: 2")]
)
def test_memory_that_runs_out_on_a_device_is_given_back(monkeypatch, pretended, error):
    for name, module in pretended.items():
        monkeypatch.setitem(sys.modules, name, module)
    cupy = pretended["cupy"]
    before = cupy.freed
    taken = device.CPU._replace(xp=cupy)

    def work(samples, items):
        if len(items) > 1:
            raise error
        return items

    assert [items for _, items, _ in device.in_batches([1], [1, 2], lambda s, i: 1, taken, work)] == [[1], [2]]
    assert cupy.freed == before + 1


@pytest.mark.parametrize("error", [LibraryError("CUSPARSE_STATUS_INVALID_VALUE"), RuntimeError("ALLOC_FAILED")])
def test_other_errors_are_not_taken_for_a_lack_of_memory(error):
    def work(samples, items):
        raise error

    with pytest.raises(type(error)):
        list(device.in_batches([1], [1, 2], lambda s, i: 1, device.CPU, work))
