"""Sum up what the workflow itself cost."""

import os

from recrec.benchmarks.costs import Cost, read_jobs, summarise
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    found = read_jobs(snakemake.params.logs)
    log.info(f"{len(found)} of {len(snakemake.params.logs)} jobs left a log of how they went")
    # On a cluster the main process' environment does not come along; then the first of all jobs is the beginning.
    started = float(os.environ.get("RECREC_STARTED") or min((one.begin for one in found), default=0.0))
    rows = [
        (cost.rule, cost.jobs, *(f"{value:.3f}" for value in cost[2:-1]), f"{cost.peak_mib:.0f}")
        for cost in summarise(found, started)
    ]
    write_rows(snakemake.output[0], Cost._fields, rows)
