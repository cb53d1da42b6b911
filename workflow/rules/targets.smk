# Figures, tables and statements: `snakemake results/figures`.
rule figures:
    name:
        "results/figures"
    input:
        expand(FIGURES, dataset=STUDY.datasets),
        rules.cells_table.output,
        rules.paper_table.output,
        rules.statements.output,
        rules.datasets_table.output,
        rules.plot_changes.output,
        rules.rbo_check.output,
        rules.workflow_table.output,
        # The cells as well: Snakemake makes a lost file again only where the target names it.
        cells(rules.recourse.output[0]),
        cells(rules.hard_thresholding.output[0]),
        cells(rules.evaluate.output[0]),
