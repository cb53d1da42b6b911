"""Config files that extend one another, and finding one by its name."""

import re
from pathlib import Path

from recrec.config.reading import Layer, read_yaml
from recrec.errors import InputError, did_you_mean

NAME = "[A-Za-z0-9_-]+"


def extended_layers(path, shipped):
    """A data set's file after those that it extends.

    Parameters
    ----------
    path : Path
    shipped : Path
        The folder of those that come with the workflow; a file beside `path` goes first.

    Returns
    -------
    list of Layer
        Without the key ``extends``.

    Raises
    ------
    InputError
        If a file cannot be read, or none is found under a name.
    """
    layers, paths = [], []
    while True:
        content = dict(read_yaml(path))
        base = content.pop("extends", None)
        layers.insert(0, Layer(str(path), content))
        paths.append(path)
        if base is None:
            return layers
        if not isinstance(base, str):
            raise InputError(f"{path}: extends: given {base!r}; allowed: text (the name of a data set)")
        # Beside the file, or one that comes with the workflow.
        beside = path.parent / f"{base}.yaml"
        found = next((one for one in (beside, shipped / beside.name) if one.is_file()), None)
        if found is None:
            known = sorted(
                {one.stem for folder in (path.parent, shipped) for one in folder.glob("*.yaml")} - {path.stem}
            )
            raise InputError(
                f"{path}: extends: given {base!r}; there is no data set {beside}; allowed: {', '.join(known)}"
                f"{did_you_mean(base, known)}"
            )
        if found in paths:
            circle = " extends ".join(one.stem for one in [*paths[paths.index(found) :], found])
            raise InputError(f"{path}: extends: given {base!r}, which leads in a circle: {circle}; extend another one")
        path = found


def find_file(entry, folder):
    """Path of a data set's config: a path to a .yaml file, or a name in a folder.

    Parameters
    ----------
    entry : str
    folder : Path

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If there is none; the message begins with what was given.
    """
    if entry.endswith((".yaml", ".yml")):
        path = Path(entry)
        if not path.is_file():
            raise InputError(f"given {entry}; there is no such file")
    else:
        path = folder / f"{entry}.yaml"
        if not path.is_file():
            known = known_files(folder)
            raise InputError(
                f"given {entry!r}; allowed: {', '.join(known)}, or the path of a .yaml file{did_you_mean(entry, known)}"
            )
    if not re.fullmatch(NAME, path.stem):
        raise InputError(f"given {path.name}; allowed: a name that has only letters, digits, dash and underscore")
    return path


def known_files(folder):
    """Names of the configs in a folder, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))
