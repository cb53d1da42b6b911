"""Run one combination of settings over a data set's whole grid."""

import itertools

from recrec import recommenders
from recrec.arrays.device import choose
from recrec.data.matrices import Matrices
from recrec.evaluation.sweep import MEANS, sweep_setting
from recrec.evaluation.target import load_target
from recrec.methods.recrec import Settings
from recrec.storage import load_arrays, read_rows, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    recommender = recommenders.load(wildcards.recommender)
    made = recommender.Settings(**params.recommender), Matrices.load(snakemake.input.matrices)
    model = load_arrays(snakemake.input.model)
    targets = [
        load_target(recommender, *made, model, path, group + 1, params.candidates)
        for group, path in enumerate(snakemake.input.sorted_scores)
    ]
    items = [[int(row["item"]) for row in read_rows(path)] for path in snakemake.input.selection]
    swept = {
        "aggregate": wildcards.aggregate,
        "desired_rank": int(wildcards.desired_rank),
        "lambda": float(wildcards.penalty),
    }
    device = choose(snakemake.config["device"], params.precision, snakemake.config["batch_mib"], log)
    rows = []
    for rate, iterations in itertools.product(params.learning_rate, params.max_iterations):
        settings = Settings(**swept, learning_rate=rate, l1_step=params.l1_step, max_iterations=iterations)
        for percentage in params.samplings:
            means = sweep_setting(
                targets, items, percentage, params.seeds, settings, params.top_k,
                params.thresholding["keep"], params.thresholding["over"], params.rbo_p, device,
            )  # fmt: skip
            rows.append(
                (wildcards.dataset, wildcards.recommender, *swept.values(), rate, iterations, percentage, *means)
            )
            log.info("%g, %d, %g %%: success %.4f, RBO %.4f", rate, iterations, percentage, means[0], means[2])
    columns = ["dataset", "recommender", *swept, "learning_rate", "max_iterations", "sampling", *MEANS, "reached"]
    write_rows(snakemake.output[0], columns, rows)
