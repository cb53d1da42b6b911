"""Equations fitted to people: noise and value undo each other, densities are exact, and true equations are found."""

import array_api_strict
import jax
import numpy as np
import pytest
import scipy.integrate
import yaml
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st
from test_causal_data import CONFIG
from test_config import changed, complaint, says

from recrec.causal import catalogue
from recrec.causal.fitting import FittedMechanism, fit_equations, from_arrays, to_arrays
from recrec.causal.models_table import COLUMNS, equation_rows
from recrec.causal.noise import Mixture
from recrec.causal.people import People, simulate, split
from recrec.storage import load_arrays, save_arrays

#: Together a minute or two.
pytestmark = pytest.mark.slow

SHIPPED = ("triangle", "collider", "chain", "triangle-nonlinear", "collider-nonlinear", "chain-nonlinear", "loan")


def shipped(name):
    return catalogue.load(catalogue.find(name, REPOSITORY))


def village(tmp_path, *changes):
    (tmp_path / "village.yaml").write_text(yaml.safe_dump(changed(CONFIG, *changes), sort_keys=False))
    return catalogue.load(tmp_path / "village.yaml")


@pytest.fixture(scope="module", params=SHIPPED)
def fitted(request):
    """A simulated data set with fitted equations, its people in parts, and the model."""
    dataset = shipped(f"{request.param}-fitted")
    parts = split(simulate(dataset, seed=1), seed=1)
    return dataset, parts, fit_equations(dataset, parts.train.x, 1)


# -------------------------------------------------------------------------------------------------------- one mechanism

MIXED = Mixture(kind="mixture", weights=[0.25, 0.75], means=[-1.0, 0.5], sds=[0.3, 0.8])


def mechanism(scale, hidden, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(2, 3), (3, 1)] if hidden else [(2, 1)]
    weights, biases = (tuple(0.4 * rng.normal(size=shape[skip:]) for shape in shapes) for skip in (0, 1))
    return FittedMechanism(("A", "B"), MIXED, scale, weights, biases)


@given(st.sampled_from(["linear", "log"]), st.booleans(), st.integers(0, 9), st.floats(-3, 3), st.floats(-2, 2))
@settings(deadline=None)
def test_noise_is_what_leads_to_the_value_and_the_slope_is_its_derivative(scale, hidden, seed, a, u):
    one = mechanism(scale, hidden, seed)
    parents = {"A": np.array([a]), "B": np.array([1.0])}
    value = one.value(parents, np.array([u]))
    noise, log_slope = one.noise(parents, value)
    assert noise == pytest.approx(u, abs=1e-9)
    step = 1e-5
    difference = (one.value(parents, np.array([u + step])) - one.value(parents, np.array([u - step]))) / (2 * step)
    assert np.exp(log_slope) == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_the_density_of_values_integrates_to_one(scale, hidden):
    one = mechanism(scale, hidden)
    parents = {"A": np.array(0.7), "B": np.array(-0.2)}

    def density(x):
        noise, log_slope = one.noise(parents, np.array(x))
        return float(np.exp(one.law.log_density(noise) - log_slope))

    total, _ = scipy.integrate.quad(density, -1 if scale == "log" else -40, 400 if scale == "log" else 40, limit=500)
    assert total == pytest.approx(1, abs=1e-6)


def test_no_noise_leads_below_what_the_logarithm_allows():
    with np.errstate(all="ignore"):
        noise, _ = mechanism("log", False).noise({"A": np.zeros(1), "B": np.zeros(1)}, np.array([-2.0]))
    assert np.isnan(noise)


def test_parents_may_have_different_axes():
    one = mechanism("linear", True)
    a, b = np.linspace(-1, 1, 5), np.linspace(0, 1, 3)[:, None]
    whole = one.mean({"A": a, "B": b})
    assert whole.shape == (3, 5)
    assert whole[1, 2] == pytest.approx(float(one.mean({"A": a[2], "B": b[1, 0]})), abs=1e-14)


def test_only_a_linear_regression_is_linear():
    assert mechanism("linear", True).linear() is None
    assert mechanism("log", False).linear() is None
    one = mechanism("linear", False)
    slopes, of_noise, constant = one.linear()
    value = one.value({"A": np.array(2.0), "B": np.array(3.0)}, np.array(0.5))
    assert value == pytest.approx(2 * slopes["A"] + 3 * slopes["B"] + 0.5 * of_noise + constant)


