"""Run one combination of settings over a data set's whole grid."""

import itertools

from recrec.arrays.device import choose
from recrec.evaluation.sweep import MEANS, sweep_setting
from recrec.methods.recrec.problem import Settings
from recrec.recommenders.content import load_target
from recrec.storage import read_rows, write_rows
from recrec.workflow.job import job

with job(snakemake) as say:
    params, wildcards = snakemake.params, snakemake.wildcards
    targets = [
        load_target(snakemake.input.matrices, path, group + 1, params.candidates)
        for group, path in enumerate(snakemake.input.ordered)
    ]
    items = [[int(row["item"]) for row in read_rows(path)] for path in snakemake.input.selection]
    swept = {
        "aggregate": wildcards.aggregate,
        "desired_rank": int(wildcards.desired_rank),
        "lambda": float(wildcards.penalty),
    }
    device = choose(snakemake.config["device"], params.precision, snakemake.config["batch_mib"], say)
    rows = []
    for rate, iterations in itertools.product(params.learning_rate, params.max_iterations):
        settings = Settings(
            wildcards.aggregate, swept["desired_rank"], rate, swept["lambda"], params.l1_step, iterations
        )
        for percentage in params.samplings:
            means = sweep_setting(
                targets, items, percentage, params.seeds, settings, params.top_k,
                params.thresholding["keep"], params.thresholding["over"], params.rbo_p, device,
            )  # fmt: skip
            rows.append((wildcards.dataset, *swept.values(), rate, iterations, percentage, *means))
            say(f"{rate:g}, {iterations}, {percentage:g} %: success {means[0]:.4f}, RBO {means[2]:.4f}")
    columns = ["dataset", *swept, "learning_rate", "max_iterations", "sampling", *MEANS, "reached"]
    write_rows(snakemake.output[0], columns, rows)
