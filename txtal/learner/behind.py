"""Better features, made behind the session: a sentence model reads while lexical features serve.

A session opens with what is quick. Where a sentence model is installed, it reads the tickets in
pauses, a few at a time, in an order that is random, so that what is there is a fair sample. When it
is through, both kinds of features are compared on the answers, fold by fold; the learner changes
over when the answers are predicted better by more than one standard error, and never back. Of a
large pool no more than ``MOST_BEHIND`` tickets are read, and those that are answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from txtal.learner.apart import Apart
from txtal.learner.fit import Fit
from txtal.learner.pool_features import PoolFeatures, Vectorised
from txtal.learner.snapshot import AnswerLog
from txtal.learner.source import DatasetSource
from txtal.learning.arrays import Floats, Indices
from txtal.learning.contest import Contest
from txtal.learning.stepwise import Steps, UnderWay
from txtal.learning.training import Hyperparameters, Trainer
from txtal.store import tickets
from txtal.vectors import spec

FEWEST = 30
"""Answers from which features are compared."""

GROWTH = 1.3
"""How many times the answers of the last comparison there must be for the next."""


class Behind:
    """Features that may take over from those that serve."""

    def __init__(
        self, features: PoolFeatures, source: DatasetSource, tell: Callable[[str], None], seed: int
    ) -> None:
        self.features = features
        self._source = source
        self._tell = tell
        self._seed = seed
        self._begun: Apart[Vectorised] | None = None
        """The fit to the tickets and the first part, made in a thread: of many it takes seconds."""
        self._met = False
        self.better = False
        """Whether the answers are predicted better by these features."""
        self._comparison: UnderWay[bool] | None = None
        """One under way."""
        self._compared_at = 0
        """Answers there were at the last comparison."""

    def step(self, fit: Fit | None) -> bool:
        """Read a few tickets, or compare when all are read; return whether to come back for more.

        Raises as :meth:`PoolFeatures.meet`.
        """
        if fit is None or not fit.ready:
            return False
        if not self._met:
            self._met = self._began()
            return True
        return self.features.grow() is not None

    def _began(self) -> bool:
        """Return whether the first part is there; have it made, and look after it for a moment."""
        if self._begun is None:
            self._begun = Apart("behind", self._meet)
        if not self._begun.is_done():
            return False
        self._begun.result()
        return True

    def compare(self, fit: Fit | None) -> bool:
        """Do one fit to compare both kinds of features, if it is time to.

        Returns whether more is to be done; then :attr:`better` says what came of it.
        """
        if self._comparison is None:
            if fit is None or not self._met or not self.features.complete:
                return False
            if len(fit.answered) < max(FEWEST, GROWTH * self._compared_at):
                return False
            self._compared_at = len(fit.answered)
            self._comparison = UnderWay(self._comparing(fit))
        if self._comparison.step():
            return True
        self.better, self._comparison = bool(self._comparison.result), None
        return False

    def _comparing(self, fit: Fit) -> Steps[bool]:
        """Find out whether the answers are predicted better by these features, and say so."""
        gains = yield from self._gains(fit)
        better = len(gains) > 0 and gains.mean() > gains.std() / np.sqrt(len(gains))
        if better:
            self._tell(
                f"{spec.sentence_model(self.features.spec)} reads better here "
                f"({100 * gains.mean():+.1f} points in cross-validation of {len(gains)} answers): "
                "the model learns from it now"
            )
        return bool(better)

    def _gains(self, fit: Fit) -> Steps[Floats]:
        """Return by how much each checked answer (c,) is predicted better; none if it can't be."""
        there = self._meet()
        rows = there.features.rows(fit.answered.tickets.tolist())
        if (rows < 0).any():
            return np.empty(0, np.float32)
        now = fit.trainer
        other = Trainer(
            now.task,
            Hyperparameters(),
            there.neighbours.propagation,
            seed=now.seed,
        )
        matrix = np.asarray(there.features.matrix[rows], np.float32)
        served = yield from self._scores(fit, fit.answered.features, fit.answered.rows, now)
        offered = yield from self._scores(fit, matrix, rows, other)
        return offered - served if len(served) == len(offered) else np.empty(0, np.float32)

    def _scores(self, fit: Fit, features: Floats, rows: Indices, trainer: Trainer) -> Steps[Floats]:
        cells = fit.answered.cells
        contest = Contest.of(features, rows, cells, fit.task, seed=self._seed, fewest=FEWEST)
        if contest is None:
            return np.empty(0, np.float32)
        return (yield from contest.scoring(replace(trainer, names=None, votes=None)))

    def _meet(self) -> Vectorised:
        with self._source.reading() as conn:
            log = AnswerLog.read(conn, self._source)
            new = tickets.ids_after(conn, log.dataset.id, self.features.last)
        return self.features.meet(new, [answer.ticket_id for answer in log.answers])
