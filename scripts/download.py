"""Fetch the files of a data set."""

from pathlib import Path

from recrec.job import job
from recrec.sources import Fetcher, mirror_folder

with job(snakemake) as say:
    sources = snakemake.params.sources
    fetcher = Fetcher(
        sources, snakemake.wildcards.dataset, mirror_folder(snakemake.config["mirror"]), "results/downloads", say
    )
    for file in sources["files"]:
        fetcher.fetch(file, Path(snakemake.output[0]) / file)
