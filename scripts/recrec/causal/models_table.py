"""How good classifiers and fitted equations are, on people that they have not seen: rows of a table."""

import numpy as np

#: Bins of predicted probability, of equal width, of the expected calibration error.
BINS = 10
#: Columns of the rows.
COLUMNS = ("part", "name", "group", "measure", "value")


def auc(scores, y):
    """The area under the receiver operating characteristic: how often an accepted person has the larger score.

    Parameters
    ----------
    scores : (n,) array
    y : (n,) boolean array

    Returns
    -------
    float
        Ties count one half; NaN if all are alike.

    Examples
    --------
    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    from scipy.stats import rankdata

    positive = int(y.sum())
    if positive in (0, len(y)):
        return float("nan")
    ranks = rankdata(scores)[y].sum() - positive * (positive + 1) / 2
    return float(ranks / (positive * (len(y) - positive)))


def calibration_error(probability, y, bins=BINS):
    """The expected calibration error: |share accepted - mean probability|, mean over bins by their people.

    Parameters
    ----------
    probability : (n,) array
    y : (n,) boolean array
    bins : int
        Of equal width.

    Returns
    -------
    float

    Examples
    --------
    >>> round(calibration_error(np.array([0.2, 0.2, 0.9, 0.9]), np.array([False, True, True, True])), 3)
    0.2
    """
    at = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = np.bincount(at, weights=y - probability, minlength=bins)
    return float(np.abs(gaps).sum() / len(y))


def classifier_rows(dataset, classifier, people):
    """Accuracy, area under the curve and calibration of a classifier, over all and by the sensitive node.

    Parameters
    ----------
    dataset : CausalDataset
    classifier : Classifier
    people : People
        Whom it has not seen.

    Returns
    -------
    list of dict
        With the keys `COLUMNS`. Accuracy is that of the decision: a probability of at least the data set's threshold.
    """
    rows = []
    logit, probability = classifier.logit(people.x), classifier.probability(people.x)
    for group, members in _groups(dataset, people.x).items():
        y, p = people.y[members], probability[members]
        measures = {
            "people": len(y),
            "accepted_in_truth": y.mean(),
            "accepted": (logit[members] >= 0).mean(),
            "accuracy": ((logit[members] >= 0) == y).mean(),
            "auc": auc(logit[members], y),
            "brier": ((p - y) ** 2).mean(),
            "calibration_error": calibration_error(p, y),
        }
        rows += _rows("classifier", dataset.classifier, group, measures)
    return rows


def equation_rows(dataset, model, people):
    """How much of each node a fitted equation tells, over all and by the sensitive node.

    Parameters
    ----------
    dataset : CausalDataset
    model : CausalModel
        With fitted mechanisms.
    people : People
        Whom it has not seen.

    Returns
    -------
    list of dict
        With the keys `COLUMNS`, for each node that has parents: the share of its variance that its equation tells
        (``r2``, on the scale on which its noise is added), and the standard deviation of what is left.
    """
    rows = []
    groups = _groups(dataset, people.x)
    values = {node: people.x[:, at] for at, node in enumerate(model.nodes)}
    for node, mechanism in zip(model.nodes, model.mechanisms, strict=True):
        if not mechanism.parents:
            continue
        rest, _ = mechanism.noise({parent: values[parent] for parent in mechanism.parents}, values[node])
        total = rest + mechanism.mean({parent: values[parent] for parent in mechanism.parents})
        for group, members in groups.items():
            variance = total[members].var()
            error = (rest[members] ** 2).mean()
            measures = {"r2": 1 - error / variance if variance > 0 else float("nan"), "rest_sd": rest[members].std()}
            rows += _rows("equation", node, group, measures)
    return rows


def _groups(dataset, x):
    groups = {"all": np.ones(len(x), dtype=bool)}
    if dataset.sensitive is not None:
        values = x[:, dataset.order().index(dataset.sensitive)]
        groups |= {str(value): values == value for value in (0, 1) if (values == value).any()}
    return groups


def _rows(part, name, group, measures):
    return [
        dict(zip(COLUMNS, (part, name, group, measure, float(value)), strict=True))
        for measure, value in measures.items()
    ]
