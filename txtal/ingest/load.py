"""Loading tickets, and answers others gave: bad lines told, duplicates counted, progress shown."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from txtal.errors import DataError
from txtal.formats import MAX_LINE, own
from txtal.formats.labelled import Stated, check_grade, stated
from txtal.formats.lines import BadLine, OnBad
from txtal.formats.own import restored
from txtal.formats.source import Position, Progress, read
from txtal.store import answers, datasets, gold, schema, tickets
from txtal.store import labels as label_store
from txtal.store.sqlite import Connection, foreseen, transaction
from txtal.store.tickets import Loaded
from txtal.text import count
from txtal.types import LOADED, Answer, Dataset, Ranked, Record, Task

LARGE = 10_000_000
"""Bytes of a file above which a session doesn't wait for it: a second's loading, or so."""

LARGE_PACKED = 2_000_000
"""The same of a file that is compressed."""

FIRST = 2_000
"""Tickets of such a file that are loaded before the first question."""

SHOWN_BAD_LINES = 20
"""Bad lines reported one by one; the rest are only counted."""

LATEST = 253_402_300_799.0
"""The last second a date can be written for; what is later is taken for no time at all."""

LONGEST_ANSWER = 7 * 86_400

OWN = "dataset:"
"""What a SOURCE begins with that is a dataset of the database."""


class Report(Protocol):
    """Where the talk goes: standard error on the command line."""

    def say(self, text: str) -> None: ...
    def progress(self, what: str, done: int, total: int | None) -> None: ...


class BadLines:
    """Reports the lines that can't be loaded, or refuses the file at the first when strict."""

    def __init__(self, report: Report, *, strict: bool) -> None:
        self.count = 0
        self._report = report
        self._strict = strict

    def __call__(self, bad: BadLine) -> None:
        if self._strict:
            raise DataError(f"{bad} (--strict: nothing was taken)")
        self.count += 1
        if self.count <= SHOWN_BAD_LINES:
            self._report.say(str(bad))
        elif self.count == SHOWN_BAD_LINES + 1:
            self._report.say("… more bad lines follow; they are only counted")


def load(
    conn: Connection,
    dataset: Dataset,
    source: str | Path | Iterable[Record],
    report: Report,
    *,
    strict: bool = False,
    max_line: int = MAX_LINE,
) -> Loaded:
    """Add the tickets of a SOURCE, or of a recipe's own records, in one transaction.

    Raises DataError for a source that can't be read, or for its first bad line when strict; then
    nothing was added.
    """
    bad = BadLines(report, strict=strict)

    def progress(done: int, total: int | None) -> None:
        report.progress("loading", done, total)

    records = read_source(conn, source, bad, progress, max_line)
    loaded = tickets.add(conn, dataset.id, records)
    report.say(summary(loaded, bad.count))
    return loaded


def is_large(source: object) -> bool:
    """Whether it is a file too large to be waited for: the rest of it can be loaded behind."""
    if not isinstance(source, str | Path) or str(source).startswith(OWN):
        return False
    path = Path(source)
    most = LARGE_PACKED if path.suffix.lower() == ".gz" else LARGE
    return path.is_file() and path.stat().st_size > most


def load_first(conn: Connection, dataset: Dataset, source: str | Path) -> Loaded:
    """Add the first tickets of a large file. Whoever loads the rest tells of its bad lines.

    Raises DataError as :func:`load`.
    """
    records = iter(read_source(conn, source, lambda bad: None))
    return tickets.add(conn, dataset.id, islice(records, FIRST))


def read_source(
    conn: Connection,
    source: str | Path | Iterable[Record],
    on_bad: OnBad,
    progress: Progress | None = None,
    max_line: int = MAX_LINE,
) -> Iterable[Record]:
    """The records of a SOURCE, or a recipe's own. Raises DataError when it can't be read."""
    if not isinstance(source, str | Path):
        return source
    if str(source).startswith(OWN):
        return list(own_texts(conn, str(source)))
    return map(restored, read(source, on_bad, max_line=max_line, progress=progress))


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


def summary(loaded: Loaded, bad_lines: int) -> str:
    duplicates, bad = count(loaded.duplicates, "duplicate"), count(bad_lines, "bad line")
    gone = f", {loaded.forgotten:,} left out: to be forgotten" if loaded.forgotten else ""
    return f"loaded {loaded.added:,}, {duplicates}, {bad}{gone}"


