"""Every person of a data set's cells in one table, and means over them in another."""

from recrec.actionability.populations import Scheme
from recrec.causal import tables
from recrec.workflow.job import job

with job(snakemake) as log:
    params = snakemake.params
    parts = zip(params.heads, snakemake.input, strict=True)
    people = tables.people(({**head, "synthetic": params.synthetic}, path) for head, path in parts)
    tables.write(people, snakemake.output.people)
    strengths = {name: Scheme.model_validate(scheme).kind for name, scheme in params.schemes.items()}
    tables.write(tables.summary(people, {snakemake.wildcards.dataset: params.title}, strengths), snakemake.output.cells)
    log.info("%d people", len(people))
