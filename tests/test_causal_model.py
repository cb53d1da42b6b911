"""Causal models: equations as text, noise, interventions, counterfactuals, densities, and what their files may say."""

import math

import array_api_strict
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import yaml
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from recrec.causal import catalogue
from recrec.causal.expressions import ExpressionError, inverse_problem, linear_form, parse, solve_for
from recrec.causal.model import CausalModel, EquationMechanism
from recrec.causal.noise import Noise
from recrec.causal.world import cost, intervention_sets, world_of
from recrec.errors import InputError

SIMULATED = [
    "triangle", "collider", "chain", "triangle-nonlinear", "collider-nonlinear", "chain-nonlinear", "loan",
]  # fmt: skip
#: What the grammar's functions mean, for Python's own evaluation of the same text.
MEANING = {
    "exp": math.exp, "log": math.log, "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "max": max, "min": min,
}  # fmt: skip


def dataset(name):
    return catalogue.load(catalogue.find(name, REPOSITORY))


def law(**keys):
    return TypeAdapter(Noise).validate_python(keys)


def texts(depth=3):
    numbers = st.integers(-3, 3).map(lambda n: f"({n})") | st.sampled_from(["0.5", "2", "1e-1"])
    leaf = numbers | st.sampled_from(["a", "b"])
    return st.recursive(
        leaf,
        lambda inside: st.one_of(
            st.tuples(inside, st.sampled_from(["+", "-", "*", ">=", "<"]), inside).map(lambda t: f"({''.join(t)})"),
            inside.map(lambda t: f"(-{t})"),
            inside.map(lambda t: f"sigmoid({t})"),
            inside.map(lambda t: f"{t}**2"),
            st.tuples(st.sampled_from(["max", "min"]), inside, inside).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        ),
        max_leaves=8,
    )


@given(texts(), st.floats(-2, 2), st.floats(-2, 2))
def test_an_equation_means_what_python_would_read_in_it(text, a, b):
    expected = eval(text, {"__builtins__": {}}, {**MEANING, "a": a, "b": b})
    for xp in (np, array_api_strict):
        got = parse(text).evaluate({"a": xp.asarray([a]), "b": xp.asarray([b])}, xp)
        assert float(got if isinstance(got, float) else got[0]) == pytest.approx(float(expected), rel=1e-12, abs=1e-12)


@given(st.floats(-5, 5), st.floats(0.2, 3))
@pytest.mark.parametrize(
    "text",
    [
        "a + U", "a - 2*U", "U - a", "(U + 1) / a", "a / (4 + exp(U))", "-U", "exp(a*U)", "log(exp(U) + a)",
        "-0.5 + sigmoid(a + U)", "(U + a)**3", "2**U", "3*(a + 2*U)**(-1)",
    ],
)  # fmt: skip
def test_the_noise_is_found_again_and_its_slope_is_the_derivative(text, u, a):
    expression = parse(text)
    assert inverse_problem(expression, "U") is None

    def value(noise):
        return expression.evaluate({"U": np.array([noise]), "a": np.array([a])})

    if abs(u + a) < 0.1 or abs(a + 2 * u) < 0.1:
        u += 0.3
    solution, log_slope = solve_for(expression, "U", value(u), {"a": np.array([a])})
    assert solution[0] == pytest.approx(u, rel=1e-6, abs=1e-6)
    step = 1e-6
    slope = (value(u + step) - value(u - step)) / (2 * step)
    if abs(slope[0]) > 1e-6:
        assert log_slope[0] == pytest.approx(math.log(abs(slope[0])), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a + 1", "does not occur"),
        ("U + U", "more than once"),
        ("max(U, 0)", "max"),
        ("U >= 0", "comparison"),
        ("U**2", "power"),
        ("a**U", "exponent"),
        ("a + 0*U", "no effect"),
        ("a + U*(1 - 1)", "no effect"),
        ("a + 0/U", "no effect"),
        ("a + (a - a)*exp(U)", "no effect"),
        ("2**(0*a*U)", "no effect"),
    ],
)
def test_noise_that_cannot_be_found_again(text, reason):
    assert reason in inverse_problem(parse(text), "U")


@given(texts())
def test_a_linear_form_is_the_expression(text):
    form = linear_form(parse(text))
    if form is not None:
        for a, b in ((0.3, -0.7), (-1.1, 0.4)):
            value = parse(text).evaluate({"a": np.array([a]), "b": np.array([b])})
            expected = form[0].get("a", 0) * a + form[0].get("b", 0) * b + form[1]
            assert float(np.asarray(value).ravel()[0]) == pytest.approx(expected, abs=1e-9)


