"""Find the recourses of one cell."""

from recrec.arrays.device import choose
from recrec.methods.recrec.cell import pack, solve_cell
from recrec.methods.recrec.problem import Settings
from recrec.recommenders.content import load_target
from recrec.storage import read_rows, save_arrays
from recrec.workflow.job import job

with job(snakemake) as say:
    params, wildcards = snakemake.params, snakemake.wildcards
    target = load_target(snakemake.input.matrices, snakemake.input.ordered, wildcards.group, params.candidates)
    items = [int(row["item"]) for row in read_rows(snakemake.input.selection) if row["rank"] == wildcards.rank]
    settings = Settings.from_config(params.settings)
    device = choose(snakemake.config["device"], params.precision, snakemake.config["batch_mib"], say)
    paths = solve_cell(target, items, float(wildcards.sampling), params.seeds, settings, device, say)
    save_arrays(snakemake.output[0], **pack(paths))
