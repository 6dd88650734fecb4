"""The learner without a process: the same interface, working inside :meth:`InlineLearner.poll`."""

from __future__ import annotations

from txtal.learner.learner import Learner
from txtal.types import Explanation, LearnerStatus, Ranking


class InlineLearner:
    """Ranks when polled, once ``batch`` pokes have come since the last ranking."""

    def __init__(self, learner: Learner, *, batch: int = 1) -> None:
        self.learner = learner
        self.batch = batch
        self.status = LearnerStatus("starting")
        self.explanation: Explanation | None = None
        self.notices: list[str] = []
        self._pokes = batch  # so that the first poke is worked on at once

    def poke(self, newest: int) -> None:
        """Count an answer; the work waits for the next poll."""
        self._pokes += 1

    def explain(self, ticket_id: int, label_id: int) -> None:
        """Work it out at once."""
        self.explanation = self.learner.explain(ticket_id, label_id)

    def poll(self) -> Ranking | None:
        """A ranking of the database as it is now, if it is time for one."""
        if self._pokes < self.batch:
            return None
        self._pokes = 0
        ranking = self.learner.rank()
        while self.learner.grow():
            pass
        if self.learner.outdated:
            ranking = self.learner.rank()
        while self.learner.sweep():
            pass
        self.learner.sort_out()
        self.learner.look_ahead()
        self.learner.tune()
        self.status = LearnerStatus("ready")
        return ranking
