"""The study: what config.yaml and the data set configs say, checked and put together before the DAG is built."""

import re
from pathlib import Path
from typing import NamedTuple

from recrec.errors import InputError
from recrec.workflow import checks as config

SCHEMAS = "workflow/schemas"
DATASETS = "workflow/datasets"
SHIPPED = Path(__file__).resolve().parents[2] / DATASETS
NAME = "[A-Za-z0-9_-]+"


#: Files that each generator of synthetic data writes.
GENERATED = {"aliec-twin": ("raw_sample.csv", "ad_feature.csv", "user_profile.csv")}


#: Keys that a kind of features, and a format of files, listens to.
_EVERY = {"kind", "mutable", "min_items", "column"}
ALLOWED = {
    "text": _EVERY | {"function_words"},
    "categorical": _EVERY | {"ids"},
    "multi": _EVERY | {"ids", "separator"},
    "indicator": {"kind", "mutable", "min_items", "columns"},
    "number": {"kind", "mutable", "column", "scaling", "empty"},
}
READING = {
    "csv": {"files", "format", "separator", "quoting", "columns", "encoding", "missing"},
    "json": {"files", "format", "fields"},
    "jsonl": {"files", "format", "fields"},
}


class Study(NamedTuple):
    """A checked study.

    Attributes
    ----------
    config : dict
        config.yaml.
    datasets : dict
        Data set config by name, in the order of the study.
    known : dict
        The same for every data set that there is; an unusable one outside the study has its `InputError` in place.
    recourse : dict
        Settings of Algorithm 1 by data set name.
    """

    config: dict
    datasets: dict
    known: dict
    recourse: dict

    def method_settings(self, method, dataset):
        """Settings of a method for a data set."""
        if method == "recrec":
            return self.recourse[dataset]
        return {**self.config.get("method_settings", {}).get(method, {}).get("default", {})}

    def recommender_settings(self, recommender, dataset):
        """Settings of a recommender for a data set."""
        return {**self.config.get("recommender_settings", {}).get(recommender, {}).get("default", {})}

    def dataset(self, name):
        """A data set's config, of the study or not.

        Raises
        ------
        InputError
            If there is none of that name, or it is not usable.
        """
        found = self.known.get(name)
        if found is None:
            raise InputError(f"{name}: no such data set; there are: {', '.join(self.known)}")
        if isinstance(found, InputError):
            raise found
        return found


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
    for entry in datasets_of(content):
        path = find_dataset(entry, root)
        if path.stem in datasets:
            raise InputError(f"config.yaml: study: {entry} and another one are both called {path.stem}; rename one")
        datasets[path.stem] = load_dataset(path, schema)
    known = {}
    for name in known_datasets(root):
        try:
            known[name] = datasets[name] if name in datasets else load_dataset(find_dataset(name, root), schema)
        except InputError as error:
            known[name] = error
    known = {**known, **datasets}
    for name in content["recourse"]:
        if name not in known and name != "default":
            raise InputError(
                f"config.yaml: recourse.{name}: no such data set; allowed: default, {', '.join(sorted(known))}"
            )
    settings = {name: _settings(content["recourse"], name, dataset) for name, dataset in known.items()}
    for name in datasets:
        if settings[name]["desired_rank"] > content["top_k"]:
            raise InputError(
                f"config.yaml: recourse: desired_rank for {name}: given {settings[name]['desired_rank']}; "
                f"allowed: at most top_k, {content['top_k']}"
            )
    return Study(content, datasets, known, settings)


def benchmark_cells(study):
    """The cells to benchmark, by data set: config.yaml's `benchmarks.cells`, checked.

    Only the benchmarks ask for them: a study of other ranks or fewer groups need not say which it would benchmark.

    Raises
    ------
    InputError
        One line: the key, what was given, what is allowed.
    """
    found = {}
    for number, cells in enumerate(study.config["benchmarks"]["cells"]):
        where = f"config.yaml: benchmarks.cells[{number}]"
        name, ranks, groups = cells["dataset"], study.config["ranks"], study.config["groups"]
        if name not in study.known:
            raise InputError(f"{where}.dataset: given {name!r}; allowed: {', '.join(sorted(study.known))}")
        if name in found:
            raise InputError(f"{where}.dataset: given {name!r} a second time; allowed: each data set once")
        study.dataset(name)
        for rank in cells["ranks"]:
            if rank not in ranks:
                raise InputError(f"{where}.ranks: given {rank}; allowed: {', '.join(map(str, ranks))}")
        if max(cells["groups"]) > groups:
            raise InputError(f"{where}.groups: given {max(cells['groups'])}; allowed: 1 to {groups}")
        found[name] = cells
    return found


def _settings(recourse, name, dataset):
    """Algorithm 1's settings: the default's, then those of the data sets that this one extends, then its own."""
    lineage = dataset["lineage"] if isinstance(dataset, dict) else [name]
    settings = {}
    for section in ["default", *lineage]:
        settings.update(recourse.get(section, {}))
    return settings


def datasets_of(content):
    """The data sets that a study names: by the name of one of the `studies`, or as a list.

    Raises
    ------
    InputError
        If there is no study of that name.
    """
    study = content["study"]
    if isinstance(study, list):
        return study
    if study not in content["studies"]:
        raise InputError(
            f"config.yaml: study: given {study!r}; allowed: {', '.join(content['studies'])}, or a list of data sets"
        )
    return content["studies"][study]


