"""What one person answers: a small YAML or CSV file, made into a profile, every mistake in a line of its own.

A YAML file has a line per feature, with phrases between commas, and the person's present values where they are not
those of a row of a data set::

    income: up, at most +20 %
    age: locked
    open lines: easy
    values: {income: 3000, age: 41, open lines: 7}

The phrases:

- ``locked``, ``free``, ``up``, ``down``: whether the value may change, or one way only;
- ``at least 100``, ``at most 5000``: bounds on the value; with a percentage and a sign, ``at most +20 %``, it is a
  change of the present value, by so many per cent of its size;
- ``up by at most 500``, ``down by at most 10 %``: bounds on the change. Both together: either way, so far; one of them
  alone: that way only;
- ``very easy``, ``easy``, ``neutral``, ``hard``, ``very hard``, or ``difficulty 1`` to ``5``; ``difficulty 6`` locks;
  what is not scored is neutral;
- ``rank 2``: its place among the features that may change, from 1, the easiest. Either scores or ranks, and ranks for
  all that may change;
- ``preferred 3000``: the value that the person would like best, ``penalty 2``: how much that matters beside the
  difficulties, whose mean is 1; 1 if left out.

Features that are not named are free; ``others: locked`` locks them. A CSV file has the column ``feature`` and any of
``may change`` (yes, no, up, down), ``at least``, ``at most``, ``difficulty``, ``rank``, ``preferred``, ``penalty`` and
``value`` (the present one); a cell may be empty.
"""

import csv
import io
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recrec.actionability.elicitation import LOCKS, weights_from_ranks, weights_from_scores
from recrec.actionability.profiles import Profiles
from recrec.config.reading import kind_of, read_yaml
from recrec.errors import InputError, did_you_mean

#: Words for the scores from 1 to 5, and what an unscored feature gets.
DIFFICULTIES = ("very easy", "easy", "neutral", "hard", "very hard")
NEUTRAL = 3
WAYS = {"locked": "locked", "no": "locked", "free": "free", "yes": "free", "up": "up", "down": "down"}
#: What the phrases with a number begin with, the longer ones first.
BEGINNINGS = ("up by at most", "down by at most", "at least", "at most", "difficulty", "rank", "preferred", "penalty")
PHRASES = ("locked", "free", "up", "down", *(f"{beginning} N" for beginning in BEGINNINGS), *DIFFICULTIES)
#: Columns of a CSV file besides ``feature`` and ``value``; all but the first are beginnings of phrases.
COLUMNS = ("may change", "at least", "at most", "difficulty", "rank", "preferred", "penalty")
NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"

#: Takes what is wrong with a feature's answers.
Complain = Callable[[str], None]


class Mistakes(InputError):
    """All that is wrong with what a person wrote. Its text has a line for each mistake.

    Attributes
    ----------
    lines : tuple of str
    """

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(" ".join(line.splitlines()) for line in lines)
        ValueError.__init__(self, *self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)


class Sheet(NamedTuple):
    """What a person wrote, not yet understood.

    Attributes
    ----------
    source : str
        What to call it in messages.
    answers : sequence of (str, str, object)
        Where it is (``line 3``, or nothing), the feature, the phrases with commas between them.
    values : sequence of (str, str, object)
        Where it is, the feature, its present value.
    others : object
        ``free`` or ``locked``: what features are that are not named.
    """

    source: str
    answers: Sequence[tuple[str, str, Any]]
    values: Sequence[tuple[str, str, Any]] = ()
    others: Any = "free"

    @classmethod
    def of(
        cls, answers: Mapping[str, Any], values: Mapping[str, Any] | None = None, source: str = "answers"
    ) -> "Sheet":
        """A sheet with phrases, and present values, by feature."""
        return cls(
            source,
            [("", feature, given) for feature, given in answers.items()],
            [("", feature, given) for feature, given in (values or {}).items()],
        )


class Person(NamedTuple):
    """One person.

    Attributes
    ----------
    values : (known,) array
        The present values of all known features.
    profiles : Profiles
        Of this one person. What changes truly cost them is not known: the latent weights are the elicited ones.
    """

    values: np.ndarray
    profiles: Profiles


