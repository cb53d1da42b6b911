"""What a plan is worth to a person: validity, cost, plausibility, and how far it leaves them from what they prefer.

What becomes of a person, the **outcome**, is by the true equations where they are known, else by those that the method
used. Validity is told by both.
"""

import warnings
from typing import NamedTuple

import numpy as np

from recrec.causal.world import cost
from recrec.errors import InputError

#: Columns, and what they say. Costs, changed nodes and plausibility are empty where there is no plan.
COLUMNS = {
    "changed_nodes": "nodes that the plan sets",
    "cost_universal": "cost of the plan if every change costs everybody the same",
    "cost_elicited": "cost by the weights that the person said, preferred values included",
    "cost_latent": "cost by what changes truly cost the person, preferred values included",
    "log_density": "natural logarithm of the density of what the person becomes, through the noise of the equations; "
    "-inf where no noise leads there",
    "log_density_percentile": "that among accepted people's own values, in per cent; higher is more plausible",
    "neighbour_distance_percentile": "mean distance, in standard deviations, of what the person becomes to the nearest "
    "accepted people, among accepted people's own values, in per cent; lower is more plausible",
    "outlier_factor_percentile": "local outlier factor of what the person becomes to accepted people, among accepted "
    "people's own values, in per cent; lower is more plausible",
    "preferred_distance": "mean distance, in standard deviations, of what the person's nodes become from their "
    "preferred values; empty for a person without any",
}
#: Parts of the accepted people, each of which is held against the others.
FOLDS = 20


class Outcome(NamedTuple):
    """What becomes of n people.

    Attributes
    ----------
    values : (n, nodes) array
        By the true equations where they are known, else by the world's.
    valid : (n,) array
        Whether the person is accepted then, 1 or 0, by the true equations; NaN where nobody knows them.
    """

    values: np.ndarray
    valid: np.ndarray


def outcome(world, people, plans, true_model=None):
    """What becomes of people who carry out their plans.

    Parameters
    ----------
    world : World
    people : (n, nodes) array
    plans : Plans
    true_model : CausalModel, optional

    Returns
    -------
    Outcome
    """
    foreseen = world.model.counterfactual(people, plans.acted, plans.values)
    if true_model is None:
        return Outcome(foreseen, np.full(len(people), np.nan))
    values = true_model.counterfactual(people, plans.acted, plans.values)
    # Who becomes what was foreseen is accepted as foreseen: a logit of 0 may have another last bit in another batch.
    accepted = (values == foreseen).all(axis=1) | (world.classifier.logit(values) >= 0)
    return Outcome(values, np.where(plans.found & accepted, 1.0, 0.0))


def costs(world, people, profiles, plans):
    """What plans cost by universal, elicited and latent weights; the last two with preferred values.

    Parameters
    ----------
    world : World
    people : (n, nodes) array
    profiles : Profiles
    plans : Plans

    Returns
    -------
    dict of (n,) arrays
        NaN where there is no plan.
    """
    wished = (profiles.preferred, profiles.penalty)
    found = {
        "cost_universal": cost(world, people, plans.acted, plans.values, np.ones_like(profiles.weights)),
        "cost_elicited": cost(world, people, plans.acted, plans.values, profiles.weights, *wished),
        "cost_latent": cost(world, people, plans.acted, plans.values, profiles.latent, *wished),
    }
    return {name: np.where(plans.found, values, np.nan) for name, values in found.items()}


