"""Put the benchmarks together and draw them."""

import pandas as pd

from recrec.benchmarks import figures
from recrec.drawing import save
from recrec.storage import write_rows
from recrec.workflow.job import job

with job(snakemake) as log:
    inputs, output = snakemake.input, snakemake.output
    solvers, growth = (
        pd.concat(map(pd.read_csv, paths), ignore_index=True) for paths in (inputs.solvers, inputs.growth)
    )
    roofline, machine, device, workflow = (
        pd.read_csv(inputs[name]) for name in ("roofline", "machine", "device", "workflow")
    )
    ratios = figures.ratios(solvers)
    summary = figures.summary(ratios)
    write_rows(output.solvers, ratios.columns, ratios.itertuples(index=False))
    write_rows(output.summary, summary.columns, summary.itertuples(index=False))
    exponents = figures.exponents(growth)
    write_rows(output.exponents, exponents.columns, exponents.itertuples(index=False))
    for line in summary.itertuples(index=False):
        log.info(f"{line.dataset}, against {line.method}: median {line.median:.0f} times, least {line.least:.0f}")
    drawn = {
        "solvers": figures.solvers(ratios, snakemake.params.titles),
        "growth": figures.growth(growth),
        "roofline": figures.roofline(roofline, machine, snakemake.params.titles),
        "workflow": figures.workflow(workflow),
        "device": figures.device(device, snakemake.params.titles),
    }
    for name, figure in drawn.items():
        save(figure, [path for path in output.figures if f"/{name}." in path])
        log.info(f"drew {name}")
