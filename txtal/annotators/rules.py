"""Rules: from labelling functions, regular expressions and patterns to labels for a ticket."""

from __future__ import annotations

import json
import re
import signal
import threading
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from txtal.errors import DataError, UsageError
from txtal.formats.bounded import read_small
from txtal.formats.lines import text_lines
from txtal.formats.readers.jsonl import load_object
from txtal.formats.toml import quoted
from txtal.recipes import labelling
from txtal.recipes.labelling import LabellingFunction
from txtal.recipes.patterns import READ, Patterns, pattern_of, read_patterns
from txtal.recipes.recipe import load_file
from txtal.text import count, normalise_label, shorten
from txtal.types import SourceKind, Ticket

if TYPE_CHECKING:
    import regex

SECONDS = 1.0
"""A rule may take so long over a ticket."""

FIRST_SECONDS = 20.0
"""A labelling function may take so long over its first ticket, in which models load themselves."""

LONGEST_NAME = 60
"""Characters of a rule's name, which stands in tables."""

_LARGEST = 4 << 20
_KEYS = ("name", "label", "labels", "regex", "pattern", "words", "case")
_WAYS = ("regex", "pattern", "words")


@dataclass(frozen=True, slots=True)
class LabellingRule:
    """What guesses labels for a ticket, under one name."""

    name: str
    fingerprint: str
    guess: Callable[[Ticket], frozenset[str] | None]
    """Labels by name; None abstains. Raises TimeoutError, or whatever its author's code does."""
    kind: SourceKind = "rule"
    where: str = ""
    """File and line of its first row or function."""
    labels: frozenset[str] | None = None
    """Those that it can give; None where nobody can tell."""


def read_rules(path: Path) -> list[LabellingRule]:
    """Return the rules of a file: ``.toml``, ``.jsonl`` in Prodigy's form, or a recipe's ``.py``.

    Raises DataError that says which rule is none, RecipeError for code that can't be loaded.
    """
    if path.suffix == ".py":
        return of_code(path)
    rows = _of_toml(path) if path.suffix == ".toml" else _of_lines(path)
    named: dict[str, list[_FileRule]] = defaultdict(list)
    faults = []
    for where, given in rows:
        try:
            if isinstance(given, str):
                raise ValueError(given)
            row = _checked(given)
            name = row.get("name") or f"{path.stem}:{'+'.join(row['labels'])}"
            named[name].append(_FileRule(where, row, _matcher(row)))
        except (ValueError, UsageError) as error:
            faults.append(f"{where}: {error}")
    if faults:
        others = count(len(faults) - 1, "other rule")
        raise DataError(f"{faults[0]}{f' ({others} can not be used either)' if faults[1:] else ''}")
    if not named:
        raise DataError(f"{path} holds no rule; in TOML each begins with [[rule]]")
    return [_of_rows(name, rows) for name, rows in named.items()]


def read_quota(path: Path) -> list[LabellingRule]:
    """Return a rule for each pattern of a file of ``--patterns``, which vote by themselves.

    Raises DataError as :func:`txtal.recipes.patterns.read_patterns`.
    """
    found: dict[str, LabellingRule] = {}
    for pattern in read_patterns(path):
        one = Patterns([pattern])
        name, made = shorten(f"{pattern.label}: {pattern.said}", 60), pattern.fingerprint
        if name in found and found[name].fingerprint != made:
            name = f"{name} ({made[:4]})"
        found[name] = LabellingRule(name, made, _of_pattern(one, pattern.label), "pattern")
    return list(found.values())


def _of_pattern(one: Patterns, label: str) -> Callable[[Ticket], frozenset[str] | None]:
    found = frozenset([normalise_label(label)])
    return lambda ticket: found if one.find(ticket.text) else None


def of_code(path: Path) -> list[LabellingRule]:
    """Return the labelling functions of a recipe file. Raises DataError where it has none."""
    load_file(path)
    found = [_of_function(one) for one in labelling.in_file(path)]
    if not found:
        raise DataError(f"{path}: no function in it is marked with @labels")
    return found


# --- functions ------------------------------------------------------------------------------------


def _of_function(one: LabellingFunction) -> LabellingRule:
    limits = chain([FIRST_SECONDS], repeat(SECONDS))

    def guess(ticket: Ticket) -> frozenset[str] | None:
        with _limited(next(limits)):
            said = one.function(ticket)
        names = {said} if isinstance(said, str) else said
        if names is None:
            return None
        if not isinstance(names, list | tuple | set | frozenset) or not all(
            isinstance(name, str) for name in names
        ):
            raise WrongAnswerError(
                f"returned {shorten(repr(said), 40)}, and not a label, several, or None"
            )
        return frozenset(names)

    line = one.function.__code__.co_firstlineno
    return LabellingRule(one.name, one.fingerprint, guess, where=f"{one.file.name}:{line}")


