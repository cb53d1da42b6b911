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
from recrec.workflow import reference
from recrec.workflow.study_config import study_model

NAMES = catalogue.known_datasets(REPOSITORY)
STUDY = study_model(methods.names(), recommenders.names())


@pytest.mark.parametrize("name", NAMES)
def test_a_default_that_is_described_is_what_happens_without_the_key(name, tmp_path):
    samples.SAMPLES[name](tmp_path)
    given = catalogue.load_dataset(catalogue.find_dataset(name, REPOSITORY))
    model = catalogue.Dataset(**{key: value for key, value in given.items() if key not in ("lineage", "files")},
                              files=None if "generator" in given else given["files"])  # fmt: skip
    written_out = model.model_dump(by_alias=True, exclude_none=True)
    assert len(json.dumps(written_out)) > len(json.dumps({**given, "lineage": 0}))
    left, right = (dataset.build(config, tmp_path) for config in (given, written_out))
    pd.testing.assert_frame_equal(left.items, right.items)
    pd.testing.assert_frame_equal(left.users, right.users)
    assert (left.ratings != right.ratings).nnz == 0 and left.dropped == right.dropped
    left, right = (
        features.featurize(config["features"], data.items) for config, data in ((given, left), (written_out, right))
    )
    assert (left[0] != right[0]).nnz == 0
    pd.testing.assert_frame_equal(left[1], right[1])


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


@pytest.mark.parametrize("name", NAMES)
def test_editors_accept_the_shipped_data_sets(name):
    content = yaml.safe_load((REPOSITORY / catalogue.DATASETS / f"{name}.yaml").read_text("utf-8"))
    assert problems("dataset", content) == []
    assert problems("dataset", {**content, "titel": "x"})
    if "extends" not in content:
        assert problems("dataset", {**content, "features": {"plot": {"kind": "image", "mutable": True}}})
        assert problems("dataset", {key: value for key, value in content.items() if key != "title"})