def read(
    path: str | Path,
    features: Sequence[str],
    known: Sequence[str] | None = None,
    present: Any = None,
    aliases: Mapping[str, str] | None = None,
) -> Person:
    """The person who wrote a file.

    Parameters
    ----------
    path : path
        Ends in .yaml, .yml or .csv.
    features : sequence of str
        Those that can be acted on.
    known : sequence of str, optional
        All features that have a value, `features` among them; if left out, there are no others.
    present : (known,) array, optional
        Present values, say those of a row of a data set; what the file says goes over them. If left out, the file has
        to say all of them.
    aliases : mapping of str to str, optional
        Other names of known features.

    Returns
    -------
    Person

    Raises
    ------
    InputError
        If the file cannot be read.
    Mistakes
        For what is wrong in it.
    """
    readers = {".yaml": _from_yaml, ".yml": _from_yaml, ".csv": _from_csv}
    kind = Path(path).suffix.lower()
    if kind not in readers:
        raise InputError(f"{path}: given {kind or 'no ending'!r}; allowed: a file that ends in {', '.join(readers)}")
    return person_of(readers[kind](path), features, known, present, aliases)


def person_of(
    sheet: Sheet,
    features: Sequence[str],
    known: Sequence[str] | None = None,
    present: Any = None,
    aliases: Mapping[str, str] | None = None,
) -> Person:
    """The person who wrote a sheet.

    Parameters
    ----------
    sheet : Sheet
    features, known, present, aliases
        As in `read`.

    Returns
    -------
    Person

    Raises
    ------
    Mistakes
        For what is wrong in the sheet.

    Examples
    --------
    >>> sheet = Sheet.of({"income": "up, at most +20 %, easy", "age": "locked"}, {"income": 3000, "age": 41})
    >>> profiles = person_of(sheet, ["income", "age"]).profiles
    >>> profiles.mask.tolist(), profiles.high.tolist(), profiles.direction.tolist()
    ([[True, False]], [[3600.0, inf]], [[1, 0]])
    >>> person_of(Sheet.of({"incme": "up", "age": "5 years"}), ["income", "age"], present=[3000, 41])
    Traceback (most recent call last):
        ...
    recrec.actionability.answers.Mistakes: answers: incme: no such feature (did you mean income?); allowed: income, age
    answers: age: given '5 years'; allowed: locked, free, up, down, up by at most N, down by at most N, at least N, \
at most N, difficulty N, rank N, preferred N, penalty N, very easy, easy, neutral, hard, very hard
    """
    known = list(features if known is None else known)
    notes = _Notes(sheet.source)
    sheet = _by_known_names(sheet, known, aliases or {})
    values = _present(sheet, known, present, notes)
    said, complaints = _answers(sheet, features, known, notes)
    profiles = Profiles.universal(1, len(features))
    for place, feature in enumerate(features):
        _constrain(profiles, place, said[feature], values[feature], complaints[feature])
    profiles = profiles._replace(
        weights=_weights([said[feature] for feature in features], profiles.mask, features, notes)
    )
    profiles = profiles._replace(latent=profiles.weights)
    now = np.array([[values[feature] for feature in features]])
    if not notes.lines and not _room(profiles, now):
        notes.about("", "all features")("locked, so nothing can be done; allowed: at least one that may change")
    if notes.lines:
        raise Mistakes(*notes.lines)
    return Person(np.array([values[name] for name in known]), profiles.check(now))


class _Notes:
    """Mistakes as they are found, each once."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[str, None] = {}

    def about(self, where: str, name: str) -> Complain:
        """What takes complaints about a feature."""

        def complain(complaint: str) -> None:
            self.lines.setdefault(": ".join(part for part in (self.source, where, name, complaint) if part))

        return complain


class _Amount(NamedTuple):
    """A number, or so many per cent of the present value's size."""

    number: float
    percent: bool

    def of(self, present: float) -> float:
        """The number, for a present value."""
        return abs(present) * self.number / 100 if self.percent else self.number


class _Said(NamedTuple):
    """What was said about a feature, as far as it could be understood.

    Attributes
    ----------
    ways : dict of str to _Amount or None
        ``locked``, ``free``, ``up``, ``down``: how far, None where that was not said.
    numbers : dict of str to _Amount or float
        By the beginning of the phrase.
    """

    ways: dict[str, _Amount | None]
    numbers: dict[str, Any]

    @property
    def locked(self) -> bool:
        """Whether the feature may not change."""
        return "locked" in self.ways or self.numbers.get("difficulty") == LOCKS


