"""Draw a figure of a data set, a recommender and a method."""

from recrec.drawing import save
from recrec.evaluation.claims import own_rbo
from recrec.reporting import figures
from recrec.reporting.cells import read
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    cells = read(snakemake.input.cells)
    for column in ("dataset", "recommender", "method"):
        cells = cells[cells[column] == wildcards[column]]
    about = (cells, params.title, params.synthetic)
    if wildcards.figure == "success":
        figure = figures.success(*about, params.top_k, thresholded=params.thresholded)
    elif wildcards.figure == "rbo":
        paper = own_rbo(wildcards.dataset, params.paper)
        figure = figures.overlap(*about, paper, thresholded=params.thresholded)
    else:
        figure = figures.changes(*about, thresholded=params.thresholded)
    save(figure, snakemake.output)
    log.info(f"drew {wildcards.figure}")
