"""Kinds of values that keys of a config may have, besides Python's own."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError


def refusal(complaint, *below):
    """The error for a validator to raise.

    Parameters
    ----------
    complaint : str
        What was given and what is allowed, say ``"given 'a.csv'; allowed: b.csv"``.
    *below : str or int
        The key that it is about, from where the validator stands.

    Returns
    -------
    PydanticCustomError
    """
    return PydanticCustomError("refusal", "{complaint}", {"complaint": complaint, "below": below})


def _as_given(value, validate):
    validate(value)
    return value


def number(**limits):
    """A finite number, kept as it was written: 1 stays 1, so that the names of files made from it stay.

    Parameters
    ----------
    **limits
        ``gt``, ``ge``, ``lt``, ``le``.
    """
    return Annotated[float, Field(**limits), WrapValidator(_as_given)]


def whole_number(at_least):
    """A whole number; 5.0 and true are none."""
    return Annotated[int, Field(ge=at_least)]


def _no_value_twice(values):
    if any(value in values[:place] for place, value in enumerate(values)):
        raise PydanticCustomError("twice", "a value twice")
    return values


def list_of(kind):
    """A list with at least one value and none twice."""
    return Annotated[
        list[kind], Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_no_value_twice)
    ]


def text_like(pattern, words):
    """Text of some form.

    Parameters
    ----------
    pattern : str
        A regular expression for the whole text.
    words : str
        What it asks for, for messages and the reference.
    """

    def check(value):
        if re.fullmatch(pattern, value) is None:
            raise PydanticCustomError("form", "of another form")
        return value

    return Annotated[
        str, AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern, "$comment": words})
    ]


#: Text with something in it.
Text = Annotated[str, Field(min_length=1)]
#: Per cent of the target group.
Sampling = Annotated[
    number(gt=0, le=100),
    WithJsonSchema(
        {"type": "number", "exclusiveMinimum": 0, "maximum": 100, "$comment": "per cent of the target group"}
    ),
]
