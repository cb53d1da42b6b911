# What a recommender learns from all interactions of a data set.
rule fit:
    input:
        matrices=MATRICES,
    output:
        MODEL,
    log:
        "results/logs/fit/{dataset}/{recommender}.log",
    params:
        recommender=recommender_settings,
        code=recommender_code("fit"),
    run:
        submit("fit", input, output, params, wildcards, threads, resources, log)
