# The recourses of one cell by one method: every selected item, every sample of users.
rule recourse:
    input:
        matrices=MATRICES,
        model=MODEL,
        sorted_scores=SORTED_SCORES,
        selection=f"results/selection/{GROUP}.csv",
    output:
        f"results/recourse/{CELL}.npz",
    log:
        f"results/logs/recourse/{CELL}.log",
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
        submit("recourse", input, output, params, wildcards, threads, resources, log, keep="device")
