"""Fit a recommender to the interactions of a data set."""

from recrec import recommenders
from recrec.data.matrices import Matrices
from recrec.storage import save_arrays
from recrec.workflow.job import job

with job(snakemake) as log:
    recommender = recommenders.load(snakemake.wildcards.recommender)
    settings = recommender.Settings(**snakemake.params.recommender)
    state = recommender.fit(Matrices.load(snakemake.input.matrices), settings)
    save_arrays(snakemake.output[0], **state)
    log.info("learnt %d numbers", sum(array.size for array in state.values()))
