"""Reading the tables of a data set as text, in pieces, with complaints that name file, line and column."""

import csv
import gzip
import itertools
import json
import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from recrec.errors import InputError

#: Leading articles that catalogues move behind the title ("Postino, Il").
ARTICLES = "the|a|an|la|le|les|il|el|der|die|das|l'"
#: Separates the values of a cell that holds a list, such as one collected from several rows.
LISTED = "\x1f"
#: Rows read at a time.
ROWS = 1_000_000
#: Characters at the start of a file in which a byte of 0 tells that it is no text.
START = 1 << 16
#: The largest number of a table. Scores are sums of products of three of them and must stay finite.
LARGEST = 1e30


class NoColumn(InputError):
    """A table lacks a column."""


def read(spec, folder, columns=None):
    """A table of text columns.

    Parameters
    ----------
    spec : dict
        The data set's ``read``: ``files`` (read one after the other) and ``format`` (csv, json, jsonl). For csv:
        ``separator``, ``quoting``, ``columns`` (names, for files without a header line), ``missing`` (texts that stand
        for no value), ``encoding`` and ``comment`` (how lines before the table begin that are left out). For json and
        jsonl: ``fields`` (name of a column -> where it is in a record, see `field`).
    folder : path
        Where the files are.
    columns : collection of str, optional
        The columns to read; all of them if left out.

    Returns
    -------
    DataFrame
        Every value text, an absent one the empty text.

    Raises
    ------
    InputError
        For a file that cannot be read as such, has no rows, lacks a column or has two of one name.
    """
    return pd.concat(list(chunks(spec, folder, columns)), ignore_index=True)


def chunks(spec, folder, columns=None, rows=ROWS):
    """The same table in pieces of bounded size."""
    readers = {"csv": _csv_chunks, "json": _json_chunks, "jsonl": _jsonl_chunks}
    paths = [Path(folder) / name for name in spec["files"]]
    total = 0
    for path in paths:
        try:
            _check_text(path, spec.get("encoding", "utf-8"))
            empty = True
            for chunk in readers[spec.get("format", "csv")](path, spec, columns, rows):
                empty = False
                total += len(chunk)
                yield chunk
            if empty:
                raise InputError(f"{path}: empty file")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}: not {error.encoding} ({error.reason}); save it as UTF-8 or name its encoding in the data set"
            ) from None
        except (EOFError, OSError, gzip.zlib.error) as error:
            raise InputError(f"{path}: cannot be unpacked ({error}); the file is cut off or damaged") from None
    if not total:
        only = "only a header" if spec.get("format", "csv") == "csv" else "an empty list"
        raise InputError(f"{', '.join(map(str, paths))}: no rows, {only}")


def _check_text(path, encoding):
    """Refuse a file that its name hides: complaints about its first line would not tell what it is."""
    with open(path, "rb") as file:
        first = file.read(4)
    if first == b"PK\x03\x04":
        raise InputError(
            f"{path}: a zip archive or a workbook, not a text; unpack it, name it under archives, or save it as CSV"
        )
    if first[:2] == b"\x1f\x8b" and path.suffix != ".gz":
        raise InputError(f"{path}: packed with gzip; unpack it or give it a name that ends in .gz")
    with _open(path, encoding) as file:
        before, zero, _ = file.read(START).partition("\0")
    if zero:
        line = before.count("\n") + 1
        raise InputError(
            f"{path} line {line}: a byte of 0, so no {encoding} text; save it as UTF-8 or name its encoding"
        )


