"""Tickets that match a pattern, as patterns vote, and how often each pattern was right."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator

from txtal.store import labels
from txtal.store.sqlite import Connection

PRIOR = 2.0
"""Accepts and rejects, each, that a pattern counts as having had (Prodigy's ``PatternMatcher``)."""


def by_promise(conn: Connection, dataset_id: int, rng: random.Random) -> list[int]:
    """Return the ids of the sources that are patterns, in the order to try them.

    By Thompson sampling: each by a draw from the beta distribution of its accepts and rejects, so
    that a pattern that is mostly wrong is tried less and less, and never given up for good.
    """
    rows = conn.execute(
        "SELECT id FROM source WHERE dataset_id = ? AND kind = 'pattern' ORDER BY id", (dataset_id,)
    ).fetchall()
    right, wrong = tallies(conn, dataset_id) if rows else (Counter[int](), Counter[int]())
    drawn = {
        source: rng.betavariate(PRIOR + right[source], PRIOR + wrong[source]) for (source,) in rows
    }
    return sorted(drawn, key=lambda source: -drawn[source])


def tallies(conn: Connection, dataset_id: int) -> tuple[Counter[int], Counter[int]]:
    """Return how often each pattern was right, and how often wrong, by the answers that stand.

    A rejected label that isn't the pattern's doesn't count.
    """
    rows = conn.execute(
        "SELECT v.source_id, v.labels, a.verdict, a.labels, d.task FROM answer AS a"
        " CROSS JOIN vote AS v ON v.ticket_id = a.ticket_id"
        " JOIN source AS s ON s.id = v.source_id JOIN dataset AS d ON d.id = a.dataset_id"
        " WHERE a.dataset_id = ? AND s.kind = 'pattern' AND v.labels IS NOT NULL"
        " AND a.verdict IN ('accept', 'reject')"
        " AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)",
        (dataset_id,),
    ).fetchall()
    stands_for = labels.merged(conn, dataset_id) if rows else {}
    right, wrong = Counter[int](), Counter[int]()
    for source, voted, verdict, given, task in rows:
        mine = {stands_for.get(label, label) for label in json.loads(voted)}
        named = {stands_for.get(label, label) for label in json.loads(given)}
        about = task == "binary" or bool(mine & named)
        if verdict == "accept":
            (right if about else wrong)[source] += 1
        elif about:
            wrong[source] += 1
    return right, wrong


def tickets_of(conn: Connection, source_id: int, rng: random.Random) -> Iterator[int]:
    """Yield the tickets that a pattern matches, in order of loading from a random one on."""
    ends = conn.execute(
        "SELECT min(ticket_id), max(ticket_id) FROM vote WHERE source_id = ?", (source_id,)
    ).fetchone()
    if ends[0] is None:
        return
    start = rng.randint(*ends)
    for condition in (">=", "<"):
        yield from (
            row[0]
            for row in conn.execute(
                f"SELECT ticket_id FROM vote WHERE source_id = ? AND ticket_id {condition} ?"
                " AND labels IS NOT NULL ORDER BY ticket_id",
                (source_id, start),
            )
        )
