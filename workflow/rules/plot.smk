# The paper's figures, and rank-biased overlap, for each data set.
FIGURES = expand(
    "results/figures/{{dataset}}-{figure}.{suffix}", figure=["success", "changes", "rbo"], suffix=["png", "pdf"]
)


rule plot:
    input:
        cells="results/tables/cells.csv",
    output:
        FIGURES,
    log:
        "results/logs/plot/{dataset}.log",
    benchmark:
        "results/benchmarks/plot/{dataset}.tsv"
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
