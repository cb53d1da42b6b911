"""Gaps between groups of people, with intervals and tests.

Two kinds. The **group** gap is the larger mean of the two groups less the smaller one. The **individual** gap compares
people with their counterfactual twins, who have the other value of the sensitive node, in pairs of whom both are
rejected: the mean over pairs of what the one with value 1 has less what the one with value 0 has, whichever of them is
the person; its absolute value is told, and who has more. Pairs with an accepted twin do not count: people are there
because they were rejected, so in these pairs it is always the person who pays, and the larger group would seem to pay
more. A pair of two rejected people is there whichever of them is drawn.

People of all seeds are pooled. Intervals are percentile bootstrap intervals, people drawn within their group, of the
difference in the direction that was found: so they reach below 0 where the direction is not certain. Tests draw which
people belong to which group again and again, among the people who have a value; those of individual gaps swap the two
of a pair, which changes nobody who is compared. The people of a data set are drawn once for all its methods, schemes
and measures, so that differences between gaps have intervals too.

Simulated people are others in every seed. People of a file may come in several seeds; all rows of one of them are then
drawn, and change groups, together.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from recrec.config import Section
from recrec.config.values import number, whole_number

#: Columns of gaps.csv, in order, and what they say.
COLUMNS = {
    "dataset": "name of the data set",
    "synthetic": "whether the people are made up",
    "method": "name of the method",
    "scheme": "name of the scheme of actionability",
    "over": "`all`: all people who have a value; `common`: those among them with a plan under every scheme of this "
    "data set, method and seed; for individual gaps, both of a pair have one",
    "measure": "a column of people.csv",
    "kind": "`group`: the means of the two groups; `individual`: people and their counterfactual twins, both of "
    "them rejected",
    "gap": "the larger mean less the smaller one, never negative",
    "higher": "value of the sensitive node with the larger mean; empty if they are equal",
    "low": "lower end of the bootstrap interval of the difference in this direction: below 0 if the direction is not "
    "certain",
    "high": "its upper end",
    "p": "p-value of the permutation test, two-sided",
    "p_holm": "the same with Holm's correction over the schemes of this data set, method, measure, kind and `over`",
    "people": "people with a value; for individual gaps, pairs of them and a twin",
}
#: Measures by which groups are compared, and those that people and their twins are compared by.
GROUP = (
    "validity_model", "validity_true", "changed_nodes", "cost_universal", "cost_elicited", "cost_latent", "regret",
    "log_density_percentile", "neighbour_distance_percentile", "outlier_factor_percentile", "preferred_distance",
)  # fmt: skip
INDIVIDUAL = ("validity_model", "cost_elicited")
#: What is told of twins.
TWINS = ("twin_accepted", "twin_valid", "twin_cost_gap")
#: Streams of random numbers.
BOOTSTRAP, LABELS, SIGNS = range(3)
#: Random numbers that are held at once.
TOGETHER = 4_000_000


class Inference(Section):
    """How intervals and p-values are computed."""

    resamples: whole_number(10) = Field(1000, description="Bootstrap samples.")
    permutations: whole_number(10) = Field(999, description="Permutations of each test.")
    level: number(gt=0, lt=1) = Field(0.95, description="Level of the intervals; a p-value of at most the rest counts.")


class Panel(NamedTuple):
    """People of a data set under every method and scheme.

    Attributes
    ----------
    methods, schemes : tuples of str
    unit : (n,) array of int
        Which of n rows are the same person, from 0.
    group : (n,) array
        Value of the sensitive node, NaN where there is none.
    values : dict of str to (methods, schemes, n) array
        Measures by name, NaN where there is no value.
    common : (methods, n) boolean array
        Who has a plan under every scheme.
    common_pairs : (methods, n) boolean array
        Of whom the twin, too, has a plan, or needs none, under every scheme.
    """

    methods: tuple
    schemes: tuple
    unit: np.ndarray
    group: np.ndarray
    values: dict
    common: np.ndarray
    common_pairs: np.ndarray

    @classmethod
    def of(cls, people):
        """The rows of people.csv of a data set.

        Parameters
        ----------
        people : DataFrame

        Returns
        -------
        Panel
        """
        methods, schemes = (tuple(people[name].unique()) for name in ("method", "scheme"))
        who = people[["seed", "person", "group"]].drop_duplicates(["seed", "person"]).sort_values(["seed", "person"])
        rows = pd.MultiIndex.from_frame(who[["seed", "person"]])
        place = (
            pd.Index(methods).get_indexer(people["method"]),
            pd.Index(schemes).get_indexer(people["scheme"]),
            rows.get_indexer(pd.MultiIndex.from_frame(people[["seed", "person"]])),
        )
        values = {}
        for name in (*GROUP, *TWINS):
            values[name] = np.full((len(methods), len(schemes), len(who)), np.nan)
            values[name][place] = people[name].to_numpy(dtype=float)
        own = np.arange(len(who)) if people["synthetic"].all() else pd.factorize(who["person"])[0]
        # A scheme that the method declined says nothing about anybody.
        common, of_twins = (
            (np.nan_to_num(values[name], nan=1.0) > 0).all(axis=1) for name in ("validity_model", "twin_valid")
        )
        group = who["group"].to_numpy(dtype=float)
        return cls(methods, schemes, own, group, values, common, common & of_twins)

    def signed(self, measure):
        """What people have less what their twins have, turned so that it is value 1 less value 0 of the sensitive node.

        Only of pairs of whom both are rejected, as the people are: an accepted twin would not be there as a person.

        Parameters
        ----------
        measure : str
            Of `INDIVIDUAL`.

        Returns
        -------
        (methods, schemes, n) array
            NaN where the twin is accepted, or there is none.
        """
        if measure == "validity_model":
            difference = self.values["validity_model"] - self.values["twin_valid"]
        else:
            difference = self.values["twin_cost_gap"]
        signs = np.where(self.group == 1, 1.0, np.where(self.group == 0, -1.0, np.nan))
        return np.where(self.values["twin_accepted"] == 0, difference * signs, np.nan)


class Resamples:
    """Bootstrap samples and permutations of the people of a data set, the same for whatever is asked about them.

    Values are arrays (n, columns) with a row for each of the panel's, NaN where there is none.

    Parameters
    ----------
    panel : Panel
    settings : Inference
    stream : int
        Which of many independent ones.
    """

    def __init__(self, panel, settings, stream=0):
        self.settings, self.unit = settings, panel.unit
        self.units = int(panel.unit.max(initial=-1)) + 1
        self.group = np.full(self.units, np.nan)
        self.group[panel.unit] = panel.group
        random = np.random.default_rng([stream, BOOTSTRAP])
        self.drawn = np.zeros((settings.resamples, self.units), dtype=np.uint16)
        strata = [self.group == 0, self.group == 1, np.isnan(self.group)]
        for members in map(np.flatnonzero, strata):
            for row in self.drawn if len(members) else ():
                row[members] = np.bincount(random.integers(len(members), size=len(members)), minlength=len(members))

    def totals(self, values):
        """Sum and number of the values of each person, two arrays (units, columns)."""
        there = ~np.isnan(values)
        parts = np.where(there, values, 0.0), there.astype(float)
        if self.units == len(values):
            return tuple(part[np.argsort(self.unit)] for part in parts)
        sums, counts = np.zeros((2, self.units, values.shape[1]))
        np.add.at(sums, self.unit, parts[0])
        np.add.at(counts, self.unit, parts[1])
        return sums, counts

    def mean(self, values):
        """Means of columns and of their bootstrap samples: arrays (columns,) and (resamples, columns)."""
        return self._mean(self.totals(values), np.ones(self.units, dtype=bool))

    def contrast(self, values):
        """Mean of group 1 less mean of group 0: arrays (columns,) and (resamples, columns)."""
        totals = self.totals(values)
        one, zero = (self._mean(totals, self.group == label) for label in (1, 0))
        return one[0] - zero[0], one[1] - zero[1]

    def _mean(self, totals, members):
        sums, counts = (part[members] for part in totals)
        # Many columns are of the same people: these are counted once.
        alike, like = _alike(counts), np.empty(counts.shape[1], dtype=int)
        for place, columns in enumerate(alike):
            like[columns] = place
        distinct = counts[:, [columns[0] for columns in alike]]
        step = max(1, TOGETHER // max(1, len(sums)))
        with np.errstate(invalid="ignore"):
            drawn = []
            for start in range(0, len(self.drawn), step):
                weights = self.drawn[start : start + step, members].astype(float)
                drawn.append((weights @ sums) / (weights @ distinct)[:, like])
            return sums.sum(axis=0) / counts.sum(axis=0), np.concatenate(drawn)

    def interval(self, samples):
        """Ends of the bootstrap intervals of columns, two arrays (columns,)."""
        outside = (1 - self.settings.level) / 2
        ends = np.full((2, samples.shape[1]), np.nan)
        some = ~np.isnan(samples).all(axis=0)
        ends[:, some] = np.nanquantile(samples[:, some], [outside, 1 - outside], axis=0)
        return ends

    def p_labels(self, values):
        """Two-sided p-values of `contrast`: labels are permuted among the people with a value.

        So the number of people of each group stays as it is, and groups may differ in who has one.
        """

        def statistics(random, shape, sums, counts, members):
            # Those with the smallest of random keys, as many as there are members.
            keys, number = random.random(shape), np.count_nonzero(members)
            labels = (keys <= np.partition(keys, number - 1, axis=1)[:, number - 1, None]).astype(float)
            ones, of_them = labels @ sums, labels @ counts[:, None]
            return ones / of_them - (sums.sum(axis=0) - ones) / (counts.sum() - of_them)

        return self._p(values, self.contrast(values)[0], LABELS, statistics)

    def p_signs(self, values):
        """Two-sided p-values of `mean`, of differences: signs are drawn anew.

        Exact where the two of each pair could as well be the other way round.
        """

        def statistics(random, shape, sums, counts, members):
            return (2.0 * random.integers(0, 2, shape, dtype=np.int8) - 1) @ sums / counts.sum()

        return self._p(values, self.mean(values)[0], SIGNS, statistics)

    def _p(self, values, observed, stream, statistics):
        sums, counts = self.totals(values)
        p = np.full(values.shape[1], np.nan)
        number = self.settings.permutations
        for columns in _alike(counts):
            # Columns of the same people share their permutations.
            if np.isnan(observed[columns[0]]):
                continue
            own_counts = counts[:, columns[0]]
            there = (own_counts > 0) & ~np.isnan(self.group)
            random = np.random.default_rng([0, stream])
            own_sums, own_counts = sums[there][:, columns], own_counts[there]
            # What differs by rounding only is as far out.
            bar = np.abs(observed[columns]) - 1e-12 * np.abs(own_sums).max(axis=0)
            step = max(1, TOGETHER // len(own_sums))
            out = np.zeros(len(columns))
            for start in range(0, number, step):
                shape = (min(step, number - start), len(own_sums))
                drawn = statistics(random, shape, own_sums, own_counts, self.group[there] == 1)
                out += (np.abs(drawn) >= bar).sum(axis=0)
            p[columns] = (out + 1) / (number + 1)
        return p


def _alike(counts):
    """Lists of the columns that have values of the same people."""
    found = {}
    for column in range(counts.shape[1]):
        found.setdefault(counts[:, column].tobytes(), []).append(column)
    return list(found.values())


def holm(p):
    """P-values with Holm's correction for their number.

    Parameters
    ----------
    p : (n,) array
        NaN where there was no test; those do not count.

    Returns
    -------
    (n,) array

    Examples
    --------
    >>> holm(np.array([0.03, 0.01, np.nan, 0.02])).tolist()
    [0.04, 0.03, nan, 0.04]
    """
    corrected = np.full(len(p), np.nan)
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
    steps = np.arange(len(order), 0, -1) * p[order]
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def gaps(people, settings):
    """All gaps.

    Parameters
    ----------
    people : DataFrame
        people.csv, of any data sets; those without a sensitive node have no gaps.
    settings : Inference

    Returns
    -------
    DataFrame
        With the columns `COLUMNS`.
    """
    tables = [pd.DataFrame(columns=list(COLUMNS))]
    for dataset, rows in people.groupby("dataset", sort=False):
        if rows["group"].notna().any():
            panel = Panel.of(rows)
            table = _of_panel(panel, Resamples(panel, settings))
            tables.append(table.assign(dataset=dataset, synthetic=rows["synthetic"].iloc[0]))
    found = pd.concat(tables[1:] or tables)[list(COLUMNS)]
    return found.reset_index(drop=True)


def _of_panel(panel, resamples):
    blocks = []
    for over in ("all", "common"):
        for kind, measures in (("group", GROUP), ("individual", INDIVIDUAL)):
            for measure in measures:
                if over == "common" and measure == "validity_model":
                    continue  # all of them are valid
                values = panel.values[measure] if kind == "group" else panel.signed(measure)
                if over == "common":
                    support = panel.common if kind == "group" else panel.common_pairs
                    values = np.where(support[:, None, :], values, np.nan)
                blocks.append((over, kind, measure, values))
    # One column for each method, scheme, measure, kind and `over`.
    shape = len(blocks), len(panel.methods), len(panel.schemes)
    columns = np.stack([values for *_, values in blocks]).reshape(np.prod(shape), -1).T
    columns = np.where(np.isnan(panel.group)[:, None], np.nan, columns)
    grouped = np.repeat([kind == "group" for _, kind, _, _ in blocks], shape[1] * shape[2])
    gap, low, high, p = np.full((4, columns.shape[1]), np.nan)
    for chosen, estimate, test in (
        (grouped, resamples.contrast, resamples.p_labels),
        (~grouped, resamples.mean, resamples.p_signs),
    ):
        gap[chosen], samples = estimate(columns[:, chosen])
        low[chosen], high[chosen] = resamples.interval(samples * np.where(gap[chosen] < 0, -1.0, 1.0))
        p[chosen] = test(columns[:, chosen])
    count = (~np.isnan(columns)).sum(axis=0)
    corrected = np.concatenate([holm(part) for part in p.reshape(-1, shape[2])])
    rows = []
    for place, (over, kind, measure, _) in enumerate(blocks):
        for m, method in enumerate(panel.methods):
            for s, scheme in enumerate(panel.schemes):
                at = np.ravel_multi_index((place, m, s), shape)
                if np.isnan(gap[at]):
                    continue
                higher = "" if gap[at] == 0 else int(gap[at] > 0)
                rows.append({
                    "method": method, "scheme": scheme, "over": over, "measure": measure, "kind": kind,
                    "gap": abs(gap[at]), "higher": higher, "low": low[at], "high": high[at], "p": p[at],
                    "p_holm": corrected[at], "people": count[at],
                })  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)[2:])