def load_answers(
    conn: Connection,
    dataset: Dataset,
    source: str,
    report: Report,
    *,
    annotator: str,
    task: Task | None = None,
    grades: Sequence[str] = (),
    strict: bool = False,
    max_line: int = MAX_LINE,
) -> int:
    """Load tickets and, as ``annotator``'s, the answers their records state.

    A record that names its own annotator keeps it. Labels new to the dataset join its scheme,
    unless it is one of grades, its own or the ``grades`` it is to have. A ticket that already has a
    standing answer by that annotator keeps it. Returns how many answers were added.
    """
    if dataset.scheme.task == "rating":
        grades = grades or [label.name for label in dataset.scheme.labels]
    said: list[tuple[Record, Stated]] = []
    position = Position()

    def listen(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            try:
                says = _stated(record, grades)
            except DataError as error:  # before the end, so that nothing is loaded
                raise DataError(f"{source}:{position.line}: {error}") from None
            if says is not None:
                said.append((record, says))
            yield restored(record)

    bad = BadLines(report, strict=strict)
    opened = read(
        source,
        bad,
        max_line=max_line,
        progress=lambda done, total: report.progress("loading", done, total),
        position=position,
    )
    loaded = tickets.add(conn, dataset.id, listen(opened))
    added = _record_answers(conn, dataset.name, said, annotator, task, grades)
    report.say(summary(loaded, bad.count))
    report.say(f"{count(added, 'answer')} taken from it, {len(said) - added:,} already there")
    return added


def _stated(record: Record, grades: Sequence[str]) -> Stated | None:
    """What the record says. Raises DataError for labels that can't be."""
    says = stated(record)
    if says and grades:
        check_grade(record, says.labels, grades)
    return says


def _record_answers(
    conn: Connection,
    name: str,
    said: list[tuple[Record, Stated]],
    annotator: str,
    task: Task | None,
    grades: Sequence[str],
) -> int:
    names = dict.fromkeys(label for _, says in said for label in says.labels)
    if task is None and not grades:
        task, grades = _task_of(said, datasets.get(conn, name))
    if grades:
        names, task = dict.fromkeys(grades), "rating"
    dataset = datasets.prepare(conn, name, [(label, "") for label in names], task)
    ids = label_store.ids(conn, dataset.id)
    standing = {(a.ticket_id, a.annotator) for a in answers.standing(conn, dataset.id)}
    added = 0
    with transaction(conn):
        session_id = answers.open_session(conn, dataset.id, annotator, "load")
        for record, says in said:
            ticket_id = tickets.find(conn, dataset.id, record.text)
            if ticket_id is None:
                continue  # it was to be forgotten, and counted as such when it was loaded
            labels = tuple(ids[label] for label in says.labels)
            answer = _answer(ticket_id, record.extra, says, labels, annotator)
            if (answer.ticket_id, answer.annotator) not in standing:
                answers.append(conn, dataset.id, session_id, answer)
                standing.add((answer.ticket_id, answer.annotator))
                added += 1
    return added


def _task_of(
    said: list[tuple[Record, Stated]], dataset: Dataset
) -> tuple[Task | None, Sequence[str]]:
    """What the answers are to, where they tell, and the grades of a rating; None to leave it to
    the dataset.

    An export names its task. A file with one label is no reason for a dataset of yes or no, unless
    it says no: another file may have another label.
    """
    named = {own.task_of(record.extra) for record, _ in said}
    if len(named) == 1 and (task := named.pop()):
        return (None, ()) if dataset.scheme.labels else task
    if any("labels" in record.extra or len(says.labels) > 1 for record, says in said):
        return "multilabel", ()
    says_no = any(says.verdict == "reject" for _, says in said)
    return (None if says_no or dataset.scheme.labels else "exclusive"), ()


def _answer(
    ticket_id: int, extra: Any, says: Stated, labels: tuple[int, ...], annotator: str
) -> Answer:
    """The answer as the record tells it, with what txtal's or Prodigy's export still carries."""
    answered = _epoch(extra.get("timestamp", extra.get("_timestamp")))
    seconds = extra.get("seconds")
    return Answer(
        ticket_id,
        says.verdict,
        labels,
        Ranked(ticket_id, reason=LOADED),
        shown=answered - seconds if _is_duration(seconds) else 0.0,
        answered=answered,
        flagged=extra.get("flagged") is True,
        comment=_first_text(extra, "comment"),
        annotator=_first_text(extra, "annotator", "_annotator_id") or annotator,
    )


def _is_duration(seconds: object) -> TypeGuard[float]:
    return isinstance(seconds, int | float) and 0 <= seconds < LONGEST_ANSWER


def _first_text(extra: Any, *keys: str) -> str:
    return next((extra[key] for key in keys if isinstance(extra.get(key), str)), "")


def _epoch(timestamp: object) -> float:
    """txtal's ISO time or Prodigy's seconds; now, when there is neither."""
    if isinstance(timestamp, int | float) and 0 < timestamp <= LATEST:
        return float(timestamp)
    if isinstance(timestamp, str):
        try:
            return min(LATEST, max(0.0, datetime.fromisoformat(timestamp).timestamp()))
        except (ValueError, OverflowError):
            pass
    return time.time()
