# Every item's rank for every user of a group, before any recourse.
rule rank_baseline:
    input:
        matrices="results/data/{dataset}/matrices.npz",
    output:
        ranks="results/baseline/{dataset}/group{group}.npz",
        ordered="results/baseline/{dataset}/group{group}.ordered.npy",
    log:
        "results/logs/rank_baseline/{dataset}/group{group}.log",
    conda:
        ENVIRONMENT
    params:
        candidates=config["candidates"],
        top_k=config["top_k"],
        code=code("rank_baseline"),
    script:
        "../../scripts/rank_baseline.py"
