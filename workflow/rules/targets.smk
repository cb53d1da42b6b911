# Figures, tables and statements: `snakemake results/figures`, and what is made when no target is named.
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


rule all:
    default_target: True
    input:
        workflow.get_rule("results/figures").input,
