"""The public face gives the workflow's numbers, and says in one line what it cannot use."""

import inspect
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import random_study
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import recrec
from recrec import methods, recommenders
from recrec.data.matrices import Matrices
from recrec.errors import InputError
from recrec.evaluation import measures, recourses, thresholding
from recrec.evaluation.baseline import rank_baseline
from recrec.evaluation.sampling import sample
from recrec.evaluation.target import Target
from recrec.methods import DECLINED

FEATURES = np.array([[2, 0, 1], [0, 1, 0], [1, 0, 0], [0, 2, 1]])
RATINGS = np.array([[5, 0, 0, 1], [4, 0, 3, 0], [0, 4, 0, 5]])
NAMES = ["love", "war", "river"]
PUBLIC = [getattr(recrec, name) for name in recrec.__all__]


def fitted(**keys):
    return recrec.fit(FEATURES, RATINGS, **{"feature_names": NAMES, **keys})


@pytest.fixture
def model():
    return fitted()


@pytest.fixture
def answer(model):
    return recrec.recourse(model, 1, users=[0, 1], desired_rank=1)


def refused(match):
    """The block refuses with one line."""
    return pytest.raises(InputError, match=f"^{match}")


@pytest.mark.parametrize("candidates", ["all", "unrated"])
@pytest.mark.parametrize("recommender", recommenders.names())
@pytest.mark.parametrize("method", methods.names())
def test_it_gives_the_numbers_of_the_stages_of_a_workflow(method, recommender, candidates):
    features, ratings = random_study.recommender(4, users=30, items=25)
    budget = {"queries": 500} if method == "greedy" else {}
    mutable = np.arange(features.shape[1]) != 2
    group, item, seed, percentage = np.arange(3, 27), 7, 5, 25

    plugin, solver = recommenders.load(recommender), methods.load(method)
    matrices = Matrices(sparse.csr_array(features), sparse.csr_array(ratings), mutable, np.ones(30, dtype=int))
    state = plugin.fit(matrices, plugin.Settings())
    audience = plugin.audience(state, matrices, group, candidates, plugin.Settings())
    sorted_scores = np.empty(audience.shape)
    rank_baseline(audience, 3, 7, sorted_scores)
    target, choice = Target(audience, sorted_scores), solver.Settings(desired_rank=2, **budget)
    [(_, _, solution)] = recourses.solve_cell(target, [item], percentage, [seed], solver, choice)
    found = solution.change[None]
    drawn = sample(len(group), percentage, seed)

    model = recrec.fit(features, ratings, recommender, mutable=mutable, candidates=candidates)
    answer = recrec.recourse(model, item, drawn, method, target=group, desired_rank=2, **budget)
    assert np.count_nonzero(solution.change)
    assert np.array_equal(answer.found[mutable], solution.change) and answer.found[2] == 0
    assert (answer.status, answer.reason, answer.diagnostics) == (solution.status, "", dict(solution.diagnostics))
    assert np.array_equal(model.scores(group), audience.scores())
    [unthresholded] = measures.evaluate_cell(target, np.array([item]), found, found, 3, 0.5)
    assert recrec.evaluate(answer, 3) == unthresholded
    for over, users in (("group", None), ("sample", drawn)):
        kept = thresholding.threshold_cell(target, np.array([item]), [users], found, 3, 0.8)
        shorter = recrec.threshold(answer, 3, 0.8, over)
        assert np.array_equal(shorter.change[mutable], kept[0])
        assert np.array_equal(shorter.found, answer.found)
        [row] = measures.evaluate_cell(target, np.array([item]), found, kept, 3, 0.7)
        assert recrec.evaluate(shorter, 3, 0.7) == row
        assert np.array_equal(shorter.features, features[item] + shorter.change)


@pytest.mark.parametrize(
    "given",
    [
        np.asarray, np.ndarray.tolist, sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.csr_matrix,
        sparse.lil_array, pd.DataFrame, lambda values: values.astype(np.int8), lambda values: values.astype(np.float32),
        lambda values: pd.DataFrame(values).astype("Int64"), lambda values: values.astype(object),
        lambda values: np.asfortranarray(values),
    ],
)  # fmt: skip
def test_matrices_of_many_kinds_are_one(given, model):
    other = recrec.fit(given(FEATURES), given(RATINGS))
    assert np.array_equal(other.scores(), model.scores())
    assert (
        recrec.recourse(other, 1, desired_rank=1).found.tolist()
        == recrec.recourse(model, 1, desired_rank=1).found.tolist()
    )


