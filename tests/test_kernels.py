"""The CUDA kernels: run on the host against their NumPy twins, and compiled for a device."""

import ctypes
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import emulated
import numpy as np
import pytest
import random_study
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_study import choose
from test_solvers import batch_of, choices, paths_of, problem_of, some_terms

from recrec.actionability import FREE
from recrec.arrays import kernels
from recrec.evaluation import thresholding
from recrec.methods.recrec import leaping

pytestmark = pytest.mark.slow

TYPES = [np.float64, np.float32]
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def fused(tmp_path_factory):
    """The kernels for each type of numbers, run on the host."""
    folder = tmp_path_factory.mktemp("kernels")
    return {dtype: kernels.Kernels(np, dtype, emulated.module(folder, dtype), emulated.THREADS) for dtype in TYPES}


def same(one, other):
    """Equal in every bit."""
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one, other)


@few
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from(["mean", "sum"]), st.sampled_from(TYPES))
def test_user_event_is_its_twin(fused, seed, users, aggregate, dtype):
    random = np.random.default_rng(seed)
    shape = (2, 3, users)
    # Whole eighths: sums are exact in any order.
    scores, thresholds, score_rate = (np.round(random.normal(size=shape) * 8).astype(dtype) / 8 for _ in range(3))
    active = random.random(shape) < random.choice([0.0, 0.5, 1.0])
    taken, step = random.random(shape).astype(dtype), random.random(shape[:2]).astype(dtype)
    has_gradient, status = random.random(shape[:2]) < 0.8, random.choice([0, 0, 0, 1, 2, 3], shape[:2]).astype(np.int32)
    iterations = random.choice([0, 7, 10], shape[:2])
    arguments = (np, scores, thresholds, score_rate, active, taken, step, has_gradient, status, iterations)
    choice = choose(aggregate=aggregate, max_iterations=10)
    found, expected = fused[dtype].user_event(*arguments, choice), leaping.user_event(*arguments, choice)
    for one, other in zip(found, expected, strict=True):
        same(one, other.astype(one.dtype))


@few
@given(st.integers(0, 10**6), st.integers(1, 40), some_terms(40), st.booleans(), st.sampled_from(TYPES))
def test_coordinate_rates_are_their_twin(fused, seed, features, constraints, stacked, dtype):
    random = np.random.default_rng(seed)
    shape = (2, 3, features)

    def cut(bound):
        if bound is None:
            return None
        bound = bound[:features].astype(dtype)
        return np.stack([bound, bound / 2, bound])[None] * np.ones((2, 1, 1), dtype) if stacked else bound

    constraints = constraints._replace(low=cut(constraints.low), high=cut(constraints.high))
    change = np.round(random.normal(size=shape)).astype(dtype) / 8
    for bound, pick in ((constraints.low, np.maximum), (constraints.high, np.minimum)):
        change = change if bound is None else pick(change, bound)
    drift = np.round(random.normal(size=shape) * 8).astype(dtype) / 16
    threshold = random.choice([0.0, 0.0625, 0.5], (2, 3, 1)).astype(dtype)
    arguments = (np, change, drift, threshold, constraints)
    for found, expected in zip(
        fused[dtype].coordinate_rates(*arguments), leaping.coordinate_rates(*arguments), strict=True
    ):
        same(found, expected)


@few
@given(st.integers(0, 10**6), st.integers(1, 600), st.integers(1, 20))
def test_count_successes_is_its_twin(fused, seed, users, changes):
    random = np.random.default_rng(seed)
    columns, change = random.poisson(0.5, (users, changes)).astype(float), random.normal(size=changes)
    scores, thresholds = random.normal(size=users), random.normal(size=users)
    arguments = (columns, change, random.normal(size=len(scores)), scores, thresholds)
    found, expected = fused[np.float64].count_successes(*arguments), thresholding.count_successes(*arguments)
    assert all(map(np.array_equal, found, expected))


@few
@given(st.integers(0, 10**6), st.integers(1, 12), choices, some_terms(25))
def test_the_solver_with_kernels_is_the_solver_without(fused, seed, users, choice, constraints):
    features, everyone = random_study.recommender(seed, users=2 * users, items=30, features=25, real=True)
    problems = [
        [problem_of(features, ratings, item, np.ones(25, bool), choice.desired_rank, constraints) for item in (3, 7)]
        for ratings in np.split(everyone, 2)
    ]
    for of_terms in (constraints, FREE):
        rows = [[problem._replace(constraints=of_terms) for problem in row] for row in problems]
        batch = batch_of(rows)
        plain = paths_of(leaping.solve(batch, choice))
        with_kernels = paths_of(leaping.solve(batch, choice, kernels=fused[np.float64]))
        for one, other in zip(np.ravel(np.array(plain, object)), np.ravel(np.array(with_kernels, object)), strict=True):
            assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


@pytest.mark.parametrize("dtype", TYPES)
def test_nvcc_compiles_the_kernels(tmp_path, dtype):
    compiler = shutil.which("nvcc")
    if compiler is None:
        pytest.skip("needs nvcc")
    path = tmp_path / "kernels.cu"
    path.write_text(kernels.source(dtype))
    options = [*kernels.OPTIONS, "-arch=sm_90", "-Werror=all-warnings", "-cubin", "-o", str(tmp_path / "out.cubin")]
    done = subprocess.run([compiler, *options, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def nvrtc():
    """NVIDIA's run-time compiler, which CuPy compiles with, from its Python package; it needs no device."""
    spec = find_spec("nvidia")
    folders = [Path(folder) for folder in spec.submodule_search_locations] if spec else []
    found = [path for folder in folders for path in folder.glob("*/lib/libnvrtc.so.*") if "builtins" not in path.name]
    if not found:
        pytest.skip("needs the package nvidia-cuda-nvrtc")
    return ctypes.CDLL(str(found[0]))


@pytest.mark.parametrize("dtype", TYPES)
def test_nvrtc_compiles_the_kernels(dtype):
    library = nvrtc()
    program = ctypes.c_void_p()
    text = kernels.source(dtype).encode()
    assert library.nvrtcCreateProgram(ctypes.byref(program), text, b"kernels.cu", 0, None, None) == 0
    options = [option.encode() for option in (*kernels.OPTIONS, "--gpu-architecture=sm_90")]
    status = library.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    assert status == 0, log.value.decode()
