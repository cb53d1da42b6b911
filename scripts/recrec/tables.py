"""Reading the tables of a data set as text, with complaints that name file, line and column."""

import csv
import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from recrec.errors import InputError
from recrec.storage import read_utf8

#: Leading articles that catalogues move behind the title ("Postino, Il").
ARTICLES = "the|a|an|la|le|les|il|el|der|die|das|l'"


def read(spec, folder):
    """A table of text columns.

    Parameters
    ----------
    spec : dict
        The data set's ``read``: ``files`` (read one after the other), ``format`` (csv or json), and for csv
        ``separator``, ``quoting``, ``columns`` (names, for files without a header line) and ``encoding``.
    folder : path
        Where the files are.

    Returns
    -------
    DataFrame
        Every value text, an absent one the empty text.

    Raises
    ------
    InputError
        For a file that cannot be read as such.
    """
    return pd.concat(list(chunks(spec, folder)), ignore_index=True)


def chunks(spec, folder, rows=1_000_000):
    """The same table in pieces of bounded size."""
    for name in spec["files"]:
        path = Path(folder) / name
        if spec.get("format", "csv") == "json":
            yield _json_table(path)
        else:
            yield from _csv_chunks(path, spec, rows)


def _csv_chunks(path, spec, rows):
    names = spec.get("columns")
    encoding = spec.get("encoding", "utf-8")
    try:
        reader = pd.read_csv(
            path,
            sep=spec.get("separator", ","),
            names=names,
            header=None if names else 0,
            encoding=encoding,
            quoting=csv.QUOTE_MINIMAL if spec.get("quoting", True) else csv.QUOTE_NONE,
            dtype=str,
            keep_default_na=False,
            index_col=False,
            chunksize=rows,
        )
        line = 1 if names else 2
        for chunk in reader:
            chunk.columns = [str(column).strip() for column in chunk.columns]
            short = chunk.isna().any(axis=1)
            if short.any():
                at = line + int(np.flatnonzero(short)[0])
                raise InputError(f"{path} line {at}: too few fields; {len(chunk.columns)} are needed")
            yield chunk
            line += len(chunk)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not {encoding} ({error.reason}); save it as {encoding} or name its encoding in the data set"
        ) from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{path}: empty file") from None
    except pd.errors.ParserError as error:
        raise InputError(f"{path}: not a table ({' '.join(str(error).split())})") from None
    except (EOFError, OSError) as error:
        raise InputError(f"{path}: cannot be unpacked ({error}); the file is cut off or damaged") from None


def _json_table(path):
    import json

    try:
        records = json.loads(read_utf8(path))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} line {error.lineno}: not JSON ({error.msg}); the file is cut off or damaged"
        ) from None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError(f"{path}: not a list of JSON objects")
    table = pd.DataFrame.from_records(records)
    return table.astype(object).where(table.notna(), "").map(str)


def column(table, name, where):
    """A column of a table.

    Raises
    ------
    InputError
        If there is none of that name; the message lists those there are.
    """
    if name not in table:
        raise InputError(f"{where}: no column {name!r}; there are: {', '.join(map(str, table.columns))}")
    return table[name]


def numbers(values, where, first_row=1):
    """Text as finite numbers.

    Parameters
    ----------
    values : Series of str
    where : str
        What to call the column.
    first_row : int
        Number of the first data row, for the message.

    Raises
    ------
    InputError
        For the first value that is not a finite number.
    """
    found = pd.to_numeric(values.str.strip(), errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(found)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(f"{where}, row {first_row + row}: {values.iloc[row]!r} is not a finite number")
    return found


def fold_title(title):
    """A title for comparison: without what is in parentheses, article in front, no case, accents or punctuation."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"\s*\(.*?\)", "", plain).strip()
    if moved := re.fullmatch(rf"(.*), ({ARTICLES})", plain):
        plain = f"{moved[2]} {moved[1]}"
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", plain).split())
