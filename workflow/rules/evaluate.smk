# What the recourses of one cell did to the lists of the whole target group.
rule evaluate:
    input:
        matrices="results/data/{dataset}/matrices.npz",
        model="results/model/{dataset}/{recommender}.npz",
        sorted_scores="results/baseline/{dataset}/{recommender}/group{group}.sorted.npy",
        recourse="results/recourse/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.npz",
        final=final_changes,
    output:
        "results/evaluation/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.csv",
    log:
        "results/logs/evaluate/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.log",
    params:
        top_k=config["top_k"],
        rbo_p=config["rbo_p"],
        candidates=config["candidates"],
        recommender=recommender_settings,
        code=recommender_code("evaluate"),
    run:
        submit("evaluate", input, output, params, wildcards, threads, resources, log)