def test_what_is_linear():
    assert linear_form(parse("2*(a - b)/4 + (1 + 1)*U - 3")) == ({"a": 0.5, "b": -0.5, "U": 2.0}, -3.0)
    assert all(linear_form(parse(text)) is None for text in ("a*b", "a**2", "exp(a)", "max(a, 0)", "1/a", "a >= 0"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("__import__('os')", "calls __import__"),
        ("exp.real", "attributes are not allowed"),
        ("(1).real", "attributes are not allowed"),
        ("exp(a, b)", "exp takes 1, given 2"),
        ("max(a)", "max takes 2, given 1"),
        ("expp(a)", "did you mean exp?"),
        ("a ^ 2", "write **"),
        ("a if b else 1", "is not allowed"),
        ("[a]", "is not allowed"),
        ("a[0]", "is not allowed"),
        ("'a'", "is not allowed"),
        ("True", "is not allowed"),
        ("1j", "is not allowed"),
        ("a < b < 1", "is not allowed"),
        ("a and b", "is not allowed"),
        ("lambda: a", "is not allowed"),
        ("(a := 1)", "is not allowed"),
        ("max(*a)", "given 1"),
        ("exp(x=a)", "is not allowed"),
        ("a +", "no equation"),
        ("", "no equation"),
        ("a\0", "no equation"),
        ("(" * 300 + "a" + ")" * 300, "no equation"),
        ("-" * 200 + "a", "nested deeper"),
        ("1e999", "too large"),
        ("1" + "0" * 400, "too large"),
        ("a*-1e999", "too large"),
        ("a/0 + b", "a / 0 divides by 0"),
        ("a/(2 - 1 - 1)", "divides by 0"),
        ("b/(a - a)", "divides by 0"),
        ("a + 1/0", "1 / 0 divides by 0"),
        ("b**(1/0)", "1 / 0 divides by 0"),
        ("a + 0**(-1)", "0 ** (-1) is no number"),
        ("log(0)", "log(0) is no number"),
        ("b*log(-1)", "is no number"),
        ("a + exp(1000)", "exp(1000) is no number"),
        ("a + 10**(200 + 200)", "is no number"),
        ("1e200*1e200 + a", "1e+200 * 1e+200 is no number"),
        ("a + (-8)**0.5", "is no number"),
        ("max((-8)**0.5, a)", "is no number"),
        ("a + " * 400 + "a", "characters long"),
    ],
)
def test_what_is_no_equation(text, complaint):
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


LAWS = [
    law(kind="normal", mean=1.0, sd=0.5),
    law(kind="mixture", weights=[0.3, 0.7], means=[-2, 1.5], sds=[1.2, 0.8]),
    law(kind="gamma", shape=10, scale=3.5),
    law(kind="uniform", low=-1, high=3),
]


@pytest.mark.parametrize("noise", LAWS, ids=lambda noise: noise.kind)
def test_a_law_s_density_is_one_and_that_of_its_draws(noise):
    total, _ = scipy.integrate.quad(
        lambda u: math.exp(noise.log_density(np.array([u]))[0]), -30, 200, points=[-1, 0, 3, 30], limit=400
    )
    assert total == pytest.approx(1, abs=1e-6)
    draws = noise.sample(np.random.default_rng(0), 20_000)

    def below(u):
        found, _ = scipy.integrate.quad(
            lambda v: math.exp(noise.log_density(np.array([v]))[0]),
            -30,
            u,
            points=[-1, min(u, 0), min(u, 3)],
            limit=400,
        )
        return found

    quantiles = np.quantile(draws, [0.1, 0.5, 0.9])
    assert [below(u) for u in quantiles] == pytest.approx([0.1, 0.5, 0.9], abs=0.015)


def test_densities_by_other_code():
    u = np.linspace(-3, 40, 57)
    normal, mixture, gamma, _ = LAWS
    np.testing.assert_allclose(normal.log_density(u), scipy.stats.norm(1, 0.5).logpdf(u))
    both = 0.3 * scipy.stats.norm(-2, 1.2).pdf(u) + 0.7 * scipy.stats.norm(1.5, 0.8).pdf(u)
    near = both > 1e-300
    np.testing.assert_allclose(mixture.log_density(u)[near], np.log(both[near]))
    np.testing.assert_allclose(gamma.log_density(u), scipy.stats.gamma(10, scale=3.5).logpdf(u))
    coin = law(kind="bernoulli", p=0.3)
    np.testing.assert_allclose(coin.log_density(np.array([0.0, 1.0, 0.5])), [math.log(0.7), math.log(0.3), -np.inf])


