"""YAML files as mappings, and one put over another."""

import codecs
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from recrec.errors import InputError

#: Sections within sections that a config may have; libyaml has no limit of its own and ends in a segmentation fault.
DEEPEST = 50
KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}
#: Longest marks first: that of UTF-32 begins like that of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


class Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):
    """YAML in which 1e-3 is a number, as everywhere but in YAML 1.1."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


class Layer(NamedTuple):
    """Some keys of a config, and where they were given.

    Attributes
    ----------
    source : str
        What to call it in messages: a path, or ``--config``.
    content : dict
    typed : bool
        Whether it comes from a command line, where numbers and booleans below the first level arrive as text.
    """

    source: str
    content: dict[str, Any]
    typed: bool = False


def kind_of(value):
    """What a value is, in words."""
    if value is None:
        return KINDS["null"]
    names = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return KINDS[names.get(type(value), "string")]


def key_name(path):
    """A key as people write it.

    Examples
    --------
    >>> key_name(("benchmarks", "cells", 1, "ranks"))
    'benchmarks.cells[1].ranks'
    """
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name


def scalar(text):
    """What a text stands for in YAML, if that is a number, true or false; else the text.

    Examples
    --------
    >>> scalar("0.5"), scalar("true"), scalar("null"), scalar("[1")
    (0.5, True, 'null', '[1')
    """
    try:
        value = yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError):
        return text
    return value if isinstance(value, bool | int | float) else text


def read_yaml(path):
    """A YAML file as a mapping.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the file is missing, is not UTF-8 or YAML, does not hold a mapping, or has a key twice in one of them.
    """
    text = _text(path)
    try:
        root = _node(text, path)
        _check_keys(root, path)
        loader = Loader("")
        content = loader.construct_document(root) if root else None
    except InputError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not readable"
        raise InputError(f"{path}:{where} not valid YAML: {problem}") from None
    except ValueError as error:
        # A date such as 2024-13-01 or a number too long to read.
        raise InputError(f"{path}: not valid YAML: {error}; put text in quotes") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: holds {kind_of(content)}, a mapping of keys to values is needed")
    return content


def _text(path):
    try:
        raw = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    encoding = next((name for mark, name in MARKS.items() if raw.startswith(mark)), None)
    if encoding is None and b"\0" in raw[:2]:
        encoding = "UTF-16"  # without a mark; a config begins with a letter or a comment
    if encoding:
        raise InputError(f"{path}: {encoding}, not UTF-8; save the file as UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None


def _node(text, path):
    depth = 0
    for event in yaml.parse(text, Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InputError(f"{path}: line {event.start_mark.line + 1}: nested too deeply")
    return yaml.compose(text, Loader)


def _check_keys(root, path):
    """Refuse a key that is given twice in one mapping, of which YAML readers keep the last, and one that is no text."""
    waiting, seen = [((), root)] if root else [], set()
    while waiting:
        where, node = waiting.pop()
        if id(node) in seen:
            continue  # an alias
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [((*where, place), value) for place, value in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            lines = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if not isinstance(key, yaml.ScalarNode):
                    raise InputError(f"{path}: line {line}: given a list or a mapping as a key; allowed: text")
                name = key_name((*where, key.value))
                if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                    kind = kind_of(Loader("").construct_object(key))
                    raise InputError(
                        f"{path}: line {line}: {name}: given {kind} as a key; allowed: text (put it in quotes)"
                    )
                if key.value in lines:
                    raise InputError(
                        f"{path}: line {line}: {name}: given a second time, the first is in line {lines[key.value]}; "
                        "keep one of them"
                    )
                lines[key.value] = line
                waiting.append(((*where, key.value), value))


def merged(layers, null_removes=False):
    """Each layer put over those before it: mappings merge, everything else replaces.

    Parameters
    ----------
    layers : list of Layer
    null_removes : bool
        Whether null takes a key of an earlier layer away.

    Returns
    -------
    dict
    """
    content = {}
    for place, layer in enumerate(layers):
        content = _over(content, layer.content, null_removes) if place else layer.content
    return content


def _over(base, over, null_removes):
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    both = {**base, **{key: _over(base.get(key), value, null_removes) for key, value in over.items()}}
    return {key: value for key, value in both.items() if value is not None} if null_removes else both


def source_of(layers, path):
    """Where a key was given: the last layer that has it, or else most of the sections that lead to it.

    Parameters
    ----------
    layers : list of Layer
    path : sequence of str and int

    Returns
    -------
    Layer
    """
    return max(reversed(layers), key=lambda layer: _depth(layer.content, path))


def _depth(content, path):
    depth = 0
    for part in path:
        inside = isinstance(content, dict) and part in content
        if not inside and not (isinstance(content, list) and isinstance(part, int) and part < len(content)):
            break
        content = content[part]
        depth += 1
    return depth
