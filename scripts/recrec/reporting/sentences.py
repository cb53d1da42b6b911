"""Recourses in plain words."""

import functools
import logging
import re
import textwrap
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from recrec.evaluation.paths import cell_of
from recrec.evaluation.recourses import unpack_changes
from recrec.evaluation.sampling import same_samples
from recrec.reporting.cells import COLUMNS as OF_CELLS
from recrec.storage import csr_from_parts, load_arrays, read_rows
from recrec.titles import display_title

LOG = logging.getLogger(__name__)

#: Columns of recourses.csv, in order, and what they say.
COLUMNS = {
    **{
        name: OF_CELLS[name]
        for name in (
            "dataset", "synthetic", "recommender", "group_label", "rank", "sampling", "sampled_users", "method",
            "item_id", "title", "seed",
        )
    },
    "seeds": "all seeds that draw the same users, separated by `|`: where there are several, their recourse is one",
    **{name: OF_CELLS[name] for name in ("users_reached", "users", "changed")},
    "cell": "group, original rank, sampled users and seeds in words",
    "statement": "the recourse in words: where the item stands, what to change from what to what, what that brings",
}  # fmt: skip
#: Changes that the text names one by one; the table names all.
NAMED = 12
WIDTH = 100


def amount(value, digits=2):
    """A feature value for reading: some digits after the point, or one that is not 0; never "-0"."""
    text = f"{value:.{digits}f}" if round(abs(value), digits) or not value else f"{value:.1g}"
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return "0" if text in ("-0", "") else text


def amounts(old, new):
    """Two different values for reading, with as many digits as tell them apart."""
    for digits in range(2, 17):
        texts = amount(old, digits), amount(new, digits)
        if texts[0] != texts[1]:
            return texts
    return repr(float(old)), repr(float(new))


def ordinal(number):
    """A place: 1st, 2nd, 1,011th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def joined(texts):
    """A list in words: a, b and c."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def spoken_title(title):
    """A title as it is said: "Hour of the Pig, The" is The Hour of the Pig."""
    return re.sub(r"^(.+), (The|A|An)$", r"\2 \1", title)


def feature_name(block, kind, name):
    """What to call a feature: a word of a text in quotes, anything else with its column."""
    if kind == "text":
        return f"the word '{name}'"
    return f"{_column(block)} {name}" if name != block else _column(block)


def id_name(block, name, examples, more, own):
    """What to call a feature whose name is an opaque id: by the items that have it.

    Parameters
    ----------
    block : str
        The column that the id stands in.
    name : str
        The id.
    examples : list of str
        Titles of other items that have it.
    more : int
        How many others have it besides.
    own : bool
        Whether the item that is spoken of has it.

    Returns
    -------
    str
        Such as ``"the country of Toy Story, GoldenEye and 1,065 more"``.

    Examples
    --------
    >>> id_name("director", "m.01", [], 0, own=True)
    'its own director (m.01), which no other item has'
    """
    if examples:
        titles = [spoken_title(title) for title in examples]
        return f"the {_column(block)} of {joined([*titles, f'{more:,} more'] if more else titles)}"
    if own:
        return f"its own {_column(block)} ({name}), which no other item has"
    return f"the {_column(block)} {name}, which no item has"


def _column(block):
    return block.replace("_", " ")


def examples_of(matrix, titles, popularity, feature, most=2, but=None):
    """The best known items that have a feature.

    Parameters
    ----------
    matrix : (items, features) sparse array, CSC
    titles : (items,) list of str
    popularity : (items,) array
        Number of interactions of each item.
    feature : int
        Column of `matrix`.
    most : int
        Items to name.
    but : int, optional
        An item that does not count.

    Returns
    -------
    (examples, more) : (list of str, int)
        Titles, most interactions first (ties: first item first), and how many more items have it.

    Examples
    --------
    >>> from scipy.sparse import csc_array
    >>> matrix = csc_array([[1.0], [0.0], [1.0], [1.0]])
    >>> examples_of(matrix, ["Heat", "Ronin", "Fargo", "Alien"], np.array([3, 9, 7, 3]), 0)
    (['Fargo', 'Heat'], 1)
    """
    column = slice(matrix.indptr[feature], matrix.indptr[feature + 1])
    having = matrix.indices[column][matrix.data[column] != 0]
    having = having[having != but] if but is not None else having
    best = having[np.lexsort((having, -popularity[having]))][:most]
    return [titles[item] for item in best], len(having) - len(best)


