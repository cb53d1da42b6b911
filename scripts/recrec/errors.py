"""The one kind of error that is the user's to mend."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something given from outside cannot be used.

    The message is one line: what is wrong, where it is, and what to do about it. Scripts print it without a traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))


def did_you_mean(given: object, known: Iterable[object]) -> str:
    """A hint to the nearest of some names, to append; empty if none is near.

    Examples
    --------
    >>> did_you_mean("lamda", ["lambda", "top_k"])
    ' (did you mean lambda?)'
    """
    close = difflib.get_close_matches(str(given), [str(name) for name in known], 1)
    return f" (did you mean {close[0]}?)" if close and close[0] != given else ""
