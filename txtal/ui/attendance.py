"""Whether somebody is at the keyboard, and for how long the learner has been at what it does."""

from __future__ import annotations

from collections.abc import Callable

from txtal.session.session import IDLE_SECONDS, Session


class Attendance:
    """Two clocks: since the last key, and since the learner's state changed."""

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self.touched = session.current.clock()
        """When a key was pressed last."""
        self._session = session
        self._clock = clock
        self._state = ""
        self._since = 0.0

    def touch(self) -> None:
        """Somebody is there."""
        self.touched = self._session.current.clock()

    @property
    def is_idle(self) -> bool:
        """Whether nobody has pressed a key for a long time."""
        return self._session.current.clock() - self.touched > IDLE_SECONDS

    def learner_seconds(self) -> int:
        """Return for how long the learner has been in its state."""
        learner = self._session.background.learner
        state = learner.status.state if learner else "off"
        if state != self._state:
            self._state, self._since = state, self._clock()
        return int(self._clock() - self._since)
