"""Bootstraps of the answers, so that models fitted to them differ."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Cells, Indices
from txtal.learning.matrix import IS, NOT

ROWS = 500
"""Answers that a model of a committee is fitted to at most, to bound the time."""


def bootstrap(cells: Cells, rng: np.random.Generator) -> Indices:
    """Draw rows of the answers (m, k) with replacement, ``ROWS`` at most.

    Where a draw missed every IS or every NOT of a label, one such row is added, so that each model
    knows every label in the answers. Fewer rows than answers make a bootstrap too (Bickel, Götze
    and van Zwet 1997, Statistica Sinica 7, m out of n).
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
