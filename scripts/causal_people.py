"""The people of a causal data set: drawn from its equations, or read from its files; split in three."""

from recrec.causal.catalogue import CausalDataset
from recrec.causal.people import COUNTS, prepare
from recrec.storage import save_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    dataset = CausalDataset.model_validate(snakemake.params.dataset)
    people = prepare(dataset, snakemake.input.get("raw"), int(snakemake.wildcards.seed))
    log.info("%d, %d and %d people", len(people.x_train), len(people.x_validation), len(people.x_test))
    save_arrays(snakemake.output.people, **people.to_arrays())
    write_rows(snakemake.output.counts, COUNTS, people.counts)
