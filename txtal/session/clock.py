"""The time of day by a clock that nobody can set."""

from __future__ import annotations

import time


def _elapsed() -> float:
    """Seconds that have passed, also while the machine slept where its system tells."""
    boot: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


_STARTED = time.time() - _elapsed()


def steady_time() -> float:
    """The time as of the start of the program and what has passed since.

    When somebody sets the machine's clock while a ticket is on the screen, its answer has still
    taken the seconds that it took.
    """
    return _STARTED + _elapsed()
