"""Findings of the paper's abstract beside what a run found. The paper's own figures are not at hand; none is given.

The abstract says: individual actionability constraints, particularly hard ones, can substantially degrade the
plausibility and validity of recourse across amortized and non-amortized approaches; and incorporating individual
actionability can reveal disparities in cost and plausibility across socio-demographic groups. It gives no size of what
is substantial: what is checked is the direction, and our figure says how much.

Effects compare the same people: validity over all of them, plausibility over those with a plan under both schemes, for
otherwise those who drop out make the harsher scheme look better. Schemes with hard constraints only are held against
those with soft ones only, and both against the first scheme with neither.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from recrec.causal.gaps import Panel, Resamples

#: Columns of claims.csv, in order, and what they say.
COLUMNS = {
    "claim": "what the abstract says",
    "dataset": "name of the data set; `all`: the mean over data sets, each counting the same",
    "method": "name of the method; `amortized and non-amortized`: both kinds",
    "measure": "the column of people.csv that it is read from here",
    "statistic": "the figure that it is read from here",
    "ours": "that figure in this run; empty if the study has nothing to compute it from",
    "low": "lower end of its bootstrap interval",
    "high": "upper end",
    "agrees": "`agrees`: the whole interval is on the side that the abstract says (of a disparity: the p-value, with "
    "Holm's correction, counts as well); `disagrees`: the whole interval is on the other side; `not decided`: neither",
}
#: Measures of plausibility, and the sign of what is less plausible.
PLAUSIBILITY = {"log_density_percentile": -1, "neighbour_distance_percentile": 1, "outlier_factor_percentile": 1}
#: Measures that a degradation is read from, and the sign of what is worse.
WORSE = {"validity": {"validity_model": -1, "validity_true": -1}, "plausibility": PLAUSIBILITY}
#: Measures that a disparity is read from.
UNEQUAL = {"cost": ("cost_universal", "cost_elicited"), "plausibility": tuple(PLAUSIBILITY)}
#: Methods that are neither kind of approach, for they optimise nothing.
BASELINES = ("random", "nearest")
BOTH_KINDS = "amortized and non-amortized"


class Effect(NamedTuple):
    """A figure and its bootstrap samples.

    Attributes
    ----------
    ours : float
    samples : (resamples,) array
    """

    ours: float
    samples: np.ndarray


class _Claims:
    """Rows of claims.csv, and what they were made of."""

    def __init__(self, resamples, settings):
        self.rows, self.effects = [], {}
        self.missing = Effect(np.nan, np.full(resamples, np.nan))
        self.outside = (1 - settings.level) / 2

    def add(self, claim, dataset, method, measure, statistic, effect, sign):
        """An effect of which the claim says that it has the sign."""
        self.effects.setdefault((claim, method, measure, statistic, sign), {})[dataset] = effect
        low, high = self.interval(effect)
        ends = sorted((sign * low, sign * high))
        agrees = "agrees" if ends[0] > 0 else "disagrees" if ends[1] < 0 else "not decided"
        self.rows.append((claim, dataset, method, measure, statistic, effect.ours, low, high, agrees))

    def interval(self, effect):
        """Ends of the bootstrap interval."""
        if np.isnan(effect.ours) or np.isnan(effect.samples).all():
            return np.nan, np.nan
        return tuple(np.nanquantile(effect.samples, [self.outside, 1 - self.outside]).tolist())

    def pool(self):
        """Means over data sets, of what there is in more than one."""
        for (claim, method, measure, statistic, sign), by_dataset in list(self.effects.items()):
            some = [effect for effect in by_dataset.values() if not np.isnan(effect.ours)]
            if len(some) > 1:
                self.add(claim, "all", method, measure, statistic, _mean(some), sign)


def claims(people, gaps, strengths, trained, settings):
    """Each finding of the abstract beside this run's figure.

    Parameters
    ----------
    people : DataFrame
        people.csv.
    gaps : DataFrame
        gaps.csv.
    strengths : dict
        Of the schemes: hard, soft, both or none.
    trained : set of str
        Methods that are amortized.
    settings : Inference

    Returns
    -------
    DataFrame
        With the columns `COLUMNS`.
    """
    found = _Claims(settings.resamples, settings)
    for number, (dataset, rows) in enumerate(people.groupby("dataset", sort=False)):
        panel = Panel.of(rows)
        # Data sets have streams of their own, for their samples are averaged.
        resamples = Resamples(panel, settings, number)
        _degradation(found, dataset, panel, resamples, strengths, trained)
        _disparities(found, dataset, panel, resamples, strengths, gaps[gaps["dataset"] == dataset], settings)
    found.pool()
    table = pd.DataFrame(found.rows, columns=list(COLUMNS))
    return table.sort_values("claim", kind="stable", key=lambda names: names.map(_order(table))).reset_index(drop=True)


def _order(table):
    return {claim: place for place, claim in enumerate(table["claim"].unique())}


def _mean(effects):
    return Effect(
        float(np.mean([effect.ours for effect in effects])), np.mean([effect.samples for effect in effects], axis=0)
    )


def _chosen(panel, strengths, kind):
    return [place for place, scheme in enumerate(panel.schemes) if strengths[scheme] == kind]


def _degradation(found, dataset, panel, resamples, strengths, trained):
    places = {kind: _chosen(panel, strengths, kind) for kind in ("none", "hard", "soft")}
    over = {"validity": "same people", "plausibility": "same people, with a plan under both"}
    for what, signs in WORSE.items():
        for measure, sign in signs.items():
            if measure == "validity_true" and not _told_apart(panel):
                continue  # the equations are the true ones, or nobody knows those
            hard_ones, soft_ones = [], []
            for m, method in enumerate(panel.methods):
                values = panel.values[measure][m]
                hard, soft = (_effect(values, places["none"], places[kind], resamples) for kind in ("hard", "soft"))
                hard, soft = hard or found.missing, soft or found.missing
                hard_ones.append(hard)
                soft_ones.append(soft)
                found.add(
                    f"hard constraints degrade {what}", dataset, method, measure,
                    f"under a hard scheme less under the universal one, {over[what]}, mean over hard schemes",
                    hard, sign,
                )  # fmt: skip
                found.add(
                    f"hard constraints degrade {what} more than soft ones", dataset, method, measure,
                    f"the same of hard schemes less that of soft schemes, {over[what]} of each pair",
                    Effect(hard.ours - soft.ours, hard.samples - soft.samples), sign,
                )  # fmt: skip
            kinds = [
                [
                    hard
                    for method, hard in zip(panel.methods, hard_ones, strict=True)
                    if (method in trained) == is_trained and method not in BASELINES and not np.isnan(hard.ours)
                ]
                for is_trained in (True, False)
            ]
            weaker = found.missing
            if all(kinds):
                # Alike if even the one of both kinds that suffers less does suffer.
                amortized, other = map(_mean, kinds)
                least = np.maximum if sign < 0 else np.minimum
                weaker = Effect(float(least(amortized.ours, other.ours)), least(amortized.samples, other.samples))
            found.add(
                f"hard constraints degrade {what} for amortized and non-amortized methods alike", dataset, BOTH_KINDS,
                measure, "of the two kinds' effects of hard schemes, each the mean over its methods, the weaker one",
                weaker, sign,
            )  # fmt: skip


def _told_apart(panel):
    model, true = panel.values["validity_model"], panel.values["validity_true"]
    there = ~np.isnan(true)
    return bool((model[there] != true[there]).any())


def _effect(values, base, schemes, resamples):
    """Mean over schemes of the mean difference to the base, same people; None if there is nobody to compare."""
    if not base or not schemes:
        return None
    ours, samples = resamples.mean((values[schemes] - values[base[0]]).T)
    there = ~np.isnan(ours)
    if not there.any():
        return None
    return Effect(float(ours[there].mean()), samples[:, there].mean(axis=1))


def _disparities(found, dataset, panel, resamples, strengths, gaps, settings):
    constrained = [scheme for scheme in panel.schemes if strengths[scheme] != "none"]
    base, others = _chosen(panel, strengths, "none"), [panel.schemes.index(scheme) for scheme in constrained]
    gaps = gaps[(gaps["kind"] == "group") & (gaps["over"] == "all") & gaps["scheme"].isin(constrained)]
    for what, measures in UNEQUAL.items():
        for m, method in enumerate(panel.methods):
            for measure in measures:
                here = gaps[(gaps["method"] == method) & (gaps["measure"] == measure)]
                found.rows.append(
                    _largest(
                        f"disparities across groups appear in {what}",
                        dataset,
                        method,
                        measure,
                        here,
                        1 - settings.level,
                    )
                )
                widened = found.missing
                if base and others and len(here):
                    ours, samples = resamples.contrast(panel.values[measure][m].T)
                    signs = np.where(ours < 0, -1.0, 1.0)
                    more = ours * signs - (ours * signs)[base[0]]
                    samples = samples * signs - (samples * signs)[:, base[:1]]
                    there = [place for place in others if not np.isnan(more[place])]
                    if there:
                        widened = Effect(float(more[there].mean()), samples[:, there].mean(axis=1))
                found.add(
                    f"individual actionability widens disparities in {what}", dataset, method, measure,
                    "gap between groups under a scheme with constraints less that under the universal one, mean over "
                    "schemes",
                    widened, 1,
                )  # fmt: skip


def _largest(claim, dataset, method, measure, gaps, alpha):
    """The gap that is surest. Looking at all schemes and showing one is what Holm's correction is for."""
    statistic = "gap between groups under the scheme with constraints where it is surest"
    if gaps.empty:
        return claim, dataset, method, measure, statistic, np.nan, np.nan, np.nan, "not decided"
    surest = gaps.sort_values(["p_holm", "gap"], ascending=[True, False], kind="stable").iloc[0]
    agrees = "agrees" if surest["p_holm"] < alpha and surest["low"] > 0 else "not decided"
    statistic += f": {surest['scheme']}, p {surest['p_holm']:.3g} with Holm's correction"
    return claim, dataset, method, measure, statistic, surest["gap"], surest["low"], surest["high"], agrees
