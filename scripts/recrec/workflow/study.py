"""The study: what its config and the data sets' say, checked and put together before the DAG is built."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recrec import methods, recommenders
from recrec.config.checking import checked, refused
from recrec.config.reading import Layer, merged, read_yaml, source_of
from recrec.data.catalogue import find_dataset, known_datasets, load_dataset
from recrec.data.fetch import containers
from recrec.errors import InputError, did_you_mean
from recrec.workflow.study_config import study_model


@dataclass(frozen=True)
class Study:
    """A checked study.

    Attributes
    ----------
    config : dict
        What config.yaml says, with all defaults, as plain values.
    datasets : dict
        Data set config by name, in the order of the study.
    known : dict
        The same for every data set that there is; an unusable one outside the study has its `InputError` in place.
    layers : list of Layer
        Where the config's keys were given.
    """

    config: dict[str, Any]
    datasets: dict[str, dict]
    known: dict[str, Any] = field(default_factory=dict)
    layers: list = field(default_factory=list)

    def dataset(self, name):
        """A data set's config, of the study or not.

        Raises
        ------
        InputError
            If there is none of that name, or it is not usable.
        """
        found = self.known.get(name)
        if found is None:
            raise InputError(
                f"{name}: no such data set{did_you_mean(name, self.known)}; there are: {', '.join(self.known)}"
            )
        if isinstance(found, InputError):
            raise found
        return found

    def method_settings(self, method, dataset):
        """Settings of a method for a data set: the default ones, under those of the sets it extends, under its own.

        Parameters
        ----------
        method, dataset : str

        Returns
        -------
        dict
            Every key of the method's `Settings`, by its name in the config, as plain values.

        Raises
        ------
        InputError
            If there is no such method.
        """
        return self._settings("method_settings", methods, method, dataset)

    def recommender_settings(self, recommender, dataset):
        """The same for a recommender."""
        return self._settings("recommender_settings", recommenders, recommender, dataset)

    def _settings(self, key, package, plugin, dataset):
        sections = self.config[key].get(plugin, {})
        settings = {}
        for name in self._sections(dataset):
            settings.update(sections.get(name, {}))
        return package.load(plugin).Settings(**settings).model_dump(by_alias=True)

    def _sections(self, dataset):
        """The sections of settings that a data set listens to, the later ones going over the earlier."""
        known = self.known.get(dataset)
        return ["default", *(known["lineage"] if isinstance(known, dict) else [dataset])]


def layers_of(workflow):
    """A study's config as Snakemake was given it; see `layers`."""
    shipped = [] if workflow.config_settings.replace_workflow_config else [Path(workflow.basedir) / "config.yaml"]
    return layers([*shipped, *workflow.overwrite_configfiles], workflow.config_settings.config)


