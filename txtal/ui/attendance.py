"""Whether somebody is at the keyboard and can have seen what they answer; how long the learner has
been at what it does.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Literal

from txtal.session.session import IDLE_SECONDS, Session
from txtal.types import Question

SEEN_SECONDS = 0.06
"""Nobody has seen what was on the screen for less."""

BURST_SECONDS = 0.02
"""Keys that come faster were pressed by no finger, and repeated by no keyboard."""

TOO_SOON = "too fast: this ticket was hardly on the screen; nothing recorded, press again"


class Attendance:
    """Clocks: since the last key, since the ticket was drawn, since the learner's state changed."""

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self.touched = session.current.clock()
        """When a key was pressed last."""
        self._session = session
        self._clock = clock
        self._seen: tuple[Question | None, str] = (None, "")
        self._seen_since = -inf
        self._suggested_since = -inf
        self._unpainted: Literal["", "suggestion", "all"] = ""
        """What was drawn and hasn't reached the terminal yet, as far as is known."""
        self._refused = -inf
        self.refused = False
        """The newest key was refused, as it came too soon."""
        self._state = ""
        self._since = 0.0

    def touch(self) -> None:
        """Somebody is there: a key was pressed."""
        self.refused = False
        self.touched = self._session.current.clock()

    def see(self, question: Question | None, asked: str) -> None:
        """Note what is on the screen now, after every drawing: a ticket, and a yes or no of it."""
        seen, asked_before = self._seen
        if question is seen and asked == asked_before:
            return
        self._seen = question, asked
        # A suggestion that comes late is new, but its ticket isn't.
        late = question is not None and question.completes(seen) and asked == asked_before
        drawn: Literal["suggestion", "all"] = "suggestion" if late else "all"
        self._unpainted = drawn
        self.painted()  # where nobody says when it has
        self._unpainted = drawn

    def painted(self) -> None:
        """Note that what was drawn has reached the terminal: from now on it can be seen."""
        if self._unpainted:
            self._suggested_since = self._clock()
        if self._unpainted == "all":
            self._seen_since = self._suggested_since
        self._unpainted = ""

    def is_hasty(self, *, suggested: bool = False) -> bool:
        """Whether a key comes before its ticket can have been seen, or in a burst of such keys.

        ``suggested`` if it answers to the suggestion, which may have come later than the ticket.
        """
        now = self._clock()
        since = self._suggested_since if suggested else self._seen_since
        hasty = now - since < SEEN_SECONDS or now - self._refused < BURST_SECONDS
        if hasty:
            self._refused, self.refused = now, True
        return hasty

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
