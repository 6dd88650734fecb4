"""Which encoding a text is in, and the text as UTF-8.

A byte-order mark says it surely, and so do the zero bytes of UTF-16. What is no UTF-8 may be one of
a hundred single-byte encodings: Windows-1252, much the most common, is recognised by its letters
standing alone among ASCII ones, as accents do in the languages it serves. For all others the user
is asked.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from txtal.errors import UsageError

UTF8 = "utf-8"

_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_WESTERN = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýŒœŠšŽžŸ"
    "€‚„…†‡‰‹›‘’“”•–—™¡¿«»°·§©®£¥¢±²³µ½¼¾ºª×÷´¨\xa0\xad"
)
"""What texts in Western European languages have beyond ASCII; not ÿ, which is mostly damage."""

_RUN = re.compile(r"[À-ÿŒœŠšŽžŸ]{3}")
"""Letters beyond ASCII in a row: other alphabets, read as Windows-1252, are made of such."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a text is encoded in."""

    name: str
    mark: int = 0
    """Bytes of the byte-order mark to skip; codecs that know their mark skip it themselves."""
    guessed: bool = False


def told(head: bytes) -> Encoding | None:
    """The encoding of a text that begins with ``head``; None if it isn't clear.

    A text in which nothing but ASCII has been seen yet counts
    as UTF-8, and so does one with some good characters of UTF-8 beside bytes that are none: a few
    damaged lines are no reason to read all others differently.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, len(mark) if name == UTF8 else 0)
    without_mark = _utf16_without_mark(head)
    if without_mark:
        return Encoding(without_mark)
    lines = head.splitlines()
    odd = [line for line in lines[:-1] if not _is_utf8(line)]
    try:
        codecs.getincrementaldecoder(UTF8)().decode(b"".join(lines[-1:]))  # it may be cut short
    except UnicodeDecodeError:
        odd += lines[-1:]
    if not odd or _has_utf8(head):
        return Encoding(UTF8)
    if all(map(_is_western, odd)):
        return Encoding("windows-1252", guessed=True)
    is_damage = len(odd) == 1 or len(odd) * _FEW < len(lines)
    return Encoding(UTF8) if is_damage else None


_FEW = 10
"""One line in so many that isn't UTF-8 is damage, and no other encoding."""


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 by the zero bytes of its ASCII characters, every other one."""
    start = head[:400]
    if len(start) < 4 or 0 not in start[:4]:
        return None
    even, odd = start[::2].count(0), start[1::2].count(0)
    half = len(start) // 2
    if odd > 0.7 * half and not even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and not odd else None


_GOOD_UTF8 = re.compile(rb"[\xc3-\xdf][\x80-\xbf](?![\x80-\xbf])|[\xe0-\xef][\x80-\xbf]{2}")


def _has_utf8(head: bytes) -> bool:
    found = _GOOD_UTF8.search(head)
    if found is None:
        return False
    beyond = sum(byte > 0x7F for byte in head)
    good = sum(len(part) for part in _GOOD_UTF8.findall(head))
    return good * 2 >= beyond


def _is_western(line: bytes) -> bool:
    try:
        text = line.decode("cp1252")
    except UnicodeDecodeError:
        return False
    beyond = [char for char in text if char > "\x7f"]
    letters = sum(char.isalpha() for char in text)
    accents = sum(char.isalpha() for char in beyond)
    return (
        all(char in _WESTERN for char in beyond)
        and accents <= max(2, 0.4 * letters)  # a line may be a short word
        and not _RUN.search(text)
        and not _CONTROL.search(text)
    )


def known(name: str) -> str:
    """Python's name of the encoding. Raises UsageError when there is none."""
    try:
        found = codecs.lookup(name)
    except LookupError:
        found = None
    if found is None or not found._is_text_encoding:
        raise UsageError(
            f"no encoding is called {name!r}; common ones are utf-8, utf-16, windows-1252, "
            "iso-8859-15, windows-1251, shift_jis, gb18030"
        )
    return found.name


class _Changed(io.RawIOBase):
    """The bytes of a stream, changed as they are read."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._ready = b""
        self._over = False

    def change(self, data: bytes) -> bytes:
        """What becomes of the next bytes; there are none once the stream is over."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._ready and not self._over:
            data = self._read(len(buffer))
            self._over = not data
            self._ready = self.change(data)
        taken = self._ready[: len(buffer)]
        self._ready = self._ready[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


class Transcoded(_Changed):
    """The bytes of a stream in another encoding, as UTF-8.

    What the encoding has no character for comes out as a byte that is no UTF-8, so that it costs
    its own line and no other.
    """

    def __init__(self, read: Callable[[int], bytes], encoding: str) -> None:
        super().__init__(read)
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_BROKEN)

    def change(self, data: bytes) -> bytes:
        text = self._decoder.decode(data, final=not data)
        return text.encode(UTF8, "surrogateescape").replace(b"\xed\xb3\xbf", b"\xff")


class Mended(_Changed):
    """The bytes of a stream of UTF-8 in which lines that are none are read as another encoding.

    So that a file that was put together of two costs no line, and one that is all UTF-8 but for a
    few bytes stays as it is.
    """

    def __init__(self, read: Callable[[int], bytes], encoding: str) -> None:
        super().__init__(read)
        self._encoding = encoding
        self._begun = b""

    def change(self, data: bytes) -> bytes:
        self._begun += data
        end = self._begun.rfind(b"\n") + 1 if data else len(self._begun)
        whole, self._begun = self._begun[:end], self._begun[end:]
        return self._mended(whole)

    def _mended(self, data: bytes) -> bytes:
        if _is_utf8(data):
            return data
        return b"".join(map(self._line, data.splitlines(keepends=True)))

    def _line(self, line: bytes) -> bytes:
        if _is_utf8(line):
            return line
        try:
            return line.decode(self._encoding).encode(UTF8)
        except UnicodeDecodeError:
            return line  # for its reader to report


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_BROKEN = "txtal.broken"


def _broken(error: UnicodeError) -> tuple[str, int]:
    """One mark for what can't be decoded, which leaves UTF-8 as a byte that is none."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_BROKEN, _broken)
