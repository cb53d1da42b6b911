# The files of a SYNTHETIC data set, in place of downloaded ones.
GENERATED = [name for name, dataset in STUDY.known.items() if isinstance(dataset, dict) and "generator" in dataset]


rule generate:
    output:
        directory("results/data/{dataset}/raw"),
    log:
        "results/logs/generate/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(GENERATED) or "none",
    conda:
        ENVIRONMENT
    params:
        generator=dataset_part("generator"),
        code=code("generate"),
    script:
        "../../scripts/generate.py"


ruleorder: generate > download
