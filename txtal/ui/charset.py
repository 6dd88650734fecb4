"""Which characters the terminal shows, and what is written in the place of the others.

Python writes UTF-8 wherever the locale is ``C``, and so would put several wrong characters on a
terminal that shows only ASCII. What the environment says counts here; where it says nothing, the
terminal counts as a modern one.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Mapping
from functools import lru_cache
from io import TextIOWrapper
from unicodedata import normalize

_UTF8 = "utf-8"
_ASCII = "ascii_signs"
"""Python's ``ascii`` under another name: some libraries take ``ascii`` for a mistake."""
_IN_THEIR_PLACE = "txtal.signs"

_SIGNS = str.maketrans(
    "▸▲▼↑↓→←↔✓≠·…•─━│■█▇▆▅▄▃▂▁⚑“”„‘’‚–—×±≤≥\u00a0ßøØæÆœŒłŁđĐ",
    ">^v^v><-x!.~*-=|##@%*+=-_F\"\"\"'''--x+<> soOaAoOlLdD",
)


def of_terminal(environ: Mapping[str, str]) -> str:
    """Return the name of the codec for what a terminal shows, by the locale that is set for it."""
    said = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    if not said or "utf" in said.casefold():
        return _UTF8
    named = said.partition("@")[0].partition(".")[2]
    try:
        found = codecs.lookup(named).name if named else _ASCII
    except LookupError:
        return _ASCII
    return _ASCII if found == "ascii" else found


def heed_terminal(environ: Mapping[str, str]) -> None:
    """Have standard output and error write what the terminal shows, if they are one."""
    codec = _UTF8 if sys.platform == "win32" else of_terminal(environ)
    if codec == _UTF8:
        return
    codecs.register(_codec)
    codecs.register_error(_IN_THEIR_PLACE, _in_their_place)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.isatty():
            stream.reconfigure(encoding=codec, errors=_IN_THEIR_PLACE)


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != _ASCII:
        return None
    ascii_itself = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii_itself.encode,
        ascii_itself.decode,
        ascii_itself.streamreader,
        ascii_itself.streamwriter,
        ascii_itself.incrementalencoder,
        ascii_itself.incrementaldecoder,
        name=_ASCII,
    )


def _in_their_place(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


@lru_cache(maxsize=4096)
def plain(char: str) -> str:
    """Return an ASCII character for another: a sign like it, its letter without marks, or ``?``."""
    sign = char.translate(_SIGNS)
    if sign.isascii():
        return sign
    letter = normalize("NFKD", char)[:1]
    return letter if letter.isascii() and letter else "?"


@lru_cache(maxsize=4096)
def shows(char: str, codec: str) -> bool:
    """Return whether a codec has a character."""
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