def _present(sheet: Sheet, known: list[str], present: Any, notes: _Notes) -> dict[str, float]:
    """The present value of each feature, NaN where it is not known."""
    values = dict.fromkeys(known, math.nan)
    if present is not None:
        values.update(zip(known, np.asarray(present, dtype=float).tolist(), strict=True))
    seen = set()
    for where, name, given in sheet.values:
        complain = notes.about(where, name)
        feature = _named(name, known, complain)
        if feature in seen:
            complain("given a second time; keep one of them")
        elif feature is not None:
            seen.add(feature)
            values[feature] = _plain(given)
            if math.isnan(values[feature]):
                complain(f"present value: given {_written(given)}; allowed: a number")
    for feature in known:
        if math.isnan(values[feature]) and feature not in seen:
            notes.about("", feature)("no present value; allowed: a number, under values or in the column value")
    return values


def _answers(
    sheet: Sheet, features: Sequence[str], known: list[str], notes: _Notes
) -> tuple[dict[str, _Said], dict[str, Complain]]:
    """What was said about each feature that can be acted on, and what takes complaints about it."""
    others = _way(sheet.others)
    if others not in ("free", "locked"):
        notes.about("", "others")(f"given {_written(sheet.others)}; allowed: free, locked")
    said: dict[str, _Said] = {}
    complaints = {feature: notes.about("", feature) for feature in features}
    for where, name, given in sheet.answers:
        complain = notes.about(where, name)
        feature = _named(name, known, complain)
        if feature in said:
            complain("given a second time; keep one of them")
        elif feature is not None:
            said[feature] = understood = _understood(given, complain)
            complaints[feature] = complain
            if feature not in features and any(understood) and not understood.locked:
                complain(f"cannot be acted on; allowed: locked, or to leave it out; can be: {', '.join(features)}")
    for feature in features:
        said.setdefault(feature, _Said({"locked": None} if others == "locked" else {}, {}))
    return said, complaints


def _understood(given: Any, complain: Complain) -> _Said:
    """What some phrases say."""
    said = _Said({}, {})
    if isinstance(given, bool):  # yes and no, in YAML
        return _Said({"free" if given else "locked": None}, {})
    if not isinstance(given, str):
        complain(f"given {_written(given)}; allowed: text such as: up, at most 5000, easy")
        return said
    if comma := re.search(r"\d+,\d+", given):
        complain(f"given {comma.group()!r}; allowed: numbers without a comma, such as 5000 or 2.5")
        return said
    phrases = [" ".join(phrase.casefold().split()) for phrase in given.split(",")]
    for phrase in filter(None, phrases):
        _understand(phrase, said, complain)
    if not any(phrases) and given:
        complain(f"given {given!r}; allowed: text such as: up, at most 5000, easy")
    _contradictions(said, complain)
    return said


def _understand(phrase: str, said: _Said, complain: Complain) -> None:
    """Add what a phrase says."""
    beginning = next((each for each in BEGINNINGS if phrase == each or phrase.startswith(f"{each} ")), "")
    rest = phrase[len(beginning) :].strip()
    answers: dict[str, Any]
    answer: Any
    if not beginning and phrase in WAYS:
        answers, question, answer = said.ways, WAYS[phrase], None  # however far
    elif not beginning and phrase in DIFFICULTIES:
        answers, question, answer = said.numbers, "difficulty", DIFFICULTIES.index(phrase) + 1
    elif beginning:
        answers, question = said.numbers, beginning
        if beginning.endswith("by at most"):
            answers, question = said.ways, beginning.split()[0]
        answer, allowed = _read_number(beginning, rest)
        if answer is None:
            complain(f"{beginning}: given {rest!r}; allowed: {allowed}")
            # Any number does from here on, so that what follows from this mistake is not called another one.
            answer = _Amount(math.inf, False) if answers is said.ways else NEUTRAL
    else:
        complain(f"given {phrase!r}{did_you_mean(phrase, PHRASES)}; allowed: {', '.join(PHRASES)}")
        return
    if question in answers:
        complain(f"{question}: given twice; keep one of them")
    answers[question] = answer


