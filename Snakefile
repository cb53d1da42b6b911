# RecRec Bench: algorithmic recourse for recommender systems.
#   snakemake --cores 8 results/figures
from snakemake.utils import min_version

min_version("9.0")


# Not worth a place in a cluster's queue, or in need of the internet, which its nodes may lack: these run where Snakemake
# itself does. Tables and figures of three data sets take seconds and less than 200 MiB.
localrules:
    download,
    item_selection,
    cells_table,
    paper_table,
    statements,
    study_tables,
    datasets_table,
    plot,
    plot_comparison,
    workflow_table,
    causal_download,
    causal_cells_table,
    causal_gaps,
    causal_tables,
    causal_plot,
    causal_plot_all,
    causal_card,


include: "workflow/rules/common.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/generate.smk"
include: "workflow/rules/featurize.smk"
include: "workflow/rules/fit.smk"
include: "workflow/rules/rank_baseline.smk"
include: "workflow/rules/check.smk"
include: "workflow/rules/item_selection.smk"
include: "workflow/rules/recourse.smk"
include: "workflow/rules/hard_thresholding.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/plot.smk"
include: "workflow/rules/costs.smk"
include: "workflow/rules/sweep.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/targets.smk"
include: "workflow/rules/causal_common.smk"
include: "workflow/rules/causal_people.smk"
include: "workflow/rules/causal_world.smk"
include: "workflow/rules/causal_recourse.smk"
include: "workflow/rules/causal_evaluate.smk"
include: "workflow/rules/causal_tables.smk"
include: "workflow/rules/causal_plot.smk"
include: "workflow/rules/causal_card.smk"
include: "workflow/rules/causal_benchmarks.smk"


# What is made when no target is named. It has to stand in this file: a default target in an included one does not count.
rule all:
    default_target: True
    input:
        workflow.get_rule("results/figures").input,
