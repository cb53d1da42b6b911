# Every item's rank for every user of a group, before any recourse.
rule rank_baseline:
    input:
        matrices=MATRICES,
        model=MODEL,
    output:
        ranks=f"results/baseline/{GROUP}.npz",
        sorted_scores=SORTED_SCORES,
    log:
        f"results/logs/rank_baseline/{GROUP}.log",
    params:
        candidates=config["candidates"],
        top_k=config["top_k"],
        recommender=recommender_settings,
        code=recommender_code("rank_baseline"),
    run:
        submit("rank_baseline", input, output, params, wildcards, threads, resources, log)
