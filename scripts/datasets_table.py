"""Put the sizes of all data sets beside the paper's."""

from recrec.reporting.summary import COLUMNS, PAPER, SIZES, sizes
from recrec.storage import read_rows, write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    files, params = snakemake.input, snakemake.params
    rows = []
    for number, (name, (title, synthetic, paper, cite)) in enumerate(params.datasets.items()):
        found = sizes(files.matrices[number])
        groups = [row["users"] for row in read_rows(files.group_tables[number])]
        # Before several rows of one user and item became one.
        rows_read = found["interactions"] + sum(
            int(row["rows"]) for row in read_rows(files.drop_tables[number]) if row["reason"].startswith("added to")
        )
        dropped = [f"{row['rows']} {row['table']}: {row['reason']}" for row in read_rows(files.drop_tables[number])]
        theirs = PAPER.get(paper, [""] * len(SIZES))
        rows.append(
            (name, title, synthetic, *found.values(), rows_read, "|".join(groups), "|".join(dropped), *theirs, cite)
        )
    write_rows(snakemake.output[0], list(COLUMNS), rows)
