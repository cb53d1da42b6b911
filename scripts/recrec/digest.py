"""A digest of the library code that a script can reach, so that a cached result is never older than its code.

Snakemake re-runs a rule when its script changes, not when a module that the script imports does. The rules therefore
carry this digest among their parameters. It follows names from the script through the definitions of the package, and
ignores comments, docstrings and layout: an edit of a function changes the digests of the scripts that use it, directly
or not, and no others.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "recrec"


class _Module:
    """The top-level statements of a source file, by the names they define."""

    def __init__(self, path):
        tree = _without_docstrings(ast.parse(path.read_text("utf-8"), str(path)))
        self.statements = []
        self.definitions = {}
        self.imports = {}
        self.texts = {}
        self.found = {}
        for node in tree.body:
            found = dict(_package_imports(node))
            self.imports.update(found)
            if found and len(found) == len(node.names):
                continue
            self.statements.append(node)
            for name in _defined(node):
                self.definitions.setdefault(name, []).append(node)

    def references(self, statement):
        """The definitions of the package that a statement names: (module or None for this one, name)."""
        if statement not in self.found:
            imports = dict(self.imports)
            nodes = list(ast.walk(statement))
            for node in nodes:
                imports.update(_package_imports(node))
            self.found[statement] = list(dict.fromkeys(self._named(nodes, imports)))
        return self.found[statement]

    def _named(self, nodes, imports):
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                target = imports.get(node.value.id)
                if target and target[1] is None:
                    yield target[0], node.attr
            if isinstance(node, ast.Name):
                target = imports.get(node.id)
                if target and target[1] is not None:
                    yield target
                elif target is None and node.id in self.definitions:
                    yield None, node.id

    def text(self, name):
        """A definition as text, whatever its layout."""
        if name not in self.texts:
            self.texts[name] = "".join(ast.dump(node) for node in self.definitions.get(name, []))
        return self.texts[name]


@cache
def _parsed(path, stamp):
    """A module that many scripts share, as it was at one time."""
    return _Module(path)


def _without_docstrings(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not body:
            continue
        first = body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = body[1:] or [ast.Pass()]
    return tree


def _package_imports(node):
    """Local name -> (module, name or None) for what a statement imports from the package."""
    if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
        for alias in node.names:
            yield alias.asname or alias.name, (alias.name, None)
    elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
        for alias in node.names:
            yield alias.asname or alias.name, (node.module.removeprefix(f"{PACKAGE}."), alias.name)


def _defined(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    return [leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name) and isinstance(leaf.ctx, ast.Store)]


class _Reach:
    """Everything of the package that some statements lead to."""

    def __init__(self, package):
        self.package = package
        self.modules = {}
        self.parts = {}

    def module(self, name):
        if name not in self.modules:
            path = self.package / f"{name}.py"
            self.modules[name] = _parsed(path, path.stat().st_mtime_ns)
        return self.modules[name]

    def follow(self, statement, module):
        for target, name in module.references(statement):
            self.definition(target or self._name_of(module), name)

    def _name_of(self, module):
        return next((name for name, known in self.modules.items() if known is module), None)

    def definition(self, module_name, name):
        if module_name is None or (module_name, name) in self.parts:
            return
        module = self.module(module_name)
        nodes = module.definitions.get(name, [])
        self.parts[module_name, name] = module.text(name)
        for node in nodes:
            self.follow(node, module)
        if name in module.imports:
            target, inner = module.imports[name]
            if inner is not None:
                self.definition(target, inner)


@cache
def code_digest(script):
    """Digest of the package's definitions that a script reaches.

    Parameters
    ----------
    script : path
        A Python file beside the package's folder.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    script = Path(script)
    reach = _Reach(script.parent / PACKAGE)
    module = _Module(script)
    for statement in module.statements:
        reach.follow(statement, module)
    text = "\n".join(f"{key}: {part}" for key, part in sorted(reach.parts.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
