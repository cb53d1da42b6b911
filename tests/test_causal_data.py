"""People of causal data sets: read from tables, with what is missing or cannot be true, simulated, and split."""

import logging
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st
from test_config import MISSING, changed, complaint, says

from recrec.causal import catalogue, worlds
from recrec.causal.people import COLUMNS, People, Split, read_people, simulate, split
from recrec.data.fetch import Fetcher
from recrec.storage import load_arrays, save_arrays

CONFIG = {
    "title": "Loans of a village",
    "synthetic": True,
    "licence": "none",
    "terms": "none",
    "assumptions": "Wages follow schooling.",
    "files": {"people.csv": {"sha256": "unknown", "mirror": "people.csv"}},
    "read": {"files": ["people.csv"], "missing": ["NA"]},
    "label": {"column": "repaid", "accepted": ["yes"]},
    "nodes": {
        "wage": {
            "parents": ["school", "old"],
            "actionable": True,
            "column": {"name": "wage_a_month", "valid": [0, None], "missing": "median", "cap": [None, 90]},
        },
        "old": {"parents": [], "column": {"name": "age", "at_least": 40}},
        "school": {
            "parents": ["old"],
            "actionable": True,
            "column": {"values": {"none": 0, "some": 1, "all": 2}, "no_value": ["?"], "missing": "drop"},
        },
        "children": {"parents": ["old"], "column": {"whole": True}},
    },
    "sensitive": "old",
    "equations": "linear",
}
HEADER = "age,school,wage_a_month,children,repaid"
ROWS = [
    "20,none,10,0,no",
    "30,some,20,1,yes",
    "40,all,30,2,yes",
    "50,?,40,0,no",
    "60, all ,NA,1,yes",
    "39.5,some,-5,3,no",
    "41,none,500,0,yes",
    "25,all,60,1, no",
]


def dataset(tmp_path, *changes):
    (tmp_path / "village.yaml").write_text(yaml.safe_dump(changed(CONFIG, *changes), sort_keys=False))
    return catalogue.load(tmp_path / "village.yaml")


def read(tmp_path, *changes, rows=ROWS, header=HEADER, seed=0):
    (tmp_path / "people.csv").write_text("\n".join([header, *rows]) + "\n")
    return read_people(dataset(tmp_path, *changes), tmp_path, "village", seed)


def by_row(parts):
    """Each person's values and label by row."""
    return {
        int(row): (values.tolist(), bool(label))
        for part in parts
        for row, values, label in zip(part.rows, part.x, part.y, strict=True)
    }


