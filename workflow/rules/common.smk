# The study, checked before anything else happens, and what the rules share.
import functools
import os
import sys
from pathlib import Path

import psutil

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))

from recrec import methods
from recrec.evaluation.paths import CELL, GROUP, MATRICES, MODEL, SORTED_SCORES, cell_of
from recrec.workflow import progress
from recrec.workflow import study
from recrec.workflow.digest import code_digest
from recrec.workflow.pool import Named, Pool, ScriptJob, prepare_environment, run_alone
from recrec.errors import InputError
from recrec.data.fetch import mirror_folder, unpinned

prepare_environment()

# Who tells how the run goes; None where Snakemake does, because it was asked to.
PROGRESS = progress.attach(logger, workflow.output_settings) if workflow.is_main_process else None

try:
    STUDY = study.load(study.layers_of(workflow), ROOT)
    MIRROR = mirror_folder(STUDY.config["mirror"])
    missing = study.missing_files(STUDY, MIRROR, "results")
    if missing:
        raise InputError(missing)
except InputError as error:
    raise WorkflowError(str(error)) from None


# For Snakemake, which is told only now because it does not say what is wrong with a file.
configfile: f"{ROOT}/config.yaml"


config.clear()
config.update(STUDY.config)

# For the table of the workflow's own cost: when this run began.
os.environ.setdefault("RECREC_STARTED", str(psutil.Process().create_time()))


@functools.cache
def pool():
    """The processes that run scripts."""
    return Pool()


def submit(script, input, output, params, wildcards, threads, resources, log, keep=None):
    """Run a rule's script: in the pool where this is the Snakemake of the whole run, and elsewhere in a Python of its own.

    Jobs of the same `keep` share processes, see `Pool.run`: "device" if they may use one, otherwise "host".
    """
    parts = map(Named.of, (input, output, params, wildcards, resources, log))
    job = ScriptJob(str(ROOT / "scripts" / f"{script}.py"), *parts, threads, config)
    printed = pool().run(job, keep) if workflow.is_main_process else run_alone(job)
    if printed and PROGRESS:
        PROGRESS.write(printed)
    elif printed:
        print(printed, end="", flush=True)


onstart:
    if workflow.local_exec and not workflow.touch:
        if workflow.use_threads:
            pool().warm()
        else:
            logger.warning(
                "Every job starts a Snakemake of its own, which takes a second: add --force-use-threads "
                "(profiles/default has it)"
            )


onsuccess:
    if PROGRESS:
        PROGRESS.close_run()
        if {"all", "results/figures"} & PROGRESS.planned.keys():
            from recrec.reporting.closing import summary

            computed = PROGRESS.finished["evaluate"]
            print(summary("results", computed, len(cells(f"results/evaluation/{CELL}.csv")) - computed))


onerror:
    if PROGRESS:
        PROGRESS.close_run(error=True)


DATASETS = list(STUDY.datasets)
RECOMMENDERS, METHODS = config["recommenders"], config["methods"]
# Methods whose recourses are hard-thresholded; those of the others are evaluated as they are.
THRESHOLDED = [name for name in METHODS if methods.load(name).THRESHOLDED]
GROUPS = range(1, config["groups"] + 1)
SAMPLINGS = [f"{sampling:.12g}" for sampling in config["samplings"]]

# Devices that a job of recourses asks its cluster for, or takes from `--resources gpu=1`.
GPU = int(config["device"] == "gpu")

# Weight of the L1 term where the benchmarks want one.
PENALTY = 0.05


# What the benchmarks run.
BENCHMARKED = ["recrec.recommenders.content", "recrec.methods.recrec"]


wildcard_constraints:
    dataset="[A-Za-z0-9_-]+",
    recommender="[A-Za-z0-9_]+",
    method="[A-Za-z0-9_]+",
    group=r"\d+",
    rank=r"\d+",
    sampling=r"[0-9.]+(e-\d+)?",


# Asked for by every job.
digest = functools.cache(code_digest)


