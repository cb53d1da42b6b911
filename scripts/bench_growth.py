"""Time and memory of the solver and the evaluation as synthetic data grows."""

from threadpoolctl import threadpool_limits

from recrec.benchmarks.growth import Point, measure
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log, threadpool_limits(1):
    rows = []
    for point in measure(
        snakemake.wildcards.dimension.replace("-", " "), snakemake.params.doublings, snakemake.params.repeats
    ):
        rows.append((*point, True))
        log.info(f"{point.size} {point.dimension}, {point.stage}: {point.seconds:.2e} s, {point.peak_mib:.1f} MiB")
    write_rows(snakemake.output[0], [*Point._fields, "synthetic"], rows)
