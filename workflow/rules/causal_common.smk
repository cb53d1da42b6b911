# The study of people (config.yaml, causal), checked when something of it is asked for: nothing of it is imported before.
import itertools

CAUSAL_CELL = "{dataset}/{method}/{scheme}/seed{seed}"


wildcard_constraints:
    scheme="[A-Za-z0-9][A-Za-z0-9_-]*",
    seed=r"\d+",


@functools.cache
def causal():
    """The checked study of people."""
    from recrec.causal.settings import load

    try:
        return load(STUDY.layers, ROOT)
    except InputError as error:
        raise WorkflowError(str(error)) from None


# A mistake is told here, in one line: where a rule asks first, there is a traceback around it.
if any("causal" in word for word in sys.argv[1:]):
    causal()


def causal_dataset(name):
    """A causal data set's config, of the study or not."""
    try:
        return causal().dataset(name)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def causal_content(wildcards):
    """A parameter: what the data set's file says."""
    return causal_dataset(wildcards.dataset).model_dump(by_alias=True, exclude_unset=True)


def causal_sources(wildcards):
    """A parameter: where the data set's files come from."""
    return causal_dataset(wildcards.dataset).sources()


def causal_key(*path):
    """A parameter: a key of the section."""

    def value(wildcards):
        found = causal().config
        for key in path:
            found = getattr(found, key)
        return found.model_dump(by_alias=True) if hasattr(found, "model_dump") else found

    return value


def causal_cells(pattern):
    """An input: the paths of all cells of one stage, of the data set of the wildcards if it is among them."""

    def paths(wildcards):
        study = causal()
        values = {
            "dataset": [wildcards.dataset] if "dataset" in wildcards.keys() else list(study.datasets),
            "method": study.config.methods,
            "scheme": study.config.schemes,
            "seed": study.config.seeds,
        }
        return expand(pattern, **{key: value for key, value in values.items() if f"{{{key}}}" in pattern})

    return paths


def causal_method_settings(wildcards):
    """A parameter: the settings of the method for the data set."""
    return causal().method_settings(wildcards.method, wildcards.dataset)


def causal_code(script, plugins=()):
    """A parameter: the digest of a script, found when a job of it is there, not in every run of Snakemake."""
    return lambda wildcards: code(script, plugins)


def causal_method_code(script):
    """A parameter: the digest of a script with the method's file."""
    return lambda wildcards: code(script, [f"recrec.causal.methods.{wildcards.method}"])


def causal_trained(wildcards):
    """An input: what the method has learnt, if it learns."""
    from recrec.causal import methods

    trained = methods.load(wildcards.method).TRAINED
    return "results/causal/trained/{dataset}/{method}/seed{seed}.npz" if trained else []


CAUSAL_WORLD = dict(
    people="results/causal/people/{dataset}/seed{seed}.npz",
    world="results/causal/world/{dataset}/seed{seed}.npz",
)


def causal_heads(wildcards):
    """A parameter: what each cell of a data set is known by, in the order of `causal_cells`."""
    values = {key: getattr(causal().config, f"{key}s") for key in ("method", "scheme", "seed")}
    return [{"dataset": wildcards.dataset, **dict(zip(values, cell))} for cell in itertools.product(*values.values())]


def causal_schemes(wildcards):
    """A parameter: the schemes of the study as plain values."""
    return {name: causal().scheme(name).model_dump(by_alias=True) for name in causal().config.schemes}


def causal_amortized(wildcards):
    """A parameter: the methods of the study that learn first."""
    from recrec.causal import methods

    return [name for name in causal().config.methods if methods.load(name).TRAINED]


CAUSAL_FIGURES = ["constraints", "disparity", "elicited", "amortized", "models"]


def causal_figures(wildcards):
    """An input: the figures of the study of people."""
    datasets = causal().datasets
    gaps = [name for name, dataset in datasets.items() if dataset.sensitive]
    # Where there is nothing to compare, no comparison is drawn.
    there = {"disparity": gaps, "amortized": {"amortized", "exact"} <= set(causal().config.methods)}
    whole = [figure for figure in CAUSAL_FIGURES if there.get(figure, True)]
    return [
        *expand("results/figures/causal/{figure}.{suffix}", figure=whole, suffix=SUFFIXES),
        *expand(
            "results/figures/causal/{dataset}-{figure}.{suffix}",
            dataset=datasets,
            figure=["constraints", "graph"],
            suffix=SUFFIXES,
        ),
        *expand("results/figures/causal/{dataset}-disparity.{suffix}", dataset=gaps, suffix=SUFFIXES),
    ]


def causal_card_file(wildcards):
    """An input: what a person wrote, if the card is not that of a row of the data set."""
    if wildcards.person.isdigit():
        return []
    files = {Path(file).stem: file for file in causal().config.cards.get(wildcards.dataset, [])}
    if wildcards.person not in files:
        raise WorkflowError(
            f"results/cards/causal/{wildcards.dataset}/{wildcards.person}.html: {wildcards.person} is neither a row nor a "
            f"file of causal.cards.{wildcards.dataset}; there are: {', '.join(files) or 'none'}"
        )
    return files[wildcards.person]


def causal_first(pattern):
    """An input: a path of the first seed."""
    return lambda wildcards: pattern.replace("{seed}", str(causal().config.seeds[0]))