def _read_number(beginning: str, text: str) -> tuple[Any, str]:
    """What comes after the beginning of a phrase, None if it is nothing allowed; and what is allowed."""
    if beginning == "difficulty":
        if text in DIFFICULTIES:
            return DIFFICULTIES.index(text) + 1, ""
        return (int(text) if re.fullmatch("[1-6]", text) else None), f"1 to {LOCKS}, or {', '.join(DIFFICULTIES)}"
    if beginning == "rank":
        return (int(text) if re.fullmatch("0*[1-9][0-9]{0,8}", text) else None), "a whole number, at least 1"
    if beginning == "penalty":
        number = _plain(text)
        return (number if number > 0 else None), "a number, above 0"
    change = beginning.endswith("by at most")
    found = re.fullmatch(rf"([-+]?)({NUMBER}) ?(%?)", text)
    sign, digits, percent = found.groups() if found else ("", "nan", "")
    number = float(sign + digits)
    # "at most 20 %" may mean a fifth of the value or a fifth more, and "at most +500" may mean 500 or 500 more.
    unclear = bool(sign) if change else sign != "-" and bool(sign) != bool(percent)
    allowed = (
        "a number or a percentage without a sign"
        if change
        else (
            "a value such as 500, or a change with its sign such as +20 %; others: up by at most N, down by at most N"
        )
    )
    return (_Amount(number, bool(percent)) if math.isfinite(number) and not unclear else None), allowed


def _contradictions(said: _Said, complain: Complain) -> None:
    """Complain about answers that cannot all be meant."""
    ways, numbers = said
    if said.locked:
        unlocked = [*(way for way in ways if way != "locked"), *(name for name in numbers if name != "difficulty")]
        if numbers.get("difficulty", LOCKS) != LOCKS:
            unlocked.append(DIFFICULTIES[numbers["difficulty"] - 1])
        if unlocked:
            complain(f"locked, and also {', '.join(unlocked)}; keep one of them")
    elif "free" in ways and len(ways) > 1:
        complain(f"free, and also {', '.join(way for way in ways if way != 'free')}; keep one of them")
    elif {"up", "down"} <= ways.keys() and None in ways.values():
        complain("up and down; keep one, or say how far both ways: up by at most N, down by at most N")
    if "penalty" in numbers and "preferred" not in numbers:
        complain("penalty: there is no preferred value; add preferred N")


def _constrain(profiles: Profiles, place: int, said: _Said, present: float, complain: Complain) -> None:
    """Put what was said about a feature into a person's profile, weights excepted."""
    at = 0, place
    if said.locked:
        profiles.mask[at] = False
        return
    ways, numbers = said
    direction = ("up" in ways) - ("down" in ways)
    profiles.direction[at] = direction
    amounts = [amount for amount in [*ways.values(), *numbers.values()] if isinstance(amount, _Amount)]
    if math.isnan(present):
        return  # complained about
    if present == 0 and any(amount.percent for amount in amounts):
        complain("a percentage of the present value, which is 0; allowed: a number without %")
        return
    values = {
        name: present + amount.of(present) if amount.percent else amount.number
        for name, amount in numbers.items()
        if isinstance(amount, _Amount)
    }
    by = {way: amount.of(present) for way, amount in ways.items() if amount is not None}
    low = max(values.get("at least", -math.inf), present - by.get("down", math.inf))
    high = min(values.get("at most", math.inf), present + by.get("up", math.inf))
    now = f"but the present value is {_digits(present)}, which has to be inside"
    if values.get("at least", -math.inf) > values.get("at most", math.inf):
        complain(f"at least {_digits(values['at least'])} and at most {_digits(values['at most'])}: no value is both")
    elif low > present:
        complain(f"at least {_digits(low)}, {now}")
    elif high < present:
        complain(f"at most {_digits(high)}, {now}")
    else:
        profiles.low[at], profiles.high[at] = low, high
        if "preferred" in values:
            preferred = values["preferred"]
            lower, upper = (present if direction > 0 else low), (present if direction < 0 else high)
            if not lower <= preferred <= upper or math.isinf(preferred):
                room = f"{_digits(lower)} to {_digits(upper)}"
                complain(f"preferred {_digits(preferred)}; allowed, by the other answers: {room}")
            profiles.preferred[at], profiles.penalty[at] = preferred, numbers.get("penalty", 1.0)


def _weights(said: list[_Said], mask: np.ndarray, features: Sequence[str], notes: _Notes) -> np.ndarray:
    """Weights by ranks, by scores, or equal where there are none of them."""
    scored, ranked = (
        [feature for feature, each in zip(features, said, strict=True) if question in each.numbers and not each.locked]
        for question in ("difficulty", "rank")
    )
    if scored and ranked:
        notes.about("", "all features")(
            f"difficulties ({', '.join(scored)}) and ranks ({', '.join(ranked)}); give only one kind"
        )
    elif ranked:
        for feature in np.array(features)[mask[0]]:
            if feature not in ranked:
                notes.about("", str(feature))("no rank; rank all features that may change, or none")
        return weights_from_ranks(np.array([[each.numbers.get("rank", 1) for each in said]]), mask)
    scores = np.array([[each.numbers.get("difficulty", NEUTRAL) for each in said]])
    return weights_from_scores(np.where(mask, scores, LOCKS))[0]


