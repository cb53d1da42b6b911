"""Plug-ins: modules of a package, found by looking into its folder."""

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from recrec.errors import InputError, did_you_mean


def names(package: ModuleType) -> list[str]:
    """Names of the modules of a package, in alphabetical order; those that begin with an underscore are none.

    Parameters
    ----------
    package : module

    Returns
    -------
    list of str
    """
    return sorted(found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_"))


def load(package: ModuleType, name: str, needs: Iterable[str]) -> Any:
    """A plug-in.

    Parameters
    ----------
    package : module
    name : str
    needs : iterable of str
        What the module has to define.

    Returns
    -------
    module

    Raises
    ------
    InputError
        If there is none of that name, it cannot be imported, or it lacks something.
    """
    kind = package.__name__.rpartition(".")[2]
    if name not in (known := names(package)):
        raise InputError(f"{kind}: given {name!r}{did_you_mean(name, known)}; allowed: {', '.join(known)}")
    try:
        plugin = importlib.import_module(f"{package.__name__}.{name}")
    except Exception as error:
        raise InputError(f"{kind}: {name} cannot be imported: {type(error).__name__}: {error}") from error
    for needed in needs:
        if not hasattr(plugin, needed):
            raise InputError(f"{kind}: {plugin.__file__} does not define {needed}")
    return plugin
