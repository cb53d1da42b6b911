"""What config.yaml may say under `causal`, checked when a target of this track is asked for."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, create_model, model_validator

from recrec.actionability.populations import SCHEMES, Scheme
from recrec.causal import catalogue, methods
from recrec.causal.gaps import Inference
from recrec.config import Section
from recrec.config.checking import checked, refused
from recrec.config.reading import Layer
from recrec.config.values import Text, list_of, number, refusal, text_like, whole_number
from recrec.errors import InputError, did_you_mean

SchemeName = text_like("^[A-Za-z0-9][A-Za-z0-9_-]*$", "letters, digits, dash and underscore")
DatasetName = text_like(r"^(?s:.+)$", "a name under workflow/causal/ or the path of a .yaml file")
Chosen = Annotated[
    Annotated[str, Tag("string")] | Annotated[list_of(DatasetName), Tag("array")],
    Discriminator(lambda value: {str: "string", list: "array"}.get(type(value))),
]
Share = number(ge=0, le=1)
SIMULATED = [
    "triangle", "collider", "chain", "triangle-nonlinear", "collider-nonlinear", "chain-nonlinear", "loan",
]  # fmt: skip


class Plausibility(Section):
    """Against whom plausibility is measured."""

    accepted: whole_number(20) = Field(2000, description="Accepted training people at most, drawn at random.")
    neighbours: whole_number(1) = Field(10, description="Nearest of them that distances and outlier factors are of.")


class Growth(Section):
    """What `snakemake results/benchmarks/causal/growth` times, on made-up linear models."""

    people: list_of(whole_number(1)) = Field(
        [100, 1000, 10_000, 100_000, 1_000_000], description="Numbers of people, each on six nodes."
    )
    nodes: list_of(whole_number(2)) = Field([4, 8, 12, 16, 20], description="Numbers of nodes, each with 1,000 people.")
    largest_set: whole_number(1) = Field(3, description="Nodes that a plan may act on at once.")
    repeats: whole_number(1) = Field(3, description="Every time is the median of so many.")


class CausalSection(Section):
    """The study of people: `snakemake results/figures/causal`."""

    study: Chosen = Field("simulated", description="The data sets: a key of `causal.studies`, or a list.")
    studies: dict[str, list_of(DatasetName)] = Field(
        {"simulated": SIMULATED, "all": [*SIMULATED, "gmsc", "adult"]}, description="Lists of data sets by name."
    )
    methods: list_of(str) = Field(
        ["exact", "grid", "gradient", "amortized", "random", "nearest"], description="Methods to run."
    )
    schemes: list_of(SchemeName) = Field(
        list(SCHEMES),
        description="What people can and want to change: keys of `causal.scheme_definitions`, or those shipped.",
    )
    scheme_definitions: dict[SchemeName, Scheme] = Field({}, description="Schemes of your own, by name.")
    seeds: list_of(whole_number(0)) = Field([1], description="One sample of people, and all that is random, each.")
    people: whole_number(1) = Field(256, description="Rejected people of the test split that ask, at most.")
    quantiles: Annotated[list[Share], Field(min_length=2, max_length=2)] = Field(
        [0.01, 0.99], description="Of the training values: nobody may set a node outside, unless the node has bounds."
    )
    normaliser: Literal["all", "rejected"] = Field(
        "all", description="Whose range of values costs are divided by: all training people's, or the rejected ones'."
    )
    plausibility: Plausibility = Field(Plausibility(), description="Plausibility.")
    statistics: Inference = Field(Inference(), description="Intervals and p-values.")
    growth: Growth = Field(Growth(), description="A benchmark of growth in people and in nodes.")
    cards: dict[str, list_of(Text)] = Field(
        {},
        description="Files in which people say what they can and want to change, by data set: `snakemake "
        "results/cards/causal` makes a card for each.",
    )

    @model_validator(mode="after")
    def _in_order(self):
        if self.quantiles[0] >= self.quantiles[1]:
            raise refusal(f"given {self.quantiles}; allowed: the lower one first", "quantiles")
        for place, name in enumerate(self.schemes):
            known = [*SCHEMES, *self.scheme_definitions]
            if name not in known:
                raise refusal(
                    f"given {name!r}; allowed: {', '.join(known)}{did_you_mean(name, known)}", "schemes", place
                )
        return self


def section_model():
    """The model of the section, with the settings of every method in it."""
    known = methods.names()
    old = CausalSection.model_fields["methods"]
    by_dataset = Field(
        {}, description="`default` holds for every data set; a section named after one replaces some of its keys there."
    )
    sections = {name: (dict[str, methods.load(name).Settings], by_dataset) for name in known}
    section = create_model("CausalMethodSettings", __base__=Section, **sections)
    default = [name for name in old.default if name in known]
    return create_model(
        "CausalSection",
        __base__=CausalSection,
        __doc__=CausalSection.__doc__,
        methods=(list_of(Literal[tuple(known)]), Field(default, description=old.description)),
        method_settings=(section, Field(section(), description="Settings of each method.")),
    )


@dataclass(frozen=True)
class CausalStudy:
    """The checked study of people.

    Attributes
    ----------
    config : Section
        The section `causal`, of `section_model`.
    datasets : dict
        `catalogue.CausalDataset` by name, in the order of the study.
    root : path
        The workflow's folder.
    """

    config: Any
    datasets: dict[str, Any]
    root: Any = "."

    def dataset(self, name):
        """A data set's config, of the study or among those that come with the workflow.

        Raises
        ------
        InputError
            If there is none of that name, or it is not usable.
        """
        if name in self.datasets:
            return self.datasets[name]
        known = list(dict.fromkeys([*self.datasets, *catalogue.known(Path(self.root))]))
        if name not in known:
            raise InputError(
                f"{name}: no such causal data set{did_you_mean(name, known)}; there are: {', '.join(known)}"
            )
        return catalogue.load(catalogue.find(name, self.root))

    def scheme(self, name):
        """A scheme, by its name."""
        return self.config.scheme_definitions.get(name) or SCHEMES[name]

    def method_settings(self, method, dataset):
        """Settings of a method for a data set, every key as a plain value."""
        sections = getattr(self.config.method_settings, method)
        given = {}
        for name in ("default", dataset):
            if name in sections:
                given.update(sections[name].model_dump(by_alias=True, exclude_unset=True))
        return methods.load(method).Settings(**given).model_dump(by_alias=True)


def load(layers, root):
    """Check the section `causal` of a study's config, and read its data sets.

    Parameters
    ----------
    layers : list of Layer
        Where the whole config's keys were given.
    root : path
        The workflow's folder.

    Returns
    -------
    CausalStudy

    Raises
    ------
    InputError
        One line: where the key was given, the key, what was given, what is allowed.
    """

    class Whole(Section):
        causal: section_model() = Field(section_model()())

    given = [
        Layer(layer.source, {key: layer.content[key] for key in ("causal",) if key in layer.content}, layer.typed)
        for layer in layers
    ]
    config = checked(Whole, given).causal
    chosen = config.study
    if isinstance(chosen, str):
        if chosen not in config.studies:
            raise refused(
                given,
                ("causal", "study"),
                f"given {chosen!r}; allowed: {', '.join(config.studies)}, or a list of data sets, in brackets"
                f"{did_you_mean(chosen, config.studies)}",
            )
        entries, path = config.studies[chosen], ("causal", "studies", chosen)
    else:
        entries, path = chosen, ("causal", "study")
    for place, method in enumerate(config.methods):
        for library in getattr(methods.load(method), "REQUIRES", ()):
            if importlib.util.find_spec(library) is None:
                raise refused(
                    given,
                    ("causal", "methods", place),
                    f"{method} needs {library}, which is not installed: pip install -r "
                    "envs/requirements-causal.txt, or leave it out",
                )
    datasets = {}
    for place, entry in enumerate(entries):
        try:
            file = catalogue.find(entry, root)
        except InputError as error:
            raise refused(given, (*path, place), str(error)) from None
        if file.stem in datasets:
            raise refused(given, (*path, place), f"{entry} and another one are both called {file.stem}; rename one")
        datasets[file.stem] = catalogue.load(file)
    study = CausalStudy(config, datasets, root)
    _check_schemes(study, given)
    _check_cards(study, given)
    known = ["default", *datasets, *catalogue.known(Path(root))]
    for method in methods.names():
        for name in getattr(config.method_settings, method):
            if name not in known:
                raise refused(
                    given,
                    ("causal", "method_settings", method, name),
                    f"no such data set{did_you_mean(name, known)}; allowed: {', '.join(dict.fromkeys(known))}",
                )
    return study


def _check_schemes(study, given):
    """Refuse preferences that go with a sensitive attribute where there is none."""
    for place, name in enumerate(study.config.schemes):
        for dataset, content in study.datasets.items():
            if study.scheme(name).correlation > 0 and content.sensitive is None:
                raise refused(
                    given,
                    ("causal", "schemes", place),
                    f"given {name}, whose preferences go with the sensitive node, and {dataset} has none; leave it out",
                )


def _check_cards(study, given):
    """Refuse cards of data sets that there are not, and files that could not be told from rows or from each other."""
    for dataset, files in study.config.cards.items():
        try:
            study.dataset(dataset)
        except InputError as error:
            raise refused(given, ("causal", "cards", dataset), str(error)) from None
        stems = [Path(file).stem for file in files]
        for place, (file, stem) in enumerate(zip(files, stems, strict=True)):
            where = ("causal", "cards", dataset, place)
            if re.fullmatch("[A-Za-z0-9_-]+", stem) is None or stem.isdigit():
                raise refused(
                    given,
                    where,
                    f"given {file}; allowed: a name of letters, digits, dash and underscore, not digits alone",
                )
            if stem in stems[:place]:
                raise refused(given, where, f"{file} and another one are both called {stem}; rename one")
            if not Path(file).is_file():
                raise refused(given, where, f"given {file}; there is no such file")
