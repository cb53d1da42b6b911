"""What a method of causal recourse sees, what it answers, and what that costs."""

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from recrec.actionability.profiles import Profiles
from recrec.causal.model import CausalModel
from recrec.errors import InputError


class World(NamedTuple):
    """A causal model, a classifier, and the people that it was trained on.

    Attributes
    ----------
    model : CausalModel
        Whose equations a method may use.
    classifier : Classifier
        Accepts where its ``logit`` is not negative.
    mean, sd : (nodes,) arrays
        Of the training rows.
    ranges : (actionable,) array
        Largest minus smallest standardised value, by which costs are divided.
    limits : (2, actionable) array
        Lowest and highest value that anybody may set, in raw units.
    train : (people, nodes) array
        The training rows.
    """

    model: CausalModel
    classifier: Any
    mean: np.ndarray
    sd: np.ndarray
    ranges: np.ndarray
    limits: np.ndarray
    train: np.ndarray

    @property
    def accepted(self):
        """The training rows that the classifier accepts."""
        return self.train[self.classifier.logit(self.train) >= 0]


class Problem(NamedTuple):
    """Rejected people who ask for a recourse.

    Attributes
    ----------
    world : World
    people : (n, nodes) array
        Raw values.
    profiles : Profiles
        What each of them can and wants to change.
    """

    world: World
    people: np.ndarray
    profiles: Profiles

    @property
    def present(self):
        """Present values of the actionable nodes, (n, actionable)."""
        return self.people[:, self.world.model.actionable]

    def box(self):
        """Lowest and highest value that each person may set each node to, two (n, actionable) arrays."""
        return self.profiles.box(self.present, self.world.limits)

    def solved_in_parts(self, solve, together):
        """Plans of all people by a function that solves a problem, asked about so many people at a time.

        Parameters
        ----------
        solve : callable
            From a Problem to Plans; what it finds for a person must not depend on the others.
        together : int
            At least 1.

        Returns
        -------
        Plans
        """
        if len(self.people) <= together:
            return solve(self)
        parts = []
        for start in range(0, len(self.people), together):
            rows = slice(start, start + together)
            parts.append(solve(Problem(self.world, self.people[rows], self.profiles.take(rows))))
        arrays = [np.concatenate(arrays) for arrays in zip(*(part[:4] for part in parts), strict=True)]
        names = parts[0].diagnostics
        return Plans(*arrays, {name: np.concatenate([part.diagnostics[name] for part in parts]) for name in names})


class Plans(NamedTuple):
    """A recourse for each of n people, or none.

    Attributes
    ----------
    acted : (n, actionable) boolean array
        Which nodes are set; none where nothing was found.
    values : (n, actionable) array
        To what, in raw units; the present value where a node is not set.
    found : (n,) boolean array
        Whether the person is accepted then, by the world's own model.
    certified : (n,) boolean array
        Whether nothing cheaper is proved to exist; where nothing was found, that nothing does it.
    diagnostics : mapping of str to (n,) array
        What else the method tells.
    """

    acted: np.ndarray
    values: np.ndarray
    found: np.ndarray
    certified: np.ndarray
    diagnostics: Mapping[str, np.ndarray] = {}

    @classmethod
    def of(cls, problem, acted, values, certified=False, diagnostics=None):
        """Plans that are no more than they say: values inside the box, `found` by the model and the classifier.

        A plan that does not get its person accepted is taken away.

        Parameters
        ----------
        problem : Problem
        acted : (n, actionable) boolean array
        values : (n, actionable) array
        certified : (n,) boolean array or bool
        diagnostics : dict, optional

        Returns
        -------
        Plans
        """
        lower, upper = problem.box()
        acted = np.asarray(acted, dtype=bool) & problem.profiles.mask
        values = np.where(acted, np.clip(values, lower, upper), problem.present)
        changed = problem.world.model.counterfactual(problem.people, acted, values)
        found = acted.any(axis=1) & (problem.world.classifier.logit(changed) >= 0)
        return cls(
            acted & found[:, None],
            np.where(found[:, None], values, problem.present),
            found,
            np.broadcast_to(np.asarray(certified, dtype=bool), found.shape).copy(),
            diagnostics or {},
        )


def cost(world, people, acted, values, weights, preferred=None, penalty=None, xp=np):
    """What acts cost a person: standardised, squared, weighted, over the range, mean over the actionable nodes.

    Where a node that is acted on has a preferred value, the squared distance that remains is added, times the penalty.

    Parameters
    ----------
    world : World
    people : (..., nodes) array
    acted : (..., actionable) boolean array
    values : (..., actionable) array
    weights : (..., actionable) array
    preferred, penalty : (..., actionable) arrays, optional
        Where `preferred` is NaN nothing is.

    Returns
    -------
    (...) array
    """
    return xp.mean(act_costs(world, people, acted, values, weights, preferred, penalty, xp), axis=-1)


def act_costs(world, people, acted, values, weights, preferred=None, penalty=None, xp=np):
    """What each act adds to the `cost`, times the number of actionable nodes: (..., actionable) array, 0 for no act."""
    sd = xp.asarray(world.sd[world.model.actionable])
    present = xp.take(people, xp.asarray(world.model.actionable), axis=-1)
    total = weights * ((values - present) / sd) ** 2
    if preferred is not None:
        distance = xp.where(xp.isnan(preferred), 0.0, (values - preferred) / sd)
        total = total + penalty * distance**2
    return xp.where(acted, total / xp.asarray(world.ranges), 0.0)


def intervention_sets(actionable, largest=None):
    """All sets of nodes to act on, but the empty one, small ones first.

    Parameters
    ----------
    actionable : int
    largest : int, optional
        Nodes that a set may have.

    Returns
    -------
    (sets, actionable) boolean array

    Examples
    --------
    >>> intervention_sets(2).astype(int).tolist()
    [[1, 0], [0, 1], [1, 1]]
    """
    rows = []
    for size in range(1, min(largest or actionable, actionable) + 1):
        for nodes in itertools.combinations(range(actionable), size):
            rows.append([k in nodes for k in range(actionable)])
    return np.array(rows, dtype=bool)


def world_of(model, classifier, train, limits, normaliser="all"):
    """A world from its training rows.

    Parameters
    ----------
    model : CausalModel
    classifier : Classifier
    train : (people, nodes) array
    limits : (2, actionable) array
    normaliser : {"all", "rejected"}
        Over which training rows the ranges go.

    Returns
    -------
    World

    Raises
    ------
    InputError
        If the ranges should go over rejected rows and there are none.
    """
    mean, sd = train.mean(axis=0), train.std(axis=0)
    rows = train if normaliser == "all" else train[classifier.logit(train) < 0]
    if not len(rows):
        raise InputError(
            f"causal.normaliser: given {normaliser}, and the classifier rejects none of {len(train)} training people; "
            "allowed: all, or a classifier that rejects somebody"
        )
    scaled = (rows[:, model.actionable] - mean[model.actionable]) / sd[model.actionable]
    return World(model, classifier, mean, sd, np.ptp(scaled, axis=0), limits, train)
