# Benchmarks, each a target of its own. snakemake results/benchmarks/aliec-full generates AliEC's 26.6 million rows and
# reads them.
rule aliec_full_table:
    input:
        "results/data/aliec-twin-full/matrices.npz",
    output:
        "results/benchmarks/aliec-full.csv",
    log:
        "results/logs/aliec_full_table.log",
    conda:
        ENVIRONMENT
    params:
        benchmarks=expand("results/benchmarks/{rule}/aliec-twin-full.tsv", rule=["generate", "featurize"]),
        code=code("aliec_full_table"),
    script:
        "../../scripts/aliec_full_table.py"


rule aliec_full:
    name:
        "results/benchmarks/aliec-full"
    input:
        rules.aliec_full_table.output,
