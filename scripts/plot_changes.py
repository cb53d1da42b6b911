"""Draw the share of changed features of all data sets."""

from recrec import figures
from recrec.cells import read
from recrec.job import job

with job(snakemake) as say:
    figures.save(figures.changes(read(snakemake.input.cells), snakemake.params.titles), snakemake.output)
