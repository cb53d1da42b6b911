# Equations, where they are not given, and the classifier, fitted to the training people.
rule causal_world:
    input:
        people=CAUSAL_WORLD["people"],
    output:
        world=CAUSAL_WORLD["world"],
        quality="results/causal/world/{dataset}/seed{seed}.csv",
    log:
        "results/logs/causal_world/{dataset}/seed{seed}.log",
    params:
        dataset=causal_content,
        code=causal_code("causal_world"),
    run:
        submit("causal_world", input, output, params, wildcards, threads, resources, log, keep="people")


# Accepted people, against whom the plausibility of plans is measured.
rule causal_reference:
    input:
        **CAUSAL_WORLD,
    output:
        "results/causal/reference/{dataset}/seed{seed}.npz",
    log:
        "results/logs/causal_reference/{dataset}/seed{seed}.log",
    params:
        dataset=causal_content,
        quantiles=causal_key("quantiles"),
        normaliser=causal_key("normaliser"),
        accepted=causal_key("plausibility", "accepted"),
        neighbours=causal_key("plausibility", "neighbours"),
        code=causal_code("causal_reference"),
    run:
        submit("causal_reference", input, output, params, wildcards, threads, resources, log, keep="people")
