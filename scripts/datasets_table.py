"""Put the sizes of all data sets beside the paper's."""

from recrec.job import job
from recrec.storage import read_rows, write_rows
from recrec.summary import PAPER, SIZES, sizes

with job(snakemake) as say:
    files, params = snakemake.input, snakemake.params
    rows = []
    for number, (name, (title, synthetic, paper)) in enumerate(params.datasets.items()):
        found = sizes(files.matrices[number])
        groups = [row["users"] for row in read_rows(files.group_tables[number])]
        dropped = [f"{row['rows']} {row['table']}: {row['reason']}" for row in read_rows(files.drop_tables[number])]
        theirs = PAPER.get(paper, [""] * len(SIZES))
        rows.append((name, title, synthetic, *found.values(), "|".join(groups), "|".join(dropped), *theirs))
    columns = [
        *("dataset", "title", "synthetic", *SIZES, "density", "group_sizes", "dropped"),
        *(f"paper_{name}" for name in SIZES),
    ]
    write_rows(snakemake.output[0], columns, rows)
