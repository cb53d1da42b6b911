# Figures of one data set of people: strength of constraints, gaps between groups, the causal graph.
rule causal_plot:
    input:
        lambda wildcards: {
            "constraints": rules.causal_cells_table.output.cells,
            "disparity": rules.causal_gaps.output[0],
            "graph": [],
        }[wildcards.figure],
    output:
        expand("results/figures/causal/{{dataset}}-{{figure}}.{suffix}", suffix=SUFFIXES),
    log:
        "results/logs/causal_plot/{dataset}-{figure}.log",
    wildcard_constraints:
        figure="constraints|disparity|graph",
    params:
        dataset=causal_content,
        code=causal_code("causal_plot"),
    run:
        submit("causal_plot", input, output, params, wildcards, threads, resources, log, keep="figures")


# Figures of all data sets of people.
rule causal_plot_all:
    input:
        **dict(rules.causal_tables.output.items()),
    output:
        expand("results/figures/causal/{{figure}}.{suffix}", suffix=SUFFIXES),
    log:
        "results/logs/causal_plot_all/{figure}.log",
    wildcard_constraints:
        figure="|".join(CAUSAL_FIGURES),
    params:
        code=causal_code("causal_plot_all"),
    run:
        submit("causal_plot_all", input, output, params, wildcards, threads, resources, log, keep="figures")


# The study of people: `snakemake results/figures/causal`.
rule causal_study:
    name:
        "results/figures/causal"
    input:
        causal_figures,
        rules.causal_tables.output,
        # What they are made of as well: Snakemake makes a lost file again only where the target names it.
        causal_cells(rules.causal_recourse.output.plans),
        causal_cells(rules.causal_evaluate.output[0]),
