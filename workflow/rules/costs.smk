# What the workflow itself costs, from the benchmark files of its jobs.
rule workflow_table:
    input:
        rules.cells_table.output,
        rules.paper_table.output,
        rules.statements.output,
        rules.rbo_check.output,
        expand(FIGURES, dataset=STUDY.datasets),
    output:
        "results/benchmarks/workflow.csv",
    log:
        "results/logs/workflow_table.log",
    conda:
        ENVIRONMENT
    params:
        code=code("workflow_table"),
    script:
        "../../scripts/workflow_table.py"


# What is made when no target is named: figures, tables and statements.
rule figures:
    name:
        "results/figures"
    default_target: True
    input:
        expand(FIGURES, dataset=STUDY.datasets),
        rules.cells_table.output,
        rules.paper_table.output,
        rules.statements.output,
        rules.rbo_check.output,
        rules.workflow_table.output,
