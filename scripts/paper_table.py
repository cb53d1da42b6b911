"""Hold the run against the paper's claims."""

from recrec.evaluation.claims import compare
from recrec.reporting.cells import read, write
from recrec.workflow.job import job

with job(snakemake) as log:
    table = compare(read(snakemake.input[0]), snakemake.params.papers)
    write(table, snakemake.output[0])
    log.info("%d of %d claims hold", table["holds"].sum(), len(table))
