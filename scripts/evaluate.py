"""Evaluate the recourses of one cell over the whole target group."""

from recrec.evaluation.cell import Evaluated, evaluate_cell
from recrec.methods.recrec.cell import unpack_changes
from recrec.recommenders.content import load_target
from recrec.storage import load_arrays, write_rows
from recrec.workflow.job import job

with job(snakemake) as say:
    params = snakemake.params
    target = load_target(
        snakemake.input.matrices, snakemake.input.ordered, snakemake.wildcards.group, params.candidates
    )
    found, thresholded = load_arrays(snakemake.input.recourse), load_arrays(snakemake.input.thresholded)
    rows = evaluate_cell(target, found, unpack_changes(found), unpack_changes(thresholded), params.top_k, params.rbo_p)
    write_rows(snakemake.output[0], Evaluated._fields, rows)
