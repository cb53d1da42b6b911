"""Draw the recommenders and methods of a study side by side, on one data set."""

from recrec.drawing import save
from recrec.reporting import figures
from recrec.reporting.cells import read
from recrec.workflow.job import job

with job(snakemake) as log:
    params = snakemake.params
    cells = read(snakemake.input.cells)
    cells = cells[cells["dataset"] == snakemake.wildcards.dataset]
    figure = figures.comparison(cells, params.title, params.synthetic, params.top_k)
    save(figure, snakemake.output)
    log.info(f"drew {cells[['recommender', 'method']].drop_duplicates().shape[0]} recommenders and methods")
