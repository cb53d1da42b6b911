"""Who is accepted: logistic regression or a small network on standardised features, over any array namespace."""

import math
import warnings
from typing import NamedTuple

import numpy as np

from recrec.errors import InputError

#: Units of the two hidden layers of a network.
UNITS = (32, 32)


class Classifier(NamedTuple):
    """A trained classifier of raw values; it accepts where its logit is not negative.

    Attributes
    ----------
    weights, biases : tuple of arrays
        Of the layers, with the positive part taken between them: one is a logistic regression. Standardising is part of
        the first; a node that is no feature has weights of 0 there.
    shift : float
        Log odds of the least probability of being accepted in truth that is accepted, 0 for 0.5; the logit lacks it of
        the log odds of that probability.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    shift: float = 0.0

    def logit(self, x, xp=np):
        """Above 0: accepted.

        Parameters
        ----------
        x : (..., nodes) array
        xp : array namespace

        Returns
        -------
        (...) array
        """
        layer = x
        for place, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if place:
                layer = xp.maximum(layer, xp.zeros_like(layer))
            layer = layer @ xp.asarray(weights) + xp.asarray(bias)
        return layer[..., 0] - self.shift

    def probability(self, x):
        """The probability of being accepted in truth.

        Parameters
        ----------
        x : (..., nodes) array

        Returns
        -------
        (...) array
        """
        return 0.5 + 0.5 * np.tanh(0.5 * (self.logit(x) + self.shift))

    @property
    def coefficients(self):
        """Of a logistic regression, by how much the logit rises per unit of each node, (nodes,); None of a network."""
        return self.weights[0][:, 0] if len(self.weights) == 1 else None

    @property
    def intercept(self):
        """Of a logistic regression, the logit where all values are 0; None of a network."""
        return float(self.biases[0][0]) - self.shift if len(self.weights) == 1 else None

    def to_arrays(self):
        """Plain arrays by name, for `recrec.storage.save_arrays`."""
        arrays = {f"weights{layer}": values for layer, values in enumerate(self.weights)}
        arrays |= {f"bias{layer}": values for layer, values in enumerate(self.biases)}
        return {**arrays, "shift": np.array(self.shift)}

    @classmethod
    def from_arrays(cls, arrays):
        """What `to_arrays` took apart."""
        layers = sum(name.startswith("weights") for name in arrays)
        weights, biases = (tuple(arrays[f"{part}{layer}"] for layer in range(layers)) for part in ("weights", "bias"))
        return cls(weights, biases, float(arrays["shift"]))


def train(dataset, x, y, seed=0):
    """A classifier, trained.

    Parameters
    ----------
    dataset : CausalDataset
        `classifier` (logistic or network), `features`, `threshold`, and the names of the nodes.
    x : (people, nodes) array
        Raw values, the columns in the order of ``dataset.order()``.
    y : (people,) boolean array
        Whether they were accepted in truth.
    seed : int

    Returns
    -------
    Classifier

    Raises
    ------
    InputError
        If all or none of the people were accepted, or a feature is constant.
    """
    from threadpoolctl import threadpool_limits

    order = dataset.order()
    features = order if dataset.features is None else dataset.features
    chosen = np.array([order.index(feature) for feature in sorted(features, key=order.index)])
    if y.all() or not y.any():
        raise InputError(
            f"{dataset.title}: {'all' if y.all() else 'none'} of {len(y)} training people are accepted; allowed: some"
        )
    center, spread = x[:, chosen].mean(axis=0), x[:, chosen].std(axis=0)
    for node, constant in zip(chosen, spread == 0, strict=True):
        if constant:
            raise InputError(
                f"{dataset.title}, node {order[node]}: all training people have the same value; allowed: several"
            )
    fit = _logistic if dataset.classifier == "logistic" else _network
    # One thread: with several, sums run in another order and the last digits differ.
    with threadpool_limits(1):
        weights, biases = fit((x[:, chosen] - center) / spread, y, seed)
    first = weights[0] / spread[:, None]
    full = np.zeros((len(order), first.shape[1]))
    full[chosen] = first
    threshold = dataset.threshold
    return Classifier(
        (full, *weights[1:]), (biases[0] - center @ first, *biases[1:]), math.log(threshold) - math.log1p(-threshold)
    )


def _logistic(z, y, seed):
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(max_iter=1000, tol=1e-8).fit(z, y)
    return (found.coef_.T,), (found.intercept_,)


def _network(z, y, seed):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(hidden_layer_sizes=UNITS, early_stopping=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(z, y)
    return tuple(network.coefs_), tuple(network.intercepts_)
