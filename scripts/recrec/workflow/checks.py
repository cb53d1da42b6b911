"""The study's configuration: read, checked before any work starts, and resolved.

Every complaint is one line: the key, what was given, what is allowed.
"""

import difflib
import math
import re
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, validators

from recrec.errors import InputError

KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def _is_whole(_, value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(_, value):
    return _is_whole(_, value) or (isinstance(value, float) and math.isfinite(value))


def _is_mapping(_, value):
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


#: JSON schema as JSON has it: 5.0 is not a whole number, .nan and .inf are no numbers, and a key is text.
Validator = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_whole, "number": _is_finite, "object": _is_mapping}
    ),
)


def read_yaml(path):
    """A YAML file as a mapping.

    Raises
    ------
    InputError
        If the file is missing, is not UTF-8 or YAML, or does not hold a mapping.
    """
    try:
        content = yaml.safe_load(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not readable"
        raise InputError(f"{path}:{where} not valid YAML: {problem}") from None
    except ValueError as error:
        # A date such as 2024-13-01 or a number too long to read.
        raise InputError(f"{path}: not valid YAML: {error}; put text in quotes") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deeply") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: holds {_kind(content)}, a mapping of keys to values is needed")
    return content


def check(content, schema, source):
    """Hold `content` against a JSON schema.

    Parameters
    ----------
    content : dict
    schema : dict
        JSON schema, draft 2020-12. Mappings that should refuse unknown keys say ``additionalProperties: false``.
    source : str
        Where the content came from, for the message.

    Raises
    ------
    InputError
        For the first thing that is wrong, in the order of the keys.
    """
    validator = Validator(_without_references(schema, schema.get("$defs", {})))
    errors = sorted(validator.iter_errors(content), key=lambda error: list(map(str, error.path)))
    if errors:
        # The innermost complaint names the key; unknown keys explain missing ones, so they come first.
        errors.sort(key=lambda error: error.validator != "additionalProperties")
        raise InputError(f"{source}: {_complaint(errors[0])}")


def _without_references(part, definitions):
    """A schema with every ``$ref`` to one of its definitions written out, so that a complaint has all there is."""
    if isinstance(part, list):
        return [_without_references(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    own = {key: _without_references(value, definitions) for key, value in part.items() if key != "$ref"}
    if "$ref" not in part:
        return own
    return {**_without_references(definitions[part["$ref"].removeprefix("#/$defs/")], definitions), **own}


def _kind(value):
    if value is None:
        return "nothing"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return KINDS[names.get(type(value), "string")]


def _key(path):
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return key


def _complaint(error):
    key = _key(error.absolute_path)
    prefix = f"{key}." if key else ""
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", ()))
        patterns = error.schema.get("patternProperties", ())
        unknown = next(
            name for name in error.instance if name not in known and not any(_matches(p, name) for p in patterns)
        )
        close = difflib.get_close_matches(str(unknown), known, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{prefix}{unknown}: unknown key{hint}; allowed: {', '.join(known) or 'none'}"
    if "propertyNames" in error.absolute_schema_path:
        return f"{prefix}{error.instance}: not allowed as a name; allowed: {_allowed(error.schema)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{prefix}{missing}: missing; allowed: {_allowed(error.schema['properties'].get(missing, {}))}"
    if error.validator == "type" and isinstance(error.instance, dict) and "object" in error.schema["type"]:
        key = next(name for name in error.instance if not isinstance(name, str))
        return f"{prefix}{key}: given {_kind(key)} as a key; allowed: text (put it in quotes)"
    filled = error.instance if isinstance(error.instance, dict | list) else None
    given = _kind(filled) if filled else repr(error.instance)
    if isinstance(error.instance, list) and error.validator in ("uniqueItems", "minItems", "maxItems"):
        given = repr(error.instance)
    return f"{key or 'the file'}: given {given}; allowed: {_allowed(error.schema)}"


def _matches(pattern, name):
    return re.search(pattern, str(name)) is not None


def _allowed(schema):
    """What a schema lets through, in words."""
    if "enum" in schema:
        return ", ".join("null" if value is None else str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    words = " or ".join(KINDS[kind] for kind in kinds)
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    limits = [
        f"{text} {value}"
        for text, value in (("at least", low), ("above", above), ("at most", high), ("below", below))
        if value is not None
    ]
    if limits:
        words += f", {' and '.join(limits)}"
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest or longest:
        lengths = [f"at least {shortest}"] if shortest else []
        lengths += [f"at most {longest}"] if longest else []
        words += f" of {' and '.join(lengths)} characters"
    if schema.get("minProperties"):
        words += f" with at least {schema['minProperties']} key"
    if "array" in kinds:
        if "items" in schema:
            words += f" of: {_allowed(schema['items'])}"
        if schema.get("minItems"):
            words += f"; at least {schema['minItems']}"
        if schema.get("uniqueItems"):
            words += "; no value twice"
    if "description" in schema:
        words += f" ({schema['description']})"
    return words