def test_a_table_is_read_as_its_file_says(tmp_path):
    parts, report = read(tmp_path)
    found = by_row(parts)
    order = dataset(tmp_path).order()
    assert order == ["old", "school", "children", "wage"]
    train = [found[row][0][3] for row in parts.train.rows if row not in (5, 6)]
    median = sorted(train)[(len(train) - 1) // 2]
    assert found == {
        1: ([0, 0, 0, 10], False),
        2: ([0, 1, 1, 20], True),
        3: ([1, 2, 2, 30], True),
        5: ([1, 2, 1, median], True),
        6: ([0, 1, 3, median], False),
        7: ([1, 0, 0, 90], True),
        8: ([0, 2, 1, 60], False),
    }
    rows = {row["node"]: row for row in report}
    assert list(rows) == order and all(list(row) == list(COLUMNS) for row in report)
    assert rows["wage"] == {
        "dataset": "village", "seed": 0, "node": "wage", "column": "wage_a_month", "people": 8, "no_value": 1,
        "not_valid": 1, "dropped": 0, "kept": 7, "filled": 2, "filled_with": median, "capped_low": 0, "capped_high": 1,
    }  # fmt: skip
    school = {key: rows["school"][key] for key in ("no_value", "dropped", "kept", "filled", "filled_with")}
    assert school == {"no_value": 1, "dropped": 1, "kept": 7, "filled": 0, "filled_with": ""}


def test_what_is_dropped_is_neither_filled_nor_capped_nor_in_the_median(tmp_path):
    rows = [*ROWS, "50,?,NA,0,no", "50,?,1000,0,no"]
    _, report = read(tmp_path, seed=3, rows=rows)
    wage = report[3]
    assert {row["seed"] for row in report} == {3}
    assert (wage["no_value"], wage["filled"], wage["capped_high"], wage["kept"]) == (2, 2, 1, 7)


def test_the_median_is_that_of_the_training_people(tmp_path):
    rows = [
        f"{20 + row},{('some', 'all')[row % 2]},{row if row % 3 else 'NA'},{row % 2},{('yes', 'no')[row % 2]}"
        for row in range(60)
    ]
    parts, report = read(tmp_path, rows=rows)
    known = sorted(row - 1 for row in parts.train.rows.tolist() if (row - 1) % 3)
    expected = known[(len(known) - 1) // 2]
    filled = {part.x[place, 3] for part in parts for place, row in enumerate(part.rows) if (row - 1) % 3 == 0}
    assert filled == {expected} == {report[3]["filled_with"]}


@pytest.mark.parametrize(("key", "first"), [("at_least", [0.0, 1.0]), ("below", [1.0, 0.0])])
def test_a_column_becomes_a_node_of_0_and_1(key, first, tmp_path):
    parts, _ = read(tmp_path, ("nodes/old/column", {"name": "age", key: 40}))
    found = by_row(parts)
    assert [found[1][0][0], found[3][0][0]] == first


def test_labels_may_be_listed(tmp_path):
    rows = [*ROWS, "33,none,20,1,never"]
    label = {"column": "repaid", "accepted": ["yes"], "rejected": ["no", "never"]}
    parts, _ = read(tmp_path, ("label", label), rows=rows, seed=2)
    assert by_row(parts)[9][1] is False


BAD_TABLES = {
    "no column": [{"header": HEADER.replace("wage", "wages")}, "people.csv, node wage: no column 'wage_a_month'"],
    "no column of the node's own name": [
        {"header": HEADER.replace("children", "kids")},
        "people.csv, node children: no column 'children'; there are: age, school, wage_a",
    ],
    "no label": [{"header": HEADER.replace("repaid", "paid")}, "people.csv, label: no column 'repaid'; there"],
    "text in a number": [
        {"rows": [*ROWS, "young,all,1,1,no"]},
        "people.csv, node old, column age, row 9: 'young' is not a finite number",
    ],
    "text that stands for nothing": [
        {"rows": [*ROWS, "50,most,1,1,no"]},
        "node school, column school, row 9: 'most' is not one of none, some, all",
    ],
    "missing value": [
        {"rows": [*ROWS, "NA,all,1,1,no"]},
        "node old, column age, row 9: no value (1 of 9 people); allowed: a value, or missing: drop or median",
    ],
    "value that cannot be true": [
        {"changes": [("nodes/children/column/valid", [0, 2])]},
        "node children, column children, row 6: '3' is not valid (1 of 8 people); allowed: a value, or missing: drop",
    ],
    "half a child": [{"rows": [*ROWS, "50,all,1,1.5,no"]}, "column children, row 9: '1.5' is no whole number"],
    "constant column": [
        {"changes": [("nodes/children/column/cap", [None, 0])]},
        "node children: all 4 training people have the same value; allowed: two or more",
    ],
    "sensitive node of several values": [
        {"changes": [("nodes/old/column", {"name": "age"})]},
        "node old: has the value 20; allowed: 0 and 1, for it is sensitive (see values, at_least, below)",
    ],
    "no accepted person": [
        {"rows": [row.replace("yes", "no") for row in ROWS]},
        "people.csv, label repaid: no accepted person; accepted are yes, the column has 'no'",
    ],
    "no accepted person left": [
        {"rows": [row if "no" in row.split(",")[-1] else row.replace(",all", ",?") for row in ROWS if "40" not in row],
         "changes": [("label/accepted", ["yes"]), ("nodes/school/column/no_value", ["?", "some", "none", "all"]),
                     ("nodes/school/column/values", {"none": 0, "some": 1, "all": 2, "x": 3})]},
        "column repaid: no accepted person among 0; both are needed",
    ],
    "no rejected person": [
        {"rows": [row.replace(" no", "yes").replace(",no", ",yes").replace("yesne", "none") for row in ROWS]},
        "column repaid: no rejected person among 7; both are needed",
    ],
    "three labels": [
        {"rows": [*ROWS, "50,all,1,1,perhaps"]},
        "label repaid: has 'no', 'perhaps' besides yes; allowed: one other value, or a list of them, rejected",
    ],
    "label not listed": [
        {"rows": [*ROWS, "50,all,1,1,perhaps"], "changes": [("label/rejected", ["no"])]},
        "label repaid, row 9: 'perhaps' is neither accepted nor rejected; allowed: yes, no",
    ],
    "label missing": [
        {"rows": [row.removesuffix("no").rstrip() if row.endswith("no") else row for row in ROWS]},
        "label repaid, row 1: '' is neither accepted nor rejected; allowed: yes",
    ],
    "too few people": [{"rows": ROWS[:2]}, "2 people, of whom a share of "],
}  # fmt: skip


@pytest.mark.parametrize(("given", "part"), BAD_TABLES.values(), ids=BAD_TABLES.keys())
def test_a_table_that_cannot_be_used_is_refused_in_one_line(given, part, tmp_path):
    given = {**given}
    says(complaint(read, tmp_path, *given.pop("changes", ()), **given), [part])


BAD_FILES = {
    "two thresholds": [
        ("nodes/old/column", {"name": "age", "at_least": 40, "below": 3}),
        "nodes.old.column: given both at_least and below; allowed: one of them",
    ],
    "limits upside down": [
        ("nodes/wage/column/cap", [9, 3]),
        "nodes.wage.column.cap: given [9, 3]; allowed: the lower",
    ],
    "rule for missing values": [
        ("nodes/wage/column/missing", "mean"),
        "nodes.wage.column.missing: given 'mean'; allowed: refuse, drop, median",
    ],
    "no equation to fit": [
        ("equations", "given"),
        "equations: given 'given', but wage has no equation; allowed: linear, network",
    ],
    "no table": [("read", MISSING), "read: missing; allowed: with files, this too"],
    "no labels": [("label", MISSING), "label: missing; allowed: with files, this too"],
    "a comparison": [
        ("accepted", "wage >= 3"),
        "accepted: given with a table of people; allowed: label, for its column",
    ],
    "no files": [
        ("files", MISSING),
        "nodes.wage.column: given a column of simulated people; allowed: with files and re",
    ],
    "another file": [
        ("read/files", ["peeple.csv"]),
        "read.files: given 'peeple.csv'; allowed: people.csv (did you mean people.csv?)",
    ],
    "an archive that is not there": [
        ("files/people.csv", {"sha256": "unknown", "archive": "a.zip", "member": "p.csv"}),
        "files.people.csv.archive: given 'a.zip'; allowed: none; add a section archives",
    ],
    "shares": [("shares", [0.5, 0.25, 0.5]), "shares: given shares with the sum 1.25; allowed: 1"],
    "feature that is no node": [
        ("features", ["wages"]),
        "features: given 'wages'; allowed: wage, old, school, children",
    ],
    "threshold of 1": [("threshold", 1), "threshold: given 1; allowed: a number, above 0 and below 1"],
}


@pytest.mark.parametrize(("change", "part"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_makes_no_sense_is_refused_in_one_line(change, part, tmp_path):
    says(complaint(dataset, tmp_path, change), [f"{tmp_path}/village.yaml: ", part])


@given(st.integers(20, 200), st.integers(0, 5), st.sampled_from([(0.5, 0.25, 0.25), (0.8, 0.1, 0.1), (0.4, 0.3, 0.3)]))
@settings(max_examples=30, deadline=None)
def test_every_person_is_in_one_part_of_the_size_asked_for(n, seed, shares):
    people = People(np.arange(n * 2.0).reshape(n, 2), np.arange(n) % 2 == 0, np.arange(1, n + 1))
    parts = split(people, shares, seed)
    assert sorted(np.concatenate([part.rows for part in parts])) == list(range(1, n + 1))
    for part, share in zip(parts, shares, strict=True):
        assert abs(len(part.x) - share * n) <= 1
        assert (np.diff(part.rows) > 0).all()
        assert (part.x[:, 0] == 2 * (part.rows - 1)).all() and (part.y == (part.rows % 2 == 1)).all()
        assert part.u is None


def test_the_seed_draws_people_and_parts():
    loan = catalogue.load(catalogue.find("loan", REPOSITORY))
    one, again, other = (simulate(loan, 100, seed) for seed in (1, 1, 2))
    assert (one.x == again.x).all() and not (one.x == other.x).all()
    assert (split(one, seed=1).test.rows == split(one, seed=1).test.rows).all()
    assert not np.array_equal(split(one, seed=1).test.rows, split(one, seed=2).test.rows)


def test_simulated_people_follow_from_their_noise_and_are_labelled_by_it():
    triangle = catalogue.load(catalogue.find("triangle", REPOSITORY))
    people = simulate(triangle, seed=3)
    assert people.x.shape == (20000, 4)
    np.testing.assert_allclose(triangle.model().predict(people.u), people.x)
    _, x1, x2, x3 = people.x.T
    assert (people.y == (x1 + 0.5 * x2 + x3 + 0.5 * people.u[:, 1] >= 0)).all()


@pytest.mark.parametrize(
    ("node", "changed", "message"),
    [
        ("S", {"noise": {"kind": "normal", "p": None}}, "; allowed: 0 and 1, for it is sensitive"),
        ("S", {"equation": "2*U_S"}, "node S: has the value 2; allowed: 0 and 1, for it is sensitive"),
        ("X2", {"equation": "log(X1) + U_X2"}, "node X2: its equation, log(X1) + U_X2, gives nan to "),
        ("X1", {"equation": "exp(1000 + U_X1)"}, "node X1: its equation, exp(1000 + U_X1), gives inf to 50 of 50"),
    ],
)
def test_simulated_values_that_are_not_possible(node, changed, message, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"extends": "triangle", "nodes": {node: changed}}))
    says(complaint(simulate, catalogue.load(path), 50), [message])


def test_nobody_is_accepted_of_simulated_people():
    triangle = catalogue.load(catalogue.find("triangle", REPOSITORY)).model_copy(update={"accepted": "X1 >= 1000"})
    says(complaint(simulate, triangle, 50), ["accepted: X1 >= 1000: no accepted person among 50; both are needed"])


def test_parts_are_written_and_read(tmp_path):
    loan = catalogue.load(catalogue.find("loan", REPOSITORY))
    parts = split(simulate(loan, 60))
    save_arrays(tmp_path / "people.npz", **parts.to_arrays())
    again = Split.from_arrays(load_arrays(tmp_path / "people.npz"))
    for part, other in zip(parts, again, strict=True):
        for values, others in zip(part, other, strict=True):
            np.testing.assert_array_equal(values, others)
    without_noise = Split(*(part._replace(u=None) for part in parts))
    assert Split.from_arrays(without_noise.to_arrays()).test.u is None


# ------------------------------------------------------------------------------------------------------- the real ones


@pytest.fixture(scope="module", params=["gmsc", "adult"])
def real(request, tmp_path_factory):
    """A data set that comes with the workflow, and its people."""
    mirror = os.environ.get("RECREC_MIRROR")
    if not mirror:
        pytest.skip("RECREC_MIRROR names no folder")
    content = catalogue.load(catalogue.find(request.param, REPOSITORY))
    folder = tmp_path_factory.mktemp(request.param)
    log = logging.getLogger("test")
    Fetcher(content.sources(), request.param, Path(mirror), folder / "downloads", log).fetch_all(folder / "raw")
    return request.param, content, *read_people(content, folder / "raw", request.param)


COUNTED = {
    "gmsc": {
        "people": 150000, "kept": 117682, "accepted": 0.9310,
        "no_value": {"income": 29731, "dependents": 3924, "late_30_59": 269, "late_60_89": 269, "late_90": 269},
        "not_valid": {"young": 1, "income": 2277, "utilisation": 241},
        "sensitive": 0.1344,
    },
    "adult": {
        "people": 48842, "kept": 48842, "accepted": 0.2393, "no_value": {}, "not_valid": {}, "sensitive": 0.3315,
    },
}  # fmt: skip


@pytest.mark.slow
def test_real_people_are_those_that_are_known(real):
    name, content, parts, report = real
    known = COUNTED[name]
    for key in ("no_value", "not_valid"):
        assert {row["node"]: row[key] for row in report if row[key]} == known[key]
    assert {row["people"] for row in report} == {known["people"]}
    assert {row["kept"] for row in report} == {known["kept"]} == {sum(len(part.x) for part in parts)}
    y, x = (np.concatenate([getattr(part, key) for part in parts]) for key in ("y", "x"))
    assert y.mean() == pytest.approx(known["accepted"], abs=1e-3)
    assert x[:, content.order().index(content.sensitive)].mean() == pytest.approx(known["sensitive"], abs=1e-3)
    for node, row in zip(content.order(), report, strict=True):
        values = x[:, content.order().index(node)]
        low, high = (content.nodes[node].column.cap if content.nodes[node].column else None) or (None, None)
        assert low is None or values.min() >= low
        assert high is None or (values.max() == high and row["capped_high"] > 0) or row["capped_high"] == 0


#: Of test people: area under the classifier's curve, and the share of variance of some nodes that is told.
LEARNT = {
    "gmsc": (0.82, {"debt_ratio": 0.55, "utilisation": 0.2, "open_lines": 0.2}),
    "adult": (0.83, {"hours": 0.17, "schooling": 0.05}),
}


@pytest.mark.slow
def test_something_is_learnt_about_real_people(real):
    name, content, parts, _ = real
    model, classifier = worlds.fit(content, parts, 0, logging.getLogger("test"))
    rows = worlds.quality(content, name, 0, parts, model, classifier)
    found = {(row["name"], row["measure"]): row["value"] for row in rows if row["group"] == "all"}
    least, shares = LEARNT[name]
    assert found["logistic", "auc"] > least
    assert found["logistic", "calibration_error"] < 0.03
    for node, share in shares.items():
        assert found[node, "r2"] > share
    assert np.isfinite(model.log_density(parts.test.x)).all()
    np.testing.assert_allclose(model.predict(model.abduct(parts.test.x)), parts.test.x, atol=1e-6)
