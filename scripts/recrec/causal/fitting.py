"""Equations fitted to people: a small smooth regression per node, whose noise is what the regression leaves over."""

import logging
import warnings
from typing import Any, NamedTuple

import numpy as np

from recrec.causal.model import CausalModel
from recrec.causal.noise import Bernoulli, Mixture
from recrec.errors import InputError

LOG = logging.getLogger(__name__)


class FittedMechanism(NamedTuple):
    """A node that is a smooth function of its parents plus noise, on its own scale or on that of log(1 + value).

    Attributes
    ----------
    parents : tuple of str
    law : Noise
        Of the noise.
    scale : {"linear", "log"}
    weights, biases : tuple of arrays
        Of the layers, with tanh between them: one is a linear regression. The first takes raw values of the parents; a
        node without parents has one of no weights, whose bias is 0.
    """

    parents: tuple[str, ...]
    law: Any
    scale: str
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def mean(self, parents, xp=np):
        """What the parents make of the node, without its noise, on the scale of the noise; 0 without parents.

        Parameters
        ----------
        parents : dict of str to array
        xp : array namespace

        Returns
        -------
        array
        """
        if not self.parents:
            return 0.0
        layer = xp.stack(xp.broadcast_arrays(*(parents[name] for name in self.parents)), axis=-1)
        for place, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            layer = (xp.tanh(layer) if place else layer) @ xp.asarray(weights) + xp.asarray(bias)
        return layer[..., 0]

    def value(self, parents, u, xp=np):
        """See `recrec.causal.model.Mechanism`."""
        total = self.mean(parents, xp) + u
        return xp.exp(total) - 1.0 if self.scale == "log" else total

    def noise(self, parents, x, xp=np):
        """See `recrec.causal.model.Mechanism`."""
        scaled = xp.log(1.0 + x) if self.scale == "log" else x
        log_slope = scaled if self.scale == "log" else 0.0 * x
        return scaled - self.mean(parents, xp), log_slope

    def linear(self):
        """See `recrec.causal.model.Mechanism`."""
        if self.scale == "log" or len(self.weights) > 1:
            return None
        slopes = self.weights[0][:, 0] if self.parents else []
        return (
            {name: float(slope) for name, slope in zip(self.parents, slopes, strict=True)},
            1.0,
            float(self.biases[0][0]),
        )


def fit_equations(dataset, x, seed=0, log=LOG):
    """A causal model whose equations are fitted to people.

    Parameters
    ----------
    dataset : CausalDataset
        Its graph, and how to fit: `equations` (linear or network), `fitting`, and per node `scale` and `column.whole`.
    x : (people, nodes) array
        Training people, the columns in the order of ``dataset.order()``.
    seed : int
    log : logging.Logger

    Returns
    -------
    CausalModel
        With a `FittedMechanism` per node. One of 0 and 1 alone, which may have no parents, is a coin.

    Raises
    ------
    InputError
        If a node is constant, takes only 0 and 1 although it has parents, or is below 0 on the scale log.
    """
    from threadpoolctl import threadpool_limits

    order, parents = dataset.order(), dataset.parents()
    place = {node: at for at, node in enumerate(order)}
    if len(x) > dataset.fitting.rows:
        x = x[np.sort(np.random.default_rng(seed).choice(len(x), dataset.fitting.rows, replace=False))]
    mechanisms = {}
    # One thread: with several, sums run in another order and the last digits differ.
    with threadpool_limits(1):
        for at, node in enumerate(order):
            mechanisms[node] = _fit_node(
                dataset,
                node,
                parents[node],
                x[:, [place[parent] for parent in parents[node]]],
                x[:, at],
                [seed, at],
                log,
            )
    actionable = [node for node in order if dataset.nodes[node].actionable]
    return CausalModel(mechanisms, actionable, dataset.sensitive)


def _fit_node(dataset, node, parents, inputs, values, seed, log):
    content, fitting = dataset.nodes[node], dataset.fitting
    if values.min() == values.max():
        raise InputError(
            f"{dataset.title}, node {node}: all people have the value {values[0]:g}; allowed: several values"
        )
    none = (np.zeros((len(parents), 1)),), (np.zeros(1),)
    if np.isin(values, (0.0, 1.0)).all():
        if parents:
            raise InputError(
                f"{dataset.title}, node {node}: takes only 0 and 1 and has the parents {', '.join(parents)}; allowed: "
                "none, for no noise could be found from its value, or leave the node out"
            )
        return FittedMechanism((), Bernoulli(kind="bernoulli", p=float(values.mean())), "linear", *none)
    if content.scale == "log" and values.min() < 0:
        raise InputError(
            f"{dataset.title}, node {node}: scale: given log, but a value is {values.min():g}; allowed: linear, or "
            "values of at least 0"
        )
    rng = np.random.default_rng(seed)
    target = np.log(1.0 + values) if content.scale == "log" else values
    weights, biases = none
    if parents:
        fit = _linear if dataset.equations == "linear" else _network
        weights, biases = fit(inputs, target, fitting, int(rng.integers(1 << 31)), f"node {node}", log)
    fitted = FittedMechanism(parents, None, content.scale, weights, biases)
    spread = values
    if content.column is not None and content.column.whole:
        spread = values + rng.uniform(-0.5, 0.5, len(values))
    rest, _ = fitted.noise(dict(zip(parents, inputs.T, strict=True)), spread)
    return fitted._replace(law=_mixture(rest, fitting.laws, int(rng.integers(1 << 31))))


