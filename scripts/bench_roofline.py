"""What the solver moves and computes on the largest cells, against what this machine can."""

from threadpoolctl import threadpool_limits

from recrec.benchmark import Machine, measure_machine
from recrec.job import job
from recrec.problem import Settings
from recrec.roofline import Part, measure
from recrec.storage import read_rows, write_rows
from recrec.target import load_target

with job(snakemake) as say, threadpool_limits(1):
    params, inputs = snakemake.params, snakemake.input
    machine = measure_machine()
    say(f"copies {machine.copy_gb_s:.1f} GB/s, multiplies matrices with {machine.matrix_gflop_s:.1f} GFLOP/s")
    write_rows(snakemake.output.machine, Machine._fields, [machine])
    rows = []
    for place, (dataset, settings, group, rank, percentage, synthetic) in enumerate(params.cells):
        target = load_target(inputs.matrices[place], inputs.ordered[place], group, params.candidates)
        items = [int(row["item"]) for row in read_rows(inputs.selection[place]) if int(row["rank"]) == rank]
        for penalty in (0.0, params.penalty):
            choice = Settings.from_config({**settings, "lambda": penalty, "l1_step": "proximal"})
            parts = measure(target, items, percentage, params.seeds, choice, 1e9 * machine.copy_gb_s, params.repeats)
            rows += [(dataset, synthetic, group, rank, percentage, *part) for part in parts]
            say(f"{dataset}: {', '.join(f'{part.part} {part.seconds:.3g} s' for part in parts)}")
    write_rows(snakemake.output.roofline, ["dataset", "synthetic", "group", "rank", "sampling", *Part._fields], rows)
