# Figures, tables and statements: `snakemake results/figures`.
rule figures:
    name:
        "results/figures"
    input:
        TABLES,
        rules.workflow_table.output,
        # What they are made of as well: Snakemake makes a lost file again only where the target names it.
        cells(f"results/selection/{GROUP}.csv"),
        cells(rules.recourse.output[0]),
        cells(rules.hard_thresholding.output[0], THRESHOLDED),
        cells(rules.evaluate.output[0]),
