"""Is what the file holds what was written to it? Every check, and what each one found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from txtal.store import checksums, removals, schema
from txtal.store.sqlite import Connection, sqlite
from txtal.text import count

_MOST = 100_000
"""Findings of SQLite's own check that are asked for."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what is wrong with it; never a ticket's text."""

    tickets: int
    answers: int
    """Rows of the answer log, undos included."""
    newest: int
    """Number of the newest of them, as the screen showed it when it was saved; 0 for none."""
    faults: tuple[str, ...]

    @property
    def summary(self) -> str:
        """How much there is, in words."""
        log = f", the newest #{self.newest}" if self.newest else ""
        return f"{count(self.tickets, 'ticket')}, {count(self.answers, 'answer')} in the log{log}"


def verify(conn: Connection) -> Verified:
    """Look at every row. Only reads; a file that SQLite can hardly read gets its say, too."""
    faults = [fault for check in _CHECKS for fault in _told(check, conn)]
    return Verified(
        _number(conn, "SELECT count(*) FROM ticket"),
        _number(conn, "SELECT count(*) FROM answer"),
        _number(conn, "SELECT max(id) FROM answer"),
        tuple(dict.fromkeys(faults)),
    )


def _number(conn: Connection, query: str) -> int:
    try:
        return int(conn.execute(query).fetchone()[0] or 0)
    except (sqlite.Error, UnicodeDecodeError):
        return 0  # and the faults say why


_Check = Callable[[Connection], Iterator[str]]


def _told(check: _Check, conn: Connection) -> Iterator[str]:
    try:
        yield from check(conn)
    except (sqlite.Error, UnicodeDecodeError) as error:
        # Not its message, which may quote what it stumbled over.
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        yield f"checking the {check.__name__.strip('_')} failed: {name}"


def _file(conn: Connection) -> Iterator[str]:
    """SQLite's view: pages, rows against their indexes, kinds of values, references."""
    for (said,) in conn.execute(f"PRAGMA integrity_check({_MOST})"):
        if said != "ok":
            yield from (f"SQLite: {line}" for line in said.splitlines())
    for table, row, parent, _ in conn.execute("PRAGMA foreign_key_check"):
        yield f"{table} {row}: refers to a {parent} that isn't there"


def _tables(conn: Connection) -> Iterator[str]:
    """The tables, indexes and views are as this program makes them."""
    found = {
        name: (kind, sql)
        for name, kind, sql in conn.execute("SELECT name, type, sql FROM sqlite_master")
    }
    for name, made in schema.statements().items():
        if name not in found:
            yield f"{name}: missing from the database"
        elif found[name] != made:
            yield f"{name}: not defined as txtal defines it"
    applied = {row[0] for row in conn.execute("SELECT name FROM _sqlite_migrations")}
    yield from (f"{name}: not noted as applied" for name in schema.MIGRATIONS.keys() - applied)


def _tickets(conn: Connection) -> Iterator[str]:
    for row in conn.execute(
        f"SELECT id, input_hash IS NOT {checksums.TEXT} AS new_text,"
        f" sum IS NOT {checksums.TICKET} AS new_rest FROM ticket WHERE new_text OR new_rest"
    ):
        what = "text" if row["new_text"] else "meta or other keys"
        yield f"ticket {row['id']}: its {what} changed since it was loaded"


def _answers(conn: Connection) -> Iterator[str]:
    for (answer_id,) in conn.execute(f"SELECT id FROM answer WHERE sum IS NOT {checksums.ANSWER}"):
        yield f"answer {answer_id}: it changed since it was given"


def _names(conn: Connection) -> Iterator[str]:
    """An answer and its ticket are of one dataset, and so are the labels that it names.

    Rows that are whole each can come of two databases, one copied over the other in use.
    """
    for answer_id, label in conn.execute(
        "SELECT a.id, j.value FROM answer AS a, json_each(a.labels) AS j"
        " LEFT JOIN label AS l ON l.id = j.value AND l.dataset_id = a.dataset_id"
        " WHERE json_valid(a.labels) AND l.id IS NULL"
    ):
        yield f"answer {answer_id}: names label {label}, which its dataset doesn't have"
    for (answer_id,) in conn.execute(
        "SELECT a.id FROM answer AS a JOIN ticket AS t ON t.id = a.ticket_id"
        " WHERE t.dataset_id IS NOT a.dataset_id"
    ):
        yield f"answer {answer_id}: its ticket is of another dataset"


def _arrivals(conn: Connection) -> Iterator[str]:
    for (row,) in conn.execute(
        f"SELECT ticket_id FROM arrival WHERE sum IS NOT {checksums.ARRIVAL}"
    ):
        yield f"arrival of ticket {row}: it changed since it was written"


def _queues(conn: Connection) -> Iterator[str]:
    for (row,) in conn.execute(f"SELECT dataset_id FROM queue WHERE sum IS NOT {checksums.QUEUE}"):
        yield f"queue of dataset {row}: it changed since it was written; the next fit mends it"


def _measures(conn: Connection) -> Iterator[str]:
    for (row,) in conn.execute(
        f"SELECT revision_id FROM measures WHERE sum IS NOT {checksums.MEASURES}"
    ):
        yield f"measures of revision {row}: they changed since they were written"


def _votes(conn: Connection) -> Iterator[str]:
    for ticket, source in conn.execute(
        f"SELECT ticket_id, source_id FROM vote WHERE sum IS NOT {checksums.VOTE}"
    ):
        yield f"vote of source {source} on ticket {ticket}: it changed since it was written"


def _predictions(conn: Connection) -> Iterator[str]:
    for (row,) in conn.execute(
        f"SELECT ticket_id FROM prediction WHERE sum IS NOT {checksums.PREDICTION}"
    ):
        yield f"prediction of ticket {row}: it changed since it was written"


def _counters(conn: Connection) -> Iterator[str]:
    """No number is given out twice."""
    for table in ("label_event", "session", "revision", "answer"):
        newest = conn.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
        row = conn.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        if (row[0] if row else 0) < newest:
            yield f"{table}: its counter is behind its rows"


def _numbers(conn: Connection) -> Iterator[str]:
    """The answer log counts without a gap, but for what was taken out and noted as such."""
    gaps = conn.execute(
        "SELECT before + 1, id - 1 FROM"
        " (SELECT id, lag(id, 1, 0) OVER (ORDER BY id) AS before FROM"
        "  (SELECT id FROM answer UNION ALL"
        "   SELECT seq + 1 FROM sqlite_sequence WHERE name = 'answer'))"
        " WHERE id > before + 1"
    )
    for gap in gaps.fetchall():
        for first, last in removals.lost(conn, *gap):
            yield f"answer {first}: lost" if first == last else f"answers {first} to {last}: lost"


_CHECKS: tuple[_Check, ...] = (
    _file,
    _tables,
    _tickets,
    _answers,
    _names,
    _arrivals,
    _queues,
    _measures,
    _votes,
    _predictions,
    _counters,
    _numbers,
)
