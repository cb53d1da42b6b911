"""What is said about a run: tables, statements, claims, costs."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array, csr_array

from recrec import storage
from recrec.benchmarks import costs
from recrec.evaluation import claims, paths, sampling
from recrec.evaluation.recourses import pack_changes
from recrec.reporting import cells as tables_of_cells
from recrec.reporting import closing
from recrec.reporting import columns as columns_in_words
from recrec.reporting import sentences as statements
from recrec.workflow.job import record
from recrec.workflow.pool import Named


def test_a_change_is_said_in_known_units_largest_first():
    phrases = statements.change_phrases(
        np.array([0.48, -1.0, 0.0, 0.5, -2.0, 0.004]),
        np.array([0.0, 3.0, 1.0, 0.25, 2.0, 1.0]),
        ["the word 'love'", "the word 'war'", "the word 'sea'", "price", "brand 7", "brand 8"].__getitem__,
        np.array([0.0, 0.0, 0.0, 10.0, 0.0, 0.0]),
        np.array([1.0, 1.0, 1.0, 100.0, 1.0, 1.0]),
        lambda feature: "times" if feature < 3 else "",
    )
    assert phrases == [
        "remove brand 7 (2 → 0)",
        "lower the word 'war' (3 → 2 times)",
        "raise price (35 → 85)",
        "add the word 'love' (0 → 0.48 times)",
        "raise brand 8 (1 → 1.004)",
    ]


PLACE = statements.Place(11, 1682, 102.71, 8.06, 10, 1, 158, 189, "age 7-22")


def test_a_statement_says_where_the_item_stands_what_to_change_and_what_that_brings():
    said = statements.statement("Heat, The", ["add the word 'love' (0 → 0.48 times)", "raise price (1 → 2)"], PLACE)
    assert said == (
        "The Heat is 11th of 1,682 items by mean rank (mean rank 102.7) for the 189 users of the group age 7-22, 1 of "
        "whom has it in their top 10. Add the word 'love' (0 → 0.48 times) and raise price (1 → 2): then 158 of the "
        "189 have it in their top 10 (mean rank 8.1)."
    )


@pytest.mark.parametrize(
    ("had", "said"), [(0, "none of whom has it in"), (1, "1 of whom has it in"), (2, "2 of whom have it in")]
)
def test_a_statement_says_who_had_the_item_before(had, said):
    assert f", {said} their top 10. " in statements.statement("Heat", ["add x (0 → 1)"], PLACE._replace(had=had))


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.001, "-0.001"), (1.5, "1.5"), (100.0, "100"), (0.126, "0.13")]
)
def test_amounts_are_short(value, text):
    assert statements.amount(value) == text


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_two_amounts_that_differ_read_differently(old, new):
    texts = statements.amounts(old, new)
    assert (texts[0] != texts[1]) == (old != new)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (112, "112th"),
        (1013, "1,013th"),
        (1023, "1,023rd"),
    ],
)
def test_places(number, text):
    assert statements.ordinal(number) == text


@settings(max_examples=50)
@given(st.data())
def test_an_id_is_called_by_the_best_known_items_that_have_it(data):
    column = data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=8))
    popularity = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(column), max_size=len(column))))
    but = data.draw(st.none() | st.integers(0, len(column) - 1))
    titles = [f"film {item}" for item in range(len(column))]
    matrix = csc_array(np.column_stack([np.ones(len(column)), column]))
    # A zero that is stored is no feature.
    matrix.data[matrix.indptr[1] :][: data.draw(st.integers(0, 1))] = 0.0
    having = [item for item in range(len(column)) if matrix[item, 1] and item != but]
    having.sort(key=lambda item: (-popularity[item], item))
    found = statements.examples_of(matrix, titles, popularity, 1, but=but)
    assert found == ([titles[item] for item in having[:2]], max(0, len(having) - 2))


@pytest.mark.parametrize(
    ("examples", "more", "own", "said"),
    [
        (["Toy Story", "GoldenEye"], 1065, True, "the age rating of Toy Story, GoldenEye and 1,065 more"),
        (["Ronin", "Postman, The"], 0, False, "the age rating of Ronin and The Postman"),
        (["Ronin"], 0, False, "the age rating of Ronin"),
        ([], 0, True, "its own age rating (m.01), which no other item has"),
        ([], 0, False, "the age rating m.01, which no item has"),
    ],
)
def test_the_name_of_an_id(examples, more, own, said):
    assert statements.id_name("age_rating", "m.01", examples, more, own) == said


@given(st.integers(1, 40), st.floats(0.1, 100), st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True))
def test_seeds_alike_draw_the_same_users(users, percentage, seeds):
    drawn = {seed: set(sampling.sample(users, percentage, seed)) for seed in seeds}
    alike = sampling.same_samples(users, percentage, seeds)
    assert alike == {seed: tuple(other for other in seeds if drawn[other] == drawn[seed]) for seed in seeds}


@given(
    st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True),
    st.sampled_from(["content", "ridge_2"]),
    st.sampled_from(["recrec", "greedy"]),
    st.integers(1, 99),
    st.integers(1, 9999),
    st.floats(1e-9, 100),
    st.sampled_from([".csv", ".npz"]),
)
def test_a_path_says_its_cell(dataset, recommender, method, group, rank, percentage, suffix):
    text = f"{percentage:.12g}"
    cell = {"dataset": dataset, "recommender": recommender, "method": method, "group": group, "rank": rank}
    path = f"results/evaluation/{paths.CELL.format(**cell, sampling=text)}{suffix}"
    assert paths.cell_of(path) == {**cell, "sampling": float(text)}
    path = f"results/baseline/{paths.GROUP.format(**cell)}.sorted.npy"
    assert paths.group_of(path) == {"dataset": dataset, "recommender": recommender, "group": group}


@pytest.mark.parametrize("path", ["results/cells.csv", "group1/rank11/sampling5.csv", "a/b/c/group1/rank1/sampling5"])
def test_another_path_is_of_no_cell(path):
    with pytest.raises(ValueError, match=f"{path}: not a path"):
        paths.cell_of(path)


COMMON = [
    "item", "seed", "status", "success_before_thresholding", "success", "success_live", "changed", "changed_share",
    "changed_share_mutable", "l1", "rbo", "rbo_p05", "mean_rank_after", "users_reached",
]  # fmt: skip


class Study:
    """The files of a little study: one data set of four users in two groups, some methods and recommenders."""

    def __init__(self, folder, cells):
        """`cells`: for each recommender and method the columns and values that its evaluations have besides."""
        self.folder = folder
        items = [(0, "a", "Heat"), (1, "NA", "Null, The"), (2, "c", "Ronin"), (3, "d", "Fargo")]
        self.items = self._write("data/films/items.csv", ["item", "id", "title"], items)
        self.groups = self._write(
            "data/films/groups.csv", ["group", "label", "users"], [(1, "young", 2), (2, "old", 2)]
        )
        columns = ["feature", "block", "kind", "name", "mutable", "offset", "scale", "items", "ids"]
        rows = [
            (0, "text", "text", "love", True, 0.0, 1.0, 2, False),
            (1, "maker", "multi", "m.1", False, 0.0, 1.0, 4, True),
            (2, "maker", "multi", "m.2", True, 0.0, 1.0, 3, True),
        ]
        self.features = self._write("data/films/features.csv", columns, rows)
        self.matrices = folder / "data/films/matrices.npz"
        ratings = csr_array([[0, 1, 5, 3], [0, 0, 5, 4], [1, 0, 0, 2], [0, 0, 1, 2]])
        features = csr_array([[1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [2.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
        parts = storage.csr_parts("features", features) | storage.csr_parts("ratings", ratings)
        storage.save_arrays(self.matrices, mutable=np.array([True, False, True]), **parts)
        self.cells, self.changes, self.selection = [], [], set()
        for (recommender, method), more in cells.items():
            for group, percentage in itertools.product((1, 2), (50, 100)):
                self._cell(recommender, method, group, percentage, more)

    def _write(self, place, columns, rows):
        storage.write_rows(self.folder / place, columns, rows)
        return self.folder / place

    def _cell(self, recommender, method, group, percentage, more):
        cell = {"dataset": "films", "recommender": recommender, "method": method, "group": group, "rank": 2}
        place = paths.GROUP.format(**cell)
        columns = ["rank", "item", "position", "mean_rank", "top_share"]
        self.selection.add(self._write(f"selection/{place}.csv", columns, [(2, 1, 3, 2.5, 0.0)]))
        place = paths.CELL.format(**cell, sampling=percentage)
        rows = [(1, seed, "reached", 1, 1, 1, 2, 2 / 3, 1, 1.5, 0.1 * group, 0.1, 1.25, 2) for seed in (1, 2, 3)]
        rows = [(*row, *more.values()) for row in rows]
        self.cells.append(self._write(f"evaluation/{place}.csv", [*COMMON, *more], rows))
        self.changes.append(self.folder / f"thresholded/{place}.npz")
        change = pack_changes(np.array([[0.5, 1.0]] * 3))
        storage.save_arrays(self.changes[-1], item=np.array([1, 1, 1]), seed=np.array([1, 2, 3]), **change)

    def gather(self):
        return tables_of_cells.gather(self.cells, sorted(self.selection), self.items, self.groups, False)

    def state(self):
        tables_of_cells.write(self.gather()[0], self.folder / "cells.csv")
        vocabulary = statements.Vocabulary(self.features, self.items, self.matrices)
        return statements.state_recourses(tables_of_cells.read(self.folder / "cells.csv"), self.changes, vocabulary, 1)


def test_cells_keep_recommenders_and_methods_apart(tmp_path):
    more = {"iterations": 7, "zeal": 2.5, "events": 3}
    rows, chosen = Study(
        tmp_path, {("ridge", "greedy"): {"queries": 9}, ("content", "recrec"): more, ("content", "greedy"): {}}
    ).gather()
    names = list(rows)
    behind = names.index("reason") + 1
    assert names[behind : behind + 4] == ["iterations", "events", "queries", "zeal"]
    assert [name for name in names if name not in names[behind : behind + 4]] == list(tables_of_cells.COLUMNS)
    assert len(rows) == 3 * 4 * 3 and not rows.duplicated(["recommender", "method", "group", "sampling", "seed"]).any()
    keys = ["dataset", "recommender", "group", "rank", "sampling", "method", "position", "seed"]
    assert rows[keys].values.tolist() == sorted(rows[keys].values.tolist())
    assert chosen[["recommender", "group"]].values.tolist() == [
        ["content", 1],
        ["content", 2],
        ["ridge", 1],
        ["ridge", 2],
    ]
    assert set(zip(rows["sampling"], rows["sampled_users"], strict=True)) == {(50.0, 1), (100.0, 2)}
    assert set(rows["item_id"]) == {"NA"} and set(rows["title"]) == {"Null, The"} and set(rows["reason"]) == {""}
    tables_of_cells.write(rows, tmp_path / "cells.csv")
    written = pd.read_csv(tmp_path / "cells.csv", dtype=str, na_filter=False)
    values = {
        (recommender, method): set(map(tuple, table[names[behind : behind + 4]].values))
        for (recommender, method), table in written.groupby(["recommender", "method"])
    }
    assert values == {
        ("content", "greedy"): {("", "", "", "")},
        ("content", "recrec"): {("7", "3", "", "2.5")},
        ("ridge", "greedy"): {("", "", "9", "")},
    }
    assert tables_of_cells.read(tmp_path / "cells.csv")["queries"].isna().sum() == 24


def test_the_reason_why_a_method_declined_is_kept(tmp_path):
    rows, _ = Study(tmp_path, {("content", "a"): {"reason": "no answer"}, ("content", "b"): {}}).gather()
    assert rows.groupby("method")["reason"].unique().map(list).to_dict() == {"a": ["no answer"], "b": [""]}


def test_tables_are_put_together_value_by_value(tmp_path):
    """Numbers that do not survive being read and written, texts that look like none."""
    (tmp_path / "one.csv").write_text('a,b\n0.30000000000000004,"NA, or not"\n1e3,\n')
    (tmp_path / "two.csv").write_text("a,c,b\n007,8,nan\n")
    (tmp_path / "none.csv").write_text("a,b\n")
    tables_of_cells.combine([tmp_path / f"{name}.csv" for name in ("one", "none", "two")], tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text() == 'a,b,c\n0.30000000000000004,"NA, or not",\n1e3,,\n007,nan,8\n'


def test_recourses_are_said_once_for_seeds_that_draw_the_same_users(tmp_path):
    table = Study(tmp_path, {("content", "recrec"): {}, ("ridge", "recrec"): {}}).state()
    assert list(table) == [*statements.COLUMNS, "brief"]
    assert len(table) == 2 * 4 * 3, "a row for each of cells.csv"
    alike = sampling.same_samples(2, 50, [1, 2, 3])
    assert 1 < len(set(alike.values())) < 4, "two seeds of one user each draw the same one"
    for row in table.itertuples():
        assert row.seeds == ("1|2|3" if row.sampling == 100 else "|".join(map(str, alike[row.seed])))
        assert f"({row.sampled_users} of 2 users)" in row.cell
    assert table["statement"].iloc[0] == (
        "The Null is 3rd of 4 items by mean rank (mean rank 2.5) for the 2 users of the group young, none of whom has "
        "it in their top 1. Add the maker of Fargo, Ronin and 1 more (0 → 1) and add the word 'love' (0 → 0.5 times): "
        "then 2 of the 2 have it in their top 1 (mean rank 1.2)."
    )
    text = statements.as_text(table, "Films", False, 1)
    assert text.count("\nRecommender ") == 2
    assert text.count("100 % sampled (2 of 2 users), seeds 1, 2 and 3 draw the same users") == 4
    assert text.count("The Null is 3rd") == 2 * 2 * (1 + len(set(alike.values())))
    assert max(map(len, text.splitlines())) <= 120


def test_a_recourse_that_helps_nobody_is_not_said(tmp_path):
    study = Study(tmp_path, {("content", "recrec"): {}})
    study.state()
    cells_ = tables_of_cells.read(tmp_path / "cells.csv").assign(top_share_before=1.0)
    vocabulary = statements.Vocabulary(study.features, study.items, study.matrices)
    table = statements.state_recourses(cells_, study.changes, vocabulary, 1)
    assert table.empty and list(table) == [*statements.COLUMNS, "brief"]
    assert "No recourse brought" in statements.as_text(table, "Films", False, 1)


def test_an_item_does_not_explain_its_own_id(tmp_path):
    study = Study(tmp_path, {})
    vocabulary = statements.Vocabulary(study.features, study.items, study.matrices)
    assert vocabulary.name(1, 2) == "the maker of Fargo and Heat"
    assert vocabulary.name(1, 1) == "the maker of Fargo, Ronin and 1 more"
    assert vocabulary.name(0, 1) == "the word 'love'"
    assert (vocabulary.unit(0), vocabulary.unit(1)) == ("times", "")


def test_only_the_largest_changes_are_named_in_the_text():
    phrases = [f"add {number}" for number in range(statements.NAMED + 2)]
    assert statements._largest(phrases) == [*phrases[:-2], "make 2 smaller changes"]
    assert statements._largest(phrases[:-1]) == phrases[:-1], "one more takes no more room than saying so"


def closing_study(folder, **columns):
    """A finished study of which each row is one recourse, in the folder of results."""
    table = pd.DataFrame({
        "dataset": "films", "synthetic": False, "recommender": "content", "group": 1, "group_label": "young", "rank": 2,
        "sampling": 50.0, "sampled_users": 1, "method": "recrec", "item_id": ["a", "b", "c", "d"], "title": "T",
        "seed": 1, "users_reached": 9, "users": 10, "status": "reached", "success": 0.9, "changed": 3,
        "statement": ["A is.", "B is.", "C is.", "D is."], **columns,
    })  # fmt: skip
    tables = folder / "tables"
    tables_of_cells.write(table.drop(columns="statement"), tables / "cells.csv")
    tables_of_cells.write(table.drop(columns=["status", "success"]), tables / "recourses.csv")
    paper = pd.DataFrame(
        {"recommender": "content", "method": ["recrec", "recrec", "greedy"], "holds": [True, False, True]}
    )
    tables_of_cells.write(paper, tables / "paper.csv")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "A is."),
        ({"changed": [3, 2, 2, 3]}, "B is."),
        ({"changed": [3, 2, 2, 3], "success": [0.9, 0.9, 1.0, 1.0]}, "C is."),
        ({"changed": [1, 2, 2, 3], "success": [0.7, 0.9, 0.8, 1.0]}, "B is."),
        ({"changed": [1, 2, 3, 3], "status": ["stalled", "stalled", "reached", "reached"]}, "C is."),
        ({"changed": [1, 2, 3, 3], "synthetic": [True, True, True, False]}, "D is."),
        ({"sampled_users": [4, 4, 4, 3]}, "D is."),
    ],
)
def test_the_recourse_shown_at_the_end_is_a_good_one(tmp_path, columns, said):
    closing_study(tmp_path, **columns)
    assert f"For example {said} (films; computed for " in closing.summary(tmp_path, 1, 2)


def test_the_end_of_a_run_in_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    closing_study(Path("results"), sampled_users=10, synthetic=True)
    assert closing.summary("results", 1200, 3).splitlines() == [
        "Cells       1,200 computed, 3 reused: films",
        "Paper       claims that hold: 1 of 1 (greedy on content), 1 of 2 (recrec on content)",
        "Figures     results/figures",
        "Tables      results/tables, explained in workflow/docs/tables.md",
        "Statements  results/tables/films/recourses.txt",
        "For example A is. (films (SYNTHETIC); computed for all of them by recrec on content.)",
    ]
    closing_study(Path("results"), statement="word " * 500)
    lines = closing.summary("results", 1, 0).splitlines()
    assert len(lines) <= 13 and max(map(len, lines)) <= 100


def test_the_study_of_the_tables_is_named():
    table = pd.DataFrame({"recommender": ["ridge", "content"], "method": "recrec"})
    text = closing.about(table, {"a": "Films", "b": "Twin"}, {"a": False, "b": True})
    for said in ("a: Films\n", "b: Twin (SYNTHETIC data)\n", "recommenders: content, ridge\n", "methods: recrec\n"):
        assert said in text


def test_the_document_of_the_columns_is_up_to_date():
    """If not: PYTHONPATH=scripts python -m recrec.reporting.columns."""
    assert columns_in_words.DOCUMENT.read_text("utf-8") == columns_in_words.document()


def cells(**columns):
    table = {
        "dataset": "films", "synthetic": False, "recommender": "content", "method": "recrec", "group": 1, "rank": 11,
        "sampling": [1.0, 1.0, 20.0, 20.0],
        "success_before_thresholding": [1.0, 0.9, 1.0, 1.0], "success": 0.8, "rbo": 0.995,
        "changed_share": [0.01, 0.01, 0.002, 0.002],
    }  # fmt: skip
    return pd.DataFrame({**table, **columns})


def held(table, claim, statistic):
    row = table[table["claim"].str.startswith(claim) & (table["statistic"] == statistic)]
    assert len(row) == 1
    return bool(row["holds"].iloc[0]), float(row["short_by"].iloc[0])


def test_each_claim_says_whether_it_holds_and_by_how_much_not():
    table = claims.compare(cells(), {"films": "movielens"})
    before = "success 100 % from 1 % sampling, before"
    assert held(table, before, "mean at 1 %") == (False, pytest.approx(0.05))
    assert held(table, before, "mean at 20 %") == (True, 0)
    assert held(table, before, "worst group, rank and sampling") == (False, pytest.approx(0.05))
    assert held(table, "mean RBO", "mean over all cells") == (True, 0)
    assert held(table, "changed features fall", "largest rise from one sampling percentage to the next") == (True, 0)
    assert held(table, "changed features become", "mean share at 20 %") == (False, pytest.approx(0.001))
    assert set(table["stands_for"]) == {"movielens"}
    assert set(claims.compare(cells(dataset="ml-100k"), {"ml-100k": "movielens"})["stands_for"]) == {"itself"}


def test_every_method_and_recommender_is_held_against_the_claims_by_itself():
    good, bad = cells(), cells(method="greedy", success_before_thresholding=0.5)
    other = cells(recommender="ridge", success_before_thresholding=0.25)
    table = claims.compare(pd.concat([good, bad, other]), {"films": "movielens"})
    assert list(table) == list(claims.COLUMNS)
    order = table[["recommender", "method"]].drop_duplicates().values.tolist()
    assert order == [["content", "greedy"], ["content", "recrec"], ["ridge", "recrec"]]
    for part in (good, bad, other):
        names = [part[name].iloc[0] for name in ("recommender", "method")]
        alone = table[(table["recommender"] == names[0]) & (table["method"] == names[1])]
        expected = claims.compare(part, {"films": "movielens"})
        pd.testing.assert_frame_equal(alone.reset_index(drop=True), expected)


def test_changed_features_that_rise_break_the_claim():
    table = claims.compare(cells(changed_share=[0.001, 0.001, 0.004, 0.004]), {"films": "goodreads"})
    holds, short_by = held(table, "changed features fall", "largest rise from one sampling percentage to the next")
    assert (holds, short_by) == (False, pytest.approx(0.003))


def test_the_papers_overlap_is_that_of_its_own_data_sets_only():
    assert claims.own_rbo("ml-100k", "movielens") == 0.9943
    assert claims.own_rbo("ml-100k-facets", "movielens") is None, "a stand-in"
    assert claims.own_rbo("ml-100k", "aliec") is None
    assert claims.own_rbo("films", None) is None


def test_a_data_set_that_is_not_the_papers_has_no_claims():
    assert claims.compare(cells(), {"films": None}).empty


def test_costs_count_rules_and_what_is_lost_between_them(tmp_path):
    def ran(place, end, starting, peak, outcome="done"):
        log = tmp_path / f"logs/{place}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        told = {"peak_mib": peak, "starting": starting, "files": 1.0, "work": 2.0}
        record(
            log,
            log.relative_to(tmp_path / "logs").parts[0].removesuffix(".log"),
            Named(),
            end - starting - 3.0,
            end,
            outcome,
            **told,
        )
        return log

    logs = [
        ran("recourse/a/1", 1010.0, 7.0, 90),
        ran("recourse/a/2", 1010.0, 5.0, 120),
        ran("plot", 1015.0, 1.0, 200),
        ran("download/a", 500.0, 2.0, 300),  # an earlier run
        ran("evaluate/a/2", 1010.0, 1.0, 90, "refused"),
        tmp_path / "logs/evaluate/a/1.log",  # somebody has removed it
    ]
    found = costs.read_jobs(logs)
    rows = {row[0]: row[1:] for row in costs.summarise(found, started=998.0)}
    assert rows["recourse"] == (2, 18.0, 9.0, 12.0, 2.0, 4.0, 120.0)
    assert rows["download"] == (1, 5.0, 5.0, 2.0, 1.0, 2.0, 300.0)
    assert rows["in rules"] == (3, 22.0, pytest.approx(22 / 3), 13.0, 3.0, 6.0, 200.0)
    assert rows["wall"][1] == 17.0
    assert rows["wall at work"][:2] == (3, 3.0 + 3.0), "two at the same time count once, starting not at all"
    assert rows["overhead"][1] == 17.0 * 2 - 22.0


def test_jobs_one_after_the_other_do_not_run_side_by_side():
    jobs = [costs.Job("plot", begin, begin + 1.0, 10.0, 0.0, 0.0, 1.0) for begin in (100.0, 101.0, 102.0)]
    rows = {row.rule: row for row in costs.summarise(jobs, started=99.0)}
    assert rows["overhead"].seconds == pytest.approx(4.0 - 3.0)


def test_a_film_called_na_keeps_its_name(tmp_path):
    storage.write_rows(tmp_path / "items.csv", ["item", "id", "title"], [(0, "NA", "None"), (1, "02", "null")])
    table = tables_of_cells.read(tmp_path / "items.csv")
    assert list(table["id"]) == ["NA", "02"]
    assert list(table["title"]) == ["None", "null"]


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.csv"
    storage.write_rows(path, ["a"], [[1]])
    with pytest.raises(ZeroDivisionError):
        storage.write_rows(path, ["a"], ([1 / number] for number in (1, 0)))
    assert path.read_text() == "a\n1\n"
    assert [one.name for one in tmp_path.iterdir()] == ["table.csv"]


def test_arrays_give_the_same_bytes_again_and_are_never_unpickled(tmp_path):
    for name in ("one.npz", "two.npz"):
        storage.save_arrays(tmp_path / name, a=np.arange(3), b=np.array(["x"]))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    np.savez(tmp_path / "object.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        storage.load_arrays(tmp_path / "object.npz")
