"""What plausibility is measured against: accepted people of a data set and a seed."""

from recrec.causal import worlds
from recrec.causal.catalogue import CausalDataset
from recrec.causal.measures import Plausibility
from recrec.causal.people import Split
from recrec.storage import load_arrays, save_arrays
from recrec.workflow.job import job

with job(snakemake) as log:
    params = snakemake.params
    people = Split.from_arrays(load_arrays(snakemake.input.people))
    dataset = CausalDataset.model_validate(params.dataset)
    world, true_model = worlds.load(
        dataset, people, load_arrays(snakemake.input.world), params.quantiles, params.normaliser
    )
    reference = Plausibility.of(
        world, true_model, params.neighbours, params.accepted, seed=int(snakemake.wildcards.seed)
    )
    save_arrays(snakemake.output[0], **reference.to_arrays())
