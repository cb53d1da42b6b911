# The people of a causal data set: drawn from its equations, or read from its files.
rule causal_people:
    input:
        raw=lambda wildcards: "results/data/{dataset}/raw" if causal_dataset(wildcards.dataset).files else [],
    output:
        people=CAUSAL_WORLD["people"],
        counts="results/causal/people/{dataset}/seed{seed}.csv",
    log:
        "results/logs/causal_people/{dataset}/seed{seed}.log",
    params:
        dataset=causal_content,
        code=code("causal_people"),
    run:
        submit("causal_people", input, output, params, wildcards, threads, resources, log, keep="people")
