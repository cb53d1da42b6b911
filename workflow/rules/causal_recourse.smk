# What a method learns before it is asked, once for a data set and a seed.
rule causal_train:
    input:
        **CAUSAL_WORLD,
    output:
        "results/causal/trained/{dataset}/{method}/seed{seed}.npz",
    log:
        "results/logs/causal_train/{dataset}/{method}/seed{seed}.log",
    # The longest jobs: the others fit beside them.
    priority: 2
    params:
        dataset=causal_content,
        quantiles=causal_key("quantiles"),
        normaliser=causal_key("normaliser"),
        schemes=causal_schemes,
        settings=causal_method_settings,
        code=causal_method_code("causal_train"),
    run:
        submit("causal_train", input, output, params, wildcards, threads, resources, log, keep="people")


# The plans of one cell: a method on a data set, under a scheme of actionability, for a seed.
rule causal_recourse:
    input:
        **CAUSAL_WORLD,
        trained=causal_trained,
    output:
        plans=f"results/causal/recourse/{CAUSAL_CELL}.npz",
        times=f"results/benchmarks/causal/{CAUSAL_CELL}.csv",
    log:
        f"results/logs/causal_recourse/{CAUSAL_CELL}.log",
    params:
        dataset=causal_content,
        quantiles=causal_key("quantiles"),
        normaliser=causal_key("normaliser"),
        people=causal_key("people"),
        scheme=lambda wildcards: causal().scheme(wildcards.scheme).model_dump(by_alias=True),
        settings=causal_method_settings,
        code=causal_method_code("causal_recourse"),
    run:
        submit("causal_recourse", input, output, params, wildcards, threads, resources, log, keep="people")
