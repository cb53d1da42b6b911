"""CUDA kernels run on the host: blocks one after the other, each thread of a block a thread, barriers real barriers."""

import ctypes
import shutil
import subprocess
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recrec.arrays import kernels

#: What a kernel's source may use, in C++.
DEVICE = r"""
#include <atomic>
#include <barrier>
#include <cmath>
#include <mutex>
#include <thread>
#include <vector>
#define __global__
#define __device__
#define __shared__ static
struct dim { unsigned int x, y; };
static thread_local dim threadIdx;
static dim blockIdx, blockDim, gridDim;
static std::barrier<> *barrier;
static std::mutex mutex;
static std::atomic<int> counted;
static void __syncthreads() { barrier->arrive_and_wait(); }
static int __syncthreads_count(bool yes)
{
    counted += yes;
    __syncthreads();
    const int result = counted;
    __syncthreads();
    if (threadIdx.x == 0) counted = 0;
    __syncthreads();
    return result;
}
template <class T> T atomicMin(T *place, T value)
{
    std::lock_guard<std::mutex> lock(mutex);
    const T before = *place;
    if (value < before) *place = value;
    return before;
}
template <class T> T atomicAdd(T *place, T value)
{
    std::lock_guard<std::mutex> lock(mutex);
    const T before = *place;
    *place += value;
    return before;
}
template <class F> void launch(dim grid, unsigned int threads, F kernel)
{
    gridDim = grid;
    blockDim = {threads, 1};
    for (unsigned int y = 0; y < grid.y; y++)
        for (unsigned int x = 0; x < grid.x; x++) {
            blockIdx = {x, y};
            std::barrier<> all(threads);
            barrier = &all;
            std::vector<std::thread> block;
            for (unsigned int thread = 0; thread < threads; thread++)
                block.emplace_back([=] { threadIdx = {thread, 0}; kernel(); });
            for (std::thread &one : block) one.join();
        }
}
"""
#: Fewer than on a device: each is a thread here. A power of two.
THREADS = 8


def _launchers(source):
    """A C function for each kernel, that takes the launch's shape and the kernel's arguments."""
    found = []
    for part in source.split('extern "C" __global__ void ')[1:]:
        name, _, rest = part.partition("(")
        parameters = " ".join(rest.partition(")")[0].split())
        names = ", ".join(one.split()[-1].lstrip("*") for one in parameters.split(","))
        found.append(
            f'extern "C" void launch_{name}(unsigned int x, unsigned int y, unsigned int threads, {parameters})\n'
            f"{{ launch({{x, y}}, threads, [=] {{ {name}({names}); }}); }}\n"
        )
    return "".join(found)


class Module:
    """Has the face of CuPy's `RawModule`."""

    def __init__(self, library):
        self.library = library

    def get_function(self, name):
        """A kernel, to be called with grid, block and arguments."""
        function = getattr(self.library, f"launch_{name}")

        def call(grid, block, arguments):
            x, y = (*grid, 1)[:2]
            assert all(one.flags.c_contiguous for one in arguments if isinstance(one, np.ndarray))
            function(*map(ctypes.c_uint, (x, y, *block)), *map(_argument, arguments))

        return call


def _argument(value):
    if isinstance(value, np.ndarray):
        return ctypes.c_void_p(value.ctypes.data)
    kinds = {np.float64: ctypes.c_double, np.float32: ctypes.c_float, np.int64: ctypes.c_longlong,
             np.int32: ctypes.c_int, np.uint64: ctypes.c_void_p}  # fmt: skip
    return kinds[type(value)](value.item())


def module(folder, dtype):
    """The kernels' source as it stands, compiled for the host."""
    return compiled(folder / f"{np.dtype(dtype).name}.cpp", kernels.source(dtype))


def compiled(path, source):
    """Kernels compiled for the host."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++ to run the CUDA kernels on the host")
    path.write_text(DEVICE + source + _launchers(source))
    library = path.with_suffix(".so")
    command = [compiler, "-std=c++20", "-O1", "-ffp-contract=off", "-shared", "-fPIC", "-pthread"]
    subprocess.run([*command, str(path), "-o", str(library)], check=True)
    return Module(ctypes.CDLL(str(library)))


def cupy(folder):
    """Modules `cupy` and `cupyx.scipy.sparse` of a machine with a device, in NumPy and SciPy.

    Returns
    -------
    dict
        For `sys.modules`.
    """

    class Pool:
        def free_all_blocks(self):
            found.freed += 1

    found = ModuleType("cupy")
    found.freed = 0
    found.__getattr__ = lambda name: getattr(np, name)
    found.is_available = lambda: True
    found.asnumpy = np.asarray
    found.get_default_memory_pool = Pool
    found.RawModule = lambda code, options: compiled(folder / "cupy.cpp", code)
    runtime = SimpleNamespace(
        memGetInfo=lambda: (2**30, 2**31), getDeviceProperties=lambda number: {"name": b"An emulated device"}
    )
    found.cuda = SimpleNamespace(runtime=runtime, Device=lambda: SimpleNamespace(id=0))
    sparse = ModuleType("cupyx.scipy.sparse")
    sparse.csr_matrix = csr_matrix
    parents = {name: ModuleType(name) for name in ("cupyx", "cupyx.scipy")}
    return {"cupy": found, **parents, "cupyx.scipy.sparse": sparse}
