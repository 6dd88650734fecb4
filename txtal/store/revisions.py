"""What the learner found: a row a fit, and the last ranking for tomorrow's first question."""

from __future__ import annotations

import time
from dataclasses import replace

from txtal.measures.quality import FEWEST_AUDITS
from txtal.store import answers, checksums, labels, tickets
from txtal.store.sqlite import Connection, sqlite, transaction
from txtal.types import Estimate, Measures, Ranking, Revision, serialise


def save(conn: Connection, dataset_id: int, session_id: int, ranking: Ranking) -> int:
    """Record the revision and replace the dataset's queue with its ranking. Returns its id."""
    with transaction(conn):
        revision_id = _record(conn, dataset_id, session_id, ranking.revision)
        conn.execute(
            "INSERT OR REPLACE INTO queue (dataset_id, revision_id, ranking) VALUES (?, ?, ?)",
            (dataset_id, revision_id, serialise.dump_ranking(replace(ranking, scored=()))),
        )
        conn.execute(
            f"UPDATE queue SET sum = {checksums.QUEUE} WHERE dataset_id = ?", (dataset_id,)
        )
    return revision_id


def record(conn: Connection, dataset_id: int, annotator: str, revision: Revision) -> int:
    """Record a revision that was measured outside of any session. Returns its id."""
    with transaction(conn):
        session_id = answers.open_session(conn, dataset_id, annotator, "evaluate")
        conn.execute("UPDATE session SET ended = started WHERE id = ?", (session_id,))
        return _record(conn, dataset_id, session_id, revision)


def _record(conn: Connection, dataset_id: int, session_id: int, revision: Revision) -> int:
    headline = revision.headline
    cursor = conn.execute(
        "INSERT INTO revision (dataset_id, session_id, at, answers, newest, seconds,"
        " vectoriser, strategy, headline_n, headline_value, headline_low, headline_high, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            dataset_id,
            session_id,
            time.time(),
            revision.answers,
            revision.newest,
            revision.seconds,
            revision.vectoriser,
            revision.strategy,
            headline and headline.n,
            headline and headline.value,
            headline and headline.low,
            headline and headline.high,
            revision.note,
        ),
    )
    revision_id = int(cursor.lastrowid or 0)
    if revision.measures:
        _save_measures(conn, dataset_id, revision_id, revision.measures)
    return revision_id


def state(conn: Connection, dataset_id: int) -> str:
    """Return what an estimate depends on: the answers, the labels and the tickets there are."""
    parts = (
        answers.newest(conn, dataset_id),
        labels.newest_event(conn, dataset_id),
        tickets.count(conn, dataset_id),
    )
    return "-".join(map(str, parts))


def is_current(conn: Connection, dataset_id: int, measures: Measures) -> bool:
    """Return whether these are of the very answers, labels and tickets there are."""
    return measures.state == state(conn, dataset_id)


def measured_now(conn: Connection, dataset_id: int, vectoriser: str) -> Measures | None:
    """Return what was measured of the very answers, labels and tickets there are, if anything."""
    for revision_id, found in reversed(measures(conn, dataset_id)):
        if not is_current(conn, dataset_id, found):
            return None
        row = conn.execute(
            "SELECT vectoriser FROM revision WHERE id = ?", (revision_id,)
        ).fetchone()
        if row["vectoriser"] == vectoriser:
            return found
    return None


def _save_measures(conn: Connection, dataset_id: int, revision_id: int, measures: Measures) -> None:
    conn.execute(
        "INSERT INTO measures (revision_id, dataset_id, body) VALUES (?, ?, ?)",
        (revision_id, dataset_id, serialise.dump_measures(measures)),
    )
    conn.execute(
        f"UPDATE measures SET sum = {checksums.MEASURES} WHERE revision_id = ?", (revision_id,)
    )


def measures(conn: Connection, dataset_id: int) -> list[tuple[int, Measures]]:
    """What every revision that was measured came to, with its id, oldest first.

    What can't be read any more is left out; `txtal verify` tells of it.
    """
    rows = conn.execute(
        "SELECT revision_id, body FROM measures"
        f" WHERE dataset_id = ? AND sum IS {checksums.MEASURES} ORDER BY revision_id",
        (dataset_id,),
    )
    return [(row["revision_id"], serialise.load_measures(row["body"])) for row in rows]


def shown(conn: Connection, dataset_id: int) -> Measures | None:
    """Return the estimates to show: the newest, unless too few answers are left for any.

    So it is after answers were undone. A fit that is yet to be measured changes nothing.
    """
    found = measures(conn, dataset_id)[-1:]
    newest = latest(conn, dataset_id)
    if not found or newest is None:
        return None
    if newest[1].headline is None and _drawn(conn, dataset_id) < FEWEST_AUDITS:
        return None
    return found[0][1]


def _drawn(conn: Connection, dataset_id: int) -> int:
    """Count the answered tickets that were drawn at random."""
    row = conn.execute("SELECT task FROM dataset WHERE id = ?", (dataset_id,)).fetchone()
    return len(answers.drawn(conn, dataset_id, row["task"]))


def headline(conn: Connection, dataset_id: int) -> Estimate | None:
    """Return the one number to show; of a database of an earlier txtal, that of the newest fit."""
    measured, newest = shown(conn, dataset_id), latest(conn, dataset_id)
    if measured is not None:
        return measured.headline
    return newest[1].headline if newest else None


def last_ranking(conn: Connection, dataset_id: int) -> tuple[int, Ranking] | None:
    """The stored ranking and its revision's id; None when there is none that can be read."""
    row = conn.execute(
        f"SELECT revision_id, ranking FROM queue WHERE dataset_id = ? AND sum IS {checksums.QUEUE}",
        (dataset_id,),
    ).fetchone()
    if row is None:
        return None
    try:
        return row["revision_id"], serialise.load_ranking(row["ranking"])
    except (ValueError, KeyError, TypeError):
        return None  # the queue is a convenience: the learner makes another


def latest(conn: Connection, dataset_id: int) -> tuple[int, Revision] | None:
    """The newest revision and its id."""
    row = conn.execute(
        "SELECT * FROM revision WHERE dataset_id = ? ORDER BY id DESC LIMIT 1", (dataset_id,)
    ).fetchone()
    return None if row is None else (row["id"], _from_row(row))


def curve(conn: Connection, dataset_id: int) -> list[tuple[int, Estimate]]:
    """The answers learned from and the estimate, at each revision whose estimate was a new one."""
    rows = conn.execute(
        "SELECT answers, headline_n, headline_value, headline_low, headline_high FROM revision"
        " WHERE id IN (SELECT min(id) FROM revision WHERE dataset_id = ? AND headline_n > 0"
        "  GROUP BY headline_n, headline_value)"
        " ORDER BY id",
        (dataset_id,),
    )
    return [(row[0], Estimate(*row[1:])) for row in map(tuple, rows)]


def _from_row(row: sqlite.Row) -> Revision:
    headline = None
    if row["headline_n"] is not None:
        headline = Estimate(
            row["headline_n"], row["headline_value"], row["headline_low"], row["headline_high"]
        )
    return Revision(
        row["answers"],
        row["newest"],
        row["seconds"],
        row["vectoriser"],
        row["strategy"],
        headline,
        row["note"],
    )
