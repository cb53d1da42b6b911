"""Study and data set configs: what is shipped loads, what is malformed gets one clear line."""

import copy
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recrec import methods, recommenders
from recrec.config.checking import checked
from recrec.config.reading import Layer, merged, read_yaml, scalar, source_of
from recrec.data.catalogue import Dataset, find_dataset, known_datasets, load_dataset
from recrec.data.fetch import mirror_folder
from recrec.errors import InputError
from recrec.workflow import study
from recrec.workflow.study_config import StudyConfig

ROOT = Path(__file__).resolve().parent.parent
STUDY = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
SETTINGS = STUDY["method_settings"]["recrec"]
MISSING = object()
METHODS, RECOMMENDERS = ", ".join(methods.names()), ", ".join(recommenders.names())

# A data set config that uses a bit of everything, for the tests to spoil.
DATASET = yaml.safe_load("""
title: Three films
synthetic: true
licence: none
terms: none
archives:
  films.zip: {sha256: &sha "0000000000000000000000000000000000000000000000000000000000000000", url: "https://x.org/a.zip"}
files:
  ratings.csv: {sha256: *sha, archive: films.zip, member: films/ratings.csv}
  films.csv: {sha256: *sha, mirror: films/films.csv}
  people.csv: {sha256: *sha, url: "https://x.org/people.csv"}
interactions: {read: {files: [ratings.csv]}, user: user, item: film, weight: {column: stars}}
items:
  read: {files: [films.csv]}
  id: film
  title: name
  derive: {year: {from: name, pattern: '(\\d{4})'}}
users: {read: {files: [people.csv]}, id: user}
features:
  plot: {kind: text, mutable: true}
  marks: {kind: indicator, mutable: false, columns: [drama]}
groups: {by: age, label: "age {range}"}
""")


def complaint(call, *arguments, **named):
    """The one line that a call ends in."""
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    message = str(caught.value)
    assert message and "\n" not in message and "\r" not in message
    return message


def changed(content, *changes):
    """A deep copy with other values, each given as ``(keys separated by a slash, value)``."""
    content = copy.deepcopy(content)
    for path, value in changes:
        part = content
        *parents, last = path.split("/") if isinstance(path, str) else path
        for key in parents:
            part = part[key]
        if value is MISSING:
            del part[last]
        else:
            part[last] = value
    return content


def says(message, parts):
    """Assert that a message holds every part, and show it if it does not."""
    absent = [part for part in parts if part not in message]
    assert not absent, f"{absent} not in: {message}"


def load(content, *over):
    """The study that config.yaml and what goes over it make."""
    return study.load([Layer("config.yaml", content), *over], ROOT)