# ------------------------------------------------------------------------------------------------------- fitted models


def test_the_noise_of_people_leads_back_to_them(fitted):
    _, parts, model = fitted
    np.testing.assert_allclose(model.predict(model.abduct(parts.test.x)), parts.test.x, atol=1e-9)


def test_other_namespaces_run_the_same_equations(fitted):
    _, parts, model = fitted
    x = parts.test.x[:50]
    acted = np.arange(50 * len(model.actionable)).reshape(50, -1) % 3 == 0
    values = x[:, model.actionable] + 0.5
    expected = model.counterfactual(x, acted, values)
    for xp in (array_api_strict, jax.numpy):
        with jax.enable_x64(True):
            u = model.abduct(xp.asarray(x), xp)
            np.testing.assert_allclose(np.asarray(u), model.abduct(x), atol=1e-9)
            got = model.predict(u, xp.asarray(acted), xp.asarray(values), xp)
            np.testing.assert_allclose(np.asarray(got), expected, atol=1e-9)
            density = model.log_density(xp.asarray(x), xp)
            np.testing.assert_allclose(np.asarray(density), model.log_density(x), atol=1e-9)


def test_gradients_of_outcomes_are_differences(fitted):
    _, parts, model = fitted
    x, acted = parts.test.x[0], np.ones(len(model.actionable), dtype=bool)
    acted[-1] = False
    values = x[model.actionable] + 0.3

    def outcome(values, xp=np):
        return model.predict(xp.asarray(model.abduct(x)), xp.asarray(acted), values, xp).sum()

    with jax.enable_x64(True):
        gradient = np.asarray(jax.grad(lambda values: outcome(values, jax.numpy))(jax.numpy.asarray(values)))
    steps = 1e-5 * np.eye(len(values))
    differences = [(outcome(values + step) - outcome(values - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(gradient, differences, atol=1e-6)


def test_a_fitted_model_is_nearly_as_likely_as_the_true_one(fitted):
    dataset, parts, model = fitted
    true, found = (which.log_density(parts.test.x).mean() for which in (dataset.model(), model))
    assert true - 0.06 < found < true + 0.02


def test_true_shares_of_variance_are_found(fitted):
    dataset, parts, model = fitted
    true_model = dataset.model()
    x, u = parts.test.x, parts.test.u
    for row in equation_rows(dataset, model, parts.test):
        assert tuple(row) == COLUMNS
        if (row["group"], row["measure"]) != ("all", "r2"):
            continue
        at = model.nodes.index(row["name"])
        # What is left when the node's own noise is at its middle in place of what it was.
        law = true_model.mechanisms[at].law
        middle = law.sample(np.random.default_rng(0), 100_000).mean()
        parents = {parent: x[:, model.nodes.index(parent)] for parent in true_model.mechanisms[at].parents}
        best = 1 - np.mean(
            (x[:, at] - true_model.mechanisms[at].value(parents, np.full_like(u[:, at], middle))) ** 2
        ) / (x[:, at].var())
        assert best - 0.02 < row["value"] < best + 0.02, row


def test_a_linear_world_is_found_by_linear_regressions():
    dataset = shipped("triangle-fitted")
    model = fit_equations(dataset, simulate(dataset, 20000, 2).x, 2)
    assert model.linear
    true = dataset.model()
    for acted in ([True, False, False], [True, True, False], [True, True, True]):
        acted = np.array(acted)
        np.testing.assert_allclose(model.unit_effects(acted), true.unit_effects(acted), atol=0.03)
    assert model.mechanisms[0].law.p == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("fitted", ["triangle", "loan"], indirect=True)
def test_the_same_people_and_seed_give_the_same_bytes(fitted):
    dataset, parts, model = fitted
    again = fit_equations(dataset, parts.train.x, 1)
    for name, values in to_arrays(model).items():
        assert values.tobytes() == to_arrays(again)[name].tobytes(), name


def test_models_are_written_and_read(fitted, tmp_path):
    dataset, parts, model = fitted
    save_arrays(tmp_path / "model.npz", **to_arrays(model))
    again = from_arrays(dataset, load_arrays(tmp_path / "model.npz"))
    assert again.nodes == model.nodes and again.parents == model.parents
    assert (again.actionable == model.actionable).all() and again.sensitive == model.sensitive
    assert (again.log_density(parts.test.x) == model.log_density(parts.test.x)).all()
    acted, values = np.ones((1, len(model.actionable)), dtype=bool), parts.test.x[:9, model.actionable] + 1
    assert (
        again.counterfactual(parts.test.x[:9], acted, values) == model.counterfactual(parts.test.x[:9], acted, values)
    ).all()


# ---------------------------------------------------------------------------------------------------- people of a table


def villagers(n=500, seed=0):
    """Old, school, children, wage: the order of the graph. Wage has a long tail, children are counted."""
    rng = np.random.default_rng(seed)
    old = (rng.random(n) < 0.4).astype(float)
    school = 1.0 + old + 0.5 * rng.normal(size=n)
    children = rng.poisson(0.5 + old, n).astype(float)
    wage = np.exp(1 + 0.5 * school + 0.3 * rng.normal(size=n)) - 1
    return np.stack([old, school, children, wage], axis=1)


def test_noise_is_added_on_the_scale_that_the_file_says(tmp_path):
    x = villagers(4000)
    dataset = village(tmp_path, ("nodes/wage/scale", "log"))
    model = fit_equations(dataset, x)
    wage = model.mechanisms[3]
    assert wage.weights[0][:, 0] == pytest.approx([0.5, 0.0], abs=0.03)  # school, old
    rest, _ = wage.noise({"school": x[:, 1], "old": x[:, 0]}, x[:, 3])
    assert rest.std() == pytest.approx(0.3, abs=0.02)
    test = People(villagers(500, 1), np.ones(500, dtype=bool), np.arange(500))
    found = {
        row["name"]: row["value"]
        for row in equation_rows(dataset, model, test)
        if row["measure"] == "r2" and row["group"] == "all"
    }
    target = np.log(1 + test.x[:, 3])
    assert found["wage"] == pytest.approx(1 - 0.3**2 / target.var(), abs=0.03)
    assert set(found) == {"wage", "school", "children"}
    groups = {row["group"] for row in equation_rows(dataset, model, test)}
    assert groups == {"all", "0", "1"}


def test_whole_numbers_are_spread_before_a_density_is_fitted_to_them(tmp_path):
    x = villagers(4000)
    counted, not_counted = (
        fit_equations(village(tmp_path, ("nodes/children/column", {"whole": whole})), x).mechanisms[2]
        for whole in (True, False)
    )
    assert counted.weights[0] == pytest.approx(not_counted.weights[0])
    rest, _ = counted.noise({"old": x[:, 0]}, x[:, 2])

    def mean_and_variance(law):
        weights, means, sds = np.array([law.weights, law.means, law.sds])
        mean = weights @ means
        return mean, weights @ (sds**2 + means**2) - mean**2

    for law, extra in ((counted.law, 1 / 12), (not_counted.law, 0.0)):
        mean, variance = mean_and_variance(law)
        assert mean == pytest.approx(0, abs=0.02)
        assert variance == pytest.approx(rest.var() + extra, abs=0.03)
    assert min(counted.law.sds) > min(not_counted.law.sds)


def test_of_more_people_some_are_drawn(tmp_path):
    x = villagers(400)
    dataset = village(tmp_path, ("fitting", {"rows": 100}))
    model = fit_equations(dataset, x, 3)
    assert (fit_equations(dataset, x, 3).log_density(x) == model.log_density(x)).all()
    assert not np.allclose(fit_equations(dataset, x[:100], 3).mechanisms[3].biases[0], model.mechanisms[3].biases[0])


BAD_PEOPLE = {
    "constant node": (
        2,
        lambda values: 0 * values + 3,
        [],
        "node children: all people have the value 3; allowed: several",
    ),
    "node of 0 and 1 with parents": (
        1,
        lambda values: (values > 1.2).astype(float),
        [],
        "node school: takes only 0 and 1 and has the parents old; allowed: none, for no noise could be found",
    ),
    "below what the logarithm allows": (
        3,
        lambda values: values - 40,
        [("nodes/wage/scale", "log")],
        "node wage: scale: given log, but a value is -",
    ),
}


@pytest.mark.parametrize(("at", "spoil", "changes", "part"), BAD_PEOPLE.values(), ids=BAD_PEOPLE.keys())
def test_people_to_whom_nothing_can_be_fitted_are_refused_in_one_line(at, spoil, changes, part, tmp_path):
    x = villagers()
    x[:, at] = spoil(x[:, at])
    says(complaint(fit_equations, village(tmp_path, *changes), x), ["Loans of a village, ", part])
