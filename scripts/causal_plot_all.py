"""Draw a figure of all causal data sets of the study."""

from recrec.causal import figures, tables
from recrec.drawing import save
from recrec.workflow.job import job

with job(snakemake) as log:
    files, kind = snakemake.input, snakemake.wildcards.figure
    if kind == "amortized":
        titles = figures.titles_of(tables.read(files.cells))
        figure = figures.amortized(tables.read(files.people), tables.read(files.times), titles)
    elif kind == "disparity":
        figure = figures.disparity_all(tables.read(files.gaps), figures.titles_of(tables.read(files.cells)))
    elif kind == "models":
        figure = figures.models(tables.read(files.models))
    elif kind == "elicited":
        figure = figures.elicited(tables.read(files.cells))
    else:
        figure = figures.constraints_all(tables.read(files.cells))
    save(figure, snakemake.output)
