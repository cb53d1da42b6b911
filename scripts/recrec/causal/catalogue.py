"""The causal data sets there are, and what one's config may say: the models of workflow/causal/NAME.yaml."""

import graphlib
import json
import re
import zlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from recrec.causal.expressions import ExpressionError, parse
from recrec.causal.model import CausalModel, EquationMechanism
from recrec.causal.noise import Noise
from recrec.config import Section
from recrec.config.checking import checked
from recrec.config.extending import extended_layers, find_file, known_files
from recrec.config.values import Text, list_of, number, refusal, whole_number
from recrec.data.catalogue import Archive, File, FileName, Read, check_archives
from recrec.errors import did_you_mean

FOLDER = "workflow/causal"
#: The data sets that come with the workflow.
SHIPPED = Path(__file__).resolve().parents[3] / FOLDER
#: How equations call the noise of a node.
NOISE = "U_"


def _node_name(value):
    if re.fullmatch("[A-Za-z][A-Za-z0-9_]*", value) is None or value.startswith(NOISE):
        raise refusal(
            f"given {value!r} as a node; allowed: letters, digits and underscore, a letter first, not beginning with U_"
        )
    return value


Limits = Annotated[list[number() | None], Field(min_length=2, max_length=2)]


def _check_limits(limits, key):
    """Refuse limits that leave nothing between them."""
    if limits and None not in limits and limits[0] >= limits[1]:
        raise refusal(f"given {limits}; allowed: the lower one first", key)


class Column(Section):
    """How a node's values are read from a column of the table of people. What is mended or dropped is counted."""

    name: Text | None = Field(None, description="The column's name. Left out: that of the node.")
    values: Annotated[dict[str, number()], Field(min_length=1)] | None = Field(
        None, description="Numbers that the column's texts stand for; any other text is then refused."
    )
    no_value: list[str] = Field([], description="Texts that stand for no value in this column, besides the empty one.")
    valid: Limits | None = Field(
        None, description="Lowest and highest value that can be true, null for none; others count as no value."
    )
    missing: Literal["refuse", "drop", "median"] = Field(
        "refuse",
        description="People without a value: refused, dropped, or given the median of the training people.",
    )
    cap: Limits | None = Field(
        None, description="Values below the first and above the second are set to it, null for none."
    )
    at_least: number() | None = Field(
        None, description="Makes a node of 0 and 1: 1 where the column's value is at least this."
    )
    below: number() | None = Field(None, description="The same: 1 where the column's value is below this.")
    whole: bool = Field(
        False,
        description="Whether it counts something: only whole numbers are read, and the law of the noise is fitted to "
        "values that are spread by half a unit either way, for whole numbers have no density.",
    )

    @model_validator(mode="after")
    def _usable(self):
        _check_limits(self.valid, "valid")
        _check_limits(self.cap, "cap")
        if self.at_least is not None and self.below is not None:
            raise refusal("given both at_least and below; allowed: one of them")
        return self


class Label(Section):
    """The column of the table of people that says who was accepted in truth."""

    column: Text = Field(description="Its name.")
    accepted: list_of(str) = Field(description="Texts of those who were.")
    rejected: list_of(str) | None = Field(
        None, description="Texts of those who were not. Left out: the one other text that the column has."
    )


class Fitting(Section):
    """How equations are fitted to the training people."""

    rows: whole_number(20) = Field(20000, description="Training people at most, drawn at random from more.")
    units: whole_number(1) = Field(8, description="Hidden units, tanh, of the one layer of a node's network.")
    penalty: number(ge=0) = Field(1e-3, description="Of its squared weights.")
    iterations: whole_number(1) = Field(100, description="Of L-BFGS, at most.")
    laws: whole_number(1) = Field(3, description="Normal laws in the mixture that a node's noise is given.")


class Node(Section):
    """A node of the causal graph."""

    label: Text | None = Field(None, description="What to call it in tables, figures and cards; else its name.")
    unit: Text | None = Field(None, description="Its unit, for cards.")
    equation: Text | None = Field(
        None,
        description="How it comes about, from its parents and `U_NODE`, its own noise, which stands in it once: "
        "numbers, names, + - * / **, comparisons, exp, log, sigmoid, max, min.",
    )
    noise: Noise | None = Field(None, description="The law of that noise.")
    parents: list[str] | None = Field(None, description="Its parents, where its equation is to be fitted.")
    scale: Literal["linear", "log"] = Field(
        "linear",
        description="On what scale a fitted equation adds noise: the node's own, or log(1 + value), for what is not "
        "negative and has a long tail.",
    )
    column: Column | None = Field(None, description="How it is read, of people from a table. Left out: as it stands.")
    actionable: bool = Field(False, description="Whether people may act on it.")
    bounds: Annotated[list[number()], Field(min_length=2, max_length=2)] | None = Field(
        None, description="Lowest and highest value that anybody may set; else quantiles of the training values."
    )

    @model_validator(mode="after")
    def _bounds_in_order(self):
        if self.bounds and self.bounds[0] >= self.bounds[1]:
            raise refusal(f"given {self.bounds}; allowed: the lower one first", "bounds")
        return self


