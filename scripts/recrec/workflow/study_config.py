"""What config.yaml may say: the model of the study, with the settings of every plug-in in it."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, create_model

from recrec import methods, recommenders
from recrec.config import Section
from recrec.config.values import Sampling, list_of, number, text_like, whole_number

DatasetName = text_like(r"^(?s:.+)$", "a name under workflow/datasets/ or the path of a .yaml file")
Positive = whole_number(1)
Chosen = Annotated[
    Annotated[str, Tag("string")] | Annotated[list_of(DatasetName), Tag("array")],
    Discriminator(lambda value: {str: "string", list: "array"}.get(type(value))),
]


class Thresholding(Section):
    """Hard thresholding gives up the smallest changes first."""

    keep: number(ge=0, le=1) = Field(
        0.8, description="Changes are given up while at least this share of the success rate remains (the paper: 0.8)."
    )
    over: Literal["group", "sample"] = Field(
        "group", description="Where that rate is measured: over the whole group, or over the sample of users only."
    )


class Sweep(Section):
    """`snakemake results/sweep` runs every combination of these in place of `method_settings.recrec`."""

    samplings: list_of(Sampling) = Field([1, 5, 20], description="Per cent of the target group.")
    aggregate: list_of(Literal["mean", "sum"]) = Field(["mean", "sum"], description="As in `method_settings.recrec`.")
    desired_rank: list_of(Positive) = Field([3, 5, 7, 8, 10], description="The same; at most `top_k`.")
    lambda_: list_of(number(ge=0, le=1)) = Field([0.0, 0.05], alias="lambda", description="The same.")
    learning_rate: list_of(number(gt=0)) = Field([0.05, 0.2], description="The same.")
    max_iterations: list_of(Positive) = Field([60, 5000], description="The same.")


class BenchmarkCells(Section):
    """Cells of one data set to benchmark."""

    dataset: str = Field(description="Name of a data set, of the study or not.")
    groups: list_of(Positive) = Field(description="Groups of users.")
    ranks: list_of(Positive) = Field(description="Original ranks, each one of the study's.")
    samplings: list_of(Sampling) = Field(description="Per cent of the target group.")


class Benchmarks(Section):
    """What `snakemake results/benchmarks/figures` times."""

    cells: list[BenchmarkCells] = Field([], description="On which cells; each data set once.")
    iterations: whole_number(2) = Field(
        3, description="Iterations of the slow solvers, of which each costs the same; their time is scaled up."
    )
    doublings: Positive = Field(5, description="How often users, items, features and sampled users are doubled.")
    repeats: Positive = Field(5, description="Every time is the median of so many.")


class StudyConfig(Section):
    """The study. What a file given with `--configfile` says goes over config.yaml, and `--config` over both."""

    study: Chosen = Field(description="The data sets to run: a key of `studies`, or a list of data sets.")
    studies: dict[str, list_of(DatasetName)] = Field({}, description="Lists of data sets by name.")
    mirror: Annotated[str, Field(json_schema_extra={"$comment": "a folder, or null"})] | None = Field(
        None,
        description="A folder that holds downloaded files; it is looked at before any address. null: the environment "
        "variable RECREC_MIRROR, if set.",
    )
    recommenders: list_of(str) = Field(["content"], description="Recommenders to run.")
    methods: list_of(str) = Field(["recrec"], description="Methods to run.")
    groups: Positive = Field(5, description="Users are cut into so many groups of equal size.")
    ranks: list_of(Positive) = Field(
        [11, 21, 51, 101], description="Original ranks of the items that ask for a recourse."
    )
    items_per_rank: Positive = Field(3, description="Items at each of them.")
    selection: Literal["order", "mean-rank"] = Field(
        "order",
        description="How an item at rank r is found. order: of the items sorted by their mean rank over the group, the "
        "eligible ones at position r and after; mean-rank: the eligible ones whose mean rank is nearest to r.",
    )
    max_top_share: number(ge=0, le=1) = Field(
        0.01, description="An item is eligible if it is in the top k of at most this share of the group already."
    )
    top_k: Positive = Field(10, description="Success is a place in the top k.")
    candidates: Literal["all", "unrated"] = Field(
        "all", description="Items that compete in a user's list: all, or those that the user has not rated."
    )
    samplings: list_of(Sampling) = Field(
        [0.5, 1, 2, 5, 10, 20, 50, 100],
        description="Per cent of the target group whose users a recourse is computed for; success is measured on all.",
    )
    seeds: list_of(whole_number(0)) = Field(
        [1, 2, 3], description="One random sample of users each; smaller samples are parts of larger ones."
    )
    thresholding: Thresholding = Field(Thresholding(), description="Hard thresholding.")
    rbo_p: number(gt=0, lt=1) = Field(0.5, description="Persistence of rank-biased overlap (the paper: 0.5).")
    block_users: Positive = Field(512, description="Users whose score lists are held in memory at once.")
    device: Literal["auto", "cpu", "gpu"] = Field(
        "auto",
        description="Where recourses are computed: gpu insists on a CUDA device, auto takes one if there is one.",
    )
    precision: Literal["double", "single"] = Field("double", description="Numbers that recourses are computed with.")
    batch_mib: Positive = Field(1024, description="MiB that recourses computed together may take.")
    sweep: Sweep = Field(Sweep(), description="The sweep of settings.")
    benchmarks: Benchmarks = Field(Benchmarks(), description="The benchmarks.")
    causal: dict = Field({}, description="The study of people; checked when something of it is asked for.")


def study_model(method_names, recommender_names, causal=None):
    """The model of config.yaml with the settings of some plug-ins; of the others it says nothing but their names.

    Parameters
    ----------
    method_names, recommender_names : collection of str
        The plug-ins to load.
    causal : type, optional
        The model of the section ``causal``; without it, anything may be in there.

    Returns
    -------
    type
        A subclass of `StudyConfig` with the keys ``method_settings`` and ``recommender_settings``.

    Raises
    ------
    InputError
        If a plug-in cannot be used.
    """
    fields = {}
    for kind, package, chosen in (
        ("recommender", recommenders, recommender_names),
        ("method", methods, method_names),
    ):
        known, key = package.names(), f"{kind}s"
        old = StudyConfig.model_fields[key]
        fields[key] = (list_of(Literal[tuple(known)]), Field(old.default, description=old.description))
        by_dataset = Field(
            {},
            description="`default` holds for every data set; a section named after one replaces some of its keys "
            "there, and in the data sets that extend it.",
        )
        sections = {
            name: (dict[str, package.load(name).Settings if name in chosen else dict], by_dataset) for name in known
        }
        section = create_model(f"{kind.title()}SettingsByName", __base__=Section, **sections)
        fields[f"{kind}_settings"] = (
            section,
            Field(section(), description=f"Settings of each {kind}; one without a section runs on its defaults."),
        )
    if causal is not None:
        description = StudyConfig.model_fields["causal"].description
        fields["causal"] = (causal, Field(causal(), description=description))
    return create_model("StudyConfig", __base__=StudyConfig, __doc__=StudyConfig.__doc__, **fields)
