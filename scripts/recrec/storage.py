"""Files that appear whole or not at all, with the same bytes for the same content."""

import contextlib
import csv
import functools
import glob
import os
import tempfile
import time
from pathlib import Path

import numpy as np

_seconds = []


def seconds_spent():
    """Seconds that this process has spent in the functions of this module that read or write a whole file."""
    return sum(_seconds)


def _timed(function):
    @functools.wraps(function)
    def timed(*arguments, **keys):
        start = time.perf_counter()
        try:
            return function(*arguments, **keys)
        finally:
            _seconds.append(time.perf_counter() - start)

    return timed


@contextlib.contextmanager
def atomic_write(path):
    """A temporary path beside `path` that takes its place when the block ends well, and vanishes otherwise.

    Keeps the suffixes of `path`, so that writers that look at them still can.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".part-", suffix=path.name, dir=path.parent)
    try:
        os.close(handle)
        yield Path(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_leftovers(path):
    """Remove the temporary files of writers of `path` that were killed. Nobody else may be writing it.

    Parameters
    ----------
    path : path
    """
    path = Path(path)
    for leftover in path.parent.glob(f".part-{'?' * 8}{glob.escape(path.name)}"):
        leftover.unlink(missing_ok=True)


@_timed
def save_arrays(path, **arrays):
    """Write named arrays as one uncompressed .npz file."""
    with atomic_write(path) as temporary:
        np.savez(temporary, **arrays)


@_timed
def load_arrays(path):
    """The arrays of an .npz file, by name. Nothing is ever unpickled."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def csr_parts(name, matrix):
    """A CSR array as plain arrays, for `save_arrays`."""
    return {
        f"{name}_data": matrix.data,
        f"{name}_indices": matrix.indices,
        f"{name}_indptr": matrix.indptr,
        f"{name}_shape": np.array(matrix.shape),
    }


def csr_from_parts(name, arrays):
    """The CSR array that `csr_parts` took apart."""
    from scipy.sparse import csr_array

    data, indices, indptr = (arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    return csr_array((data, indices, indptr), shape=tuple(arrays[f"{name}_shape"]))


@_timed
def write_rows(path, columns, rows):
    """Write a CSV table, row by row. Floats keep the digits that read back to the same number."""
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


@_timed
def read_rows(path):
    """The rows of a CSV table as dictionaries of text."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@_timed
def write_text(path, text):
    """Write a text file."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, "utf-8")
