# The card of one person, a row of the data set (results/cards/causal/gmsc/1.html) or a file of causal.cards, in the
# world of the first seed.
rule causal_card:
    input:
        people=causal_first(CAUSAL_WORLD["people"]),
        world=causal_first(CAUSAL_WORLD["world"]),
        reference=causal_first(rules.causal_reference.output[0]),
        file=causal_card_file,
        # Digests are of modules.
        template=str(ROOT / "scripts/recrec/causal/card.html.j2"),
    output:
        "results/cards/causal/{dataset}/{person}.html",
    log:
        "results/logs/causal_card/{dataset}/{person}.log",
    wildcard_constraints:
        person="[A-Za-z0-9_-]+",
    params:
        dataset=causal_content,
        quantiles=causal_key("quantiles"),
        normaliser=causal_key("normaliser"),
        seed=lambda wildcards: causal().config.seeds[0],
        settings=lambda wildcards: causal().method_settings("exact", wildcards.dataset),
        code=causal_code("causal_card", ["recrec.causal.methods.exact"]),
    run:
        submit("causal_card", input, output, params, wildcards, threads, resources, log, keep="people")


# The cards of all files of causal.cards.
rule causal_cards:
    name:
        "results/cards/causal"
    input:
        lambda wildcards: [
            f"results/cards/causal/{dataset}/{Path(file).stem}.html"
            for dataset, files in causal().config.cards.items()
            for file in files
        ],
