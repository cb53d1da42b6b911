"""Hard-threshold the recourses of one cell."""

from recrec.arrays.device import choose
from recrec.evaluation.cell import threshold_cell
from recrec.methods.recrec.cell import pack_changes, unpack_changes
from recrec.recommenders.content import load_target
from recrec.storage import load_arrays, save_arrays
from recrec.workflow.job import job

with job(snakemake) as say:
    params, wildcards = snakemake.params, snakemake.wildcards
    target = load_target(snakemake.input.matrices, snakemake.input.ordered, wildcards.group, params.candidates)
    device = choose(snakemake.config["device"], "double", snakemake.config["batch_mib"], say)
    found = load_arrays(snakemake.input.recourse)
    kept = threshold_cell(
        target,
        found["item"],
        found["seed"],
        unpack_changes(found),
        float(wildcards.sampling),
        params.top_k,
        params.thresholding["keep"],
        params.thresholding["over"],
        device.kernels and device.kernels.count_successes,
    )
    save_arrays(snakemake.output[0], item=found["item"], seed=found["seed"], **pack_changes(kept))
