"""Draw a figure of one causal data set."""

from recrec.causal import figures, tables
from recrec.causal.catalogue import CausalDataset
from recrec.drawing import save
from recrec.workflow.job import job

with job(snakemake) as log:
    params, kind = snakemake.params, snakemake.wildcards.figure
    if kind == "graph":
        figure = figures.graph(CausalDataset.model_validate(params.dataset))
    else:
        table = tables.read(snakemake.input[0])
        figure = getattr(figures, kind)(table, params.dataset["title"], params.dataset["synthetic"])
    save(figure, snakemake.output)
