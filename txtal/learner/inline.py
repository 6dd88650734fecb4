"""The learner without a process: the same interface, working inside :meth:`InlineLearner.poll`."""

from __future__ import annotations

from txtal.learner.idle import Ranker, caught_up
from txtal.types import Advised, Cluster, Explanation, LearnerStatus, Ranking


class InlineLearner:
    """Ranks when polled, once ``batch`` pokes have come since the last ranking."""

    def __init__(self, learner: Ranker, *, batch: int = 1) -> None:
        self.learner = learner
        self.batch = batch
        self.status = LearnerStatus("starting")
        self.explanation: Explanation | None = None
        self.cluster: Cluster | None = None
        self.advice: Advised | None = None
        self.notices: list[str] = []
        self._pokes = batch  # so that the first poke is worked on at once

    def poke(self, newest: int) -> None:
        """Count an answer; the work waits for the next poll."""
        self._pokes += 1
        self.advice = None

    def explain(self, ticket_id: int, label_id: int) -> None:
        """Explain at once."""
        self.explanation = self.learner.explain(ticket_id, label_id)

    def gather(self, ticket_id: int) -> None:
        """Find the cluster at once."""
        self.cluster = self.learner.gather(ticket_id)

    def advise(self) -> None:
        """Look for faults at once."""
        self.advice = self.learner.advise()

    def poll(self) -> Ranking | None:
        """Return a ranking of the database as it is now, if it is time for one."""
        if self._pokes < self.batch:
            return None
        self._pokes = 0
        ranking = caught_up(self.learner)
        self.status = LearnerStatus("ready")
        return ranking