BAD_STUDIES = {
    "unknown key": [("topk", 10), "topk: unknown key (did you mean top_k?)", "allowed: study, studies, "],
    "unknown key, none like it": [("zzz", 1), "zzz: unknown key; allowed: study, "],
    "unknown key in a section": [
        ("thresholding/keeps", 0.8),
        "thresholding.keeps: unknown key (did you mean keep?)",
        "allowed: keep, over",
    ],
    "unknown key in settings": [
        ("method_settings/recrec/default/lamda", 0.1),
        "method_settings.recrec.default.lamda: unknown key (did you mean lambda?)",
        "allowed: desired_rank, aggregate, ",
    ],
    "unknown key of two lines": [("top\nk", 1), "top k: unknown key"],
    "key that is a number": [((7,), 1), "7: given a whole number as a key; allowed: text (put it in quotes)"],
    "section named by a number": [
        (("method_settings", "recrec", 7), {}),
        "method_settings.recrec.7: given a whole number as a key; allowed: text",
    ],
    "missing key": [("study", MISSING), "study: missing; allowed: text or a list of: text"],
    "missing key in a section": [
        ("benchmarks/cells", [{"dataset": "ml-100k", "ranks": [11], "samplings": [1]}]),
        "benchmarks.cells[0].groups: missing; allowed: a list of: a whole number, at least 1",
    ],
    "text for a number": [("top_k", "ten"), "top_k: given 'ten'; allowed: a whole number, at least 1"],
    "fraction for a whole number": [("top_k", 2.5), "top_k: given 2.5; allowed: a whole number, at least 1"],
    "float for a whole number": [("groups", 5.0), "groups: given 5.0; allowed: a whole number, at least 1"],
    "true for a number": [("seeds", [True]), "seeds[0]: given true; allowed: a whole number, at least 0"],
    "null for a number": [("rbo_p", None), "rbo_p: given null; allowed: a number, above 0 and below 1"],
    "number for a path": [("mirror", 3), "mirror: given 3; allowed: text (a folder, or null)"],
    "text for a list": [("studies/paper", "ml-100k"), "studies.paper: given 'ml-100k'; allowed: a list of: text"],
    "number for a study": [("study", 5), "study: given 5; allowed: text or a list of: text"],
    "list for a section": [("thresholding", [0.8]), "thresholding: given a list; allowed: a mapping"],
    "text for a section": [
        ("method_settings/recrec/ml-100k", "sum"),
        "method_settings.recrec.ml-100k: given 'sum'; allowed: a mapping",
    ],
    "section for a number": [("items_per_rank", {"a": 1}), "items_per_rank: given a mapping; allowed: a whole number"],
    "no groups": [("groups", 0), "groups: given 0; allowed: a whole number, at least 1"],
    "rank 0": [("ranks", [11, 0]), "ranks[1]: given 0; allowed: a whole number, at least 1"],
    "sampling 0": [("samplings", [0]), "samplings[0]: given 0; allowed: a number, above 0 and at most 100 (per cent"],
    "sampling 150": [("samplings", [1, 150]), "samplings[1]: given 150; allowed: a number, above 0 and at most 100"],
    "sampling not a number": [("samplings", [float("nan")]), "samplings[0]: given nan; allowed: a number, above 0"],
    "negative seed": [("seeds", [-1]), "seeds[0]: given -1; allowed: a whole number, at least 0"],
    "share above 1": [("max_top_share", 1.5), "max_top_share: given 1.5; allowed: a number, at least 0 and at most 1"],
    "share not a number": [("max_top_share", float("nan")), "max_top_share: given nan; allowed: a number, at least 0"],
    "rbo_p 1": [("rbo_p", 1), "rbo_p: given 1; allowed: a number, above 0 and below 1"],
    "learning rate 0": [
        ("method_settings/recrec/default/learning_rate", 0),
        "method_settings.recrec.default.learning_rate: given 0; allowed: a number, above 0",
    ],
    "learning rate infinite": [
        ("method_settings/recrec/default/learning_rate", float("inf")),
        "method_settings.recrec.default.learning_rate: given inf; allowed: a number, above 0",
    ],
    "no data set": [("study", []), "study: given []; allowed: a list of: text", "at least one value"],
    "no data set in a study": [
        ("studies/quick", []),
        "studies.quick: given []; allowed: a list of: text",
        "at least one value",
    ],
    "no ranks": [("ranks", []), "ranks: given []; allowed: a list of: a whole number", "at least one value"],
    "rank twice": [("ranks", [11, 21, 11]), "ranks: given [11, 21, 11]", "no value twice"],
    "seed twice": [("seeds", [1, 1]), "seeds: given [1, 1]", "no value twice"],
    "data set twice": [("study", ["ml-100k"] * 2), "study: given ['ml-100k', 'ml-100k']", "no value twice"],
    "empty name": [("study", [""]), "study[0]: given ''; allowed: text (a name under workflow/datasets/"],
    "unknown choice": [("selection", "random"), "selection: given 'random'; allowed: order, mean-rank"],
    "unknown choice in a list": [
        ("sweep/aggregate", ["mean", "max"]),
        "sweep.aggregate[1]: given 'max'; allowed: mean, sum",
    ],
    "unknown study": [("study", "papers"), "study: given 'papers'; allowed: quick, paper", "or a list of data sets"],
    "unknown data set": [("study", ["movielens"]), "study[0]: given 'movielens'; allowed: ", "ml-100k-facets"],
    "unknown data set in a study": [("studies/quick", ["movielens"]), "studies.quick[0]: given 'movielens'; allowed: "],
    "missing data set file": [("study", ["no/films.yaml"]), "study[0]: given no/films.yaml; there is no such file"],
    "study for a data set": [("study", [str(ROOT / "config.yaml")]), "study: unknown key; allowed: extends, title, "],
    "settings for an unknown data set": [
        ("method_settings/recrec/ml-1m", {"desired_rank": 3}),
        "method_settings.recrec.ml-1m: no such data set",
        "allowed: default, aliec, ",
    ],
    "unknown method": [
        ("methods", ["gredy"]),
        f"methods[0]: given 'gredy'; allowed: {METHODS} (did you mean greedy?",
    ],
    "settings of an unknown method": [
        ("method_settings/gredy", {}),
        f"method_settings.gredy: unknown key (did you mean greedy?); allowed: {METHODS}",
    ],
    "settings of another method": [
        ("method_settings/greedy", {"default": {"l1_step": "proximal"}}),
        "method_settings.greedy.default.l1_step: unknown key (did you mean step?); allowed: desired_rank, step",
    ],
    "unknown recommender": [("recommenders", ["ridges"]), f"recommenders[0]: given 'ridges'; allowed: {RECOMMENDERS}"],
    "settings of an unknown recommender": [
        ("recommender_settings", {"als": {}}),
        f"recommender_settings.als: unknown key; allowed: {RECOMMENDERS}",
    ],
    "recommender's setting of another kind": [
        ("recommender_settings", {"ridge": {"default": {"alpha": 0}}}),
        "recommender_settings.ridge.default.alpha: given 0; allowed: a number, above 0",
    ],
    "no method": [("methods", []), f"methods: given []; allowed: a list of: {METHODS}; at least one value"],
    "data set for a study": [
        ("study", "ml-100k"),
        "study: given 'ml-100k'; allowed: quick, paper, or a list of data sets, in brackets: [ml-100k]",
    ],
    "desired rank above top k": [
        ("method_settings/recrec/ml-100k-facets/desired_rank", STUDY["top_k"] + 1),
        f"method_settings.recrec.ml-100k-facets.desired_rank: given {STUDY['top_k'] + 1}, which ml-100k-facets uses; "
        f"allowed: at most top_k, {STUDY['top_k']}",
    ],
}


@pytest.mark.parametrize(("change", "parts"), [(c, p) for c, *p in BAD_STUDIES.values()], ids=BAD_STUDIES.keys())
def test_malformed_study_is_refused_in_one_line(change, parts):
    message = complaint(load, changed(STUDY, change))
    says(message, parts)
    assert message.startswith(("config.yaml: ", f"{ROOT}/config.yaml: "))


def test_unknown_key_is_named_before_the_one_it_leaves_missing():
    says(complaint(load, changed(STUDY, ("seed", [1]), ("seeds", MISSING))), ["seed: unknown key (did you"])


def write_dataset(folder, content, name="films.yaml"):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False), "utf-8")
    return path


def test_data_sets_of_one_name_are_refused(tmp_path):
    paths = [str(write_dataset(tmp_path / folder, DATASET)) for folder in ("one", "two")]
    says(complaint(load, changed(STUDY, ("study", paths))), [f"study[1]: {paths[1]} and another", "both called films"])


def test_data_set_file_with_an_odd_name_is_refused(tmp_path):
    path = write_dataset(tmp_path, DATASET, "my films.yaml")
    says(complaint(load, changed(STUDY, ("study", [str(path)]))), ["my films.yaml", "only letters"])


def test_own_data_set_loads_by_path_with_its_own_settings(tmp_path):
    path = write_dataset(tmp_path, DATASET)
    content = changed(STUDY, ("study", [str(path)]), ("method_settings/recrec/films", {"desired_rank": 1}))
    loaded = load(content)
    assert loaded.datasets == {"films": {**DATASET, "lineage": ["films"]}}
    assert loaded.method_settings("recrec", "films") == {**SETTINGS["default"], "desired_rank": 1}