def _room(profiles: Profiles, present: np.ndarray) -> bool:
    """Whether a person can change anything."""
    if not profiles.mask.any():
        return False
    lower, upper = profiles.box(present)
    return bool((lower < upper).any())


def _named(name: str, known: list[str], complain: Complain) -> str | None:
    """The feature that a name means: the one so called, or but for case, spaces, hyphens and underscores."""
    if name in known:
        return name
    alike = [feature for feature in known if _bare(feature) == _bare(name)]
    if len(alike) == 1:
        return alike[0]
    complain(f"no such feature{did_you_mean(name, known)}; allowed: {', '.join(known)}")
    return None


def _by_known_names(sheet: Sheet, known: list[str], aliases: Mapping[str, str]) -> Sheet:
    """The sheet with features by their known names where it has other ones."""
    bare = {_bare(alias): name for alias, name in aliases.items()}
    there = {_bare(name) for name in known}

    def renamed(entries: Sequence[tuple[str, str, Any]]) -> list[tuple[str, str, Any]]:
        return [
            (where, name if _bare(name) in there else bare.get(_bare(name), name), given)
            for where, name, given in entries
        ]

    return sheet._replace(answers=renamed(sheet.answers), values=renamed(sheet.values))


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())


def _way(given: Any) -> str | None:
    """``locked``, ``free``, ``up`` or ``down``, by any of its names."""
    if isinstance(given, bool):
        return "free" if given else "locked"
    return WAYS.get(given.strip().casefold()) if isinstance(given, str) else None


def _plain(given: Any) -> float:
    """A finite number, NaN for anything else."""
    if isinstance(given, str) and re.fullmatch(f"[-+]?{NUMBER}", given.strip().casefold()):
        given = float(given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        return math.nan
    # A whole number may be too long for a float, and is then no number here either.
    return float(given) if abs(given) <= sys.float_info.max else math.nan


def _written(given: Any) -> str:
    return repr(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else kind_of(given)


def _digits(number: float) -> str:
    """A number as it can be written back, all digits."""
    return repr(float(number)).removesuffix(".0")


def _from_yaml(path: str | Path) -> Sheet:
    content = read_yaml(path)
    values = content.pop("values", {})
    others = content.pop("others", "free")
    if not isinstance(values, dict):
        raise InputError(f"{path}: values: given {kind_of(values)}; allowed: a mapping of features to numbers")
    return Sheet.of(content, values, str(path))._replace(others=others)


def _from_csv(path: str | Path) -> Sheet:
    try:
        text = Path(path).read_text("utf-8-sig")  # spreadsheets put a mark there
        reader = csv.reader(io.StringIO(text), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not a table ({error})") from None
    allowed = ("feature", *COLUMNS, "value")
    header = [name.casefold().replace("_", " ") for name in rows[0][1]] if rows else []
    for name in header:
        if name not in allowed:
            raise InputError(
                f"{path}: no such column: {name!r}{did_you_mean(name, allowed)}; allowed: {', '.join(allowed)}"
            )
        if header.count(name) > 1:
            raise InputError(f"{path}: the column {name} is there twice; keep one of them")
    if "feature" not in header or len(rows) == 1:
        lacking = "no rows, only a header" if "feature" in header else "no column feature"
        raise InputError(f"{path}: {lacking}; allowed: a line with {', '.join(allowed)}, then one for each feature")
    answers, values = [], []
    for line, row in rows[1:]:
        where = f"line {line}"
        if len(row) != len(header):
            raise InputError(f"{path}: {where}: {len(row)} cells; the header has {len(header)}")
        cells = {name: cell for name, cell in zip(header, row, strict=True) if cell}
        name, value = cells.pop("feature", ""), cells.pop("value", None)
        may_change = cells.pop("may change", "")
        phrases = [may_change, *(f"{beginning} {cell}" for beginning, cell in cells.items())]
        answers.append((where, name, ",".join(filter(None, phrases))))
        if value is not None:
            values.append((where, name, value))
    return Sheet(str(path), answers, values)
