"""The card of one person: a row of a causal data set, or somebody who wrote down what they can and want to change."""

from pathlib import Path

from recrec.actionability import answers
from recrec.causal import card, methods, worlds
from recrec.causal.catalogue import CausalDataset
from recrec.causal.measures import Plausibility, percentile
from recrec.causal.people import Split
from recrec.errors import InputError
from recrec.storage import load_arrays, write_text
from recrec.workflow.job import job

with job(snakemake) as log:
    params, wildcards = snakemake.params, snakemake.wildcards
    dataset = CausalDataset.model_validate(params.dataset)
    split = Split.from_arrays(load_arrays(snakemake.input.people))
    fitted = load_arrays(snakemake.input.world)
    world, true_model = worlds.load(dataset, split, fitted, params.quantiles, params.normaliser)
    reference = Plausibility.from_arrays(load_arrays(snakemake.input.reference))
    exact = methods.load("exact")
    settings = exact.Settings(**params.settings)

    def solve(problem):
        if why := exact.unsupported(problem, settings):
            raise InputError(f"exact: {why}; see causal.method_settings.exact")
        return exact.solve(problem, settings, None, params.seed, log)

    def plausible(x):
        return percentile((true_model or world.model).log_density(x), reference.log_density)

    if file := snakemake.input.get("file"):
        labels = [dataset.nodes[node].label or node for node in world.model.nodes]
        called = {node: label for node, label in zip(world.model.nodes, labels, strict=True) if node != label}
        actionable = [labels[node] for node in world.model.actionable]
        person = answers.read(file, actionable, labels, aliases=called)
        about = (
            person.values,
            person.profiles,
            solve,
            plausible,
            Path(file).stem,
            "Limits and preferences are as they wrote them down.",
        )
    else:
        x = worlds.row_of(split, int(wildcards.person), wildcards.dataset)
        note = "Shown as if they could change whatever anybody can, and all of it as easily."
        about = (x, None, solve, plausible, f"row {wildcards.person}", note)
    write_text(snakemake.output[0], card.render(card.card_data(world, dataset, *about)))
