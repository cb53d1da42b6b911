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