SHA = "0" * 64


def attach(**gives):
    """An attached table."""
    return {"read": {"files": ["films.csv"]}, "match": [{"item": "film", "table": "film"}], **gives}


BAD_DATASETS = {
    "unknown key": [("titel", "x"), "titel: unknown key (did you mean title?)"],
    "unknown key deep down": [
        ("files/films.csv/sha265", SHA),
        "files.films.csv.sha265: unknown key (did you mean sha256?)",
        "allowed: sha256, ",
    ],
    "missing key": [("features", MISSING), "features: missing; allowed: a mapping"],
    "missing table": [("interactions/read", MISSING), "interactions.read: missing; allowed: a mapping"],
    "missing checksum": [
        ("files/films.csv/sha256", MISSING),
        "files.films.csv.sha256: missing; allowed: text (64 hexadecimal digits",
    ],
    "text for true": [("synthetic", "no"), "synthetic: given 'no'; allowed: true or false"],
    "empty title": [("title", ""), "title: given ''; allowed: text of at least 1"],
    "short checksum": [("files/films.csv/sha256", "abc"), "files.films.csv.sha256: given 'abc'", "64 hexadecimal"],
    "checksum in capitals": [("archives/films.zip/sha256", "A" * 64), "archives.films.zip.sha256: given 'AAA"],
    "negative size": [("files/films.csv/bytes", -1), "files.films.csv.bytes: given -1; allowed: ", "at least 0"],
    "mirror path that climbs": [
        ("files/films.csv/mirror", "../films.csv"),
        "files.films.csv.mirror: given '../films.csv'; allowed: text (a path inside the mirror folder)",
    ],
    "mirror path that climbs later": [("files/films.csv/mirror", "a/../../b"), "given 'a/../../b'; allowed: text (a p"],
    "absolute mirror path": [("archives/films.zip/mirror", "/etc/x"), "archives.films.zip.mirror: given '/etc/x'"],
    "address of another kind": [
        ("files/people.csv/url", "ftp://x.org/a"),
        "files.people.csv.url: given 'ftp://x.org/a'; allowed: text (an address",
    ],
    "requirement without a version": [
        ("archives/films.zip/pypi", "films"),
        "archives.films.zip.pypi: given 'films'; allowed: text (NAME==VERSION)",
    ],
    "no files": [("files", {}), "files: given {}; allowed: a mapping with at least one key"],
    "file name with a slash": [
        (("files", "a/b.csv"), {"sha256": SHA}),
        "files.a/b.csv: not allowed as a name; allowed: text (letters, digits, dot",
    ],
    "file name that is a number": [(("files", 2024), {"sha256": SHA}), "files.2024: given a whole number as a key"],
    "file that leads nowhere": [
        ("files/films.csv/mirror", MISSING),
        "files.films.csv: no way to get it; name at least one of mirror, url, archive",
    ],
    "archive that leads nowhere": [
        ("archives/films.zip/url", MISSING),
        "archives.films.zip: no way to get it; name at least one of mirror, url, pypi",
    ],
    "inner archive without member": [
        (("archives", "inner.zip"), {"sha256": SHA, "archive": "films.zip"}),
        "archives.inner.zip.member: missing; allowed: its path inside films.zip",
    ],
    "inner archive of one not listed": [
        (("archives", "inner.zip"), {"sha256": SHA, "archive": "film.zip", "member": "a"}),
        "archives.inner.zip.archive: given 'film.zip'; allowed: films.zip, inner.zip",
    ],
    "archives inside of each other": [
        (
            "archives",
            {
                "films.zip": {"sha256": SHA, "archive": "b.zip", "member": "a"},
                "b.zip": {"sha256": SHA, "archive": "films.zip", "member": "b"},
            },
        ),
        "archives.films.zip.archive: given 'films.zip', which leads in a circle: films.zip in b.zip in films.zip",
    ],
    "archive not listed": [
        ("files/ratings.csv/archive", "film.zip"),
        "files.ratings.csv.archive: given 'film.zip'; allowed: films.zip",
    ],
    "no archives": [
        ("archives", MISSING),
        "files.ratings.csv.archive: given 'films.zip'; allowed: none; add a section",
    ],
    "archive without member": [
        ("files/ratings.csv/member", MISSING),
        "files.ratings.csv.member: missing; allowed: the path of the file inside films.zip",
    ],
    "table from a file not listed": [
        ("users/read/files", ["people.csv", "peeple.csv"]),
        "users.read.files: given 'peeple.csv'; allowed: ratings.csv, films.csv, people.csv",
    ],
    "attached table from a file not listed": [
        (
            "items/attach",
            [{"read": {"files": ["plots.csv"]}, "match": [{"item": "film", "table": "film"}], "take": {"a": "b"}}],
        ),
        "items.attach[0].read.files: given 'plots.csv'; allowed: ratings.csv",
    ],
    "no file in a table": [("items/read/files", []), "items.read.files: given []; allowed: a list of: text (a key"],
    "long separator": [("items/read/separator", "||"), "items.read.separator: given '||'", "text of one character"],
    "column twice": [("items/read/columns", ["a", "a"]), "items.read.columns: given ['a', 'a']", "no value twice"],
    "unknown encoding": [
        ("items/read/encoding", "latin-99"),
        "items.read.encoding: given 'latin-99'; allowed: a text encoding of Python's, such as utf-8",
    ],
    "encoding that is none of text": [("users/read/encoding", "base64"), "users.read.encoding: given 'base64'"],
    "line end for a separator": [("items/read/separator", "\n"), "items.read.separator: given '\\n'; allowed: not the"],
    "id map from a file not listed": [
        ("interactions/item_map", {"read": {"files": ["ids.csv"]}, "from": "a", "to": "b"}),
        "interactions.item_map.read.files: given 'ids.csv'; allowed: ratings.csv",
    ],
    "nothing but a distance to match": [
        (
            "items/attach",
            [{"read": {"files": ["films.csv"]}, "match": [{"item": "year", "table": "year", "within": 1}]}],
        ),
        "items.attach[0].match: given 1 matches within a distance and 0 of text",
    ],
    "attached table that gives nothing": [
        ("items/attach", [{"read": {"files": ["films.csv"]}, "match": [{"item": "film", "table": "film"}]}]),
        "items.attach[0]: no column comes of it; name at least one of take, collect",
    ],
    "column of two tables": [
        ("items/attach", [attach(take={"cast": "a"}), attach(collect={"value": "b", "into": "cast"})]),
        "items.attach[1].collect.into: a second column cast, after items.attach[0].take.cast; give it another name",
    ],
    "column derived and attached": [
        ("items/attach", [attach(collect={"by": "a", "value": "b", "into": {"year": "c"}})]),
        "items.attach[0].collect.into.year: a second column year, after items.derive.year",
    ],
    "kinds of facts without a column that tells them": [
        ("items/attach", [attach(collect={"value": "b", "into": {"cast": "c"}})]),
        "items.attach[0].collect.into: given a mapping; allowed: the name of a new column, without by",
    ],
    "facts of every kind in one column": [
        ("items/attach", [attach(collect={"by": "a", "value": "b", "into": "cast"})]),
        "items.attach[0].collect.into: given 'cast'; allowed: a mapping of new columns to texts in by",
    ],
    "derived from itself": [
        ("items/derive/year/from", "year"),
        "items.derive.year.from: given 'year'; allowed: a column of another name",
    ],
    "key of another format": [
        ("items/read/fields", {"a": "b"}),
        "items.read.fields: no key of format csv, only of json, jsonl; allowed: files, format, separator",
    ],
    "format that there is not": [
        ("items/read/format", "cvs"),
        "items.read.format: given 'cvs'; allowed: csv, json, jsonl (did you mean csv?)",
    ],
    "JSON lines without fields": [
        ("items/read", {"files": ["films.csv"], "format": "jsonl"}),
        "items.read.fields: missing; allowed: a mapping with at least one key of names to: text",
    ],
    "no kind": [("features/plot", {"mutable": True}), "features.plot.kind: missing; allowed: text, categorical, multi"],
    "range of three": [
        ("filters", {"items_range": {"year": [1, 2, 3]}}),
        "filters.items_range.year: given [1, 2, 3]; allowed: a list of: a number; exactly 2 values",
    ],
    "broken pattern": [
        ("items/derive/year/pattern", "(\\d{4}"),
        "items.derive.year.pattern: not a regular expression (missing )",
    ],
    "pattern without a group": [
        ("items/derive/year/pattern", "\\d{4}"),
        "items.derive.year.pattern: has 0 groups; allowed: exactly one",
    ],
    "pattern with two groups": [("items/derive/year/pattern", "(.)(.)"), "has 2 groups; allowed: exactly one"],
    "unknown rule for duplicates": [
        ("interactions/duplicates", "last"),
        "interactions.duplicates: given 'last'; allowed: refuse, first, sum",
    ],
    "no features": [("features", {}), "features: given {}; allowed: a mapping with at least one key"],
    "unknown kind": [("features/plot/kind", "image"), "features.plot.kind: given 'image'; allowed: text, categorical"],
    "min_items 0": [("features/plot/min_items", 0), "features.plot.min_items: given 0; allowed: a whole number, at l"],
    "number without scaling": [
        ("features/plot/kind", "number"),
        "features.plot.scaling: missing; allowed: none, minmax, standard, deviation",
    ],
    "scaling of a text": [
        ("features/plot/scaling", "minmax"),
        "features.plot.scaling: no key of kind text, only of number; allowed: ",
    ],
    "indicator without columns": [
        ("features/marks/columns", MISSING),
        "features.marks.columns: missing; allowed: a list of: text; at least one value",
    ],
    "columns of a text": [
        ("features/plot/columns", ["plot"]),
        "features.plot.columns: no key of kind text, only of indicator; allowed: ",
    ],
    "groups by a column of no table": [
        ("users", MISSING),
        "groups.by: given 'age'; allowed: activity, for there is no table of users",
    ],
    "label without a range": [
        ("groups/label", "age"),
        "groups.label: given 'age'; allowed: text (text that holds {range})",
    ],
}


