"""Where a recourse is computed: an array namespace, its memory, and batches that fit into it."""

import logging
from typing import NamedTuple

import numpy as np

from recrec.errors import InputError

LOG = logging.getLogger(__name__)

#: Share of a CUDA device's free memory that a batch may plan with.
FREE_SHARE = 0.8
TYPES = {"double": np.float64, "single": np.float32}


class Device(NamedTuple):
    """A processor and its array namespace.

    Attributes
    ----------
    name : str
    xp : array namespace
        NumPy or CuPy.
    dtype : type
        Of the numbers computed with.
    budget : int
        Bytes that a batch may take.
    kernels : kernels.Kernels or None
        Fused forms of some array expressions, for a CUDA device.
    """

    name: str
    xp: object
    dtype: type
    budget: int
    kernels: object

    def array(self, values):
        """An array on the device; None stays None."""
        return None if values is None else self.xp.asarray(values, dtype=self.dtype)

    def matrix(self, matrix):
        """A matrix on the device, dense or SciPy's sparse."""
        if not hasattr(matrix, "nnz"):
            return self.array(matrix)
        if self.xp is np:
            return matrix.astype(self.dtype, copy=False)
        from cupyx.scipy.sparse import csr_matrix as on_device
        from scipy.sparse import csr_matrix

        return on_device(csr_matrix(matrix.astype(self.dtype, copy=False)))

    def host(self, values):
        """An array of the device as a NumPy array."""
        return values if self.xp is np else self.xp.asnumpy(values)

    def forget(self):
        """Give memory back that is held for later arrays."""
        if self.xp is not np:
            self.xp.get_default_memory_pool().free_all_blocks()


#: Memory that a batch may take without a config, in MiB.
DEFAULT_MIB = 1024
#: Without a config: NumPy, float64.
CPU = Device("cpu", np, np.float64, DEFAULT_MIB * 2**20, None)


def choose(name, precision, batch_mib, log=LOG):
    """The device of that name.

    Parameters
    ----------
    name : {"auto", "cpu", "gpu"}
        `auto` takes a CUDA device if CuPy finds one.
    precision : {"double", "single"}
    batch_mib : int
        Memory that a batch may take at most.
    log : logging.Logger
        Told which device was taken, and why.

    Returns
    -------
    Device

    Raises
    ------
    InputError
        If `gpu` is asked for and there is none.
    """
    budget = batch_mib * 2**20
    found, why = (None, "asked for") if name == "cpu" else _cuda()
    if found is None:
        if name == "gpu":
            raise InputError(f"device: given gpu; {why}. Say auto or cpu, or run where there is one")
        log.info("device: cpu (%s)", why)
        return Device("cpu", np, TYPES[precision], budget, None)
    from recrec.arrays import kernels

    free = found.cuda.runtime.memGetInfo()[0]
    label = found.cuda.runtime.getDeviceProperties(found.cuda.Device().id)["name"].decode()
    log.info("device: %s, %d MiB free", label, free // 2**20)
    dtype = TYPES[precision]
    return Device(label, found, dtype, min(budget, int(FREE_SHARE * free)), kernels.load(found, dtype))


def _cuda():
    """CuPy if it can reach a CUDA device, and otherwise why not."""
    try:
        import cupy
    except ImportError:
        return None, "CuPy is not installed"
    try:
        if not cupy.is_available():
            return None, "CuPy finds no CUDA device"
        from cupyx.scipy.sparse import csr_matrix

        # CuPy loads CUDA's libraries when they are first needed.
        one = cupy.ones((1, 1))
        cupy.asnumpy(cupy.matmul(csr_matrix(one) @ one, one))
    except Exception as error:  # drivers, libraries and their versions fail in ways of their own
        first = (str(error).splitlines() or [""])[0]
        return None, f"CuPy does not work here: {type(error).__name__}: {first}"
    return cupy, ""


def _is_out_of_memory(error):
    """Whether an error says so: CuPy's arrays raise `MemoryError`, CUDA's libraries have errors of their own."""
    said = ("ALLOC_FAILED", "INSUFFICIENT_RESOURCES", "cudaErrorMemoryAllocation", "CUDA_ERROR_OUT_OF_MEMORY")
    theirs = type(error).__module__.startswith("cupy") and any(word in str(error) for word in said)
    return theirs or isinstance(error, MemoryError)


def in_batches(samples, items, memory, device, work):
    """Do work on samples x items in batches that fit: planned by their size, halved where memory runs out all the same.

    Parameters
    ----------
    samples, items : lists
    memory : callable
        Bytes that a batch of that many samples and items takes.
    device : Device
    work : callable
        Takes some samples and some items; may run out of memory.

    Yields
    ------
    (samples, items, what `work` returned)

    Raises
    ------
    InputError
        If a single problem does not fit.
    """
    single = len(samples) == len(items) == 1
    if single or memory(len(samples), len(items)) <= device.budget:
        try:
            found = work(samples, items)
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
            device.forget()
            if single:
                raise InputError(
                    f"one recourse needs about {memory(1, 1) // 2**20} MiB, more than {device.name} has left; "
                    "sample fewer users, or run on a machine with more memory"
                ) from None
        else:
            yield samples, items, found
            return
    if len(samples) > 1:
        half = len(samples) // 2
        parts = [(samples[:half], items), (samples[half:], items)]
    else:
        half = len(items) // 2
        parts = [(samples, items[:half]), (samples, items[half:])]
    for part in parts:
        yield from in_batches(*part, memory, device, work)