def _linear(inputs, target, fitting, seed, name, log):
    from sklearn.linear_model import LinearRegression

    found = LinearRegression().fit(inputs, target)
    return (found.coef_[:, None],), (np.array([found.intercept_]),)


def _network(inputs, target, fitting, seed, name, log):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    center, spread = inputs.mean(axis=0), inputs.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    mean, sd = target.mean(), target.std()
    network = MLPRegressor(
        hidden_layer_sizes=(fitting.units,),
        activation="tanh",
        solver="lbfgs",
        alpha=fitting.penalty,
        max_iter=fitting.iterations,
        max_fun=100 * fitting.iterations,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last iterations hardly change it
        network.fit((inputs - center) / spread, (target - mean) / sd)
    log.info(f"{name}: {network.n_iter_} iterations")
    (first, second), (first_bias, second_bias) = network.coefs_, network.intercepts_
    # Standardising inputs and output is part of the weights.
    first = first / spread[:, None]
    return (first, second * sd), (first_bias - center @ first, second_bias * sd + mean)


def _mixture(values, laws, seed):
    """A mixture of normal laws, fitted."""
    from sklearn.mixture import GaussianMixture

    mean, sd = values.mean(), values.std()
    if not sd > 0:
        # A node that its parents give exactly.
        return Mixture(kind="mixture", weights=[1.0], means=[float(mean)], sds=[1e-9])
    # The least variance keeps a law from closing in on a value that many people have.
    found = GaussianMixture(laws, reg_covar=1e-3, random_state=seed).fit((values[:, None] - mean) / sd)
    weights = found.weights_ / found.weights_.sum()
    kept = weights > 1e-6
    return Mixture(
        kind="mixture",
        weights=[float(weight) for weight in weights[kept] / weights[kept].sum()],
        means=[float(mean + sd * each) for each in found.means_[kept, 0]],
        sds=[float(sd * each) for each in np.sqrt(found.covariances_[kept, 0, 0])],
    )


def to_arrays(model):
    """A fitted model as plain arrays by name, for `recrec.storage.save_arrays`.

    Parameters
    ----------
    model : CausalModel

    Returns
    -------
    dict of str to array
    """
    arrays = {}
    for at, mechanism in enumerate(model.mechanisms):
        law = mechanism.law
        parts = {f"weights{layer}": values for layer, values in enumerate(mechanism.weights)}
        parts |= {f"bias{layer}": values for layer, values in enumerate(mechanism.biases)}
        if isinstance(law, Bernoulli):
            parts["coin"] = np.array(law.p)
        else:
            parts["mixture"] = np.array([law.weights, law.means, law.sds])
        arrays |= {f"node{at}_{name}": values for name, values in parts.items()}
    return arrays


def from_arrays(dataset, arrays):
    """The fitted model that `to_arrays` took apart.

    Parameters
    ----------
    dataset : CausalDataset
    arrays : dict of str to array

    Returns
    -------
    CausalModel
    """
    order, parents = dataset.order(), dataset.parents()
    mechanisms = {}
    for at, node in enumerate(order):
        layers = 0
        while f"node{at}_weights{layers}" in arrays:
            layers += 1
        weights, biases = (
            tuple(arrays[f"node{at}_{part}{layer}"] for layer in range(layers)) for part in ("weights", "bias")
        )
        coin = f"node{at}_coin" in arrays
        if coin:
            law = Bernoulli(kind="bernoulli", p=float(arrays[f"node{at}_coin"]))
        else:
            shares, means, sds = arrays[f"node{at}_mixture"].tolist()
            law = Mixture(kind="mixture", weights=shares, means=means, sds=sds)
        scale = "linear" if coin else dataset.nodes[node].scale
        mechanisms[node] = FittedMechanism(parents[node], law, scale, weights, biases)
    return CausalModel(mechanisms, [node for node in order if dataset.nodes[node].actionable], dataset.sensitive)
