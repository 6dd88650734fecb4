"""Words and phrases that suggest a label, in Prodigy's file format, matched without spaCy.

A token is a run of letters and digits, or any other character that isn't a space. spaCy splits a
few words differently, such as *don't*; here the words of a pattern are split in the same way as the
text, so they match all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from txtal.errors import DataError
from txtal.formats.lines import text_lines
from txtal.formats.readers.jsonl import load_object
from txtal.text import shorten
from txtal.types import Span

READ = 32_768
"""Characters of a ticket that are searched."""

_TOKENS = re.compile(r"\w+|[^\w\s]")
_EXACT = ("ORTH", "TEXT")
_FLAGS: Mapping[str, Callable[[str], bool]] = {
    "IS_ALPHA": str.isalpha,
    "IS_DIGIT": str.isdigit,
    "IS_PUNCT": lambda token: not token.isalnum(),
}
_SUPPORTED = ("LOWER", *_EXACT, *_FLAGS, "OP")

_REPEATS = 100
"""The most tokens that ``*`` or ``+`` stands for."""

_OPS: Mapping[str, tuple[int, int]] = {"1": (1, 1), "?": (0, 1), "*": (0, _REPEATS),
                                       "+": (1, _REPEATS)}  # fmt: skip
_RANGE = re.compile(r"\{(\d{0,3})(,?)(\d{0,3})\}")


@dataclass(frozen=True, slots=True)
class Match:
    """A match of a pattern in a text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """The conditions on one token; all that are given must hold."""

    lower: frozenset[str] | None = None
    exact: frozenset[str] | None = None
    flags: tuple[tuple[str, bool], ...] = ()
    least: int = 1
    """How many such tokens follow one another at the least, and ``most`` at the most."""
    most: int = 1

    def fits(self, token: str) -> bool:
        """Return whether the token meets the conditions."""
        return (
            (self.exact is None or token in self.exact)
            and (self.lower is None or token.lower() in self.lower)
            and all(_FLAGS[flag](token) == wanted for flag, wanted in self.flags)
        )

    @property
    def said(self) -> str:
        """What it asks for, for people to read."""
        words = "|".join(sorted(self.exact or self.lower or ()))
        flags = [name if wanted else f"not {name}" for name, wanted in self.flags]
        said = ",".join([*([words] if words else []), *flags]) or "any"
        return said if self._times == (1, 1) else f"{said}{{{self.least},{self.most}}}"

    @property
    def _times(self) -> tuple[int, int]:
        return self.least, self.most

    @property
    def asked(self) -> tuple[object, ...]:
        """All conditions, in a form that is always written alike."""
        words = sorted(self.lower or ()), sorted(self.exact or ())
        return (*words, self.flags, *([] if self._times == (1, 1) else self._times))

    def ends(self, words: Sequence[str], at: int) -> Iterator[int]:
        """Yield the places after so many tokens from a place on as it may stand for."""
        for count in range(self.most + 1):
            if count >= self.least:
                yield at + count
            if at + count >= len(words) or not self.fits(words[at + count]):
                return


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sequence of tokens that suggests a label."""

    label: str
    parts: tuple[Part, ...]

    @property
    def said(self) -> str:
        """What it asks for, for people to read."""
        return " ".join(part.said for part in self.parts)

    @property
    def fingerprint(self) -> str:
        """What changes when the pattern does."""
        asked = [one.asked for one in self.parts]
        return blake2b(repr((self.label, asked)).encode(), digest_size=8).hexdigest()

    def end(self, words: Sequence[str], at: int) -> int | None:
        """Return the end of the longest match that begins at a place; None where none does."""
        places = {at}
        for part in self.parts:
            places = {end for place in places for end in part.ends(words, place)}
        longest = max(places, default=at)
        return longest if longest > at else None


class Patterns:
    """Many patterns, matched at once."""

    def __init__(self, patterns: Iterable[Pattern] = ()) -> None:
        self.labels: tuple[str, ...] = ()
        self._starting: dict[str, list[Pattern]] = defaultdict(list)
        self._others: list[Pattern] = []
        for pattern in patterns:
            first = pattern.parts[0]
            words = first.lower or {word.lower() for word in first.exact or ()}
            words = words if first.least else frozenset()
            for word in words:
                self._starting[word].append(pattern)
            if not words:
                self._others.append(pattern)
            self.labels = tuple(dict.fromkeys((*self.labels, pattern.label)))

    def find(self, text: str) -> list[Match]:
        """Return all matches in the first :data:`READ` characters, in order, the longest first."""
        if not (self._starting or self._others):
            return []
        tokens = _tokens_of(text)
        words = [token[0] for token in tokens]
        found = {
            Match(tokens[at].start(), tokens[end - 1].end(), pattern.label)
            for at, word in enumerate(words)
            for pattern in (*self._starting.get(word.lower(), ()), *self._others)
            if (end := pattern.end(words, at)) is not None
        }
        return sorted(found, key=lambda match: (match.start, -match.end, match.label))


@lru_cache(maxsize=8)
def _tokens_of(text: str) -> list[re.Match[str]]:
    """The tokens of a text; kept for the patterns that are looked for in it one by one."""
    return list(_TOKENS.finditer(text, 0, READ))


def read_patterns(path: Path) -> list[Pattern]:
    """Read a file of patterns, one per line: ``{"label": "refund", "pattern": "money back"}``.

    A pattern is an exact phrase, or a list of tokens with ``lower``, ``orth``, ``text`` (each a
    string or ``{"in": [...]}``), ``is_alpha``, ``is_digit`` or ``is_punct``; ``{}`` is any token.
    With ``op`` it occurs as often as that says: ``?``, ``*``, ``+``, ``{2}``, ``{2,}``, ``{2,3}``.
    Raises DataError with file and line for anything else.
    """
    found = []
    for number, line in text_lines(path):
        try:
            found.append(pattern_of(load_object(line)))
        except ValueError as error:
            raise DataError(f"{path}:{number}: {error}") from None
    if not found:
        raise DataError(f"{path} holds no pattern; write one per line")
    return found


def pattern_of(fields: Mapping[str, Any]) -> Pattern:
    """Return the pattern in a line of such a file. Raises ValueError if it is invalid."""
    label, pattern = fields.get("label"), fields.get("pattern")
    if not isinstance(label, str) or not label.strip():
        raise ValueError('a pattern needs the name of a label, as in {"label": …, "pattern": …}')
    if isinstance(pattern, str):
        parts = [Part(exact=frozenset([word])) for word in _TOKENS.findall(pattern)]
    elif isinstance(pattern, list):
        parts = [part for token in pattern for part in _parts(token)]
    else:
        raise ValueError("the pattern must be a phrase or a list of tokens")
    if not parts:
        raise ValueError("the pattern is empty")
    if not any(part.least for part in parts):
        raise ValueError("the pattern stands for no words, too: one needs an OP other than ? and *")
    return Pattern(label.strip(), tuple(parts))


def _parts(token: object) -> list[Part]:
    """Return the conditions for one of spaCy's tokens, which may be several tokens here."""
    if not isinstance(token, dict):
        raise ValueError(f"a token of a pattern is an object, not {shorten(repr(token), 40)}")
    asked = {str(key).upper(): value for key, value in token.items()}
    unknown = [key for key in asked if key not in _SUPPORTED]
    if unknown:
        raise ValueError(
            f"{unknown[0]} can't be matched without spaCy; there are {', '.join(_SUPPORTED)}, and "
            "regular expressions in a TOML file of --rules"
        )
    least, most = _times(asked.pop("OP", "1"))
    if len(asked) == 1 and isinstance(value := next(iter(asked.values())), str):
        words = _TOKENS.findall(value)  # one token of spaCy's may be several here: "e-mail"
        parts = [_part({next(iter(asked)): word}) for word in words]
    else:
        parts = [_part(asked)]
    if (least, most) != (1, 1) and len(parts) > 1:
        raise ValueError(f"OP can't repeat {shorten(repr(value), 40)}, which is several words")
    return [replace(part, least=least, most=most) for part in parts]


