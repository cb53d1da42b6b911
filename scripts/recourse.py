"""Find the recourses of one cell."""

from recrec import methods
from recrec.arrays.device import choose
from recrec.evaluation.recourses import pack, solve_cell
from recrec.evaluation.target import target_of
from recrec.storage import read_rows, save_arrays
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    target = target_of(snakemake.input, wildcards.recommender, params.recommender, wildcards.group, params.candidates)
    items = [int(row["item"]) for row in read_rows(snakemake.input.selection) if row["rank"] == wildcards.rank]
    method = methods.load(wildcards.method)
    settings = method.Settings(**params.method)
    device = choose(snakemake.config["device"], params.precision, snakemake.config["batch_mib"], log)
    solutions = solve_cell(
        target, items, float(wildcards.sampling), params.seeds, method, settings, device=device, log=log
    )
    save_arrays(snakemake.output[0], **pack(solutions))
