"""The same cells on the processor and, where there is one, on a CUDA device."""

from threadpoolctl import threadpool_limits

from recrec.arrays.device import choose
from recrec.benchmarks.timing import CELL, largest_cells, seconds
from recrec.evaluation.recourses import solve_cell
from recrec.methods import recrec
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log, threadpool_limits(1):
    params = snakemake.params
    devices = {
        (device.name, precision): device
        for name in ("cpu", snakemake.config["device"])
        for precision in ("double", "single")
        for device in [choose(name, precision, params.batch_mib, log)]
    }
    rows = []
    for cell in largest_cells(snakemake.input, params):
        for (name, precision), device in devices.items():

            def solve(cell=cell, device=device):
                solve_cell(cell.target, cell.items, cell.sampling, params.seeds, recrec, cell.settings, device)

            solve()
            taken = seconds(solve, params.repeats)
            rows.append((*cell.named, cell.settings.lambda_, name, precision, taken))
            log.info(f"{cell.named[0]}, lambda {cell.settings.lambda_:g}, {name}, {precision}: {taken:.3g} s")
    write_rows(snakemake.output[0], [*CELL, "lambda", "device", "precision", "seconds"], rows)
