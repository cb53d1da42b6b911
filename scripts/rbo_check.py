"""Check rank-biased overlap on cells drawn at random."""

import numpy as np

from recrec.evaluation.overlap_check import compare
from recrec.methods.recrec.cell import unpack_changes
from recrec.recommenders.content import load_target
from recrec.reporting.cells import cell_of
from recrec.storage import load_arrays, write_rows
from recrec.workflow.job import job

CELLS, USERS, TOLERANCE = 12, 2, 1e-9

with job(snakemake) as say:
    files, params = snakemake.input, snakemake.params
    cells = sorted(files.thresholded)
    random = np.random.default_rng(0)
    rows = []
    for path in random.choice(cells, size=min(CELLS, len(cells)), replace=False):
        cell = cell_of(path)
        target = load_target(
            f"results/data/{cell['dataset']}/matrices.npz",
            f"results/baseline/{cell['dataset']}/group{cell['group']}.ordered.npy",
            cell["group"],
            params.candidates,
        )
        found = load_arrays(path)
        row = int(random.integers(len(found["item"])))
        users = random.choice(target.ratings.shape[0], size=min(USERS, target.ratings.shape[0]), replace=False)
        for user, ours, package in compare(
            target, int(found["item"][row]), unpack_changes(found)[row], users, params.rbo_p
        ):
            rows.append(
                (
                    *cell.values(),
                    params.synthetic[cell["dataset"]],
                    int(found["item"][row]),
                    int(found["seed"][row]),
                    user,
                    ours,
                    package,
                )
            )
            if abs(ours - package) > TOLERANCE:
                raise AssertionError(f"{path}: RBO {ours} by the closed form, {package} by the package")
    columns = ["dataset", "group", "rank", "sampling", "synthetic", "item", "seed", "user", "rbo", "rbo_package"]
    write_rows(snakemake.output[0], columns, rows)
    say(f"{len(rows)} lists agree to {TOLERANCE}")
