"""Herding, the default: it needs no starting order."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Cells, Floats
from txtal.learning.herding import Herding, sharpness
from txtal.learning.matrix import IS
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.strategies.pool import Place, Pool
from txtal.learning.strategies.uncertainty import least_confidence, margin


def herding(pool: Pool) -> Floats:
    """Score the uncertainty around each ticket that no answer covers.

    See :mod:`txtal.learning.herding`. Uncertainty is ``margin``, for ratings ``least-confidence``;
    without a model every ticket is equally uncertain, and the first picks are the most
    representative. In a pool above 12,000 tickets a uniform sample is scored; the others come
    after it, in no order.
    """
    place = pool.place or _place(pool)
    sample = place.herding.sample
    if pool.model is None:
        uncertainty = np.ones(len(sample), np.float32)
    else:
        uncertain = least_confidence if pool.task == "rating" else margin
        uncertainty = np.maximum(uncertain(Pool(sample.features, pool.task, pool.model)), 0)
    gains = place.herding.gains(uncertainty, place.answered, pool.size, _sharpness(pool))
    scores = np.full(len(pool), np.finfo(np.float32).min, np.float32)
    found, places = sample.inside(place.rows)
    scores[found] = gains[places]
    return scores


def _sharpness(pool: Pool) -> float:
    cells = pool.cells
    return sharpness(0, 0) if cells is None else sharpness(len(cells), _labels_met(cells))


def _labels_met(cells: Cells) -> int:
    return int((cells == IS).any(axis=0).sum())


def _place(pool: Pool) -> Place:
    """Find the neighbours of a pool that came without any."""
    answered = pool.answered
    features = pool.features if answered is None else np.vstack([pool.features, answered])
    herding = Herding(Neighbourhood(features))
    rows = np.arange(len(features))
    return Place(herding, rows[: len(pool)], rows[len(pool) :])
