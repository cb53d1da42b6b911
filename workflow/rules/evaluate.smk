# What the recourses of one cell did to the lists of the whole target group.
rule evaluate:
    input:
        matrices="results/data/{dataset}/matrices.npz",
        ordered="results/baseline/{dataset}/group{group}.ordered.npy",
        recourse="results/recourse/{dataset}/group{group}/rank{rank}/sampling{sampling}.npz",
        thresholded="results/thresholded/{dataset}/group{group}/rank{rank}/sampling{sampling}.npz",
    output:
        "results/evaluation/{dataset}/group{group}/rank{rank}/sampling{sampling}.csv",
    log:
        "results/logs/evaluate/{dataset}/group{group}/rank{rank}/sampling{sampling}.log",
    conda:
        ENVIRONMENT
    params:
        top_k=config["top_k"],
        rbo_p=config["rbo_p"],
        candidates=config["candidates"],
        code=code("evaluate"),
    script:
        "../../scripts/evaluate.py"
