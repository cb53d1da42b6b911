"""Evaluate the recourses of one cell over the whole target group."""

from recrec.evaluation import Evaluated, evaluate_cell
from recrec.job import job
from recrec.recourse import unpack_changes
from recrec.storage import load_arrays, write_rows
from recrec.target import load_target

with job(snakemake) as say:
    params = snakemake.params
    target = load_target(
        snakemake.input.matrices, snakemake.input.ordered, snakemake.wildcards.group, params.candidates
    )
    found, thresholded = load_arrays(snakemake.input.recourse), load_arrays(snakemake.input.thresholded)
    rows = evaluate_cell(target, found, unpack_changes(found), unpack_changes(thresholded), params.top_k, params.rbo_p)
    write_rows(snakemake.output[0], Evaluated._fields, rows)
