"""What the documents say can be done is done, word for word; what they link to is there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from documents import DOCUMENTS, README, REPOSITORY, anchors, blocks_of, lines, prose

import recrec
from recrec.data import dataset, features
from recrec.data.catalogue import known_datasets
from recrec.reporting.figures import CAPTIONS

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
ROOMS = [recrec.methods, recrec.recommenders]
#: Written by programs.
GENERATED = ("config.md", "tables.md", "causal-tables.md")


def run(command, folder, **variables):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    hidden = {"RECREC_MIRROR", "SNAKEMAKE_PROFILE", "PYTHONPATH"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        command, cwd=folder, env={**environment, "PATH": path, **variables}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_ten_lines_of_python_print_what_stands_below_them():
    [program], [printed] = blocks_of("From Python", "python"), blocks_of("From Python", "text")
    assert len(program.splitlines()) <= 10
    assert run([sys.executable, "-c", program], "/", PYTHONPATH=str(REPOSITORY / "scripts")) == printed


@pytest.fixture(scope="module")
def clone(copy_workflow):
    """A copy of the workflow, where the README's toy, its method and its recommender have been run in this order."""
    folder = copy_workflow("readme").folder
    for name in ("tests", "pyproject.toml"):
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
    said = {}
    for chapter in ("Your own data", "Your own method", "Your own recommender"):
        for program in blocks_of(chapter, "python") if chapter != "Your own data" else []:
            place = folder / program.splitlines()[0].removeprefix("# ")
            assert place.parent.is_dir()
            place.write_text(program, "utf-8")
        said[chapter] = run(["bash", "-e", "-c", "\n".join(blocks_of(chapter, "sh"))], folder)
    return folder, said


class TestTheToy:
    def test_it_is_described_and_computed(self, clone):
        folder, said = clone
        assert "enough for 2 items at each of these ranks" in said["Your own data"]
        assert "2 computed, 0 reused: my-books" in said["Your own data"]
        assert (folder / "results/figures/my-books-content-recrec-success.png").exists()
        assert "Add the word 'murder'" in " ".join(said["Your own data"].split())

    def test_the_method_is_compared_and_keeps_the_contract(self, clone):
        folder, said = clone
        assert "2 computed, 2 reused: my-books" in said["Your own method"]
        found = folder.glob("results/evaluation/my-books/content/favourite/**/*.csv")
        cells = pd.concat(pd.read_csv(path) for path in found)
        assert (cells["steps"] > 0).all() and {"reached"} == set(cells["status"])
        assert (folder / "results/figures/my-books-comparison.png").exists()
        chosen = ["tests/test_plugins.py", "-k", "favourite or muted"]
        assert "passed" in run([sys.executable, "-m", "pytest", *chosen], folder)

    def test_the_recommender_is_compared(self, clone):
        folder, said = clone
        assert "2 computed, 2 reused: my-books" in said["Your own recommender"]
        table = pd.read_csv(folder / "results/tables/cells.csv")
        before = table.groupby("recommender")["mean_rank_before"].unique()
        assert set(before.index) == {"content", "muted"} and list(before["content"]) != list(before["muted"])


def test_people_of_a_table_of_one_s_own(copy_workflow):
    folder = copy_workflow("bank").folder
    [_, toy] = blocks_of("People", "sh")
    run(["bash", "-e", "-c", toy], folder)
    rows = pd.read_csv(folder / "results/tables/causal/people.csv")
    assert set(rows["method"]) == {"exact", "nearest"} and len(rows) == 50 * 2 * 3
    assert (folder / "results/figures/causal/my-bank-constraints.png").exists()
    card = (folder / "results/cards/causal/my-bank/alice.html").read_text("utf-8")
    assert "thousand a year" in card and "alice" in card


