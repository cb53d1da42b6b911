# The smallest changes given up, for one cell of a method that wants it.
rule hard_thresholding:
    input:
        matrices=MATRICES,
        model=MODEL,
        sorted_scores=SORTED_SCORES,
        recourse=f"results/recourse/{CELL}.npz",
    output:
        f"results/thresholded/{CELL}.npz",
    log:
        f"results/logs/hard_thresholding/{CELL}.log",
    resources:
        gpu=GPU,
    params:
        thresholding=config["thresholding"],
        top_k=config["top_k"],
        candidates=config["candidates"],
        recommender=recommender_settings,
        code=recommender_code("hard_thresholding"),
    run:
        submit("hard_thresholding", input, output, params, wildcards, threads, resources, log, keep="device")
