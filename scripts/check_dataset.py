"""Say what a data set config finds."""

from pathlib import Path

from recrec.reporting.summary import describe
from recrec.storage import write_text
from recrec.workflow.job import job

with job(snakemake) as log:
    params = snakemake.params
    text = describe(
        params.title,
        params.synthetic,
        snakemake.input,
        params.ranks,
        params.items_per_rank,
        params.max_top_share,
        params.selection,
        params.recommender,
    )
    write_text(Path(snakemake.output[0]) / "summary.txt", text)
    print(text)
