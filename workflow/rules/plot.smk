# The paper's figures, and rank-biased overlap, for each data set.
FIGURES = expand("results/figures/{{dataset}}-{figure}.{suffix}", figure=["success", "rbo"], suffix=["png", "pdf"])


rule plot:
    input:
        cells="results/tables/cells.csv",
    output:
        FIGURES,
    log:
        "results/logs/plot/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(STUDY.datasets),
    # The longest of the last jobs: the others fit beside it.
    priority: 1
    conda:
        ENVIRONMENT
    params:
        title=lambda wildcards: STUDY.datasets[wildcards.dataset]["title"],
        synthetic=lambda wildcards: STUDY.datasets[wildcards.dataset]["synthetic"],
        paper=lambda wildcards: STUDY.datasets[wildcards.dataset].get("paper"),
        top_k=config["top_k"],
        code=code("plot"),
    script:
        "../../scripts/plot.py"


# Figure 4: changed features, a panel per data set.
rule plot_changes:
    input:
        cells="results/tables/cells.csv",
    output:
        expand("results/figures/changes.{suffix}", suffix=["png", "pdf"]),
    log:
        "results/logs/plot_changes.log",
    conda:
        ENVIRONMENT
    params:
        titles={name: (dataset["title"], dataset["synthetic"]) for name, dataset in STUDY.datasets.items()},
        code=code("plot_changes"),
    script:
        "../../scripts/plot_changes.py"
