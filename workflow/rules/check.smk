# What a data set config finds, before any recourse is computed: snakemake results/datasets/NAME
rule check_dataset:
    input:
        matrices=MATRICES,
        item_table="results/data/{dataset}/items.csv",
        feature_table="results/data/{dataset}/features.csv",
        group_table="results/data/{dataset}/groups.csv",
        drop_table="results/data/{dataset}/dropped.csv",
        ranks=expand(
            "results/baseline/{{dataset}}/{recommender}/group{group}.npz", recommender=RECOMMENDERS[0], group=GROUPS
        ),
    output:
        directory("results/datasets/{dataset}"),
    log:
        "results/logs/check_dataset/{dataset}.log",
    params:
        title=lambda wildcards: STUDY.dataset(wildcards.dataset)["title"],
        synthetic=lambda wildcards: STUDY.dataset(wildcards.dataset)["synthetic"],
        ranks=config["ranks"],
        items_per_rank=config["items_per_rank"],
        max_top_share=config["max_top_share"],
        selection=config["selection"],
        recommender=RECOMMENDERS[0],
        code=code("check_dataset"),
    run:
        submit("check_dataset", input, output, params, wildcards, threads, resources, log)