@pytest.mark.parametrize(("change", "parts"), [(c, p) for c, *p in BAD_DATASETS.values()], ids=BAD_DATASETS.keys())
def test_malformed_data_set_is_refused_in_one_line(change, parts, tmp_path):
    path = write_dataset(tmp_path, changed(DATASET, change))
    says(complaint(load_dataset, path), [f"{path}: ", *parts])


def test_data_set_extends_another(tmp_path):
    write_dataset(tmp_path, DATASET)
    over = {"extends": "films", "title": "Fewer", "users": None, "groups": {"by": "activity"}}
    path = write_dataset(tmp_path, over, "fewer.yaml")
    expected = changed(DATASET, ("title", "Fewer"), ("users", MISSING), ("groups/by", "activity"))
    assert load_dataset(path) == {**expected, "lineage": ["films", "fewer"]}


@pytest.mark.parametrize(
    ("films", "others", "part"),
    [
        ("films", "films", "films.yaml: extends: given 'films', which leads in a circle: films extends films"),
        (
            "others",
            "films",
            "others.yaml: extends: given 'films', which leads in a circle: films extends others extends",
        ),
        ("none", "films", "films.yaml: extends: given 'none'; there is no data set "),
        ("goodbook", "films", "(did you mean goodbooks?)"),
        (7, "films", "films.yaml: extends: given 7; allowed: text"),
    ],
    ids=["itself", "each other", "nothing", "nearly a shipped one", "a number"],
)
def test_data_set_that_extends_nothing_or_itself_is_refused(films, others, part, tmp_path):
    for name, base in (("films", films), ("others", others)):
        write_dataset(tmp_path, {"extends": base}, f"{name}.yaml")
    path = write_dataset(tmp_path, {"extends": "films"}, "start.yaml")
    says(complaint(load_dataset, path), [part])


