# What the recourses of one cell did to the lists of the whole target group.
rule evaluate:
    input:
        matrices=MATRICES,
        model=MODEL,
        sorted_scores=SORTED_SCORES,
        recourse=f"results/recourse/{CELL}.npz",
        final=final_changes,
    output:
        f"results/evaluation/{CELL}.csv",
    log:
        f"results/logs/evaluate/{CELL}.log",
    params:
        top_k=config["top_k"],
        rbo_p=config["rbo_p"],
        candidates=config["candidates"],
        recommender=recommender_settings,
        code=recommender_code("evaluate"),
    run:
        submit("evaluate", input, output, params, wildcards, threads, resources, log, keep="host")
