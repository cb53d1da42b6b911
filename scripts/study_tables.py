"""Put the tables of a study's data sets together."""

from recrec.reporting.cells import combine, read
from recrec.reporting.closing import about
from recrec.storage import write_text
from recrec.workflow.job import job

with job(snakemake) as log:
    files, tables, params = snakemake.input, snakemake.output, snakemake.params
    for name in ("cells", "selection", "paper", "recourses"):
        combine(files[name], tables[name])
        log.info("%s.csv", name)
    write_text(tables.about, about(read(tables.cells), params.datasets, params.synthetic))