def test_the_example_of_joined_tables_is_read(tmp_path):
    [joined] = blocks_of("Your own", "yaml", REPOSITORY / "workflow/docs/data.md")
    (tmp_path / "books.csv").write_text("book,title,published\na,The River (new),May 1990\nb,Moon,1901\n")
    (tmp_path / "blurbs.csv").write_text('title,first_year,text\n"River, The",1991,a river\nmoon,1950,another\n')
    (tmp_path / "tags.csv").write_text("book,tag\na,crime\na,sea\nb,sky\n")
    (tmp_path / "ratings.csv").write_text("reader,book\nu,a\nu,b\n")
    config = {
        **yaml.safe_load(joined),
        "interactions": {"read": {"files": ["ratings.csv"]}, "user": "reader", "item": "book"},
        "groups": {"by": "activity", "label": "{range}"},
    }
    data = dataset.build(config, tmp_path)
    assert list(data.items["blurb"]) == ["a river", ""]
    assert list(data.items["year"]) == ["1990", "1901"]
    matrix, names = features.featurize(config["features"], data.items, data.sources)
    assert list(names["name"]) == ["river", "crime", "sea", "sky"]
    assert matrix.toarray().tolist() == [[1, 1, 1, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
class TestDocuments:
    def test_every_link_leads_somewhere(self, path):
        for found in LINK.finditer(prose(path)):
            target, _, anchor = (found[1] or found[2]).partition("#")
            if "://" in target:
                continue
            place = (path.parent / target).resolve() if target else path
            assert place.exists() and place.is_relative_to(REPOSITORY), f"{path.name}: {target}"
            if anchor:
                assert anchor in anchors(place), f"{path.name}: {target}#{anchor}"

    def test_paths_of_the_tree_are_there(self, path):
        places = [REPOSITORY, Path(recrec.__file__).parent]
        for name in re.findall(r"`((?:scripts|workflow|tests|envs|profiles|methods)/[\w./-]+)`", prose(path)):
            assert "NAME" in name or any((place / name).exists() for place in places), f"{path.name}: {name}"

    def test_lines_are_not_too_long(self, path):
        if path.name not in GENERATED:
            # But for tables, and what a program prints.
            ours = [line for _, _, language, line in lines(path) if language != "text" and not line.startswith("|")]
            assert not [line for line in ours if len(line) > 120]


def test_targets_and_make_rules_that_are_named_exist():
    text = "\n".join(path.read_text("utf-8") for path in DOCUMENTS if path.name != "CHANGELOG.md")
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    assert all(f"\n{name}:" in makefile for name in re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE))
    rules = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "workflow/rules").glob("*.smk"))
    # But for files, which patterns of rules make.
    for target in re.findall(r"snakemake (results/[\w/-]+)(?![\w/-]|\.html)", text):
        name = re.fullmatch(r"results/datasets/([\w-]+)", target)
        known = {*known_datasets(REPOSITORY), "NAME", "my-books"}
        assert name[1] in known if name else f'"{target}"' in rules, target


def test_every_data_set_is_in_the_table():
    rows = [line for line in prose(REPOSITORY / "workflow/docs/data.md").splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row.split("|")[1])}
    assert set(known_datasets(REPOSITORY)) <= named


def test_the_methods_and_recommenders_that_are_described_are_there():
    rows = re.findall(r"^\| \| (.+) \|$", prose(REPOSITORY / "workflow/docs/methods.md"), re.MULTILINE)
    named = [set(re.findall(r"`(\w+)`", row)) for row in rows]
    assert [names & set(room.names()) for names, room in zip(named, ROOMS, strict=True)] == named
    assert all(len(names) > 1 for names in named)


def test_results_describe_the_figures_in_their_captions_words():
    text = " ".join(prose(REPOSITORY / "workflow/docs/results.md").split())
    assert all(caption in text for caption in CAPTIONS.values())


def test_the_readme_is_short():
    words = sum(len(line.split()) for _, block, _, line in lines(README) if block is None)
    assert words < 1500, "five minutes at most"
