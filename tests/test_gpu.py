"""On a CUDA device: the same recourses as on the host, through CuPy and its kernels."""

import numpy as np
import pytest
import random_study
from random_study import choose
from test_solvers import assert_same

from recrec.actionability import FREE, Constraints
from recrec.arrays import device, kernels
from recrec.evaluation import thresholding
from recrec.methods.recrec import leaping

cupy = pytest.importorskip("cupy")
if not cupy.is_available():
    pytest.skip("needs a CUDA device", allow_module_level=True)

SHAPE = (3, 4, 5000)


@pytest.fixture(scope="module")
def gpu():
    return device.choose("gpu", "double", 1024)


def close(one, other):
    np.testing.assert_allclose(cupy.asnumpy(one), cupy.asnumpy(other), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("aggregate", ["mean", "sum"])
@pytest.mark.parametrize("penalty", [0.0, 0.05])
@pytest.mark.parametrize("percentage", [2, 40, 100])
def test_recourses_are_those_of_the_host(gpu, aggregate, penalty, percentage):
    target = random_study.target(3, users=120, items=200, features=60, real=True)
    choice = choose(aggregate, 5, 0.05, penalty, max_iterations=300)
    items, seeds = [4, 90, 133], [1, 2, 3]
    there, here = (random_study.solve_cell(target, items, percentage, seeds, choice, on) for on in (gpu, device.CPU))
    for one, other in zip(there, here, strict=True):
        assert one[:2] == other[:2]
        assert_same(one[2], other[2])


def test_memory_that_runs_out_halves_the_batch(gpu):
    target, choice = random_study.target(1, users=40), choose(desired_rank=4)
    pool = cupy.get_default_memory_pool()
    tried = []

    def work(samples, items):
        tried.append((len(samples), len(items)))
        if len(items) > 1:
            cupy.empty(10**15, dtype=cupy.int8)
        return [(sample, item) for sample in samples for item in items]

    found = list(device.in_batches([1], [1, 2, 3, 4], lambda s, i: 1, gpu, work))
    assert [pair for _, _, batch in found for pair in batch] == [(1, item) for item in (1, 2, 3, 4)]
    assert tried[0] == (1, 4)
    assert pool.used_bytes() == 0 or pool.used_bytes() < 2**30
    small = random_study.solve_cell(target, [4, 2], 50, [1, 2], choice, gpu._replace(budget=1))
    for one, other in zip(small, random_study.solve_cell(target, [4, 2], 50, [1, 2], choice), strict=True):
        assert_same(one[2], other[2])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_user_event_is_its_twin(dtype):
    random = cupy.random.default_rng(1)
    scores, thresholds, score_rate = (cupy.round(random.standard_normal(SHAPE) * 8).astype(dtype) / 8 for _ in range(3))
    active, has_gradient = random.random(SHAPE) < 0.5, random.random(SHAPE[:2]) < 0.8
    taken, step = random.random(SHAPE).astype(dtype), random.random(SHAPE[:2]).astype(dtype)
    status, iterations = cupy.zeros(SHAPE[:2], dtype=np.int32), cupy.zeros(SHAPE[:2], dtype=np.int64)
    arguments = (cupy, scores, thresholds, score_rate, active, taken, step, has_gradient, status, iterations, choose())
    for found, expected in zip(
        kernels.load(cupy, dtype).user_event(*arguments), leaping.user_event(*arguments), strict=True
    ):
        close(found, expected)


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_coordinate_rates_are_their_twin(dtype, bounded):
    random = cupy.random.default_rng(1)
    change, drift = (cupy.round(random.standard_normal(SHAPE) * 8).astype(dtype) / 16 for _ in range(2))
    threshold, constraints = cupy.full((3, 4, 1), 0.0625, dtype=dtype), FREE
    if bounded:
        constraints = Constraints(
            low=cupy.full(SHAPE[-1], -0.5, dtype=dtype), high=cupy.full(SHAPE[-1], 0.75, dtype=dtype)
        )
        change = cupy.clip(change, -0.5, 0.75)
    arguments = (cupy, change, drift, threshold, constraints)
    for found, expected in zip(
        kernels.load(cupy, dtype).coordinate_rates(*arguments), leaping.coordinate_rates(*arguments), strict=True
    ):
        close(found, expected)


def test_count_successes_is_its_twin():
    random = np.random.default_rng(1)
    columns, change = random.poisson(0.5, (3000, 40)).astype(float), random.normal(size=40)
    scores, thresholds = random.normal(size=3000), random.normal(size=3000)
    arguments = (columns, change, random.normal(size=len(scores)), scores, thresholds)
    found, expected = (
        kernels.load(cupy, np.float64).count_successes(*arguments),
        thresholding.count_successes(*arguments),
    )
    assert all(map(np.array_equal, found, expected))
