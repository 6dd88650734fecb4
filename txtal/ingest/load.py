"""Tickets of files, of datasets and of recipes into the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from txtal.formats.compression import uncompressed
from txtal.formats.lines import OnBad
from txtal.formats.own import restored
from txtal.formats.reading import Progress, Reading, Say, unheard
from txtal.formats.source import read
from txtal.ingest.outcome import LoadOutcome
from txtal.ingest.talk import BadLines, Notes, Report, checked, progress_of
from txtal.store import datasets, gold, schema, tickets
from txtal.store.sqlite import Connection, foreseen
from txtal.store.tickets import Loaded
from txtal.types import Dataset, Record

LARGE = 10_000_000
"""Bytes of a file above which a session doesn't wait for it: a second's loading, or so."""

LARGE_PACKED = 2_000_000
"""The same of a file that is compressed."""

FIRST = 2_000
"""Tickets of such a file that are loaded before the first question."""

OWN = "dataset:"
"""What a SOURCE begins with that is a dataset of the database."""

_DEFAULT = Reading()


def load(
    conn: Connection,
    dataset: Dataset,
    source: str | Path | Iterable[Record],
    report: Report,
    *,
    strict: bool = False,
    reading: Reading = _DEFAULT,
) -> LoadOutcome:
    """Add the tickets of a SOURCE, or of a recipe's own records, in one transaction.

    Raises DataError for a source that can't be read, or for its first bad line when strict; then
    nothing was added.
    """
    bad, notes = BadLines(report, strict=strict), Notes(report)
    records = read_source(conn, source, bad, reading, notes, progress_of(report, "loading"))
    name = str(source) if isinstance(source, str | Path) else "the recipe's records"
    loaded = tickets.add(conn, dataset.id, checked(records, bad, name))
    outcome = LoadOutcome(name, loaded, bad.count, bad.first, notes=notes.notes)
    for line in outcome.lines():
        report.say(line)
    return outcome


def is_large(source: object) -> bool:
    """Whether it is a file too large to be waited for: the rest of it can be loaded behind."""
    if not isinstance(source, str | Path) or str(source).startswith(OWN):
        return False
    path = Path(source)
    most = LARGE_PACKED if uncompressed(path.name) != path.name else LARGE
    return path.is_file() and path.stat().st_size > most


def load_first(
    conn: Connection,
    dataset: Dataset,
    source: str | Path,
    report: Report,
    reading: Reading = _DEFAULT,
) -> Loaded:
    """Add the first tickets of a large file. Whoever loads the rest tells of its bad lines.

    Raises DataError as :func:`load`.
    """
    records = iter(read_source(conn, source, lambda bad: None, reading, report.say))
    return tickets.add(conn, dataset.id, islice(records, FIRST))


def read_source(
    conn: Connection,
    source: str | Path | Iterable[Record],
    on_bad: OnBad,
    reading: Reading = _DEFAULT,
    say: Say = unheard,
    progress: Progress | None = None,
) -> Iterable[Record]:
    """The records of a SOURCE, or a recipe's own. Raises DataError when it can't be read."""
    if not isinstance(source, str | Path):
        return source
    if str(source).startswith(OWN):
        return list(own_texts(conn, str(source)))
    return map(restored, read(source, on_bad, reading, say=say, progress=progress))


def _own(conn: Connection, source: str) -> Dataset:
    return datasets.get(conn, source.removeprefix(OWN))


def own_texts(conn: Connection, source: str) -> Iterator[Record]:
    """The tickets of ``dataset:NAME``. Raises UsageError when there is none."""
    return tickets.records(conn, _own(conn, source).id)


def stored(database: Path, source: str) -> Iterator[Record]:
    """The same, with a connection of its own for as long as they are read."""
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        yield from own_texts(conn, source)


def own_answers(conn: Connection, source: str) -> list[Record]:
    """The answered tickets of ``dataset:NAME``, each with what stands of it.

    Raises UsageError when there is none.
    """
    dataset = _own(conn, source)
    names = dataset.scheme.names
    return [
        Record(
            one.ticket.text,
            one.ticket.meta,
            {
                "answer": one.gold.answer.verdict,
                "labels": [names[i] for i in one.gold.answer.labels],
            },
        )
        for one in gold.read(conn, dataset)
        if one.gold.answer
    ]
