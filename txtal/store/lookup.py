"""Finding tickets, each with its answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from txtal.store import answers, labels, tickets
from txtal.store.sqlite import Connection, within
from txtal.types import Answer, Found
from txtal.types.query import Query

SEARCH_SECONDS = 0.2
"""Time limit of a search, because a search may run at every key."""


def history(conn: Connection, dataset_id: int, query: Query, limit: int) -> list[Found]:
    """Return the answers that fit the query and weren't undone, the newest first."""
    conditions = list(_conditions(conn, dataset_id, query))
    where = " AND ".join(["a.dataset_id = ?", *(condition for condition, _ in conditions)])
    with within(conn, SEARCH_SECONDS):
        rows = conn.execute(
            "SELECT a.* FROM standing_answer AS a JOIN ticket AS t ON t.id = a.ticket_id"
            f" WHERE {where} ORDER BY a.id DESC LIMIT ?",
            (dataset_id, *(value for _, value in conditions), limit),
        ).fetchall()
    stands_for = labels.merged(conn, dataset_id)
    return [
        Found(tickets.get(conn, row["ticket_id"]), answers.from_row(row, stands_for))
        for row in rows
    ]


def matching(conn: Connection, dataset_id: int, query: Query, limit: int) -> list[int]:
    """Return ids of the tickets with the query's words and meta, answered or not, oldest first."""
    conditions = list(_of_tickets(query))
    where = " AND ".join(["t.dataset_id = ?", *(condition for condition, _ in conditions)])
    rows = conn.execute(
        f"SELECT t.id FROM ticket AS t WHERE {where} ORDER BY t.id LIMIT ?",
        (dataset_id, *(value for _, value in conditions), limit),
    )
    return [row[0] for row in rows]


def _of_tickets(query: Query) -> Iterator[tuple[str, object]]:
    for word in query.words:
        yield "t.text LIKE ? ESCAPE '\\'", f"%{_plain(word)}%"
    for key, value in query.meta:
        field = f"json_extract(t.meta, {_literal(_path(key))})"
        yield f"{field} LIKE ? ESCAPE '\\'", f"{_plain(value)}%"


def _conditions(conn: Connection, dataset_id: int, query: Query) -> Iterator[tuple[str, object]]:
    yield from _of_tickets(query)
    if query.by:
        yield "a.annotator LIKE ? ESCAPE '\\'", f"{_plain(query.by)}%"
    if query.label:
        found = _label_ids(conn, dataset_id, query.label)
        yield (
            "EXISTS (SELECT 1 FROM json_each(a.labels)"
            " WHERE value IN (SELECT value FROM json_each(?)))",
            json.dumps(found),
        )
    if query.state == "flagged":
        yield "a.flagged = ?", 1
    elif query.state == "commented":
        yield "a.comment <> ?", ""
    elif query.state:
        yield "a.verdict = ?", query.state


def _label_ids(conn: Connection, dataset_id: int, name: str) -> list[int]:
    """Return the ids of labels whose name begins with this, and of labels merged into them."""
    names = labels.names(conn, dataset_id)
    ids = {i for i, found in names.items() if found.casefold().startswith(name.casefold())}
    return [*ids, *(i for i, into in labels.merged(conn, dataset_id).items() if into in ids)]


def _plain(text: str) -> str:
    """Escape a text for LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _path(key: str) -> str:
    return f"$.{json.dumps(key)}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def newer(conn: Connection, dataset_id: int, ticket_id: int) -> int:
    """Count the dataset's tickets with an id above this one."""
    (counted,) = conn.execute(
        "SELECT count(*) FROM ticket WHERE dataset_id = ? AND id > ?", (dataset_id, ticket_id)
    ).fetchone()
    return int(counted)


def meta_keys(conn: Connection, dataset_id: int, tickets: int = 500) -> list[str]:
    """Return the keys in the meta of the first tickets, sorted."""
    rows = conn.execute(
        "SELECT DISTINCT key FROM (SELECT meta FROM ticket WHERE dataset_id = ? AND"
        " json_valid(meta) LIMIT ?) AS t, json_each(t.meta) WHERE key IS NOT NULL ORDER BY key",
        (dataset_id, tickets),
    )
    return [str(row[0]) for row in rows]


def shared_meta(conn: Connection, dataset_id: int) -> tuple[int, dict[str, Any]]:
    """Return how many tickets were looked at, and the meta that every one of them has alike.

    Looks at the first and the newest; of a few tickets nothing counts as alike.
    """
    seen: list[dict[str, Any]] = []
    for order in ("ASC", "DESC"):
        rows = conn.execute(
            f"SELECT meta FROM ticket WHERE dataset_id = ? ORDER BY id {order} LIMIT ?",
            (dataset_id, ENDS),
        )
        for (meta,) in rows:
            found = json.loads(meta or "{}")
            seen.append(found if isinstance(found, dict) else {})
    if len(seen) < _FEWEST:
        return len(seen), {}
    first, *others = seen
    return len(seen), {
        key: value
        for key, value in first.items()
        if all(key in one and one[key] == value for one in others)
    }


ENDS, _FEWEST = 250, 16
"""Tickets looked at from either end, and rows that it takes: a small dataset's are seen twice."""


def with_answers(conn: Connection, dataset_id: int, ticket_ids: Iterable[int]) -> list[Found]:
    """Return these tickets, each with its newest answer that wasn't undone, if any."""
    stands_for = labels.merged(conn, dataset_id)
    return [
        Found(tickets.get(conn, ticket_id), _answer(conn, ticket_id, stands_for))
        for ticket_id in ticket_ids
    ]


def _answer(conn: Connection, ticket_id: int, stands_for: dict[int, int]) -> Answer | None:
    row = conn.execute(
        "SELECT * FROM standing_answer WHERE ticket_id = ? ORDER BY id DESC LIMIT 1", (ticket_id,)
    ).fetchone()
    return None if row is None else answers.from_row(row, stands_for)
