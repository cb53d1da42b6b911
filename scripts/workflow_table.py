"""Sum up what the workflow itself cost."""

import os

from recrec.costs import Cost, read_job, summarise
from recrec.job import job
from recrec.storage import write_rows

with job(snakemake) as say:
    found = [read_job(path) for path in snakemake.params.benchmarks]
    # On a cluster the main process' environment does not come along; then the first of all jobs is the beginning.
    started = float(os.environ.get("RECREC_STARTED") or min(one.begin for one in found))
    rows = [
        (cost.rule, cost.jobs, *(f"{value:.3f}" for value in cost[2:-1]), f"{cost.peak_mib:.0f}")
        for cost in summarise(found, started)
    ]
    write_rows(snakemake.output[0], Cost._fields, rows)
