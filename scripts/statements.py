"""Say every recourse that succeeded in plain words."""

import pandas as pd

from recrec.cells import write
from recrec.job import job
from recrec.statements import state_recourses
from recrec.storage import write_text

with job(snakemake) as say:
    files, params = snakemake.input, snakemake.params
    cells = pd.read_csv(files.cells, dtype={"item_id": str, "title": str})
    table = state_recourses(cells, files.thresholded, files.matrices, files.feature_tables, params.top_k, say)
    write(table, snakemake.output.table)
    for (dataset, title), path in zip(params.datasets.items(), snakemake.output.texts, strict=True):
        heading = f"Recourses on {title}{' (SYNTHETIC data)' if params.synthetic[dataset] else ''}"
        lines = table.loc[table["dataset"] == dataset, ["cell", "statement"]].agg("\n  ".join, axis=1)
        write_text(path, "\n".join([heading, "=" * len(heading), "", *lines, ""]))
