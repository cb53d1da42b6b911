"""Sum up what the workflow itself cost."""

import os

from recrec.costs import read_job, summarise
from recrec.job import job
from recrec.storage import write_rows

with job(snakemake) as say:
    found = [read_job(path) for path in snakemake.params.benchmarks]
    # On a cluster the main process' environment does not come along; then the first of all jobs is the beginning.
    started = float(os.environ.get("RECREC_STARTED") or min(one.begin for one in found))
    rows = [
        (name, jobs, f"{seconds:.2f}", f"{mean:.3f}", f"{peak:.0f}")
        for name, jobs, seconds, mean, peak in summarise(found, started)
    ]
    write_rows(snakemake.output[0], ["rule", "jobs", "seconds", "mean_seconds", "peak_mib"], rows)
