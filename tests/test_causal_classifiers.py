"""Classifiers: raw values in, the same logits over every namespace, and how good they are."""

import array_api_strict
import jax
import numpy as np
import pytest
import sklearn.metrics
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from test_config import complaint, says

from recrec.causal import catalogue, classifiers
from recrec.causal.models_table import COLUMNS, auc, calibration_error, classifier_rows
from recrec.causal.people import People, simulate, split
from recrec.storage import load_arrays, save_arrays

#: Together a minute or two.
pytestmark = pytest.mark.slow

#: Accuracy that published classifiers of these worlds have.
PUBLISHED = {
    "triangle": 0.982, "collider": 0.988, "chain": 0.980, "triangle-nonlinear": 0.983, "collider-nonlinear": 0.912,
    "chain-nonlinear": 0.965, "loan": 0.917,
}  # fmt: skip


def shipped(name, **changes):
    return catalogue.load(catalogue.find(name, REPOSITORY)).model_copy(update=changes)


@pytest.fixture(scope="module", params=PUBLISHED)
def trained(request):
    """A simulated data set, its people in parts, and the classifier."""
    dataset = shipped(request.param)
    parts = split(simulate(dataset, seed=1), seed=1)
    return request.param, dataset, parts, classifiers.train(dataset, parts.train.x, parts.train.y, 1)


def test_accuracy_is_at_most_a_point_below_the_published_one(trained):
    name, dataset, parts, classifier = trained
    (accuracy,) = (
        row["value"]
        for row in classifier_rows(dataset, classifier, parts.test)
        if (row["measure"], row["group"]) == ("accuracy", "all")
    )
    assert accuracy > PUBLISHED[name] - 0.01


@pytest.mark.parametrize("trained", ["triangle", "loan"], indirect=True)
def test_logits_are_those_of_the_library(trained):
    _, dataset, parts, classifier = trained
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kinds = {
        "logistic": LogisticRegression(max_iter=1000, tol=1e-8),
        "network": MLPClassifier(hidden_layer_sizes=(32, 32), early_stopping=True, random_state=1),
    }
    pipeline = make_pipeline(StandardScaler(), kinds[dataset.classifier]).fit(parts.train.x, parts.train.y)
    expected = pipeline.predict_proba(parts.test.x)[:, 1]
    np.testing.assert_allclose(classifier.probability(parts.test.x), expected, atol=1e-6)
    assert ((classifier.logit(parts.test.x) >= 0) == (classifier.probability(parts.test.x) >= 0.5)).all()


def test_other_namespaces_give_the_same_logits(trained):
    _, _, parts, classifier = trained
    x = parts.test.x[:60]
    expected = classifier.logit(x)
    with jax.enable_x64(True):
        for xp in (array_api_strict, jax.numpy):
            np.testing.assert_allclose(np.asarray(classifier.logit(xp.asarray(x), xp)), expected, atol=1e-9)
        gradient = np.asarray(jax.grad(lambda x: classifier.logit(x, jax.numpy).sum())(jax.numpy.asarray(x)))
    steps = 1e-6 * np.eye(x.shape[1])
    differences = np.stack([(classifier.logit(x + step) - classifier.logit(x - step)) / 2e-6 for step in steps], axis=1)
    close = np.isclose(gradient, differences, rtol=1e-4, atol=1e-4)
    assert close.all(axis=1).mean() > 0.95  # a step over a kink of the network is no derivative
    in_sets = classifier.logit(x.reshape(3, 20, -1))
    np.testing.assert_allclose(in_sets.reshape(-1), expected, atol=1e-12)


def test_coefficients_are_those_of_a_logistic_regression_only(trained):
    _, dataset, parts, classifier = trained
    if dataset.classifier == "network":
        assert classifier.coefficients is None and classifier.intercept is None
        return
    by_hand = parts.test.x @ classifier.coefficients + classifier.intercept
    np.testing.assert_allclose(classifier.logit(parts.test.x), by_hand, atol=1e-9)


@pytest.mark.parametrize("trained", ["triangle", "loan"], indirect=True)
def test_the_same_people_and_seed_give_the_same_bytes(trained):
    _, dataset, parts, classifier = trained
    again = classifiers.train(dataset, parts.train.x, parts.train.y, 1)
    for name, values in classifier.to_arrays().items():
        assert values.tobytes() == again.to_arrays()[name].tobytes()


def test_classifiers_are_written_and_read(trained, tmp_path):
    _, _, parts, classifier = trained
    save_arrays(tmp_path / "classifier.npz", **classifier.to_arrays())
    again = classifiers.Classifier.from_arrays(load_arrays(tmp_path / "classifier.npz"))
    assert (again.logit(parts.test.x) == classifier.logit(parts.test.x)).all()


