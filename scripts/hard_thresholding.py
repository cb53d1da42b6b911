"""Hard-threshold the recourses of one cell."""

from recrec.arrays.device import choose
from recrec.evaluation.recourses import pack_changes, unpack_changes
from recrec.evaluation.target import target_of
from recrec.evaluation.thresholding import counted_users, threshold_cell
from recrec.storage import load_arrays, save_arrays
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    target = target_of(snakemake.input, wildcards.recommender, params.recommender, wildcards.group, params.candidates)
    device = choose(snakemake.config["device"], "double", snakemake.config["batch_mib"], log)
    found = load_arrays(snakemake.input.recourse)
    thresholding = params.thresholding
    users = counted_users(target, found["seed"], float(wildcards.sampling), thresholding["over"])
    count = device.kernels and device.kernels.count_successes
    kept = threshold_cell(
        target, found["item"], users, unpack_changes(found), params.top_k, thresholding["keep"], count
    )
    save_arrays(snakemake.output[0], item=found["item"], seed=found["seed"], **pack_changes(kept))