class CausalDataset(Section):
    """A causal data set: a graph of nodes, the people, and what decides about them."""

    extends: str | None = Field(
        None,
        description="Another one, a file beside this one or a name under workflow/causal/, to start from: the keys of "
        "this file go over its keys, section by section; null takes a key away.",
    )
    title: Text = Field(description="What to call it in tables and figures.")
    synthetic: bool = Field(description="Whether the people are made up; every table and figure then says so.")
    assumptions: Text = Field(description="What the graph and the equations assume, in words.")
    cite: str | None = Field(None, description="What to cite.")
    licence: str | None = Field(
        None, description="Under which terms the people's data may be used; shown before a download."
    )
    terms: str | None = Field(None, description="More about them: where they stand, whom to cite.")
    archives: dict[str, Archive] = Field({}, description="Archives that files are taken out of, by name.")
    files: Annotated[dict[FileName, File], Field(min_length=1)] | None = Field(
        None, description="The files of the table of people, by name. Left out: people are simulated."
    )
    read: Read | None = Field(None, description="The table of people.")
    label: Label | None = Field(None, description="Who was accepted in truth, of people from a table.")
    nodes: Annotated[dict[Annotated[str, AfterValidator(_node_name)], Node], Field(min_length=2)] = Field(
        description="The nodes by name, in any order."
    )
    sensitive: Text | None = Field(None, description="The sensitive node, 0 or 1, by whose groups gaps are told.")
    accepted: Text | None = Field(
        None, description="Who is accepted in truth, of simulated people: a comparison of nodes and their noise."
    )
    people: whole_number(40) = Field(20000, description="People to simulate.")
    equations: Literal["given", "linear", "network"] = Field(
        "given", description="What methods use: the equations given, or regressions fitted to the training people."
    )
    fitting: Fitting = Field(Fitting(), description="How equations are fitted.")
    classifier: Literal["logistic", "network"] = Field("logistic", description="Who decides; network has 32-32 units.")
    features: list_of(str) | None = Field(None, description="Nodes that the classifier sees. Left out: all.")
    threshold: number(gt=0, lt=1) = Field(
        0.5, description="Accepted is whom the classifier gives at least this probability of being accepted in truth."
    )
    shares: Annotated[list[number(gt=0, lt=1)], Field(min_length=3, max_length=3)] = Field(
        [0.5, 0.25, 0.25],
        description="Shares of the people to train on, to choose settings on, and to test on, who ask for recourse.",
    )

    @model_validator(mode="after")
    def _one_graph(self):
        known = [*self.nodes, *(NOISE + node for node in self.nodes)]
        for node, content in self.nodes.items():
            where = ("nodes", node)
            if (content.equation is None) == (content.parents is None):
                raise refusal("given both or none of equation and parents; allowed: one of them", *where)
            if content.equation is None:
                for parent in content.parents:
                    if parent not in self.nodes:
                        raise refusal(
                            f"given {parent!r}; allowed: {', '.join(self.nodes)}{did_you_mean(parent, self.nodes)}",
                            *where,
                            "parents",
                        )
                continue
            if content.noise is None:
                raise refusal("missing; allowed: the law of the noise in the equation", *where, "noise")
            own = NOISE + node
            try:
                mechanism = EquationMechanism.of(content.equation, own, content.noise)
            except ExpressionError as error:
                raise refusal(str(error), *where, "equation") from None
            for name in mechanism.parents:
                if name not in self.nodes:
                    allowed = [*self.nodes, own]
                    raise refusal(
                        f"names {name}; allowed: {', '.join(allowed)}{did_you_mean(name, allowed)}", *where, "equation"
                    )
            if problem := mechanism.problem():
                raise refusal(f"{problem}; its noise has to be found from the values", *where, "equation")
        try:
            order = self.order()
        except graphlib.CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            raise refusal(f"a cycle: {circle}; allowed: a graph without one", "nodes") from None
        assert len(order) == len(self.nodes)
        if not any(content.actionable for content in self.nodes.values()):
            raise refusal("no node is actionable; mark at least one", "nodes")
        if self.sensitive is not None and self.sensitive not in self.nodes:
            raise refusal(
                f"given {self.sensitive!r}; allowed: {', '.join(self.nodes)}{did_you_mean(self.sensitive, self.nodes)}",
                "sensitive",
            )
        if self.sensitive is not None and self.nodes[self.sensitive].actionable:
            raise refusal(f"given {self.sensitive}, which is actionable; allowed: a node that is not", "sensitive")
        if self.accepted is not None:
            try:
                names = parse(self.accepted).names
            except ExpressionError as error:
                raise refusal(str(error), "accepted") from None
            for name in names:
                if name not in known:
                    raise refusal(f"names {name}; allowed: {', '.join(known)}{did_you_mean(name, known)}", "accepted")
        return self

    @model_validator(mode="after")
    def _people_are_there(self):
        for node, content in self.nodes.items():
            if content.equation is None and self.equations == "given":
                raise refusal(f"given 'given', but {node} has no equation; allowed: linear, network", "equations")
            if content.column is not None and self.files is None:
                raise refusal(
                    "given a column of simulated people; allowed: with files and read", "nodes", node, "column"
                )
            if content.equation is None and self.files is None:
                raise refusal(
                    "missing; allowed: an equation, for there are no files to fit it to", "nodes", node, "equation"
                )
        if abs(sum(self.shares) - 1) > 1e-9:
            raise refusal(f"given shares with the sum {sum(self.shares):.6g}; allowed: 1", "shares")
        for feature in self.features or ():
            if feature not in self.nodes:
                raise refusal(
                    f"given {feature!r}; allowed: {', '.join(self.nodes)}{did_you_mean(feature, self.nodes)}",
                    "features",
                )
        if self.files is None and self.accepted is None:
            raise refusal("missing; allowed: a comparison, for people are simulated", "accepted")
        if self.files is None:
            for key in ("read", "label"):
                if getattr(self, key) is not None:
                    raise refusal("given without files; allowed: with the files of a table of people", key)
            return self
        for key in ("read", "label", "licence", "terms"):
            if getattr(self, key) is None:
                raise refusal("missing; allowed: with files, this too", key)
        if self.accepted is not None:
            raise refusal("given with a table of people; allowed: label, for its column", "accepted")
        check_archives(self.archives, self.files)
        for file in self.read.files:
            if file not in self.files:
                raise refusal(
                    f"given {file!r}; allowed: {', '.join(self.files)}{did_you_mean(file, self.files)}", "read", "files"
                )
        return self

    def sources(self):
        """What `recrec.data.fetch.Fetcher` takes: the keys about files, as plain values."""
        keys = {"files", "archives", "licence", "terms"}
        return self.model_dump(include=keys, by_alias=True, exclude_none=True)

    def stream(self, seed):
        """A seed of this world's own, the same for data sets with the same nodes: worlds do not share their people.

        Parameters
        ----------
        seed : int

        Returns
        -------
        int
        """
        nodes = {
            name: content.model_dump(include={"equation", "noise", "parents", "column"})
            for name, content in self.nodes.items()
        }
        return zlib.crc32(json.dumps([nodes, seed], sort_keys=True).encode())

    def parents(self):
        """Parents by node."""
        return {
            node: tuple(content.parents)
            if content.equation is None
            else EquationMechanism.of(content.equation, NOISE + node, content.noise).parents
            for node, content in self.nodes.items()
        }

    def order(self):
        """Nodes with every parent before its children, otherwise as they stand in the file."""
        sorter = graphlib.TopologicalSorter(self.parents())
        sorter.prepare()
        ordered, rank = [], list(self.nodes).index
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=rank)
            ordered += ready
            sorter.done(*ready)
        return ordered

    def model(self):
        """The causal model by the equations given.

        Returns
        -------
        CausalModel
        """
        order = self.order()
        mechanisms = {}
        for node in order:
            content = self.nodes[node]
            mechanisms[node] = EquationMechanism.of(content.equation, NOISE + node, content.noise)
        return CausalModel(mechanisms, [node for node in order if self.nodes[node].actionable], self.sensitive)


def load(path):
    """A causal data set's config, checked.

    Parameters
    ----------
    path : path

    Returns
    -------
    CausalDataset

    Raises
    ------
    InputError
        One line: the file, the key, what was given, what is allowed.
    """
    return checked(CausalDataset, extended_layers(Path(path), SHIPPED), null_removes=True)


def find(entry, root):
    """Path of a causal data set's config: a path to a .yaml file, or a name under workflow/causal/.

    Raises
    ------
    InputError
        If there is none; the message begins with what was given.
    """
    return find_file(entry, Path(root) / FOLDER)


def known(root):
    """Names of the causal data sets that come with the workflow."""
    return known_files(Path(root) / FOLDER)
