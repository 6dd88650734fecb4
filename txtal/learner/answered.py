"""The answers as arrays: what fits, measures and doubts are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from txtal.learning.arrays import Cells, Floats, Indices
from txtal.learning.matrix import IS, AnswerMatrix, answer_matrix
from txtal.types import Answer, Scheme
from txtal.vectors.cache import Features


@dataclass(frozen=True, slots=True)
class Known:
    """The answers as arrays, a row each."""

    features: Floats
    """(m, d)."""
    rows: Indices
    """(m,): of the dataset's features."""
    matrix: AnswerMatrix
    labels: tuple[int, ...]
    """(k,): ids of the columns, which a change of the labels moves from one fit to the next."""

    @classmethod
    def of(cls, answers: Sequence[Answer], scheme: Scheme, features: Features) -> Known:
        """What the answers that stand teach; those to tickets without features, nothing yet."""
        there = features.rows([answer.ticket_id for answer in answers]) >= 0
        matrix = answer_matrix(list(compress(answers, there)), scheme)
        rows = features.rows(matrix.ticket_ids)
        return cls(features.matrix[rows], rows, matrix, scheme.ids)

    def without(self, tickets: frozenset[int]) -> Known:
        """The same but for the answers to these tickets."""
        if not tickets:
            return self
        kept = ~np.isin(self.matrix.ticket_ids, list(tickets))
        matrix = AnswerMatrix(self.matrix.ticket_ids[kept], self.matrix.cells[kept])
        return Known(self.features[kept], self.rows[kept], matrix, self.labels)

    @property
    def cells(self) -> Cells:
        return self.matrix.cells

    def accepted(self, row: int) -> tuple[int, ...]:
        """Ids of the labels that were accepted for the ticket of this row."""
        return tuple(self.labels[column] for column in np.flatnonzero(self.cells[row] == IS))
