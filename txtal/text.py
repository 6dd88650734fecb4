"""The one place that makes hostile text safe to show, on the screen and on plain output alike.

Stored and exported text is never touched: this is for display only. After :func:`clean` no
control, format, surrogate, private-use or separator character is left that could drive a
terminal, reorder a line or hide in it. Two kept exceptions do what they look like: U+200D
between two emoji, and U+200C or U+200D between two characters of a script that spells with
them (Arabic, Indic, Khmer, Mongolian and their neighbours).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain

from txtal.errors import UsageError

TAB = "    "
NEWLINE = "⏎ "
MOST_MARKS = 8
"""Marks without width shown on one base; screens draw longer runs in quadratic time."""

LONGEST_LABEL = 100

_ZWNJ, _ZWJ = "\u200c", "\u200d"

# Written out rather than asked of unicodedata: a million look-ups at import would cost 0.1 s.
# The tests hold it against unicodedata.
_UNSAFE_LOW = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # controls but the newline
    "\u2028-\u202e\u061c\u200e\u200f\u2066-\u206f"  # lines, paragraphs, direction
    "\xad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u2060-\u2065\ufeff\ufff0-\ufffb"
    "\u3164\uffa0"  # Hangul fillers: letters that draw nothing
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"  # surrogates, private, no characters
)
_UNSAFE_HIGH = (
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags
    "\U000f0000-\U0010ffff"  # private use
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(1 << 16, 15 << 16, 1 << 16)
    )
)
_HIGH = "\U00010000-\U0001efff\U0001fb00-\U0010ffff"  # all but emoji, which are safe
# re looks up a class of low characters in a table but walks one of high ones range by range. So
# text is searched for low ones and for anything high, and what is found is looked at closely.
_SUSPECT = re.compile(f"[{_UNSAFE_LOW}{_HIGH}]+")
_UNSAFE = re.compile(f"[{_UNSAFE_LOW}{_UNSAFE_HIGH}]")

_EMOJI = "\xa9\xae\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_JOINING_SCRIPTS = "\u0600-\u0dff\u1000-\u109f\u1780-\u18af"
_STRAY_ZWNJ = re.compile(
    f"{_ZWNJ}(?!(?<=[{_JOINING_SCRIPTS}]{_ZWNJ})[{_JOINING_SCRIPTS}])"
)  # fmt: skip
_STRAY_ZWJ = re.compile(
    f"{_ZWJ}(?!(?<=[{_JOINING_SCRIPTS}]{_ZWJ})[{_JOINING_SCRIPTS}]"
    f"|(?:(?<=[{_EMOJI}]{_ZWJ})|(?<=[{_EMOJI}]\ufe0f{_ZWJ}))[{_EMOJI}])"
)


def clean(text: str, *, newlines: bool = False) -> str:
    """``text`` with everything a terminal could obey or hide made visible, in linear time.

    Controls come out as ``^[`` or ``<9B>``, other invisible characters as ``<U+202E>``, a tab as
    four spaces, a ninth and further mark on one base as ``<+N marks>``. A newline is kept with
    ``newlines`` and else shown as ``⏎``. Cleaning twice changes nothing more.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\t", TAB)
    if not newlines:
        text = text.replace("\n", NEWLINE)
    text = _SUSPECT.sub(_spell_out, text)
    if text.isascii():
        return text
    text = _crowds()[0].sub(_thin_out, text)
    text = _STRAY_ZWNJ.sub("<U+200C>", text)
    return _STRAY_ZWJ.sub("<U+200D>", text)


def shorten(text: str, limit: int) -> str:
    """The first ``limit`` characters and how many more there are: ``Dear all,… 4,812 more``.

    Call it before :func:`clean`, so that a huge text costs no more than what is shown of it. The
    cut backs off a few characters rather than part a base from its marks.
    """
    if len(text) <= limit:
        return text
    cut = limit
    while cut > max(0, limit - MOST_MARKS) and _continues(text[cut]):
        cut -= 1
    return f"{text[:cut]}… {len(text) - cut:,} more"


def _continues(char: str) -> bool:
    return char == _ZWJ or unicodedata.category(char).startswith("M")


def _spell_out(run: re.Match[str]) -> str:
    return "".join(map(_spelled, run[0]))


@lru_cache(maxsize=4096)
def _spelled(char: str) -> str:
    if not _UNSAFE.match(char):
        return char
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"^{chr(code ^ 0x40)}"
    return f"<{code:02X}>" if code < 0xA0 else f"<U+{code:04X}>"


def _thin_out(run: re.Match[str]) -> str:
    return _crowds()[1].sub(lambda crowd: f"{crowd[1]}<+{len(crowd[2])} marks>", run[0])


@cache
def _crowds() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """More than :data:`MOST_MARKS` characters in a row that may, and that do take no room.

    Built on first use from unicodedata (about 20 ms): marks, joiners, the vowels and finals of
    Hangul, and what this Python doesn't know but the terminal may draw as a mark.
    """
    low = _character_class(filter(_widthless, map(chr, range(0x300, 0x10000))))
    high = _character_class(
        filter(
            _widthless,
            map(
                chr,
                chain(range(0x10000, 0x1F000), range(0x1FB00, 0x20000), range(0xE0100, 0xE01F0)),
            ),
        )
    )
    return (
        re.compile(f"[{low}{_HIGH}]{{{MOST_MARKS + 1},}}"),
        re.compile(f"([{low}{high}]{{{MOST_MARKS}}})([{low}{high}]+)"),
    )


def _widthless(char: str) -> bool:
    return (
        unicodedata.category(char) in {"Mn", "Mc", "Me", "Cn"}
        or char in {_ZWNJ, _ZWJ}
        or "\u1160" <= char <= "\u11ff"
        or "\ud7b0" <= char <= "\ud7ff"
    )


def _character_class(chars: Iterator[str]) -> str:
    """The ranges of ascending ``chars``, as they stand between the brackets of a pattern."""
    ranges: list[list[str]] = []
    for char in chars:
        if ranges and ord(ranges[-1][1]) + 1 == ord(char):
            ranges[-1][1] = char
        else:
            ranges.append([char, char])
    return "".join(f"{first}-{last}" for first, last in ranges)


def count(number: int, noun: str) -> str:
    """``1 answer``, ``1,234 answers``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def percent(share: float, digits: int = 1) -> str:
    """Return a share as ``81.2%``: 100% only of all and 0% only of none, however it is rounded."""
    return f"{hundredths(share, digits)}%"


def hundredths(share: float, digits: int = 1) -> str:
    """Return :func:`percent` without its sign, as ends of intervals are written."""
    if share != share:
        return "?"
    least = 10.0**-digits
    shown = 100 * round(share, 4)  # as JSON has it, or a second rounding would differ from it
    if 0 < share < 1:
        shown = min(100 - least, max(least, shown))
    return f"{shown:.{digits}f}"


def decimals(share: float, digits: int = 3) -> str:
    """Return a share as ``0.952``: 1 only of all and 0 only of none, however it is rounded."""
    least = 10.0**-digits
    shown = min(1 - least, max(least, share)) if 0 < share < 1 else share
    return f"{shown:.{digits}f}"


def agreed(value: float, low: float, high: float) -> str:
    """Return a measure of agreement with its interval as ``0.81 (0.70 to 0.90)``."""
    return f"{decimals(value, 2)} ({decimals(low, 2)} to {decimals(high, 2)})"


def in_full(share: float) -> str:
    """Return a share that somebody asked for as ``95%`` or ``99.95%``, not rounded."""
    return f"{100 * share:.6g}%"


def span(low: float, high: float) -> str:
    """Return the ends of an interval of shares as ``74.0% to 87.1%``."""
    return f"{percent(low)} to {percent(high)}"


def normalise_label(given: str) -> str:
    """Return a label's name as it is kept, made good from what was given.

    It comes out in Unicode's normal form C, without space at its ends, and with one plain space
    wherever it had spaces of any kind, so that names that look alike are one name. This is the
    only place that decides what may name a label. Raises UsageError for a name that is blank, too
    long, holds characters that don't show, or is a list: files can hold it as such only.
    """
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", given.strip()))
    if not any(map(_draws, name)):
        raise UsageError(f"a label needs a name, and {given!r} shows nothing")
    if len(name) > LONGEST_LABEL:
        start = shorten(name, 20)
        raise UsageError(f"the label {start!r} is longer than {LONGEST_LABEL} characters")
    if clean(name) != name:
        raise UsageError(f"the label {name!r} holds characters that don't show")
    if _LIST.fullmatch(name):
        raise UsageError(f"the label {name!r} would be read as a list; leave out the brackets")
    return name


def look_alike(name: str, others: Iterable[str]) -> str | None:
    """Return the first other name that a reader may take for ``name``; None when there is none.

    Such names differ only in case, in width, in invisible marks, or in letters of another script
    that look the same, as the Cyrillic and the Latin a.
    """
    mine = looks(name)
    return next((other for other in others if other != name and looks(other) == mine), None)


def looks(name: str) -> str:
    """Return what a reader may take ``name`` for: the same for all names that look alike."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_LATIN_TWINS)
    return "".join(char for char in plain if _draws(char) or unicodedata.combining(char))


def _draws(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS" and char not in _BLANK_LETTERS


_LIST = re.compile(
    r"""[\[({]\s*(?:(?:'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true|false|null)[\s,]*)*[\])}]"""
)
"""A list of labels as JSON, Python or NumPy writes it into a cell of a table."""

_SPACES = re.compile("[ \xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
"""Unicode's space separators; other blank characters are refused by name."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and symbols that draw nothing."""

_LATIN_TWINS = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"
    "\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131",
    "abekmhopctyxsijhdqwaikvoptuxi",
)
"""Small Cyrillic and Greek letters, and the dotless i, to the Latin ones they look like."""
