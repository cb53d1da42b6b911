"""Gaps between the two groups of a data set's people."""

from recrec.causal import gaps, tables
from recrec.workflow.job import job

with job(snakemake) as log:
    people = tables.read(snakemake.input[0])
    tables.write(gaps.gaps(people, gaps.Inference(**snakemake.params.statistics)), snakemake.output[0])