def test_a_node_that_is_no_feature_does_not_matter():
    dataset = shipped("triangle", features=["X3", "X1"])
    parts = split(simulate(dataset, 2000))
    classifier = classifiers.train(dataset, parts.train.x, parts.train.y)
    assert (classifier.coefficients[[0, 2]] == 0).all() and (classifier.coefficients[[1, 3]] > 0).all()
    moved = parts.test.x + np.array([5.0, 0, 7.0, 0])
    assert (classifier.logit(moved) == classifier.logit(parts.test.x)).all()


@pytest.mark.parametrize("kind", ["logistic", "network"])
def test_the_threshold_moves_who_is_accepted_and_no_probability(kind):
    plain, strict = (shipped("loan", classifier=kind, threshold=threshold) for threshold in (0.5, 0.9))
    parts = split(simulate(plain, 2000))
    fair, hard = (classifiers.train(each, parts.train.x, parts.train.y) for each in (plain, strict))
    x = parts.test.x
    np.testing.assert_allclose(fair.probability(x), hard.probability(x), atol=1e-12)
    assert ((hard.logit(x) >= 0) == (hard.probability(x) >= 0.9)).all()
    assert (hard.logit(x) >= 0).sum() < (fair.logit(x) >= 0).sum()
    if kind == "logistic":
        np.testing.assert_allclose(hard.logit(x), x @ hard.coefficients + hard.intercept, atol=1e-9)
    again = classifiers.Classifier.from_arrays(hard.to_arrays())
    assert (again.logit(x) == hard.logit(x)).all()


def test_nothing_can_be_learnt_from_people_who_are_alike():
    dataset = shipped("triangle")
    people = simulate(dataset, 200)
    for y, word in ((np.ones(200, dtype=bool), "all"), (np.zeros(200, dtype=bool), "none")):
        says(
            complaint(classifiers.train, dataset, people.x, y),
            [f"Triangle, linear: {word} of 200 training people are a"],
        )
    x = people.x.copy()
    x[:, 2] = 4
    says(complaint(classifiers.train, dataset, x, people.y), ["node X2: all training people have the same value"])


# ------------------------------------------------------------------------------------------------------------- measures

SCORES = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.55, 0.999, 1.0]), st.booleans()), min_size=1)


@given(SCORES)
@settings(deadline=None)
def test_the_area_under_the_curve_is_that_of_the_library(pairs):
    scores, y = (np.array(part) for part in zip(*pairs, strict=True))
    if y.all() or not y.any():
        assert np.isnan(auc(scores, y))
    else:
        assert auc(scores, y) == pytest.approx(sklearn.metrics.roc_auc_score(y, scores))


@given(SCORES)
@settings(deadline=None)
def test_the_calibration_error_is_that_of_the_librarys_curve(pairs):
    p, y = (np.array(part) for part in zip(*pairs, strict=True))
    p = 0.95 * p + 0.02  # not on the border of two bins, which the library gives to the lower one
    observed, predicted = calibration_curve(y, p, n_bins=10)
    sizes = np.histogram(p, np.linspace(0, 1, 11))[0]
    expected = np.abs(observed - predicted) @ sizes[sizes > 0] / len(p)
    assert calibration_error(p, y) == pytest.approx(expected, abs=1e-12)


def test_measures_are_told_by_group():
    dataset = shipped("triangle")
    # The logit is X1; half of S = 1 is judged wrongly.
    classifier = classifiers.Classifier((np.array([[0.0], [1], [0], [0]]),), (np.zeros(1),))
    x = np.array([[0, 1, 0, 0], [0, -1, 0, 0], [1, 2, 0, 0], [1, 3, 0, 0]], dtype=float)
    people = People(x, np.array([True, False, True, False]), np.arange(4))
    rows = classifier_rows(dataset, classifier, people)
    assert all(tuple(row) == COLUMNS for row in rows)
    found = {(row["group"], row["measure"]): row["value"] for row in rows}
    assert [found[group, "accuracy"] for group in ("all", "0", "1")] == [0.75, 1.0, 0.5]
    assert [found[group, "people"] for group in ("all", "0", "1")] == [4, 2, 2]
    assert [found[group, "auc"] for group in ("all", "0", "1")] == [0.5, 1.0, 0.0]
    p = 1 / (1 + np.exp(-x[:, 1]))
    assert found["all", "brier"] == pytest.approx(((p - people.y) ** 2).mean())
    assert found["1", "accepted"] == 1.0 and found["1", "accepted_in_truth"] == 0.5
