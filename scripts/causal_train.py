"""Train a method on the world of a data set and a seed."""

from recrec.actionability.populations import Scheme
from recrec.causal import methods, worlds
from recrec.causal.catalogue import CausalDataset
from recrec.causal.people import Split
from recrec.storage import load_arrays, save_arrays
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    people = Split.from_arrays(load_arrays(snakemake.input.people))
    dataset = CausalDataset.model_validate(params.dataset)
    world, _ = worlds.load(dataset, people, load_arrays(snakemake.input.world), params.quantiles, params.normaliser)
    method = methods.load(wildcards.method)
    schemes = {name: Scheme.model_validate(scheme) for name, scheme in params.schemes.items()}
    settings = method.Settings(**params.settings)
    save_arrays(snakemake.output[0], **method.train(world, schemes, settings, int(wildcards.seed), log))
