"""Fetch the files of a data set."""

from recrec.job import job
from recrec.sources import Fetcher, mirror_folder

with job(snakemake) as say:
    sources = snakemake.params.sources
    fetcher = Fetcher(
        sources, snakemake.wildcards.dataset, mirror_folder(snakemake.config["mirror"]), "results/downloads", say
    )
    fetcher.fetch_all(snakemake.output[0])
