"""Profiles, elicitation and simulated populations, beside the same written out person by person."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

from recrec import storage
from recrec.actionability.elicitation import (
    LOCKS,
    MULTIPLIERS,
    ranks_of,
    scaled,
    scores_of,
    weights_from_ranks,
    weights_from_scores,
)
from recrec.actionability.populations import SCHEMES, Scheme, draw
from recrec.actionability.profiles import Profiles
from recrec.config.checking import checked, schema_of
from recrec.config.reading import Layer
from recrec.errors import InputError

#: Values and bounds with many coincidences.
coarse = st.integers(-4, 4).map(lambda value: value / 2)


@st.composite
def masks(draw, shape):
    """Masks that leave everybody something."""
    mask = draw(arrays.arrays(bool, shape))
    mask[np.arange(shape[0]), draw(arrays.arrays(int, shape[0], elements=st.integers(0, shape[1] - 1)))] = True
    return mask


@st.composite
def profiles_and_present(draw):
    """Any profiles, and present values inside their boxes."""
    shape = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    present = draw(arrays.arrays(float, shape, elements=coarse))
    room = arrays.arrays(float, shape, elements=st.sampled_from([0.0, 0.5, 2.0, np.inf]))
    preferred = draw(arrays.arrays(float, shape, elements=st.sampled_from([np.nan, -1.0, 0.3])))
    positive = arrays.arrays(float, shape, elements=st.floats(0.01, 100))
    profiles = Profiles(
        mask=draw(masks(shape)),
        low=present - draw(room),
        high=present + draw(room),
        direction=draw(arrays.arrays(np.int8, shape, elements=st.sampled_from([-1, 0, 1]))),
        weights=draw(positive),
        preferred=preferred,
        penalty=np.where(np.isnan(preferred), 0.0, draw(positive)),
        latent=draw(positive),
    )
    return profiles, present


latents = st.tuples(st.integers(1, 4), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(
        arrays.arrays(float, shape, elements=st.one_of(st.floats(1e-3, 1e3), st.sampled_from([0.5, 1.0, 2.0]))),
        masks(shape),
    )
)


# Profiles


def literal_room(profiles, person, feature, present, limits):
    """From where to where one value of one person may be set."""
    now = present[person, feature]
    if not profiles.mask[person, feature]:
        return now, now
    low, high = profiles.low[person, feature], profiles.high[person, feature]
    if limits is not None:
        low = max(low, limits[0, feature]) if limits[0, feature] <= now else max(low, now)
        high = min(high, limits[1, feature]) if limits[1, feature] >= now else min(high, now)
    if profiles.direction[person, feature] == 1:
        low = now
    if profiles.direction[person, feature] == -1:
        high = now
    return low, high


@given(profiles_and_present(), st.data())
def test_a_box_is_what_its_parts_say(case, data):
    profiles, present = case
    features = present.shape[1]
    limits = None
    if data.draw(st.booleans()):
        limits = np.sort(data.draw(arrays.arrays(float, (2, features), elements=coarse)), axis=0)
    lower, upper = profiles.box(present, limits)
    for person, feature in np.ndindex(present.shape):
        assert (lower[person, feature], upper[person, feature]) == literal_room(
            profiles, person, feature, present, limits
        )
    assert np.all((lower <= present) & (present <= upper))


@given(profiles_and_present())
def test_profiles_are_kept_as_plain_arrays(tmp_path_factory, case):
    profiles, _ = case
    path = tmp_path_factory.mktemp("profiles") / "profiles.npz"
    storage.save_arrays(path, other=np.zeros(3), **profiles.to_arrays("of_"))
    again = Profiles.from_arrays(storage.load_arrays(path), "of_")
    for before, after in zip(profiles, again, strict=True):
        np.testing.assert_array_equal(before, after)
        assert before.dtype == after.dtype


def test_some_of_the_people():
    profiles = draw(SCHEMES["hard-soft"], np.zeros((6, 3)), np.ones(3))
    for rows in ([4, 1], slice(2, 5), np.arange(6) % 2 == 0):
        for part, whole in zip(profiles.take(rows), profiles, strict=True):
            np.testing.assert_array_equal(part, whole[rows])


@given(profiles_and_present())
def test_without_its_hard_constraints_one_by_one_everything_is_free(case):
    profiles, present = case
    profiles, present = profiles.take([0]), present[:1]
    lower, upper = profiles.box(present)
    for _ in range(4 * present.shape[1]):
        if not (constraints := profiles.hard(0)):
            break
        profiles = profiles.without(*constraints[0])
        wider_lower, wider_upper = profiles.box(present)
        assert np.all(wider_lower <= lower) and np.all(wider_upper >= upper)
        lower, upper = wider_lower, wider_upper
    assert profiles.mask.all()
    assert np.all(np.isinf(lower) & np.isinf(upper))


def test_taking_a_constraint_away_leaves_the_profiles_as_they_were():
    profiles = Profiles.universal(2, 2)._replace(direction=np.ones((2, 2), dtype=np.int8))
    assert profiles.without("direction", 1).direction.tolist() == [[1, 0], [1, 0]]
    assert profiles.direction.all()


@pytest.mark.parametrize(
    "part, wrong, complaint",
    [
        ("mask", np.ones((2, 2), dtype=int), "the mask holds int64, not bool"),
        ("mask", np.ones(2, dtype=bool), r"the mask has the shape \(2,\)"),
        ("mask", np.array([[True, True], [False, False]]), "profile 1: every feature is locked"),
        ("low", np.zeros((2, 3)), r"low has the shape \(2, 3\), the mask \(2, 2\)"),
        ("low", np.array([[0.0, 0.0], [0.0, 6.0]]), "profile 1, feature 1: the box is empty"),
        ("low", np.array([[0.0, 1.5], [0.0, 0.0]]), "profile 0, feature 1: the present value is below the box"),
        ("low", np.full((2, 2), np.nan), "profile 0, feature 0: the box is empty"),
        ("high", np.array([[5.0, 5.0], [0.5, 5.0]]), "profile 1, feature 0: the present value is above the box"),
        ("direction", np.full((2, 2), 2, dtype=np.int8), "profile 0, feature 0: a direction is -1, 0 or 1"),
        ("weights", np.array([[1.0, 0.0], [1.0, 1.0]]), "profile 0, feature 1: weights have to be positive"),
        ("weights", np.full((2, 2), np.inf), "weights have to be positive and finite"),
        ("latent", np.full((2, 2), np.nan), "latent weights have to be positive and finite"),
        ("preferred", np.full((2, 2), np.inf), "a preferred value is finite, or NaN for none"),
        ("penalty", np.full((2, 2), 1.0), "a penalty without a preferred value"),
        ("penalty", np.full((2, 2), -1.0), "a penalty is finite and not negative"),
    ],
)
def test_profiles_that_make_no_problem(part, wrong, complaint):
    profiles = Profiles.universal(2, 2)._replace(high=np.full((2, 2), 5.0))._replace(**{part: wrong})
    for refuse in (profiles.check, profiles.box):
        with pytest.raises(ValueError, match=complaint):
            refuse(np.ones((2, 2)))


def test_a_present_value_has_to_be_there():
    with pytest.raises(ValueError, match="profile 0, feature 1: the present value is not a finite number"):
        Profiles.universal(1, 2).check(np.array([[1.0, np.nan]]))


# Elicitation


@given(latents)
def test_weights_have_mean_1_over_what_is_not_locked(case):
    latent, mask = case
    scores = np.where(mask, scores_of(latent, mask), LOCKS)
    for weights in (scaled(latent, mask), weights_from_ranks(latent, mask), weights_from_scores(scores)[0]):
        assert np.all(weights > 0) and np.all(weights[~mask] == 1)
        for row, unlocked in zip(weights, mask, strict=True):
            assert math.isclose(statistics.fmean(row[unlocked]), 1, rel_tol=1e-12)


@given(latents)
def test_ranks_are_places_and_weights_in_proportion_to_them(case):
    latent, mask = case
    ranks = ranks_of(latent, mask)
    weights = weights_from_ranks(ranks, mask)
    for person in range(len(latent)):
        different = sorted(set(latent[person, mask[person]].tolist()))
        places = [different.index(value) + 1 for value in latent[person, mask[person]]]
        assert ranks[person, mask[person]].tolist() == places
        assert not ranks[person, ~mask[person]].any()
        expected = [place * len(places) / sum(places) for place in places]
        np.testing.assert_allclose(weights[person, mask[person]], expected, rtol=1e-12)
    # Only the order counts: ranks with gaps, and of features that are locked by now, are worth the same.
    np.testing.assert_array_equal(weights, weights_from_ranks(3 * ranks_of(latent, np.ones_like(mask)) + 2, mask))


@given(latents)
def test_a_score_is_that_of_the_nearest_multiplier(case):
    latent, mask = case
    scores = scores_of(latent, mask)
    for row, unlocked, found in zip(latent, mask, scores, strict=True):
        middle = statistics.geometric_mean(row[unlocked])
        for weight, asked, score in zip(row, unlocked, found, strict=True):
            if not asked:
                assert score == LOCKS
                continue
            distance = [abs(math.log(weight / middle / multiplier)) for multiplier in MULTIPLIERS]
            assert distance[score - 1] <= min(distance) + 1e-9


@given(latents, st.floats(0.2, 5))
def test_the_hardest_are_locked_but_never_the_easiest(case, lock_above):
    latent, mask = case
    free, locking = scores_of(latent, mask), scores_of(latent, mask, lock_above)
    for row, unlocked, before, after in zip(latent, mask, free, locking, strict=True):
        middle, least = statistics.geometric_mean(row[unlocked]), min(row[unlocked])
        assert after[row == least][unlocked[row == least]].max() < LOCKS
        for feature in np.flatnonzero(unlocked):
            if math.isclose(row[feature] / middle, lock_above, rel_tol=1e-9):
                continue
            locked = row[feature] > lock_above * middle and row[feature] > least
            assert after[feature] == (LOCKS if locked else before[feature])


@given(st.integers(1, 5), st.integers(1, 4))
def test_equal_answers_are_universal(answer, features):
    same = np.full((1, features), answer)
    everything = np.ones(same.shape, dtype=bool)
    universal = Profiles.universal(1, features)
    np.testing.assert_array_equal(weights_from_ranks(same, everything), universal.weights)
    weights, mask = weights_from_scores(same)
    np.testing.assert_array_equal(weights, universal.weights)
    np.testing.assert_array_equal(mask, universal.mask)


@pytest.mark.parametrize("score", [0, 7, 2.5, -1, np.nan])
def test_no_score(score):
    with pytest.raises(ValueError, match="a score is a whole number from 1 to 6"):
        weights_from_scores(np.array([[1, score]]))


def test_scores_multiply_as_published():
    weights, mask = weights_from_scores(np.array([[1, 2, 3, 4, 5, 6]]))
    np.testing.assert_allclose(weights[0] / weights[0, 2], [0.1, 0.5, 1, 2, 10, 1 / weights[0, 2]])
    assert mask.tolist() == [[True] * 5 + [False]]


# Populations

PEOPLE, FEATURES = 400, 5
SD = np.array([1.0, 2.0, 0.5, 10.0, 1.0])
LIMITS = np.array([[-1.0] * FEATURES, [2.0] * FEATURES]) * SD
PRESENT = np.random.default_rng(8).normal(size=(PEOPLE, FEATURES)) * SD
SENSITIVE = np.arange(PEOPLE) % 2


def drawn(scheme=None, seed=3, people=PEOPLE, **keys):
    scheme = Scheme(**keys) if scheme is None else scheme
    return draw(scheme, PRESENT[:people], SD, LIMITS, SENSITIVE[:people], seed)


schemes = st.one_of(
    st.sampled_from(sorted(SCHEMES)).map(SCHEMES.get),
    st.builds(
        lambda weights, lock, **keys: Scheme(weights=weights, lock_above=lock if weights == "scored" else None, **keys),
        weights=st.sampled_from(["uniform", "ranked", "scored", "latent"]),
        lock=st.sampled_from([None, 1.5, 4.0]),
        keep=st.sampled_from([0.1, 0.5, 1.0]),
        preferred=st.booleans(),
        box=st.sampled_from([None, 0.5, 3.0]),
        direction=st.sampled_from(["any", "up", "down", "own"]),
        spread=st.sampled_from([0.0, 0.3, 1.0, 10.0]),
        correlation=st.sampled_from([0.0, 0.5, 1.0]),
    ),
)


@given(schemes, st.integers(0, 50))
def test_every_population_obeys_the_rules(scheme, seed):
    profiles = drawn(scheme, seed, people=20)
    present = PRESENT[:20]
    profiles.check(present)
    lower, upper = profiles.box(present, LIMITS)
    assert np.all((lower <= present) & (present <= upper))
    locked = ~profiles.mask
    np.testing.assert_array_equal(lower[locked], present[locked])
    np.testing.assert_array_equal(upper[locked], present[locked])
    assert np.all(profiles.weights[locked] == 1) and np.all(np.isnan(profiles.preferred[locked]))
    np.testing.assert_allclose(profiles.latent.mean(axis=1), 1)
    np.testing.assert_allclose(np.where(locked, 0, profiles.weights).sum(axis=1), profiles.mask.sum(axis=1))
    wished = ~np.isnan(profiles.preferred)
    assert np.all((lower <= profiles.preferred)[wished] & (profiles.preferred <= upper)[wished])
    np.testing.assert_array_equal(wished, profiles.mask & scheme.preferred)
    if scheme.kind == "none":
        for part, same in zip(profiles[:-1], Profiles.universal(20, FEATURES)[:-1], strict=True):
            np.testing.assert_array_equal(part, same)
    else:
        assert scheme.hard or not locked.any()
        assert scheme.soft or np.all(profiles.weights == 1)


@given(schemes, st.integers(0, 5))
def test_the_same_people_again_and_however_many_follow(scheme, seed):
    some, more = drawn(scheme, seed, people=15), drawn(scheme, seed, people=40)
    for part, whole in zip(some, more, strict=True):
        np.testing.assert_array_equal(part, whole[:15])


@pytest.mark.parametrize("seed", range(3))
def test_schemes_compare_like_with_like(seed):
    of = {name: drawn(scheme, seed) for name, scheme in SCHEMES.items()}
    for name, profiles in of.items():
        twin = "ranked-correlated" if name.endswith("correlated") else "universal"
        np.testing.assert_array_equal(profiles.latent, of[twin].latent)
    for tight, wide in [("mask-25", "mask-50"), ("mask-50", "mask-75"), ("top-1", "top-2"), ("mask-75", "universal")]:
        assert np.all(of[tight].mask <= of[wide].mask)
        assert of[tight].mask.sum() < of[wide].mask.sum()
    np.testing.assert_array_equal(of["hard-soft"].mask, of["top-2"].mask)
    np.testing.assert_array_equal(
        drawn(seed=seed, preferred=True, weights="latent").preferred, of["preferred"].preferred
    )
    assert np.any(of["universal"].latent != drawn(SCHEMES["universal"], seed + 100).latent)


@given(st.floats(0.05, 1), st.floats(0.05, 1), st.integers(0, 20))
def test_what_people_keep_is_nested(one, other, seed):
    few, many = (drawn(seed=seed, people=30, keep=keep).mask for keep in sorted([one, other]))
    assert np.all(few <= many)


@pytest.mark.parametrize("keep", [0.25, 0.5, 0.75, 0.9])
def test_shares_are_met_on_average(keep):
    kept = drawn(keep=keep).mask
    number = kept.sum(axis=1)
    assert set(number) <= {math.floor(keep * FEATURES), math.ceil(keep * FEATURES)}
    # Of 2,000 features: four standard errors of the rounding, and of which ones they are.
    assert abs(kept.mean() - keep) < 4 * 0.5 / math.sqrt(PEOPLE) / FEATURES
    assert np.all(abs(kept.mean(axis=0) - keep) < 4 * 0.5 / math.sqrt(PEOPLE))


def test_everybody_keeps_something():
    assert np.all(drawn(keep=0.01).mask.sum(axis=1) == 1)


@pytest.mark.parametrize("top", [1, 2, 4, 9])
def test_the_easiest_are_kept(top):
    profiles = drawn(top=top)
    for latent, mask in zip(profiles.latent, profiles.mask, strict=True):
        easiest = sorted(range(FEATURES), key=lambda feature: latent[feature])[:top]
        assert sorted(easiest) == np.flatnonzero(mask).tolist()


def test_elicited_weights_are_what_the_answers_are_worth():
    ranked, scored, latent = (drawn(top=3, weights=weights) for weights in ("ranked", "scored", "latent"))
    mask = ranked.mask
    np.testing.assert_array_equal(ranked.weights, weights_from_ranks(ranks_of(ranked.latent, mask), mask))
    np.testing.assert_array_equal(scored.weights, weights_from_scores(scores_of(ranked.latent, mask))[0])
    np.testing.assert_array_equal(latent.weights, scaled(latent.latent, mask))
    np.testing.assert_array_equal(scored.mask, mask)
    everything = drawn(weights="latent")
    np.testing.assert_allclose(everything.weights, everything.latent, rtol=1e-15)


def test_sixes_lock():
    free, locking = drawn(weights="scored"), drawn(weights="scored", lock_above=2.0)
    assert free.mask.all() and not locking.mask.all()
    np.testing.assert_array_equal(locking.mask, scores_of(free.latent, None, 2.0) != LOCKS)


def test_boxes_and_directions():
    profiles = drawn(box=0.5, direction="own")
    np.testing.assert_allclose((profiles.high - PRESENT) / SD, 0.5)
    np.testing.assert_allclose((PRESENT - profiles.low) / SD, 0.5)
    assert set(np.unique(profiles.direction)) == {-1, 1} and abs(profiles.direction.mean()) < 0.1
    assert np.all(drawn(direction="up").direction == 1) and np.all(drawn(direction="down").direction == -1)


def test_preferred_values_follow_their_law():
    profiles = draw(Scheme(preferred=True, preferred_distance=2.0, penalty=3.0), PRESENT, SD, seed=1)
    away = (profiles.preferred - PRESENT) / SD
    assert abs(away.mean()) < 0.2 and abs(away.std() - 2) < 0.2
    assert np.all(profiles.penalty == 3)
    assert abs(np.corrcoef(away.ravel(), np.log(profiles.latent).ravel())[0, 1]) < 0.1


def tastes(correlation, seed, sensitive=SENSITIVE, preferred=False):
    """Log latent weights, or preferred values, as differences from a person's mean."""
    scheme = Scheme(correlation=correlation, preferred=preferred)
    profiles = draw(scheme, PRESENT, SD, sensitive=sensitive, seed=seed)
    values = (profiles.preferred - PRESENT) / SD if preferred else np.log(profiles.latent)
    return values - values.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("preferred", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_preferences_know_of_the_sensitive_attribute_as_much_as_the_correlation_says(seed, preferred):
    apart = tastes(0.0, seed, preferred=preferred)
    np.testing.assert_array_equal(apart, tastes(0.0, seed, 1 - SENSITIVE, preferred))
    np.testing.assert_array_equal(apart, tastes(0.0, seed, None, preferred))
    determined = tastes(1.0, seed, preferred=preferred)
    np.testing.assert_allclose(determined, determined[SENSITIVE], atol=1e-9)  # that of person 0, or of person 1
    np.testing.assert_allclose(determined[0], -determined[1], atol=1e-9)
    np.testing.assert_allclose(np.sort(determined[0]), np.array([-2, -1, 0, 1, 2]) / math.sqrt(2), atol=1e-9)
    between = tastes(0.6, seed, preferred=preferred)
    np.testing.assert_allclose(between, 0.8 * apart + 0.6 * determined, atol=1e-9)


def test_spread_is_how_far_weights_are_apart():
    once, thrice = (np.log(drawn(spread=spread).latent) for spread in (1.0, 3.0))
    between = [values[:, :-1] - values[:, 1:] for values in (once, thrice)]
    np.testing.assert_allclose(between[1], 3 * between[0], rtol=1e-9)
    assert abs(between[0].std() - math.sqrt(2)) < 0.15
    assert np.all(drawn(spread=0.0).latent == 1)


def test_more_than_two_sensitive_groups():
    determined = tastes(1.0, 5, np.arange(PEOPLE) % 4)
    np.testing.assert_allclose(determined[0], -determined[1], atol=1e-9)
    np.testing.assert_allclose(determined[2], -determined[3], atol=1e-9)
    np.testing.assert_array_equal(determined[0], tastes(1.0, 5)[0])  # whatever other groups there are
    assert any(np.any(tastes(1.0, s, np.arange(PEOPLE) % 4)[2] != tastes(1.0, s)[0]) for s in range(3))


def test_a_correlation_needs_something_to_be_correlated_with():
    with pytest.raises(
        InputError, match=r"^a scheme of correlation 0.8 needs a sensitive attribute, and there is none"
    ):
        draw(SCHEMES["ranked-correlated"], PRESENT, SD)
    for codes in (SENSITIVE - 1, SENSITIVE / 2, SENSITIVE * np.nan):
        with pytest.raises(ValueError, match="whole numbers from 0"):
            draw(SCHEMES["ranked-correlated"], PRESENT, SD, sensitive=codes)


def test_one_feature_and_nobody():
    for scheme in SCHEMES.values():
        one = draw(scheme, np.zeros((3, 1)), np.ones(1), sensitive=np.zeros(3))
        assert np.all(one.latent == 1) and np.all(one.weights == 1)
        assert draw(scheme, np.zeros((0, 3)), np.ones(3), sensitive=np.zeros(0)).mask.shape == (0, 3)


def test_the_named_schemes():
    assert list(SCHEMES) == [
        "universal", "mask-75", "mask-50", "mask-25", "top-2", "top-1", "ranked", "scored", "preferred", "hard-soft",
        "ranked-correlated", "top-2-correlated", "top-1-correlated",
    ]  # fmt: skip
    kinds = {name: scheme.kind for name, scheme in SCHEMES.items()}
    assert [name for name, kind in kinds.items() if kind == "none"] == ["universal"]
    assert [name for name, kind in kinds.items() if kind == "both"] == ["hard-soft"]
    assert {name for name, kind in kinds.items() if kind == "hard"} == {
        name for name in SCHEMES if name.startswith(("mask", "top"))
    }


@pytest.mark.parametrize(
    "keys, complaint",
    [
        ({"keep": 0}, "keep: given 0; allowed: a number, above 0 and at most 1"),
        (
            {"weights": "rankd"},
            r"weights: given 'rankd'; allowed: uniform, ranked, scored, latent \(did you mean ranked",
        ),
        ({"tops": 2}, r"tops: unknown key \(did you mean top\?\)"),
        ({"top": 2, "keep": 0.5}, "top: given 2 beside keep 0.5; allowed: one of the two"),
        ({"lock_above": 3}, "lock_above: given 3 beside weights uniform; allowed: null, or weights scored"),
        ({"correlation": 1.5}, "correlation: given 1.5; allowed: a number, at least 0 and at most 1"),
    ],
)
def test_schemes_in_a_config_are_checked(keys, complaint):
    with pytest.raises(InputError, match=f"^config.yaml: {complaint}"):
        checked(Scheme, [Layer("config.yaml", keys)])
    with pytest.raises(ValidationError):
        Scheme(**keys)


def test_every_key_of_a_scheme_is_described():
    assert all(rule.get("description") for rule in schema_of(Scheme)["properties"].values())
