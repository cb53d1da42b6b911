"""A digest of the code that a script can reach, so that a cached result is never older than what made it.

Snakemake re-runs a rule when its script changes, not when a module that the script imports does. The rules therefore
carry this digest among their parameters. It is of whole modules: the script, every module of the package that it
imports, directly or not, wherever in a module the import stands, the plug-ins that a rule names, and the versions of
the libraries that any of them imports. Comments, docstrings and layout do not count.
"""

import ast
import hashlib
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = "recrec"
#: Libraries whose version changes no result: on a device the numbers are those of the host, and the choice of one
#: re-runs nothing.
DEVICES = {"cupy", "cupyx"}


def code_digest(script, plugins=()):
    """Digest of the code that a script reaches.

    Parameters
    ----------
    script : path
        A Python file beside the package's folder.
    plugins : iterable of str
        Modules of the package that the script loads by name, such as ``recrec.methods.greedy``.

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    FileNotFoundError
        If there is no such script or plug-in.

    Examples
    --------
    >>> code_digest("scripts/recourse.py", ["recrec.methods.greedy"])  # doctest: +SKIP
    '0b1c3fd8a52d7e64'
    """
    script = Path(script)
    folder = script.parent
    for name in plugins:
        if _file(folder, name) is None:
            raise FileNotFoundError(f"{name}: no such module below {folder}")
    public = _public_names(folder)
    text, imported = _parsed(script, script.stat().st_mtime_ns)
    parts, libraries, waiting = {"": text}, set(), [*imported, *plugins]
    while waiting:
        name = public.get(name := waiting.pop(), name)
        path = _file(folder, name)
        if name in parts or (path is None and name.partition(".")[0] == PACKAGE):
            continue
        if path is None:
            libraries.add(name.partition(".")[0])
            continue
        parts[name], imported = _parsed(path, path.stat().st_mtime_ns)
        waiting += imported
        # The packages above a module are run before it.
        waiting += [name.rpartition(".")[0]] if "." in name else []
    versions = {name: version for name in libraries if (version := _version(name))}
    lines = [f"{key}: {part}" for key, part in [*sorted(parts.items()), *sorted(versions.items())]]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _file(folder, name):
    """The source of a module of the package; None for any other name."""
    if name.partition(".")[0] != PACKAGE:
        return None
    place = folder.joinpath(*name.split("."))
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


@cache
def _parsed(path, changed):
    """A source file as text, whatever its layout, and what it imports; `changed` is when it was last."""
    tree = _without_docstrings(ast.parse(path.read_text("utf-8"), str(path)))
    return ast.dump(tree), list(dict.fromkeys(_imports(tree)))


def _public_names(folder):
    """Where the names are that the package imports when they are used: those that it imports for types alone."""
    path = folder / PACKAGE / "__init__.py"
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([])
    typed = [node for node in tree.body if isinstance(node, ast.If) and _is_for_types(node)]
    return {
        f"{PACKAGE}.{alias.asname or alias.name}": node.module
        for block in typed
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _is_for_types(node):
    return getattr(node.test, "id", None) == "TYPE_CHECKING"


def _without_docstrings(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not body:
            continue
        first = body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = body[1:] or [ast.Pass()]
    return tree


def _imports(tree):
    """The modules that a syntax tree imports, and what may be one: the names taken out of a package."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and _is_for_types(node):
            waiting += node.orelse  # the rest is never run
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == PACKAGE:
            yield f"{PACKAGE}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"line {node.lineno}: relative imports are not followed; name {PACKAGE} in full")
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _version(library):
    """The installed version of a library; None for a part of Python, for one that is not installed, or a device's."""
    if library in sys.stdlib_module_names or library in DEVICES:
        return None
    for distribution in (library, *_distributions().get(library, ())):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


@cache
def _distributions():
    return metadata.packages_distributions()
