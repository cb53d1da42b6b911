"""What the solver moves and computes on the largest cells, against what this machine can."""

from threadpoolctl import threadpool_limits

from recrec.benchmarks.roofline import Part, measure
from recrec.benchmarks.timing import CELL, Machine, largest_cells, measure_machine
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log, threadpool_limits(1):
    params = snakemake.params
    machine = measure_machine()
    log.info(f"copies {machine.copy_gb_s:.1f} GB/s, multiplies matrices with {machine.matrix_gflop_s:.1f} GFLOP/s")
    write_rows(snakemake.output.machine, Machine._fields, [machine])
    rows = []
    for cell in largest_cells(snakemake.input, params):
        parts = measure(
            cell.target, cell.items, cell.sampling, params.seeds, cell.settings, 1e9 * machine.copy_gb_s, params.repeats
        )
        rows += [(*cell.named, *part) for part in parts]
        log.info(f"{cell.named[0]}: {', '.join(f'{part.part} {part.seconds:.3g} s' for part in parts)}")
    write_rows(snakemake.output.roofline, [*CELL, *Part._fields], rows)