def layers(files, command_line):
    """A study's config as it was given.

    Parameters
    ----------
    files : list of path
        config.yaml, then the files of ``--configfile``; each goes over those before it.
    command_line : mapping
        The values of ``--config``, which go over all of them.

    Returns
    -------
    list of Layer

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    given = [Layer(path, read_yaml(path)) for path in map(_shown, files)]
    return [*given, Layer("--config", dict(command_line), typed=True)] if command_line else given


def _shown(path):
    """A path for messages: from here, if it is below."""
    path = Path(os.path.abspath(path))
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def load(layers, root):
    """Check the study's config and read its data sets.

    Parameters
    ----------
    layers : list of Layer
        See `layers`.
    root : path
        The workflow's folder.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        One line: where the key was given, the key, what was given, what is allowed.
    """
    model = checked(study_model(*_plugins(layers)), layers)
    config = model.model_dump(by_alias=True)
    for key in ("method_settings", "recommender_settings"):
        # Only what was given, for a section goes over others.
        config[key] = getattr(model, key).model_dump(by_alias=True, exclude_unset=True)
    datasets = {}
    for path, entry in _entries(config, layers, root):
        try:
            file = find_dataset(entry, root)
        except InputError as error:
            raise refused(layers, path, str(error)) from None
        if file.stem in datasets:
            raise refused(layers, path, f"{entry} and another one are both called {file.stem}; rename one")
        datasets[file.stem] = load_dataset(file)
    known = {}
    for name in known_datasets(root):
        try:
            known[name] = datasets[name] if name in datasets else load_dataset(find_dataset(name, root))
        except InputError as error:
            known[name] = error
    study = Study(config, datasets, {**known, **datasets}, layers)
    _check_sections(study)
    _check_desired_ranks(study)
    return study


def _plugins(layers):
    """Names of the methods and of the recommenders whose settings the config may hold."""
    content = merged(layers)
    for kind, package in (("method", methods), ("recommender", recommenders)):
        named = content.get(f"{kind}s", [])
        sections = content.get(f"{kind}_settings", {})
        given = [*(named if isinstance(named, list) else []), *(sections if isinstance(sections, dict) else [])]
        yield [name for name in package.names() if name in given]


def _entries(config, layers, root):
    """Key and value of each data set that the study names."""
    chosen = config["study"]
    if isinstance(chosen, list):
        return [(("study", place), entry) for place, entry in enumerate(chosen)]
    if chosen not in config["studies"]:
        known = list(config["studies"])
        is_dataset = chosen in known_datasets(root) or Path(chosen).suffix in (".yaml", ".yml")
        listed = f"in brackets: [{chosen}]" if is_dataset else "in brackets"
        raise refused(
            layers,
            ("study",),
            f"given {chosen!r}; allowed: {', '.join(known)}, or a list of data sets, {listed}"
            f"{did_you_mean(chosen, known)}",
        )
    return [(("studies", chosen, place), entry) for place, entry in enumerate(config["studies"][chosen])]


def _check_sections(study):
    """Refuse settings for a data set that there is not."""
    known = ["default", *sorted(study.known)]
    for key in ("method_settings", "recommender_settings"):
        for plugin, sections in study.config[key].items():
            for name in sections:
                if name not in known:
                    raise refused(
                        study.layers,
                        (key, plugin, name),
                        f"no such data set{did_you_mean(name, known)}; allowed: {', '.join(known)}",
                    )


def _check_desired_ranks(study):
    """Refuse a method that is content with less than success."""
    top_k = study.config["top_k"]
    for method in study.config["methods"]:
        sections = study.config["method_settings"].get(method, {})
        for dataset in study.datasets:
            rank = study.method_settings(method, dataset).get("desired_rank", top_k)
            if rank > top_k:
                named = [name for name in study._sections(dataset) if "desired_rank" in sections.get(name, {})]
                raise refused(
                    study.layers,
                    ("method_settings", method, named[-1] if named else "default", "desired_rank"),
                    f"{'given' if named else 'by default'} {rank}, which {dataset} uses; "
                    f"allowed: at most top_k, {top_k}{_elsewhere(study, ('top_k',))}",
                )


def _elsewhere(study, path):
    """Where a key was given, if not in config.yaml."""
    source = source_of(study.layers, path).source
    return "" if source == study.layers[0].source else f" ({source})"


def benchmark_cells(study):
    """The cells to benchmark, by data set: config.yaml's `benchmarks.cells`, checked.

    Only the benchmarks ask for them: a study of other ranks or fewer groups need not say which it would benchmark.

    Raises
    ------
    InputError
        One line: where the key was given, the key, what was given, what is allowed.
    """
    found = {}
    ranks, groups = study.config["ranks"], study.config["groups"]
    for place, cells in enumerate(study.config["benchmarks"]["cells"]):
        where, name = ("benchmarks", "cells", place), cells["dataset"]
        if name not in study.known:
            known = sorted(study.known)
            raise refused(
                study.layers,
                (*where, "dataset"),
                f"given {name!r}; allowed: {', '.join(known)}{did_you_mean(name, known)}",
            )
        if name in found:
            raise refused(
                study.layers, (*where, "dataset"), f"given {name!r} a second time; allowed: each data set once"
            )
        study.dataset(name)
        for rank in cells["ranks"]:
            if rank not in ranks:
                raise refused(study.layers, (*where, "ranks"), f"given {rank}; allowed: {', '.join(map(str, ranks))}")
        if max(cells["groups"]) > groups:
            raise refused(study.layers, (*where, "groups"), f"given {max(cells['groups'])}; allowed: 1 to {groups}")
        found[name] = cells
    if not found:
        raise refused(study.layers, ("benchmarks", "cells"), "given none; allowed: at least one, to be benchmarked")
    return found


def sweep_ranks(study):
    """The desired ranks of the sweep, checked; it matters only to the sweep if one cannot be.

    Raises
    ------
    InputError
        If one is above `top_k`.
    """
    ranks, top_k = study.config["sweep"]["desired_rank"], study.config["top_k"]
    for place, rank in enumerate(ranks):
        if rank > top_k:
            raise refused(
                study.layers,
                ("sweep", "desired_rank", place),
                f"given {rank}; allowed: at most top_k, {top_k}{_elsewhere(study, ('top_k',))}",
            )
    return ranks


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
            parts = containers(dataset, entry)
            ways = {key: value for part in reversed(parts) for key, value in part.items()}
            places = [part["mirror"] for part in parts if "mirror" in part]
            placed = mirror is not None and any((mirror / place).is_file() for place in places)
            if not placed and not ways.keys() & {"url", "pypi", "generator"}:
                missing.append(
                    f"{name} needs MIRROR/{ways.get('mirror', file)} ({ways.get('by_hand', 'placed by hand')})"
                )
    if not missing:
        return None
    where = f"MIRROR is {mirror}" if mirror else "set mirror: in config.yaml or RECREC_MIRROR to a folder, MIRROR"
    return f"files to get by hand: {'; '.join(missing)}; {where}"
