"""Evaluate the recourses of one cell."""

from recrec.evaluation.measures import evaluate_cell, rows_of
from recrec.evaluation.recourses import unpack_changes
from recrec.evaluation.target import target_of
from recrec.storage import load_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    target = target_of(snakemake.input, wildcards.recommender, params.recommender, wildcards.group, params.candidates)
    found, final = load_arrays(snakemake.input.recourse), load_arrays(snakemake.input.final)
    changes, kept = unpack_changes(found), unpack_changes(final)
    evaluated = evaluate_cell(target, found["item"], changes, kept, params.top_k, params.rbo_p)
    write_rows(snakemake.output[0], *rows_of(found, evaluated))
