# Figures, tables and statements: `snakemake results/figures`.
rule figures:
    name:
        "results/figures"
    input:
        expand(FIGURES, dataset=STUDY.datasets),
        rules.cells_table.output,
        rules.paper_table.output,
        rules.statements.output,
        rules.rbo_check.output,
        rules.workflow_table.output,
