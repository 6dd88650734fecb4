"""When drift is looked for by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

FEWEST = 30
"""Tickets on each side, before and after the newest that was answered; fewer show no drift."""

AGAIN_SECONDS = 60.0
"""After which it is asked again whether there are enough new tickets."""


@dataclass(frozen=True, slots=True)
class NewTickets:
    """The tickets of a dataset, parted at the newest that was answered."""

    before: int
    after: int
    newest: int
    """The id of the newest ticket."""

    @property
    def enough(self) -> bool:
        """Whether there are enough of both to tell drift from chance."""
        return self.before >= FEWEST and self.after >= FEWEST


@dataclass
class DriftClock:
    """Says when a look for drift is due: so long after the last, if tickets came since."""

    every: float
    """Seconds between two looks at least; 0: never."""
    clock: Callable[[], float] = time.monotonic
    _next: float = float("-inf")
    _seen: int = 0

    def is_due(self, count: Callable[[], NewTickets]) -> bool:
        """Return whether to look now, which is then noted. ``count`` is called where it may be."""
        now = self.clock()
        if not self.every or now < self._next:
            return False
        found = count()
        due = found.enough and found.newest != self._seen
        self._next = now + (self.every if due else min(self.every, AGAIN_SECONDS))
        if due:
            self._seen = found.newest
        return due
