"""Recording on the screen: at once, or as soon as the database is free."""

from __future__ import annotations

from collections.abc import Callable

from txtal.errors import DatabaseError, LockedError

WAITING = "waiting for the database lock… (q quits without this answer)"


class Recorder:
    """Records one thing at a time; what comes while something waits is dropped."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.waiting: Callable[[], None] | None = None
        """What is to be recorded as soon as the database is free."""
        self._tell = tell
        """Told of what is not on disk."""

    def save(self, record: Callable[[], None]) -> None:
        """Record, or wait for the lock. Keys pressed meanwhile do nothing."""
        if not self.waiting:
            self.attempt(record)

    def attempt(self, record: Callable[[], None]) -> None:
        """Record, or keep it for the next attempt."""
        self.waiting = None
        try:
            record()
        except LockedError:
            self.waiting = record
            self._tell(WAITING)
        except DatabaseError as error:
            self._tell(f"NOT saved: {error}")