def _times(given: object) -> tuple[int, int]:
    """Return how often a token may occur. Raises ValueError."""
    found = _RANGE.fullmatch(given) if isinstance(given, str) else None
    if isinstance(given, str) and given in _OPS:
        return _OPS[given]
    if found is None or not (found[1] or found[3]):
        ops = ", ".join([*_OPS][1:])
        raise ValueError(f"OP must be {ops} or a number as in {{2}} or {{1,3}} (got {given!r})")
    least = int(found[1] or 0)
    most = (int(found[3]) if found[3] else _REPEATS) if found[2] else least
    if not 0 < most <= _REPEATS or least > most:
        raise ValueError(f"OP can stand for {_REPEATS} tokens at most (got {given!r})")
    return least, most


def _part(asked: Mapping[str, Any]) -> Part:
    lower = _words("LOWER", asked["LOWER"]) if "LOWER" in asked else None
    exact = [_words(key, asked[key]) for key in _EXACT if key in asked]
    flags = tuple((key, _flag(key, asked[key])) for key in _FLAGS if key in asked)
    return Part(
        frozenset(word.lower() for word in lower) if lower else None,
        frozenset.intersection(*exact) if exact else None,
        flags,
    )


def _words(key: str, value: object) -> frozenset[str]:
    if isinstance(value, dict) and [str(name).upper() for name in value] == ["IN"]:
        value = next(iter(value.values()))
    else:
        value = [value]
    if not isinstance(value, list) or not all(_is_token(word) for word in value) or not value:
        raise ValueError(f'{key} must be a word or {{"IN": ["a", "list", "of", "words"]}}')
    return frozenset(value)


def _is_token(word: object) -> bool:
    return isinstance(word, str) and _TOKENS.fullmatch(word) is not None


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{key} must be true or false")
    return value


def spans(matches: Sequence[Match], style: str) -> tuple[Span, ...]:
    """Return the ranges to highlight; matches that overlap are joined."""
    found: list[Span] = []
    for match in matches:
        if found and match.start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], match.end), style)
        else:
            found.append((match.start, match.end, style))
    return tuple(found)
