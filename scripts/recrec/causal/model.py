"""Structural causal models: sampling, interventions, counterfactuals and exact log-densities."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from recrec.causal.expressions import Expression, inverse_problem, linear_form, parse, solve_for


class Mechanism(Protocol):
    """How a node comes about from its parents and its noise. `EquationMechanism` is one, a fitted regressor another.

    Attributes
    ----------
    parents : tuple of str
    law : Noise
        Of the noise.
    """

    parents: tuple[str, ...]
    law: Any

    def value(self, parents: dict, u: Any, xp: Any = np) -> Any:
        """The node's value, from arrays by name and the noise."""
        ...

    def noise(self, parents: dict, x: Any, xp: Any = np) -> tuple[Any, Any]:
        """The noise behind a value, NaN where there is none, and log |d value / d noise| there."""
        ...

    def linear(self) -> tuple[dict[str, float], float, float] | None:
        """Coefficients of the parents, of the noise, and the constant; None if it is not linear."""
        ...


class EquationMechanism(NamedTuple):
    """An equation in the parents and the noise.

    Attributes
    ----------
    expression : Expression
    noise_name : str
        How the equation calls the noise.
    law : Noise
    parents : tuple of str
    """

    expression: Expression
    noise_name: str
    law: Any
    parents: tuple[str, ...]

    @classmethod
    def of(cls, text, noise_name, law):
        """An equation given as text, whose names besides the noise are its parents.

        Raises
        ------
        ExpressionError
            If it is none.
        """
        expression = parse(text)
        return cls(expression, noise_name, law, tuple(sorted(expression.names - {noise_name})))

    def problem(self):
        """Why the noise cannot be found from the values, in a sentence; None if it can."""
        return inverse_problem(self.expression, self.noise_name)

    def value(self, parents, u, xp=np):
        """See `Mechanism`."""
        return self.expression.evaluate({**parents, self.noise_name: u}, xp)

    def noise(self, parents, x, xp=np):
        """See `Mechanism`."""
        return solve_for(self.expression, self.noise_name, x, parents, xp)

    def linear(self):
        """See `Mechanism`."""
        form = linear_form(self.expression)
        if form is None:
            return None
        coefficients, constant = form
        return {name: coefficients.get(name, 0.0) for name in self.parents}, coefficients[self.noise_name], constant