@pytest.mark.parametrize(
    "users",
    [
        [0, 2], (2, 0), np.array([0, 2], dtype=np.uint8), np.array([True, False, True]), [True, False, True],
        pd.Series([0, 2]), pd.Series([True, False, True]), range(0, 3, 2), pd.Index([0, 2]),
        pd.Series([0, 2], dtype="Int64"),
    ],
)  # fmt: skip
def test_users_are_positions_or_a_mask(users, model):
    assert recrec.recourse(model, 1, users, desired_rank=1).sample.tolist() == [0, 2]
    assert sorted(model.scores(users).tolist()) == sorted(model.scores()[[0, 2]].tolist())


def test_what_is_given_stays_as_it_is_and_may_change_afterwards():
    ratings = sparse.coo_array(([5.0, 2.0, 0.0, 4.0], ([0, 0, 1, 1], [1, 1, 0, 2])), shape=(2, 4)).tocsr()
    ratings = sparse.csr_array((ratings.data, ratings.indices[::-1].copy(), ratings.indptr), shape=ratings.shape)
    features = FEATURES.astype(float)
    before = [part.copy() for part in (ratings.data, ratings.indices, ratings.indptr, features)]
    model = recrec.fit(features, ratings)
    after = [ratings.data, ratings.indices, ratings.indptr, features]
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    scores = model.scores()
    ratings.data[:], features[:] = 9, 9
    assert np.array_equal(model.scores(), scores)


class TestNames:
    def test_a_data_frame_brings_its_own(self):
        features = pd.DataFrame(FEATURES, index=list("abcd"), columns=NAMES)
        model = recrec.fit(features, pd.DataFrame(RATINGS, columns=list("abcd")))
        assert (model.feature_names, model.item_names) == (NAMES, list("abcd"))
        assert recrec.fit(FEATURES, pd.DataFrame(RATINGS, columns=list("abcd"))).item_names == list("abcd")
        assert recrec.fit(features, RATINGS, item_names=["w", "x", "y", "z"]).item("x") == 1

    def test_rows_and_columns_in_another_order_are_refused(self):
        features = pd.DataFrame(FEATURES, index=list("abcd"))
        with refused("ratings: column 1 is called 'c'; allowed: 'b', as row 1 of features"):
            recrec.fit(features, pd.DataFrame(RATINGS, columns=list("acbd")))

    def test_without_any_they_are_numbered(self):
        model = recrec.fit(FEATURES, RATINGS)
        assert model.feature_names == ["feature 0", "feature 1", "feature 2"]
        assert model.item("item 3") == 3

    def test_an_unknown_item(self, model):
        with refused(r"item: there is no 'iten 2' \(did you mean item 2\?\)$"):
            model.item("iten 2")
        with refused("item: 2 items are called 'a'; give its position"):
            fitted(item_names=list("abca")).item("a")
        with refused("item: given 2 of them; allowed: one"):
            model.item([1, 2])
        with refused("item: given -1; allowed: 0 to 3$"):
            model.item(-1)
        with refused("item: given float64"):
            model.item(1.0)

    def test_names_that_do_not_fit(self):
        with refused("feature_names: given 2; allowed: 3, one for each feature$"):
            fitted(feature_names=["a", "b"])
        with refused("item_names: given one text; allowed: a list of 4"):
            fitted(item_names="abcd")
        with refused("feature_names: 'a' is given twice"):
            fitted(feature_names=["a", "b", "a"])

    def test_changes_are_named_the_largest_first(self, model):
        answer = recrec.recourse(model, 1, users=[0, 1], method="greedy", desired_rank=1, step=0.5)
        assert {NAMES[at]: value for at, value in enumerate(answer.change) if value} == answer.changes
        answer = replace(answer, change=np.array([0.5, -2.0, 0.0]))
        assert list(answer.changes.items()) == [("war", -2.0), ("love", 0.5)]


