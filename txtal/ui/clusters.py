"""How wide characters are in a terminal's cells, and which of them belong together.

Terminals disagree about vowel signs (``का``: one cell or two), emoji of several characters, flags
and some more. Room is kept for the widest that any of them draws; what they may draw narrower is
named by :func:`agreed`, so that whoever paints it can put what follows in its place.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, combining

from wcwidth import wcwidth

_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f\u0e33\u0eb3")
"""They belong to the character before: joiners, variation selectors, Thai and Lao *am*."""
_AS_EMOJI = "\ufe0f"
"""Makes a narrow sign an emoji, which is wide, in some terminals."""
_VIRAMA = 9
"""The combining class of the sign that ties two consonants together."""
_FLAGS = range(0x1F1E6, 0x1F200)
_SKINS = range(0x1F3FB, 0x1F400)
_EMOJI = 0x1F000
_JAMO = (range(0x1100, 0x1200), range(0xA960, 0xA980), range(0xD7B0, 0xD800))
"""Parts of syllables, which are drawn as one or beside each other."""


@lru_cache(maxsize=4096)
def cell_width(char: str) -> int:
    """Return how many cells one character takes at most."""
    return max(0, wcwidth(char)) or int(category(char) == "Mc" or char == _AS_EMOJI)


def cells(text: str) -> int:
    """Return how many cells a line takes at most."""
    return len(text) if text.isascii() else sum(map(cell_width, text))


def agreed(text: str) -> bool:
    """Return whether all terminals draw the text as wide as :func:`cells` says."""
    return text.isascii() or all(map(_is_agreed, text))


@lru_cache(maxsize=4096)
def _is_agreed(char: str) -> bool:
    code = ord(char)
    if code >= _EMOJI or char in _JOINERS or any(code in part for part in _JAMO):
        return False
    return category(char)[0] in "LNPSZ"


def boundary(text: str, at: int) -> int:
    """Return the last place up to ``at`` where the text may be cut without parting what is one."""
    while 0 < at < len(text) and _belong_together(text, at):
        at -= 1
    return at


def _belong_together(text: str, at: int) -> bool:
    """Whether the character at ``at`` is of one piece with the one before it."""
    char, before = text[at], text[at - 1]
    if char.isascii():
        return False
    if category(char)[0] == "M" or char in _JOINERS or ord(char) in _SKINS:
        return True
    if ord(char) in _FLAGS:
        return _flags_before(text, at) % 2 == 1
    return before == "\u200d" or (combining(before) == _VIRAMA and category(char) == "Lo")


def _flags_before(text: str, at: int) -> int:
    """How many halves of flags stand right before ``at``."""
    start = at
    while start and ord(text[start - 1]) in _FLAGS:
        start -= 1
    return at - start
