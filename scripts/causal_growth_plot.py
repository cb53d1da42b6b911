"""Draw how the exact method grows with people and with nodes."""

import pandas as pd

from recrec.causal import growth
from recrec.drawing import save
from recrec.workflow.job import job

with job(snakemake) as log:
    save(growth.figure(pd.concat([pd.read_csv(path) for path in snakemake.input])), snakemake.output)
