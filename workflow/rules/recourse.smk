# The recourses of one cell by one method: every selected item, every sample of users.
rule recourse:
    input:
        matrices="results/data/{dataset}/matrices.npz",
        model="results/model/{dataset}/{recommender}.npz",
        sorted_scores="results/baseline/{dataset}/{recommender}/group{group}.sorted.npy",
        selection="results/selection/{dataset}/{recommender}/group{group}.csv",
    output:
        "results/recourse/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.npz",
    log:
        "results/logs/recourse/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.log",
    resources:
        gpu=GPU,
    params:
        precision=config["precision"],
        recommender=recommender_settings,
        method=method_settings,
        seeds=config["seeds"],
        candidates=config["candidates"],
        code=cell_code("recourse"),
    run:
        submit("recourse", input, output, params, wildcards, threads, resources, log)
