"""Put the tables of a study's data sets together."""

from recrec.reporting.cells import combine, read
from recrec.reporting.closing import about
from recrec.storage import write_text
from recrec.workflow.job import job

with job(snakemake) as say:
    files, tables, params = snakemake.input, snakemake.output, snakemake.params
    for name in ("cells", "selection", "paper", "recourses"):
        combine(files[name], tables[name])
        say(f"{name}.csv")
    write_text(tables.about, about(read(tables.cells), params.datasets, params.synthetic))