class TestFit:
    @pytest.mark.parametrize("name", ["features", "ratings"])
    @pytest.mark.parametrize(
        ("bad", "complaint"),
        [
            (np.ones(4), r"given the shape \(4,\); allowed: two dimensions"),
            (np.ones((2, 2, 2)), r"given the shape \(2, 2, 2\)"),
            (np.ones((0, 4)), r"given the shape \(0, 4\); allowed: two dimensions, neither of them empty"),
            ([], r"given the shape \(0,\)"),
            (None, r"not an array of numbers|given the shape \(\)"),
            ([["a", "b"]], "not an array of numbers"),
            ([["1", "2"]], "not an array of numbers"),
            ([[1], [1, 2]], "not an array of numbers"),
            ([[1 + 1j, 2]], "not an array of numbers"),
            (sparse.csr_array(np.array([[1j, 2]])), "not an array of numbers"),
            (np.array([["2020-01-01"]], dtype="datetime64[D]"), "not an array of numbers"),
            (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "not an array of numbers"),
        ],
    )
    def test_no_matrix(self, name, bad, complaint):
        with refused(f"{name}: ({complaint})"):
            recrec.fit(**{"features": FEATURES, "ratings": RATINGS, name: bad})

    @given(row=st.integers(0, 2), column=st.integers(0, 3), bad=st.sampled_from([np.nan, np.inf, -np.inf]))
    @settings(max_examples=20)
    def test_a_number_that_is_not_finite_is_named_with_its_place(self, row, column, bad):
        ratings = RATINGS.astype(float)
        ratings[row, column] = bad
        for form in (np.asarray, sparse.csr_array, pd.DataFrame):
            with refused(f"ratings: row {row}, column {column} is {bad}; allowed: finite numbers"):
                recrec.fit(FEATURES, form(ratings))

    def test_shapes_that_do_not_fit_together(self):
        with refused("ratings: given 3 columns; allowed: 4, one for each item"):
            recrec.fit(FEATURES, RATINGS.T)
        with refused(r"features: given 1 item \(row\); allowed: at least 2"):
            recrec.fit(FEATURES[:1], RATINGS[:, :1])

    def test_mutable_features(self):
        for mutable in ([0, 2], [True, False, True], np.array([2, 0])):
            assert fitted(mutable=mutable).matrices.mutable.tolist() == [True, False, True]
        for mutable, complaint in [
            ([3], "given 3; allowed: 0 to 2"), ([True], r"given a mask of shape \(1,\); allowed: \(3,\)"),
            ([0, 0], "0 is given twice"), ([], "no feature can change"), ([False] * 3, "no feature can change"),
            ([0.5], "given float64 of shape"), (["love"], "given <U4 of shape"),
        ]:  # fmt: skip
            with refused(f"mutable: {complaint}"):
                fitted(mutable=mutable)

    def test_names_and_settings_that_there_are_not(self):
        with refused(r"recommenders: given 'conten' \(did you mean content\?\); allowed: content, "):
            fitted(recommender="conten")
        with refused("recommenders: given None; allowed"):
            fitted(recommender=None)
        with refused("candidates: given 'some'; allowed: all, unrated"):
            fitted(candidates="some")
        with refused(r"ridge: alfa: unknown setting \(did you mean alpha\?\); allowed: alpha, centre"):
            fitted(recommender="ridge", alfa=1)
        with refused("content: alpha: unknown setting; allowed: none"):
            fitted(alpha=1)
        with refused("ridge: alpha: given 0; allowed: greater than 0"):
            fitted(recommender="ridge", alpha=0)

    def test_settings_reach_the_recommender(self):
        assert fitted(recommender="ridge", alpha=2).settings.alpha == 2
        assert not np.allclose(fitted(recommender="ridge", alpha=2).scores(), fitted(recommender="ridge").scores())

    def test_numbers_too_large_to_be_multiplied(self):
        with np.errstate(over="ignore", invalid="ignore"), refused("a score is not a finite number"):
            recrec.fit(FEATURES * 1e200, RATINGS * 1e200).target()