def missing_files(study, mirror, results):
    """What to do about the files of the study that no machine can fetch and that nobody has placed yet.

    Parameters
    ----------
    study : Study
    mirror : path or None
    results : path
        The results folder: a data set that was downloaded before needs no files any more.

    Returns
    -------
    str or None
        One line; None if nothing is missing.
    """
    missing = []
    for name, dataset in study.datasets.items():
        if (Path(results) / "data" / name / "raw").is_dir():
            continue
        for file, entry in dataset["files"].items():
            archive = dataset.get("archives", {}).get(entry.get("archive"), {})
            ways = {**archive, **entry}
            places = [part["mirror"] for part in (entry, archive) if "mirror" in part]
            placed = mirror is not None and any((mirror / place).is_file() for place in places)
            if not placed and not ways.keys() & {"url", "pypi", "generator"}:
                missing.append(
                    f"{name} needs MIRROR/{ways.get('mirror', file)} ({ways.get('by_hand', 'placed by hand')})"
                )
    if not missing:
        return None
    where = f"MIRROR is {mirror}" if mirror else "set mirror: in config.yaml or RECREC_MIRROR to a folder, MIRROR"
    return f"files to get by hand: {'; '.join(missing)}; {where}"


def find_dataset(entry, root):
    """Path of a data set's config: a path to a .yaml file, or a name under workflow/datasets/."""
    if entry.endswith((".yaml", ".yml")):
        path = Path(entry)
        if not path.is_file():
            raise InputError(f"config.yaml: study: given {entry}; there is no such file")
    else:
        path = Path(root) / DATASETS / f"{entry}.yaml"
        if not path.is_file():
            known = ", ".join(known_datasets(root))
            raise InputError(f"config.yaml: study: given {entry!r}; allowed: {known}, or the path of a .yaml file")
    if not re.fullmatch(NAME, path.stem):
        raise InputError(f"config.yaml: study: {path.name}: a name has only letters, digits, dash and underscore")
    return path


def known_datasets(root):
    """Names of the data sets that come with the workflow."""
    return sorted(path.stem for path in (Path(root) / DATASETS).glob("*.yaml"))


def _extended(path, above=()):
    """A data set's YAML put over the one that it extends (mappings merge, null takes a key away), and their names."""
    content = config.read_yaml(path)
    if "extends" not in content:
        return content, [Path(path).stem]
    name = f"{content.pop('extends')}.yaml"
    # Beside the file, or one that comes with the workflow.
    base = next((one for one in (Path(path).parent / name, SHIPPED / name) if one.is_file()), Path(path).parent / name)
    above = (*above, Path(path))
    if not base.is_file() or base in above:
        raise InputError(f"{path}: extends: given {base.stem!r}; there is no other data set {base}")
    extended, lineage = _extended(base, above)
    return _merged(extended, content), [*lineage, Path(path).stem]


def _merged(base, over):
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    merged = {key: _merged(base.get(key), over[key]) if key in over else value for key, value in base.items()}
    merged.update({key: value for key, value in over.items() if key not in base})
    return {key: value for key, value in merged.items() if value is not None}


def load_dataset(path, schema):
    """A data set's config, checked.

    Raises
    ------
    InputError
        Also for what no schema can say: a file that is not listed, a pattern that is no regular expression.
    """
    content, lineage = _extended(path)
    config.check(content, schema, str(path))
    content["lineage"] = lineage
    if "generator" in content:
        content["files"] = {name: {"generator": True} for name in GENERATED[content["generator"]["name"]]}
    if "files" not in content:
        raise InputError(f"{path}: files: missing; allowed: a mapping of the files that the tables are read from")
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
        elif not entry.keys() & {"mirror", "url", "generator"}:
            raise InputError(f"{where}: no way to get it; name at least one of mirror, url, archive")
    for where, read in _reads(content):
        for file in read["files"]:
            if file not in content["files"]:
                raise InputError(f"{path}: {where}.files: given {file!r}; allowed: {', '.join(content['files'])}")
        file_format = read.get("format", "csv")
        for key in read.keys() - READING[file_format]:
            raise InputError(
                f"{path}: {where}.{key}: given {read[key]!r} with format {file_format}; "
                f"allowed: {', '.join(sorted(READING[file_format]))}"
            )
        if read.get("format") == "jsonl" and "fields" not in read:
            raise InputError(f"{path}: {where}.fields: missing; allowed: a mapping (format jsonl)")
        if read.get("separator") in ("\n", "\r"):
            raise InputError(f"{path}: {where}.separator: given {read['separator']!r}; allowed: not the end of a line")
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
        if rule["from"] == name:
            raise InputError(f"{path}: items.derive.{name}.from: given {name!r}; allowed: a column of another name")
    for number, attached in enumerate(content["items"].get("attach", ())):
        near = sum("within" in match for match in attached["match"])
        if near > 1 or near == len(attached["match"]):
            raise InputError(
                f"{path}: items.attach[{number}].match: given {near} matches within a distance and "
                f"{len(attached['match']) - near} of text; allowed: at most one and at least one"
            )
    for name, rule in content["features"].items():
        for key in rule.keys() - ALLOWED[rule["kind"]]:
            raise InputError(
                f"{path}: features.{name}.{key}: given {rule[key]!r} with kind {rule['kind']}; "
                f"allowed: {', '.join(sorted(ALLOWED[rule['kind']]))}"
            )
        if (rule["kind"] == "number") != ("scaling" in rule):
            raise InputError(
                f"{path}: features.{name}.scaling: given {rule.get('scaling')} with kind {rule['kind']}; "
                "allowed: none, minmax, standard or deviation with kind number, nothing with the others"
            )
        if rule["kind"] == "indicator" and "columns" not in rule:
            raise InputError(f"{path}: features.{name}.columns: missing; allowed: a list of columns (kind indicator)")
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
    if "item_map" in content["interactions"]:
        yield "interactions.item_map.read", content["interactions"]["item_map"]["read"]
