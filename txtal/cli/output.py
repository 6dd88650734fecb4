"""Data on standard output, talk on standard error; hostile text made safe for both."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.formats.rows import Writable
    from txtal.store.sqlite import Connection
    from txtal.types import Estimate, LearnerStatus, Task

_SHOW_AFTER = 0.5
_SHOW_EVERY = 0.1


@dataclass
class Console:
    """What every command is given: the database's path, and where to talk."""

    database: Path
    quiet: bool = False
    _started: float = field(default_factory=time.monotonic)
    _shown: float = 0.0
    _width: int = 0

    def say(self, text: str) -> None:
        """Tell the user something, unless they asked for quiet."""
        self.clear()
        if not self.quiet:
            click.echo(_clean(text, newlines=True), err=True)

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Show how far a long job is; only on a terminal, and only once it takes a while."""
        now = time.monotonic()
        if self.quiet or not sys.stderr.isatty() or now - self._started < _SHOW_AFTER:
            return
        if now - self._shown < _SHOW_EVERY:
            return
        self._shown = now
        line = f"{what} {_bar(done, total)}"
        click.echo("\r" + line.ljust(self._width), err=True, nl=False)
        self._width = len(line)

    def status(self, status: LearnerStatus) -> None:
        """Show what a learner in this process is doing."""
        self.progress(status.state, round(100 * (status.progress or 0)), 100)

    def clear(self) -> None:
        """Wipe the progress line, if one is shown."""
        if self._width:
            click.echo("\r" + " " * self._width + "\r", err=True, nl=False)
            self._width = 0
        self._started = time.monotonic()

    @contextmanager
    def open(self, *, create: bool = False) -> Iterator[Connection]:
        """The database, with SQLite's errors turned into ours."""
        from txtal.store import schema
        from txtal.store.sqlite import foreseen

        with (
            closing(schema.open_database(self.database, create=create)) as conn,
            foreseen(self.database),
        ):
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The database for reading only."""
        from txtal.store import schema
        from txtal.store.sqlite import foreseen

        with closing(schema.open_readonly(self.database)) as conn, foreseen(self.database):
            yield conn


def _bar(done: int, total: int | None) -> str:
    if not total:
        return f"{done:,}"
    share = min(1.0, done / total)
    filled = round(share * 20)
    from txtal.text import percent

    return f"[{'#' * filled}{'.' * (20 - filled)}] {percent(share, 0):>4}"


def _clean(text: str, *, newlines: bool = False) -> str:
    from txtal.text import clean  # its patterns take a while to compile: not for --help

    return clean(text, newlines=newlines)


def put(text: str) -> None:
    """A line of data on standard output."""
    click.echo(_clean(text))


def put_json(value: Any) -> None:
    """One JSON document; ASCII, so that nothing in it can act on a terminal."""
    click.echo(_inert(json.dumps(value, indent=2, allow_nan=False)))


def quality(it: Estimate, task: Task) -> str:
    """Return ``81.2% right (95% interval 74.0% to 87.1%, from 120``, for more to follow."""
    from txtal.text import percent

    if task == "rating":
        said = f"{it.value:.2f} off on average (95% interval {it.low:.2f} to {it.high:.2f}"
    else:
        said = f"{percent(it.value)} right (95% interval {percent(it.low)} to {percent(it.high)}"
    return f"{said}, from {it.n}"


def put_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[int] = (0,)
) -> None:
    """Columns, those of ``words`` to the left and the others to the right."""
    cells = [[_clean(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    for row in cells:
        padded = [
            cell.ljust(width) if i in words else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(padded).rstrip())


def confirmed(question: str, yes: bool) -> bool:
    """Ask, unless ``--yes`` was given. Raises UsageError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{_clean(question)} give --yes where there is no terminal to ask in")
    return click.confirm(_clean(question), err=True)


class _Inert:
    """A terminal gets characters beyond ASCII as JSON escapes: the same data, acting on nothing."""

    def write(self, text: str, /) -> int:
        return sys.stdout.write(_inert(text))


def _inert(text: str) -> str:
    """JSON with escapes for what isn't printable ASCII; json.dumps leaves DEL as it is."""
    return _BEYOND_ASCII.sub(lambda found: _escape(found[0]), text)


def _escape(char: str) -> str:
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def writing(path: Path | None) -> AbstractContextManager[Writable]:
    """Where lines of JSON go: the file, replaced in one step at the end, or standard output."""
    if path is not None:
        from txtal.formats.atomic import write_atomically

        return write_atomically(path)
    if sys.stdout.isatty():
        return nullcontext(_Inert())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8, whatever the locale
    return nullcontext(sys.stdout)
