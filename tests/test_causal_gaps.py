"""Gaps between groups: their signs, intervals and p-values against closed forms, loops and scipy."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from recrec.causal import cells, gaps
from recrec.causal.gaps import Inference, Panel, Resamples

#: Together a minute or two.
pytestmark = pytest.mark.slow

MEASURES = [name for name in cells.COLUMNS if name not in ("person", "group")]


def people_of(group, seed=None, person=None, synthetic=True, dataset="d", method="m", scheme="s", **measures):
    """Rows of people.csv: all measures that are not given are empty."""
    n = len(group)
    table = pd.DataFrame(
        {
            "dataset": dataset, "synthetic": synthetic, "method": method, "scheme": scheme,
            "seed": np.zeros(n, dtype=int) if seed is None else seed,
            "person": np.arange(n) if person is None else person, "group": group,
            **{name: np.full(n, np.nan) for name in MEASURES},
        }
    )  # fmt: skip
    table["validity_model"] = 1.0
    return table.assign(**measures)


def resampled(group, person=None, resamples=200, permutations=199, synthetic=True, stream=0):
    people = people_of(group, person=person, seed=np.arange(len(group)), synthetic=synthetic)
    return Resamples(Panel.of(people), Inference(resamples=resamples, permutations=permutations), stream)


def groups_of(*sizes):
    return np.repeat(np.arange(len(sizes), dtype=float), sizes)


# Estimates


def test_a_gap_by_hand():
    people = people_of(
        np.array([0.0, 0, 1, 1, 1]), cost_elicited=np.array([1.0, 3, 5, np.nan, 6]), validity_model=[1.0, 1, 1, 0, 1],
        twin_accepted=np.array([0.0, 1, 0, 0, 0]), twin_valid=np.array([1.0, 1, 0, 1, 1]),
        twin_cost_gap=np.array([0.5, 3, np.nan, np.nan, 1.0]),
    )  # fmt: skip
    table = gaps.gaps(people, Inference(resamples=50, permutations=50))
    assert list(table) == list(gaps.COLUMNS)
    rows = {(row["over"], row["kind"], row["measure"]): row for row in table.to_dict("records")}
    cost = rows["all", "group", "cost_elicited"]
    assert (cost["gap"], cost["higher"], cost["people"]) == (5.5 - 2, 1, 4)
    validity = rows["all", "group", "validity_model"]
    assert validity["gap"] == pytest.approx(1 / 3) and (validity["higher"], validity["people"]) == (0, 5)
    # Value 1 less value 0: people of group 0 count with the other sign. The second has an accepted twin.
    twins = rows["all", "individual", "cost_elicited"]
    assert twins["gap"] == pytest.approx((-0.5 + 1.0) / 2) and (twins["higher"], twins["people"]) == (1, 2)
    twins = rows["all", "individual", "validity_model"]
    assert twins["gap"] == pytest.approx((0 + 1 - 1 + 0) / 4) and (twins["higher"], twins["people"]) == ("", 4)
    # Over people with a plan under every scheme: all but the fourth.
    assert rows["common", "group", "cost_elicited"]["gap"] == 3.5
    assert not {("common", kind, "validity_model") for kind in ("group", "individual")} & set(rows)
    assert ("all", "group", "cost_latent") not in rows  # nobody has any


def test_the_common_support_is_of_all_schemes_of_a_method():
    group = np.array([0.0, 0, 1, 1])
    parts = [
        people_of(group, method=method, scheme=scheme, validity_model=np.array(valid, dtype=float),
                  cost_universal=np.where(valid, np.array([1.0, 2, 3, 9]), np.nan))
        for method, scheme, valid in (
            ("a", "s", [1, 1, 1, 1]), ("a", "t", [1, 0, 1, 1]), ("b", "s", [1, 1, 1, 1]), ("b", "t", [1, 1, 1, 0])
        )
    ]  # fmt: skip
    table = gaps.gaps(pd.concat(parts), Inference(resamples=50, permutations=50))
    found = table[(table["over"] == "common") & (table["measure"] == "cost_universal")].set_index(["method", "scheme"])
    assert found["people"].tolist() == [3, 3, 3, 3]
    assert found["gap"].to_dict() == {("a", "s"): 5, ("a", "t"): 5, ("b", "s"): 1.5, ("b", "t"): 1.5}


def pairs(random, n, share, p=(0.8, 0.8), cheaper=0.0):
    """Of n people, those who were rejected, as rows.

    The group matters neither to who is rejected nor, unless it is told, to who has a plan and to what it costs.
    """
    group = (random.random(n) < share).astype(float)
    need = random.gamma(2.0, size=(n, 1)) + random.gamma(2.0, size=(n, 2))  # of those who would be in groups 0 and 1
    asks, has = need > 4.0, random.random((n, 2)) < p
    costs = np.where(asks & has, need - 4.0 - np.array([0.0, cheaper]), np.where(asks, np.nan, 0.0))

    def of(values, other):
        return values[np.arange(n), (1 - group if other else group).astype(int)]

    rows = of(asks, False)
    return people_of(
        group[rows], person=np.flatnonzero(rows), validity_model=of(has, False)[rows].astype(float),
        cost_elicited=of(costs, False)[rows], twin_accepted=(~of(asks, True))[rows].astype(float),
        twin_valid=(of(has, True) | ~of(asks, True))[rows].astype(float),
        twin_cost_gap=(of(costs, False) - of(costs, True))[rows],
    )  # fmt: skip


def individual(table):
    table = table[table["kind"] == "individual"]
    return table.assign(signed=table["gap"] * np.where(table["higher"] == 0, -1.0, 1.0))


def turned(people):
    """The same pairs, of whom the other one was drawn."""
    return people.assign(
        group=1 - people["group"], validity_model=people["twin_valid"], twin_valid=people["validity_model"],
        cost_elicited=people["cost_elicited"] - people["twin_cost_gap"], twin_cost_gap=-people["twin_cost_gap"],
    )  # fmt: skip


def test_a_pair_is_the_same_whichever_of_the_two_was_drawn():
    people = pairs(np.random.default_rng(2), 500, 0.3, p=(0.9, 0.6), cheaper=1.0)
    people = people[people["twin_accepted"] == 0]
    some = np.random.default_rng(3).random(len(people)) < 0.5
    mixed = pd.concat([turned(people[some]), people[~some]])
    one, other = (individual(gaps.gaps(rows, Inference(resamples=10))) for rows in (people, mixed))
    assert len(one) == 3 and (one["p"] < 0.05).all()
    for name in ("gap", "higher", "people"):
        assert other[name].tolist() == pytest.approx(one[name].tolist())


def test_in_the_common_support_both_of_a_pair_have_a_plan_under_every_scheme():
    valid, twins = ([1, 1, 1, 1], [1, 1, 0, 1]), ([1, 1, 1, 1], [1, 0, 1, 1])
    people = pd.concat([
        people_of(np.array([0.0, 1, 1, 0]), scheme=scheme, validity_model=np.array(own, dtype=float),
                  twin_accepted=np.array([0.0, 0, 0, 1]), twin_valid=np.array(of_twin, dtype=float),
                  twin_cost_gap=np.where(np.array(own) * of_twin, np.array([1.0, 2, 4, 8]), np.nan))
        for scheme, own, of_twin in zip("st", valid, twins, strict=True)
    ])  # fmt: skip
    table = gaps.gaps(people, Inference(resamples=10, permutations=10)).set_index(["over", "measure", "scheme"])
    table = table[table["kind"] == "individual"]
    costs = table.xs("cost_elicited", level="measure")
    assert costs["people"].to_dict() == {("all", "s"): 3, ("all", "t"): 1, ("common", "s"): 1, ("common", "t"): 1}
    assert costs.loc[("all", "s"), "gap"] == pytest.approx((-1 + 2 + 4) / 3)
    validity = table.xs("validity_model", level="measure")
    assert validity["gap"].to_dict() == {("all", "s"): 0, ("all", "t"): pytest.approx((0 + 1 - 1) / 3)}


@pytest.mark.parametrize("share", [0.13, 0.5])
def test_individual_gaps_are_none_where_groups_are_alike_whatever_their_size(share):
    random, studies = np.random.default_rng(7), 300
    people = pd.concat([pairs(random, 240, share).assign(dataset=str(study)) for study in range(studies)])
    assert 0.25 < people["twin_accepted"].mean() < 0.6
    table = individual(gaps.gaps(people, Inference(resamples=10, permutations=199)))
    for _, rows in table.groupby(["over", "measure"]):
        assert len(rows) == studies
        assert abs(rows["signed"].mean()) < 4 * rows["signed"].std() / math.sqrt(studies)
        for level in (0.05, 0.2, 0.5):
            # Validity has few values: its p-values are too large, if anything.
            assert (rows["p"] <= level).mean() <= level + 3.5 * math.sqrt(level * (1 - level) / studies)
    p = table.loc[table["measure"] == "cost_elicited", "p"]
    assert p.mean() == pytest.approx(0.5, abs=0.06)


def test_individual_gaps_are_found_in_a_small_group():
    people = pairs(np.random.default_rng(8), 600, 0.13, p=(0.95, 0.6), cheaper=1.0)
    table = individual(gaps.gaps(people, Inference(resamples=200))).set_index(["over", "measure"])
    assert (table["higher"] == 0).all() and (table["p"] < 0.01).all()
    cost, validity = table.loc[("all", "cost_elicited")], table.loc[("all", "validity_model")]
    assert cost["low"] < 1.0 < cost["high"] and validity["low"] < 0.35 < validity["high"]


def test_data_sets_without_a_sensitive_node_have_no_gaps():
    nobody = people_of(np.full(5, np.nan), cost_universal=np.arange(5.0))
    assert list(gaps.gaps(nobody, Inference())) == list(gaps.COLUMNS) and not len(gaps.gaps(nobody, Inference()))
    some = people_of(groups_of(5, 5), dataset="e", cost_universal=np.arange(10.0))
    table = gaps.gaps(pd.concat([nobody, some]), Inference(resamples=20, permutations=20))
    assert set(table["dataset"]) == {"e"}


# Intervals


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_samples_are_means_of_people_drawn_within_their_group(seed, repeated):
    random = np.random.default_rng(seed)
    group = groups_of(6, 9)
    person = np.concatenate([[0, 0, 1, 2, 3, 3], np.arange(10, 19)]) if repeated else np.arange(15)
    values = random.normal(size=(15, 3))
    values[random.random(values.shape) < 0.2] = np.nan
    found = resampled(group, person, synthetic=not repeated, resamples=20)
    _, drawn = found.contrast(values)
    _, of_all = found.mean(values)
    units = found.unit
    for sample in range(20):
        rows = [row for row, unit in enumerate(units) for _ in range(found.drawn[sample, unit])]
        number = [len({units[row] for row in range(15) if group[row] == label}) for label in (0, 1)]
        for label in (0, 1):
            own = np.unique(units[group == label])
            assert found.drawn[sample, own].sum() == number[label]
        for column in range(3):
            by_group = [[values[row, column] for row in rows if group[row] == label] for label in (0, 1)]
            means = [np.nanmean(part) if not np.isnan(part).all() else np.nan for part in by_group]
            assert drawn[sample, column] == pytest.approx(means[1] - means[0], nan_ok=True)
            assert of_all[sample, column] == pytest.approx(np.nanmean([*by_group[0], *by_group[1]]), nan_ok=True)


def test_intervals_are_scipys_and_the_closed_forms():
    random = np.random.default_rng(0)
    group, values = groups_of(300, 200), random.normal(size=500) ** 2
    values[group == 1] += 0.5
    found = resampled(group, resamples=4000)
    ours, samples = found.contrast(values[:, None])
    low, high = found.interval(samples)
    zero, one = values[group == 0], values[group == 1]
    assert ours[0] == pytest.approx(one.mean() - zero.mean())
    error = math.sqrt(zero.var() / 300 + one.var() / 200)
    assert samples.std() == pytest.approx(error, rel=0.05)
    assert [low[0], high[0]] == pytest.approx(
        list(
            stats.bootstrap(
                (one, zero), lambda a, b, axis: a.mean(axis) - b.mean(axis), method="percentile", n_resamples=4000,
                rng=np.random.default_rng(1),
            ).confidence_interval
        ),
        abs=0.1 * error * 3,
    )  # fmt: skip
    narrow = Resamples(Panel.of(people_of(group)), Inference(resamples=4000, level=0.5))
    low_half, high_half = narrow.interval(narrow.contrast(values[:, None])[1])
    assert high_half[0] - low_half[0] == pytest.approx(2 * stats.norm.ppf(0.75) * error, rel=0.1)


@pytest.mark.parametrize("sign", [1, -1])
def test_intervals_are_in_the_direction_of_the_gap(sign):
    group = groups_of(100, 100)
    values = np.random.default_rng(0).normal(size=200)
    table = gaps.gaps(
        people_of(group, cost_universal=sign * (values + 3 * group), cost_latent=sign * (values + 0.05 * group)),
        Inference(),
    ).set_index(["over", "measure"])
    clear, unclear = table.loc[("all", "cost_universal")], table.loc[("all", "cost_latent")]
    assert clear["higher"] == (1 if sign > 0 else 0)
    assert 0 < clear["low"] < clear["gap"] < clear["high"] and clear["p"] == pytest.approx(1 / 1000)
    assert unclear["low"] < 0 < unclear["gap"] < unclear["high"] and unclear["p"] > 0.05


def test_intervals_hold_the_truth_as_often_as_they_say():
    random = np.random.default_rng(3)
    group = groups_of(40, 60)
    found = resampled(group, resamples=400)
    values = random.normal(size=(100, 1000)) + 0.7 * group[:, None]
    low, high = found.interval(found.contrast(values)[1])
    hits = ((low <= 0.7) & (high >= 0.7)).mean()
    assert hits == pytest.approx(0.94, abs=0.025)  # percentile intervals of 100 people are a little short


# Tests


def test_p_values_are_those_of_all_permutations():
    group, values = groups_of(4, 5), np.array([0.1, 0.5, 0.2, 1.4, 0.9, 1.1, 2.0, 0.7, 1.5])
    exact = stats.permutation_test(
        (values[group == 1], values[group == 0]), lambda a, b: abs(np.mean(a) - np.mean(b)), alternative="greater",
        n_resamples=np.inf,
    ).pvalue  # fmt: skip
    p = resampled(group, permutations=20000).p_labels(values[:, None])[0]
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact / 20000))
    differences = np.array([0.3, -0.1, 0.8, 0.2, 0.5, -0.2, 0.4, 0.1, 0.6])
    exact = stats.permutation_test(
        (differences,), lambda d, axis: abs(np.mean(d, axis)), permutation_type="samples", alternative="greater",
        n_resamples=np.inf,
    ).pvalue  # fmt: skip
    p = resampled(group, permutations=20000).p_signs(differences[:, None])[0]
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact / 20000))


def test_no_p_value_is_zero_and_nothing_to_tell_is_one():
    group = groups_of(50, 50)
    values = np.stack([100 * group + np.arange(100), np.full(100, 0.1), np.where(group == 1, -1.0, 1.0)], axis=1)
    found = resampled(group)
    assert found.p_labels(values).tolist() == [1 / 200, 1.0, 1 / 200]
    assert found.p_signs(np.stack([np.ones(100), np.zeros(100)], axis=1)).tolist() == [1 / 200, 1.0]


def test_p_values_are_uniform_where_there_is_no_gap_though_groups_differ_in_who_has_a_value():
    random = np.random.default_rng(5)
    group = groups_of(60, 60)
    values = random.standard_exponential(size=(120, 800))
    # Only every tenth of group 1 has a value.
    values[(group == 1) & (np.arange(120) % 10 > 0)] = np.nan
    p = resampled(group, permutations=199).p_labels(values)
    for level in (0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=3.5 * math.sqrt(level * (1 - level) / 800))


def test_people_of_several_seeds_change_groups_together():
    random = np.random.default_rng(6)
    group, values = groups_of(8, 8), random.normal(size=16)
    thrice = np.tile(group, 3), np.tile(np.arange(16), 3), np.tile(values, 3)[:, None]
    one = resampled(group, permutations=999)
    same = resampled(thrice[0], thrice[1], permutations=999, synthetic=False)
    other = resampled(thrice[0], thrice[1], permutations=999)
    assert (one.units, same.units, other.units) == (16, 16, 48)
    assert same.p_labels(thrice[2]) == pytest.approx(one.p_labels(values[:, None]))
    assert same.contrast(thrice[2])[1] == pytest.approx(one.contrast(values[:, None])[1])
    assert other.p_labels(thrice[2])[0] < one.p_labels(values[:, None])[0]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_a_column_is_the_same_whatever_else_is_asked(seed):
    random = np.random.default_rng(seed)
    values = random.normal(size=(30, 4))
    values[random.random(values.shape) < 0.1] = np.nan
    found = resampled(groups_of(13, 17), resamples=30, permutations=60)
    together = found.p_labels(values), found.p_signs(values), found.contrast(values)[1]
    for column in range(4):
        alone = values[:, [column]]
        assert found.p_labels(alone)[0] == together[0][column]
        assert found.p_signs(alone)[0] == together[1][column]
        np.testing.assert_allclose(found.contrast(alone)[1][:, 0], together[2][:, column], rtol=1e-12, atol=1e-14)


def test_small_blocks_change_nothing(monkeypatch):
    values = np.random.default_rng(0).normal(size=(30, 2))
    whole = resampled(groups_of(13, 17))
    expected = whole.p_labels(values), whole.p_signs(values), whole.contrast(values)[1]
    monkeypatch.setattr(gaps, "TOGETHER", 64)
    assert np.array_equal(whole.p_labels(values), expected[0])
    assert np.array_equal(whole.p_signs(values), expected[1])
    np.testing.assert_allclose(whole.contrast(values)[1], expected[2], rtol=1e-12)


def test_a_group_without_a_value_has_no_gap():
    values = np.where(groups_of(5, 5) == 1, np.nan, 1.0)[:, None]
    found = resampled(groups_of(5, 5))
    assert np.isnan(found.contrast(values)[0][0]) and np.isnan(found.p_labels(values)[0])
    assert np.isnan(found.interval(found.contrast(values)[1])).all()


# Holm


def literal_holm(p):
    """As in the textbook: the smallest times n, the next times n - 1, never falling, at most 1."""
    tests = sorted((value, place) for place, value in enumerate(p) if not math.isnan(value))
    corrected, largest = [math.nan] * len(p), 0.0
    for number, (value, place) in enumerate(tests):
        largest = max(largest, min(1.0, (len(tests) - number) * value))
        corrected[place] = largest
    return corrected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.floats(0, 1), st.just(math.nan), st.sampled_from([0.01, 0.02, 0.5])), max_size=8))
def test_holm_is_the_textbooks(p):
    assert gaps.holm(np.array(p, dtype=float)) == pytest.approx(literal_holm(p), nan_ok=True)


def test_holms_correction_is_over_the_schemes_of_a_method_and_a_measure():
    random, group = np.random.default_rng(1), groups_of(30, 30)
    parts = [
        people_of(group, method=method, scheme=scheme, cost_universal=random.normal(size=60) + shift * group,
                  cost_latent=random.normal(size=60), twin_accepted=0.0, twin_cost_gap=random.normal(size=60) + shift)
        for method, (scheme, shift) in itertools.product("ab", (("s", 0.6), ("t", 0.7), ("u", 0.0)))
    ]  # fmt: skip
    table = gaps.gaps(pd.concat(parts), Inference(permutations=499))
    assert len(table["method"].unique()) == 2
    for _, rows in table.groupby(["method", "over", "kind", "measure"]):
        assert rows["scheme"].tolist() == ["s", "t", "u"]
        assert rows["p_holm"].tolist() == pytest.approx(literal_holm(rows["p"].tolist()))
    assert (table["p_holm"] >= table["p"]).all() and (table["p_holm"] > table["p"]).any()
