"""Where the files of cells are, below ``results/STAGE/``, and what they are made from."""

import re

#: A group of users of a data set as a recommender ranks items for them.
GROUP = "{dataset}/{recommender}/group{group}"
#: A cell: what a method finds for the items of one original rank from one sampling percentage.
CELL = "{dataset}/{recommender}/{method}/group{group}/rank{rank}/sampling{sampling}"
#: What the stages before the cells leave: matrices of a data set, what a recommender learnt, a group's sorted scores.
MATRICES = "results/data/{dataset}/matrices.npz"
MODEL = "results/model/{dataset}/{recommender}.npz"
SORTED_SCORES = f"results/baseline/{GROUP}.sorted.npy"
_KINDS = {"group": int, "rank": int, "sampling": float}


def _pattern(template):
    named = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+?)", template)
    return re.compile(f"(?:^|/){named}(?:\\.sorted)?\\.[a-z]+$")


_CELL, _GROUP = _pattern(CELL), _pattern(GROUP)


def cell_of(path):
    """What a cell's file is of.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        ``dataset``, ``recommender``, ``method``, ``group``, ``rank``, ``sampling``.

    Raises
    ------
    ValueError
        If it is no path of a cell.

    Examples
    --------
    >>> list(cell_of("results/recourse/films/content/recrec/group2/rank11/sampling0.5.npz").values())
    ['films', 'content', 'recrec', 2, 11, 0.5]
    """
    return _of(_CELL, path)


def group_of(path):
    """What a group's file is of: ``dataset``, ``recommender`` and ``group``.

    Examples
    --------
    >>> group_of("results/baseline/films/content/group2.sorted.npy")
    {'dataset': 'films', 'recommender': 'content', 'group': 2}
    """
    return _of(_GROUP, path)


def _of(pattern, path):
    match = pattern.search(str(path))
    if match is None:
        raise ValueError(f"{path}: not a path of that kind")
    return {name: _KINDS.get(name, str)(text) for name, text in match.groupdict().items()}
