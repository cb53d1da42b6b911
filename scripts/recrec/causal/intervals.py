"""Interval arithmetic in the shape of an array namespace: what can come out if inputs are between two values each.

A causal model and a classifier that are written over a namespace run over `namespace` as they are. Bounds are computed
in ordinary floating point: whoever proves something from them leaves a margin for rounding.
"""

import types

import numpy as np


class Interval:
    """Arrays of lower and upper bounds.

    Parameters
    ----------
    low, high : arrays
        Of one shape.

    Examples
    --------
    >>> squared = Interval(np.array([-1.0]), np.array([2.0])) ** 2
    >>> squared.low.tolist(), squared.high.tolist()
    ([0.0], [4.0])
    """

    __array_ufunc__ = None  # NumPy's arrays then leave operations with an interval to it

    def __init__(self, low, high):
        self.low, self.high = low, high

    @property
    def shape(self):
        """Shape of the bounds."""
        return self.low.shape

    @property
    def ndim(self):
        """Number of axes of the bounds."""
        return self.low.ndim

    def __getitem__(self, key):
        return Interval(self.low[key], self.high[key])

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __add__(self, other):
        low, high = _bounds(other)
        return Interval(self.low + low, self.high + high)

    __radd__ = __add__

    def __sub__(self, other):
        low, high = _bounds(other)
        return Interval(self.low - high, self.high - low)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        if other is self:
            return self**2
        low, high = _bounds(other)
        with np.errstate(all="ignore"):
            return _hull(self.low * low, self.low * high, self.high * low, self.high * high)

    __rmul__ = __mul__

    def __truediv__(self, other):
        low, high = _bounds(other)
        with np.errstate(all="ignore"):
            ends = _hull(self.low / low, self.low / high, self.high / low, self.high / high)
        # Through a divisor of 0, or from what is infinite by what is, anything can come out.
        unknown = ((low <= 0) & (high >= 0)) | np.isnan(ends.low) | np.isnan(ends.high)
        return Interval(np.where(unknown, -np.inf, ends.low), np.where(unknown, np.inf, ends.high))

    def __rtruediv__(self, other):
        return _interval(other) / self

    def __pow__(self, power):
        if not isinstance(power, int | float):
            return namespace.exp(namespace.log(self) * power)
        if power < 0:
            return 1.0 / self ** (-power)
        with np.errstate(all="ignore"):
            ends = Interval(self.low**power, self.high**power)
        if power % 2 == 0:
            through_zero = (self.low <= 0) & (self.high >= 0)
            least = np.where(through_zero, 0.0, np.minimum(ends.low, ends.high))
            return Interval(least, np.maximum(ends.low, ends.high))
        return ends

    def __rpow__(self, base):
        with np.errstate(all="ignore"):
            return _hull(base**self.low, base**self.high)

    def __matmul__(self, matrix):
        middle, radius = 0.5 * (self.low + self.high), 0.5 * (self.high - self.low)
        with np.errstate(all="ignore"):
            middle, radius = middle @ matrix, radius @ np.abs(matrix)
        return Interval(middle - radius, middle + radius)

    # Surely, and perhaps: what is no number may be anything.
    def __ge__(self, other):
        low, high = _bounds(other)
        return Interval(self.low >= high, ~(self.high < low))

    def __gt__(self, other):
        low, high = _bounds(other)
        return Interval(self.low > high, ~(self.high <= low))

    def __le__(self, other):
        low, high = _bounds(other)
        return Interval(self.high <= low, ~(self.low > high))

    def __lt__(self, other):
        low, high = _bounds(other)
        return Interval(self.high < low, ~(self.low >= high))


def _bounds(value):
    return (value.low, value.high) if isinstance(value, Interval) else (value, value)


def _interval(value):
    return value if isinstance(value, Interval) else Interval(np.asarray(value), np.asarray(value))


def _hull(*values):
    with np.errstate(all="ignore"):
        return Interval(
            np.minimum.reduce(np.broadcast_arrays(*values)), np.maximum.reduce(np.broadcast_arrays(*values))
        )


def _rising(function):
    def over_intervals(value, *others):
        with np.errstate(all="ignore"):
            bounds = [_bounds(other) for other in (value, *others)]
            return Interval(function(*(low for low, _ in bounds)), function(*(high for _, high in bounds)))

    return over_intervals


def _where(condition, first, second):
    (low, high), (other_low, other_high) = _bounds(first), _bounds(second)
    if isinstance(condition, Interval):  # surely, or perhaps
        sure, never = condition.low, ~condition.high
        low_of_both, high_of_both = np.minimum(low, other_low), np.maximum(high, other_high)
        return Interval(
            np.where(sure, low, np.where(never, other_low, low_of_both)),
            np.where(sure, high, np.where(never, other_high, high_of_both)),
        )
    return Interval(np.where(condition, low, other_low), np.where(condition, high, other_high))


def _stack(parts, axis=0):
    bounds = [_bounds(part) for part in parts]
    return Interval(np.stack([low for low, _ in bounds], axis), np.stack([high for _, high in bounds], axis))


def _concat(parts, axis=0):
    bounds = [_bounds(part) for part in parts]
    return Interval(np.concat([low for low, _ in bounds], axis), np.concat([high for _, high in bounds], axis))


def _broadcast_arrays(*arrays):
    shape = np.broadcast_shapes(*(np.shape(_bounds(array)[0]) for array in arrays))
    return [Interval(*(np.broadcast_to(bound, shape) for bound in _bounds(array))) for array in arrays]


def _like(function):
    def over_intervals(value, *others, **options):
        return function(_bounds(value)[0], *others, **options)

    return over_intervals


def _astype(value, dtype):
    return Interval(value.low.astype(dtype), value.high.astype(dtype)) if isinstance(value, Interval) else value


#: The functions that equations and classifiers use, over intervals.
namespace = types.SimpleNamespace(
    float64=np.float64,
    inf=np.inf,
    exp=_rising(np.exp),
    log=_rising(np.log),
    tanh=_rising(np.tanh),
    maximum=_rising(np.maximum),
    minimum=_rising(np.minimum),
    where=_where,
    stack=_stack,
    concat=_concat,
    broadcast_arrays=_broadcast_arrays,
    zeros_like=_like(np.zeros_like),
    ones_like=_like(np.ones_like),
    full_like=_like(np.full_like),
    astype=_astype,
    asarray=lambda value, **options: value,
)
