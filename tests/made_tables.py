"""Made-up tables of the causal track that look like real ones, for the tests of its figures."""

import numpy as np
import pandas as pd

METHODS = {"exact": 0.0, "grid": 0.04, "gradient": 0.02, "amortized": 0.1, "nearest": 0.9, "random": 1.6}
#: How much a scheme forbids.
SCHEMES = {
    "universal": 0.0, "mask-75": 0.15, "mask-50": 0.4, "mask-25": 0.8, "top-2": 0.3, "top-1": 0.75, "ranked": 0.0,
    "scored": 0.0, "preferred": 0.0, "hard-soft": 0.3, "ranked-correlated": 0.0, "top-2-correlated": 0.3,
    "top-1-correlated": 0.75,
}  # fmt: skip
TITLES = {
    "triangle": ("Triangle, linear", True),
    "triangle-nonlinear": ("Triangle, non-linear", True),
    "collider": ("Collider, linear", True),
    "collider-nonlinear": ("Collider, non-linear", True),
    "chain": ("Chain, linear", True),
    "chain-nonlinear": ("Chain, non-linear", True),
    "loan": ("Loan", True),
    "gmsc": ("Give Me Some Credit", False),
    "adult": ("Adult", False),
}
MICROSECONDS = {"exact": 30, "grid": 9000, "gradient": 1500, "amortized": 6, "nearest": 12, "random": 2}
MEASURES = [
    "changed_nodes", "cost_universal", "cost_elicited", "cost_latent", "regret", "log_density",
    "log_density_percentile", "neighbour_distance_percentile", "outlier_factor_percentile", "preferred_distance",
    "twin_cost_gap",
]  # fmt: skip


def strength(scheme):
    """What kind of constraints a scheme has."""
    hard, soft = "mask" in scheme or "top" in scheme, scheme.startswith(("ranked", "scored", "preferred"))
    return "both" if scheme == "hard-soft" else "hard" if hard else "soft" if soft else "none"


def people(datasets=tuple(TITLES), methods=tuple(METHODS), schemes=tuple(SCHEMES), seeds=2, number=300):
    """results/tables/causal/people.csv."""
    tables = []
    for place, dataset in enumerate(datasets):
        for seed in range(seeds):
            rng = np.random.default_rng([place, seed])
            need, ease, group = rng.gamma(2, 0.15, number), rng.uniform(size=number), rng.integers(0, 2, number)
            for scheme in schemes:
                forbids = SCHEMES[scheme]
                limit = 1 - forbids * (0.5 + 0.06 * place) - 0.08 * group * scheme.endswith("correlated")
                for method in methods:
                    worse = METHODS[method]
                    valid = ease < limit - 0.1 * (worse > 0.05) * forbids
                    noise = np.exp(0.1 * rng.normal(size=number))
                    latent = need * (1 + worse) * (1 + forbids) * noise * (1 + 0.1 * group)
                    latent = latent * (0.85 if scheme in ("ranked", "scored", "hard-soft") else 1.0)
                    universal = latent * (1.0 if strength(scheme) in ("none", "hard") else 1.1)
                    percentile = np.clip(60 - 30 * forbids - 10 * worse + 20 * rng.normal(size=number), 0, 100)
                    columns = {
                        "validity_model": valid, "validity_true": valid & (rng.uniform(size=number) < 0.9),
                        "certified": method == "exact", "changed_nodes": rng.integers(1, 4, number),
                        "cost_universal": universal, "cost_elicited": latent, "cost_latent": latent,
                        "regret": latent * {"universal": 0.25, "ranked": 0.06, "scored": 0.03}.get(scheme, 0.02),
                        "log_density": -6 - 4 * forbids + rng.normal(size=number),
                        "log_density_percentile": percentile, "neighbour_distance_percentile": 100 - percentile,
                        "outlier_factor_percentile": 100 - percentile, "preferred_distance": np.nan,
                        "twin_cost_gap": 0.1 * latent * rng.normal(size=number), "broken": 0,
                        "microseconds": MICROSECONDS[method] * (1 + 0.2 * place),
                    }  # fmt: skip
                    table = pd.DataFrame(columns)
                    table.loc[~valid, MEASURES] = np.nan
                    first = {
                        "dataset": dataset, "synthetic": TITLES[dataset][1], "method": method, "scheme": scheme,
                        "seed": seed, "person": np.arange(number), "group": group,
                    }  # fmt: skip
                    tables.append(pd.concat([pd.DataFrame(first), table], axis=1))
    return pd.concat(tables, ignore_index=True)


