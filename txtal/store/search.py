"""Finding tickets by their words: an index beside the database, made in the background.

It holds no text, only where each word is, and can be thrown away at any time: it is made again from
the tickets. One thread of the session's process adds what is new, a few hundred tickets at a time.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from txtal.errors import DatabaseError
from txtal.store import make_cache_folder, schema
from txtal.store.lookup import SEARCH_SECONDS
from txtal.store.sqlite import Connection, foreseen, open_file, set_journal_mode, within
from txtal.tempfiles import rights
from txtal.types.query import Query

_STEP = 500
"""Tickets added at once: a step is over before a key would notice."""
_PAUSE = 0.002
_MOST_WORDS = 24
"""Words of a ticket by which others like it are looked for."""
_COMMON = 5_000
"""Tickets with a word from which they aren't ranked by it: the first are shown as well as any."""
_TOGETHER = 4
"""Words that like tickets have all of, where none of a ticket's words is rare."""
_READ = 4_000
_MOST_ALIKE = 500
"""Near-identical tickets that are offered at once: more would slow down every answer."""
_BUSY_SECONDS = 0.2

_TABLES = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, meta, content='',"
    " tokenize='unicode61 remove_diacritics 2')",
    "CREATE TABLE IF NOT EXISTS shape (ticket_id INTEGER PRIMARY KEY, shape INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS shape_shape ON shape (shape)",
)


class SearchIndex:
    """The words and shapes of one dataset's tickets."""

    def __init__(self, database: Path, dataset_id: int, name: str) -> None:
        self._database = database
        self._dataset = dataset_id
        self._path = database.with_name(f"{database.name}.cache") / f"search-{name}.db"
        self._conn: Connection | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    # --- making it --------------------------------------------------------------------------

    def start(self) -> None:
        """Add what is missing, in the background; returns at once."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._build, daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Until all is added that was there when it was started."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Stop adding."""
        self._stop.set()
        self.wait()
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def _build(self) -> None:
        # Whatever fails here, searching says that it found less; the answers have nothing to fear.
        with (
            suppress(Exception),
            closing(schema.open_readonly(self._database)) as source,
            closing(self._open()) as index,
        ):
            while not self._stop.is_set() and self._add(source, index):
                time.sleep(_PAUSE)

    def _open(self) -> Connection:
        folder = make_cache_folder(self._database)
        new = not self._path.exists()
        index = open_file(self._path, create=True, busy_seconds=_BUSY_SECONDS)
        if new:  # before its log is made, which gets the same mode
            self._path.chmod(rights(folder))
        set_journal_mode(index, self._path)
        index.execute("PRAGMA synchronous = OFF")  # it can be made again
        for statement in _TABLES:
            index.execute(statement)
        return index

    def _add(self, source: Connection, index: Connection) -> bool:
        """Add the next few tickets; False when none are left."""
        rows = source.execute(
            "SELECT id, text, coalesce(meta, '') FROM ticket WHERE dataset_id = ? AND id > ?"
            " ORDER BY id LIMIT ?",
            (self._dataset, _last(index), _STEP),
        ).fetchall()
        index.execute("BEGIN IMMEDIATE")
        index.executemany("INSERT INTO words (rowid, text, meta) VALUES (?, ?, ?)", rows)
        index.executemany(
            "INSERT INTO shape (ticket_id, shape) VALUES (?, ?)",
            ((row[0], shape(row[1])) for row in rows),
        )
        index.execute("COMMIT")
        return bool(rows)

    # --- asking it --------------------------------------------------------------------------

    def indexed(self) -> int:
        """Up to which ticket's id it reaches."""
        return _last(self._ready())

    def find(self, query: Query, limit: int) -> list[int]:
        """Ids of the tickets with these words and meta, the best first."""
        parts = [f"text : {_quoted(word)} *" for word in query.words]
        parts += [f"meta : {_quoted(f'{key} {value}')} *" for key, value in query.meta]
        with self._asking() as index:
            return _match(index, " AND ".join(parts), limit)

    def like(self, text: str, limit: int) -> list[int]:
        """Ids of the tickets that share the most and rarest words with a text, the best first."""
        words = dict.fromkeys(re.findall(r"\w+", text[:_READ].casefold()))
        longest = sorted(words, key=len, reverse=True)[:_MOST_WORDS]
        parts = [f"text : {_quoted(word)}" for word in longest]
        with self._asking() as index:
            rare = [part for part in parts if not _is_common(index, part)]
            # What many have says little, and to rank all that have it takes a second and more.
            wanted = " OR ".join(rare) or " AND ".join(parts[:_TOGETHER])
            return _match(index, wanted, limit)

    def alike(self, text: str) -> list[int]:
        """Ids of the tickets that differ from a text in no more than case, signs and numbers."""
        if self._thread is None:
            return []
        with foreseen(self._path):
            rows = self._ready().execute(
                "SELECT ticket_id FROM shape WHERE shape = ? LIMIT ?", (shape(text), _MOST_ALIKE)
            )
            return [row[0] for row in rows]

    def sharing(self, parts: Sequence[Sequence[str]]) -> list[int]:
        """Ids of tickets that have all words of one of the parts, in no order."""
        wanted = [
            " AND ".join(f"text : {_quoted(word)}" for word in part) for part in parts if part
        ]
        if not wanted or not self._path.exists():
            return []
        with self._asking() as index:
            rows = index.execute(
                "SELECT rowid FROM words WHERE words MATCH ? LIMIT ?",
                (" OR ".join(f"({one})" for one in wanted), _MOST_ALIKE),
            )
            return [row[0] for row in rows]

    def interrupt(self) -> None:
        """Have a search in another thread end now."""
        if self._conn is not None:
            self._conn.interrupt()

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        """Open the index for a search, which takes no longer than a key may."""
        with foreseen(self._path), within(self._ready(), SEARCH_SECONDS):
            yield self._ready()

    def _ready(self) -> Connection:
        if self._conn is None:
            with foreseen(self._path):
                try:
                    self._conn = self._open()
                except OSError as error:
                    raise DatabaseError(
                        f"{self._path.parent}: {error.strerror or error}"
                    ) from error
        return self._conn


