"""Time the production solver beside Algorithm 1 as printed and with autograd, on cells of one group."""

import itertools

from threadpoolctl import threadpool_limits

from recrec.benchmarks.timing import CELL, RECOMMENDER, Timing, compare_solvers
from recrec.evaluation.target import target_of
from recrec.methods.recrec import Settings
from recrec.storage import read_rows, write_rows
from recrec.workflow.job import job

with job(snakemake) as log, threadpool_limits(1):
    params, wildcards = snakemake.params, snakemake.wildcards
    target = target_of(snakemake.input, RECOMMENDER, {}, wildcards.group, params.candidates)
    dense, selection = target.audience.item_features.toarray(), read_rows(snakemake.input.selection)
    rows = []
    for rank, percentage in itertools.product(params.ranks, params.samplings):
        items = [int(row["item"]) for row in selection if int(row["rank"]) == rank]
        found = compare_solvers(
            target, dense, items, percentage, params.seeds, Settings(**params.settings), params.iterations,
            params.repeats,
        )  # fmt: skip
        rows += [(wildcards.dataset, params.synthetic, wildcards.group, rank, percentage, *one) for one in found]
        log.info(f"rank {rank}, {percentage:g} %: {', '.join(f'{one.method} {one.seconds:.3g} s' for one in found)}")
    write_rows(snakemake.output[0], [*CELL, *Timing._fields], rows)