def test_null_is_a_key_left_out(tmp_path):
    over = [("cite", None), ("interactions/weight", None), ("files/people.csv/md5", None)]
    path = write_dataset(tmp_path, changed(DATASET, *over))
    expected = changed(DATASET, ("interactions/weight", MISSING))
    assert load_dataset(path) == {**expected, "lineage": ["films"]}


def of_films(files, archives=None):
    """A study of one data set with these ways to its files."""
    return study.Study({}, {"films": {"files": files, "archives": archives or {}}})


WAYS = {
    "address": ({"url": "https://x.org/a"}, {}, True, True),
    "archive with an address": ({"archive": "a.zip"}, {"url": "https://x.org/a"}, True, True),
    "archive on PyPI": ({"archive": "a.zip"}, {"pypi": "a==1"}, True, True),
    "generated": ({"generator": True}, {}, True, True),
    "by hand": ({"mirror": "a.csv", "by_hand": "the authors"}, {}, False, True),
    "archive by hand": ({"archive": "a.zip"}, {"mirror": "a.csv"}, False, True),
    "archive by hand, or its file": ({"archive": "a.zip", "mirror": "no.csv"}, {"mirror": "a.csv"}, False, True),
    "archive in one on PyPI": ({"archive": "b.zip"}, {"pypi": "a==1"}, True, True),
    "archive in one by hand": ({"archive": "b.zip"}, {"mirror": "a.csv"}, False, True),
    "by hand and not there": ({"mirror": "no.csv"}, {}, False, False),
}


@pytest.mark.parametrize(("file", "archive", "without", "with_mirror"), WAYS.values(), ids=WAYS.keys())
def test_files_to_place_by_hand_are_told_before_the_start(file, archive, without, with_mirror, tmp_path):
    (tmp_path / "a.csv").write_text("")
    loaded = of_films({"films.csv": file}, {"a.zip": archive, "b.zip": {"archive": "a.zip", "member": "b.zip"}})
    for mirror, fine in ((None, without), (tmp_path, with_mirror)):
        line = study.missing_files(loaded, mirror, tmp_path / "results")
        assert (line is None) == fine
        if line:
            place = file.get("mirror") or archive["mirror"]
            says(line, ["files to get by hand: films needs MIRROR/" + place, str(mirror or "RECREC_MIRROR")])
            assert "\n" not in line


def test_files_are_not_missing_once_they_were_fetched(tmp_path):
    (tmp_path / "data" / "films" / "raw").mkdir(parents=True)
    assert study.missing_files(of_films({"films.csv": {"mirror": "a.csv"}}), None, tmp_path) is None


BAD_YAML = {
    "empty": (b"", "holds nothing, a mapping"),
    "only a comment": (b"# nothing\n", "holds nothing, a mapping"),
    "a list": (b"- title: x\n", "holds a list, a mapping"),
    "a word": (b"title\n", "holds text, a mapping"),
    "open bracket": (b"title: x\nfiles: [a, b: c: d]\n", "line 2 not valid YAML: "),
    "tab": (b"title: x\nfiles:\n\ta: 1\n", "line 3 not valid YAML: "),
    "two colons": (b"title: a: b\n", "line 1 not valid YAML: mapping values are not allowed"),
    "unknown alias": (b"title: *x\n", "line 1 not valid YAML: "),
    "code": (b"title: !!python/name:os.system\n", "line 1 not valid YAML: "),
    "no day of the calendar": (b"title: 2024-13-40\n", "not valid YAML: month must be in 1..12; put text in quotes"),
    "control character": (b"title: \x00\n", "not valid YAML"),
    "latin-1": (b"title: caf\xe9\n", "not UTF-8 at byte 10; save the file as UTF-8"),
    "deep": (b"a: " + b"[" * 100_000, "nested too deeply"),
    "UTF-16": ("title: x\n".encode("utf-16"), "UTF-16, not UTF-8; save the file as UTF-8"),
    "UTF-16, big end first": (b"\xfe\xff" + "title: x\n".encode("utf-16-be"), "UTF-16, not UTF-8; save the file"),
    "UTF-16 without a mark": ("title: x\n".encode("utf-16-le"), "UTF-16, not UTF-8; save the file as UTF-8"),
    "UTF-16 without a mark, big end first": ("title: x\n".encode("utf-16-be"), "UTF-16, not UTF-8; save the file"),
    "UTF-32": ("title: x\n".encode("utf-32"), "UTF-32, not UTF-8; save the file as UTF-8"),
    "key twice": (
        b"title: x\nfiles: {}\ntitle: y\n",
        "line 3: title: given a second time, the first is in line 1; keep",
    ),
    "key twice in a section": (
        b"features:\n  plot:\n    kind: text\n  cast: {}\n  plot: {kind: multi}\n",
        "line 5: features.plot: given a second time, the first is in line 2",
    ),
    "key twice in a list": (b"a: [{b: 1}, {c: 1, 'c': 2}]\n", "line 1: a[1].c: given a second time"),
    "key that is a number": (b"a: {2024: x}\n", "line 1: a.2024: given a whole number as a key; allowed: text (put it"),
    "key that is no": (b"a: {no: x}\n", "line 1: a.no: given true or false as a key; allowed: text (put it in quotes)"),
    "key that is a list": (b"[a, b]: x\n", "line 1: given a list or a mapping as a key; allowed: text"),
}


@pytest.mark.parametrize(("content", "part"), BAD_YAML.values(), ids=BAD_YAML.keys())
def test_file_that_is_no_mapping_is_refused(content, part, tmp_path):
    path = tmp_path / "films.yaml"
    path.write_bytes(content)
    message = complaint(load_dataset, path)
    says(message, [f"{path}: ", part])
    assert message.count(str(path)) == 1


