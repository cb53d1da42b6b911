# How the exact method grows with people and with nodes: `snakemake results/benchmarks/causal/growth`. Each of these jobs
# has the machine for itself.
rule causal_growth:
    output:
        "results/benchmarks/causal/growth-{dimension}.csv",
    log:
        "results/logs/causal_growth/{dimension}.log",
    wildcard_constraints:
        dimension="people|nodes",
    threads: workflow.cores
    params:
        growth=causal_key("growth"),
        code=causal_code("causal_growth", ["recrec.causal.methods.exact"]),
    run:
        submit("causal_growth", input, output, params, wildcards, threads, resources, log)


rule causal_growth_plot:
    input:
        expand(rules.causal_growth.output, dimension=["people", "nodes"]),
    output:
        expand("results/benchmarks/causal/growth.{suffix}", suffix=SUFFIXES),
    log:
        "results/logs/causal_growth_plot.log",
    params:
        code=causal_code("causal_growth_plot"),
    run:
        submit("causal_growth_plot", input, output, params, wildcards, threads, resources, log)


rule causal_benchmarks:
    name:
        "results/benchmarks/causal/growth"
    input:
        rules.causal_growth_plot.output,
