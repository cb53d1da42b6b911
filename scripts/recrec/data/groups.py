"""Target groups: users in order of one value, cut into groups of equal size (RecRec, section 4.1)."""

import numpy as np

from recrec.data import tables
from recrec.errors import InputError


def group_values(rule, users, ratings):
    """The number each user is grouped by.

    Parameters
    ----------
    rule : dict
        The data set's ``groups``: ``by`` is a column of users or ``activity``, the number of interactions.
    users : DataFrame
    ratings : (users, items) sparse array

    Returns
    -------
    (users,) float array

    Raises
    ------
    InputError
        If a value is not a number.
    """
    if rule["by"] == "activity":
        return np.diff(ratings.indptr).astype(float)
    return tables.numbers(tables.column(users, rule["by"], "groups.by"), f"users, column {rule['by']}")


def equal_groups(values, groups):
    """Group of each user: sizes differ by at most one, ties by user index.

    Returns
    -------
    (users,) integer array
        0 for the users with the lowest values, ``groups - 1`` for the highest.

    Raises
    ------
    InputError
        If there are fewer users than groups.
    """
    if len(values) < groups:
        raise InputError(f"groups: given {groups}; allowed: at most {len(values)}, the number of users")
    group = np.empty(len(values), dtype=np.int64)
    for number, members in enumerate(np.array_split(np.argsort(values, kind="stable"), groups)):
        group[members] = number
    return group


def labels(values, group, groups, template):
    """What people call the groups, such as "age 7-22".

    Parameters
    ----------
    template : str
        Text around ``{range}``.

    Returns
    -------
    list of str
        All different: groups cut out of one value are numbered.
    """
    names = []
    for number in range(groups):
        low, high = values[group == number].min(), values[group == number].max()
        names.append(template.replace("{range}", f"{low:.10g}" if low == high else f"{low:.10g}-{high:.10g}"))
    return [
        name if names.count(name) == 1 else f"{name} ({names[:number].count(name) + 1} of {names.count(name)})"
        for number, name in enumerate(names)
    ]