def test_yaml_of_every_kind_is_read(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + "a: &a {é: 1e-3, f: 1_000}\nb: {<<: *a, f: '1'}\nc: *a\n".encode())
    expected = {"é": 0.001, "f": 1000}
    assert read_yaml(path) == {"a": expected, "b": {**expected, "f": "1"}, "c": expected}


def test_missing_file_and_folder_are_refused(tmp_path):
    says(complaint(read_yaml, tmp_path / "no.yaml"), ["no.yaml: no such file"])
    says(complaint(read_yaml, tmp_path), [f"{tmp_path}: cannot be read (Is a directory)"])


def test_key_of_two_lines_is_told_in_one(tmp_path):
    path = write_dataset(tmp_path, changed(DATASET, (("my\nkey",), 1)))
    says(complaint(load_dataset, path), ["my key: unknown key"])


@pytest.mark.parametrize("way", ["mirror", "RECREC_MIRROR"])
def test_mirror_that_is_no_folder_is_refused(way, tmp_path, monkeypatch):
    path = write_dataset(tmp_path, "a file")
    monkeypatch.setenv("RECREC_MIRROR", str(path))
    message = complaint(mirror_folder, str(path) if way == "mirror" else None)
    says(message, [f"{way}: {path} is not a folder; name the folder"])


