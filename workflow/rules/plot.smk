# A figure's name says what is in it, so that a second study leaves those of the first one as they are.
PAIR = "{dataset}-{recommender}-{method}-{figure}"
PLOTTED = dict(dataset=DATASETS, recommender=RECOMMENDERS, method=METHODS, figure=["success", "rbo", "changes"])
# Where there is nothing to compare, no comparison is drawn.
COMPARED = DATASETS if len(RECOMMENDERS) * len(METHODS) > 1 else []
SUFFIXES = ["png", "pdf"]
FIGURES = [
    *expand(f"results/figures/{PAIR}.{{suffix}}", **PLOTTED, suffix=SUFFIXES),
    *expand("results/figures/{dataset}-comparison.{suffix}", dataset=COMPARED, suffix=SUFFIXES),
]


# The paper's figures 1 to 4 and rank-biased overlap, each for a data set, a recommender and a method.
rule plot:
    input:
        cells="results/tables/{dataset}/cells.csv",
    output:
        expand(f"results/figures/{PAIR}.{{suffix}}", suffix=SUFFIXES, allow_missing=True),
    log:
        f"results/logs/plot/{PAIR}.log",
    wildcard_constraints:
        figure="success|rbo|changes",
    # The longest of the last jobs: the others fit beside it.
    priority: 1
    params:
        title=lambda wildcards: STUDY.datasets[wildcards.dataset]["title"],
        synthetic=lambda wildcards: STUDY.datasets[wildcards.dataset]["synthetic"],
        paper=lambda wildcards: STUDY.datasets[wildcards.dataset].get("paper"),
        thresholded=lambda wildcards: wildcards.method in THRESHOLDED,
        top_k=config["top_k"],
        code=code("plot"),
    run:
        submit("plot", input, output, params, wildcards, threads, resources, log)


# All recommenders and methods of the study on a data set, side by side.
rule plot_comparison:
    input:
        cells="results/tables/{dataset}/cells.csv",
    output:
        expand("results/figures/{{dataset}}-comparison.{suffix}", suffix=SUFFIXES),
    log:
        "results/logs/plot_comparison/{dataset}.log",
    params:
        title=lambda wildcards: STUDY.datasets[wildcards.dataset]["title"],
        synthetic=lambda wildcards: STUDY.datasets[wildcards.dataset]["synthetic"],
        top_k=config["top_k"],
        code=code("plot_comparison"),
    run:
        submit("plot_comparison", input, output, params, wildcards, threads, resources, log)
