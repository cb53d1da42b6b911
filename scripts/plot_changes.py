"""Draw the share of changed features of all data sets."""

import pandas as pd

from recrec import figures
from recrec.job import job

with job(snakemake) as say:
    figures.save(figures.changes(pd.read_csv(snakemake.input.cells), snakemake.params.titles), snakemake.output)
