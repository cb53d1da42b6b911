"""The world of a data set and a seed, put together from what was fitted: equations, classifier, limits."""

import numpy as np

from recrec.causal import classifiers, fitting
from recrec.causal.world import world_of


def limits_of(dataset, model, train, quantiles):
    """Lowest and highest value that anybody may set.

    Parameters
    ----------
    dataset : CausalDataset
        A node's own bounds go first.
    model : CausalModel
    train : (people, nodes) array
    quantiles : (float, float)
        Of the training values, for nodes without bounds.

    Returns
    -------
    (2, actionable) array
    """
    limits = np.quantile(train[:, model.actionable], quantiles, axis=0)
    for k, node in enumerate(model.names):
        if dataset.nodes[node].bounds:
            limits[:, k] = dataset.nodes[node].bounds
    return limits


def fit(dataset, people, seed):
    """Equations and classifier, fitted to the training people.

    Parameters
    ----------
    dataset : CausalDataset
    people : People
    seed : int

    Returns
    -------
    CausalModel, Classifier
    """
    classifier = classifiers.train(dataset.classifier, people.x_train, people.y_train, seed)
    return fitting.model_of(dataset, people, seed), classifier


def to_arrays(model, classifier):
    """Fitted equations and classifier as plain arrays."""
    return {
        **{f"model_{key}": value for key, value in fitting.to_arrays(model).items()},
        **{f"classifier_{key}": value for key, value in classifier.to_arrays().items()},
    }


def from_arrays(dataset, arrays):
    """The equations and the classifier that `to_arrays` took apart."""

    def part(name):
        return {key.removeprefix(name): value for key, value in arrays.items() if key.startswith(name)}

    return fitting.from_arrays(dataset, part("model_")), classifiers.from_arrays(part("classifier_"))


def load(dataset, people, fitted, quantiles, normaliser):
    """A world, and the true equations where they are known.

    Parameters
    ----------
    dataset : CausalDataset
    people : People
    fitted : dict of str to array
        See `to_arrays`.
    quantiles : (float, float)
    normaliser : {"all", "rejected"}

    Returns
    -------
    world : World
    true_model : CausalModel or None
        The world's own where its equations are the given ones; None of real people.
    """
    model, classifier = from_arrays(dataset, fitted)
    limits = limits_of(dataset, model, people.x_train, quantiles)
    world = world_of(model, classifier, people.x_train, limits, normaliser)
    if dataset.equations == "given":
        return world, model
    simulated = all(node.equation is not None for node in dataset.nodes.values())
    return world, dataset.model() if simulated else None


def asking(world, people, largest):
    """Rejected people of the test split, in its order.

    Parameters
    ----------
    world : World
    people : People
    largest : int
        So many at most.

    Returns
    -------
    x : (n, nodes) array
    rows : (n,) array of int
        Their numbers in the data set.
    """
    rejected = np.flatnonzero(world.classifier.logit(people.x_test) < 0)[:largest]
    return people.x_test[rejected], people.rows_test[rejected]
