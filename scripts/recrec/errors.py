"""The one kind of error that is the user's to mend."""


class InputError(ValueError):
    """Something given from outside cannot be used.

    The message is one line: what is wrong, where it is, and what to do about it. Scripts print it without a traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))
