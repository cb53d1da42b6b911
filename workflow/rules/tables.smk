# What the cells say. The tables of a data set lie in a folder of its name, which a study of other data sets leaves
# alone; those of the whole study are put together from them.
OF_STUDY = "|".join(STUDY.datasets)


rule cells_table:
    input:
        cells=of_dataset(f"results/evaluation/{CELL}.csv"),
        selection=of_dataset(f"results/selection/{GROUP}.csv"),
        item_table="results/data/{dataset}/items.csv",
        group_table="results/data/{dataset}/groups.csv",
    output:
        cells="results/tables/{dataset}/cells.csv",
        selection="results/tables/{dataset}/selection.csv",
    log:
        "results/logs/cells_table/{dataset}.log",
    wildcard_constraints:
        dataset=OF_STUDY,
    params:
        synthetic=lambda wildcards: STUDY.datasets[wildcards.dataset]["synthetic"],
        code=code("cells_table"),
    run:
        submit("cells_table", input, output, params, wildcards, threads, resources, log)


rule paper_table:
    input:
        "results/tables/{dataset}/cells.csv",
    output:
        "results/tables/{dataset}/paper.csv",
    log:
        "results/logs/paper_table/{dataset}.log",
    wildcard_constraints:
        dataset=OF_STUDY,
    params:
        papers=lambda wildcards: {wildcards.dataset: STUDY.datasets[wildcards.dataset].get("paper")},
        code=code("paper_table"),
    run:
        submit("paper_table", input, output, params, wildcards, threads, resources, log)


rule statements:
    input:
        cells="results/tables/{dataset}/cells.csv",
        final=final_of_dataset,
        matrices=MATRICES,
        feature_table="results/data/{dataset}/features.csv",
        item_table="results/data/{dataset}/items.csv",
    output:
        table="results/tables/{dataset}/recourses.csv",
        text="results/tables/{dataset}/recourses.txt",
    log:
        "results/logs/statements/{dataset}.log",
    wildcard_constraints:
        dataset=OF_STUDY,
    params:
        title=lambda wildcards: STUDY.datasets[wildcards.dataset]["title"],
        synthetic=lambda wildcards: STUDY.datasets[wildcards.dataset]["synthetic"],
        top_k=config["top_k"],
        code=code("statements"),
    run:
        submit("statements", input, output, params, wildcards, threads, resources, log)


# The tables of all data sets of the study, one below the other, and which study that is.
rule study_tables:
    input:
        cells=expand(rules.cells_table.output.cells, dataset=sorted(STUDY.datasets)),
        selection=expand(rules.cells_table.output.selection, dataset=sorted(STUDY.datasets)),
        paper=expand(rules.paper_table.output[0], dataset=sorted(STUDY.datasets)),
        recourses=expand(rules.statements.output.table, dataset=STUDY.datasets),
    output:
        cells="results/tables/cells.csv",
        selection="results/tables/selection.csv",
        paper="results/tables/paper.csv",
        recourses="results/tables/recourses.csv",
        about="results/tables/study.txt",
    log:
        "results/logs/study_tables.log",
    params:
        datasets={name: dataset["title"] for name, dataset in STUDY.datasets.items()},
        synthetic={name: dataset["synthetic"] for name, dataset in STUDY.datasets.items()},
        code=code("study_tables"),
    run:
        submit("study_tables", input, output, params, wildcards, threads, resources, log)


rule datasets_table:
    input:
        matrices=cells(MATRICES),
        group_tables=cells("results/data/{dataset}/groups.csv"),
        drop_tables=cells("results/data/{dataset}/dropped.csv"),
    output:
        "results/tables/datasets.csv",
    log:
        "results/logs/datasets_table.log",
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
    run:
        submit("datasets_table", input, output, params, wildcards, threads, resources, log)


# Our closed form of rank-biased overlap against the rbo package, on the real lists of cells drawn at random.
rule rbo_check:
    input:
        matrices=cells(MATRICES),
        final=final_cells(),
        models=cells(MODEL),
        sorted_scores=cells(SORTED_SCORES),
    output:
        "results/tables/rbo_check.csv",
    log:
        "results/logs/rbo_check.log",
    params:
        rbo_p=config["rbo_p"],
        candidates=config["candidates"],
        recommenders={
            name: {one: STUDY.recommender_settings(one, name) for one in RECOMMENDERS} for name in STUDY.datasets
        },
        synthetic={name: dataset["synthetic"] for name, dataset in STUDY.datasets.items()},
        code=code("rbo_check", [f"recrec.recommenders.{name}" for name in RECOMMENDERS]),
    run:
        submit("rbo_check", input, output, params, wildcards, threads, resources, log)