def code(script, plugins=()):
    """Digest of the code that a script uses, so that an edit there re-runs the rule."""
    return digest(ROOT / "scripts" / f"{script}.py", tuple(plugins))


def recommender_code(script):
    """A parameter: the same with the recommender's file."""
    return lambda wildcards: code(script, [f"recrec.recommenders.{wildcards.recommender}"])


def cell_code(script):
    """A parameter: the same with the recommender's and the method's file."""
    return lambda wildcards: code(
        script, [f"recrec.recommenders.{wildcards.recommender}", f"recrec.methods.{wildcards.method}"]
    )


def recommender_settings(wildcards):
    """A parameter: the settings of the recommender for the data set."""
    return STUDY.recommender_settings(wildcards.recommender, wildcards.dataset)


def method_settings(wildcards):
    """A parameter: the settings of the method for the data set."""
    return STUDY.method_settings(wildcards.method, wildcards.dataset)


def cells(pattern, methods=METHODS):
    """The paths of all cells of one stage."""
    wildcards = {
        "dataset": DATASETS,
        "recommender": RECOMMENDERS,
        "method": methods,
        "group": GROUPS,
        "rank": config["ranks"],
        "sampling": SAMPLINGS,
    }
    return expand(pattern, **{key: values for key, values in wildcards.items() if f"{{{key}}}" in pattern})


def final_changes(wildcards):
    """An input: a cell's recourses as they are evaluated."""
    stage = "thresholded" if wildcards.method in THRESHOLDED else "recourse"
    return f"results/{stage}/{CELL}.npz"


def final_cells():
    """The same of all cells."""
    others = [name for name in METHODS if name not in THRESHOLDED]
    return [
        *cells(f"results/thresholded/{CELL}.npz", THRESHOLDED),
        *cells(f"results/recourse/{CELL}.npz", others),
    ]


def of_dataset(pattern):
    """An input: the paths of one stage that belong to the data set of the wildcards."""
    return lambda wildcards: cells(pattern.replace("{dataset}", wildcards.dataset))


def final_of_dataset(wildcards):
    """An input: the recourses of the data set as they are evaluated."""
    return [path for path in final_cells() if cell_of(path)["dataset"] == wildcards.dataset]


def dataset_part(*keys):
    """A parameter: some keys of the data set's config."""

    def part(wildcards):
        try:
            dataset = STUDY.dataset(wildcards.dataset)
        except InputError as error:
            raise WorkflowError(str(error)) from None
        return {key: dataset[key] for key in keys if key in dataset}

    return part


def sweep_ranks():
    """The desired ranks of the sweep; it matters only to the sweep if one cannot be."""
    try:
        return study.sweep_ranks(STUDY)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def benchmark_cells():
    """The cells to benchmark, by data set; it matters only to the benchmarks if some cannot be."""
    try:
        return study.benchmark_cells(STUDY)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def largest_cells(wildcards):
    """The largest cell of each data set that is benchmarked: data set, settings, group, rank, sampling, synthetic."""
    return [
        (
            name,
            STUDY.method_settings("recrec", name),
            cells["groups"][0],
            max(cells["ranks"]),
            max(cells["samplings"]),
            STUDY.dataset(name)["synthetic"],
        )
        for name, cells in benchmark_cells().items()
    ]


def of_largest_cells(pattern):
    """An input: what belongs to each of the largest cells."""

    def paths(wildcards):
        return [expand(pattern, dataset=cell[0], group=cell[2])[0] for cell in largest_cells(wildcards)]

    return paths


def of_content(pattern):
    """A path of the benchmarks: they run on the paper's recommender."""
    return expand(pattern, recommender="content", allow_missing=True)[0]


def benchmarked(key):
    """A parameter: what is benchmarked of a data set."""

    def values(wildcards):
        cells = benchmark_cells()
        if wildcards.dataset not in cells:
            raise WorkflowError(f"{wildcards.dataset}: config.yaml names none of its cells under benchmarks.cells")
        return cells[wildcards.dataset][key]

    return values
