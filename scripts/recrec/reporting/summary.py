"""What a data set holds: for a person who has just written its config, and as a table beside the paper's figures."""

from collections import Counter

import numpy as np

from recrec.data.matrices import Matrices
from recrec.errors import InputError
from recrec.evaluation.baseline import Baseline
from recrec.evaluation.selection import select
from recrec.storage import load_arrays, read_rows
from recrec.titles import display_title

#: Sizes of the paper's data sets (section 4): items, users, interactions, features. MovieLens' items and users are
#: printed the other way round there.
PAPER = {
    "movielens": (1000, 943, 100_000, 9500),
    "aliec": (5600, 13_200, 1_400_000, 2300),
    "goodreads": (4300, 11_200, 1_300_000, 17_400),
}
SIZES = ("items", "users", "interactions", "features")
#: Columns of datasets.csv, in order, and what they say.
COLUMNS = {
    "dataset": "name of the data set",
    "title": "what it is called",
    "synthetic": "whether the data are generated",
    "items": "number of items, after all filters",
    "users": "number of users, after all filters",
    "interactions": "number of pairs of a user and an item with an interaction, after all filters",
    "features": "number of features of an item",
    "density": "share of all pairs of user and item that have an interaction",
    "interaction_rows": "rows that the interactions came from, before several of one user and item became one",
    "group_sizes": "users of each group, in the order of the groups, separated by `|`",
    "dropped": "rows that were dropped: how many, of which table and why, separated by `|`",
    **{f"paper_{name}": f"number of {name} that the paper gives for its data set" for name in SIZES},
    "cite": "what to cite",
}
#: Names of features to show of each column.
EXAMPLES = 3


def sizes(matrices):
    """Items, users, interactions, features and the density of the ratings, from a data set's file of matrices."""
    arrays = load_arrays(matrices)
    users, items = (int(number) for number in arrays["ratings_shape"])
    interactions, features = len(arrays["ratings_data"]), int(arrays["features_shape"][1])
    return {
        "items": items,
        "users": users,
        "interactions": interactions,
        "features": features,
        "density": interactions / (users * items),
    }


def eligible(ranks_file, ranks, max_top_share):
    """How many items are eligible at each original rank and after it, for one group, and how far mean ranks are off.

    Parameters
    ----------
    ranks_file : path
        The stage rank-baseline's mean ranks and top shares of the items.
    ranks : list of int
    max_top_share : float

    Returns
    -------
    list of (rank, eligible items at the position and after, nearest mean rank of an eligible item)
    """
    baseline = load_arrays(ranks_file)
    order = np.argsort(baseline["mean_rank"], kind="stable")
    free = baseline["top_share"] <= max_top_share
    mean_ranks = baseline["mean_rank"][free]
    return [
        (
            rank,
            int(np.count_nonzero(free[order[rank - 1 :]])),
            float(mean_ranks[np.argmin(np.abs(mean_ranks - rank))]) if mean_ranks.size else float("nan"),
        )
        for rank in ranks
    ]


def _spread(numbers):
    """Smallest, median and largest of some numbers, in words."""
    low, middle, high = np.quantile(numbers, (0, 0.5, 1))
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}, half of them at most {middle:,.6g}"


def _interactions(ratings):
    """Lines on how the interactions are spread."""
    per_user, per_item = (
        np.bincount(codes, minlength=size) for codes, size in zip(ratings.nonzero(), ratings.shape, strict=True)
    )
    lines = [
        f"weights of interactions: {_spread(ratings.data)}",
        f"interactions of a user: {_spread(per_user)}",
        f"interactions of an item: {_spread(per_item)}",
    ]
    if unseen := np.count_nonzero(per_item == 0):
        lines.append(f"items without an interaction: {unseen:,}; they are ranked like the others")
    return lines


