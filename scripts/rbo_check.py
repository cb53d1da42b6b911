"""Check rank-biased overlap on cells drawn at random."""

import numpy as np

from recrec import recommenders
from recrec.data.matrices import Matrices
from recrec.evaluation.overlap_check import COLUMNS, compare
from recrec.evaluation.paths import MATRICES, MODEL, SORTED_SCORES, cell_of
from recrec.evaluation.recourses import unpack_changes
from recrec.evaluation.target import load_target
from recrec.storage import load_arrays, write_rows
from recrec.workflow.job import job

CELLS, USERS, TOLERANCE = 12, 2, 1e-9

with job(snakemake) as log:
    files, params = snakemake.input, snakemake.params
    cells = sorted(files.final)
    random = np.random.default_rng(0)
    rows = []
    for path in random.choice(cells, size=min(CELLS, len(cells)), replace=False):
        cell = cell_of(path)
        recommender = recommenders.load(cell["recommender"])
        target = load_target(
            recommender,
            recommender.Settings(**params.recommenders[cell["dataset"]][cell["recommender"]]),
            Matrices.load(MATRICES.format(**cell)),
            load_arrays(MODEL.format(**cell)),
            SORTED_SCORES.format(**cell),
            cell["group"],
            params.candidates,
        )
        found = load_arrays(path)
        row = int(random.integers(len(found["item"])))
        users = random.choice(target.audience.shape[0], size=min(USERS, target.audience.shape[0]), replace=False)
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
    write_rows(snakemake.output[0], list(COLUMNS), rows)
    log.info("%d lists agree to %g", len(rows), TOLERANCE)
