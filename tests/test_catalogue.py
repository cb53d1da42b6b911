"""The models of the configs: defaults that are the truth, a description of every key, generated files up to date."""

import json

import jsonschema
import pandas as pd
import pytest
import samples
import yaml
from conftest import REPOSITORY

from recrec import methods, recommenders
from recrec.config.checking import schema_of
from recrec.data import catalogue, dataset, features
from recrec.errors import InputError
from recrec.workflow import reference
from recrec.workflow.study_config import study_model

NAMES = catalogue.known_datasets(REPOSITORY)
STUDY = study_model(methods.names(), recommenders.names())


SHOP = """
title: Shop
synthetic: true
licence: none
terms: none
files:
  buys.csv: {sha256: unknown, mirror: buys.csv}
  goods.csv: {sha256: unknown, mirror: goods.csv}
  people.csv: {sha256: unknown, mirror: people.csv}
interactions: {read: {files: [buys.csv]}, user: who, item: what}
items: {read: {files: [goods.csv]}, id: code, title: name}
users: {read: {files: [people.csv]}, id: who}
features: {name: {kind: text, mutable: true}, colour: {kind: categorical, mutable: true}}
groups: {by: age, label: "{range}"}
"""


def written_out(given):
    """A data set's config with every default in it."""
    files = None if "generator" in given else given["files"]
    model = catalogue.Dataset(**{**{key: given[key] for key in given.keys() - {"lineage", "files"}}, "files": files})
    return {**given, **model.model_dump(by_alias=True, exclude_none=True), "files": given["files"]}


def outcome(config, folder):
    """What comes of a data set, or the message."""
    try:
        data = dataset.build(config, folder)
        matrix, names = features.featurize(config["features"], data.items)
    except InputError as error:
        return str(error)
    tables = [data.items, data.users, names, *(pd.DataFrame(part.toarray()) for part in (data.ratings, matrix))]
    return [table.to_csv() for table in tables] + [data.dropped]


@pytest.mark.parametrize("name", NAMES)
def test_a_default_that_is_described_is_what_happens_without_the_key(name, tmp_path):
    samples.SAMPLES[name](tmp_path)
    given = catalogue.load_dataset(catalogue.find_dataset(name, REPOSITORY))
    assert written_out(given) != given
    assert outcome(given, tmp_path) == outcome(written_out(given), tmp_path)


TRAPS = {
    "nothing odd": ("a,x\nb,y\n", None, None),
    "row twice": ("a,x\na,x\nb,y\n", "interactions", {"duplicates": "first"}),
    "unknown item": ("a,x\nb,q\n", "interactions", {"unknown_items": "drop"}),
    "unknown user": ("a,x\nq,y\n", "interactions", {"unknown_users": "drop"}),
    "user with one": ("a,x\nb,x\nb,y\n", "filters", {"user_interactions": 2}),
    "item with none": ("a,x\nb,x\n", "filters", {"item_interactions": 1}),
    "function words": ("a,x\nb,y\n", "features", {"name": {"kind": "text", "mutable": True, "function_words": "drop"}}),
}


@pytest.mark.parametrize(("buys", "section", "other"), TRAPS.values(), ids=TRAPS.keys())
def test_a_default_that_is_described_is_what_happens_where_it_matters(buys, section, other, tmp_path):
    (tmp_path / "buys.csv").write_text("who,what\n" + buys)
    (tmp_path / "goods.csv").write_text('code,name,colour\nx,"the old, red chair",red\ny,a table,\n')
    (tmp_path / "people.csv").write_text("who,age\na,20\nb,30\n")
    (tmp_path / "shop.yaml").write_text(SHOP)
    given = catalogue.load_dataset(tmp_path / "shop.yaml")
    assert outcome(given, tmp_path) == outcome(written_out(given), tmp_path)
    if other:
        changed = {**given, section: {**given.get(section, {}), **other}}
        assert outcome(changed, tmp_path) != outcome(given, tmp_path)


def described(schema, where=""):
    """Every key below a schema, and whether it is described."""
    for key, rule in schema.get("properties", {}).items():
        yield f"{where}.{key}", bool(rule.get("description"))
    for inside in (
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", ()),
        *schema.get("oneOf", ()),
        *[schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)],
    ):
        yield from described(inside, f"{where}.{inside.get('title', '')}")


@pytest.mark.parametrize("model", [STUDY, catalogue.Dataset], ids=["study", "data set"])
def test_every_key_is_described(model):
    keys = list(described(schema_of(model)))
    assert len(keys) > 40
    assert not [key for key, is_described in keys if not is_described]


@pytest.mark.parametrize("path", reference.files())
def test_generated_file_is_up_to_date(path):
    """Else: PYTHONPATH=scripts python -m recrec.workflow.reference."""
    assert (REPOSITORY / path).read_text("utf-8") == reference.files()[path]


def test_every_section_that_the_reference_points_to_is_in_it():
    text = reference.files()["workflow/docs/config.md"]
    headings = {reference.anchor(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")}
    pointed_to = {part.split(")")[0] for part in text.split("](#")[1:]}
    assert len(pointed_to) > 20 and pointed_to <= headings


def problems(schema, content):
    """What an editor would underline."""
    content_schema = json.loads(reference.files()[f"workflow/schemas/{schema}.schema.json"])
    jsonschema.Draft202012Validator.check_schema(content_schema)
    return [error.message for error in jsonschema.Draft202012Validator(content_schema).iter_errors(content)]


def test_editors_accept_what_is_shipped_and_not_what_is_wrong():
    shipped = yaml.safe_load((REPOSITORY / "config.yaml").read_text("utf-8"))
    assert problems("config", shipped) == []
    assert problems("config", {"top_k": 5}) == []
    assert problems("config", {"top_k": 0}) and problems("config", {"topk": 5})
    assert problems("config", {"method_settings": {"recrec": {"default": {"lamda": 1}}}})


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_editors_accept_the_shipped_data_sets(name):
    content = yaml.safe_load((REPOSITORY / catalogue.DATASETS / f"{name}.yaml").read_text("utf-8"))
    assert problems("dataset", content) == []
    assert problems("dataset", {**content, "titel": "x"})
    if "extends" not in content:
        assert problems("dataset", {**content, "features": {"plot": {"kind": "image", "mutable": True}}})
        assert problems("dataset", {key: value for key, value in content.items() if key != "title"})
