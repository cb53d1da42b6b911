"""Values of people in words: labels, units, and as many decimals as mean something."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

#: Decimals that are tried beyond the coarsest ones.
FINER = 7
#: A value of at most so many characters is told to the last digit.
SHORT = 7
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


class Words(NamedTuple):
    """How nodes and their values are told.

    Attributes
    ----------
    labels, units : tuples of str
        By node.
    digits : (nodes,) array of int
        Decimals of the coarsest sensible rounding, negative for tens, hundreds and so on.
    whole : (nodes,) array of bool
        Whether all training people have whole numbers.
    names : tuple of dict of float to str
        Words for values, by node.
    """

    labels: tuple[str, ...]
    units: tuple[str, ...]
    digits: np.ndarray
    whole: np.ndarray
    names: tuple[dict[float, str], ...]

    @classmethod
    def of(cls, world, dataset):
        """The labels and units of a data set's config, decimals by how much people differ."""
        nodes = [dataset.nodes[node] for node in world.model.nodes]
        sd = np.where(world.sd > 0, world.sd, 1.0)
        whole = (world.train == np.round(world.train)).all(axis=0)
        digits = -np.floor(np.log10(sd / 3)).astype(int)
        return cls(
            tuple(node.label or name for node, name in zip(nodes, world.model.nodes, strict=True)),
            tuple(node.unit or "" for node in nodes),
            np.where(whole, np.minimum(digits, 0), digits),
            whole,
            tuple(_names(node.column) for node in nodes),
        )

    def exactly(self, node, value, unit=True):
        """A value to the last digit, with its unit or without."""
        value = float(value)
        if value in self.names[node]:
            return self.names[node][value]
        text = f"{Decimal(repr(value)):,f}".removesuffix(".0").replace("-", MINUS)
        return f"{text}{NO_BREAK}{self.units[node]}" if unit and self.units[node] else text

    def about(self, node, value, other=None, unit=True):
        """A value, rounded unless few digits say it all; with as many digits as tell it from the other value."""
        value, first = float(value), int(self.digits[node])
        if len(repr(value).removesuffix(".0")) <= SHORT:
            return self.exactly(node, value, unit)
        first += not self.whole[node]
        for digits in range(first, first + FINER):
            near = round(value, digits) + 0.0
            if other is None or value == other or near != round(other, digits):
                return self.exactly(node, near, unit)
        return self.exactly(node, value, unit)

    def act(self, node, before, after):
        """A change in words."""
        if before == after:
            return f"{self.labels[node]}: keep at {self.about(node, before)}"
        return f"{self.labels[node]}: {self.about(node, before, after, unit=False)} to {self.exactly(node, after)}"

    def between(self, node, low, high):
        """A range, infinite where it has no end."""
        if not np.isfinite(low):
            return f"at most {self.about(node, high)}"
        if not np.isfinite(high):
            return f"at least {self.about(node, low)}"
        return f"{self.about(node, low, unit=False)} to {self.about(node, high)}"


def _names(column):
    """Words for the values of a node that is read from a column, where its numbers only stand for words."""
    if column is None:
        return {}
    if column.values:
        return {value: text for text, value in column.values.items()}
    return {0.0: "no", 1.0: "yes"} if column.at_least is not None or column.below is not None else {}
