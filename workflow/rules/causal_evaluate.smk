# What the plans of one cell are worth, a row a person.
rule causal_evaluate:
    input:
        **CAUSAL_WORLD,
        reference=rules.causal_reference.output[0],
        plans=rules.causal_recourse.output.plans,
    output:
        f"results/causal/evaluation/{CAUSAL_CELL}.csv",
    log:
        f"results/logs/causal_evaluate/{CAUSAL_CELL}.log",
    params:
        dataset=causal_content,
        quantiles=causal_key("quantiles"),
        normaliser=causal_key("normaliser"),
        code=causal_code("causal_evaluate"),
    run:
        submit("causal_evaluate", input, output, params, wildcards, threads, resources, log, keep="people")
