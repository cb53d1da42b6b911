"""What the plans of one cell of people are worth, a row a person."""

from recrec.causal import cells, worlds
from recrec.causal.catalogue import CausalDataset
from recrec.causal.measures import Plausibility
from recrec.causal.people import Split
from recrec.storage import load_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    params = snakemake.params
    people = Split.from_arrays(load_arrays(snakemake.input.people))
    dataset = CausalDataset.model_validate(params.dataset)
    world, true_model = worlds.load(
        dataset, people, load_arrays(snakemake.input.world), params.quantiles, params.normaliser
    )
    reference = Plausibility.from_arrays(load_arrays(snakemake.input.reference))
    columns = cells.evaluate_cell(world, cells.unpack(load_arrays(snakemake.input.plans)), reference, true_model)
    write_rows(snakemake.output[0], columns, cells.table(columns))