class WrongAnswerError(TypeError):
    """A labelling function returned something else than labels."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block once it takes too long.

    By an alarm of the main thread; where there is none, as on Windows, nothing is limited.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not _MAIN:
        yield
        return

    def ring(signum: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


_MAIN = threading.main_thread()


# --- files ----------------------------------------------------------------------------------------


def _of_toml(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        text = read_small(path, _LARGEST).decode("utf-8-sig")
        given = tomllib.loads(text)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not TOML: {error}") from None
    rows = given.pop("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path}: rules are tables that begin with [[rule]]")
    if given:
        raise DataError(f"{path}: {next(iter(given))!r} is no rule; each begins with [[rule]]")
    begin = [
        number for number, line in enumerate(text.splitlines(), start=1) if _BEGINS.match(line)
    ]
    if len(begin) != len(rows):  # as a text over several lines may hold such a line
        return [(f"{path}: rule {number}", row) for number, row in enumerate(rows, start=1)]
    return [(f"{path}:{number}", row) for number, row in zip(begin, rows, strict=True)]


_BEGINS = re.compile(r"\s*\[\[\s*[\"']?rule[\"']?\s*\]\]")


def _of_lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Yield where each rule is and its fields, or what is wrong with the line."""
    for number, line in text_lines(path):
        try:
            yield f"{path}:{number}", load_object(line)
        except ValueError as error:
            yield f"{path}:{number}", str(error)


def _checked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with its labels as ``labels``. Raises ValueError."""
    unknown = [key for key in row if key not in _KEYS and key != "id"]
    if unknown:
        raise ValueError(f"a rule has no {unknown[0]!r}; there are {', '.join(_KEYS)}")
    if sum(way in row for way in _WAYS) != 1:
        raise ValueError("a rule has a regex, a pattern or words: one of them")
    given = row.get("labels", row.get("label"))
    named = [given] if isinstance(given, str) else given
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        got = f" (got {quoted(given)})" if given is not None else ""
        raise ValueError(f'a rule needs the name of a label, as in label = "refund"{got}')
    if not isinstance(row.get("case", False), bool):
        raise ValueError(f"case must be true or false (got {quoted(row['case'])})")
    name = row.get("name", "-")
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        said = shorten(quoted(name), LONGEST_NAME)
        raise ValueError(f"name must be a text of at most {LONGEST_NAME} characters (got {said})")
    return {**row, "labels": [normalise_label(name) for name in named]}


Matcher = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _FileRule:
    """A row of a file, with what it finds."""

    where: str
    fields: Mapping[str, Any]
    fits: Matcher


def _matcher(row: Mapping[str, Any]) -> Matcher:
    """Whether a text is meant. Raises ValueError."""
    if "regex" in row:
        return _by_regex(row)
    patterns = [row["pattern"]] if "pattern" in row else _phrases(row)
    found = Patterns([pattern_of({"label": "x", "pattern": one}) for one in patterns])
    return lambda text: bool(found.find(text))


def _phrases(row: Mapping[str, Any]) -> list[Any]:
    words = [row["words"]] if isinstance(row["words"], str) else row["words"]
    if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
        raise ValueError(f"words must be a phrase or a list of them (got {quoted(words)})")
    if not words or not all(one.strip() for one in words):
        raise ValueError("words must not be empty")
    if row.get("case"):
        return words
    return [[{"lower": word.lower()} for word in phrase.split()] for phrase in words]


def _by_regex(row: Mapping[str, Any]) -> Matcher:
    import regex

    if not isinstance(row["regex"], str) or not row["regex"]:
        raise ValueError(f"regex must be text, and not empty (got {quoted(row['regex'])})")
    try:
        made: regex.Pattern[str] = regex.compile(
            row["regex"], 0 if row.get("case") else regex.IGNORECASE
        )
    except regex.error as error:
        said = f"{shorten(row['regex'], 40)!r} is no regular expression: {error}"
        raise ValueError(said) from None
    return lambda text: made.search(text[:READ], timeout=SECONDS) is not None


def _of_rows(name: str, rows: Sequence[_FileRule]) -> LabellingRule:
    """One rule of all that a file says under its name."""
    matchers = [(frozenset(row.fields["labels"]), row.fits) for row in rows]

    def guess(ticket: Ticket) -> frozenset[str] | None:
        found = [names for names, fits in matchers if fits(ticket.text)]
        return frozenset().union(*found) if found else None

    said = json.dumps(
        [{**row.fields} for row in rows], sort_keys=True, ensure_ascii=True, default=str
    )
    return LabellingRule(
        name,
        blake2b(said.encode(), digest_size=8).hexdigest(),
        guess,
        where=rows[0].where,
        labels=frozenset().union(*(names for names, _ in matchers)),
    )


def check_names(rules: Iterable[LabellingRule]) -> None:
    """Raise DataError where two files have a rule of one name."""
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise DataError(f"two rules are called {rule.name}; give one of them another name")
        seen.add(rule.name)
