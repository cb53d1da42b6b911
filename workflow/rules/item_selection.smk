# The items of each original rank that ask for a recourse, for one group.
rule item_selection:
    input:
        ranks=f"results/baseline/{GROUP}.npz",
    output:
        f"results/selection/{GROUP}.csv",
    log:
        f"results/logs/item_selection/{GROUP}.log",
    params:
        ranks=config["ranks"],
        items_per_rank=config["items_per_rank"],
        max_top_share=config["max_top_share"],
        selection=config["selection"],
        code=code("item_selection"),
    run:
        submit("item_selection", input, output, params, wildcards, threads, resources, log)
