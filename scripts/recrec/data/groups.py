"""Target groups: users in order of one value, cut into groups of equal size (RecRec, section 4.1)."""

import numpy as np

from recrec.data import tables
from recrec.errors import InputError


def group_values(rule, users, ratings, source="users"):
    """The number each user is grouped by.

    Parameters
    ----------
    rule : dict
        The data set's ``groups``: ``by`` is a column of users or ``activity``, the number of interactions.
    users : DataFrame
        With ``id``, for messages.
    ratings : (users, items) sparse array
    source : str
        What to call the table of users.

    Returns
    -------
    (users,) float array

    Raises
    ------
    InputError
        If a value is not a number.

    Examples
    --------
    >>> import pandas as pd
    >>> users = pd.DataFrame({"id": ["u1", "u2"], "age": ["31", "20"]})
    >>> group_values({"by": "age"}, users, None)
    array([31., 20.])
    """
    if rule["by"] == "activity":
        return np.diff(ratings.indptr).astype(float)
    return tables.numbers(
        tables.column(users, rule["by"], "groups.by"), f"column {rule['by']} of {source}", ids=users["id"]
    )


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

    Examples
    --------
    >>> equal_groups(np.array([31, 20, 25, 20, 40]), 2)
    array([1, 0, 0, 0, 1])
    """
    if len(values) < groups:
        raise InputError(f"groups: given {groups}; allowed: at most {len(values)}, the number of users")
    group = np.empty(len(values), dtype=np.int64)
    for number, members in enumerate(np.array_split(np.argsort(values, kind="stable"), groups)):
        group[members] = number
    return group


def labels(values, group, groups, template):
    """What people call the groups, such as "age 7-22".

    Groups are of equal size, so users of one value may be in two groups or more. A label says of which of its values
    some users are in another group.

    Parameters
    ----------
    values : (users,) array
    group : (users,) integer array
        `equal_groups` of the values.
    groups : int
    template : str
        Text around ``{range}``.

    Returns
    -------
    list of str
        All different.

    Examples
    --------
    >>> values = np.array([20, 25, 29, 29, 31, 35.0])
    >>> labels(values, equal_groups(values, 2), 2, "age {range}")
    ['age 20-29 (29 in part)', 'age 29-35 (29 in part)']
    >>> labels(values, equal_groups(values, 3), 3, "age {range}")
    ['age 20-25', 'age 29', 'age 31-35']
    """
    ends = [(values[group == number].min(), values[group == number].max()) for number in range(groups)]
    text = _texts(end for pair in ends for end in pair)
    names = []
    for number, (low, high) in enumerate(ends):
        sharing = {
            end: [other for other, (first, last) in enumerate(ends) if first <= end <= last] for end in (low, high)
        }
        span = text[low] if low == high else f"{text[low]}{'-' if low >= 0 else ' to '}{text[high]}"
        shared = [text[end] for end, members in sharing.items() if len(members) > 1]
        if not shared:
            part = ""
        elif low == high:
            part = f" (part {sharing[low].index(number) + 1} of {len(sharing[low])})"
        else:
            part = f" ({' and '.join(shared)} in part)"
        names.append(template.replace("{range}", span) + part)
    return names


def _texts(numbers):
    """A short text for each number; different ones for different numbers."""
    # Zero is not to be called -0.
    numbers = {float(number) + 0.0 for number in numbers}
    short = {number: f"{number:.10g}" for number in numbers}
    if len(set(short.values())) == len(numbers):
        return short
    return {number: str(number).removesuffix(".0") for number in numbers}
