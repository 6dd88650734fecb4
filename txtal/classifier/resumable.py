"""A file that is written in several runs, if need be, and takes its place once it is whole.

Beside the target lie ``TARGET.txtal-part``, what is written so far, and its journal, the same with
``.json``: how much of it counts, what that stands for, and who wrote it. Bytes reach the disk
before the journal counts them; what lies beyond was cut short, and is trimmed away.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from txtal import tempfiles
from txtal.errors import TxtalError, UsageError

_PART = ".txtal-part"
_JOURNAL = f"{_PART}.json"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the writing is."""

    records: int = 0
    """Records of the source that what is written stands for."""
    digest: str = ""
    """The hash of these records, which must be the same to continue."""
    size: int = 0
    """Bytes that count."""
    written: str = ""
    """Digest of these bytes."""


def left(target: Path, maker: Mapping[str, str]) -> Mark:
    """How far an earlier run has come with ``target``; nowhere if there is nothing to go on with.

    Raises UsageError when it was by another maker, or is still at it.
    """
    target = Path(os.path.realpath(target))
    with suppress(FileNotFoundError), _beside(target, _PART).open("rb") as part:
        if not tempfiles.hold(part):
            raise _busy(target)
    return _mark(target, maker)


def _busy(target: Path) -> UsageError:
    return UsageError(f"another run is writing {target}; wait for it")


def _mark(target: Path, maker: Mapping[str, str]) -> Mark:
    part, journal = _beside(target, _PART), _beside(target, _JOURNAL)
    try:
        found = json.loads(journal.read_text("utf-8"))
        said, by = found["mark"], dict(found["maker"])
        mark = Mark(**said)
        with part.open("rb") as file:
            written = _digest_of(file, mark.size).hexdigest()
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Mark()
    if not mark.records or written != mark.written:
        return Mark()
    check_maker(part, by, maker)
    return mark


def check_maker(file: Path, by: Mapping[str, str], maker: Mapping[str, str]) -> None:
    """Raise UsageError when it was begun ``by`` somebody else."""
    for what in sorted(by.keys() | maker.keys()):
        if by.get(what) != maker.get(what):
            raise UsageError(f"{file} was begun with another {what}; --restart starts over")


class Resumable:
    """The file while it grows; :func:`resumable` opens it."""

    def __init__(self, target: Path, maker: Mapping[str, str]) -> None:
        self.part = _beside(target, _PART)
        self.mark = Mark()
        """What is on the disk for good."""
        self._target = target
        self._journal = _beside(target, _JOURNAL)
        self._maker = dict(maker)
        self._file: BinaryIO = tempfiles.grow(self.part)
        self._size = 0
        self._written = hashlib.blake2b(digest_size=16)

    def begin(self, *, restart: bool) -> None:
        """Go on where an earlier run stopped, or from nothing.

        Raises UsageError when another run has it open, or one by another maker left it behind.
        """
        if not tempfiles.hold(self._file):
            raise _busy(self._target)
        if not restart:
            self.mark = _mark(self._target, self._maker)
        self._size = self.mark.size
        self._file.seek(0)
        self._written = _digest_of(self._file, self._size)
        self._file.truncate(self._size)
        self._file.seek(self._size)

    def write(self, data: bytes) -> None:
        """Put ``data`` at the end; it counts from the next :meth:`commit` on."""
        self._file.write(data)
        self._written.update(data)
        self._size += len(data)

    def commit(self, records: int, digest: str) -> None:
        """What is written stands for so many records; it will be there after a power cut."""
        self._sync()
        self.mark = Mark(records, digest, self._size, self._written.hexdigest())
        journal = {"maker": self._maker, "mark": asdict(self.mark)}
        with tempfiles.replacing(self._journal) as file:
            file.write(json.dumps(journal).encode())

    def finish(self, convert: Callable[[BinaryIO, BinaryIO], None] | None = None) -> None:
        """Put it in the target's place, by way of ``convert`` where the part is written otherwise.

        The target keeps its mode, if it is there.
        """
        self._sync()
        whole = self.part
        if convert is not None:
            file, whole = tempfiles.make(self._target)
            with file:
                self._file.seek(0)
                convert(self._file, file)
                tempfiles.sync(file)
        tempfiles.put(whole, self._target, keep_mode=True)
        self.remove()

    def remove(self) -> None:
        """Leave nothing behind."""
        self._journal.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another run have it."""
        self._file.close()

    def _sync(self) -> None:
        tempfiles.sync(self._file)


@contextmanager
def resumable(
    path: Path, maker: Mapping[str, str], *, keep: bool = True, restart: bool = False
) -> Iterator[Resumable]:
    """The file that ``path`` will be once :meth:`Resumable.finish` is called.

    Without that, what was committed stays beside it for the next run by the same ``maker`` (what
    the content depends on, besides the source), unless ``keep`` says otherwise; ``path`` itself is
    untouched. ``restart`` starts over. Raises UsageError as :func:`txtal.tempfiles.check_target`,
    :func:`txtal.tempfiles.check_file` and :meth:`Resumable.begin`, TxtalError when it can't be
    written.
    """
    tempfiles.check_target(path)
    tempfiles.check_file(path)
    try:
        with closing(Resumable(Path(os.path.realpath(path)), maker)) as part:
            part.begin(restart=restart or not keep)
            try:
                yield part
            finally:
                if not (keep and part.mark.records):
                    part.remove()
    except OSError as error:
        reason = error.strerror or error
        raise TxtalError(f"{path} can't be written: {reason}; what it held is untouched") from error


def _digest_of(file: BinaryIO, size: int) -> hashlib.blake2b:
    """Of the next ``size`` bytes. Raises ValueError when there are fewer."""
    digest = hashlib.blake2b(digest_size=16)
    while size > 0:
        piece = file.read(min(size, _PIECE))
        if not piece:
            raise ValueError("cut short")
        digest.update(piece)
        size -= len(piece)
    return digest


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)
