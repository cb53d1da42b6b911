"""Fit a data set's equations, where they are not given, and its classifier."""

from recrec.causal import worlds
from recrec.causal.catalogue import CausalDataset
from recrec.causal.people import Split
from recrec.storage import load_arrays, save_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    name, seed = snakemake.wildcards.dataset, int(snakemake.wildcards.seed)
    dataset = CausalDataset.model_validate(snakemake.params.dataset)
    split = Split.from_arrays(load_arrays(snakemake.input.people))
    model, classifier = worlds.fit(dataset, split, seed, log)
    save_arrays(snakemake.output.world, **worlds.to_arrays(dataset, model, classifier))
    rows = worlds.quality(dataset, name, seed, split, model, classifier)
    write_rows(snakemake.output.quality, worlds.QUALITY, ([row[key] for key in worlds.QUALITY] for row in rows))
