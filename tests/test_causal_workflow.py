"""The study of people as a workflow: what it makes, what it makes again and what not, one person's card."""

import re

import numpy as np
import pandas as pd
import pytest
from conftest import digests

from recrec.causal import tables, worlds

TARGET = "results/figures/causal"
SCHEMES = ["universal", "top-1", "ranked", "preferred", "top-1-correlated"]
METHODS = ["exact", "amortized", "random"]
#: A network that has hardly learnt anything breaks no constraint either.
QUICK = "{rounds: 1, people: 200, updates: 20, hidden: 8}"
#: What a study of a few people says.
STUDY = (
    f"causal={{study: [triangle, triangle-fitted], methods: [{', '.join(METHODS)}], schemes: [{', '.join(SCHEMES)}], "
    "seeds: [1, 2], people: 25, plausibility: {accepted: 200}, statistics: {resamples: 50, permutations: 49}, "
    f"method_settings: {{amortized: {{default: {QUICK}}}}}}}"
)
CELLS = 2 * len(METHODS) * len(SCHEMES) * 2


def made(copy):
    """sha256 of what has to be the same bytes whenever it is made: all but the figure with times."""
    return {path: digest for path, digest in digests(copy.folder).items() if "/amortized." not in path}


@pytest.fixture(scope="module")
def people(copy_workflow):
    """The small study, done on four cores."""
    copy = copy_workflow("people4")
    done = copy.snakemake(TARGET, "--config", STUDY, cores=4)
    assert done.returncode == 0, done.stdout
    return copy


def table(copy, name):
    return tables.read(copy.folder / "results" / "tables" / "causal" / name)


def test_every_table_has_the_columns_that_are_documented(people):
    for name, (_, columns) in tables.TABLES.items():
        if name != "times.csv":
            assert list(table(people, name)) == list(columns), name
    assert list(table(people, "models.csv")) == list(worlds.QUALITY)
    cells = table(people, "cells.csv")
    assert len(cells) == 2 * CELLS  # over all people, and over the common support
    assert len(table(people, "people.csv")) == 25 * CELLS


def test_no_plan_breaks_anything_and_validity_is_what_it_says(people):
    rows = table(people, "people.csv")
    assert (rows["broken"] == 0).all()
    given = rows[rows["dataset"] == "triangle"]
    assert (given["validity_model"] == given["validity_true"]).all()
    fitted = rows[rows["dataset"] == "triangle-fitted"]
    differ = (fitted["validity_model"] != fitted["validity_true"]).mean()
    # A plan ends on the boundary, where equations that are a little wrong are wrong about half of the decisions.
    assert 0 < differ < 0.8
    assert (rows.loc[rows["scheme"] == "universal", "cost_universal"].dropna() >= 0).all()


def test_the_cheapest_plans_are_those_of_the_exact_method(people):
    rows = table(people, "people.csv")
    keys = ["dataset", "scheme", "seed", "person"]
    exact = rows[rows["method"] == "exact"].set_index(keys)
    for method in METHODS[1:]:
        other = rows[rows["method"] == method].set_index(keys)
        both = (exact["validity_model"] == 1) & (other["validity_model"] == 1)
        assert (exact["cost_elicited"][both] <= other["cost_elicited"][both] + 1e-9).all()
        assert (exact["validity_model"] >= other["validity_model"]).all()


def test_a_row_for_each_finding_of_the_abstract(people):
    claims = table(people, "claims.csv")
    words = " ".join(claims["claim"].unique())
    for finding in ("validity", "plausibility", "cost", "soft", "amortized"):
        assert finding in words
    assert set(claims["agrees"]) <= {"agrees", "disagrees", "not decided"}


def test_figures(people):
    folder = people.folder / "results" / "figures" / "causal"
    names = {path.name for path in folder.iterdir()}
    whole = ["constraints", "disparity", "elicited", "amortized", "models"]
    own = [
        f"{name}-{kind}" for name in ("triangle", "triangle-fitted") for kind in ("constraints", "disparity", "graph")
    ]
    assert names == {f"{name}.{suffix}" for name in [*whole, *own] for suffix in ("png", "pdf")}


def test_the_same_bytes_on_one_core(people, copy_workflow):
    other = copy_workflow("people1")
    done = other.snakemake(TARGET, "--config", STUDY, cores=1)
    assert done.returncode == 0, done.stdout
    assert made(other) == made(people)


def test_nothing_is_made_twice_and_a_lost_cell_alone_is_made_again(people):
    assert people.planned(TARGET, "--config", STUDY) == []
    before = made(people)
    (people.folder / "results/causal/recourse/triangle/exact/top-1/seed2.npz").unlink()
    planned = people.planned(TARGET, "--config", STUDY)
    cells = [wildcards for rule, wildcards in planned if rule == "causal_recourse"]
    assert cells == ["dataset=triangle, method=exact, scheme=top-1, seed=2"]
    assert not {"causal_train", "causal_world", "causal_people"} & {rule for rule, _ in planned}
    done = people.snakemake(TARGET, "--config", STUDY)
    assert done.returncode == 0, done.stdout
    assert made(people) == before


