"""What parts several labels in one cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from txtal.errors import DataError
from txtal.formats.labelled import cell
from txtal.text import shorten

KEEP = "none"
"""The separator of cells that hold one label each, whatever is in its name."""

_SEPARATORS = ("\n", "#", "|", ";", ",")
_OF_NAMES = ("/", "&", "+", " ")
"""What parts labels at times, and as often the words of one."""

_WORDS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|", "newline": "\n", "space": " "}


def named(word: str) -> str:
    """The separator that the option names: itself, or a word for it."""
    return _WORDS.get(word, word.replace("\\n", "\n").replace("\\t", "\t"))


def separator_in(
    cells: Iterable[str], source: str, field: str, *, several: bool, table: bool
) -> str:
    """What parts the labels in these cells; empty where each is one label.

    It is recognised by its parts: each is a label of its own elsewhere, or is in two cells beside
    different others. A field that holds ``several`` labels by its name needs no such proof. Raises
    DataError where some parts are known and others aren't, but not of JSON: it has lists.
    """
    counts = Counter(one.strip() for one in cells)
    plain = [one for one in counts if one and isinstance(cell(one), str)]
    doubtful = ""
    marks = _SEPARATORS if table else _SEPARATORS[1:]
    for mark in sorted(marks, key=lambda mark: -sum(mark in one for one in plain)):
        joined = [one for one in plain if mark in one.strip(mark)]
        if not joined:
            continue
        known, unknown = _parts(plain, joined, mark)
        if several or (known and not unknown):
            return mark
        if known and table and not doubtful:
            doubtful = mark
            example = next(one for one in joined if known & set(_split(one, mark)))
    if not doubtful and table:
        for mark in _OF_NAMES:
            joined = [one for one in plain if mark in one.strip(mark)]
            known, unknown = _parts(plain, joined, mark)
            if several and known and not unknown:
                return mark
            if known and not unknown and mark != " ":
                doubtful, example = mark, joined[0]
    if doubtful:
        raise DataError(
            f"{source}: the labels in {field!r} look like several joined by {doubtful!r}, as in "
            f"{shorten(example, 60)!r}: --separator '{doubtful}' takes them apart, --separator "
            f"{KEEP} keeps each as one label"
        )
    return ""


def joined_looking(labels: Sequence[str]) -> list[str]:
    """Labels that hold what often parts several, or whose parts are labels, too."""
    there = {*labels}
    return [
        one
        for one in labels
        if any(mark in one for mark in _SEPARATORS)
        or any(mark in one and {*_split(one, mark)} <= there for mark in _OF_NAMES)
    ]


def _split(text: str, mark: str) -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]


def _parts(plain: Sequence[str], joined: Sequence[str], mark: str) -> tuple[set[str], set[str]]:
    """The parts that are known from elsewhere, and the others."""
    alone = {one.strip(f"{mark} ") for one in plain if mark not in one.strip(f"{mark} ")}
    cells_with = Counter(part for one in set(joined) for part in set(_split(one, mark)))
    known = {part for part, cells in cells_with.items() if part in alone or cells > 1}
    return known, cells_with.keys() - known
