# The settings that Algorithm 1 leaves open, swept for the choice of the defaults.
rule sweep_settings:
    input:
        matrices=MATRICES,
        model=MODEL,
        sorted_scores=expand(SORTED_SCORES, group=GROUPS, allow_missing=True),
        selection=expand(f"results/selection/{GROUP}.csv", group=GROUPS, allow_missing=True),
    output:
        "results/sweep/{dataset}/{recommender}/{aggregate}-rank{desired_rank}-lambda{penalty}.csv",
    log:
        "results/logs/sweep_settings/{dataset}/{recommender}/{aggregate}-rank{desired_rank}-lambda{penalty}.log",
    resources:
        gpu=GPU,
    params:
        precision=config["precision"],
        recommender=recommender_settings,
        l1_step=lambda wildcards: STUDY.method_settings("recrec", wildcards.dataset)["l1_step"],
        learning_rate=config["sweep"]["learning_rate"],
        max_iterations=config["sweep"]["max_iterations"],
        samplings=config["sweep"]["samplings"],
        seeds=config["seeds"],
        top_k=config["top_k"],
        candidates=config["candidates"],
        thresholding=config["thresholding"],
        rbo_p=config["rbo_p"],
        code=recommender_code("sweep_settings"),
    run:
        submit("sweep_settings", input, output, params, wildcards, threads, resources, log)


rule sweep_table:
    input:
        lambda wildcards: expand(
            "results/sweep/{dataset}/{recommender}/{aggregate}-rank{desired_rank}-lambda{penalty}.csv",
            dataset=STUDY.datasets,
            recommender=RECOMMENDERS,
            aggregate=config["sweep"]["aggregate"],
            desired_rank=sweep_ranks(),
            penalty=[f"{value:.12g}" for value in config["sweep"]["lambda"]],
        ),
    output:
        table="results/sweep/sweep.csv",
        figures=expand(
            "results/sweep/{dataset}-{recommender}.{suffix}",
            dataset=STUDY.datasets,
            recommender=RECOMMENDERS,
            suffix=["png", "pdf"],
        ),
    log:
        "results/logs/sweep_table.log",
    params:
        chosen={name: STUDY.method_settings("recrec", name) for name in STUDY.datasets},
        papers={name: dataset.get("paper") for name, dataset in STUDY.datasets.items()},
        titles={name: dataset["title"] for name, dataset in STUDY.datasets.items()},
        synthetic={name: dataset["synthetic"] for name, dataset in STUDY.datasets.items()},
        code=code("sweep_table"),
    run:
        submit("sweep_table", input, output, params, wildcards, threads, resources, log)


rule sweep:
    name:
        "results/sweep"
    input:
        rules.sweep_table.output,
