"""Write the files of a synthetic data set."""

from recrec.data import aliec_twin
from recrec.workflow.job import job

with job(snakemake) as log:
    keys = dict(snakemake.params.generator["generator"])
    keys.pop("name")  # there is one generator so far
    aliec_twin.generate(snakemake.output[0], log=log, **keys)
