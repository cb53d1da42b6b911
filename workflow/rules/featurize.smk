# Items, users, interactions and features as matrices and tables.
rule featurize:
    input:
        raw="results/data/{dataset}/raw",
    output:
        matrices=MATRICES,
        item_table="results/data/{dataset}/items.csv",
        user_table="results/data/{dataset}/users.csv",
        feature_table="results/data/{dataset}/features.csv",
        group_table="results/data/{dataset}/groups.csv",
        drop_table="results/data/{dataset}/dropped.csv",
    log:
        "results/logs/featurize/{dataset}.log",
    params:
        tables=dataset_part("interactions", "items", "users", "filters", "features", "groups"),
        groups=config["groups"],
        code=code("featurize"),
    run:
        submit("featurize", input, output, params, wildcards, threads, resources, log)
