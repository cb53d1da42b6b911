"""The people of a causal data set: drawn from its equations, or read from its files; split in three."""

from recrec.causal import people, worlds
from recrec.causal.catalogue import CausalDataset
from recrec.storage import save_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    dataset = CausalDataset.model_validate(snakemake.params.dataset)
    name, seed = snakemake.wildcards.dataset, int(snakemake.wildcards.seed)
    folder = snakemake.input.get("raw") or None
    split, counts = worlds.people_of(dataset, name, folder, seed, log)
    log.info("%s people to train, to validate and to test", ", ".join(str(len(part.x)) for part in split))
    save_arrays(snakemake.output.people, **split.to_arrays())
    write_rows(snakemake.output.counts, people.COLUMNS, ([row[key] for key in people.COLUMNS] for row in counts))
