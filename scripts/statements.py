"""Say every recourse that succeeded in plain words."""

from recrec.reporting.cells import read, write
from recrec.reporting.sentences import state_recourses
from recrec.reporting.summary import display_title
from recrec.storage import write_text
from recrec.workflow.job import job

with job(snakemake) as say:
    files, params = snakemake.input, snakemake.params
    cells = read(files.cells)
    table = state_recourses(cells, files.final, files.matrices, files.feature_tables, params.top_k, say)
    write(table, snakemake.output.table)
    for (dataset, title), path in zip(params.datasets.items(), snakemake.output.texts, strict=True):
        heading = f"Recourses on {display_title(title, params.synthetic[dataset])}"
        mine = table[table["dataset"] == dataset]
        lines = [f"{cell}\n  {text}" for cell, text in zip(mine["cell"], mine["statement"], strict=True)]
        lines = lines or ["No recourse brought its item to more users than before."]
        write_text(path, "\n".join([heading, "=" * len(heading), "", *lines, ""]))
