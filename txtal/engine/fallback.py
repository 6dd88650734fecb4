"""An engine that continues in this process once the other machines fail, so a session never waits.

What was under way is done again here, with the same results. It doesn't return to the machines:
one that comes and goes would keep a session waiting each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import Any, cast

from txtal.engine import LOCAL, Batch, Engine, Result, Work, open_engine
from txtal.errors import EngineError

LIMIT = 20.0
"""Seconds that other machines may take for a batch, including a worker's import of spaCy."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A batch that is kept on a worker, and how to read it here."""

    read: Callable[[], Any]
    elsewhere: Any


def steadfast(name: str, scheduler: str | None, tell: Callable[[str], object]) -> Engine:
    """Return the engine for a session: one that needs other machines is wrapped in a Fallback."""
    return LOCAL if name == "local" else Fallback(name, scheduler, tell)


class Fallback:
    """Uses the engine it opens while that works, then :class:`txtal.engine.Local`."""

    def __init__(self, name: str, scheduler: str | None, tell: Callable[[str], object]) -> None:
        """Open the engine; raises UsageError as :func:`txtal.engine.open_engine`.

        ``tell`` is called once, from any thread that maps, with the reason why the work is done
        here.
        """
        self._tell = tell
        self._one_falls = Lock()
        self._connection = ExitStack()
        self._engine: Engine = LOCAL
        try:
            opened = open_engine(name, scheduler, limit=LIMIT)
            self._engine = self._connection.enter_context(opened)
        except EngineError as error:
            self._say(error)

    @property
    def width(self) -> int:
        """See :class:`txtal.engine.Engine`."""
        try:
            return self._engine.width
        except EngineError as error:
            self._fall(error)
            return LOCAL.width

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """See :class:`txtal.engine.Engine`."""
        coming = iter(batches)
        under_way: deque[Batch] = deque()
        engine = self._engine
        if engine is not LOCAL:
            try:
                for result in engine.map(work, _sent(coming, under_way)):
                    under_way.popleft()
                    yield result
                return
            except EngineError as error:
                self._fall(error)
        yield from LOCAL.map(work, map(_here, chain(under_way, coming)))

    def keep(self, read: Callable[[], Batch]) -> Batch:
        """See :class:`txtal.engine.Engine`. In this process it is read each time."""
        engine = self._engine
        return cast(Batch, _Kept(read, None if engine is LOCAL else engine.keep(read)))

    def close(self) -> None:
        """Disconnect from the other machines."""
        self._engine = LOCAL
        self._connection.close()

    def _fall(self, error: EngineError) -> None:
        with self._one_falls:
            if self._engine is not LOCAL:
                self.close()
                self._say(error)

    def _say(self, error: EngineError) -> None:
        self._tell(f"{error}; the work is done here now")


def _sent(coming: Iterable[Batch], under_way: deque[Batch]) -> Iterator[Batch]:
    """Yield batches as the engine takes them; ``under_way`` holds those without results yet."""
    for batch in coming:
        under_way.append(batch)
        yield batch.elsewhere if isinstance(batch, _Kept) else batch


def _here(batch: Batch) -> Batch:
    return cast(Batch, batch.read()) if isinstance(batch, _Kept) else batch