class Vocabulary:
    """What to call the mutable features of a data set, and what its items have of them.

    Parameters
    ----------
    features, items, matrices : paths
        ``features.csv``, ``items.csv`` and ``matrices.npz`` of the stage featurize.

    Attributes
    ----------
    offsets, scales : (features,) arrays
        What people know a value as: ``offset + scale * value``.
    items : int
        Number of items.
    """

    def __init__(self, features, items, matrices):
        arrays = load_arrays(matrices)
        self._by_item = csr_from_parts("features", arrays)[:, np.flatnonzero(arrays["mutable"])]
        self._by_feature = csc_array(self._by_item)
        self.items = self._by_item.shape[0]
        self._popularity = np.bincount(arrays["ratings_indices"], minlength=self.items)
        self._titles = [row["title"] for row in read_rows(items)]
        self._features = [row for row in read_rows(features) if row["mutable"] == "True"]
        self.offsets, self.scales = (
            np.array([float(row[part]) for row in self._features]) for part in ("offset", "scale")
        )
        self._named = functools.cache(self._named_without)

    def values(self, item):
        """(features,) array: what an item has."""
        return self._by_item[[item]].toarray()[0]

    def name(self, feature, item):
        """What to call a mutable feature in a sentence about an item."""
        row = self._features[feature]
        if row.get("ids") != "True":
            return feature_name(row["block"], row["kind"], row["name"])
        return self._named(feature, item if self._by_item[item, feature] else None)

    def unit(self, feature):
        """What the values of a mutable feature count: "times" for a word, "" otherwise."""
        return "times" if self._features[feature]["kind"] == "text" else ""

    def _named_without(self, feature, item):
        row = self._features[feature]
        examples, more = examples_of(self._by_feature, self._titles, self._popularity, feature, but=item)
        return id_name(row["block"], row["name"], examples, more, own=item is not None)


def change_phrases(changes, originals, name, offsets, scales, unit=lambda feature: ""):
    """One phrase per changed feature, largest change first.

    Parameters
    ----------
    changes : (features,) array
        Recourse minus original, over the mutable features.
    originals : (features,) array
        Present values of the same features.
    name : callable
        What to call one of these features, given its number.
    offsets, scales : (features,) arrays
        What people know a value as: ``offset + scale * value``.
    unit : callable, optional
        What such a value counts, given the feature's number; "" for nothing.

    Returns
    -------
    list of str
        Such as ``"add the word 'love' (0 → 0.48 times)"``.
    """
    order = np.argsort(-np.abs(changes), kind="stable")
    phrases = []
    for feature in order[: np.count_nonzero(changes)]:
        old, new = (
            offsets[feature] + scales[feature] * value
            for value in (originals[feature], originals[feature] + changes[feature])
        )
        verb = ("add" if old == 0 else "raise") if new > old else ("remove" if new == 0 else "lower")
        values = " ".join([" → ".join(amounts(old, new)), *filter(None, [unit(feature)])])
        phrases.append(f"{verb} {name(feature)} ({values})")
    return phrases


class Place(NamedTuple):
    """Where an item stands for a group, and where a recourse brings it.

    Attributes
    ----------
    position, items : int
        Place among all items by mean rank, and how many there are.
    mean_rank_before, mean_rank_after : float
    top_k : int
    had, have, users : int
        Users with the item in their top k before and after, and all users of the group.
    group : str
        The group's label.
    """

    position: int
    items: int
    mean_rank_before: float
    mean_rank_after: float
    top_k: int
    had: int
    have: int
    users: int
    group: str


def statement(title, phrases, place):
    """The sentences for one recourse: where the item stands, what to change, what that brings.

    Parameters
    ----------
    title : str
    phrases : list of str
        `change_phrases`.
    place : Place

    Returns
    -------
    str
    """
    had = f"{place.had:,} of whom {'has' if place.had == 1 else 'have'} it" if place.had else "none of whom has it"
    changes = joined(phrases)
    return (
        f"{spoken_title(title)} is {ordinal(place.position)} of {place.items:,} items by mean rank "
        f"(mean rank {place.mean_rank_before:.1f}) for the {place.users:,} users of the group {place.group}, {had} in "
        f"their top {place.top_k}. {changes[:1].upper()}{changes[1:]}: then {place.have:,} of the {place.users:,} "
        f"have it in their top {place.top_k} (mean rank {place.mean_rank_after:.1f})."
    )


