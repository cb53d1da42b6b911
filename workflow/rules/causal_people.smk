# The files of a causal data set, as `download` brings those of the recommenders; apart from them, for names may meet.
rule causal_download:
    output:
        directory("results/causal/raw/{dataset}"),
    log:
        "results/logs/causal_download/{dataset}.log",
    params:
        sources=causal_sources,
        unpinned=lambda wildcards: unpinned(causal_sources(wildcards), MIRROR),
        code=causal_code("download"),
    run:
        submit("download", input, output, params, wildcards, threads, resources, log)


# The people of a causal data set: drawn from its equations, or read from its files.
rule causal_people:
    input:
        raw=lambda wildcards: "results/causal/raw/{dataset}" if causal_dataset(wildcards.dataset).files else [],
    output:
        people=CAUSAL_WORLD["people"],
        counts="results/causal/people/{dataset}/seed{seed}.csv",
    log:
        "results/logs/causal_people/{dataset}/seed{seed}.log",
    params:
        dataset=causal_content,
        code=causal_code("causal_people"),
    run:
        submit("causal_people", input, output, params, wildcards, threads, resources, log, keep="people")
