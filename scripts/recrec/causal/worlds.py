"""The world of a data set and a seed, put together from what was fitted: equations, classifier, limits."""

import numpy as np

from recrec.causal import classifiers, fitting, models_table, people
from recrec.causal.world import world_of
from recrec.errors import InputError

#: Columns of models.csv, in order, and what they say.
QUALITY = {
    "dataset": "name of the data set",
    "title": "what figures call it",
    "synthetic": "whether the people are made up",
    "seed": "seed of the people",
    "part": "`classifier` or `equation`",
    "name": "the kind of classifier, or the node whose equation was fitted",
    "group": "`all` test people, or those with this value of the sensitive node",
    "measure": "people, accepted_in_truth, accepted, accuracy, auc, brier and calibration_error (ten bins) of a "
    "classifier; r2, and the standard deviation of what is left, of an equation",
    "value": "its value on the test people",
}


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


def people_of(dataset, name, folder, seed, log):
    """The people of a data set: drawn from its equations, or read from its files.

    Parameters
    ----------
    dataset : CausalDataset
    name : str
    folder : path or None
        Where its files are, if it has any.
    seed : int
    log : logging.Logger

    Returns
    -------
    Split
    list of dict
        What was done to each column of a table, see `people.read_people`.
    """
    if dataset.read is not None:
        return people.read_people(dataset, folder, name, seed, log)
    return people.split(people.simulate(dataset, seed=dataset.stream(seed)), dataset.shares, seed), []


def fit(dataset, split, seed, log):
    """Equations, where they are not given, and classifier, fitted to the training people.

    Parameters
    ----------
    dataset : CausalDataset
    split : Split
    seed : int
    log : logging.Logger

    Returns
    -------
    CausalModel, Classifier
    """
    train = split.train
    model = dataset.model() if dataset.equations == "given" else fitting.fit_equations(dataset, train.x, seed, log)
    return model, classifiers.train(dataset, train.x, train.y, seed)


def to_arrays(dataset, model, classifier):
    """Equations, where they were fitted, and classifier as plain arrays."""
    fitted = {} if dataset.equations == "given" else fitting.to_arrays(model)
    return {
        **{f"model_{key}": value for key, value in fitted.items()},
        **{f"classifier_{key}": value for key, value in classifier.to_arrays().items()},
    }


def from_arrays(dataset, arrays):
    """The equations and the classifier that `to_arrays` took apart."""

    def part(name):
        return {key.removeprefix(name): value for key, value in arrays.items() if key.startswith(name)}

    given = dataset.equations == "given"
    model = dataset.model() if given else fitting.from_arrays(dataset, part("model_"))
    return model, classifiers.Classifier.from_arrays(part("classifier_"))


def quality(dataset, name, seed, split, model, classifier):
    """How good fitted equations and classifier are on the test people: rows with the columns `QUALITY`."""
    rows = models_table.classifier_rows(dataset, classifier, split.test)
    if dataset.equations != "given":
        rows += models_table.equation_rows(dataset, model, split.test)
    head = {"dataset": name, "title": dataset.title, "synthetic": dataset.synthetic, "seed": seed}
    return [{**head, **row} for row in rows]


def load(dataset, split, fitted, quantiles, normaliser):
    """A world, and the true equations where they are known.

    Parameters
    ----------
    dataset : CausalDataset
    split : Split
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
    limits = limits_of(dataset, model, split.train.x, quantiles)
    world = world_of(model, classifier, split.train.x, limits, normaliser)
    if dataset.equations == "given":
        return world, model
    simulated = all(node.equation is not None for node in dataset.nodes.values())
    return world, dataset.model() if simulated else None


def asking(world, split, largest):
    """Rejected people of the test split, in its order.

    Parameters
    ----------
    world : World
    split : Split
    largest : int
        So many at most.

    Returns
    -------
    x : (n, nodes) array
    rows : (n,) array of int
        Their numbers in the data set.
    """
    rejected = np.flatnonzero(world.classifier.logit(split.test.x) < 0)[:largest]
    return split.test.x[rejected], split.test.rows[rejected]


def row_of(split, row, name):
    """The values of the person in a row of a data set.

    Parameters
    ----------
    split : Split
    row : int
        Counted from 1, as the table has it; of simulated people, in the order in which they were drawn.
    name : str
        Of the data set, for the message.

    Returns
    -------
    (nodes,) array

    Raises
    ------
    InputError
        If there is nobody in that row.
    """
    for part in split:
        found = np.flatnonzero(part.rows == row)
        if len(found):
            return part.x[found[0]]
    last = max(part.rows.max() for part in split)
    raise InputError(f"{name}: nobody in row {row}; there are rows 1 to {last}, without those that were dropped")