class TestRecourse:
    @pytest.mark.parametrize("name", ["users", "target"])
    def test_users_that_there_are_not(self, name, model):
        for users, complaint in [
            ([3], "given 3; allowed: 0 to 2"), ([-1], "given -1; allowed: 0 to 2"), ([0, 0], "0 is given twice"),
            ([True, False], r"given a mask of shape \(2,\)"), ([[0, 1]], r"given int64 of shape \(1, 2\)"),
            ("all", "given <U3"), ([], "given no"), ([False] * 3, "given no"),
        ]:  # fmt: skip
            with refused(f"{name}: {complaint}"):
                recrec.recourse(model, 1, **{name: users})

    def test_users_are_positions_within_the_target(self, model):
        answer = recrec.recourse(model, 1, [1], target=[0, 2], desired_rank=1)
        assert np.array_equal(answer.found, recrec.recourse(model, 1, [0], target=[2], desired_rank=1).found)
        with refused("users: given 2; allowed: 0 to 1"):
            recrec.recourse(model, 1, [2], target=[0, 2])

    def test_a_target_can_be_used_again(self, model):
        target = model.target([0, 1])
        assert recrec.recourse(model, 1, target=target, desired_rank=1).target is target
        other = recrec.fit(FEATURES[:3], RATINGS[:, :3])
        with refused("target: given lists of 4 items; allowed: 3"):
            recrec.recourse(other, 1, target=target)

    def test_methods_and_settings_that_there_are_not(self, model):
        with refused(r"methods: given 'gredy' \(did you mean greedy\?\); allowed: .*greedy, .*recrec"):
            recrec.recourse(model, 1, method="gredy")
        with refused(r"recrec: lamda: unknown setting \(did you mean lambda_\?\); allowed: .*learning_rate"):
            recrec.recourse(model, 1, lamda=0.1)
        with refused("desired_rank: given 5; allowed: at most 4, the number of items"):
            recrec.recourse(model, 1, desired_rank=5)
        with refused("recrec: desired_rank: given 0; allowed: greater than or equal to 1"):
            recrec.recourse(model, 1, desired_rank=0)
        with refused("recrec: aggregate: given 'max'; allowed: 'mean' or 'sum'"):
            recrec.recourse(model, 1, desired_rank=1, aggregate="max")

    def test_lambda_by_both_of_its_names(self, model):
        first = recrec.recourse(model, 1, desired_rank=1, lambda_=0.3).found
        assert np.array_equal(first, recrec.recourse(model, 1, desired_rank=1, **{"lambda": 0.3}).found)
        assert not np.array_equal(first, recrec.recourse(model, 1, desired_rank=1).found)
        with refused("recrec: lambda_: given twice, by both of its names"):
            recrec.recourse(model, 1, lambda_=0.3, **{"lambda": 0.3})

    def test_scalars_of_numpy_are_numbers(self, model):
        answer = recrec.recourse(model, np.int64(1), desired_rank=np.int32(1), learning_rate=np.float32(0.25))
        assert np.array_equal(answer.found, recrec.recourse(model, 1, desired_rank=1, learning_rate=0.25).found)

    @pytest.mark.parametrize("method", methods.names())
    def test_constraints_are_over_the_mutable_features(self, method):
        model = fitted(mutable=[0, 1])

        def changed(**limits):
            answer = recrec.recourse(model, 1, [0, 1], method, constraints=recrec.Constraints(**limits), desired_rank=1)
            if answer.status == DECLINED:
                pytest.skip(answer.reason)
            return answer.change

        high = changed(high=[1.5, 0])
        assert 0 < high[0] <= 1.5 and high[1] <= 0 and high[2] == 0
        assert (np.abs(changed(low=-0.0, high=1)) <= 1).all()
        for alike in (1, np.array(1.0), [1.0], [1.0, 1.0]):
            assert np.array_equal(changed(high=alike), changed(high=np.ones(2)))

    @pytest.mark.parametrize("name", ["weights", "low", "high"])
    def test_constraints_that_do_not_fit(self, name):
        model = fitted(mutable=[0, 1])
        for values, complaint in [
            ([0, 0, 0], rf"\.{name}: given the shape \(3,\); allowed: a number, or \(2,\), one for each"),
            ([[0, 0]], rf"\.{name}: given the shape \(1, 2\)"),
            ([0, np.nan], rf"\.{name}: a value is nan"),
            ("much", rf"\.{name}: not an array of numbers"),
        ]:  # fmt: skip
            with refused(f"constraints{complaint}"):
                recrec.recourse(model, 1, constraints=recrec.Constraints(**{name: values}), desired_rank=1)
        wrong = {"weights": -1, "low": [0, 0.5], "high": [0, -0.5]}[name]
        with refused("constraints: (weights have to be|a lower bound|an upper bound)"):
            recrec.recourse(model, 1, constraints=recrec.Constraints(**{name: wrong}), desired_rank=1)
        with refused("constraints: given dict; allowed: recrec.Constraints"):
            recrec.recourse(model, 1, constraints={name: 1}, desired_rank=1)

    def test_a_method_that_declines_says_why(self, model, monkeypatch):
        monkeypatch.setattr(methods.load("greedy"), "unsupported", lambda problem, settings: "it is too small")
        answer = recrec.recourse(model, 1, method="greedy", desired_rank=1)
        assert (answer.status, answer.reason, answer.changes) == (DECLINED, "it is too small", {})
        assert recrec.say(answer, 1).endswith("No recourse: it is too small.")


