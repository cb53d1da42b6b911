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
    params:
        code=code("workflow_table"),
    log:
        "results/logs/workflow_table.log",
    conda:
        ENVIRONMENT
    script:
        "../../scripts/workflow_table.py"


# What is made when no target is named: figures, tables and statements.
rule figures:
    default_target: True
    name:
        "results/figures"
    input:
        expand(FIGURES, dataset=STUDY.datasets),
        rules.cells_table.output,
        rules.paper_table.output,
        rules.statements.output,
        rules.rbo_check.output,
        rules.workflow_table.output,
