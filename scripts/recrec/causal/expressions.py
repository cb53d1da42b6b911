"""Equations as text: a small grammar, never run as code, evaluated over any array namespace.

Numbers, names, ``+ - * / **``, comparisons (``>= > <= <``, which are 1 or 0), and the functions ``exp``, ``log``,
``sigmoid``, ``max`` and ``min``.
"""

import ast
import functools
import math
from typing import Any, NamedTuple

import numpy as np

from recrec.errors import did_you_mean

#: Functions of the grammar, and how many arguments they take.
FUNCTIONS = {"exp": 1, "log": 1, "sigmoid": 1, "max": 2, "min": 2}
#: Characters that an equation may have, and levels of nesting: Python's own parser ends on too deep ones.
LONGEST, DEEPEST = 1000, 50


class ExpressionError(ValueError):
    """An equation is none: what is wrong and what is allowed, in a line without its place."""


class Constant(NamedTuple):
    """A number."""

    number: float

    names = frozenset()

    def evaluate(self, values, xp=np):
        """The number."""
        return self.number


class Name(NamedTuple):
    """A node, or a node's noise."""

    name: str

    @property
    def names(self):
        """What it depends on."""
        return frozenset([self.name])

    def evaluate(self, values, xp=np):
        """The value of that name."""
        return values[self.name]


class Operation(NamedTuple):
    """Two expressions, put together by one of ``+ - * / **`` or a comparison; or one after ``-``, with 0 before it."""

    sign: str
    left: Any
    right: Any

    @property
    def names(self):
        """What it depends on."""
        return self.left.names | self.right.names

    def evaluate(self, values, xp=np):
        """Its value; a comparison is 1.0 or 0.0."""
        left, right = self.left.evaluate(values, xp), self.right.evaluate(values, xp)
        match self.sign:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "**":
                return left**right
        held = {">=": left >= right, ">": left > right, "<=": left <= right, "<": left < right}[self.sign]
        return float(held) if isinstance(held, bool) else xp.astype(held, xp.float64)


class Call(NamedTuple):
    """One of `FUNCTIONS` of some expressions."""

    function: str
    arguments: tuple

    @property
    def names(self):
        """What it depends on."""
        return frozenset().union(*(argument.names for argument in self.arguments))

    def evaluate(self, values, xp=np):
        """Its value."""
        given = [argument.evaluate(values, xp) for argument in self.arguments]
        if not self.names:
            return {"exp": math.exp, "log": math.log, "sigmoid": _sigmoid, "max": max, "min": min}[self.function](
                *given
            )
        match self.function:
            case "exp":
                return xp.exp(given[0])
            case "log":
                return xp.log(given[0])
            case "sigmoid":
                return 0.5 + 0.5 * xp.tanh(0.5 * given[0])
        one = next(value for value in given if type(value) is not float)
        first, second = (xp.full_like(one, value) if type(value) is float else value for value in given)
        return xp.maximum(first, second) if self.function == "max" else xp.minimum(first, second)


def _sigmoid(number):
    return 0.5 + 0.5 * math.tanh(0.5 * number)


Expression = Constant | Name | Operation | Call