class CausalModel:
    """A structural causal model.

    Values of people are arrays (..., nodes) in raw units, with the columns in the order of `nodes`. Acts are arrays
    (..., actionable): which nodes are set, and to what. Leading axes broadcast, so that many sets of acts can be tried
    on each person at once.

    Parameters
    ----------
    mechanisms : dict of str to Mechanism
        By node, every parent before its children.
    actionable : sequence of str
        Nodes that somebody may act on, in the order of `mechanisms`.
    sensitive : str, optional
        The sensitive node, 0 or 1.

    Examples
    --------
    >>> from recrec.causal.noise import Normal
    >>> coin = Normal(kind="normal")
    >>> model = CausalModel(
    ...     {
    ...         "A": EquationMechanism.of("U_A", "U_A", coin),
    ...         "B": EquationMechanism.of("2 * A + U_B", "U_B", coin),
    ...     },
    ...     actionable=["A"],
    ... )
    >>> model.counterfactual(np.array([[1.0, 3.0]]), np.array([[True]]), np.array([[5.0]]))
    array([[ 5., 11.]])
    """

    def __init__(self, mechanisms, actionable, sensitive=None):
        self.nodes = tuple(mechanisms)
        self.mechanisms = tuple(mechanisms.values())
        self.parents = {node: mechanism.parents for node, mechanism in mechanisms.items()}
        self.actionable = np.array([self.nodes.index(node) for node in actionable], dtype=int)
        self.sensitive = None if sensitive is None else self.nodes.index(sensitive)
        self._place = {int(node): k for k, node in enumerate(self.actionable)}

    @property
    def names(self):
        """Names of the actionable nodes."""
        return tuple(self.nodes[node] for node in self.actionable)

    def sample(self, n, rng):
        """People, drawn.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator

        Returns
        -------
        x, u : (n, nodes) arrays
            Values and noise.
        """
        u = np.stack([mechanism.law.sample(rng, n) for mechanism in self.mechanisms], axis=1)
        return self.predict(u), u

    def abduct(self, x, xp=np):
        """The noise behind people's values, NaN where no noise leads to a value.

        Parameters
        ----------
        x : (..., nodes) array

        Returns
        -------
        (..., nodes) array
        """
        with np.errstate(all="ignore"):
            return xp.stack([noise for noise, _ in self._noises(x, xp)], axis=-1)

    def _noises(self, x, xp):
        values = {node: x[..., place] for place, node in enumerate(self.nodes)}
        for node, mechanism in zip(self.nodes, self.mechanisms, strict=True):
            yield mechanism.noise({parent: values[parent] for parent in mechanism.parents}, values[node], xp)

    def log_density(self, x, xp=np):
        """The exact log-density of people's values, through their noise; minus infinity where there is none.

        Parameters
        ----------
        x : (..., nodes) array

        Returns
        -------
        (...) array
            Natural logarithm; of a density in the continuous nodes and a probability in the others.
        """
        total = 0.0
        with np.errstate(all="ignore"):
            for (noise, log_slope), mechanism in zip(self._noises(x, xp), self.mechanisms, strict=True):
                total = total + mechanism.law.log_density(noise, xp) - log_slope
        return xp.where(xp.isnan(total), -xp.inf, total)

    def predict(self, u, acted=None, values=None, xp=np):
        """People's values from their noise, where some nodes are set from outside.

        Parameters
        ----------
        u : (..., nodes) array
            Noise; that of nodes that are set does not matter.
        acted : (..., actionable) boolean array, optional
            Which nodes are set.
        values : (..., actionable) array, optional
            To what.

        Returns
        -------
        (..., nodes) array
        """
        found = {}
        with np.errstate(all="ignore"):
            for place, (node, mechanism) in enumerate(zip(self.nodes, self.mechanisms, strict=True)):
                parents = {parent: found[parent] for parent in mechanism.parents}
                found[node] = mechanism.value(parents, u[..., place], xp)
                if acted is not None and place in self._place:
                    k = self._place[place]
                    found[node] = xp.where(acted[..., k], values[..., k], found[node])
        return xp.stack(xp.broadcast_arrays(*found.values()), axis=-1)

    def counterfactual(self, x, acted, values, xp=np, noise=None):
        """What people's values become when some nodes are set, by abduction, action and prediction.

        What lies downstream of no act keeps its value to the last bit.

        Parameters
        ----------
        x : (..., nodes) array
        acted : (..., actionable) boolean array
        values : (..., actionable) array
        noise : (..., nodes) array, optional
            The noise behind `x` where it is known already, as `abduct` gives it.

        Returns
        -------
        (..., nodes) array
        """
        predicted = self.predict(self.abduct(x, xp) if noise is None else noise, acted, values, xp)
        touched, kept = {}, []
        for place, node in enumerate(self.nodes):
            moved = acted[..., self._place[place]] if place in self._place else xp.zeros_like(acted[..., 0])
            for parent in self.parents[node]:
                moved = moved | touched[parent]
            touched[node] = moved
            kept.append(xp.where(moved, predicted[..., place], x[..., place]))
        return xp.stack(xp.broadcast_arrays(*kept), axis=-1)

    def twin(self, x, xp=np):
        """People as they would be if the sensitive node had been the other of 0 and 1, all else of them the same.

        Parameters
        ----------
        x : (..., nodes) array

        Returns
        -------
        (..., nodes) array
        """
        u, found = self.abduct(x, xp), {}
        with np.errstate(all="ignore"):
            for place, (node, mechanism) in enumerate(zip(self.nodes, self.mechanisms, strict=True)):
                parents = {parent: found[parent] for parent in mechanism.parents}
                found[node] = mechanism.value(parents, u[..., place], xp)
                if place == self.sensitive:
                    found[node] = 1.0 - x[..., place]
        return xp.stack(xp.broadcast_arrays(*found.values()), axis=-1)

    @property
    def linear(self):
        """Whether every equation is linear in its parents and its noise."""
        return all(mechanism.linear() is not None for mechanism in self.mechanisms)

    def unit_effects(self, acted):
        """By how much every node rises per unit that an acted node is set higher, edges into acted nodes being cut.

        Parameters
        ----------
        acted : (actionable,) boolean array

        Returns
        -------
        (actionable, nodes) array
            Zeros in the rows of nodes that are not acted on.

        Raises
        ------
        ValueError
            If the model is not linear.
        """
        if not self.linear:
            raise ValueError("unit effects are those of a linear model")
        effects = np.zeros((len(self.actionable), len(self.nodes)))
        for place, (node, mechanism) in enumerate(zip(self.nodes, self.mechanisms, strict=True)):
            k = self._place.get(place)
            if k is not None and acted[k]:
                effects[k, place] = 1.0
                continue
            slopes, _, _ = mechanism.linear()
            for parent in self.parents[node]:
                effects[:, place] += slopes[parent] * effects[:, self.nodes.index(parent)]
        return effects
