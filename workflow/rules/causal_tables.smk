# What the cells of people say. As of items, a data set's tables lie in a folder of its name, and those of the whole study
# are put together from them.
rule causal_cells_table:
    input:
        causal_cells(f"results/causal/evaluation/{CAUSAL_CELL}.csv"),
    output:
        people="results/tables/causal/{dataset}/people.csv",
        cells="results/tables/causal/{dataset}/cells.csv",
    log:
        "results/logs/causal_cells_table/{dataset}.log",
    params:
        heads=causal_heads,
        title=lambda wildcards: causal_dataset(wildcards.dataset).title,
        synthetic=lambda wildcards: causal_dataset(wildcards.dataset).synthetic,
        schemes=causal_schemes,
        code=causal_code("causal_cells_table"),
    run:
        submit("causal_cells_table", input, output, params, wildcards, threads, resources, log, keep="people")


rule causal_gaps:
    input:
        rules.causal_cells_table.output.people,
    output:
        "results/tables/causal/{dataset}/gaps.csv",
    log:
        "results/logs/causal_gaps/{dataset}.log",
    params:
        statistics=causal_key("statistics"),
        code=causal_code("causal_gaps"),
    run:
        submit("causal_gaps", input, output, params, wildcards, threads, resources, log, keep="people")


rule causal_tables:
    input:
        people=causal_cells(rules.causal_cells_table.output.people),
        cells=causal_cells(rules.causal_cells_table.output.cells),
        gaps=causal_cells(rules.causal_gaps.output[0]),
        models=causal_cells(rules.causal_world.output.quality),
        counts=causal_cells(rules.causal_people.output.counts),
        times=causal_cells(rules.causal_recourse.output.times),
    output:
        people="results/tables/causal/people.csv",
        cells="results/tables/causal/cells.csv",
        gaps="results/tables/causal/gaps.csv",
        models="results/tables/causal/models.csv",
        counts="results/tables/causal/counts.csv",
        claims="results/tables/causal/claims.csv",
        times="results/benchmarks/causal/times.csv",
    log:
        "results/logs/causal_tables.log",
    params:
        schemes=causal_schemes,
        statistics=causal_key("statistics"),
        trained=causal_amortized,
        code=causal_code("causal_tables"),
    run:
        submit("causal_tables", input, output, params, wildcards, threads, resources, log, keep="people")