def state_recourses(cells, changes, vocabulary, top_k, log=LOG):
    """Statements for all recourses that brought the item into the top k of more users than before.

    Parameters
    ----------
    cells : DataFrame
        cells.csv of a data set.
    changes : list of paths
        Files with the changes of these cells, as they are evaluated.
    vocabulary : Vocabulary
        Of the data set.
    top_k : int
    log : logging.Logger
        Told of progress.

    Returns
    -------
    DataFrame
        With the columns `COLUMNS`, in the order of `cells`, and ``brief``: the statement with the `NAMED` largest
        changes alone.
    """
    keys = ["recommender", "method", "group", "rank", "sampling"]
    files = {tuple(cell_of(path)[key] for key in keys): path for path in changes}
    cells = cells.assign(had=(cells["top_share_before"] * cells["users"]).round().astype(int))
    rows = {}
    for number, (cell, table) in enumerate(cells.groupby(keys, sort=False)):
        arrays = load_arrays(files[cell])
        changed = unpack_changes(arrays)
        row_of = {pair: row for row, pair in enumerate(zip(arrays["item"], arrays["seed"], strict=True))}
        alike = same_samples(int(table["users"].iloc[0]), cell[-1], list(dict.fromkeys(table["seed"])))
        for found in table.itertuples():
            if found.users_reached <= found.had:
                continue
            phrases = change_phrases(
                changed[row_of[found.item, found.seed]],
                vocabulary.values(found.item),
                functools.partial(vocabulary.name, item=found.item),
                vocabulary.offsets,
                vocabulary.scales,
                vocabulary.unit,
            )
            # Some sources have ids alone.
            title = f"Item {found.item_id}" if found.title == found.item_id else found.title
            place = Place(
                found.position, vocabulary.items, found.mean_rank_before, found.mean_rank_after, top_k,
                found.had, found.users_reached, found.users, found.group_label,
            )  # fmt: skip
            rows[found.Index] = {
                "seeds": "|".join(map(str, alike[found.seed])),
                "cell": _cell_in_words(found, alike[found.seed]),
                "statement": statement(title, phrases, place),
                "brief": statement(title, _largest(phrases), place),
            }
        if number % 50 == 49:
            log.info("%d of %d cells", number + 1, len(files))
    said = pd.DataFrame(list(rows.values()), index=list(rows), columns=["seeds", "cell", "statement", "brief"])
    return cells.join(said, how="inner")[[*COLUMNS, "brief"]]


def _cell_in_words(cell, seeds):
    drawn = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {joined([*map(str, seeds)])} draw the same users"
    return (
        f"{cell.group_label}, original rank {cell.rank} asked for, {cell.sampling:g} % sampled "
        f"({cell.sampled_users:,} of {cell.users:,} users), {drawn}"
    )


def _largest(phrases):
    left = len(phrases) - NAMED
    return [*phrases[:NAMED], f"make {left:,} smaller changes"] if left > 1 else phrases


def as_text(table, title, synthetic, top_k):
    """The statements of a data set as a text to read, each recourse once.

    Parameters
    ----------
    table : DataFrame
        `state_recourses`.
    title : str
        The data set's.
    synthetic : bool
    top_k : int

    Returns
    -------
    str
    """
    heading = f"Recourses on {display_title(title, synthetic)}"
    explained = (
        f"Each paragraph is a recourse: what to change about an item so that the users of a group find it in their top "
        f"{top_k}. It was computed for a sample of these users and is counted on all of them. In parentheses stands "
        f"what the item has of a feature now and what it would have. A mean rank is the mean of the item's ranks in "
        f"the lists of all users of the group; the original rank asked for is where, by mean rank, the search for "
        f"items that few have in their top {top_k} began. Where a recourse changes more than {NAMED} features, the "
        f"largest changes are named; recourses.csv has all."
    )
    lines = [heading, "=" * len(heading), "", *textwrap.wrap(explained, WIDTH)]
    for (recommender, method), part in table.groupby(["recommender", "method"], sort=False):
        section = f"Recommender {recommender}, method {method}"
        lines += ["", section, "-" * len(section)]
        for row in part.drop_duplicates(["cell", "item_id", "brief"]).itertuples():
            lines += ["", row.cell]
            lines += textwrap.wrap(row.brief, WIDTH, initial_indent="  ", subsequent_indent="  ")
    if table.empty:
        lines += ["", "No recourse brought its item to more users than before."]
    return "\n".join([*lines, ""])
