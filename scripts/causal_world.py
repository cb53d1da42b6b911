"""Fit a data set's equations, where they are not given, and its classifier."""

from recrec.causal import models_table, worlds
from recrec.causal.catalogue import CausalDataset
from recrec.causal.people import People
from recrec.storage import load_arrays, save_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    name, seed = snakemake.wildcards.dataset, int(snakemake.wildcards.seed)
    dataset = CausalDataset.model_validate(snakemake.params.dataset)
    people = People.from_arrays(load_arrays(snakemake.input.people))
    model, classifier = worlds.fit(dataset, people, seed)
    save_arrays(snakemake.output.world, **worlds.to_arrays(model, classifier))
    rows = models_table.rows(name, dataset, seed, people, model, classifier)
    write_rows(
        snakemake.output.quality, models_table.COLUMNS, ([row[key] for key in models_table.COLUMNS] for row in rows)
    )