class TestWhatFollows:
    def test_ranks_shares_and_persistence_that_there_are_not(self, answer):
        for work in (recrec.threshold, recrec.evaluate, recrec.say):
            for top_k in (0, 5, -1, 1.0, True, "1", None):
                with refused(f"top_k: given {top_k!r}; allowed: 1 to 4, the number of items"):
                    work(answer, top_k)
            work(answer, np.int64(4))
        for keep in (-0.1, 1.1, np.nan, "0.5", None, True):
            with refused(f"keep: given {keep!r}; allowed: 0 to 1"):
                recrec.threshold(answer, 1, keep)
        for rbo_p in (0, 1, -1, np.nan, "0.5", None):
            with refused(f"rbo_p: given {rbo_p!r}; allowed: above 0 and below 1"):
                recrec.evaluate(answer, 1, rbo_p)
        with refused("over: given 'all'; allowed: group, sample"):
            recrec.threshold(answer, 1, over="all")

    def test_thresholding_starts_from_what_was_found(self, answer):
        once = recrec.threshold(answer, 1)
        assert 0 < len(once.changes) < len(answer.changes)
        assert np.array_equal(recrec.threshold(once, 1).change, once.change)
        assert np.array_equal(once.found, answer.found)
        least = recrec.threshold(answer, 1, keep=0)
        assert len(least.changes) < len(once.changes)
        assert np.array_equal(recrec.threshold(least, 1).change, once.change)
        assert len(recrec.threshold(answer, 1, keep=1).changes) >= len(once.changes)

    def test_it_is_said_in_words(self, answer):
        said = recrec.say(recrec.threshold(answer, 1), 1, "readers")
        ranks = answer.target.ranks(np.arange(4)).mean(axis=0)
        assert np.count_nonzero(answer.target.ranks([1]) == 2) == 1
        assert "group asked for, 1 of whom has it in their top 2." in recrec.say(answer, 2)
        row = recrec.evaluate(recrec.threshold(answer, 1), 1)
        assert f"mean rank {ranks[1]:.1f}) for the 3 users of the group readers, none of whom has it" in said
        assert f"{row.users_reached} of the 3 have it in their top 1 (mean rank {row.mean_rank_after:.1f})" in said
        assert re.search(r"(Add|raise|add) love \(0 → ", said)

    def test_the_place_is_that_of_the_item_selection(self, model):
        means = model.target().ranks(np.arange(4)).mean(axis=0)
        for place, item in enumerate(np.argsort(means, kind="stable"), 1):
            said = recrec.say(recrec.recourse(model, int(item), desired_rank=4), 4)
            assert re.match(rf"item {item} is {place}(st|nd|rd|th) of 4 items", said)


@pytest.mark.parametrize("name", ["Model", "Recourse", "evaluate", "fit", "recourse", "say", "threshold"])
def test_the_public_face_is_described_in_numpydoc(name):
    thing = getattr(recrec, name)
    parts = [thing]
    if inspect.isclass(thing):
        parts += [part for key, part in vars(thing).items() if inspect.isfunction(part) and not key.startswith("_")]
        attributes = re.findall(r"^    ([\w, ]+) : ", thing.__doc__, re.MULTILINE)
        described = set(", ".join(attributes).split(", "))
        wanted = {*thing.__annotations__, *(key for key in vars(thing) if key in ("changes", "features"))}
        assert wanted <= described, f"{name}: not described: {wanted - described}"
    for part in parts:
        text = inspect.getdoc(part)
        if inspect.isfunction(part):
            if part.__name__ == "__init__" or not part.__module__.startswith("recrec"):
                continue
            section = text.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
            described = set(", ".join(re.findall(r"^\**([\w, ]+?)(?: : .*)?$", section, re.MULTILINE)).split(", "))
            wanted = [key for key in inspect.signature(part).parameters if key != "self"]
            assert set(wanted) <= described, f"{part.__qualname__}: not described: {set(wanted) - described}"
            assert "Returns\n-------\n" in text and "Raises\n------\n" in text, part.__qualname__
    assert "Examples\n--------\n>>> " in inspect.getdoc(thing)


def test_every_public_name_is_there_and_listed():
    assert set(recrec.__all__) <= set(dir(recrec))
    assert all(thing is not None for thing in PUBLIC)
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = recrec.fitt