def _titles(items):
    """Lines on titles that do not tell items apart."""
    titles = [row["title"].strip() for row in items]
    several = Counter(title for title in titles if title)
    lines = []
    if empty := titles.count(""):
        lines.append(f"items without a title: {empty:,}")
    if shared := sum(number for number in several.values() if number > 1):
        lines.append(f"items that share their title with another: {shared:,}; tables and sentences show the title")
    return lines


def _features(columns, features):
    """Lines on each column of features: how many there are, how many can be changed, how many items have any."""
    lines = []
    blocks = {}
    for number, row in enumerate(columns):
        blocks.setdefault(row["block"], []).append(number)
    for block, numbers in blocks.items():
        kind, mutable = columns[numbers[0]]["kind"], sum(columns[number]["mutable"] == "True" for number in numbers)
        changed = {0: "none mutable", len(numbers): "all mutable"}.get(mutable, f"{mutable:,} mutable")
        items = np.count_nonzero(np.diff(features[:, numbers].indptr))
        frequent = sorted(numbers, key=lambda number: -int(columns[number]["items"]))[:EXAMPLES]
        names = ", ".join(columns[number]["name"] for number in frequent)
        names = f"ids such as {names}" if columns[numbers[0]]["ids"] == "True" else f"such as {names}"
        what = f"{block} ({kind}), {changed}, in {items:,} of {features.shape[0]:,} items"
        lines.append(f"{len(numbers):>12,} {what}" + (f", {names}" if kind != "number" else ""))
    mutable = sum(row["mutable"] == "True" for row in columns)
    rest = "" if mutable == len(columns) else "; the others only count in the scores"
    lines.append(f"{mutable:>12,} of {len(columns):,} features are mutable: a recourse may change them{rest}")
    if bare := np.count_nonzero(np.diff(features.indptr) == 0):
        lines.append(f"{bare:>12,} items have no feature: their score is 0 for everybody")
    return lines


def describe(title, synthetic, files, ranks, items_per_rank, max_top_share, selection, recommender):
    """A data set in words.

    Parameters
    ----------
    title : str
    synthetic : bool
    files : Namedlist
        The inputs of the rule `check_dataset`.
    ranks, items_per_rank, max_top_share, selection
        As in config.yaml.
    recommender : str
        Whose ranks the files hold.

    Returns
    -------
    str
    """
    matrices = Matrices.load(files.matrices)
    size = sizes(files.matrices)
    lines = [display_title(title, synthetic), ""]
    lines += [f"{size[name]:>12,} {name}" for name in SIZES]
    lines.append(f"{size['density']:>12.3%} of all pairs of user and item have an interaction")
    lines += [f"{'':12} {line}" for line in [*_interactions(matrices.ratings), *_titles(read_rows(files.item_table))]]
    lines += [
        "",
        "features by column",
        *_features(read_rows(files.feature_table), matrices.features),
        "",
        "groups of users",
    ]
    groups = read_rows(files.group_table)
    lines += [f"{int(row['users']):>12,} {row['label']}" for row in groups]
    lines += ["", "rows dropped or ignored"]
    dropped = read_rows(files.drop_table)
    lines += [f"{int(row['rows']):>12,} {row['table']}: {row['reason']}" for row in dropped] or ["        none"]
    lines += ["", f"eligible items by {recommender} (in the top k of at most {100 * max_top_share:g} % of the group)"]
    complete = True
    for path, row in zip(files.ranks, groups, strict=True):
        lines.append(f"  {row['label']}")
        for rank, number, near in eligible(path, ranks, max_top_share):
            short = "" if number >= items_per_rank else f", fewer than the {items_per_rank} that are asked for"
            lines.append(f"{number:>12,} at rank {rank} and after; mean rank nearest to {rank}: {near:.1f}{short}")
        try:
            select(Baseline(**load_arrays(path)), ranks, items_per_rank, max_top_share, selection)
        except InputError as error:
            complete = False
            lines.append(f"{'':12} a study stops here: {error}")
    if complete:
        lines.append(f"enough for {items_per_rank} items at each of these ranks, no item twice, in every group")
    return "\n".join([*lines, ""])
