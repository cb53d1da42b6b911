"""The study: what config.yaml and the data set configs say, checked and put together before the DAG is built."""

import re
from pathlib import Path
from typing import NamedTuple

from recrec import config
from recrec.errors import InputError

SCHEMAS = "workflow/schemas"
DATASETS = "workflow/datasets"
NAME = "[A-Za-z0-9_-]+"


class Study(NamedTuple):
    """A checked study.

    Attributes
    ----------
    config : dict
        config.yaml.
    datasets : dict
        Data set config by name, in the order of the study.
    recourse : dict
        Settings of Algorithm 1 by data set name.
    """

    config: dict
    datasets: dict
    recourse: dict


def load(content, root):
    """Check the study's config and read its data sets.

    Parameters
    ----------
    content : dict
        What config.yaml (and the command line) say.
    root : path
        The workflow's folder.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        One line: the key, what was given, what is allowed.
    """
    root = Path(root)
    config.check(content, config.read_yaml(root / SCHEMAS / "config.schema.yaml"), "config.yaml")
    schema = config.read_yaml(root / SCHEMAS / "dataset.schema.yaml")
    datasets = {}
    for entry in content["datasets"]:
        path = find_dataset(entry, root)
        if path.stem in datasets:
            raise InputError(f"config.yaml: datasets: {entry} and another one are both called {path.stem}; rename one")
        datasets[path.stem] = load_dataset(path, schema)
    _check_recourse(content, root)
    settings = {name: {**content["recourse"]["default"], **content["recourse"].get(name, {})} for name in datasets}
    for name, keys in settings.items():
        if keys["desired_rank"] > content["top_k"]:
            raise InputError(
                f"config.yaml: recourse: desired_rank for {name}: given {keys['desired_rank']}; "
                f"allowed: at most top_k, {content['top_k']}"
            )
    return Study(content, datasets, settings)


def find_dataset(entry, root):
    """Path of a data set's config: a path to a .yaml file, or a name under workflow/datasets/."""
    if entry.endswith((".yaml", ".yml")):
        path = Path(entry)
        if not path.is_file():
            raise InputError(f"config.yaml: datasets: given {entry}; there is no such file")
    else:
        path = Path(root) / DATASETS / f"{entry}.yaml"
        if not path.is_file():
            known = ", ".join(known_datasets(root))
            raise InputError(f"config.yaml: datasets: given {entry!r}; allowed: {known}, or the path of a .yaml file")
    if not re.fullmatch(NAME, path.stem):
        raise InputError(f"config.yaml: datasets: {path.name}: a name has only letters, digits, dash and underscore")
    return path


def known_datasets(root):
    """Names of the data sets that come with the workflow."""
    return sorted(path.stem for path in (Path(root) / DATASETS).glob("*.yaml"))


def _check_recourse(content, root):
    known = {*known_datasets(root), *(Path(entry).stem for entry in content["datasets"]), "default"}
    for name in content["recourse"]:
        if name not in known:
            raise InputError(f"config.yaml: recourse.{name}: no such data set; allowed: {', '.join(sorted(known))}")


def load_dataset(path, schema):
    """A data set's config, checked.

    Raises
    ------
    InputError
        Also for what no schema can say: a file that is not listed, a pattern that is no regular expression.
    """
    content = config.read_yaml(path)
    config.check(content, schema, str(path))
    for archive, entry in content.get("archives", {}).items():
        if not entry.keys() & {"mirror", "url", "pypi"}:
            raise InputError(f"{path}: archives.{archive}: no way to get it; name at least one of mirror, url, pypi")
    for file, entry in content["files"].items():
        where = f"{path}: files.{file}"
        if "archive" in entry:
            if entry["archive"] not in content.get("archives", {}):
                known = ", ".join(content.get("archives", {})) or "none; add a section archives"
                raise InputError(f"{where}.archive: given {entry['archive']!r}; allowed: {known}")
            if "member" not in entry:
                raise InputError(f"{where}.member: missing; allowed: the path of the file inside {entry['archive']}")
        elif not entry.keys() & {"mirror", "url"}:
            raise InputError(f"{where}: no way to get it; name at least one of mirror, url, archive")
    for where, read in _reads(content):
        for file in read["files"]:
            if file not in content["files"]:
                raise InputError(f"{path}: {where}.files: given {file!r}; allowed: {', '.join(content['files'])}")
        try:
            "".encode(read.get("encoding", "utf-8"))
        except (LookupError, ValueError):
            raise InputError(
                f"{path}: {where}.encoding: given {read['encoding']!r}; allowed: a text encoding of Python's, such as "
                "utf-8 or latin-1"
            ) from None
    for name, rule in content["items"].get("derive", {}).items():
        try:
            groups = re.compile(rule["pattern"]).groups
        except re.error as error:
            raise InputError(f"{path}: items.derive.{name}.pattern: not a regular expression ({error})") from None
        if groups != 1:
            raise InputError(f"{path}: items.derive.{name}.pattern: has {groups} groups; allowed: exactly one")
    for name, rule in content["features"].items():
        if rule["kind"] == "indicator" and "columns" not in rule:
            raise InputError(f"{path}: features.{name}.columns: missing; allowed: a list of columns (kind indicator)")
        if rule["kind"] != "indicator" and "columns" in rule:
            raise InputError(
                f"{path}: features.{name}.columns: given {rule['columns']} with kind {rule['kind']}; "
                "allowed: only with kind indicator, the others take one column"
            )
    if content["groups"]["by"] != "activity" and "users" not in content:
        raise InputError(
            f"{path}: groups.by: given {content['groups']['by']!r}; allowed: activity, for there is no table of users"
        )
    return content


def _reads(content):
    for table in ("interactions", "items", "users"):
        if table in content:
            yield f"{table}.read", content[table]["read"]
    for number, attached in enumerate(content["items"].get("attach", ())):
        yield f"items.attach[{number}].read", attached["read"]
