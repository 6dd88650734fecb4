"""Content hashes: SQLite has no checksums of its own, and takes a flipped bit for what was written.

The constants are SQL for the sum a row should have. The same words make it when
the row is written, when an older file is migrated, and when ``txtal verify`` looks for damage.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

TICKET = "content_hash(dataset_id, input_hash, CAST(meta AS BLOB), CAST(extra AS BLOB))"
"""Of everything but the text, which ``input_hash`` stands for."""

TEXT = "input_hash(CAST(text AS BLOB))"

ANSWER = (
    "content_hash(id, dataset_id, ticket_id, session_id, CAST(annotator AS BLOB),"
    " CAST(verdict AS BLOB), undoes, CAST(labels AS BLOB), CAST(suggestion AS BLOB),"
    " CAST(probabilities AS BLOB), CAST(reason AS BLOB), score, selection_probability,"
    " revision_id, shown, answered, flagged, CAST(comment AS BLOB))"
)
QUEUE = "content_hash(dataset_id, revision_id, CAST(ranking AS BLOB))"
ARRIVAL = (
    "content_hash(ticket_id, dataset_id, session_id, arrived, CAST(fate AS BLOB),"
    " CAST(reason AS BLOB), score, threshold, selection_probability, CAST(labels AS BLOB),"
    " probability, revision_id, settled)"
)
MEASURES = "content_hash(revision_id, dataset_id, CAST(body AS BLOB))"
VOTE = (
    "content_hash(source_id, ticket_id, dataset_id, CAST(labels AS BLOB), confidence,"
    " CAST(reason AS BLOB), at)"
)
PREDICTION = (
    "content_hash(ticket_id, dataset_id, bound_id, CAST(labels AS BLOB), probability, checked,"
    " revision_id, at)"
)
# Text goes to the functions as bytes: damaged, it may be no UTF-8 any more.


def register(conn: Connection) -> None:
    """Give the connection the functions that the SQL above calls."""
    conn.create_function(
        "content_hash", -1, lambda *values: content_hash(*map(_text, values)), deterministic=True
    )
    conn.create_function("input_hash", 1, _hash, deterministic=True)


def input_hash(text: str) -> int:
    """The ticket's identity: 64 bits of BLAKE2b, as SQLite's signed integer.

    Prodigy's 32-bit hash would merge about a hundred pairs of different texts among a million.
    """
    try:
        return _hash(text.encode())
    except UnicodeEncodeError:  # half a character, which a recipe may have left there
        return _hash(text.encode("utf-8", "surrogatepass"))


def content_hash(*values: str | float | None) -> int:
    """One sum of all the values, told apart by their place and kind."""
    return _hash(ascii(values).encode())


def ticket_sum(dataset_id: int, known: int, meta: str | None, extra: str | None) -> int:
    """What :data:`TICKET` says, for a row that is about to be written: twice as fast."""
    return _hash(f"({dataset_id}, {known}, {meta!a}, {extra!a})".encode())


def _text(value: bytes | float | None) -> str | float | None:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _hash(data: bytes) -> int:
    hasher = _EMPTY.copy()  # half the time of a new one
    hasher.update(data)
    return _SIGNED.unpack(hasher.digest())[0]  # type: ignore[no-any-return]


_EMPTY = blake2b(digest_size=8)
_SIGNED = Struct(">q")
