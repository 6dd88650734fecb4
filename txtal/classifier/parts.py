"""A folder of files that belong together, ``part-00000.jsonl`` and so on, one of each SOURCE.

Its journal, ``.txtal-parts``, says what made the parts, and of which file each was made, by size
and time of change as for ``make``. So a run goes on where another stopped, and makes again only
what has changed. What isn't in the journal is somebody else's, and nothing of it is touched.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from txtal import tempfiles
from txtal.classifier.resumable import check_maker
from txtal.errors import TxtalError, UsageError
from txtal.formats.atomic import write_atomically
from txtal.formats.source import STDIN

_JOURNAL = ".txtal-parts"
_PART = re.compile(r"(?P<name>part-\d{5,}\.(?:jsonl|jsonl\.gz|parquet))(?P<begun>\.txtal-part.*)?")

State = list[Any] | None
"""Name, size and time of change of a file; None of what is no file, and is always made again."""


@dataclass(frozen=True, slots=True)
class Made:
    """A part that is there."""

    source: State
    records: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part, there or not."""

    number: int
    source: str
    file: Path


class Parts:
    """The parts of a folder; :func:`parts` opens it."""

    def __init__(self, folder: Path, sources: Sequence[str], form: str) -> None:
        self.folder = folder
        wanted = [
            Part(number, source, folder / f"part-{number:05}.{form}")
            for number, source in enumerate(sources)
        ]
        self._wanted = {part.file.name: part for part in wanted}
        self._states = {part.file.name: _state(part.source) for part in wanted}
        self._made: dict[str, Made] = {}
        self._journal: TextIO | None = None

    @property
    def missing(self) -> list[Part]:
        """Those that are to be made."""
        return [part for name, part in self._wanted.items() if name not in self._made]

    def begin(self, maker: Mapping[str, str], *, restart: bool) -> None:
        """Keep the parts that are as they would be made, and take away others that were made."""
        by, there = _read(self.folder / _JOURNAL)
        if by and not restart:
            check_maker(self.folder, by, maker)
        for file in sorted(self.folder.iterdir()):
            found = _PART.fullmatch(file.name)
            if found and found["begun"] and found["name"] not in self._wanted:
                file.unlink()
            elif found and not found["begun"] and file.name not in there:
                raise UsageError(
                    f"{file} is there, and was made by nobody who keeps account in {_JOURNAL};"
                    " name another folder"
                )
        for name, made in there.items():
            if not restart and made.source and made.source == self._states.get(name):
                self._made[name] = made
            else:
                (self.folder / name).unlink(missing_ok=True)
        self._begin_journal(maker)

    def _begin_journal(self, maker: Mapping[str, str]) -> None:
        with write_atomically(self.folder / _JOURNAL) as file:
            file.write(json.dumps({"maker": dict(maker)}) + "\n")
            for name, made in self._made.items():
                file.write(_line(name, made))
        self._journal = (self.folder / _JOURNAL).open("a", encoding="utf-8")

    def add(self, file: Path, records: int) -> None:
        """Write down that this part is there; it must be so at once, or never."""
        assert self._journal is not None
        made = Made(self._states[file.name], records)
        self._journal.write(_line(file.name, made))
        self._journal.flush()
        os.fsync(self._journal.fileno())
        self._made[file.name] = made

    def close(self) -> None:
        """Nothing more is written down."""
        if self._journal is not None:
            self._journal.close()


@contextmanager
def parts(
    folder: Path,
    sources: Sequence[str],
    form: str,
    maker: Mapping[str, str],
    *,
    restart: bool = False,
) -> Iterator[Parts]:
    """The parts of ``folder``, which is made if need be, while no other run has it.

    Raises UsageError when a SOURCE lies in it, it holds parts that nobody wrote down, or, without
    ``restart``, parts by another ``maker``; TxtalError when it can't be written.
    """
    inside = next((one for one in sources if Path(one).resolve().parent == folder.resolve()), None)
    if inside is not None:
        raise UsageError(f"{inside} is to be read, and lies in {folder}; name another folder")
    with ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if not stack.enter_context(tempfiles.alone(folder)):
                raise UsageError(f"another run is writing to {folder}; wait for it")
            opened = stack.enter_context(closing(Parts(folder, sources, form)))
            opened.begin(maker, restart=restart)
        except OSError as error:
            raise TxtalError(f"{folder} can't be written: {error.strerror or error}") from error
        yield opened


def _state(source: str) -> State:
    file = Path(source)
    if source == STDIN or not file.is_file():
        return None
    found = file.stat()
    return [file.name, found.st_size, found.st_mtime_ns]


def _line(name: str, made: Made) -> str:
    return json.dumps({"part": name, **asdict(made)}) + "\n"


def _read(journal: Path) -> tuple[dict[str, str], dict[str, Made]]:
    """Who made the parts, and which there are; nothing where there is no journal."""
    by: dict[str, str] = {}
    made: dict[str, Made] = {}
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):  # the last line is cut short
        for line in journal.read_text("utf-8").splitlines():
            said = json.loads(line)
            if "maker" in said:
                by = dict(said["maker"])
            else:
                name = str(said["part"])
                made[name] = Made(said["source"], int(said["records"]))
    return by, {name: one for name, one in made.items() if (journal.parent / name).is_file()}