def _csv_chunks(path, spec, columns, rows):
    names = spec.get("columns")
    comments = _comments(path, spec)
    options = {
        "skiprows": comments,
        "sep": spec.get("separator", ","),
        "names": names,
        "header": None if names else 0,
        "encoding": spec.get("encoding", "utf-8"),
        "quoting": csv.QUOTE_MINIMAL if spec.get("quoting", True) else csv.QUOTE_NONE,
        "dtype": str,
        "keep_default_na": False,
        "index_col": False,
    }
    try:
        present = [str(name) for name in pd.read_csv(path, nrows=0, **options).columns]
        if columns is not None:
            for name in columns:
                column(pd.DataFrame(columns=[name.strip() for name in present]), name, str(path))
            options["usecols"] = [name for name in present if name.strip() in columns]
        _check_rows(path, spec, len(present), comments)
        for chunk in pd.read_csv(path, chunksize=rows, **options):
            chunk.columns = [str(name).strip() for name in chunk.columns]
            if missing := spec.get("missing"):
                chunk = chunk.mask(chunk.isin(missing), "")
            yield chunk
    except pd.errors.EmptyDataError:
        raise InputError(f"{path}: empty file") from None
    except pd.errors.ParserError as error:
        raise InputError(f"{path}: not a table ({' '.join(str(error).split())})") from None


def _comments(path, spec):
    """How many lines before the table are comments."""
    if (start := spec.get("comment")) is None:
        return 0
    with _open(path, spec.get("encoding", "utf-8")) as file:
        return sum(1 for _ in itertools.takewhile(lambda line: line.startswith(start), file))


def _check_rows(path, spec, fields, comments):
    """Refuse what pandas mends in silence: rows with too few or too many fields, columns of one name, a second header.

    pandas fills up rows that are too short and may cut longer ones, and calls a second column of one name by another.
    """
    quoting = csv.QUOTE_MINIMAL if spec.get("quoting", True) else csv.QUOTE_NONE
    csv.field_size_limit(1 << 30)
    header = spec.get("columns")
    with _open(path, spec.get("encoding", "utf-8")) as file:
        reader = csv.reader(
            itertools.islice(file, comments, None), delimiter=spec.get("separator", ","), quoting=quoting
        )
        try:
            for row in reader:
                if not row:
                    continue
                line = comments + reader.line_num
                if len(row) != fields:
                    problem = "few" if len(row) < fields else "many"
                    raise InputError(
                        f"{path} line {line}: too {problem} fields; it has {len(row)}, {fields} are needed"
                    )
                if header is None:
                    header = row
                    _check_names(row, f"{path} line {line}")
                elif row == header and fields > 1:
                    raise InputError(f"{path} line {line}: a header, where a row of data is expected; remove the line")
        except csv.Error as error:
            raise InputError(f"{path} line {comments + reader.line_num}: not a table ({error})") from None


def _check_names(header, where):
    names = [name.strip() for name in header if name.strip()]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InputError(f"{where}: two columns are called {name!r}; give one of them another name")


def _open(path, encoding):
    """A text file, packed or not, without the mark that some programs put in front of UTF-8."""
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    return (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding=encoding, newline="")


