"""Seconds and memory of generating and reading the full size of AliEC."""

from recrec.benchmarks.costs import read_jobs
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    found = read_jobs(snakemake.params.logs)
    rows = [("aliec-twin-full", True, one.rule, f"{one.end - one.begin:.1f}", f"{one.memory:.0f}") for one in found]
    write_rows(snakemake.output[0], ["dataset", "synthetic", "rule", "seconds", "peak_mib"], rows)
    for row in rows:
        print(*row)
