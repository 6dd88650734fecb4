"""Answers drawn again, so that models of them differ by what they happened to see."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Cells, Indices
from txtal.learning.matrix import IS, NOT

ROWS = 500
"""Answers a model of a committee learns from at most, to bound the time of its fit."""


def bootstrap(cells: Cells, rng: np.random.Generator) -> Indices:
    """Rows of the answers (m, k), ``ROWS`` at most, drawn with replacement.

    What a draw missed of a label, all that is IS or all that is NOT, is made up for by one row of
    that kind: each model knows every label the answers know. Fewer rows than there are answers
    make a bootstrap too (Bickel, Götze and van Zwet 1997, Statistica Sinica 7, m out of n).
    """
    rows = rng.integers(len(cells), size=min(len(cells), ROWS))
    missed = [
        rng.choice(np.flatnonzero(cells[:, label] == kind))
        for kind in (IS, NOT)
        for label in np.flatnonzero(
            (cells == kind).any(axis=0) & ~(cells[rows] == kind).any(axis=0)
        )
    ]
    return np.concatenate([rows, np.array(missed, np.int64)])
