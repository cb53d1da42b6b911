# Algorithm 1 for one cell: every selected item, every sample of users.
rule recourse:
    input:
        matrices="results/data/{dataset}/matrices.npz",
        ordered="results/baseline/{dataset}/group{group}.ordered.npy",
        selection="results/selection/{dataset}/group{group}.csv",
    output:
        "results/recourse/{dataset}/group{group}/rank{rank}/sampling{sampling}.npz",
    log:
        "results/logs/recourse/{dataset}/group{group}/rank{rank}/sampling{sampling}.log",
    conda:
        ENVIRONMENT
    resources:
        gpu=GPU,
    params:
        precision=config["precision"],
        settings=lambda wildcards: STUDY.recourse[wildcards.dataset],
        seeds=config["seeds"],
        candidates=config["candidates"],
        code=code("recourse"),
    script:
        "../../scripts/recourse.py"
