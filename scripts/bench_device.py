"""The same cells on the processor and, where there is one, on a CUDA device."""

from threadpoolctl import threadpool_limits

from recrec.benchmark import seconds
from recrec.device import choose
from recrec.job import job
from recrec.problem import Settings
from recrec.recourse import solve_cell
from recrec.storage import read_rows, write_rows
from recrec.target import load_target

with job(snakemake) as say, threadpool_limits(1):
    params, inputs = snakemake.params, snakemake.input
    devices = [
        (choose(name, precision, params.batch_mib, say), precision)
        for name, precision in (("cpu", "double"), ("cpu", "single"), ("auto", "double"), ("auto", "single"))
    ]
    rows = []
    for place, (dataset, settings, group, rank, percentage, synthetic) in enumerate(params.cells):
        target = load_target(inputs.matrices[place], inputs.ordered[place], group, params.candidates)
        items = [int(row["item"]) for row in read_rows(inputs.selection[place]) if int(row["rank"]) == rank]
        for penalty in (0.0, params.penalty):
            choice = Settings.from_config({**settings, "lambda": penalty, "l1_step": "proximal"})
            for number, (device, precision) in enumerate(devices):
                if number > 1 and device.name == "cpu":
                    continue  # auto found no other

                def solve(device=device, choice=choice, target=target, items=items, percentage=percentage):
                    solve_cell(target, items, percentage, params.seeds, choice, device)

                solve()
                taken = seconds(solve, params.repeats)
                rows.append((dataset, synthetic, group, rank, percentage, penalty, device.name, precision, taken))
                say(f"{dataset}, lambda {penalty:g}, {device.name}, {precision}: {taken:.3g} s")
    columns = ["dataset", "synthetic", "group", "rank", "sampling", "lambda", "device", "precision", "seconds"]
    write_rows(snakemake.output[0], columns, rows)
