# The smallest changes given up, for one cell of a method that wants it.
rule hard_thresholding:
    input:
        matrices="results/data/{dataset}/matrices.npz",
        model="results/model/{dataset}/{recommender}.npz",
        sorted_scores="results/baseline/{dataset}/{recommender}/group{group}.sorted.npy",
        recourse="results/recourse/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.npz",
    output:
        "results/thresholded/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.npz",
    log:
        "results/logs/hard_thresholding/{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}.log",
    resources:
        gpu=GPU,
    params:
        thresholding=config["thresholding"],
        top_k=config["top_k"],
        candidates=config["candidates"],
        recommender=recommender_settings,
        code=recommender_code("hard_thresholding"),
    run:
        submit("hard_thresholding", input, output, params, wildcards, threads, resources, log)
