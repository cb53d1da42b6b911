"""What a data set holds: for a person who has just written its config, and as a table beside the paper's figures."""

import numpy as np

from recrec.storage import load_arrays, read_rows

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


def display_title(title, synthetic):
    """A data set's title; that of a synthetic one says so."""
    return f"{title} (SYNTHETIC data)" if synthetic else title


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
    found = load_arrays(ranks_file)
    order = np.argsort(found["mean_rank"], kind="stable")
    free = found["top_share"] <= max_top_share
    nearest = found["mean_rank"][free]
    return [
        (
            rank,
            int(np.count_nonzero(free[order[rank - 1 :]])),
            float(nearest[np.argmin(np.abs(nearest - rank))]) if nearest.size else float("nan"),
        )
        for rank in ranks
    ]


def describe(title, synthetic, files, ranks, items_per_rank, max_top_share):
    """A data set in words.

    Parameters
    ----------
    title : str
    synthetic : bool
    files : Namedlist
        The inputs of the rule `check_dataset`.
    ranks, items_per_rank, max_top_share
        As in config.yaml.

    Returns
    -------
    str
    """
    found = sizes(files.matrices)
    lines = [display_title(title, synthetic), ""]
    lines += [f"{found[name]:>12,} {name}" for name in SIZES]
    lines += [f"{found['density']:>12.3%} of all pairs of user and item have an interaction", "", "features by column"]
    columns = read_rows(files.feature_table)
    for block in dict.fromkeys(row["block"] for row in columns):
        mine = [row for row in columns if row["block"] == block]
        mutable = sum(row["mutable"] == "True" for row in mine)
        lines.append(f"{len(mine):>12,} {block} ({mine[0]['kind']}), {mutable:,} mutable, such as {mine[0]['name']}")
    lines += ["", "groups of users"]
    groups = read_rows(files.group_table)
    lines += [f"{int(row['users']):>12,} {row['label']}" for row in groups]
    lines += ["", "dropped rows"]
    dropped = read_rows(files.drop_table)
    lines += [f"{int(row['rows']):>12,} {row['table']}: {row['reason']}" for row in dropped] or ["        none"]
    lines += ["", f"eligible items (in the top k of at most {100 * max_top_share:g} % of the group)"]
    for path, row in zip(files.ranks, groups, strict=True):
        lines.append(f"  {row['label']}")
        for rank, number, near in eligible(path, ranks, max_top_share):
            short = "" if number >= items_per_rank else f", fewer than the {items_per_rank} that are asked for"
            lines.append(f"{number:>12,} at rank {rank} and after; mean rank nearest to {rank}: {near:.1f}{short}")
    return "\n".join([*lines, ""])
