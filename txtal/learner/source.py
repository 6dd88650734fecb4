"""The dataset that a learner reads: its file, its name, and the threads that compute on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from threadpoolctl import ThreadpoolController

from txtal.store import schema, tickets
from txtal.store.answers import StandingAnswers
from txtal.store.sqlite import Connection, foreseen


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """Find the libraries that compute in threads; again once there are more modules than before.

    To look through all that is loaded takes milliseconds, at each of several blocks a ranking.
    """
    return ThreadpoolController()


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """A dataset in a database file, read without ever being written."""

    path: Path
    name: str
    threads: int = 1
    """BLAS threads."""
    answers: StandingAnswers = field(default_factory=StandingAnswers, compare=False)
    """Those that were read so far."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open the database for a block that also computes. Raises DatabaseError."""
        with (
            self.computing(),
            closing(schema.open_readonly(self.path)) as conn,
            foreseen(self.path),
        ):
            yield conn

    def computing(self) -> AbstractContextManager[object]:
        """Limit BLAS to the threads it may use, for a block."""
        limits: AbstractContextManager[object] = _libraries(len(sys.modules)).limit(
            limits=self.threads
        )
        return limits

    def texts(self, ids: Sequence[int]) -> list[str]:
        """Read the texts of these tickets; any thread may. Raises DatabaseError."""
        with closing(schema.open_readonly(self.path)) as conn, foreseen(self.path):
            return tickets.texts(conn, ids)
