# What the workflow itself costs, from the logs of its jobs.
TABLES = [
    rules.study_tables.output,
    expand([*rules.cells_table.output, *rules.paper_table.output, *rules.statements.output], dataset=STUDY.datasets),
    rules.datasets_table.output,
    rules.rbo_check.output,
    FIGURES,
]
LOGS = [
    f"results/logs/{place}.log"
    for place in (
        *cells(f"recourse/{CELL}"),
        *cells(f"hard_thresholding/{CELL}", THRESHOLDED),
        *cells(f"evaluate/{CELL}"),
        *cells(f"rank_baseline/{GROUP}"),
        *cells(f"item_selection/{GROUP}"),
        *cells("fit/{dataset}/{recommender}"),
        *cells("featurize/{dataset}"),
        *cells("cells_table/{dataset}"),
        *cells("paper_table/{dataset}"),
        *cells("statements/{dataset}"),
        *expand(f"plot/{PAIR}", **PLOTTED),
        *expand("plot_comparison/{dataset}", dataset=COMPARED),
        *(f"{'generate' if name in GENERATED else 'download'}/{name}" for name in STUDY.datasets),
        *("study_tables", "datasets_table", "rbo_check"),
    )
]


rule workflow_table:
    input:
        TABLES,
    output:
        "results/benchmarks/workflow.csv",
    log:
        "results/logs/workflow_table.log",
    params:
        logs=LOGS,
        code=code("workflow_table"),
    run:
        submit("workflow_table", input, output, params, wildcards, threads, resources, log)