@pytest.mark.parametrize("name", SIMULATED)
def test_people_come_from_their_noise_and_back(name):
    model = dataset(name).model()
    x, u = model.sample(2000, np.random.default_rng(1))
    np.testing.assert_allclose(model.abduct(x), u, atol=1e-10)
    np.testing.assert_allclose(model.predict(model.abduct(x)), x, atol=1e-10)
    strict = array_api_strict.asarray(x)
    np.testing.assert_allclose(np.asarray(model.abduct(strict, array_api_strict)), u, atol=1e-10)
    np.testing.assert_allclose(
        np.asarray(model.log_density(strict, array_api_strict)), model.log_density(x), rtol=1e-12
    )
    acted = np.zeros((2000, len(model.actionable)), dtype=bool)
    np.testing.assert_array_equal(model.counterfactual(x, acted, x[:, model.actionable]), x)


def test_the_triangle_s_counterfactuals_by_hand():
    model = dataset("triangle").model()
    x = np.array([[1.0, 0.5, -1.0, 2.0]])
    # Noise: U_X1 = -0.5, U_X2 = -1.5, U_X3 = 2 - 1 - 0.125 + 0.5 = 1.375.
    np.testing.assert_allclose(model.abduct(x), [[1, -0.5, -1.5, 1.375]])
    acted, values = np.array([[True, False, False]]), np.array([[2.5, 0, 0]])
    # X2 = 2.5 - 1.5 = 1; X3 = 1 + 0.625 + 0.5 + 1.375 = 3.5.
    np.testing.assert_allclose(model.counterfactual(x, acted, values), [[1, 2.5, 1, 3.5]])
    acted, values = np.array([[True, True, False]]), np.array([[2.5, -1.0, 0]])
    # X2 stays at what it is set to; X3 = 1 + 0.625 - 0.5 + 1.375 = 2.5.
    np.testing.assert_allclose(model.counterfactual(x, acted, values), [[1, 2.5, -1, 2.5]])
    # Without S: X1 = -0.5, X2 = -2, X3 = 0 - 0.125 - 1 + 1.375 = 0.25.
    np.testing.assert_allclose(model.twin(x), [[0, -0.5, -2, 0.25]])
    np.testing.assert_allclose(model.twin(model.twin(x)), x)


