"""Draw the figures of a data set."""

from recrec.evaluation.claims import RBO
from recrec.reporting import figures
from recrec.reporting.cells import read
from recrec.workflow.job import job

with job(snakemake) as say:
    params = snakemake.params
    cells = read(snakemake.input.cells)
    cells = cells[cells["dataset"] == snakemake.wildcards.dataset]
    drawn = {
        "success": figures.success(cells, params.title, params.synthetic, params.top_k),
        "rbo": figures.overlap(cells, params.title, params.synthetic, RBO.get(params.paper)),
    }
    for name, figure in drawn.items():
        figures.save(figure, [path for path in snakemake.output if f"-{name}." in path])
        say(f"drew {name}")
