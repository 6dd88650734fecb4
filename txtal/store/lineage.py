"""Whether a write-ahead log belongs to the database that it lies beside.

SQLite takes any log with the right name for the database's own. After a kill leaves one behind and
another file is copied over the database, SQLite would mix the pages of both. So every transaction
leaves a mark: a random number, behind that of the transaction before it. The first mark of a log
says which one the database file had when the log was begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from txtal.errors import DatabaseError

if TYPE_CHECKING:
    from sqlite3 import Connection

_MAGIC = bytes.fromhex("b86017edbc5c")
"""Begins each mark; it isn't UTF-8, so no text can look like a mark."""

_NUMBER = 8
_NONE = bytes(_NUMBER)
"""Stands for the mark before a database's first one."""

_ADVANCE = (
    "UPDATE commit_mark SET mark ="
    f" CAST(x'{_MAGIC.hex()}' || substr(mark, {len(_MAGIC) + _NUMBER + 1}) || randomblob({_NUMBER})"
    " AS BLOB)"
)

_BREAK = (
    f"UPDATE commit_mark SET mark = CAST(x'{(_MAGIC + _NONE).hex()}' || randomblob({_NUMBER})"
    " AS BLOB)"
)
_HEADER, _FRAME = 32, 24
_SALTS = slice(16, 24)
_FRAME_SALTS = slice(8, 16)
_TRIES = 5
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class _CommitMark:
    before: bytes
    own: bytes


def advance(conn: Connection) -> None:
    """Leave the mark of the transaction that is about to be committed."""
    if _is_marked(conn):
        conn.execute(_ADVANCE)


def separate(conn: Connection) -> None:
    """Give a copy marks of its own, so that no log of the original belongs to it."""
    if _is_marked(conn):
        with conn:
            conn.execute(_BREAK)


def _is_marked(conn: Connection) -> bool:
    """Return whether the schema has the table of marks; older schemas don't."""
    found = conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'commit_mark'").fetchone()
    return found is not None


def check(path: Path, read_alone: Callable[[Path], Connection]) -> None:
    """Raise DatabaseError when a log beside the database was begun on another file.

    ``read_alone`` opens the file without its log. What isn't known, because the log or the file is
    of an older schema or can't be read, is left to SQLite.
    """
    log = path.with_name(f"{path.name}-wal")
    for _ in range(_TRIES):
        marks = _marks(log)
        if not marks or _follows(marks, path, read_alone):
            return
        time.sleep(_PAUSE)  # another session may have restarted the log between the two reads
    raise DatabaseError(
        f"{path}: {log.name} beside it was left by another database, or by an earlier state of this"
        f" one; to open the file alone, move {log.name} and {path.name}-shm away; to have both, put"
        " the file back that they belong to"
    )


def _follows(
    marks: list[_CommitMark], path: Path, read_alone: Callable[[Path], Connection]
) -> bool:
    """Return whether the file is in a state that this log began with or has passed through."""
    if not path.stat().st_size:
        return False  # SQLite would delete the log
    found: list[bytes] = []
    try:
        with closing(read_alone(path)) as conn:
            found = [bytes(row[0]) for row in conn.execute("SELECT mark FROM commit_mark")]
    except DatabaseError:
        return True
    except Exception as error:  # noqa: BLE001 - either library's errors
        if "no such table" not in str(error):
            return True
    now = found[0][len(_MAGIC) + _NUMBER :] if found else _NONE
    return now == marks[0].before or any(now == mark.own for mark in marks)


def _marks(log: Path) -> list[_CommitMark]:
    """Return the marks in the log's frames, oldest first, without remains of an earlier log."""
    marks: list[_CommitMark] = []
    try:
        with log.open("rb") as file:
            header = file.read(_HEADER)
            page = int.from_bytes(header[8:12], "big")
            if len(header) < _HEADER or not 512 <= page <= 65536:
                return []
            while len(frame := file.read(_FRAME + page)) == _FRAME + page:
                if frame[_FRAME_SALTS] != header[_SALTS]:
                    break
                at = frame.find(_MAGIC, _FRAME)
                if at >= 0:
                    numbers = frame[at + len(_MAGIC) : at + len(_MAGIC) + 2 * _NUMBER]
                    marks.append(_CommitMark(numbers[:_NUMBER], numbers[_NUMBER:]))
    except OSError:
        return []
    return marks