def test_the_loan_s_counterfactuals_by_hand():
    model = dataset("loan").model()
    assert model.nodes == ("G", "A", "E", "L", "D", "I", "V")
    assert model.names == ("E", "L", "I", "V")
    u = np.array([[1.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    x = model.predict(u)
    sigma = lambda t: 1 / (1 + math.exp(-t))  # noqa: E731
    e = -0.5 + sigma(-1 + 0.5 + sigma(0.5))
    i = -4 + 4 + 2 + e
    np.testing.assert_allclose(x, [[1, 5, e, 1, -1 + 0.5 + 1, i, -4 + 1.5 * i]])
    changed = model.counterfactual(x, np.array([[False, False, True, False]]), np.array([[0, 0, -3.0, 0]]))
    np.testing.assert_allclose(changed, [[1, 5, e, 1, 0.5, -3, -4]])


@pytest.mark.parametrize("name", ["triangle", "loan", "chain-nonlinear"])
def test_a_model_s_density_by_differences_of_the_noise(name):
    model = dataset(name).model()
    x, u = model.sample(50, np.random.default_rng(2))
    step = 1e-5
    expected = np.zeros(len(x))
    for place, mechanism in enumerate(model.mechanisms):
        expected += mechanism.law.log_density(u[:, place])
        moved = x.copy()
        moved[:, place] += step
        slope = (model.abduct(moved)[:, place] - u[:, place]) / step
        expected += np.log(np.abs(slope))
    np.testing.assert_allclose(model.log_density(x), expected, atol=2e-3)


def test_the_density_of_a_model_sums_to_one():
    model = CausalModel(
        {
            "A": EquationMechanism.of("exp(0.5*U_A)", "U_A", law(kind="normal")),
            "B": EquationMechanism.of("A - 2*U_B", "U_B", law(kind="normal", sd=0.5)),
        },
        ["A"],
    )
    total, _ = scipy.integrate.dblquad(
        lambda b, a: math.exp(model.log_density(np.array([[a, b]]))[0]), 1e-6, 12, lambda a: a - 9, lambda a: a + 9
    )
    assert total == pytest.approx(1, abs=1e-4)
    assert model.log_density(np.array([[-1.0, 0.0]]))[0] == -np.inf
    assert np.isnan(model.abduct(np.array([[-1.0, 0.0]]))[0, 0])


@settings(max_examples=20)
@given(st.integers(0, 2**31))
@pytest.mark.parametrize("name", SIMULATED[:3])
def test_unit_effects_are_differences(name, seed):
    model = dataset(name).model()
    assert model.linear
    rng = np.random.default_rng(seed)
    x, _ = model.sample(1, rng)
    for acted in intervention_sets(3):
        effects = model.unit_effects(acted)
        assert not effects[~acted].any()
        for k in np.flatnonzero(acted):
            values = x[:, model.actionable].copy()
            before = model.counterfactual(x, acted[None], values)
            values[0, k] += 1
            after = model.counterfactual(x, acted[None], values)
            np.testing.assert_allclose((after - before)[0], effects[k], atol=1e-9)


def test_unit_effects_of_what_is_not_linear():
    model = dataset("loan").model()
    assert not model.linear
    with pytest.raises(ValueError, match="linear"):
        model.unit_effects(np.ones(4, dtype=bool))


def test_only_what_lies_downstream_moves():
    model = dataset("collider").model()
    x, _ = model.sample(100, np.random.default_rng(3))
    acted = np.zeros((100, 3), dtype=bool)
    acted[:, 1] = True
    values = x[:, model.actionable] + 1
    changed = model.counterfactual(x, acted, values)
    np.testing.assert_array_equal(changed[:, :2], x[:, :2])
    np.testing.assert_allclose(changed[:, 3] - x[:, 3], 0.25)


def test_many_sets_are_tried_at_once():
    model = dataset("loan").model()
    x, _ = model.sample(20, np.random.default_rng(4))
    sets = intervention_sets(4)
    values = x[:, model.actionable] + 0.1
    together = model.counterfactual(x[:, None], sets[None], values[:, None])
    assert together.shape == (20, 15, 7)
    for s, acted in enumerate(sets):
        one = model.counterfactual(x, np.broadcast_to(acted, (20, 4)), values)
        np.testing.assert_array_equal(together[:, s], one)


def test_intervention_sets():
    assert len(intervention_sets(4)) == 15
    assert len(intervention_sets(4, largest=2)) == 10
    sizes = intervention_sets(5).sum(axis=1)
    assert (np.diff(sizes) >= 0).all()


class Line:
    """A classifier: accepted where the sum of the values is not negative."""

    def logit(self, x, xp=np):
        return xp.sum(x, axis=-1)


def test_costs_by_hand():
    model = dataset("triangle").model()
    train = np.array([[0.0, 0, 0, 0], [1, 2, 4, 6], [0, 2, 4, 6], [1, 0, 0, 0]])
    limits = np.array([[-9.0] * 3, [9.0] * 3])
    world = world_of(model, Line(), train, limits)
    # Standard deviations 1, 2, 3, so that the range of each standardised column is 2.
    np.testing.assert_allclose(world.sd, [0.5, 1, 2, 3])
    np.testing.assert_allclose(world.ranges, [2, 2, 2])
    people = np.array([[0.0, 1, 1, 1]])
    acted = np.array([[True, False, True]])
    values = np.array([[3.0, 99.0, -2.0]])
    weights = np.array([[2.0, 5.0, 1.0]])
    # (2 * (2/1)^2 + 1 * (3/3)^2) / 2 / 3
    assert cost(world, people, acted, values, weights) == pytest.approx([9 / 6])
    preferred, penalty = np.array([[4.0, 0.0, np.nan]]), np.array([[0.5, 7.0, 3.0]])
    # and 0.5 * ((3 - 4)/1)^2 / 2 / 3
    assert cost(world, people, acted, values, weights, preferred, penalty) == pytest.approx([9.5 / 6])
    assert cost(world, people, ~acted & False, values, weights, preferred, penalty) == pytest.approx([0])
    strict = [array_api_strict.asarray(part) for part in (people, acted, values, weights, preferred, penalty)]
    assert np.asarray(cost(world, *strict, xp=array_api_strict)) == pytest.approx([9.5 / 6])


def test_ranges_over_rejected_people():
    model = dataset("triangle").model()
    train = np.array([[0.0, -1, -1, -1], [0, -3, -1, -1], [1, 5, 5, 5], [1, 4, 1, 2]])
    world = world_of(model, Line(), train, np.zeros((2, 3)), "rejected")
    np.testing.assert_allclose(world.ranges, [2 / world.sd[1], 0, 0])
    np.testing.assert_array_equal(world.accepted, train[2:])


def test_ranges_over_rejected_people_of_whom_there_are_none():
    model = dataset("triangle").model()
    train = np.array([[0.0, 1, 1, 1], [1, 2, 3, 4]])
    assert len(world_of(model, Line(), train, np.zeros((2, 3)), "all").ranges) == 3
    with pytest.raises(InputError) as error:
        world_of(model, Line(), train, np.zeros((2, 3)), "rejected")
    assert str(error.value).startswith(
        "causal.normaliser: given rejected, and the classifier rejects none of 2 training"
    )
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", SIMULATED)
def test_shipped_files(name):
    content = dataset(name)
    assert content.synthetic and content.assumptions and content.cite
    assert content.sensitive in content.nodes
    assert content.nodes[content.sensitive].equation == f"U_{content.sensitive}"


GIVEN = {
    "title": "T", "synthetic": True, "assumptions": "none",
    "accepted": "A + B >= 0",
    "nodes": {
        "A": {"equation": "U_A", "noise": {"kind": "normal"}, "actionable": True},
        "B": {"equation": "A + U_B", "noise": {"kind": "normal"}},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"nodes": {"A": {"equation": "B + U_A"}}}, "nodes: a cycle: "),
        ({"nodes": {"B": {"equation": "C + U_B"}}}, "nodes.B.equation: names C; allowed: A, B, U_B"),
        ({"nodes": {"B": {"equation": "A + U_A + U_B"}}}, "nodes.B.equation: names U_A"),
        ({"nodes": {"B": {"noise": None}}}, "nodes.B.noise: missing"),
        ({"nodes": {"B": {"noise": {"kind": "normall"}}}}, "did you mean normal?"),
        ({"nodes": {"B": {"noise": {"sd": 0}}}}, "nodes.B.noise.sd: given 0; allowed: a number, above 0"),
        ({"nodes": {"B": {"equation": "A"}}}, "U_B does not occur"),
        ({"nodes": {"B": {"equation": "max(A, U_B)"}}}, "cannot be undone"),
        ({"nodes": {"B": {"equation": "open(A) + U_B"}}}, "nodes.B.equation: calls open"),
        ({"nodes": {"B": {"equation": "A.real + U_B"}}}, "attributes are not allowed"),
        ({"nodes": {"B": {"parents": ["A"]}}}, "allowed: one of them"),
        ({"nodes": {"B": {"bounds": [2, 1]}}}, "the lower one first"),
        ({"nodes": {"U_C": {"equation": "U_U_C", "noise": {"kind": "normal"}}}}, "not beginning with U_"),
        ({"nodes": {"A": {"actionable": False}}}, "no node is actionable"),
        ({"sensitive": "C"}, "sensitive: given 'C'; allowed: A, B"),
        ({"sensitive": "A"}, "which is actionable"),
        ({"accepted": "A + C >= 0"}, "accepted: names C"),
        ({"accepted": None}, "accepted: missing; allowed: a comparison, for people are simulated"),
        ({"nodes": {"B": {"noise": {"kind": "mixture", "weights": [0.5, 0.6], "means": [0, 1], "sds": [1, 1]}}}},
         "the sum 1.1"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_is_one_line(tmp_path, change, complaint):
    def over(base, top):
        both = {**base}
        for key, value in top.items():
            both[key] = over(base.get(key, {}), value) if isinstance(value, dict) and "kind" not in value else value
        return {key: value for key, value in both.items() if value is not None}

    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(over(GIVEN, change), sort_keys=False))
    with pytest.raises(InputError) as error:
        catalogue.load(path)
    assert str(error.value).startswith(str(path)), error.value
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_the_file_without_a_mistake(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GIVEN))
    model = catalogue.load(path).model()
    assert model.nodes == ("A", "B")
    # Extended, key by key.
    more = tmp_path / "more.yaml"
    more.write_text("extends: mine\nnodes:\n  B: {equation: 2*A + U_B}\n")
    assert catalogue.load(more).model().mechanisms[1].linear() == ({"A": 2.0}, 1.0, 0.0)
