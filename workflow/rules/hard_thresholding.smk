# The smallest changes given up, for one cell.
rule hard_thresholding:
    input:
        matrices="results/data/{dataset}/matrices.npz",
        ordered="results/baseline/{dataset}/group{group}.ordered.npy",
        recourse="results/recourse/{dataset}/group{group}/rank{rank}/sampling{sampling}.npz",
    output:
        "results/thresholded/{dataset}/group{group}/rank{rank}/sampling{sampling}.npz",
    log:
        "results/logs/hard_thresholding/{dataset}/group{group}/rank{rank}/sampling{sampling}.log",
    conda:
        ENVIRONMENT
    resources:
        gpu=GPU,
    params:
        thresholding=config["thresholding"],
        top_k=config["top_k"],
        candidates=config["candidates"],
        code=code("hard_thresholding"),
    script:
        "../../scripts/hard_thresholding.py"
