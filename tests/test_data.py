"""From the tables of a data set to items, ratings, features and groups; malformed tables end in one clear line."""

import copy
import gzip
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from test_config import MISSING, changed, complaint, says

from recrec.data import dataset, features, groups, tables
from recrec.data.matrices import Matrices
from recrec.evaluation.baseline import rank_baseline
from recrec.reporting.summary import describe
from recrec.storage import save_arrays, write_rows

CONFIG = {
    "interactions": {
        "read": {"files": ["ratings.csv"]},
        "user": "user",
        "item": "film",
        "weight": {"column": "stars"},
    },
    "items": {"read": {"files": ["films.csv"]}, "id": "film", "title": "name"},
    "users": {"read": {"files": ["people.csv"]}, "id": "user"},
    "features": {"plot": {"kind": "text", "mutable": True}},
    "groups": {"by": "age", "label": "age {range}"},
}
RATINGS = """\
user,film,stars
u1,f1,5
u1,f2,3
u2,f1,4
u3,f3,1
"""
FILMS = """\
film,name,plot,drama
f1,First (1990),red house,1
f2,Second (1991),red car,0
f3,"Third, The (1992)",blue car,1
"""
PEOPLE = """\
user,age
u1,20
u2,30
u3,40
"""
TABLES = {"ratings.csv": RATINGS, "films.csv": FILMS, "people.csv": PEOPLE}
DRAMA = ("features", {"drama": {"kind": "indicator", "mutable": False, "columns": ["drama"]}})


def write(folder, replaced):
    for name, content in {**TABLES, **replaced}.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def build(folder, *changes, **replaced):
    """The data set of the tables above, some of them replaced (``films="..."`` for films.csv)."""
    write(folder, {f"{name}.csv": content for name, content in replaced.items()})
    return dataset.build(changed(CONFIG, *changes), folder)


def whole_chain(config, folder, number_of_groups):
    """All that the rule featurize does with a data set."""
    data = dataset.build(config, folder)
    features.featurize(config["features"], data.items, data.sources)
    values = groups.group_values(config["groups"], data.users, data.ratings)
    return groups.labels(
        values, groups.equal_groups(values, number_of_groups), number_of_groups, config["groups"]["label"]
    )


def column(data, name):
    return dict(zip(data.items["id"], data.items[name], strict=True))


def ratings_of(data):
    """``{(user id, item id): weight}``."""
    found = data.ratings.tocoo()
    return {
        (data.users["id"][user], data.items["id"][item]): weight
        for user, item, weight in zip(*found.coords, found.data, strict=True)
    }


