"""Fetch the files of a data set."""

from recrec.data.fetch import Fetcher, mirror_folder
from recrec.workflow.job import job

with job(snakemake) as log:
    sources = snakemake.params.sources
    fetcher = Fetcher(
        sources, snakemake.wildcards.dataset, mirror_folder(snakemake.config["mirror"]), "results/downloads", log
    )
    fetcher.fetch_all(snakemake.output[0])
