"""Rank all items for a group."""

import numpy as np

from recrec import recommenders
from recrec.data.matrices import Matrices
from recrec.evaluation.baseline import rank_baseline
from recrec.storage import atomic_write, load_arrays, save_arrays
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    recommender = recommenders.load(wildcards.recommender)
    matrices = Matrices.load(snakemake.input.matrices)
    audience = recommender.audience(
        load_arrays(snakemake.input.model), matrices, matrices.members(wildcards.group), params.candidates,
        recommender.Settings(**params.recommender),
    )  # fmt: skip
    with atomic_write(snakemake.output.sorted_scores) as temporary:
        sorted_scores = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float64, shape=audience.shape)
        found = rank_baseline(audience, params.top_k, snakemake.config["block_users"], sorted_scores, log)
        sorted_scores.flush()
    save_arrays(snakemake.output.ranks, **found._asdict())
