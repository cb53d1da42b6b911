# The files of a SYNTHETIC data set, in place of downloaded ones.
GENERATED = [name for name, dataset in STUDY.known.items() if isinstance(dataset, dict) and "generator" in dataset]


rule generate:
    output:
        directory("results/data/{dataset}/raw"),
    log:
        "results/logs/generate/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(GENERATED) or "none",
    params:
        generator=dataset_part("generator"),
        code=code("generate"),
    run:
        submit("generate", input, output, params, wildcards, threads, resources, log)


ruleorder: generate > download
