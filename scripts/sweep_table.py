"""Gather the sweep and draw the trade-off that the defaults were chosen on."""

import pandas as pd

from recrec.drawing import save
from recrec.evaluation.claims import own_rbo
from recrec.reporting import figures
from recrec.reporting.cells import write
from recrec.workflow.job import job

with job(snakemake) as log:
    params = snakemake.params
    table = pd.concat([pd.read_csv(path) for path in snakemake.input])
    keys = ["aggregate", "desired_rank", "lambda", "learning_rate", "max_iterations"]
    chosen = pd.DataFrame([{"dataset": name, **settings} for name, settings in params.chosen.items()])
    table = table.merge(chosen[["dataset", *keys]].assign(chosen=True), on=["dataset", *keys], how="left")
    table["chosen"] = table["chosen"].eq(True)
    table.insert(1, "synthetic", table["dataset"].map(params.synthetic))
    table = table.sort_values(["dataset", "recommender", *keys, "sampling"], kind="stable")
    write(table, snakemake.output.table)
    for dataset in sorted(set(params.chosen) - set(table.loc[table["chosen"], "dataset"])):
        log.info(f"{dataset}: its setting in config.yaml is none of those of the sweep, so none is marked as chosen")
    for (dataset, recommender), part in table.groupby(["dataset", "recommender"]):
        paper = own_rbo(dataset, params.papers[dataset])
        figure = figures.sweep(part, params.titles[dataset], params.synthetic[dataset], paper)
        save(figure, [path for path in snakemake.output.figures if f"/{dataset}-{recommender}." in path])
