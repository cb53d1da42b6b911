"""What to call a data set wherever it is shown."""


def display_title(title, synthetic):
    """A data set's title; that of a synthetic one says so."""
    return f"{title} (SYNTHETIC data)" if synthetic else title
