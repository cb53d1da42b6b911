"""Draw the share of changed features of all data sets."""

from recrec.reporting import figures
from recrec.reporting.cells import read
from recrec.workflow.job import job

with job(snakemake) as say:
    figures.save(figures.changes(read(snakemake.input.cells), snakemake.params.titles), snakemake.output)
