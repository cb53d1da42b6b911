"""Holding a config against its model, and saying in one line what is wrong with it.

What is allowed is said from the model's JSON schema, which editors and the reference of all keys are made from as well.
"""

import copy
import re
from functools import cache
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema

from recrec.config.reading import KINDS, key_name, kind_of, merged, scalar, source_of
from recrec.errors import InputError, did_you_mean


class Generator(GenerateJsonSchema):
    """JSON schemas without a title for each key that repeats its name."""

    def field_title_should_be_set(self, schema):
        """No field has a title."""
        return False


@cache
def schema_of(model):
    """The JSON schema of a model, by the names that keys have in files, with every reference written out.

    A key's ``description`` stays beside that of its section, which is then called ``about``.
    """
    schema = model.model_json_schema(schema_generator=Generator)
    return _without_references(schema, schema.get("$defs", {}))


def _without_references(part, definitions):
    if isinstance(part, list):
        return [_without_references(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    own = {key: _without_references(value, definitions) for key, value in part.items() if key not in ("$ref", "$defs")}
    if "$ref" not in part:
        return own
    section = _without_references(definitions[part["$ref"].removeprefix("#/$defs/")], definitions)
    return {**section, "about": section.get("description", ""), **own}


def checked(model, layers, null_removes=False):
    """Layers of a config, put together and held against a model.

    Parameters
    ----------
    model : type
        A subclass of `Section`.
    layers : list of Layer
        Each goes over those before it.
    null_removes : bool
        Whether null takes a key of an earlier layer away.

    Returns
    -------
    Section
        An instance of `model`.

    Raises
    ------
    InputError
        One line for the first thing that is wrong: where the key was given, the key, what was given, what is allowed.
    """
    content = merged(layers, null_removes)
    if any(layer.typed for layer in layers):
        content = copy.deepcopy(content)
    while True:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            problems = [_Problem.of(problem, schema_of(model)) for problem in error.errors(include_url=False)]
        if not _reread(content, problems, layers):
            break
    # An unknown key explains a missing one, so it comes first.
    problems.sort(key=lambda problem: problem.type != "extra_forbidden")
    path, complaint = _complaint(problems[0])
    raise refused(layers, path, complaint)


def refused(layers, path, complaint):
    """The error about a key, with the place where it was given.

    Parameters
    ----------
    layers : list of Layer
    path : sequence of str and int
    complaint : str
        What was given and what is allowed.

    Returns
    -------
    InputError
    """
    return InputError(f"{source_of(layers, path).source}: {key_name(path) or 'the file'}: {complaint}")


def _reread(content, problems, layers):
    """Read texts of the command line as YAML where the model refused a text; whether any became something else."""
    changed = False
    for problem in problems:
        if isinstance(problem.given, str) and problem.path and source_of(layers, problem.path).typed:
            value = scalar(problem.given)
            *sections, last = problem.path
            inside = content
            for key in sections:
                inside = inside[key]
            if not isinstance(value, str) and inside[last] == problem.given:
                inside[last] = value
                changed = True
    return changed


class _Problem(NamedTuple):
    """One of pydantic's errors, found in the schema.

    Attributes
    ----------
    type : str
        Pydantic's name for it.
    path : tuple of str and int
        The key, as in the file.
    names_key : bool
        Whether it is the key's name that is wrong.
    given : object
    schema : dict
        Of the key, where the schema has it.
    around : dict
        Of the mapping that the key is in.
    choice : (str, list of dict) or None
        By which value that mapping's schema was chosen, say ``"kind text"``, and the schemas that there are.
    context : dict
    """

    type: str
    path: tuple
    names_key: bool
    given: Any
    schema: dict
    around: dict
    choice: tuple | None
    context: dict

    @classmethod
    def of(cls, problem, schema):
        """Find one of pydantic's errors in the schema."""
        schema, around, path, names_key = _certain(schema), {}, [], False
        choice, choice_around = None, None
        for part in problem["loc"]:
            options = schema.get("oneOf", ())
            chosen = next((option for option in options if part in _tags(option)), None)
            if chosen is not None:
                # Between the keys, pydantic names which of several models it took.
                key = next((key for key, rule in chosen.get("properties", {}).items() if "const" in rule), None)
                choice = (f"{key} {part}", options)
                schema = chosen
            elif part == "[key]":
                names_key = True
            else:
                path.append(part if "items" in schema else str(part))
                around, choice_around, choice = schema, choice, None
                schema = _certain(_below(schema, part))
        context = problem.get("ctx", {})
        return cls(problem["type"], tuple(path), names_key, problem["input"], schema, around, choice_around, context)


def _certain(schema):
    """A schema without the possibility of null."""
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    return options[0] if len(options) == 1 else schema


def _tags(schema):
    """By what pydantic may call one of several schemas."""
    return [rule["const"] for rule in schema.get("properties", {}).values() if "const" in rule] or [schema.get("type")]


def _below(schema, part):
    if isinstance(part, int):
        return schema.get("items", {})
    found = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    if isinstance(found, dict):
        return found
    patterns = schema.get("patternProperties", {})
    return next((rule for pattern, rule in patterns.items() if re.search(pattern, str(part))), {})


def _complaint(problem):
    """The key and what is wrong with it."""
    path, schema, given = problem.path, problem.schema, problem.given
    if problem.type == "refusal":
        return (*path, *problem.context["below"]), problem.context["complaint"]
    if problem.type == "value_error":
        return path, str(problem.context["error"])
    if problem.type == "invalid_key" or (problem.names_key and not isinstance(given, str)):
        return path, f"given {kind_of(given)} as a key; allowed: text (put it in quotes)"
    if problem.type == "extra_forbidden":
        return path, _unknown(problem)
    if problem.type == "missing":
        return path, f"missing; allowed: {allowed(schema)}"
    options = _certain(schema).get("oneOf", ())
    if problem.type.startswith("union_tag") and isinstance(given, dict) and "properties" in options[0]:
        key = next(key for key, rule in options[0]["properties"].items() if "const" in rule)
        values = [option["properties"][key]["const"] for option in options]
        if key not in given:
            return (*path, key), f"missing; allowed: {', '.join(values)}"
        return (*path, key), f"given {_written(given[key])}; allowed: {', '.join(values)}" + did_you_mean(
            given[key], values
        )
    return path, f"given {_given(problem)}; allowed: {allowed(schema)}{did_you_mean(given, schema.get('enum', ()))}"


def _unknown(problem):
    name, known = problem.path[-1], list(problem.around.get("properties", ()))
    complaint = f"unknown key{did_you_mean(name, known)}"
    if problem.choice:
        chosen, options = problem.choice
        key = chosen.split()[0]
        having = [option["properties"][key]["const"] for option in options if name in option["properties"]]
        complaint = f"no key of {chosen}, only of {', '.join(having)}" if having else f"{complaint} with {chosen}"
    return f"{complaint}; allowed: {', '.join(known) or 'none'}"


def _given(problem):
    given = problem.given
    if isinstance(given, list | dict) and given and problem.type not in ("twice", "too_short", "too_long"):
        return kind_of(given)
    return _written(given)


def _written(value):
    """A value as a config has it."""
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or value is True or value is False
        else repr(value)
    )


def allowed(schema):
    """What a schema lets through, in words.

    Examples
    --------
    >>> allowed({"type": "integer", "minimum": 1})
    'a whole number, at least 1'
    """
    if "enum" in schema:
        return ", ".join("null" if value is None else str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        nullable = {"type": "null"} in options
        words = dict.fromkeys(allowed(option) for option in options if option != {"type": "null"})
        return " or ".join([*words, *["null"] * nullable])
    kind = schema.get("type", "string")
    words = KINDS[kind]
    limits = [
        f"{text} {schema[limit]}"
        for limit, text in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "below"),
        )
        if limit in schema
    ]
    if limits:
        words += f", {' and '.join(limits)}"
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest or longest:
        words += " of one character" if shortest == longest == 1 else f" of at least {shortest} character"
    if schema.get("minProperties"):
        words += " with at least one key"
    values = schema.get("additionalProperties")
    if isinstance(values, dict) and values.get("type", "object") != "object":
        words += f" of names to: {allowed(values)}"
    if kind == "array":
        words += f" of: {allowed(schema.get('items', {}))}"
        if schema.get("minItems"):
            exactly = schema.get("maxItems") == schema["minItems"]
            words += f"; exactly {schema['minItems']} values" if exactly else "; at least one value"
        if schema.get("uniqueItems"):
            words += "; no value twice"
    if "$comment" in schema:
        words += f" ({schema['$comment']})"
    return words