def test_an_edit_of_a_method_s_file_makes_its_cells_again(people):
    path = people.folder / "scripts/recrec/causal/methods/random.py"
    text = path.read_text("utf-8")
    path.write_text(text.replace("\ndef solve(", "\nEDITED = True\n\n\ndef solve("), "utf-8")
    try:
        planned = people.planned(TARGET, "--config", STUDY)
    finally:
        path.write_text(text, "utf-8")
    cells = [wildcards for rule, wildcards in planned if rule == "causal_recourse"]
    assert len(cells) == CELLS / len(METHODS)
    assert all("method=random" in wildcards for wildcards in cells)


def test_the_default_study_has_no_job_of_it(people):
    planned = people.planned("results/figures")
    assert planned and not any("causal" in rule for rule, _ in planned)


def test_a_card_of_a_row_and_one_of_a_file(people):
    (people.folder / "alice.yaml").write_text(
        "X1: locked\nX2: up, easy\nX3: at most 3, hard\nvalues: {S: 1, X1: -1, X2: -2, X3: -0.5}\n"
    )
    study = STUDY[:-1] + ", cards: {triangle: [alice.yaml]}}"
    row = int(table(people, "people.csv")["person"].iloc[0])
    done = people.snakemake("results/cards/causal", f"results/cards/causal/triangle/{row}.html", "--config", study)
    assert done.returncode == 0, done.stdout
    alice, other = (
        (people.folder / f"results/cards/causal/triangle/{name}.html").read_text("utf-8") for name in ("alice", row)
    )
    assert "alice" in alice and f"row {row}" in other
    for page in (alice, other):
        assert page.startswith("<!DOCTYPE html>") and "SYNTHETIC" in page.upper()
        assert not re.search(r"(src|href)=[\"']?https?:", page)


@pytest.mark.parametrize(
    ("target", "study", "complaint"),
    [
        ("results/cards/causal/triangle/999999.html", "", "triangle: nobody in row 999999; there are rows 1 to 20000"),
        ("results/cards/causal/triangle/bob.html", "", "bob is neither a row nor a file of causal.cards.triangle"),
        (TARGET, "causal={people: 0}", "--config: causal.people: given 0; allowed: a whole number, at least 1"),
        (TARGET, "causal={study: [nowhere.yaml]}", "causal.study[0]: given nowhere.yaml; there is no such file"),
    ],
)
def test_a_mistake_is_told_in_a_line(people, target, study, complaint):
    done = people.snakemake(target, "--config", study or STUDY)
    assert done.returncode != 0
    lines = [line for line in done.stdout.splitlines() if complaint in line]
    assert lines, done.stdout


METHOD = '''"""Sets everything that is not locked as high as it may go."""

import numpy as np

from recrec.causal.world import Plans
from recrec.config import Section

TITLE = "highest"
TRAINED = False


class Settings(Section):
    """Nothing to set."""


def unsupported(problem, settings):
    return None


def solve(problem, settings, trained, seed, log):
    _, upper = problem.box()
    return Plans.of(problem, problem.profiles.mask, upper)
'''
GRAPH = """\
title: My bank
synthetic: false
licence: none
terms: none
assumptions: Age raises income; income lowers the number of loans.
files:
  mine.csv: {sha256: unknown, mirror: mine.csv}
read: {files: [mine.csv]}
nodes:
  age: {parents: []}
  income: {parents: [age], actionable: true}
  loans: {parents: [age, income], actionable: true}
label: {column: paid, accepted: ["yes"]}
equations: linear
"""


def test_a_table_of_one_s_own_with_a_method_of_one_s_own(copy_workflow):
    copy = copy_workflow("mine")
    rng = np.random.default_rng(0)
    age = rng.normal(40, 10, 400).round(1)
    income = (20 + 0.5 * age + rng.normal(0, 5, 400)).round(2)
    loans = (10 - 0.1 * income + rng.normal(0, 1, 400)).round(2)
    paid = np.where(income - 4 * loans + rng.normal(0, 3, 400) > 20, "yes", "no")
    pd.DataFrame({"age": age, "income": income, "loans": loans, "paid": paid}).to_csv(
        copy.folder / "tiny/mirror/mine.csv", index=False
    )
    (copy.folder / "bank.yaml").write_text(GRAPH)
    (copy.folder / "scripts/recrec/causal/methods/highest.py").write_text(METHOD)
    study = (
        "causal={study: [bank.yaml], methods: [exact, highest], schemes: [universal, top-1], seeds: [1], people: 20, "
        "plausibility: {accepted: 50, neighbours: 5}, statistics: {resamples: 50, permutations: 49}}"
    )
    done = copy.snakemake(TARGET, "--config", study)
    assert done.returncode == 0, done.stdout
    rows = table(copy, "people.csv")
    assert set(rows["method"]) == {"exact", "highest"} and rows["group"].isna().all()
    models = table(copy, "models.csv")
    assert {"age", "income", "loans"} >= set(models.loc[models["part"] == "equation", "name"])
    assert len(table(copy, "gaps.csv")) == 0
