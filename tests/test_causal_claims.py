"""Findings of the abstract: people made so that a finding holds, does not hold, or cannot be told."""

import itertools

import numpy as np
import pandas as pd
import pytest
from test_causal_gaps import people_of

from recrec.causal import claims, gaps
from recrec.causal.gaps import Inference

#: Together a minute or two.
pytestmark = pytest.mark.slow

STRENGTHS = {"universal": "none", "mask": "hard", "top": "hard", "ranked": "soft", "mixed": "both"}
SETTINGS = Inference(resamples=300, permutations=199)
LOWER = {"log_density_percentile": -1, "neighbour_distance_percentile": 1, "outlier_factor_percentile": 1}


def study(
    shifts,
    methods=("slow", "fast", "random"),
    datasets=("d",),
    n=120,
    widening=0.0,
    seed=0,
    schemes=STRENGTHS,
    noise=1.0,
):
    """People, alike in both groups, of whom so many per cent have no plan under a strength, and who are less plausible.

    Under every scheme with constraints the gap between groups widens.
    """
    parts = []
    for number, dataset in enumerate(datasets):
        random = np.random.default_rng([seed, number])
        group = np.tile([0.0, 1.0], n // 2)
        base, luck = (
            np.repeat(half, 2) for half in (random.uniform(40, 60, n // 2), random.permutation(n // 2) / n * 2)
        )
        for method, scheme in itertools.product(methods, schemes):
            shift = shifts.get((method, STRENGTHS[scheme]), shifts.get(STRENGTHS[scheme], 0.0))
            valid = luck >= 0.2 + shift / 100
            gap = widening * (STRENGTHS[scheme] != "none") * group
            errors = noise * random.normal(size=n)
            values = {name: base + sign * (shift - gap) + errors for name, sign in LOWER.items()}
            values |= {name: base / 100 + gap for name in ("cost_universal", "cost_elicited")}
            values = {name: np.where(valid, column, np.nan) for name, column in values.items()}
            parts.append(
                people_of(group, dataset=dataset, method=method, scheme=scheme, validity_model=valid.astype(float),
                          **values)
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def claimed(people, trained=("fast",), strengths=STRENGTHS):
    table = claims.claims(people, gaps.gaps(people, SETTINGS), strengths, set(trained), SETTINGS)
    assert list(table) == list(claims.COLUMNS)
    return table.set_index(["claim", "dataset", "method", "measure"])


def row(table, claim, measure, method="slow", dataset="d"):
    return table.loc[(claim, dataset, method, measure)]


BOTH = claims.BOTH_KINDS
HARD, MORE = "hard constraints degrade {}", "hard constraints degrade {} more than soft ones"
ALIKE = "hard constraints degrade {} for amortized and non-amortized methods alike"
WIDENS = "individual actionability widens disparities in {}"
APPEAR = "disparities across groups appear in {}"
OF = {"validity_model": "validity", **dict.fromkeys(LOWER, "plausibility")}


@pytest.mark.parametrize(("hard", "soft", "agrees", "more"), [
    (20.0, 5.0, "agrees", "agrees"),
    (-10.0, 5.0, "disagrees", "disagrees"),
    (0.0, 0.0, "not decided", "not decided"),
    (10.0, 20.0, "agrees", "disagrees"),
])  # fmt: skip
def test_degradation_and_that_of_hard_ones_beyond_soft_ones(hard, soft, agrees, more):
    table = claimed(study({"hard": hard, "soft": soft}, noise=1.0 if hard or soft else 0.0))
    for measure, what in OF.items():
        effect = row(table, HARD.format(what), measure)
        assert (effect["agrees"], row(table, MORE.format(what), measure)["agrees"]) == (agrees, more), measure
        sign, scale = (-1, 0.01) if what == "validity" else (LOWER[measure], 1)
        more_than_soft = row(table, MORE.format(what), measure)["ours"]
        near = 0.3 if scale == 1 else 1 / 59  # of 60 pairs a whole number has no plan
        assert effect["ours"] == pytest.approx(sign * hard * scale, abs=near)
        assert more_than_soft == pytest.approx(sign * (hard - soft) * scale, abs=near)
        assert effect["low"] <= effect["ours"] <= effect["high"]
        assert row(table, ALIKE.format(what), measure, BOTH)["agrees"] == agrees


def test_effects_compare_the_same_people():
    """The harsh scheme keeps only people who are plausible anyway, and makes each of them less so."""
    people = study({"hard": 50.0}, seed=3)
    base = people["person"].map(people[people["scheme"] == "universal"].groupby("person")["validity_model"].sum())
    assert base.notna().all()
    drop = (people["scheme"].map(STRENGTHS) == "hard") & (people["person"] % 4 > 0)
    people.loc[people["person"] % 4 == 0, "log_density_percentile"] += 500
    people.loc[drop, "validity_model"] = 0
    people.loc[drop, list(LOWER)] = np.nan
    means = people.groupby("scheme")["log_density_percentile"].mean()
    assert means["mask"] > means["universal"]
    effect = row(claimed(people), HARD.format("plausibility"), "log_density_percentile")
    assert effect["ours"] == pytest.approx(-50, abs=1) and effect["agrees"] == "agrees"


def test_alike_is_the_weaker_of_both_kinds_and_baselines_are_neither():
    shifts = {("slow", "hard"): 20.0, ("fast", "hard"): 8.0, ("random", "hard"): -20.0}
    table = claimed(study(shifts))
    for measure, what in OF.items():
        assert row(table, ALIKE.format(what), measure, BOTH)["agrees"] == "agrees"
        assert row(table, HARD.format(what), measure, "random")["agrees"] == "disagrees"
    sign = LOWER["outlier_factor_percentile"]
    assert row(table, ALIKE.format("plausibility"), "outlier_factor_percentile", BOTH)["ours"] == pytest.approx(
        sign * 8, abs=0.3
    )
    shifts = {("slow", "hard"): 20.0, ("fast", "hard"): -8.0}
    table = claimed(study(shifts))
    for measure, what in OF.items():
        assert row(table, ALIKE.format(what), measure, BOTH)["agrees"] == "disagrees"


def test_a_study_without_one_kind_or_without_a_strength_does_not_decide():
    people = study({"hard": 20.0}, methods=("slow",))
    table = claimed(people, trained=())
    one_kind = row(table, ALIKE.format("validity"), "validity_model", BOTH)
    assert np.isnan(one_kind["ours"]) and one_kind["agrees"] == "not decided"
    for missing in ("none", "hard", "soft"):
        schemes = [scheme for scheme, strength in STRENGTHS.items() if strength != missing]
        table = claimed(study({"hard": 20.0}, schemes=schemes))
        more = row(table, MORE.format("validity"), "validity_model")
        assert np.isnan(more["ours"]) and more["agrees"] == "not decided", missing
        expected = "agrees" if missing == "soft" else "not decided"
        assert row(table, HARD.format("validity"), "validity_model")["agrees"] == expected


@pytest.mark.parametrize("widening", [15.0, -15.0])
def test_disparities_that_appear_and_widen(widening):
    table = claimed(study({}, widening=widening))
    for what, measure in (
        ("cost", "cost_universal"),
        ("cost", "cost_elicited"),
        ("plausibility", "log_density_percentile"),
    ):
        appears, widens = (row(table, claim.format(what), measure) for claim in (APPEAR, WIDENS))
        assert appears["agrees"] == widens["agrees"] == "agrees"
        assert appears["ours"] == pytest.approx(15, abs=3) and appears["low"] > 0
        assert widens["low"] < widens["ours"] < widens["high"]
        assert "with Holm's correction" in appears["statistic"]
    table = claimed(study({}, widening=0.0))
    assert row(table, APPEAR.format("cost"), "cost_universal")["agrees"] == "not decided"
    assert row(table, WIDENS.format("cost"), "cost_universal")["agrees"] == "not decided"


def test_a_gap_that_closes_is_no_widening():
    people = study({}, widening=5.0)
    # What was widened becomes narrower: take it off everybody of group 1, the universal scheme included.
    people.loc[people["group"] == 1, "cost_universal"] -= 5.0
    table = claimed(people)
    assert row(table, WIDENS.format("cost"), "cost_universal")["agrees"] == "disagrees"


def test_without_groups_there_are_no_disparities_to_tell():
    people = study({"hard": 20.0}).assign(group=np.nan)
    table = claimed(people)
    for claim in (APPEAR, WIDENS):
        found = row(table, claim.format("cost"), "cost_universal")
        assert np.isnan(found["ours"]) and found["agrees"] == "not decided"
    assert row(table, HARD.format("validity"), "validity_model")["agrees"] == "agrees"


def test_data_sets_are_averaged_each_counting_the_same():
    people = pd.concat([study({"hard": 30.0}, datasets=("d",)), study({"hard": 10.0}, datasets=("e",), n=40, seed=9)])
    table = claimed(people)
    for measure, what in OF.items():
        parts = [row(table, HARD.format(what), measure, dataset=name) for name in ("d", "e")]
        pooled = row(table, HARD.format(what), measure, dataset="all")
        assert pooled["ours"] == pytest.approx((parts[0]["ours"] + parts[1]["ours"]) / 2)
        widths = [part["high"] - part["low"] for part in (*parts, pooled)]
        if what == "validity":
            # Independent errors add in squares.
            assert widths[2] == pytest.approx(np.hypot(*widths[:2]) / 2, rel=0.2)
    alone = claimed(people[people["dataset"] == "d"])
    assert "all" not in alone.index.get_level_values("dataset")
    assert not [claim for claim in table.index.unique("claim") if claim.startswith("disparities")] or (
        APPEAR.format("cost"), "all", "slow", "cost_universal"
    ) not in table.index  # fmt: skip


def test_true_validity_is_told_where_it_differs():
    people = study({"hard": 20.0})
    same = people.assign(validity_true=people["validity_model"])
    assert "validity_true" not in claimed(same).index.unique("measure")
    other = people.assign(validity_true=people["validity_model"] * (people["person"] % 3 > 0))
    assert row(claimed(other), HARD.format("validity"), "validity_true")["agrees"] == "agrees"


def test_the_same_claims_whatever_the_order_of_rows():
    people = study({"hard": 20.0}, datasets=("d", "e"))
    first = claimed(people)
    # Persons within a cell in another order; the order of methods and schemes is that of the tables.
    shuffled = people.sort_values(["person"], ascending=False, kind="stable").sort_index(kind="stable")
    pd.testing.assert_frame_equal(first, claimed(shuffled))


@pytest.mark.parametrize(("p", "level", "low", "agrees"), [
    (0.05, 0.95, 1.0, "agrees"), (0.1, 0.9, 1.0, "agrees"), (0.051, 0.95, 1.0, "not decided"),
    (0.01, 0.95, -0.1, "not decided"),
])  # fmt: skip
def test_a_disparity_needs_its_p_value_and_its_interval(p, level, low, agrees):
    people = study({}).assign(twin_accepted=0.0, twin_cost_gap=1.0)
    found = gaps.gaps(people, SETTINGS).assign(p_holm=1.0)
    sure = (found["scheme"] == "top") & (found["measure"] == "cost_elicited") & (found["kind"] == "group")
    sure &= found["over"] == "all"
    found.loc[sure, ["p_holm", "gap", "low", "high"]] = p, 1.5, low, 2.0
    # Neither other kinds nor other people nor the universal scheme count.
    others = (found["kind"] == "individual") | (found["over"] == "common") | (found["scheme"] == "universal")
    assert {"individual", "group"} == set(found["kind"])
    found.loc[others, "p_holm"] = 0.001
    table = claims.claims(people, found, STRENGTHS, {"fast"}, SETTINGS.model_copy(update={"level": level}))
    row_ = row(table.set_index(["claim", "dataset", "method", "measure"]), APPEAR.format("cost"), "cost_elicited")
    assert (row_["agrees"], row_["ours"], row_["low"]) == (agrees, 1.5, low)
    assert f": top, p {p:.3g} with" in row_["statistic"]


def test_what_agrees_is_told_by_the_whole_interval():
    table = claimed(study({"hard": 1.0, "soft": 1.0}, noise=12.0, seed=2)).reset_index()
    told = table[~table["claim"].str.startswith("disparities")]
    straddling = 0
    for _, found in told.iterrows():
        sign = 1 if "widens" in found["claim"] else {**LOWER, "validity_model": -1}[found["measure"]]
        low, high = sorted((sign * found["low"], sign * found["high"]))
        expected = "agrees" if low > 0 else "disagrees" if high < 0 else "not decided"
        straddling += low < 0 < high
        assert found["agrees"] == expected
    assert straddling > 10


def test_errors_of_data_sets_are_independent_of_each_other():
    people = study({"hard": 20.0}, noise=20.0)
    table = claimed(pd.concat([people, people.assign(dataset="e")], ignore_index=True))
    one, both = (
        row(table, HARD.format("plausibility"), "log_density_percentile", dataset=name) for name in ("d", "all")
    )
    assert both["ours"] == pytest.approx(one["ours"])
    assert both["high"] - both["low"] == pytest.approx((one["high"] - one["low"]) / np.sqrt(2), rel=0.15)
