"""The answers as arrays: what models are fitted to, measured on, and checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from txtal.learner.snapshot import Snapshot
from txtal.learning.arrays import Cells, Floats, Indices, Mask
from txtal.learning.matrix import IS, AnswerMatrix, answer_matrix


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The answered tickets, a row each, and how they came to be shown."""

    features: Floats
    """(m, d)."""
    rows: Indices
    """(m,): their rows in the dataset's features."""
    matrix: AnswerMatrix
    """Their ids (m,) and cells (m, k)."""
    labels: tuple[int, ...]
    """(k,): ids of the columns, which a change of the labels moves from one fit to the next."""
    audit: Mask
    """(m,): drawn uniformly at random."""
    selection: Mapping[int, float | None]
    """The selection probability of each ticket that isn't synthetic, in the order shown."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> Answered:
        """Gather the answers that teach something, to tickets that have features by now."""
        features, answers = snapshot.features, snapshot.answers
        there = features.rows([answer.ticket_id for answer in answers]) >= 0
        matrix = answer_matrix(list(compress(answers, there)), snapshot.scheme)
        rows = features.rows(matrix.ticket_ids)
        audit = np.isin(matrix.ticket_ids, list(snapshot.log.audited))
        return cls(
            features.matrix[rows], rows, matrix, snapshot.scheme.ids, audit, snapshot.log.selection
        )

    def __len__(self) -> int:
        return len(self.rows)

    def without(self, tickets: frozenset[int]) -> Answered:
        """Leave out the answers to these tickets."""
        if not tickets:
            return self
        kept = ~np.isin(self.matrix.ticket_ids, list(tickets))
        return replace(
            self,
            features=self.features[kept],
            rows=self.rows[kept],
            matrix=AnswerMatrix(self.matrix.ticket_ids[kept], self.matrix.cells[kept]),
            audit=self.audit[kept],
        )

    @property
    def cells(self) -> Cells:
        """(m, k) of IS, NOT and UNKNOWN."""
        return self.matrix.cells

    @property
    def tickets(self) -> Indices:
        """(m,): ids, ascending."""
        return self.matrix.ticket_ids

    def accepted(self, row: int) -> tuple[int, ...]:
        """Return the ids of the labels that were accepted for the ticket of this row."""
        return tuple(self.labels[column] for column in np.flatnonzero(self.cells[row] == IS))