@functools.cache
def parse(text):
    """An equation.

    Parameters
    ----------
    text : str

    Returns
    -------
    Expression

    Raises
    ------
    ExpressionError
        If it is not of the grammar.

    Examples
    --------
    >>> equation = parse("0.5 * X1 + max(X2, 0) ** 2 + U_X3")
    >>> sorted(equation.names)
    ['U_X3', 'X1', 'X2']
    >>> equation.evaluate({"X1": np.array([2.0]), "X2": np.array([-3.0]), "U_X3": np.array([1.0])})
    array([2.])
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"{len(text)} characters long; allowed: at most {LONGEST}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        allowed = "such as 0.5*X1 + exp(X2) + U_X3"
        raise ExpressionError(f"given {text!r}, which is no equation; allowed: {allowed}") from None
    return _node(tree, 0)


_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
    ast.GtE: ">=", ast.Gt: ">", ast.LtE: "<=", ast.Lt: "<",
}  # fmt: skip


def _node(tree, depth):
    if depth > DEEPEST:
        raise ExpressionError(f"nested deeper than {DEEPEST} levels")
    node = _built(tree, depth)
    if isinstance(node, Operation) and node.sign == "/" and always_zero(node.right):
        raise ExpressionError(f"{_written(tree)} divides by 0")
    if not node.names and not _is_number(node):
        raise ExpressionError(f"{_written(tree)} is no number; allowed: what has a finite real value")
    return node


def _is_number(constant):
    """Whether an expression without names has a value: finite and real."""
    try:
        return math.isfinite(constant.evaluate({}))
    except (ArithmeticError, TypeError, ValueError):
        # Too large, not defined there, or the root of a negative number, which is complex.
        return False


def _built(tree, depth):
    match tree:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            try:
                number = float(number)
            except OverflowError:
                number = math.inf
            if math.isinf(number):
                raise ExpressionError("a number too large")
            return Constant(number)
        case ast.Name(id=name):
            return Name(name)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _node(operand, depth + 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _node(operand, depth + 1)
            return Constant(-inner.number) if isinstance(inner, Constant) else Operation("-", Constant(0.0), inner)
        case ast.BinOp(op=operator, left=left, right=right) if type(operator) in _SIGNS:
            return Operation(_SIGNS[type(operator)], _node(left, depth + 1), _node(right, depth + 1))
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _SIGNS:
            return Operation(_SIGNS[type(operator)], _node(left, depth + 1), _node(right, depth + 1))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            if function not in FUNCTIONS:
                raise ExpressionError(
                    f"calls {function}{did_you_mean(function, FUNCTIONS)}; allowed: {', '.join(FUNCTIONS)}"
                )
            if len(arguments) != FUNCTIONS[function]:
                raise ExpressionError(f"{function} takes {FUNCTIONS[function]}, given {len(arguments)}")
            return Call(function, tuple(_node(argument, depth + 1) for argument in arguments))
        case ast.BinOp(op=ast.BitXor()):
            raise ExpressionError(f"{_written(tree)}: ^ is no power; write **")
        case ast.Attribute():
            raise ExpressionError(f"{_written(tree)}: attributes are not allowed")
    raise ExpressionError(
        f"{_written(tree)} is not allowed; allowed: numbers, names, + - * / **, >= > <= <, {', '.join(FUNCTIONS)}"
    )


def _written(tree):
    text = ast.unparse(tree)
    return text if len(text) <= 40 else f"{text[:37]}..."


def linear_form(expression):
    """Coefficients of an expression that is linear in its names.

    Parameters
    ----------
    expression : Expression

    Returns
    -------
    (dict of str to float, float) or None
        Coefficient by name, and the constant; None if it is not linear.

    Examples
    --------
    >>> linear_form(parse("2 * (X1 - 3) + U"))
    ({'X1': 2.0, 'U': 1.0}, -6.0)
    >>> linear_form(parse("X1 * X2")) is None
    True
    """
    match expression:
        case Constant(number=number):
            return {}, number
        case Name(name=name):
            return {name: 1.0}, 0.0
        case _ if not expression.names:
            return {}, float(expression.evaluate({}))
        case Operation(sign="+" | "-" as sign, left=left, right=right):
            first, second = linear_form(left), linear_form(right)
            if first is None or second is None:
                return None
            factor = 1.0 if sign == "+" else -1.0
            total = dict(first[0])
            for name, coefficient in second[0].items():
                total[name] = total.get(name, 0.0) + factor * coefficient
            return total, first[1] + factor * second[1]
        case Operation(sign="*" | "/" as sign, left=left, right=right):
            if not right.names:
                form, factor = linear_form(left), float(right.evaluate({}))
                factor = factor if sign == "*" else 1.0 / factor
            elif sign == "*" and not left.names:
                form, factor = linear_form(right), float(left.evaluate({}))
            else:
                return None
            return None if form is None else ({key: factor * value for key, value in form[0].items()}, factor * form[1])
        case Operation(sign="**", left=left, right=right) if not right.names and right.evaluate({}) == 1:
            return linear_form(left)
    return None


def always_zero(expression):
    """Whether an expression is linear and 0 whatever its names are.

    Examples
    --------
    >>> always_zero(parse("0 * X1 + 2 - 2")), always_zero(parse("X1 - X1")), always_zero(parse("X1"))
    (True, True, False)
    """
    form = linear_form(expression)
    return form is not None and form[1] == 0 and not any(form[0].values())


def inverse_problem(expression, name):
    """Why a name cannot be solved for, in a sentence; None if it can."""
    if name not in expression.names:
        return f"{name} does not occur in it"
    inside = expression
    while not isinstance(inside, Name):
        parts = inside.arguments if isinstance(inside, Call) else (inside.left, inside.right)
        having = [part for part in parts if name in part.names]
        if len(having) > 1:
            return f"{name} occurs more than once"
        match inside:
            case Call(function="max" | "min" as function):
                return f"{name} stands inside {function}, which cannot be undone"
            case Operation(sign=">=" | ">" | "<=" | "<"):
                return f"{name} stands inside a comparison, which cannot be undone"
            case Operation(sign="*" | "/", left=left, right=right) if always_zero(right if having[0] is left else left):
                return f"{name} has no effect: what it is multiplied or divided with is 0"
            case Operation(sign="**", left=left, right=right) if having[0] is left:
                power = right.evaluate({}) if not right.names else 0.0
                if power % 2 != 1:
                    return f"{name} stands under a power that cannot be undone; allowed: odd whole numbers"
            case Operation(sign="**", left=left):
                if left.names or not 0 < left.evaluate({}) != 1:
                    return f"{name} stands in the exponent of what may not be a positive number"
        inside = having[0]
    return None


def solve_for(expression, name, value, values, xp=np):
    """What one name has to be for an expression to have a value, the other names being given.

    Parameters
    ----------
    expression : Expression
        In which the name occurs once, under operations that can be undone (`inverse_problem`).
    name : str
    value : array
    values : dict of str to array
        Of all other names.
    xp : array namespace

    Returns
    -------
    solution : array
        NaN where no number does it.
    log_slope : array
        ``log |d value / d name|`` there.

    Examples
    --------
    >>> solution, log_slope = solve_for(parse("2 * exp(U)"), "U", np.array([2.0]), {})
    >>> solution, np.exp(log_slope)
    (array([0.]), array([2.]))
    """
    inside, log_slope = expression, value * 0.0
    while not isinstance(inside, Name):
        if isinstance(inside, Call):
            match inside.function:
                case "exp":
                    value = xp.log(value)
                    log_slope = log_slope + value
                case "log":
                    log_slope = log_slope - value
                    value = xp.exp(value)
                case "sigmoid":
                    log_slope = log_slope + xp.log(value) + xp.log(1.0 - value)
                    value = xp.log(value) - xp.log(1.0 - value)
            inside = inside.arguments[0]
            continue
        left, right = inside.left, inside.right
        on_left = name in left.names
        other = (right if on_left else left).evaluate(values, xp)
        match inside.sign, on_left:
            case "+", _:
                value = value - other
            case "-", True:
                value = value + other
            case "-", False:
                value = other - value
            case "*", _:
                value, log_slope = value / other, log_slope + _log_size(other, xp)
            case "/", True:
                value, log_slope = value * other, log_slope - _log_size(other, xp)
            case "/", False:
                value = other / value
                log_slope = log_slope + _log_size(other, xp) - 2.0 * xp.log(xp.abs(value))
            case "**", True:
                value = xp.sign(value) * xp.abs(value) ** (1.0 / other)
                log_slope = log_slope + math.log(abs(other)) + (other - 1.0) * xp.log(xp.abs(value))
            case "**", False:
                base = math.log(other)
                log_slope = log_slope + _log_size(base, xp) + xp.log(value)
                value = xp.log(value) / base
        inside = left if on_left else right
    return value, log_slope


def _log_size(number, xp):
    """The logarithm of the size of an array or of a plain number."""
    if type(number) is float:
        return math.log(abs(number)) if number else -math.inf
    return xp.log(xp.abs(number))
