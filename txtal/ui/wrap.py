"""Text cut and folded to a width in terminal cells, as far as it is looked at and no further."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from unicodedata import bidirectional

from txtal.text import clean
from txtal.types import Span
from txtal.ui.clusters import boundary, cell_width, cells

Run = tuple[str, str]
"""A style, and text that has it."""

EAGER = 32_768
"""Characters folded at first sight, so that the usual ticket's number of lines is known."""

_CHUNK = 4096
_NEVER_FIRST = frozenset("、。，．！？：；）」』】〉》〕…ー")
_WORDS = re.compile(r" +|[^ ]+")

# Terminals disagree on how wide an emoji is with these; without them they agree.
_EMOJI_GLUE = re.compile("\ufe0f|\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")


def fit(text: str, width: int) -> str:
    """``text`` if it fits, else its head and ``…``."""
    if cells(text) <= width:
        return text
    return _head(text, max(0, width - 1)) + "…"[: max(0, width)]


@lru_cache(maxsize=32)
def told_apart(names: tuple[str, ...], width: int) -> Mapping[str, str]:
    """Return what each name is cut to: in its middle where others have the same beginning."""
    heads = Counter(fit(name, width) for name in set(names))
    return {
        name: _without_middle(name, width) if heads[fit(name, width)] > 1 else fit(name, width)
        for name in names
    }


def _without_middle(text: str, width: int) -> str:
    """The head and the end of a text, about as much of each."""
    if cells(text) <= width:
        return text
    end = len(text)
    while end and cells(text[end - 1 :]) <= width // 2:
        end -= 1
    while boundary(text, end) < end:
        end += 1
    return f"{_head(text, width - 1 - cells(text[end:]))}…{text[end:]}"


def _head(text: str, width: int) -> str:
    """The longest head of ``text`` that takes at most ``width`` cells, marks included."""
    used = 0
    for at, char in enumerate(text):
        used += cell_width(char)
        if used > width:
            return text[: boundary(text, at)]
    return text


def fold(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken between words; the last keeps its end spaces."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_fold_line(paragraph, width))
    return lines


def _fold_line(text: str, width: int) -> Iterator[str]:
    if len(text) <= width and text.isascii():
        yield text
        return
    line, room = "", width
    for word in _WORDS.findall(text):
        needs = cells(word)
        if needs <= room:
            line, room = line + word, room - needs
        elif word[0] == " ":
            yield line
            line, room = "", width
        else:
            # A word longer than a line, or of a script without spaces, is cut at the line's end.
            if needs <= width and needs <= len(word):
                yield line.rstrip(" ")
                line, room = "", width
            *pieces, word = _pieces(word, room, width)
            for piece in pieces:
                yield (line + piece).rstrip(" ")
                line, room = "", width
            line, room = line + word, room - cells(word)
    yield line


def _pieces(word: str, room: int, width: int) -> Iterator[str]:
    """A word cut to fit ``room`` cells at first, perhaps none of it, and then ``width``."""
    start = used = 0
    for at, char in enumerate(word):
        used += cell_width(char)
        if used <= room or (at == start and room == width):
            continue
        cut = boundary(word, at - 1 if _pulls_down(word, start, at, width) else at)
        if cut <= start and room == width:
            cut = at  # what belongs together is wider than a line
        cut = max(cut, start)
        yield word[start:cut]
        start, used, room = cut, cells(word[cut : at + 1]), width
    yield word[start:]


def _pulls_down(word: str, start: int, at: int, width: int) -> bool:
    """Whether a line would begin with the punctuation at ``at``, and has room for one more."""
    if word[at] not in _NEVER_FIRST or at - start < 2:
        return False
    return cell_width(word[at - 1]) > 0 and cells(word[at - 1 : at + 1]) <= width


def _parted(runs: Sequence[Run], lines: Sequence[str]) -> Iterator[list[Run]]:
    """The lines that a text was folded to, in the styles of its runs.

    Folding leaves out nothing but spaces and line ends, between two lines.
    """
    if len([text for _, text in runs if text]) <= 1:
        style = next((style for style, text in runs if text), "")
        yield from ([(style, line)] for line in lines)
        return
    text, at = "".join(text for _, text in runs), 0
    for line in lines:
        at = text.index(line, at)
        yield list(_between(runs, at, at + len(line)))
        at += len(line)


def _between(runs: Sequence[Run], start: int, end: int) -> Iterator[Run]:
    at = 0
    for style, text in runs:
        part = text[max(0, start - at) : max(0, end - at)]
        if part:
            yield style, part
        at += len(text)


def is_right_to_left(text: str) -> bool:
    """Whether a text has letters that are written from right to left."""
    return not text.isascii() and any(bidirectional(char) in ("R", "AL") for char in text)


class Folded:
    """A text made safe to show and folded, from its start as far as was asked for.

    Cleaning and folding megabytes would be felt, so it goes chunk by chunk.
    """

    def __init__(self, text: str, width: int, spans: Sequence[Span] = ()) -> None:
        self.width = max(1, width)
        self.lines: list[str] = []
        self._styled: list[list[Run]] = []
        self._text = text
        self._spans = spans
        self._position = 0
        self._tail: list[Run] = []
        self._done = False
        while not self._done and self._position < EAGER:
            self._go_on()

    @property
    def rest(self) -> int:
        """Characters not folded yet."""
        return len(self._text) - self._position

    @property
    def rest_lines(self) -> int:
        """About how many lines those will make."""
        return self.rest * len(self.lines) // max(1, self._position)

    def reach(self, count: int) -> None:
        """Fold until there are ``count`` lines, or to the end."""
        while not self._done and len(self.lines) < count:
            self._go_on()

    def styled(self, at: int) -> list[Run]:
        """A line, in parts of one style."""
        return self._styled[at]

    def _go_on(self) -> None:
        end = self._chunk_end()
        runs = [*self._tail, *self._runs(self._position, end)]
        lines = fold("".join(text for _, text in runs), self.width)
        parts = list(_parted(runs, lines))
        self._position = end
        self._done = end == len(self._text)
        self._tail = parts[-1]
        whole = len(lines) if self._done else len(lines) - 1
        self.lines += lines[:whole]
        self._styled += parts[:whole]

    def _runs(self, start: int, end: int) -> Iterator[Run]:
        """The text from ``start`` to ``end``, safe to show, in parts of one style."""
        for span_start, span_end, style in self._spans:
            if span_end > start and span_start < end:
                yield "", self._clean(start, span_start)
                yield style, self._clean(max(start, span_start), min(end, span_end))
                start = min(end, span_end)
        yield "", self._clean(start, end)

    def _clean(self, start: int, end: int) -> str:
        text = clean(self._text[start:end], newlines=True)
        return text if text.isascii() else _EMOJI_GLUE.sub("", text)

    def _chunk_end(self) -> int:
        """Behind a newline or space where one is near, so that no word or sequence is parted."""
        end = self._position + _CHUNK
        if end >= len(self._text):
            return len(self._text)
        middle = self._position + _CHUNK // 2
        at = max(self._text.rfind("\n", middle, end), self._text.rfind(" ", middle, end))
        return end if at < 0 else at + 1
