"""A folder of files that belong together, ``part-00000.jsonl`` and so on, one of each SOURCE.

Its journal, ``.txtal-parts``, says what made the parts, and of which file each was made, by the
digest of what that held. So a run continues where another stopped, and makes again only what has
changed. A part of a file that is still there, but isn't read this time, is replaced only with
``--restart``. What isn't in the journal is somebody else's, and nothing of it is touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from txtal import tempfiles
from txtal.classifier.resumable import check_maker
from txtal.errors import TxtalError, UsageError
from txtal.formats.source import STDIN

_JOURNAL = ".txtal-parts"
_PART = re.compile(r"(?P<name>part-\d{5,}\.(?:jsonl|jsonl\.gz|parquet))(?P<begun>\.txtal-part.*)?")


@dataclass(frozen=True, slots=True)
class PartSource:
    """Which file a part was made of, and what that held."""

    path: str
    digest: str
    stamp: list[int]
    """Device, inode, size and times of change: while they are the same, so is the digest."""


@dataclass(frozen=True, slots=True)
class MadePart:
    """A part that is there."""

    source: PartSource | None
    """None of what is no file: such a part is always made again."""
    records: int


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part, there or not."""

    number: int
    source: str
    file: Path


class Parts:
    """The parts of a folder; :func:`parts` opens it."""

    def __init__(self, folder: Path, sources: Sequence[str], form: str) -> None:
        self.folder = folder
        wanted = [
            PartFile(number, source, folder / f"part-{number:05}.{form}")
            for number, source in enumerate(sources)
        ]
        self._wanted = {part.file.name: part for part in wanted}
        self._stamps = {part.file.name: _stamp(part.source) for part in wanted}
        self._made: dict[str, MadePart] = {}

    @property
    def missing(self) -> list[PartFile]:
        """Those that are to be made."""
        return [part for name, part in self._wanted.items() if name not in self._made]

    def begin(self, maker: Mapping[str, str], *, restart: bool) -> None:
        """Keep the parts that are as they would be made, and take away others that were made."""
        by, there = _read(self.folder / _JOURNAL)
        if by and not restart:
            check_maker(self.folder, by, maker)
        for file in sorted(self.folder.iterdir()):
            found = _PART.fullmatch(file.name)
            if found and not found["begun"] and file.name not in there:
                raise UsageError(
                    f"{file} exists and txtal didn't write it; choose another output folder"
                )
        if not restart:
            self._made = {name: made for name, made in there.items() if self._is_of(name, made)}
            self._check_replaced(there)
        for name in there.keys() - self._made.keys():
            (self.folder / name).unlink(missing_ok=True)
        self._remove_begun()
        self._begin_journal(maker)

    def _remove_begun(self) -> None:
        """Take away what a killed run had begun of parts that nobody is going to end."""
        missing = {part.file.name for part in self.missing}
        for file in sorted(self.folder.iterdir()):
            found = _PART.fullmatch(file.name)
            if found and found["begun"] and found["name"] not in missing:
                file.unlink()

    def _is_of(self, name: str, made: MadePart) -> bool:
        """Whether the part was made of what its source holds now."""
        stamp = self._stamps.get(name)
        if stamp is None or made.source is None:
            return False
        return stamp == made.source.stamp or made.source.digest == _digest(self._wanted[name])

    def _check_replaced(self, there: Mapping[str, MadePart]) -> None:
        """Refuse to replace what was made of a file that this run doesn't read."""
        read = {os.path.realpath(part.source) for part in self._wanted.values()}
        for name, made in sorted(there.items()):
            if name in self._made or made.source is None or made.source.path in read:
                continue
            if Path(made.source.path).exists():
                raise UsageError(
                    f"{self.folder / name} was made of {made.source.path}, which isn't a "
                    f"SOURCE this time; name another folder, or use --restart to replace it"
                )

    def _begin_journal(self, maker: Mapping[str, str]) -> None:
        lines = [
            json.dumps({"maker": dict(maker)}) + "\n",
            *(_line(name, made) for name, made in self._made.items()),
        ]
        with tempfiles.replacing(self.folder / _JOURNAL) as file:
            file.write("".join(lines).encode())

    def add(self, file: Path, records: int) -> None:
        """Write down that this part is there; it must be so at once, or never."""
        made = MadePart(self._origin(file.name), records)
        with tempfiles.grow(self.folder / _JOURNAL) as journal:
            journal.write(_line(file.name, made).encode())
            tempfiles.sync(journal)
        self._made[file.name] = made

    def _origin(self, name: str) -> PartSource | None:
        """What the part was made of; None when that has changed while it was read."""
        part, stamp = self._wanted[name], self._stamps[name]
        if stamp is None:
            return None
        digest = _digest(part)
        same = _stamp(part.source) == stamp
        return PartSource(os.path.realpath(part.source), digest, stamp) if same else None


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
    tempfiles.check_beside(folder)
    inside = next((one for one in sources if Path(one).resolve().parent == folder.resolve()), None)
    if inside is not None:
        raise UsageError(
            f"{inside} is an input inside the output folder {folder}; choose another output folder"
        )
    with ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if not stack.enter_context(tempfiles.alone(folder)):
                raise UsageError(f"another run is writing to {folder}; wait for it")
            opened = Parts(folder, sources, form)
            opened.begin(maker, restart=restart)
        except OSError as error:
            raise TxtalError(f"{folder} can't be written: {error.strerror or error}") from error
        yield opened


def _stamp(source: str) -> list[int] | None:
    file = Path(source)
    if source == STDIN or not file.is_file():
        return None
    found = file.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _digest(part: PartFile) -> str:
    with Path(part.source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(name: str, made: MadePart) -> str:
    return json.dumps({"part": name, **asdict(made)}) + "\n"


def _origin_of(said: object) -> PartSource | None:
    """The origin as the journal tells it; earlier ones knew a file by its name, size and time."""
    return PartSource(**said) if isinstance(said, dict) else None


def _read(journal: Path) -> tuple[dict[str, str], dict[str, MadePart]]:
    """Who made the parts, and which there are; nothing where there is no journal."""
    by: dict[str, str] = {}
    made: dict[str, MadePart] = {}
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):  # the last line is cut short
        for line in journal.read_text("utf-8").splitlines():
            said = json.loads(line)
            if "maker" in said:
                by = dict(said["maker"])
            else:
                name = str(said["part"])
                made[name] = MadePart(_origin_of(said["source"]), int(said["records"]))
    return by, {name: one for name, one in made.items() if (journal.parent / name).is_file()}
