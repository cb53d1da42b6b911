# The cells of all data sets put together, and what they say.
CELLS = f"results/evaluation/{CELL}.csv"


rule cells_table:
    input:
        cells=cells(CELLS),
        selection=cells(f"results/selection/{GROUP}.csv"),
        item_tables=cells("results/data/{dataset}/items.csv"),
        group_tables=cells("results/data/{dataset}/groups.csv"),
    output:
        cells="results/tables/cells.csv",
        selection="results/tables/selection.csv",
    log:
        "results/logs/cells_table.log",
    conda:
        ENVIRONMENT
    params:
        synthetic={name: dataset["synthetic"] for name, dataset in STUDY.datasets.items()},
        code=code("cells_table"),
    script:
        "../../scripts/cells_table.py"


rule paper_table:
    input:
        "results/tables/cells.csv",
    output:
        "results/tables/paper.csv",
    log:
        "results/logs/paper_table.log",
    conda:
        ENVIRONMENT
    params:
        papers={name: dataset.get("paper") for name, dataset in STUDY.datasets.items()},
        code=code("paper_table"),
    script:
        "../../scripts/paper_table.py"


rule statements:
    input:
        cells="results/tables/cells.csv",
        final=final_cells(),
        matrices=cells("results/data/{dataset}/matrices.npz"),
        feature_tables=cells("results/data/{dataset}/features.csv"),
    output:
        table="results/tables/recourses.csv",
        texts=expand("results/tables/recourses-{dataset}.txt", dataset=STUDY.datasets),
    log:
        "results/logs/statements.log",
    conda:
        ENVIRONMENT
    params:
        datasets={name: dataset["title"] for name, dataset in STUDY.datasets.items()},
        synthetic={name: dataset["synthetic"] for name, dataset in STUDY.datasets.items()},
        top_k=config["top_k"],
        code=code("statements"),
    script:
        "../../scripts/statements.py"


rule datasets_table:
    input:
        matrices=cells("results/data/{dataset}/matrices.npz"),
        group_tables=cells("results/data/{dataset}/groups.csv"),
        drop_tables=cells("results/data/{dataset}/dropped.csv"),
    output:
        "results/tables/datasets.csv",
    log:
        "results/logs/datasets_table.log",
    conda:
        ENVIRONMENT
    params:
        datasets={
            name: (
                dataset["title"],
                dataset["synthetic"],
                dataset.get("paper"),
                " ".join(dataset.get("cite", "").split()),
            )
            for name, dataset in STUDY.datasets.items()
        },
        code=code("datasets_table"),
    script:
        "../../scripts/datasets_table.py"


# Our closed form of rank-biased overlap against the rbo package, on the real lists of cells drawn at random.
rule rbo_check:
    input:
        matrices=cells("results/data/{dataset}/matrices.npz"),
        final=final_cells(),
        models=cells("results/model/{dataset}/{recommender}.npz"),
        sorted_scores=cells(f"results/baseline/{GROUP}.sorted.npy"),
    output:
        "results/tables/rbo_check.csv",
    log:
        "results/logs/rbo_check.log",
    conda:
        "../../envs/rbo.yaml"
    params:
        rbo_p=config["rbo_p"],
        candidates=config["candidates"],
        recommenders={
            name: {one: STUDY.recommender_settings(one, name) for one in RECOMMENDERS} for name in STUDY.datasets
        },
        synthetic={name: dataset["synthetic"] for name, dataset in STUDY.datasets.items()},
        code=code("rbo_check", [f"recrec.recommenders.{name}" for name in RECOMMENDERS]),
    script:
        "../../scripts/rbo_check.py"