GZIPPED = gzip.compress("".join(f"u{number},f1,{number**7 % 97}\n" for number in range(5000)).encode())
FROM_GZIP = ("interactions/read", {"files": ["ratings.csv.gz"], "columns": ["user", "film", "stars"]})
FROM_JSON = ("items/read", {"files": ["films.json"], "format": "json"})
RECORDS = json.dumps([{"film": f"f{number}", "name": "x", "plot": "red", "drama": 1} for number in (1, 2, 3)], indent=1)
FIELDS = {name: name for name in ("film", "name", "plot", "drama")}
RATED = {"user": "user", "film": "film", "stars": "stars"}
FROM_LINES = ("items/read", {"files": ["films.jsonl"], "format": "jsonl", "fields": FIELDS})
LINES = "".join(json.dumps(record) + "\n" for record in json.loads(RECORDS))
# What is changed in the config, the tables that are replaced, and what the message says.
BAD_TABLES = {
    "no column of ratings": [
        (),
        {"ratings.csv": RATINGS.replace("stars", "score")},
        "ratings.csv",
        "no column 'stars'; there are: user, film, score",
    ],
    "no column of ids": [(), {"films.csv": FILMS.replace("film,", "movie,")}, "films.csv", "no column 'film'"],
    "no column of titles": [(), {"films.csv": FILMS.replace("name", "title")}, "films.csv", "no column 'name'"],
    "no column of a feature": [(), {"films.csv": FILMS.replace("plot", "text")}, "no column 'plot'"],
    "no column of an indicator": [
        [("features", {"x": {"kind": "indicator", "mutable": True, "columns": ["war"]}})],
        {},
        "no column 'war'",
    ],
    "no column to group by": [[("groups/by", "height")], {}, "no column 'height'"],
    "no column to filter by": [[("filters", {"items_with": ["summary"]})], {}, "no column 'summary'"],
    "no column to derive from": [
        [
            ("items/derive", {"year": {"from": "date", "pattern": "(.)"}}),
            ("features", {"year": {"kind": "categorical", "mutable": True}}),
        ],
        {},
        "no column 'date'",
    ],
    "rating that is a word": [
        (),
        {"ratings.csv": RATINGS.replace(",3", ",good")},
        "ratings.csv",
        "stars, row 2: 'good' is not a finite number",
    ],
    "rating of two lines": [(), {"ratings.csv": RATINGS.replace(",3", ',"3\n4"')}, "ratings.csv", "'3\\n4' is not a f"],
    "rating missing": [(), {"ratings.csv": RATINGS.replace(",3", ",")}, "ratings.csv", "stars, row 2: '' is not a fin"],
    "rating NaN": [(), {"ratings.csv": RATINGS.replace(",4", ",NaN")}, "ratings.csv", "stars, row 3: 'NaN' is not a f"],
    "rating infinite": [(), {"ratings.csv": RATINGS.replace(",4", ",-inf")}, "ratings.csv", "row 3: '-inf' is not a f"],
    "rating too large": [(), {"ratings.csv": RATINGS.replace(",5", ",1e999")}, "ratings.csv", "row 1: '1e999' is not"],
    "rating that sums overflow with": [
        (),
        {"ratings.csv": RATINGS.replace(",4", ",1e308")},
        "ratings.csv, column stars, row 3: '1e308' is too large to compute with; allowed: -1e+30 to 1e+30",
    ],
    "rating that sums overflow with, below 0": [
        (),
        {"ratings.csv": RATINGS.replace(",4", ",-2e30")},
        "ratings.csv, column stars, row 3: '-2e30' is too large to compute with",
    ],
    "unknown item": [
        (),
        {"ratings.csv": RATINGS + "u1,f9,1\n"},
        "ratings.csv, row 5: item 'f9' is not in the table of items",
        "set unknown_items: drop",
    ],
    "unknown user": [
        (),
        {"ratings.csv": RATINGS + "u9,f1,1\n"},
        "ratings.csv, row 5: user 'u9' is not in the table of users",
        "set unknown_users: drop",
    ],
    "repeated pair": [
        (),
        {"ratings.csv": RATINGS + "u2,f1,2\n"},
        "ratings.csv: user 'u2' and item 'f1' stand in more than one row; set duplicates: ",
    ],
    "repeated item": [
        (),
        {"films.csv": FILMS + "f2,Again,red,0\n"},
        "films.csv: film 'f2' stands in more than one row",
    ],
    "repeated user": [(), {"people.csv": PEOPLE + "u1,21\n"}, "people.csv: user 'u1' stands in more than one row"],
    "too few fields": pytest.param((), {"films.csv": FILMS + "f4,Fourth\n"}, ["films.csv line 5", "too few fields"]),
    "too many fields": pytest.param((), {"films.csv": FILMS + "f4,Fourth,red,1,1\n"}, ["films.csv", "line 5"]),
    "too many fields in the first row": pytest.param(
        (), {"ratings.csv": RATINGS.replace("f1,5", "f1,5,0")}, ["ratings.csv", "line 2"]
    ),
    "open quote": [(), {"films.csv": FILMS.replace('The (1992)"', "The")}, "films.csv line 4: too few fields"],
    "empty file": [(), {"films.csv": ""}, "films.csv", "empty file"],
    "empty lines": [(), {"people.csv": "\n\n"}, "people.csv", "empty file"],
    "no ratings": [(), {"ratings.csv": "user,film,stars\n"}, "ratings.csv: no rows, only a header"],
    "no items": [(), {"films.csv": "film,name,plot\n"}, "films.csv: no rows, only a header"],
    "no users": [(), {"people.csv": "user,age\n\n"}, "people.csv: no rows, only a header"],
    "no items in JSON": [[FROM_JSON], {"films.json": "[]"}, "films.json: no rows, an empty list"],
    "two columns of one name": [
        (),
        {"ratings.csv": RATINGS.replace("\n", ",0\n").replace("stars,0", "stars,stars")},
        "ratings.csv line 1: two columns are called 'stars'; give one of them another name",
    ],
    "two columns that differ in blanks": [
        (),
        {"people.csv": "user,age, age\nu1,20,1\n"},
        "people.csv line 1: two columns are called 'age'",
    ],
    "header again": [
        (),
        {"people.csv": PEOPLE + "user,age\nu4,50\n"},
        "people.csv line 5: a header, where a row of data is expected; remove the line",
    ],
    "header where none is": [
        [("users/read/columns", ["user", "age"])],
        {},
        "people.csv line 1: a header, where a row of data is expected",
    ],
    "line too short after comments": [
        [("users/read/comment", "|")],
        {"people.csv": "|1\n|2\n" + PEOPLE + "u4\n"},
        "people.csv line 7: too few fields",
    ],
    "zip archive": [(), {"films.csv": b"PK\x03\x04" + bytes(40)}, "films.csv: a zip archive or a workbook, not a text"],
    "gzip called CSV": [(), {"films.csv": gzip.compress(FILMS.encode())}, "films.csv: packed with gzip; unpack it or"],
    "bytes of 0": [
        (),
        {"films.csv": FILMS.replace("red car", "red\0car")},
        "films.csv line 3: a byte of 0, so no utf-8 text",
    ],
    "UTF-16 without a mark": [
        (),
        {"films.csv": FILMS.encode("utf-16-le")},
        "films.csv line 1: a byte of 0, so no utf-8",
    ],
    "UTF-16 with a mark": [(), {"films.csv": FILMS.encode("utf-16")}, "films.csv: not utf-8", "name its encoding"],
    "not UTF-8": [
        (),
        {"films.csv": FILMS.replace("house", "maïson").encode("latin-1")},
        "films.csv",
        "not utf-8",
        "name its encoding in the data set",
    ],
    "missing file": [[("users/read/files", ["persons.csv"])], {}, "persons.csv: no such file"],
    "gzip cut in the middle": [
        [FROM_GZIP],
        {"ratings.csv.gz": GZIPPED[: len(GZIPPED) // 2]},
        "ratings.csv.gz: cannot be unpacked",
        "the file is cut off or damaged",
    ],
    "gzip damaged in the middle": [
        [FROM_GZIP],
        {"ratings.csv.gz": GZIPPED[:500] + b"\xff" * 50 + GZIPPED[550:]},
        "ratings.csv.gz: cannot be unpacked",
        "the file is cut off or damaged",
    ],
    "no gzip at all": [[FROM_GZIP], {"ratings.csv.gz": RATINGS}, "ratings.csv.gz: cannot be unpacked (Not a gzipped"],
    "JSON cut in the middle": [
        [FROM_JSON],
        {"films.json": RECORDS[: len(RECORDS) // 2]},
        "films.json line ",
        "not JSON (",
        "the file is cut off or damaged",
    ],
    "JSON of another shape": [[FROM_JSON], {"films.json": '{"f1": {}}'}, "films.json: not a list of JSON objects"],
    "JSON not UTF-8": [[FROM_JSON], {"films.json": b'[{"film": "\xe9"}]'}, "films.json: not utf-8"],
    "JSON without a column": [
        [FROM_JSON],
        {"films.json": RECORDS.replace("name", "title")},
        "films.json: no column 'name'",
    ],
    "JSON nested too deeply": pytest.param(
        [FROM_JSON],
        {"films.json": "[" * 100_000},
        ["films.json"],
    ),
    "JSON lines cut in the middle": [
        [FROM_LINES],
        {"films.jsonl": LINES[: len(LINES) // 2]},
        "films.jsonl line 2: not JSON (",
        "the file is cut off or damaged",
    ],
    "JSON lines packed and cut": [
        [("items/read", {**FROM_LINES[1], "files": ["films.jsonl.gz"]})],
        {"films.jsonl.gz": gzip.compress(LINES.encode())[:-12]},
        "films.jsonl.gz: cannot be unpacked",
    ],
    "JSON lines of another shape": [[FROM_LINES], {"films.jsonl": "[1]\n"}, "films.jsonl line 1: not a JSON object"],
    "no JSON lines": pytest.param(
        [FROM_LINES],
        {"films.jsonl": ""},
        ["films.jsonl", "empty file"],
    ),
    "no JSON lines of ratings": pytest.param(
        [("interactions/read", {"files": ["ratings.jsonl"], "format": "jsonl", "fields": RATED})],
        {"ratings.jsonl": "\n"},
        ["ratings.jsonl", "empty file"],
    ),
    "JSON field that is no list": pytest.param(
        [("items/read", {**FROM_LINES[1], "fields": {"film": "film", "name": "name", "plot": "plot[].text"}})],
        {"films.jsonl": LINES},
        ["films.jsonl", "plot[].text"],
    ),
    "JSON field that has no keys": pytest.param(
        [("items/read", {**FROM_LINES[1], "fields": {"film": "film", "name": "name", "plot": "drama{}"}})],
        {"films.jsonl": LINES},
        ["films.jsonl", "drama{}"],
    ),
    "column name of two lines": pytest.param(
        (),
        {"films.csv": FILMS.replace("name", '"na\nme"')},
        ["films.csv: no column 'name'"],
    ),
    "no text at all": [
        (),
        {"films.csv": "film,name,plot\nf1,a,\nf2,b,\nf3,c,\n"},
        "features.plot: no word in any item's plot",
    ],
    "no value at all": [
        [("features", {"plot": {"kind": "categorical", "mutable": True}})],
        {"films.csv": "film,name,plot\nf1,a,\nf2,b, \nf3,c,\n"},
        "features.plot: no value in any item's plot",
    ],
    "no feature in so many items": [
        [("features/plot/min_items", 3)],
        {},
        "features.plot: no feature in at least 3 items; lower min_items",
    ],
    "nothing left after filters": [[("filters", {"user_interactions": 3})], {}, "no interaction is left after filter"],
    "nothing but zeros": [
        (),
        {"ratings.csv": "user,film,stars\nu1,f1,0\nu2,f2,0\n"},
        "no interaction is left after filtering",
    ],
    "fewer users than groups": [
        (),
        {"ratings.csv": "user,film,stars\nu1,f1,1\n"},
        "groups: given 2; allowed: at most 1, the number of users",
    ],
    "age that is a word": [
        (),
        {"people.csv": PEOPLE.replace("30", "old")},
        "column age of users: 'old' of 'u2' is not a finite",
    ],
    "age missing": [
        (),
        {"people.csv": PEOPLE.replace("40", "")},
        "column age of users: '' of 'u3' is not a finite number",
    ],
    "indicator 2": [
        [DRAMA],
        {"films.csv": FILMS.replace("house,1", "house,2")},
        "features.drama, column drama of films.csv: 2 of 'f1' is neither 0 nor 1",
    ],
    "indicator that is a word": [
        [DRAMA],
        {"films.csv": FILMS.replace("house,1", "house,yes")},
        "features.drama, column drama of films.csv: 'yes' of 'f1' is not a finite number",
    ],
}


@pytest.mark.parametrize(
    ("changes", "replaced", "parts"),
    [case if hasattr(case, "marks") else (*case[:2], case[2:]) for case in BAD_TABLES.values()],
    ids=BAD_TABLES.keys(),
)
def test_malformed_table_is_refused_in_one_line(changes, replaced, parts, tmp_path):
    write(tmp_path, replaced)
    says(complaint(whole_chain, changed(CONFIG, *changes), tmp_path, 2), parts)


def test_whole_chain_passes_where_nothing_is_wrong(tmp_path):
    write(tmp_path, {})
    assert whole_chain(CONFIG, tmp_path, 2) == ["age 20-30", "age 40"]


def test_tables_are_read_as_they_stand(tmp_path):
    data = build(tmp_path)
    assert ratings_of(data) == {("u1", "f1"): 5, ("u1", "f2"): 3, ("u2", "f1"): 4, ("u3", "f3"): 1}
    assert column(data, "title") == {"f1": "First (1990)", "f2": "Second (1991)", "f3": "Third, The (1992)"}
    assert data.dropped == []


def test_interactions_without_weight_count_one(tmp_path):
    assert set(ratings_of(build(tmp_path, ("interactions/weight", MISSING))).values()) == {1}


def test_users_without_a_table_are_those_that_interact(tmp_path):
    data = build(tmp_path, ("users", MISSING), ("groups/by", "activity"))
    assert list(data.users["id"]) == ["u1", "u2", "u3"]
    assert list(groups.group_values({"by": "activity"}, data.users, data.ratings)) == [2, 1, 1]


def test_several_files_are_one_table(tmp_path):
    (tmp_path / "more.csv").write_text("user,film,stars\nu3,f1,2\n")
    data = build(tmp_path, ("interactions/read/files", ["ratings.csv", "more.csv"]))
    assert len(ratings_of(data)) == 5
    assert ratings_of(data)["u3", "f1"] == 2


def test_lines_before_the_table_that_are_comments_are_left_out_of_each_file(tmp_path):
    (tmp_path / "a.csv").write_text("| a comment, with commas\n|\nu1,|\nu2,3\n")
    (tmp_path / "b.csv").write_text("u3,4\n")
    table = tables.read({"files": ["a.csv", "b.csv"], "columns": ["user", "age"], "comment": "|"}, tmp_path)
    assert table.to_numpy().tolist() == [["u1", "|"], ["u2", "3"], ["u3", "4"]]
    with_header = {"files": ["c.csv"], "comment": "#"}
    (tmp_path / "c.csv").write_text("# made in 2020\nuser,age\nu1,2\n")
    assert tables.read(with_header, tmp_path, ["age"]).to_numpy().tolist() == [["2"]]


def test_a_single_column_may_hold_its_own_name(tmp_path):
    (tmp_path / "words.csv").write_text("word\nword\n")
    assert tables.read({"files": ["words.csv"]}, tmp_path)["word"].tolist() == ["word"]


def test_one_of_several_files_may_have_no_rows(tmp_path):
    (tmp_path / "more.csv").write_text("user,film,stars\n")
    assert len(ratings_of(build(tmp_path, ("interactions/read/files", ["more.csv", "ratings.csv"])))) == 4


def test_numbers_up_to_the_largest_are_read():
    assert tables.numbers(pd.Series(["1e30", "-1e30", " 2 "]), "x").tolist() == [1e30, -1e30, 2.0]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_files_of_other_shapes_are_read(ending, tmp_path):
    """Without a header line, another separator, another encoding, quotes that are text, packed or not."""
    text = 'f1|Café "x|red\nf2|Été|blue\nf3|c|green\n'.encode("latin-1")
    name = f"latin{ending}"
    (tmp_path / name).write_bytes(gzip.compress(text) if ending == ".csv.gz" else text)
    read = {"files": [name], "separator": "|", "columns": ["film", "name", "plot"]}
    data = build(tmp_path, ("items/read", {**read, "encoding": "latin-1", "quoting": False}))
    assert list(data.items["title"]) == ['Café "x', "Été", "c"]


def test_json_is_read_and_what_is_absent_is_empty(tmp_path):
    records = [{"film": "f1", "name": "a", "plot": "red"}, {"film": "f2", "name": "b"}, {"film": "f3", "name": None}]
    write(tmp_path, {"films.json": json.dumps(records)})
    data = build(tmp_path, FROM_JSON)
    assert column(data, "plot") == {"f1": "red", "f2": "", "f3": ""}
    assert column(data, "title") == {"f1": "a", "f2": "b", "f3": ""}


UNKNOWN = {
    "items": ("u1,f9,2\nu2,f8,2\n", {"unknown_items": "drop"}, [("not in the table of items", 2)]),
    "users": ("u9,f1,2\n", {"unknown_users": "drop"}, [("not in the table of users", 1)]),
    "both": (
        "u9,f9,2\nu9,f1,2\n",
        {"unknown_items": "drop", "unknown_users": "drop"},
        [("not in the table of items", 1), ("not in the table of users", 1)],
    ),
}


@pytest.mark.parametrize(("rows", "rules", "counted"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_ids_are_dropped_and_counted(rows, rules, counted, tmp_path):
    data = build(tmp_path, ("interactions", {**CONFIG["interactions"], **rules}), ratings=RATINGS + rows)
    assert ratings_of(data) == ratings_of(build(tmp_path, ratings=RATINGS))
    assert data.dropped == [("interactions", *one) for one in counted]


@pytest.mark.parametrize(("rule", "weight"), [("first", 4), ("sum", 4 + 2 + 1)])
def test_repeated_pairs_are_resolved_and_counted(rule, weight, tmp_path):
    rows = RATINGS + "u2,f1,2\nu2,f1,1\n"
    data = build(tmp_path, ("interactions/duplicates", rule), ratings=rows)
    assert ratings_of(data) == {**ratings_of(build(tmp_path)), ("u2", "f1"): weight}
    assert [(table, rows) for table, _, rows in data.dropped] == [("interactions", 2)]


def test_weight_0_is_dropped_and_counted(tmp_path):
    data = build(tmp_path, ratings=RATINGS + "u3,f1,0\nu3,f2,0.0\n")
    assert len(ratings_of(data)) == 4
    assert data.dropped == [("interactions", "weight 0", 2)]


def test_items_with_drops_items_and_their_interactions(tmp_path):
    films = FILMS.replace("red car", "  ")
    data = build(tmp_path, ("filters", {"items_with": ["plot"]}), films=films)
    assert list(data.items["id"]) == ["f1", "f3"]
    assert set(ratings_of(data)) == {("u1", "f1"), ("u2", "f1"), ("u3", "f3")}
    assert data.dropped == [("items", "no plot", 1), ("interactions", "item dropped", 1)]


def test_items_without_interactions_stay_and_users_go(tmp_path):
    data = build(tmp_path, films=FILMS + "f4,Fourth,green,0\n", people=PEOPLE + "u4,50\n")
    assert list(data.items["id"]) == ["f1", "f2", "f3", "f4"]
    assert list(data.users["id"]) == ["u1", "u2", "u3"]
    assert data.ratings.shape == (3, 4)
    assert [(table, rows) for table, _, rows in data.dropped] == [("users", 1)]


def test_core_goes_on_until_nothing_more_falls(tmp_path):
    """u3 falls, then f3 that only had one more, then u2."""
    pairs = ["u0 f0", "u0 f1", "u1 f0", "u1 f1", "u2 f1", "u2 f2", "u3 f2"]
    data = build(
        tmp_path,
        ("filters", {"user_interactions": 2, "item_interactions": 2}),
        ratings="user,film,stars\n" + "".join(f"{pair.replace(' ', ',')},1\n" for pair in pairs),
        films="film,name,plot\n" + "".join(f"f{number},x,red\n" for number in range(3)),
        people="user,age\n" + "".join(f"u{number},1\n" for number in range(4)),
    )
    assert set(ratings_of(data)) == {("u0", "f0"), ("u0", "f1"), ("u1", "f0"), ("u1", "f1")}
    assert [(table, rows) for table, _, rows in data.dropped] == [("users", 2), ("items", 1), ("interactions", 3)]


def core_one_by_one(pairs, users, items):
    """The core by its definition: take away one user or item with too few, as long as there is one."""
    pairs = set(pairs)
    while True:
        for place, minimum in ((0, users), (1, items)):
            counts = {}
            for pair in pairs:
                counts[pair[place]] = counts.get(pair[place], 0) + 1
            few = [name for name, count in counts.items() if count < minimum]
            if few:
                pairs = {pair for pair in pairs if pair[place] != few[0]}
                break
        else:
            return pairs


@settings(max_examples=30, deadline=None)
@given(
    pairs=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1),
    users=st.integers(1, 3),
    items=st.integers(0, 3),
)
def test_core_is_the_one_that_taking_away_one_by_one_leaves(pairs, users, items):
    pairs = sorted((f"u{user}", f"f{item}") for user, item in pairs)
    core = core_one_by_one(pairs, users, items)
    config = changed(CONFIG, ("filters", {"user_interactions": users, "item_interactions": items}))
    replaced = {
        "ratings.csv": "user,film,stars\n" + "".join(f"{user},{item},1\n" for user, item in pairs),
        "films.csv": "film,name,plot\n" + "".join(f"f{number},x,red\n" for number in range(6)),
        "people.csv": "user,age\n" + "".join(f"u{number},1\n" for number in range(6)),
    }
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), replaced)
        if not core:
            says(complaint(dataset.build, config, Path(folder)), ["no interaction is left"])
            return
        data = dataset.build(config, Path(folder))
    assert set(ratings_of(data)) == core
    gone = {table: 0 for table in ("users", "items", "interactions")}
    for table, _, rows in data.dropped:
        gone[table] += rows
    assert gone["interactions"] == len(pairs) - len(core)
    assert gone["users"] == 6 - len(data.users)
    assert gone["items"] == 6 - len(data.items)


def test_derived_column_is_the_group_of_the_pattern_or_empty(tmp_path):
    derive = ("items/derive", {"year": {"from": "name", "pattern": r"\((\d{4})\)"}})
    used = ("features", {"year": {"kind": "categorical", "mutable": False}})
    data = build(tmp_path, derive, used, films=FILMS.replace("Second (1991)", "Second"))
    assert column(data, "year") == {"f1": "1990", "f2": "", "f3": "1992"}


def test_derived_column_may_be_derived_from_a_derived_one(tmp_path):
    """Ten times a letter less."""
    names = ["name", *"abcdefghij"]
    derive = {name: {"from": names[at], "pattern": "^(.*).$"} for at, name in enumerate(names[1:])}
    used = {"j": {"kind": "categorical", "mutable": False}}
    data = build(tmp_path, ("items/derive", derive), ("features", used))
    assert column(data, "j") == {"f1": "Fi", "f2": "Sec", "f3": "Third, "}


def test_derived_column_may_be_derived_from_an_attached_one(tmp_path):
    (tmp_path / PLOTS).write_text(FACTS)
    data = build(
        tmp_path,
        ("items/attach", [{"read": {"files": [PLOTS]}, **BY_ID, "take": {"first": "value"}}]),
        ("items/derive", {"letter": {"from": "first", "pattern": "^(.)"}}),
        ("features", {"letter": {"kind": "categorical", "mutable": False}}),
    )
    assert column(data, "letter") == {"f1": "a", "f2": "a", "f3": ""}


def test_json_lines_may_lack_a_field_for_long(tmp_path):
    others = "".join(f'{{"film": "x{number}", "name": "x"}}\n' for number in range(tables.ROWS // 100 + 1))
    write(tmp_path, {"films.jsonl": others + LINES})
    plots = column(build(tmp_path, FROM_LINES), "plot")
    assert (plots["x0"], plots["f1"]) == ("", "red")


PLOTS = "plots.csv"
FACTS = "entity,relation,value\nf1,actor,ann\nf1,genre,war\nf1,actor,bob\nf2,actor,ann\nf9,actor,eve\n"
BY_ID = {"match": [{"item": "film", "table": "entity"}]}


def attached(folder, rule, plots, name, films=FILMS):
    """The column `name` after a table was attached, by item."""
    (folder / PLOTS).write_text(plots, "utf-8")
    data = build(
        folder,
        ("items/derive", {"year": {"from": "name", "pattern": r"\((\d{4})\)"}}),
        ("items/attach", [{"read": {"files": [PLOTS]}, **rule}]),
        ("features", {name: {"kind": "text", "mutable": True}}),
        films=films,
    )
    return column(data, name)


BY_TITLE = {
    "match": [{"item": "name", "table": "title", "as": "title"}, {"item": "year", "table": "year", "within": 1}],
    "take": {"summary": "text"},
}
TITLES = {
    "same": ("Third, The (1992)", "The Third"),
    "article behind in both": ("Third, The (1992)", "Third, The"),
    "case, accents, punctuation": ("Third, The (1992)", "the: THÍRD!"),
    "what is in parentheses": ("Postino, Il (The Postman) (1994)", "Il Postino (film)"),
}


@pytest.mark.parametrize(("mine", "theirs"), TITLES.values(), ids=TITLES.keys())
def test_titles_are_matched_folded(mine, theirs, tmp_path):
    year = mine[-5:-1]
    plots = f"title,year,text\nAnother,{year},no\n{json.dumps(theirs, ensure_ascii=False)},{year},yes\n"
    films = FILMS.replace("Third, The (1992)", mine)
    assert attached(tmp_path, BY_TITLE, plots, "summary", films) == {"f1": "", "f2": "", "f3": "yes"}


YEARS = {
    "exact before near": ([1991, 1992, 1993], 1992),
    "near before and after: the first in the file": ([1993, 1991], 1993),
    "one off": ([1980, 1991, 2000], 1991),
    "two off": ([1990, 1994], ""),
    "exact twice: the first in the file": ([1992, 1992], 1992),
    "no year": (["", "soon", 1993], 1993),
}


@pytest.mark.parametrize(("years", "taken"), YEARS.values(), ids=YEARS.keys())
def test_nearest_year_within_one_is_taken(years, taken, tmp_path):
    plots = "title,year,text\n" + "".join(f"The Third,{year},{year} at {at}\n" for at, year in enumerate(years))
    expected = f"{taken} at {years.index(taken)}" if taken else ""
    assert attached(tmp_path, BY_TITLE, plots, "summary", FILMS)["f3"] == expected


def test_item_without_a_year_matches_nothing(tmp_path):
    plots = "title,year,text\nFirst,1990,yes\nSecond,1991,yes\n"
    films = FILMS.replace("First (1990)", "First")
    assert attached(tmp_path, BY_TITLE, plots, "summary", films) == {"f1": "", "f2": "yes", "f3": ""}


def test_texts_that_are_too_short_are_not_taken(tmp_path):
    plots = "title,year,text\nFirst,1990,short\nFirst,1991,long enough\nSecond,1991,short\nThird,1992,long enough\n"
    rule = {**BY_TITLE, "min_length": {"text": 8}}
    assert attached(tmp_path, rule, plots, "summary") == {"f1": "long enough", "f2": "", "f3": ""}


def test_facts_of_one_relation_are_collected(tmp_path):
    """As `multi` then splits them."""
    (tmp_path / PLOTS).write_text(FACTS)
    rule = {**BY_ID, "collect": {"by": "relation", "value": "value", "into": {"cast": "actor", "kind": "genre"}}}
    blocks = {name: {"kind": "multi", "mutable": True} for name in ("cast", "kind")}
    data = build(tmp_path, ("items/attach", [{"read": {"files": [PLOTS]}, **rule}]), ("features", blocks))
    matrix, names = features.featurize(blocks, data.items)
    assert list(zip(names["block"], names["name"], strict=True)) == [("cast", "ann"), ("cast", "bob"), ("kind", "war")]
    assert matrix.toarray().tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 0]]


TAGS = "film,tag\nf1,war\nf2,love\nf1,sea\nf1,war\nf2,love\nf9,war\nf9,sea\n"
BY_FILM = {"match": [{"item": "film", "table": "film"}]}


def tagged(folder, rule, kind, *changes):
    (folder / "tags.csv").write_text(TAGS)
    blocks = {"tag": {"kind": kind, "mutable": True}}
    entry = {"read": {"files": ["tags.csv"]}, **BY_FILM, **rule}
    return build(folder, ("items/attach", [entry]), ("features", blocks), *changes), blocks


def test_ignored_rows_are_counted_where_they_say_something_else(tmp_path):
    """Of f1's three rows the second differs from the first; what f2's second says is taken already."""
    data, _ = tagged(tmp_path, {"take": {"tag": "tag"}}, "categorical")
    assert column(data, "tag") == {"f1": "war", "f2": "love", "f3": ""}
    reason = "ignored, of 5 that match: take keeps an item's first row, collect keeps all"
    assert data.dropped == [("rows of tags.csv", reason, 1)]


def test_ignored_rows_of_dropped_items_do_not_count(tmp_path):
    data, _ = tagged(tmp_path, {"take": {"tag": "tag"}}, "categorical", ("filters", {"items_with": ["drama"]}))
    assert len(data.dropped) == 1
    films = FILMS.replace("red house,1", "red house,")
    (tmp_path / "films.csv").write_text(films)
    data = build(
        tmp_path,
        ("items/attach", [{"read": {"files": ["tags.csv"]}, **BY_FILM, "take": {"tag": "tag"}}]),
        ("features", {"tag": {"kind": "categorical", "mutable": True}}),
        ("filters", {"items_with": ["drama", "tag"]}),
        films=films,
    )
    assert list(data.items["id"]) == ["f2"]
    assert [table for table, _, _ in data.dropped if "tags" in table] == []


def test_a_farther_match_is_not_an_ignored_one(tmp_path):
    plots = "title,year,text\nFirst,1990,near\nFirst,1991,far\nThe Third,1991,one\nThe Third,1993,other\n"
    (tmp_path / PLOTS).write_text(plots)
    data = build(
        tmp_path,
        ("items/derive", {"year": {"from": "name", "pattern": r"\((\d{4})\)"}}),
        ("items/attach", [{"read": {"files": [PLOTS]}, **BY_TITLE}]),
        ("features", {"summary": {"kind": "text", "mutable": True}}),
    )
    assert column(data, "summary") == {"f1": "near", "f2": "", "f3": "one"}
    assert [(table, rows) for table, _, rows in data.dropped] == [(f"rows of {PLOTS}", 1)]
    assert "of 4 that match" in data.dropped[0][1]


def test_all_rows_of_an_item_are_collected(tmp_path):
    data, blocks = tagged(tmp_path, {"collect": {"value": "tag", "into": "tag"}}, "multi")
    assert data.dropped == []
    matrix, names = features.featurize(blocks, data.items)
    assert list(names["name"]) == ["love", "sea", "war"]
    assert matrix.toarray().tolist() == [[0, 1, 1], [1, 0, 0], [0, 0, 0]]


def test_rows_that_are_collected_are_not_ignored(tmp_path):
    data, _ = tagged(tmp_path, {"take": {"first": "tag"}, "collect": {"value": "tag", "into": "tag"}}, "multi")
    assert data.dropped == []


def test_several_values_are_no_category(tmp_path):
    data, blocks = tagged(tmp_path, {"collect": {"value": "tag", "into": "tag"}}, "categorical")
    message = complaint(features.featurize, blocks, data.items)
    says(message, ["features.tag: an item has several values of tag, war, sea, war; use kind: multi"])


PRICES = "film,cost\nf1,1\nf2,cheap\n"
PRICED = [
    ("items/attach", [{"read": {"files": ["prices.csv"]}, **BY_FILM, "take": {"price": "cost"}}]),
    ("items/derive", {"digit": {"from": "price", "pattern": "(.*)"}}),
]


@pytest.mark.parametrize(
    ("name", "changes", "part"),
    [
        ("price", [], "features.price, column cost of prices.csv: 'cheap' of 'f2' is not a finite number"),
        ("digit", [], "digit, derived from column cost of prices.csv: 'cheap' of 'f2' is not a finite number"),
        ("price", [("filters", {"items_range": {"price": [0, 9]}})], "column cost of prices.csv: 'cheap' of 'f2' is"),
        (
            "prize",
            [],
            "films.csv: no column 'prize'; there are: film, name, plot, drama; "
            "made of them and of other files: digit (derived), price (of prices.csv)",
        ),
    ],
    ids=["attached", "derived", "filter", "misspelt"],
)
def test_message_about_an_attached_column_names_its_file(name, changes, part, tmp_path):
    write(tmp_path, {"prices.csv": PRICES, **TABLES})
    number = {"kind": "number", "scaling": "none", "mutable": True, "empty": 0}
    says(complaint(whole_chain, changed(CONFIG, *PRICED, ("features", {name: number}), *changes), tmp_path, 2), [part])


def test_column_that_is_attached_too_late_is_named(tmp_path):
    write(tmp_path, {"prices.csv": PRICES, "codes.csv": "cost,kind\n1,a\n", **TABLES})
    late = {"read": {"files": ["codes.csv"]}, "match": [{"item": "price", "table": "cost"}], "take": {"kind": "kind"}}
    config = changed(
        CONFIG,
        ("items/attach", [late, *PRICED[0][1]]),
        ("features", {"kind": {"kind": "categorical", "mutable": True}}),
    )
    message = complaint(whole_chain, config, tmp_path, 2)
    says(message, ["films.csv, before items.attach[0]: no column 'price'; there are: "])


def test_ids_are_told_from_names():
    blocks = {
        "brand": {"kind": "categorical", "mutable": True, "ids": True},
        "genre": {"kind": "multi", "separator": "|", "mutable": True},
    }
    _, described = features.featurize(blocks, frame(brand=["88", "95471"], genre=["war", "love"]))
    assert dict(zip(described["name"], described["ids"], strict=True)) == {
        "88": True, "95471": True, "love": False, "war": False,
    }  # fmt: skip


def test_the_mark_in_front_of_utf_8_is_no_part_of_a_name(tmp_path):
    films = b"\xef\xbb\xbf" + FILMS.replace("film,", '"film, or book",').encode()
    write(tmp_path, {"films.csv": films})
    data = dataset.build(changed(CONFIG, ("items/id", "film, or book")), tmp_path)
    assert list(data.items["id"]) == ["f1", "f2", "f3"]


def test_empty_key_matches_no_empty_key(tmp_path):
    films = FILMS.replace("First (1990)", "").replace("Second (1991)", "x")
    rule = {"match": [{"item": "name", "table": "title"}], "take": {"summary": "text"}}
    plots = "title,text\n,nobody\nx,somebody\n"
    assert attached(tmp_path, rule, plots, "summary", films) == {"f1": "", "f2": "somebody", "f3": ""}


@pytest.mark.parametrize(
    "rule",
    [
        {"match": [{"item": "name", "table": "naem"}], "take": {"summary": "value"}},
        {"match": [{"item": "film", "table": "entity"}], "take": {"summary": "naem"}},
        {**BY_ID, "collect": {"by": "naem", "value": "value", "into": {"summary": "actor"}}},
        {**BY_ID, "min_length": {"naem": 3}, "take": {"summary": "value"}},
    ],
    ids=["match", "take", "collect", "min_length"],
)
def test_column_that_the_attached_table_lacks_is_named(rule, tmp_path):
    says(complaint(attached, tmp_path, rule, FACTS, "summary"), [PLOTS, "no column 'naem'; there are: entity, rel"])


def frame(**columns):
    return pd.DataFrame(columns, dtype=str)


def rows(matrix):
    return matrix.toarray().tolist()


KINDS = {
    "text counts words of two letters": (
        {"plot": {"kind": "text", "mutable": True}},
        frame(plot=["Red car, red house", "A car", ""]),
        ["car", "house", "red"],
        [[1, 1, 2], [1, 0, 0], [0, 0, 0]],
    ),
    "categorical": (
        {"genre": {"kind": "categorical", "mutable": True}},
        frame(genre=["war", " war ", "", "love, war"]),
        ["love, war", "war"],
        [[0, 1], [0, 1], [0, 0], [1, 0]],
    ),
    "multi": (
        {"genres": {"kind": "multi", "column": "genre", "separator": ",", "mutable": True}},
        frame(genre=["war,love", "love, love", "", ",war,"]),
        ["love", "war"],
        [[1, 1], [1, 0], [0, 0], [0, 1]],
    ),
    "indicator": (
        {"genre": {"kind": "indicator", "columns": ["war", "love"], "mutable": True}},
        frame(war=["1", "0", "0"], love=["1", "1.0", "0"]),
        ["war", "love"],
        [[1, 1], [0, 1], [0, 0]],
    ),
}


@pytest.mark.parametrize(("blocks", "items", "names", "expected"), KINDS.values(), ids=KINDS.keys())
def test_features_are_those_written_by_hand(blocks, items, names, expected):
    matrix, described = features.featurize(blocks, items)
    assert list(described["name"]) == names
    assert rows(matrix) == expected
    assert matrix.dtype == np.float64
    assert set(described["kind"]) == {rule["kind"] for rule in blocks.values()}
    assert described["mutable"].all()


def test_blocks_stand_side_by_side_in_the_order_of_the_config():
    blocks = {
        "year": {"kind": "categorical", "mutable": False},
        "drama": {"kind": "indicator", "columns": ["drama"], "mutable": True},
        "plot": {"kind": "text", "mutable": True},
    }
    matrix, described = features.featurize(blocks, frame(plot=["red", "blue"], year=["1991", "1990"], drama=["0", "1"]))
    assert list(described["block"]) == ["year", "year", "drama", "plot", "plot"]
    assert list(described["name"]) == ["1990", "1991", "drama", "blue", "red"]
    assert list(described["mutable"]) == [False, False, True, True, True]
    assert rows(matrix) == [[0, 1, 0, 0, 1], [1, 0, 1, 1, 0]]


@pytest.mark.parametrize(
    ("rule", "mutable"),
    [
        ("keep", {"house": True, "of": True, "red": True, "the": True}),
        ("lock", {"house": True, "of": False, "red": True, "the": False}),
        ("drop", {"house": True, "red": True}),
    ],
)
def test_function_words(rule, mutable):
    block = {"kind": "text", "mutable": True, "function_words": rule}
    matrix, described = features.featurize({"plot": block}, frame(plot=["the red house of the"]))
    assert dict(zip(described["name"], described["mutable"], strict=True)) == mutable
    assert rows(matrix) == [[2 if name == "the" else 1 for name in mutable]]


def test_nothing_but_function_words_is_refused():
    blocks = {"plot": {"kind": "text", "mutable": True, "function_words": "drop"}}
    says(complaint(features.featurize, blocks, frame(plot=["of the", "and"])), ["features.plot: no word in any item"])


def test_min_items_counts_items_and_not_words():
    items = frame(plot=["red red red car", "car", "house car"])
    matrix, described = features.featurize({"plot": {"kind": "text", "mutable": True, "min_items": 2}}, items)
    assert list(described["name"]) == ["car"]
    assert rows(matrix) == [[1], [1], [1]]


def test_value_that_is_no_indicator_is_named():
    blocks = {"genre": {"kind": "indicator", "columns": ["war", "love"], "mutable": True}}
    message = complaint(features.featurize, blocks, frame(war=["1", "0"], love=["0", "0.5"]))
    says(message, ["features.genre, column love: 0.5 in row 2 is neither 0 nor 1"])


VALUES = st.lists(st.one_of(st.integers(0, 5), st.floats(-1e9, 1e9)), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), values=VALUES)
def test_groups_are_of_equal_size_in_order_with_ties_by_index(data, values):
    number = data.draw(st.integers(1, len(values)))
    group = groups.equal_groups(np.array(values, dtype=float), number)
    sizes = np.bincount(group, minlength=number)
    assert len(sizes) == number
    assert sizes.max() - sizes.min() <= 1
    in_order = sorted(range(len(values)), key=lambda user: (values[user], user))
    assert list(group[in_order]) == sorted(group)
    names = groups.labels(np.array(values, dtype=float), group, number, "age {range} years")
    assert len(set(names)) == number
    assert all(name.startswith("age ") and " years" in name for name in names)


@pytest.mark.parametrize(
    ("values", "number", "names"),
    [
        ([30, 7, 22, 40], 2, ["age 7-22", "age 30-40"]),
        ([7, 8], 2, ["age 7", "age 8"]),
        ([0, 1, 2, 3], 2, ["age 0-1", "age 2-3"]),
        ([1, 1, 1, 1, 2], 3, ["age 1 (part 1 of 2)", "age 1 (part 2 of 2)", "age 2"]),
        ([20, 29, 29, 30], 2, ["age 20-29 (29 in part)", "age 29-30 (29 in part)"]),
        ([1, 2, 2, 3, 3, 4], 3, ["age 1-2 (2 in part)", "age 2-3 (2 and 3 in part)", "age 3-4 (3 in part)"]),
        ([1, 2, 2, 2, 2, 3], 3, ["age 1-2 (2 in part)", "age 2 (part 2 of 3)", "age 2-3 (2 in part)"]),
        ([-3, -1, 0.0, -0.0], 2, ["age -3 to -1", "age 0"]),
        ([1, 1 + 1e-12], 2, ["age 1", "age 1.000000000001"]),
        ([0.5, 2.25], 1, ["age 0.5-2.25"]),
    ],
    ids=[
        "ranges",
        "single values",
        "from 0",
        "one value in several groups",
        "a value in two groups",
        "two of them",
        "a value in three groups",
        "below 0",
        "values nearly alike",
        "fractions",
    ],
)
def test_labels(values, number, names):
    values = np.array(values, dtype=float)
    assert groups.labels(values, groups.equal_groups(values, number), number, "age {range}") == names


@settings(max_examples=100, deadline=None)
@given(data=st.data(), values=st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_a_label_names_every_value_that_another_group_has_too(data, values):
    number = data.draw(st.integers(1, len(values)))
    values = np.array(values, dtype=float)
    group = groups.equal_groups(values, number)
    names = groups.labels(values, group, number, "{range}")
    for one, name in enumerate(names):
        shared = sorted(set(values[group == one]) & set(values[group != one]))
        assert ("part" in name) == bool(shared), name
        if len(set(values[group == one])) > 1 and shared:
            assert name.endswith(f" ({' and '.join(f'{value:g}' for value in shared)} in part)")


def test_other_braces_in_a_label_are_text():
    assert groups.labels(np.array([1.0]), np.array([0]), 1, "{age} {range} {0}") == ["{age} 1 {0}"]


def test_more_groups_than_users_are_refused():
    says(complaint(groups.equal_groups, np.arange(3.0), 4), ["groups: given 4; allowed: at most 3, the number of user"])


class Audience:
    """Two users and three items, all of equal score."""

    shape = (2, 3)

    def take(self, users):
        return self

    def scores(self):
        return np.ones(self.shape)

    def candidates(self):
        return np.ones(self.shape, dtype=bool)


@pytest.mark.parametrize("top_k", [3, 4])
def test_a_list_as_long_as_there_are_items_is_refused(top_k):
    """Every item is in it already, whatever is changed."""
    message = complaint(rank_baseline, Audience(), top_k, 2, np.empty((2, 3)))
    assert message == f"top_k: given {top_k}; allowed: less than 3, the number of items"


def test_a_list_of_all_items_but_one_is_ranked():
    assert rank_baseline(Audience(), 2, 2, np.empty((2, 3))).mean_rank.tolist() == [3, 3, 3]


def test_tables_are_not_changed_by_featurizing():
    items = frame(plot=["red", "blue"])
    before = copy.deepcopy(items)
    features.featurize({"plot": {"kind": "text", "mutable": True, "min_items": 1}}, items)
    pd.testing.assert_frame_equal(items, before)


def described(folder, items_per_rank=1):
    """Four items of which one has no feature and one no interaction; two users in two groups."""
    ratings = csr_array([[5.0, 1.0, 0.0, 0.0], [0.0, 3.0, 2.0, 0.0]])
    matrix = csr_array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    names = ["matrices.npz", "items.csv", "features.csv", "groups.csv", "dropped.csv", "group1.npz", "group2.npz"]
    matrices, item_table, feature_table, group_table, drop_table, *ranks = (folder / name for name in names)
    Matrices(matrix, ratings, np.array([True, True, False]), np.array([1, 2])).save(matrices)
    write_rows(item_table, ["item", "id", "title"], [(0, "a", "Heat"), (1, "b", "Heat"), (2, "c", ""), (3, "d", "Up")])
    rows = [
        (0, "plot", "text", "red", True, False, 3),
        (1, "plot", "text", "car", True, False, 1),
        (2, "brand", "categorical", "m.1", False, True, 1),
    ]
    write_rows(feature_table, ["feature", "block", "kind", "name", "mutable", "ids", "items"], rows)
    write_rows(group_table, ["group", "label", "users"], [(1, "age 20", 1), (2, "age 30", 1)])
    write_rows(drop_table, ["table", "reason", "rows"], [("rows of tags.csv", "ignored, of 5 that match", 2)])
    for path in ranks:
        save_arrays(path, mean_rank=np.array([1.0, 2.0, 3.0, 4.0]), top_share=np.array([1.0, 0.0, 0.0, 0.0]))
    files = SimpleNamespace(
        matrices=matrices, item_table=item_table, feature_table=feature_table, group_table=group_table,
        drop_table=drop_table, ranks=ranks,
    )  # fmt: skip
    return describe("Films", False, files, [2, 3], items_per_rank, 0.2, "order", "content")


def test_a_data_set_is_described(tmp_path):
    lines = [line.strip() for line in described(tmp_path).splitlines()]
    told = """
    4 items
    2 users
    4 interactions
    3 features
    50.000% of all pairs of user and item have an interaction
    weights of interactions: 1 to 5, half of them at most 2.5
    interactions of a user: 2
    interactions of an item: 0 to 2, half of them at most 1
    items without an interaction: 1; they are ranked like the others
    items without a title: 1
    items that share their title with another: 2; tables and sentences show the title
    2 plot (text), all mutable, in 3 of 4 items, such as red, car
    1 brand (categorical), none mutable, in 1 of 4 items, ids such as m.1
    2 of 3 features are mutable: a recourse may change them; the others only count in the scores
    1 items have no feature: their score is 0 for everybody
    2 rows of tags.csv: ignored, of 5 that match
    eligible items by content (in the top k of at most 20 % of the group)
    3 at rank 2 and after; mean rank nearest to 2: 2.0
    2 at rank 3 and after; mean rank nearest to 3: 3.0
    enough for 1 items at each of these ranks, no item twice, in every group
    """
    for line in told.strip().splitlines():
        assert line.strip() in lines


def test_a_selection_that_would_fail_is_foretold(tmp_path):
    """Each rank alone has its two items, both together have three."""
    text = described(tmp_path, 2)
    assert "enough" not in text and "fewer than" not in text
    assert text.count("a study stops here: ranks: 3: only 1 of 2 items are left") == 2
