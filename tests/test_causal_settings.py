"""The study of people in config.yaml: checked when something of it is asked for, in one line."""

import ast
import inspect
import os
import subprocess
import sys

import pytest
from conftest import REPOSITORY

from recrec.actionability.populations import SCHEMES
from recrec.causal import methods, settings
from recrec.causal.methods import _refinement
from recrec.config.reading import Layer, read_yaml
from recrec.errors import InputError


def load(section, typed=False):
    return settings.load(
        [Layer("config.yaml", {"causal": {}}), Layer("mine.yaml", {"causal": section}, typed)], REPOSITORY
    )


def test_the_shipped_section_says_the_defaults():
    shipped = read_yaml(REPOSITORY / "config.yaml")["causal"]
    defaults = settings.section_model()().model_dump(by_alias=True)
    assert {key: defaults[key] for key in shipped} == shipped
    assert shipped["schemes"] == list(SCHEMES)
    assert sorted(shipped["methods"]) == methods.names()


def test_settings_of_a_data_set_go_over_the_default_ones():
    study = load(
        {"study": ["triangle", "loan"], "method_settings": {"grid": {"default": {"bins": 7}, "loan": {"bins": 5}}}}
    )
    assert list(study.datasets) == ["triangle", "loan"]
    assert study.method_settings("grid", "triangle")["bins"] == 7
    assert study.method_settings("grid", "loan")["bins"] == 5
    assert load({}).method_settings("grid", "loan")["bins"] == 15


def test_schemes_of_your_own():
    study = load({"schemes": ["universal", "mine"], "scheme_definitions": {"mine": {"keep": 0.5, "weights": "ranked"}}})
    assert study.scheme("mine").keep == 0.5
    assert study.scheme("universal") == SCHEMES["universal"]


def test_numbers_of_the_command_line_are_read():
    assert load({"people": "12"}, typed=True).config.people == 12


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ({"study": "al"}, "mine.yaml: causal.study: given 'al'; allowed: simulated, all, or a list"),
        ({"study": ["triangel"]}, "mine.yaml: causal.study[0]: given 'triangel'; allowed: "),
        ({"study": ["triangle", "workflow/causal/triangle.yaml"]}, "both called triangle"),
        ({"methods": ["exakt"]}, "mine.yaml: causal.methods[0]: given 'exakt'"),
        ({"schemes": ["univresal"]}, "mine.yaml: causal.schemes[0]: given 'univresal'"),
        ({"people": 0}, "mine.yaml: causal.people: given 0; allowed: a whole number, at least 1"),
        ({"quantiles": [0.9, 0.1]}, "mine.yaml: causal.quantiles: given [0.9, 0.1]; allowed: the lower one first"),
        ({"normalizer": "all"}, "mine.yaml: causal.normalizer: unknown key (did you mean normaliser?)"),
        (
            {"method_settings": {"grid": {"default": {"bin": 3}}}},
            "causal.method_settings.grid.default.bin: unknown key",
        ),
        ({"method_settings": {"grid": {"laon": {"bins": 3}}}}, "causal.method_settings.grid.laon: no such data set"),
        ({"scheme_definitions": {"mine": {"keep": 2}}}, "causal.scheme_definitions.mine.keep: given 2"),
        ({"cards": {"gsmc": ["alice.yaml"]}}, "causal.cards.gsmc: gsmc: no such causal data set (did you mean gmsc?)"),
        ({"cards": {"gmsc": ["17.yaml"]}}, "causal.cards.gmsc[0]: given 17.yaml; allowed: a name of letters"),
        ({"cards": {"gmsc": ["a.yaml"]}}, "causal.cards.gmsc[0]: given a.yaml; there is no such file"),
        ({"cards": {"gmsc": ["Makefile", "tests/Makefile"]}}, "both called Makefile"),
    ],
)
def test_a_mistake_is_one_line(section, complaint, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(InputError) as error:
        load(section)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_preferences_that_go_with_a_sensitive_node_need_one(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text("extends: triangle\nsensitive: null\n")
    with pytest.raises(InputError, match=r"causal.schemes\[0\]: given ranked-correlated, .* and two has none"):
        load({"study": [str(path)], "schemes": ["ranked-correlated"]})
    assert load({"study": [str(path)], "schemes": ["ranked"]}).datasets["two"].sensitive is None


def test_worlds_do_not_share_their_people():
    study = load({"study": ["triangle", "collider", "triangle-fitted"]})
    streams = {name: [content.stream(seed) for seed in (1, 2)] for name, content in study.datasets.items()}
    assert streams["triangle"] == streams["triangle-fitted"]
    assert len({*streams["triangle"], *streams["collider"]}) == 4


def test_a_method_whose_library_is_not_installed_is_refused(monkeypatch):
    monkeypatch.setattr(methods.load("grid"), "REQUIRES", ("no_such_library",), raising=False)
    with pytest.raises(
        InputError, match=r"causal.methods\[1\]: grid needs no_such_library, which is not installed: pip"
    ):
        load({"methods": ["random", "grid"]})


@pytest.mark.parametrize("name", ["amortized", "gradient"])
def test_a_method_names_what_it_imports_when_it_is_asked(name):
    imported = set()
    for module in (methods.load(name), _refinement):
        for function in ast.walk(ast.parse(inspect.getsource(module))):
            for node in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module.partition(".")[0])
    assert set(methods.load(name).REQUIRES) == imported


@pytest.mark.parametrize("name", ["amortized", "gradient"])
@pytest.mark.parametrize("library", ["jax", "optax"])
def test_a_method_without_its_library_can_be_imported_and_is_refused(name, library):
    code = f"""
import sys
sys.modules["{library}"] = None
from recrec.causal import methods
from recrec.errors import InputError
from test_causal_settings import load
assert "{library}" in methods.load("{name}").REQUIRES
try:
    load({{"methods": ["random", "{name}"]}})
except InputError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path])},
    )
    assert done.stdout.startswith(f"mine.yaml: causal.methods[1]: {name} needs {library}, which is not installed")
    assert done.stdout.count("\n") == 1


def test_the_recommender_track_imports_nothing_of_it():
    rooms = "recrec.workflow.study, recrec.workflow.preload, recrec.interface, recrec.reporting.figures"
    ours = "[name for name in sys.modules if name.startswith('recrec.causal') or name in ('jax', 'optax')]"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {rooms}\nprint(*{ours})"],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY / "scripts",
    )
    assert done.stdout.split() == []
