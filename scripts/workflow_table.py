"""Sum up what the workflow itself cost."""

from recrec.costs import jobs, summarise
from recrec.job import job
from recrec.storage import write_rows

with job(snakemake) as say:
    rows = [
        (name, count, f"{seconds:.2f}", f"{mean:.3f}", f"{peak:.0f}")
        for name, count, seconds, mean, peak in summarise(jobs("results/benchmarks"))
    ]
    write_rows(snakemake.output[0], ["rule", "jobs", "seconds", "mean_seconds", "peak_mib"], rows)
