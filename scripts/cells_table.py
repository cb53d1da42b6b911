"""Put the cells of a data set together."""

from recrec.reporting.cells import gather, write
from recrec.workflow.job import job

with job(snakemake) as log:
    files = snakemake.input
    cells, selection = gather(
        files.cells, files.selection, files.item_table, files.group_table, snakemake.params.synthetic
    )
    write(cells, snakemake.output.cells)
    write(selection, snakemake.output.selection)
    log.info("%d rows", len(cells))