@pytest.mark.parametrize(
    ("configured", "environment", "used"),
    [(None, None, None), (None, "", None), (None, "b", "b"), ("a", None, "a"), ("a", "b", "a")],
)
def test_mirror_of_the_config_goes_before_the_environment(configured, environment, used, tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    if environment is None:
        monkeypatch.delenv("RECREC_MIRROR", raising=False)
    else:
        monkeypatch.setenv("RECREC_MIRROR", environment)
    assert mirror_folder(configured) == (used and Path(used))


def test_a_study_of_other_ranks_and_groups_need_not_say_what_it_would_benchmark():
    assert load(changed(STUDY, ("ranks", [7]), ("groups", 2))).config["ranks"] == [7]


@pytest.mark.parametrize(
    ("key", "value", "parts"),
    [
        ("dataset", "ml-1m", ["benchmarks.cells[1].dataset: given 'ml-1m'; allowed: ", "ml-100k"]),
        (
            "dataset",
            STUDY["benchmarks"]["cells"][0]["dataset"],
            ["cells[1].dataset: given", "allowed: each data set once"],
        ),
        ("ranks", [11, 12], ["benchmarks.cells[1].ranks: given 12; allowed: 11, 21, 51, 101"]),
        ("groups", [1, 6], ["benchmarks.cells[1].groups: given 6; allowed: 1 to 5"]),
    ],
)
def test_cells_that_cannot_be_benchmarked_are_refused_when_they_are_asked_for(key, value, parts):
    cells = [dict(one) for one in STUDY["benchmarks"]["cells"]]
    cells[1][key] = value
    loaded = load(changed(STUDY, ("benchmarks/cells", cells)))
    says(complaint(study.benchmark_cells, loaded), parts)


def test_the_shipped_cells_can_be_benchmarked():
    found = study.benchmark_cells(load(STUDY))
    assert list(found) == [one["dataset"] for one in STUDY["benchmarks"]["cells"]]


@pytest.mark.parametrize("name", STUDY["studies"])
def test_shipped_study_loads(name):
    loaded = load(changed(STUDY, ("study", name)))
    assert list(loaded.datasets) == STUDY["studies"][name]
    for dataset in loaded.datasets:
        assert loaded.method_settings("recrec", dataset) == {**SETTINGS["default"], **SETTINGS.get(dataset, {})}


def test_shipped_config_names_a_shipped_study():
    assert list(load(STUDY).datasets) in STUDY["studies"].values()


@pytest.mark.parametrize("name", known_datasets(ROOT))
def test_shipped_data_set_loads(name):
    loaded = load_dataset(find_dataset(name, ROOT))
    assert loaded["features"] and loaded["files"]


def test_data_set_outside_the_study_is_known_and_a_stranger_is_not():
    loaded = load(changed(STUDY, ("study", ["ml-100k-facets"])))
    assert loaded.dataset("ml-100k")["title"]
    says(complaint(loaded.dataset, "ml-1m"), ["ml-1m: no such data set", "there are: ", "ml-100k"])


def key_lines(node, path=()):
    """Path and line number (from 0) of every key of a YAML document."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line
            yield from key_lines(value, (*path, key.value))


TEXT = (ROOT / "config.yaml").read_text("utf-8")
KEYS = dict(key_lines(yaml.compose(TEXT)))


@pytest.mark.parametrize("path", KEYS, ids="/".join)
def test_key_of_the_shipped_config_has_a_comment_where_it_stands(path):
    """A comment on its line or above it: directly, or above the keys that it stands together with, or its section."""
    lines = TEXT.splitlines()
    at = KEYS[path]

    def commented(line):
        return re.search(r"(^|\s)#", lines[line]) is not None

    above = at
    while above and lines[above - 1].strip() and not commented(above):
        above -= 1
    assert commented(above), f"config.yaml line {at + 1}: {lines[at].strip()} has no comment"
    if path[:3] == ("method_settings", "recrec", "default") and len(path) == 4:
        assert commented(at) or commented(at - 1), f"config.yaml line {at + 1}: a setting needs a comment of its own"


def test_a_study_needs_no_more_than_its_data_sets():
    loaded = load({"study": ["ml-100k"]})
    assert list(loaded.datasets) == ["ml-100k"]
    assert loaded.method_settings("recrec", "ml-100k")["max_iterations"] == 5000
    assert loaded.recommender_settings("ridge", "ml-100k")["alpha"] > 0


def test_defaults_are_those_of_the_shipped_config():
    """Nothing changes for who leaves a key out."""
    shipped = load(STUDY).config
    for key, field in StudyConfig.model_fields.items():
        if key in ("study", "studies", "benchmarks", "causal"):
            continue
        given = StudyConfig(study="quick").model_dump(by_alias=True)[field.alias or key]
        assert shipped[field.alias or key] == given, key
    assert {**STUDY["benchmarks"], "cells": []} == StudyConfig(study="quick").benchmarks.model_dump()


def test_numbers_stay_as_they_are_written():
    """They name files and stand in tables: 1, not 1.0."""
    found = load(changed(STUDY, ("samplings", [1, 2.5]), ("sweep/lambda", [0, 0.5])))
    assert repr(found.config["samplings"]) == "[1, 2.5]"
    assert repr(found.config["sweep"]["lambda"]) == "[0, 0.5]"


def test_settings_of_a_data_set_go_over_those_of_the_ones_it_extends():
    sections = {
        "default": {"desired_rank": 6, "max_iterations": 100},
        "aliec": {"desired_rank": 5, "learning_rate": 0.1},
        "aliec-twin": {"desired_rank": 4},
    }
    content = changed(STUDY, ("study", ["aliec-twin-minmax"]), ("method_settings/recrec", sections))
    loaded = load(changed(content, ("recommender_settings", {"ridge": {"aliec": {"alpha": 2}}})))
    found = loaded.method_settings("recrec", "aliec-twin-minmax")
    assert (found["desired_rank"], found["max_iterations"], found["learning_rate"]) == (4, 100, 0.1)
    assert found["lambda"] == 0.0 and found["l1_step"] == "proximal"
    assert loaded.method_settings("recrec", "goodbooks")["desired_rank"] == 6
    assert loaded.recommender_settings("ridge", "aliec-twin")["alpha"] == 2
    assert loaded.recommender_settings("ridge", "goodbooks")["alpha"] != 2
    assert loaded.recommender_settings("content", "goodbooks") == {}


LAYERED = {
    "in the file": ({"ranks": [11, 0]}, {}, "mine.yaml: ranks[1]: given 0"),
    "in the file, under another key": (
        {"thresholding": {"keep": 2}},
        {"top_k": 9},
        "mine.yaml: thresholding.keep: given 2",
    ),
    "typed": ({"top_k": 9}, {"top_k": 0}, "--config: top_k: given 0"),
    "typed, in a section": (
        {},
        {"thresholding": {"kep": "1"}},
        "--config: thresholding.kep: unknown key (did you mean keep",
    ),
    "typed text for a number": ({}, {"seeds": ["1", "x"]}, "--config: seeds[1]: given 'x'; allowed: a whole number"),
    "typed number that is too large": ({}, {"thresholding": {"keep": "7"}}, "--config: thresholding.keep: given 7; "),
    "neither": ({"samplings": [1]}, {"seeds": ["1"]}, "config.yaml: top_k: given 'ten'"),
    "two that do not agree": (
        {"top_k": 6},
        {},
        "config.yaml: method_settings.recrec.default.desired_rank: given 7, which goodbooks uses; "
        "allowed: at most top_k, 6 (mine.yaml)",
    ),
    "two that do not agree, the other way": (
        {"method_settings": {"recrec": {"goodbooks": {"desired_rank": 11}}}},
        {},
        "mine.yaml: method_settings.recrec.goodbooks.desired_rank: given 11, which goodbooks uses; "
        "allowed: at most top_k, 10",
    ),
    "one that does not agree with a default": (
        {"methods": ["greedy"]},
        {"top_k": 6},
        "config.yaml: method_settings.greedy.default.desired_rank: by default 7, which goodbooks uses; "
        "allowed: at most top_k, 6 (--config)",
    ),
    "study": ({"study": ["goodbook"]}, {}, "mine.yaml: study[0]: given 'goodbook'; allowed: "),
    "study of another file": ({}, {"study": "paper"}, "config.yaml: studies.paper[0]: given 'ml-1m'; allowed: "),
}


@pytest.mark.parametrize(("mine", "typed", "line"), LAYERED.values(), ids=LAYERED.keys())
def test_a_message_names_the_file_that_the_key_came_from(mine, typed, line):
    base = changed(STUDY, ("study", ["goodbooks"]), ("studies/paper", ["ml-1m"]))
    if line.startswith("config.yaml: top_k"):
        base["top_k"] = "ten"
    message = complaint(load, base, Layer("mine.yaml", mine), Layer("--config", typed, typed=True))
    assert message.startswith(line), message


def test_the_sweep_and_the_benchmarks_name_it_too():
    loaded = load(STUDY, Layer("mine.yaml", {"top_k": 8, "benchmarks": {"cells": []}}))
    message = complaint(study.sweep_ranks, loaded)
    assert message == "config.yaml: sweep.desired_rank[4]: given 10; allowed: at most top_k, 8 (mine.yaml)"
    assert complaint(study.benchmark_cells, loaded).startswith("mine.yaml: benchmarks.cells: given none; allowed: ")
    assert study.sweep_ranks(load(STUDY)) == STUDY["sweep"]["desired_rank"]


def test_a_data_set_s_message_names_the_file_that_the_key_came_from(tmp_path):
    write_dataset(tmp_path, changed(DATASET, ("features/plot/min_items", 0)))
    path = write_dataset(tmp_path, {"extends": "films", "title": "Fewer"}, "fewer.yaml")
    assert complaint(load_dataset, path).startswith(f"{tmp_path}/films.yaml: features.plot.min_items: given 0")
    path = write_dataset(tmp_path, {"extends": "films", "features": {"plot": {"min_items": -1}}}, "fewer.yaml")
    assert complaint(load_dataset, path).startswith(f"{tmp_path}/fewer.yaml: features.plot.min_items: given -1")
    write_dataset(tmp_path, DATASET)
    path = write_dataset(tmp_path, {"extends": "films", "features": {"plot": {"mutable": None}}}, "fewer.yaml")
    assert complaint(load_dataset, path).startswith(f"{tmp_path}/fewer.yaml: features.plot.mutable: missing")


def test_values_below_the_first_level_of_the_command_line_arrive_as_text_and_are_read_where_numbers_are_wanted():
    typed = {
        "seeds": ["4", "5"],
        "samplings": ["2.5", "1e1"],
        "thresholding": {"keep": "0.7", "over": "sample"},
        "study": ["2024.yaml"],
        "method_settings": {"recrec": {"default": {"lambda": "0.1", "max_iterations": "7"}}},
        "recommender_settings": {"ridge": {"default": {"centre": "false"}}},
        "benchmarks": {"cells": [{"dataset": "goodbooks", "groups": ["1"], "ranks": ["11"], "samplings": ["1"]}]},
    }
    before = copy.deepcopy(typed)
    message = complaint(load, STUDY, Layer("--config", typed, typed=True))
    assert message == "--config: study[0]: given 2024.yaml; there is no such file"
    loaded = load(STUDY, Layer("--config", {**typed, "study": ["goodbooks"]}, typed=True))
    assert loaded.config["seeds"] == [4, 5] and loaded.config["samplings"] == [2.5, 10.0]
    assert loaded.config["thresholding"] == {"keep": 0.7, "over": "sample"}
    found = loaded.method_settings("recrec", "goodbooks")
    assert (found["lambda"], found["max_iterations"], found["desired_rank"]) == (0.1, 7, 7)
    assert loaded.recommender_settings("ridge", "goodbooks")["centre"] is False
    assert study.benchmark_cells(loaded)["goodbooks"]["groups"] == [1]
    assert typed == before


def test_text_of_a_file_is_never_read_as_a_number():
    message = complaint(load, STUDY, Layer("mine.yaml", {"thresholding": {"keep": "0.7"}}))
    assert message.startswith("mine.yaml: thresholding.keep: given '0.7'; allowed: a number")


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ("1e-3", 0.001), ("true", True), ("x", "x"), ("[1", "[1"), ("", ""), ("null", "null")]
)
def test_scalar_of_the_command_line(text, value):
    assert scalar(text) == value and type(scalar(text)) is type(value)


NAMES = st.sampled_from("abc")
TEXTS = st.text("a1.:-\n", max_size=3)
LEAVES = st.one_of(st.integers(), TEXTS, st.booleans(), st.none(), st.floats(), st.lists(st.integers()))
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)
SECTIONS = st.dictionaries(NAMES, TREES, max_size=3)


def values(tree, path=()):
    """Path of every value that is no mapping, and the value."""
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from values(inner, (*path, key))
    else:
        yield path, tree


@settings(deadline=None)
@given(st.lists(SECTIONS, min_size=1, max_size=4))
def test_every_value_comes_from_the_last_layer_that_gives_it(contents):
    layers = [Layer(str(place), content) for place, content in enumerate(contents)]
    for path, value in values(merged(layers)):
        source = source_of(layers, path)
        assert any(path == other and value is given_value for other, given_value in values(source.content))
        later = layers[int(source.source) + 1 :]
        assert not any(path == other for layer in later for other, _ in values(layer.content))


ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=4)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_stands_in_place_of_a_value_ends_in_one_line_or_loads(data):
    content, check = data.draw(st.sampled_from([(STUDY, StudyConfig), (DATASET, Dataset)]))
    if check is StudyConfig:
        content = changed(content, ("method_settings", MISSING), ("studies", {"a": ["goodbooks"]}), ("study", "a"))
    path, _ = data.draw(st.sampled_from(list(values(content))))
    cut = data.draw(st.integers(1, len(path)))
    content = changed(content, (path[:cut], data.draw(ANYTHING)))
    try:
        checked(check, [Layer("a.yaml", content)])
    except InputError as error:
        assert "\n" not in str(error) and str(error).startswith("a.yaml: ")


SNAKEMAKE_ERRORS = {
    "wrong type": (["--config", "top_k=abc"], "--config: top_k: given 'abc'; allowed: a whole number, at least 1"),
    "mirror that is no folder": (
        ["--config", "mirror=Snakefile"],
        "mirror: Snakefile is not a folder; name the folder",
    ),
    "key twice in a file": (["--configfile", "twice.yaml"], "twice.yaml: line 2: top_k: given a second time"),
    "wrong type in a file": (
        ["--configfile", "wrong.yaml"],
        "wrong.yaml: ranks[0]: given 'x'; allowed: a whole number",
    ),
}


def snakemake(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "--cores", "1", *arguments],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "line"), SNAKEMAKE_ERRORS.values(), ids=SNAKEMAKE_ERRORS.keys())
def test_snakemake_shows_the_line_and_no_traceback(arguments, line, tmp_path):
    (tmp_path / "Snakefile").write_text("")
    (tmp_path / "twice.yaml").write_text("top_k: 9\ntop_k: 8\n")
    (tmp_path / "wrong.yaml").write_text("ranks: [x]\n")
    done = snakemake(*arguments, "--snakefile", str(ROOT / "Snakefile"), cwd=tmp_path)
    assert done.returncode == 1
    assert [found for found in done.stdout.splitlines() if found.startswith(line)], done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_what_snakemake_s_command_line_says_is_what_the_rules_see(tmp_path):
    (tmp_path / "mine.yaml").write_text("groups: 1\nranks: [11]\nseeds: [9]\n")
    done = snakemake(
        *["--snakefile", str(ROOT / "Snakefile"), "results/tables/cells.csv", "--configfile", "mine.yaml", "--config"],
        *["samplings=[2.5,10]", "thresholding={keep: 0.7}", "seeds=[1,2]"],
        "method_settings={recrec: {default: {lambda: 0.1}}}",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    total = dict(re.findall(r"^(recourse|rank_baseline)\s+(\d+)$", done.stdout, re.MULTILINE))
    assert total == {"recourse": "2", "rank_baseline": "1"}, done.stdout
    assert "sampling=2.5" in done.stdout and "sampling=10" in done.stdout
