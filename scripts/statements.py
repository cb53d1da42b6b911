"""Say every recourse of a data set that succeeded in plain words."""

from recrec.reporting.cells import read, write
from recrec.reporting.sentences import COLUMNS, Vocabulary, as_text, state_recourses
from recrec.storage import write_text
from recrec.workflow.job import job

with job(snakemake) as log:
    files, params = snakemake.input, snakemake.params
    vocabulary = Vocabulary(files.feature_table, files.item_table, files.matrices)
    table = state_recourses(read(files.cells), files.final, vocabulary, params.top_k, log)
    write(table[list(COLUMNS)], snakemake.output.table)
    write_text(snakemake.output.text, as_text(table, params.title, params.synthetic, params.top_k))