def preferred_distance(world, profiles, values):
    """Mean distance of the actionable nodes from their preferred values, in standard deviations.

    Whether a node is set, follows from one that is, or stays as it is.

    Parameters
    ----------
    world : World
    profiles : Profiles of n people
    values : (n, nodes) array
        What they become.

    Returns
    -------
    (n,) array
        NaN for a person without preferred values.
    """
    nodes = world.model.actionable
    distance = np.abs(values[:, nodes] - profiles.preferred) / world.sd[nodes]
    wished = ~np.isnan(profiles.preferred)
    count = wished.sum(axis=1)
    total = np.where(wished, distance, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def broken(world, people, profiles, plans):
    """Constraints that each plan breaks: to the last bit, one by one, from the profile itself.

    Besides: a node that is not acted on has another value, somebody without a plan acts, a plan does not get its person
    accepted by the world's own equations.

    Parameters
    ----------
    world : World
    people : (n, nodes) array
    profiles : Profiles
    plans : Plans

    Returns
    -------
    (n,) array of int
    """
    present = people[:, world.model.actionable]
    values, acted = plans.values, plans.acted
    lowest = np.minimum(world.limits[0], present)
    highest = np.maximum(world.limits[1], present)
    wrong = [
        acted & ~profiles.mask,
        acted & ~((values >= profiles.low) & (values <= profiles.high)),
        acted & ~((values >= lowest) & (values <= highest)),
        acted & (profiles.direction > 0) & ~(values >= present),
        acted & (profiles.direction < 0) & ~(values <= present),
        ~acted & ~(values == present),
        acted & ~plans.found[:, None],
    ]
    count = np.sum([part.sum(axis=1) for part in wrong], axis=0)
    logit = world.classifier.logit(world.model.counterfactual(people, acted, values))
    # The last bits of a logit may be others in another batch.
    return count + (plans.found & ~((logit >= -1e-6) & acted.any(axis=1)))


def measure(world, people, profiles, plans, outcome, plausibility, true_model=None):
    """Everything in `COLUMNS`.

    Parameters
    ----------
    world : World
    people : (n, nodes) array
    profiles : Profiles
    plans : Plans
    outcome : Outcome
    plausibility : Plausibility
    true_model : CausalModel, optional

    Returns
    -------
    dict of (n,) arrays
        NaN where there is no plan.
    """
    plausible = plausibility.measure(true_model or world.model, outcome.values)
    values = {
        "changed_nodes": plans.acted.sum(axis=1),
        **costs(world, people, profiles, plans),
        **plausible,
        "preferred_distance": preferred_distance(world, profiles, outcome.values),
    }
    return {name: np.where(plans.found, values[name], np.nan) for name in COLUMNS}


class Plausibility(NamedTuple):
    """Accepted people, beside whom others are plausible or not.

    Attributes
    ----------
    rows : (m, nodes) array
        Accepted training people, standardised.
    mean, sd : (nodes,) arrays
        By which.
    neighbours : int
        How many of the nearest count.
    log_density, distance, factor : (m,) arrays
        Their own values, sorted: each beside the others, never beside themselves.
    """

    rows: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    neighbours: int
    log_density: np.ndarray
    distance: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(cls, world, true_model=None, neighbours=10, largest=2000, seed=0):
        """The accepted training people, or so many of them, drawn.

        Parameters
        ----------
        world : World
        true_model : CausalModel, optional
            By whose noise densities are; else by the world's.
        neighbours : int
            Fewer if there are fewer people.
        largest : int
            People that are kept at most.
        seed : int
            Who is kept.

        Returns
        -------
        Plausibility

        Raises
        ------
        InputError
            If fewer than three training people are accepted.
        """
        accepted = world.accepted
        if len(accepted) < 3:
            raise InputError(
                f"{len(accepted)} of {len(world.train)} training people are accepted; allowed: at least 3, beside whom "
                "others are plausible or not"
            )
        if len(accepted) > largest:
            kept = np.random.default_rng(seed).choice(len(accepted), largest, replace=False)
            accepted = accepted[np.sort(kept)]
        sd = np.where(world.sd > 0, world.sd, 1.0)
        rows = (accepted - world.mean) / sd
        neighbours = min(neighbours, len(rows) - -(-len(rows) // FOLDS) - 1)
        # A point changes the density around its neighbours: its own factor is among people without it, as others' are.
        fold, factor = np.arange(len(rows)) % FOLDS, np.empty(len(rows))
        for part in np.unique(fold):
            others = _fitted(rows[fold != part], neighbours)
            factor[fold == part] = -others.score_samples(rows[fold == part])
        return cls(
            rows,
            world.mean,
            sd,
            neighbours,
            np.sort((true_model or world.model).log_density(accepted)),
            np.sort(_fitted(rows, neighbours).kneighbors()[0].mean(axis=1)),
            np.sort(factor),
        )

    def measure(self, model, x):
        """Log-densities, and the three percentiles, of some people.

        Parameters
        ----------
        model : CausalModel
            By which the own log-densities are.
        x : (n, nodes) array

        Returns
        -------
        dict of (n,) arrays
        """
        log_density = model.log_density(x)
        distance, factor = np.full((2, len(x)), np.nan)
        finite = np.isfinite(x).all(axis=1)
        if finite.any():
            scaled = (x[finite] - self.mean) / self.sd
            fitted = _fitted(self.rows, self.neighbours)
            distance[finite] = fitted.kneighbors(scaled)[0].mean(axis=1)
            factor[finite] = -fitted.score_samples(scaled)
        return {
            "log_density": log_density,
            "log_density_percentile": percentile(log_density, self.log_density),
            "neighbour_distance_percentile": percentile(distance, self.distance),
            "outlier_factor_percentile": percentile(factor, self.factor),
        }

    def to_arrays(self):
        """Plain arrays by name, for `storage.save_arrays`."""
        return {name: np.asarray(part) for name, part in self._asdict().items()}

    @classmethod
    def from_arrays(cls, arrays):
        """What `to_arrays` took apart."""
        parts = {name: arrays[name] for name in cls._fields}
        return cls(**{**parts, "neighbours": int(parts["neighbours"])})


def _fitted(rows, neighbours):
    """scikit-learn's local outlier factor, which also finds neighbours. Fitted anew in milliseconds, never pickled."""
    from sklearn.neighbors import LocalOutlierFactor

    with warnings.catch_warnings():
        # Many equal people, of counts, make factors large; only their order counts here.
        warnings.filterwarnings("ignore", "Duplicate values", UserWarning)
        # A tree whatever the number of people, so that two studies agree on neighbours.
        return LocalOutlierFactor(n_neighbors=neighbours, algorithm="kd_tree", novelty=True).fit(rows)


def percentile(values, own):
    """Share of `own` below each value, in per cent; what is equal counts half.

    Parameters
    ----------
    values : (n,) array
    own : (m,) array
        Sorted.

    Returns
    -------
    (n,) array
        NaN for NaN.

    Examples
    --------
    >>> percentile(np.array([0.0, 2.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [0.0, 37.5, 100.0]
    """
    below, up_to = (np.searchsorted(own, values, side) for side in ("left", "right"))
    return np.where(np.isnan(values), np.nan, 50.0 * (below + up_to) / len(own))