def _parsed(text, where):
    """A JSON text as Python objects."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = f" line {error.lineno}" if "line" not in where else ""
        raise InputError(f"{where}{line}: not JSON ({error.msg}); the file is cut off or damaged") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{where}: not usable JSON ({type(error).__name__}: {error})") from None


def _json_chunks(path, spec, columns, rows):
    with _open(path, "utf-8") as file:
        records = _parsed(file.read(), str(path))
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError(f"{path}: not a list of JSON objects")
    fields = spec.get("fields") or {name: name for name in dict.fromkeys(name for record in records for name in record)}
    columns = list(fields if columns is None else columns)
    for name in columns if records else ():
        column(pd.DataFrame(columns=list(fields)), name, str(path))
    yield _records(records, {name: fields.get(name, name) for name in columns}, path)


def _jsonl_chunks(path, spec, columns, rows):
    """JSON lines, a hundredth as many at a time as of a CSV: one can hold a whole description."""
    fields = spec["fields"]
    for name in columns or ():
        column(pd.DataFrame(columns=list(fields)), name, str(path))
    sources = {name: fields[name] for name in (fields if columns is None else columns)}
    records, seen = [], set()
    with _open(path, "utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            record = _parsed(line, f"{path} line {number}")
            if not isinstance(record, dict):
                raise InputError(f"{path} line {number}: not a JSON object")
            seen.update(record)
            records.append(record)
            if len(records) * 100 >= rows:
                yield _records(records, sources, path)
                records = []
    if records:
        yield _records(records, sources, path)
    for source in sources.values():
        if seen and _top_level(source) not in seen:
            raise InputError(f"{path}: no record has the field {source!r}; there are: {', '.join(sorted(seen))}")


def _records(records, sources, path):
    """A table of records.

    Parameters
    ----------
    sources : dict
        Name of a column -> where it is in a record, see `field`.
    """
    try:
        columns = {name: [field(record, source) for record in records] for name, source in sources.items()}
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return pd.DataFrame(columns, dtype=str)


def _top_level(where):
    return where.split("[].")[0].removesuffix("{}")


def field(record, where):
    """A value out of a JSON record, as text.

    Parameters
    ----------
    record : dict
    where : str
        ``name``; ``name[].part``, that part of every object in a list; or ``name{}``, the keys of an object.

    Returns
    -------
    str
        Several values are joined by `LISTED`; an absent one is the empty text.

    Raises
    ------
    InputError
        If the value is not of the kind that `where` says.
    """
    value = record.get(_top_level(where))
    if where.endswith("{}"):
        if not isinstance(value or {}, dict):
            raise InputError(f"field {where}: {str(value)[:60]!r} is not an object")
        return LISTED.join(value or {})
    if "[]." in where:
        key = where.split("[].", 1)[1]
        if not isinstance(value or [], list) or not all(isinstance(part, dict) for part in value or []):
            raise InputError(f"field {where}: {str(value)[:60]!r} is not a list of objects")
        return LISTED.join(str(part[key]) for part in value or [] if part.get(key) is not None)
    if isinstance(value, dict):
        raise InputError(f"field {where}: {str(value)[:60]!r} is an object; write {where}{{}} for its keys")
    if isinstance(value, list):
        return LISTED.join(str(part) for part in value if part is not None)
    return "" if value is None else str(value)


def column(table, name, where):
    """A column of a table.

    Raises
    ------
    NoColumn
        If there is none of that name; the message lists those there are.
    """
    if name not in table:
        raise NoColumn(f"{where}: no column {name!r}; there are: {', '.join(map(str, table.columns))}")
    return table[name]


def numbers(values, where, first_row=1, known=None, ids=None):
    """Text as finite numbers, none larger than `LARGEST`.

    Parameters
    ----------
    values : Series of str
    where : str
        What to call the column.
    first_row : int
        Number of the first data row, for the message.
    known : dict, optional
        Numbers that stand for texts; then no other text is allowed.
    ids : Series of str, optional
        What to call the rows by in place of their numbers, for a table some of whose rows have been dropped.

    Returns
    -------
    (n,) float array

    Raises
    ------
    InputError
        For the first value that is not a finite number, too large, or not a known text.

    Examples
    --------
    >>> import pandas as pd
    >>> numbers(pd.Series(["1", "2.5"]), "ratings.csv, column stars")
    array([1. , 2.5])
    """
    # Columns of weights hold few different texts.
    codes, different = pd.factorize(values)
    different = pd.Series(different, dtype=object).str.strip()
    parsed = pd.to_numeric(different if known is None else different.map(known), errors="coerce").to_numpy(dtype=float)
    # Written so that a value that is not a number is bad, too.
    bad = ~(np.abs(parsed) <= LARGEST)
    if bad.any():
        at = int(np.flatnonzero(bad[codes])[0])
        if np.isfinite(parsed[codes[at]]):
            problem = f"is too large to compute with; allowed: -{LARGEST:g} to {LARGEST:g}"
        elif known is not None:
            problem = f"is not one of {', '.join(known)}"
        else:
            problem = "is not a finite number"
        value = repr(values.iloc[at])
        place = f", row {first_row + at}: {value}" if ids is None else f": {value} of {ids.iloc[at]!r}"
        raise InputError(f"{where}{place} {problem}")
    return parsed[codes]


def fold_title(title):
    """A title for comparison: without what is in parentheses, article in front, no case, accents or punctuation.

    Examples
    --------
    >>> fold_title("Misérables, Les")
    'les miserables'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"\s*\(.*?\)", "", plain).strip()
    if moved := re.fullmatch(rf"(.*), ({ARTICLES})", plain):
        plain = f"{moved[2]} {moved[1]}"
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", plain).split())
