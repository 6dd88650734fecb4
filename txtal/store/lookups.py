"""Looking things up in a thread, with connections of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from txtal.store.finder import Finder
from txtal.types import LookedUp

LookUp = Callable[[Finder], object]

WAIT_SECONDS = 0.3


class BackgroundLookups:
    """Does the newest job of each lane, and gives up the one before it."""

    def __init__(self, opened: Callable[[], Finder]) -> None:
        """``opened`` makes a finder with connections of its own, in the thread that uses it."""
        self.wake: Callable[[], object] = lambda: None
        """Called from the thread whenever there is something to take; not for None."""
        self._opened = opened
        self._finder: Finder | None = None
        self._changed = threading.Condition()
        self._jobs: dict[str, tuple[float, LookUp]] = {}
        """By lane, each with the time from which it may be done."""
        self._running = ""
        self._there: dict[str, LookedUp] = {}
        self._over = False
        self._thread: threading.Thread | None = None

    def begin(self, lane: str, job: LookUp, *, after: float = 0.0) -> None:
        """Look this up, ``after`` so many seconds; what was begun in the lane is given up.

        What isn't to be done at once is begun by the next :meth:`stir` from then on: to wake the
        thread takes longer than to draw a ticket, and has to wait until that is done.
        """
        with self._changed:
            self._jobs[lane] = time.monotonic() + after, job
            self._there.pop(lane, None)
            self._end_older(lane)
            if not after:
                self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="lookups", daemon=True)
            self._thread.start()

    def stir(self) -> None:
        """Begin what is due; to be called every now and then."""
        if self._jobs:
            with self._changed:
                self._changed.notify_all()

    def take(self, lane: str) -> LookedUp | None:
        """Return the newest outcome of a lane, once; None while there is none."""
        with self._changed:
            return self._there.pop(lane, None)

    def wait(self, lane: str) -> None:
        """Wait until it is there, a fraction of a second at most."""
        with self._changed:
            self._end_older(lane)  # once more: it may not have reached its query the first time
            self._changed.notify_all()
            self._changed.wait_for(lambda: lane in self._there, WAIT_SECONDS)

    def _end_older(self, lane: str) -> None:
        """End what is under way in a lane where something newer is wanted."""
        if lane in self._jobs and self._running == lane and self._finder is not None:
            self._finder.interrupt()

    def close(self) -> None:
        """End the thread, and with it its connections."""
        with self._changed:
            self._over = True
            self._jobs.clear()
            if self._running and self._finder is not None:
                self._finder.interrupt()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(1)

    # --- in the thread ----------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (next_one := self._next()) is not None:
                lane, job = next_one
                outcome = self._done(job)
                with self._changed:
                    self._running = ""
                    if lane not in self._jobs:  # nothing newer is wanted
                        self._there[lane] = outcome
                        self._changed.notify_all()
                if outcome.value is not None or outcome.error is not None:
                    self.wake()
        finally:
            if self._finder is not None:
                with suppress(Exception):  # it only read
                    self._finder.close()

    def _next(self) -> tuple[str, LookUp] | None:
        """Wait for the next job; None when it is over."""
        with self._changed:
            while not self._over:
                lane = min(self._jobs, key=lambda one: self._jobs[one][0], default=None)
                pause = self._jobs[lane][0] - time.monotonic() if lane else None
                if lane and pause is not None and pause <= 0:
                    self._running = lane
                    return lane, self._jobs.pop(lane)[1]
                self._changed.wait(pause)
            return None

    def _done(self, job: LookUp) -> LookedUp:
        try:
            if self._finder is None:
                self._finder = self._opened()
            return LookedUp(job(self._finder))
        except Exception as error:  # noqa: BLE001 - who takes it hears of it
            return LookedUp(error=error)
