"""Rank all items for a group."""

import numpy as np

from recrec.evaluation.baseline import rank_baseline
from recrec.recommenders.content import group_matrices
from recrec.storage import save_arrays, whole
from recrec.workflow.job import job

with job(snakemake) as say:
    features, _, ratings = group_matrices(snakemake.input.matrices, snakemake.wildcards.group)
    with whole(snakemake.output.ordered) as beside:
        ordered = np.lib.format.open_memmap(
            beside, mode="w+", dtype=np.float64, shape=ratings.shape[:1] + features.shape[:1]
        )
        found = rank_baseline(
            ratings,
            features,
            snakemake.params.candidates,
            snakemake.params.top_k,
            snakemake.config["block_users"],
            ordered,
            say,
        )
        ordered.flush()
    save_arrays(snakemake.output.ranks, **found._asdict())
