"""Select the items that ask for a recourse, for one group."""

from recrec.evaluation.baseline import Baseline
from recrec.evaluation.selection import Selected, select
from recrec.storage import load_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    params = snakemake.params
    chosen = select(
        Baseline(**load_arrays(snakemake.input.ranks)),
        params.ranks,
        params.items_per_rank,
        params.max_top_share,
        params.selection,
    )
    write_rows(snakemake.output[0], Selected._fields, chosen)
