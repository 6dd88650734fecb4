"""What takes long, done in a thread of its own; a step looks after it for a moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

LOOK_SECONDS = 0.1
"""How long a step waits for it."""

T = TypeVar("T")


class Apart(Generic[T]):
    """Work that has begun in a thread."""

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        thread = ThreadPoolExecutor(1, name)
        self._work: Future[T] = thread.submit(work)
        thread.shutdown(wait=False)

    def is_done(self) -> bool:
        """Wait for it a moment; return whether it has ended."""
        wait([self._work], LOOK_SECONDS)
        return self._work.done()

    def result(self) -> T:
        """Return what came of it. Raises what the work raised."""
        return self._work.result()
