"""Time and memory of a method for people as made-up worlds grow."""

from threadpoolctl import threadpool_limits

from recrec.causal import methods
from recrec.causal.growth import Point, measure
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log, threadpool_limits(1):
    params, dimension, rows = snakemake.params, snakemake.wildcards.dimension, []
    method = methods.load(params.method)
    settings = method.Settings(**params.settings)
    for point in measure(dimension, params.sizes, params.method, method, settings, params.repeats, log):
        rows.append((*point, True))
        log.info(f"{point.size} {point.dimension}: {point.seconds:.2e} s, {point.peak_mib:.1f} MiB")
    write_rows(snakemake.output[0], [*Point._fields, "synthetic"], rows)