def _match(index: Connection, expression: str, limit: int) -> list[int]:
    """Ids of the tickets that fit, the best first unless they are many."""
    if not expression:
        return []
    order = "" if _is_common(index, expression) else " ORDER BY rank"
    rows = index.execute(
        f"SELECT rowid FROM words WHERE words MATCH ?{order} LIMIT ?", (expression, limit)
    )
    return [row[0] for row in rows]


def _is_common(index: Connection, expression: str) -> bool:
    """Return whether more tickets fit than can be ranked within a moment."""
    rows = index.execute(
        "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)",
        (expression, _COMMON),
    )
    return int(rows.fetchone()[0]) == _COMMON


def _last(index: Connection) -> int:
    return int(index.execute("SELECT coalesce(max(ticket_id), 0) FROM shape").fetchone()[0])


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


_NUMBERS = re.compile(r"\d+")
_SIGNS = re.compile(r"[\W_]+")
_FOLDED = 100_000
"""Characters of a text in which case, signs and numbers make no difference."""

_FEW_WORDS = 5
"""In a text of fewer, a number may be all that matters."""


def shape(text: str) -> int:
    """The same for texts that differ in no more than case, signs and, in longer ones, numbers.

    Of what is beyond any ticket's usual length every character counts: to fold 50 MB takes seconds
    in which the screen would wait.
    """
    text, rest = text[:_FOLDED], text[_FOLDED:]
    plain = _SIGNS.sub(" ", text.casefold()).strip() or text
    if len(plain.split()) >= _FEW_WORDS:
        plain = _NUMBERS.sub("0", plain)
    digest = blake2b((plain + rest).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
