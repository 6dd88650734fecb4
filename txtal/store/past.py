"""A dataset as it stood: the answer log up to some answer, with all that is worked out from it."""

from __future__ import annotations

from txtal.errors import UsageError
from txtal.store.sqlite import Connection

_VIEWS = {
    "answer": "SELECT * FROM main.answer WHERE id <= {newest}",
    "revision": "SELECT * FROM main.revision WHERE newest <= {newest}",
    "measures": "SELECT * FROM main.measures WHERE revision_id IN (SELECT id FROM revision)",
    "queue": "SELECT * FROM main.queue WHERE revision_id IN (SELECT id FROM revision)",
}
"""What each table was. The connection's own views go before the tables of the same names."""


def go_back(conn: Connection, newest: int) -> None:
    """Have the connection read the log up to this answer from now on, and nothing after it.

    Labels keep the names they have now, and what was merged since counts as what it became.
    """
    body = conn.execute("SELECT sql FROM main.sqlite_master WHERE name = 'standing_answer'")
    standing = body.fetchone()[0]
    only_reads = conn.execute("PRAGMA query_only").fetchone()[0]
    conn.execute("PRAGMA query_only = OFF")  # it would forbid views of the connection's own, too
    for name, select in _VIEWS.items():
        conn.execute(f"CREATE TEMP VIEW {name} AS {select.format(newest=int(newest))}")
    conn.execute(standing.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))
    conn.execute(f"PRAGMA query_only = {only_reads}")


def newest_at(conn: Connection, dataset_id: int, at: float) -> int:
    """Return the number of the newest row of the log that was there at a time.

    What was loaded came when it was loaded, whenever it was given. Raises UsageError when there was
    none yet.
    """
    row = conn.execute(
        "SELECT min(a.id) FROM answer AS a JOIN session AS s ON s.id = a.session_id"
        " WHERE a.dataset_id = ? AND max(a.answered, s.started) > ?",
        (dataset_id, at),
    ).fetchone()
    if row[0] is None:
        return _newest(conn, dataset_id)
    before = conn.execute(
        "SELECT max(id) FROM answer WHERE dataset_id = ? AND id < ?", (dataset_id, row[0])
    ).fetchone()
    if before[0] is None:
        raise UsageError("there was no answer yet")
    return int(before[0])


def check(conn: Connection, dataset_id: int, answer_id: int) -> int:
    """Return the number of an answer. Raises UsageError when the dataset has none so early."""
    first = conn.execute("SELECT min(id) FROM answer WHERE dataset_id = ?", (dataset_id,))
    least = first.fetchone()[0]
    if least is None or answer_id < least:
        raise UsageError(f"there was no answer yet at #{answer_id}")
    return answer_id


def _newest(conn: Connection, dataset_id: int) -> int:
    row = conn.execute("SELECT max(id) FROM answer WHERE dataset_id = ?", (dataset_id,)).fetchone()
    if row[0] is None:
        raise UsageError("there was no answer yet")
    return int(row[0])
