"""What the database held when a learner read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from txtal.errors import LearnerError
from txtal.learner.source import DatasetSource
from txtal.learning.arrays import Indices, Mask
from txtal.store import answers, datasets, predictions, revisions, synthetic
from txtal.store.sqlite import Connection
from txtal.types import Answer, Dataset, Scheme
from txtal.vectors.cache import DatasetFeatures


@dataclass(frozen=True, slots=True)
class AnswerLog:
    """A dataset with the answers that stand, and how their tickets came to be shown."""

    dataset: Dataset
    newest: int
    """Id of the newest row of the log."""
    answers: Sequence[Answer]
    selection: Mapping[int, float | None]
    """The selection probability of each answered ticket that isn't synthetic, in the order shown.
    None where it isn't known."""
    audited: frozenset[int]
    """Ids of the tickets that were drawn uniformly, whatever they were shown again for."""
    synthetic: frozenset[int]
    """Ids of the tickets that were composed, which are no part of the pool."""
    labelled: frozenset[int] = frozenset()
    """Ids of the tickets that the model labelled under a bound that holds."""
    state: str = ""
    """Of answers, labels and tickets; see :func:`txtal.store.revisions.state`."""

    @classmethod
    def read(cls, conn: Connection, source: DatasetSource) -> AnswerLog:
        """Read a dataset's answers. Raises LearnerError where there are no labels."""
        name = source.name
        dataset = datasets.get(conn, name)
        if not dataset.scheme.labels:
            raise LearnerError(
                f"{name} has no labels yet; label some tickets first: txtal teach {name} -l A,B"
            )
        # The newest id is read before the answers: they may hold more than it says, never less.
        newest, state = answers.newest(conn, dataset.id), revisions.state(conn, dataset.id)
        return cls(
            dataset,
            newest,
            source.answers.read(conn, dataset.id),
            answers.selection_probabilities(conn, dataset.id),
            answers.drawn(conn, dataset.id, dataset.scheme.task),
            synthetic.ids(conn, dataset.id),
            frozenset(predictions.labelled(conn, dataset.id)),
            state,
        )


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The answers at one moment, with the features there were."""

    log: AnswerLog
    features: DatasetFeatures

    @property
    def scheme(self) -> Scheme:
        return self.log.dataset.scheme

    @property
    def answers(self) -> Sequence[Answer]:
        return self.log.answers

    @cached_property
    def is_open(self) -> Mask:
        """The rows of the features (n,) whose tickets nobody has answered."""
        is_open = np.ones(len(self.features.ids), np.bool_)
        answered = (one.ticket_id for one in self.log.answers)
        closed = self.features.rows([*answered, *self.log.synthetic])
        is_open[closed[closed >= 0]] = False
        return is_open

    @cached_property
    def open_rows(self) -> Indices:
        """The same rows by their numbers, ascending."""
        return np.flatnonzero(self.is_open)
