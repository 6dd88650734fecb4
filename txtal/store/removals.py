"""What was taken out of a database on purpose, so that nobody takes it for lost or loads it again.

Answers are noted by their numbers, in ranges; tickets that were to be forgotten, by the hash of
their text alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from txtal.store.sqlite import Connection


def note_answers(conn: Connection, answer_ids: Iterable[int], why: str) -> None:
    """Note that these answers are taken out, inside the caller's transaction."""
    now = time.time()
    conn.executemany(
        "INSERT INTO removed (first, last, at, why) VALUES (?, ?, ?, ?)",
        [(first, last, now, why) for first, last in _ranges(answer_ids)],
    )


def _ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The runs of numbers in a row, as (first, last)."""
    first = last = None
    for number in sorted(numbers):
        if first is None or last is None or number != last + 1:
            if first is not None and last is not None:
                yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def is_removed(conn: Connection, answer_id: int) -> bool:
    """Whether an answer of this number was taken out on purpose."""
    row = conn.execute(
        "SELECT last FROM removed WHERE first <= ? ORDER BY first DESC LIMIT 1", (answer_id,)
    ).fetchone()
    return row is not None and answer_id <= row[0]


def lost(conn: Connection, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Return those of a gap's numbers that weren't taken out, as (first, last)."""
    rows = conn.execute(
        "SELECT first, last FROM removed WHERE last >= ? AND first <= ? ORDER BY first",
        (first, last),
    )
    for begins, ends in rows.fetchall():
        if begins > first:
            yield first, begins - 1
        first = max(first, ends + 1)
    if first <= last:
        yield first, last


def note_forgotten(conn: Connection, dataset_id: int, hashes: Iterable[int]) -> None:
    """Note tickets that aren't to be loaded again, inside the caller's transaction."""
    conn.executemany(
        "INSERT OR REPLACE INTO forgotten (dataset_id, input_hash, at) VALUES (?, ?, ?)",
        [(dataset_id, one, time.time()) for one in hashes],
    )


def forgotten(conn: Connection, dataset_id: int) -> dict[int, float]:
    """Return the hashes of the texts that aren't to be loaded again, each with since when."""
    rows = conn.execute("SELECT input_hash, at FROM forgotten WHERE dataset_id = ?", (dataset_id,))
    return {row[0]: row[1] for row in rows}
