"""What the labels are called, as evidence for the fits of one learner."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from txtal.learner.answered import Answered
from txtal.learner.snapshot import Snapshot
from txtal.learner.source import DatasetSource
from txtal.learning.contest import Contest
from txtal.learning.label_text import label_texts, word_counts
from txtal.learning.names import Names
from txtal.learning.propagation import Propagation
from txtal.learning.stepwise import Steps, UnderWay
from txtal.learning.training import Trainer
from txtal.types import LearnerSettings

TEXTS = 2_000
"""Tickets whose words tell how a name that was run together is read."""

FEWEST = 20
"""Answers from which names are compared with a fit without them."""

GROWTH = 1.3
"""How many times the answers of the last comparison there must be for the next."""


@dataclass(frozen=True, eq=False)
class _Read:
    """Names as they were read last, and of what."""

    made: str
    labels: tuple[tuple[str, str], ...]
    propagation: Propagation
    names: Names | None


class LabelNames:
    """The names of a dataset's labels: read when the scheme or the features change, and left out
    while fits without them are better.
    """

    def __init__(self, source: DatasetSource, settings: LearnerSettings) -> None:
        self.misleading = False
        """Whether the last comparison spoke against them."""
        self._source = source
        self._seed = settings.seed
        self._wanted = settings.names
        self._compared_at = 0
        """Answers there were at the last comparison."""
        self._read: _Read | None = None
        self._comparison: UnderWay[None] | None = None
        """One under way."""

    def given_to(self, trainer: Trainer, snapshot: Snapshot) -> Trainer:
        """Return the trainer with the names as evidence, if they are wanted.

        Its hyperparameters say whether they count: not while they mislead.
        """
        if not self._wanted or trainer.propagation is None:
            return trainer
        names = self._names(trainer, trainer.propagation, snapshot)
        return replace(
            trainer, names=names, hyper=replace(trainer.hyper, names=not self.misleading)
        )

    def _names(
        self, trainer: Trainer, propagation: Propagation, snapshot: Snapshot
    ) -> Names | None:
        labels = tuple((label.name, label.description) for label in snapshot.scheme.labels)
        made, there = snapshot.features.made, self._read
        if (
            there is None
            or (there.made, there.labels) != (made, labels)
            or (there.propagation is not propagation)
        ):
            ids = snapshot.features.ids[:TEXTS].tolist()
            counts = word_counts(self._source.texts(ids))
            vectors = snapshot.features.vectoriser.transform(
                label_texts(labels, counts), foreign=True
            )
            names = replace(trainer, names=None).named(vectors).names
            self._read = there = _Read(made, labels, propagation, names)
        return there.names

    def compare(self, answered: Answered, trainer: Trainer) -> bool:
        """Do one fit to find out whether names mislead, if it is time to; return whether more is to
        be done.

        They are left out while the answers are predicted better without them, by more than one
        standard error in cross-validation.
        """
        if self._comparison is None:
            self._comparison = self._begin(answered, trainer)
        if self._comparison is None:
            return False
        if not self._comparison.step():
            self._comparison = None
        return self._comparison is not None

    def _begin(self, answered: Answered, trainer: Trainer) -> UnderWay[None] | None:
        if trainer.names is None or len(answered) < max(FEWEST, GROWTH * self._compared_at):
            return None
        self._compared_at = len(answered)
        known = answered.features, answered.rows, answered.cells
        contest = Contest.of(*known, trainer.task, seed=self._seed, fewest=FEWEST)
        return None if contest is None else UnderWay(self._comparing(contest, trainer))

    def _comparing(self, contest: Contest, trainer: Trainer) -> Steps[None]:
        scores = []
        for named in (True, False):
            hyper = replace(trainer.hyper, names=named)
            scores.append((yield from contest.scoring(replace(trainer, hyper=hyper))))
        gain = scores[0] - scores[1]
        self.misleading = bool(gain.mean() < -gain.std() / np.sqrt(len(gain)))
