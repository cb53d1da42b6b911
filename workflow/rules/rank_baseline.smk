# Every item's rank for every user of a group, before any recourse.
rule rank_baseline:
    input:
        matrices="results/data/{dataset}/matrices.npz",
        model="results/model/{dataset}/{recommender}.npz",
    output:
        ranks="results/baseline/{dataset}/{recommender}/group{group}.npz",
        sorted_scores="results/baseline/{dataset}/{recommender}/group{group}.sorted.npy",
    log:
        "results/logs/rank_baseline/{dataset}/{recommender}/group{group}.log",
    params:
        candidates=config["candidates"],
        top_k=config["top_k"],
        recommender=recommender_settings,
        code=recommender_code("rank_baseline"),
    run:
        submit("rank_baseline", input, output, params, wildcards, threads, resources, log)
