"""The libraries of all scripts, imported once: the fork server imports this module, and workers are its forks.

An import that fails is left to the script that needs it, which says what is wrong. If the main process goes while the
libraries are imported, so does this one: it holds the streams that somebody may be reading to their end.
"""

import contextlib
import gc
import importlib
import os

#: From the quickly imported ones on.
LIBRARIES = (
    "numpy.random", "scipy.sparse", "pandas", "recrec.workflow.pool", "recrec.workflow.job", "recrec.arrays.device",
    "recrec.evaluation.thresholding", "recrec.evaluation.measures", "scipy.stats", "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf", "seaborn",
)  # fmt: skip

_parent = os.getppid()
for _name in LIBRARIES:
    if os.getppid() != _parent:
        os._exit(0)
    with contextlib.suppress(Exception):
        importlib.import_module(_name)
# The collector would touch, and so copy, every page of what was imported in each fork.
gc.collect()
gc.freeze()
