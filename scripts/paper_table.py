"""Hold the run against the paper's claims."""

import pandas as pd

from recrec.cells import write
from recrec.claims import compare
from recrec.job import job

with job(snakemake) as say:
    table = compare(pd.read_csv(snakemake.input[0]), snakemake.params.papers)
    write(table, snakemake.output[0])
    say(f"{table['holds'].sum()} of {len(table)} claims hold")
