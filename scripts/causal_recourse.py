"""The plans of one cell of people: a method on a data set, under a scheme of actionability, for a seed."""

from recrec.actionability.populations import Scheme
from recrec.causal import cells, methods, worlds
from recrec.causal.catalogue import CausalDataset
from recrec.causal.people import Split
from recrec.causal.tables import TIMES
from recrec.storage import load_arrays, save_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    people = Split.from_arrays(load_arrays(snakemake.input.people))
    dataset = CausalDataset.model_validate(params.dataset)
    world, _ = worlds.load(dataset, people, load_arrays(snakemake.input.world), params.quantiles, params.normaliser)
    x, rows = worlds.asking(world, people, params.people)
    method = methods.load(wildcards.method)
    trained = load_arrays(snakemake.input.trained) if method.TRAINED else None
    scheme, settings = Scheme.model_validate(params.scheme), method.Settings(**params.settings)
    seed = dataset.stream(int(wildcards.seed))
    cell, seconds = cells.solve_cell(world, x, rows, scheme, method, settings, trained, seed, log)
    save_arrays(snakemake.output.plans, **cells.pack(cell))
    each = 1e6 * seconds / max(1, len(x))
    row = {**dict(wildcards.items()), "people": len(x), "microseconds": f"{each:.3f}"}
    write_rows(snakemake.output.times, TIMES, [[row[key] for key in TIMES]])