def cells(table):
    """results/tables/causal/cells.csv of a table of people."""
    table = table.assign(valid=table["validity_model"].astype(int))
    everywhere = table.groupby(["dataset", "method", "seed", "person"])["valid"].transform("min") == 1
    keys, parts = ["dataset", "synthetic", "method", "scheme", "seed"], []
    there = pd.MultiIndex.from_frame(table[keys].drop_duplicates())
    for over, some in (("all", table), ("common", table[everywhere])):
        grouped = some.groupby(keys, sort=False)
        part = grouped[["validity_model", "validity_true", *MEASURES, "microseconds"]].mean()
        part = part.assign(people=grouped.size(), valid=grouped["valid"].sum(), broken=0)
        part = part.reindex(there).fillna({"people": 0, "valid": 0, "broken": 0})
        parts.append(part.reset_index().assign(over=over))
    result = pd.concat(parts, ignore_index=True)
    result.insert(1, "title", [TITLES[name][0] for name in result["dataset"]])
    return result.assign(strength=[strength(scheme) for scheme in result["scheme"]])


def gaps(datasets=tuple(TITLES), methods=tuple(METHODS), schemes=tuple(SCHEMES)):
    """results/tables/causal/gaps.csv."""
    rng, rows = np.random.default_rng(0), []
    scales = {"validity_model": 0.1, "cost_universal": 0.15, "cost_elicited": 0.15, "log_density_percentile": 8}
    for dataset in datasets:
        for method in methods:
            for scheme in schemes:
                for (measure, scale), kind in [
                    (one, kind) for one in scales.items() for kind in ("group", "individual")
                ]:
                    gap = scale * (0.3 + 0.8 * SCHEMES[scheme] + 0.9 * scheme.endswith("correlated"))
                    gap *= np.exp(0.3 * rng.normal())
                    wide = 0.25 * scale * (1 + rng.uniform())
                    p = float(np.exp(-((gap / wide) ** 2)))
                    rows.append({
                        "dataset": dataset, "synthetic": TITLES[dataset][1], "method": method, "scheme": scheme,
                        "over": "all" if measure.startswith("validity") else "common", "measure": measure, "p": p,
                        "kind": kind, "higher": rng.choice([0.0, 1.0], p=[0.3, 0.7]),
                        "gap": gap, "low": gap - wide, "high": gap + wide,
                        "p_holm": min(1.0, 6 * p), "people": 600,
                    })  # fmt: skip
    return pd.DataFrame(rows)


def models(datasets=tuple(TITLES), seeds=2):
    """results/tables/causal/models.csv."""
    rng, rows = np.random.default_rng(1), []
    for dataset in datasets:
        title, synthetic = TITLES[dataset]
        first = {"dataset": dataset, "title": title, "synthetic": synthetic}
        for seed in range(seeds):
            for name in ("X1", "X2", "X3", *(("income", "open_credit_lines") if not synthetic else ())):
                value = rng.uniform(-0.02, 0.95)
                rows.append({**first, "seed": seed, "part": "equation", "name": name, "group": "all", "measure": "r2",
                             "value": value})  # fmt: skip
            for group in ("all", "0", "1"):
                for measure, low in (("accuracy", 0.8), ("auc", 0.85), ("calibration_error", 0.01), ("people", 0.01)):
                    value = low + 0.1 * rng.uniform() if low > 0.5 else low * (1 + 4 * rng.uniform())
                    rows.append({**first, "seed": seed, "part": "classifier", "name": "network", "group": group,
                                 "measure": measure, "value": value})  # fmt: skip
    return pd.DataFrame(rows)


def times(table):
    """The times of methods, as a benchmark has them, of a table of people."""
    keys = ["dataset", "method", "scheme", "seed"]
    grouped = table.groupby(keys, sort=False)["microseconds"].agg(["size", "mean"]).reset_index()
    return grouped.rename(columns={"size": "people", "mean": "microseconds"})
