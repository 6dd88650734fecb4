"""Loading a file into a dataset during a session: in short transactions, in the file's order.

Only missing tickets are written, so the process can be killed at any moment and started again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from txtal.errors import LockedError, TxtalError
from txtal.formats.lines import BadLine
from txtal.ingest.load import read_source
from txtal.ingest.outcome import summary
from txtal.ingest.protocol import LoadJob
from txtal.ingest.talk import SHOWN_BAD_LINES
from txtal.store import datasets, schema, tickets
from txtal.store.load_lock import loading_lock
from txtal.store.sqlite import Connection, foreseen
from txtal.store.tickets import Loaded
from txtal.types import Loading, Record

PART = 1_000
"""Tickets written at once: an answer may have to wait about ten milliseconds for them."""

PART_CHARACTERS = 1_000_000
"""Characters of text at which a part is full."""

TELL_SECONDS = 0.25

Tell = Callable[[Loading], object]


def load_behind(job: LoadJob, tell: Tell) -> None:
    """Load the missing part of the file and report the progress; the last report is the result."""
    path = Path(job.database)
    news = _News(job, tell)
    try:
        with closing(schema.open_database(path)) as conn, foreseen(path):
            dataset = datasets.get(conn, job.dataset)
            # Another process may be loading the same file: what it has loaded is skipped.
            with (
                loading_lock(path, datasets.cache_name(conn, dataset.id)),
                tickets.roomy(conn),
            ):
                records = read_source(
                    conn, job.source, news.bad, job.reading, progress=news.progress
                )
                for part in _parts(records):
                    news.loaded(_patiently(conn, dataset.id, part, path))
        news.done()
    except TxtalError as error:
        news.failed(error)


def _patiently(conn: Connection, dataset_id: int, part: list[Record], path: Path) -> Loaded:
    """Add these tickets, waiting as long as another process writes."""
    while True:
        try:
            with foreseen(path):
                return tickets.add_some(conn, dataset_id, part)
        except LockedError:
            continue


def _parts(records: Iterable[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    characters = 0
    for record in records:
        part.append(record)
        characters += len(record.text)
        if len(part) == PART or characters > PART_CHARACTERS:
            yield part
            part, characters = [], 0
    if part:
        yield part


class _News:
    """Collects progress, and reports it at intervals."""

    def __init__(self, job: LoadJob, tell: Tell) -> None:
        self._source = job.source
        self._tell = tell
        self._read = 0
        self._added = job.added
        self._bad = 0
        self._bad_lines: list[str] = []
        self._share: float | None = None
        self._told = 0.0

    def progress(self, done: int, total: int | None) -> None:
        self._share = min(1.0, done / total) if total else None

    def bad(self, line: BadLine) -> None:
        self._bad += 1
        if len(self._bad_lines) < SHOWN_BAD_LINES:
            self._bad_lines.append(str(line))

    def loaded(self, loaded: Loaded) -> None:
        self._read += loaded.added + loaded.duplicates + loaded.forgotten
        self._added += loaded.added
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            self._tell(self._now("loading"))

    def done(self) -> None:
        whole = Loaded(self._added, self._read - self._added)
        self._tell(self._now("done", summary(whole, self._bad)))

    def failed(self, error: TxtalError) -> None:
        said = f"{error}; {self._added:,} tickets of {self._source} are loaded, the rest is not"
        self._tell(self._now("failed", said, error.exit_code))

    def _now(self, state: str, detail: str = "", exit_code: int = 0) -> Loading:
        return Loading(
            state,  # type: ignore[arg-type]
            self._added,
            self._share,
            self._bad,
            tuple(self._bad_lines),
            detail,
            exit_code,
        )
