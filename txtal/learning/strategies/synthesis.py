"""Membership query synthesis: make up the most informative point, and pick the nearest ticket."""

from __future__ import annotations

from itertools import cycle, islice
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse

from txtal.learning.arrays import Features, Floats, Indices, squared_lengths
from txtal.learning.matrix import IS, NOT
from txtal.learning.model import Predictor
from txtal.learning.strategies.order import in_order
from txtal.learning.strategies.pool import Pool

SAMPLE = 20_000
"""Size of the random sample that uncertainty is measured on; the nearest is sought among all."""

HALVINGS = 20
"""Bisections in the search for a boundary: to a millionth of the way between its sides."""


def synthesis(pool: Pool) -> Floats:
    """Pick the tickets nearest to points made up on the most uncertain decision boundaries.

    Membership queries (Angluin 1988) that a person can read: Wang, Hu, Yuan and Lu 2015, "Active
    learning via query synthesis and nearest neighbour search" (Neurocomputing 147). On each
    boundary a point is made up where its two sides tie, by bisecting the way from one side's
    tickets to the other's, as means weighted by their uncertainty d. Boundaries take turns, those
    with the largest sum of d first; each picks the nearest ticket left, min_x ||x - point||, until
    ``pool.size`` are picked. All other tickets come after, by margin.

    exclusive: a boundary lies between two labels, and its tickets are those for which the two are
    most probable; d = 1 - (p_1 - p_2). multilabel, binary: between a label's yes and its no; d = 1
    - |2p - 1|. Where no ticket is on a side, the answered ones stand in.
    """
    rows = pool.sample(SAMPLE)
    boundaries = _boundaries(pool.proba[rows], pool)
    points = _points(pool, rows, boundaries)
    return in_order(pool, _nearest(pool, points))


def pairs(pool: Pool) -> list[tuple[int, int]]:
    """Return, for each made-up point, the rows nearest to it on the two sides of its boundary."""
    rows = pool.sample(SAMPLE)
    boundaries = _boundaries(pool.proba[rows], pool)
    points, places = _crossed(pool, rows, boundaries)
    distances = _distances(pool, points)
    found = []
    for point, place in enumerate(places):
        one, other = (rows[np.flatnonzero(side[place])] for side in boundaries.leaning)
        if len(one) and len(other):
            nearest = (side[distances[point, side].argmin()] for side in (one, other))
            found.append((int(next(nearest)), int(next(nearest))))
    return found


class Boundaries(NamedTuple):
    """The (b,) places where two answers tie, the most uncertain first."""

    one: Indices
    """(b,): the label on one side."""
    other: Indices | None
    """(b,): the label on the other; None where that is the label's no."""
    leaning: Floats
    """(2, b, m): the uncertainty of each sampled ticket that leans to the one or the other."""


def _boundaries(proba: Floats, pool: Pool) -> Boundaries:
    """Find the boundaries with any uncertainty, ``pool.size`` at most."""
    m, k = proba.shape
    if pool.task != "exclusive":
        uncertainty = 1 - np.abs(2 * proba.T - 1)
        one = _largest(uncertainty.sum(axis=1), pool.size)
        yes = proba.T[one] >= 0.5
        return Boundaries(one, None, np.array([uncertainty[one] * yes, uncertainty[one] * ~yes]))
    if k < 2 or not m:
        return Boundaries(_NONE, _NONE, np.empty((2, 0, m), np.float32))
    top = np.argpartition(-proba, 1, axis=1)[:, :2]
    p = np.take_along_axis(proba, top, axis=1)
    low, high = top.min(axis=1), top.max(axis=1)
    uncertainty, pair = 1 - np.abs(p[:, 0] - p[:, 1]), low * k + high
    found = _largest(np.bincount(pair, uncertainty, k * k).astype(np.float32), pool.size)
    leans = np.where(p[:, 0] > p[:, 1], top[:, 0], top[:, 1]) == low
    between = uncertainty * (pair == found[:, None])
    sides = np.array([between * leans, between * ~leans], np.float32)
    return Boundaries(found // k, found % k, sides)


_NONE: Indices = np.empty(0, np.int64)


def _largest(sums: Floats, size: int) -> Indices:
    order = np.argsort(-sums, kind="stable")[:size]
    return order[sums[order] > 0]


def _points(pool: Pool, rows: Indices, boundaries: Boundaries) -> Features:
    """Return a point (c, d) on each boundary whose sides both have tickets, in their order."""
    return _crossed(pool, rows, boundaries)[0]


def _crossed(pool: Pool, rows: Indices, boundaries: Boundaries) -> tuple[Features, Indices]:
    """Return the points (c, d) and which (c,) of the boundaries they are on."""
    one, other, leaning = boundaries
    model = pool.current_model
    facing, kind = (one, NOT) if other is None else (other, IS)
    begin = _middles(pool, rows, leaning[0], one, IS)
    end = _middles(pool, rows, leaning[1], facing, kind)
    there = np.flatnonzero(
        (_lead(model, begin, one, other) > 0) & (_lead(model, end, one, other) <= 0)
    )
    begin, end, one = begin[there], end[there], one[there]
    other = None if other is None else other[there]
    for _ in range(HALVINGS):
        middle = np.asarray((begin + end) / 2, np.float32)
        leads = _lead(model, middle, one, other) > 0
        begin[leads], end[~leads] = middle[leads], middle[~leads]
    return np.asarray((begin + end) / 2), there


def _middles(pool: Pool, rows: Indices, leaning: Floats, labels: Indices, kind: int) -> Features:
    """Return the mean (b, d) of tickets leaning to a side, else of the answered; NaN for none."""
    total = leaning.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        means = np.asarray(leaning @ pool.features[rows] / total, np.float32)
    if pool.answered is not None and pool.cells is not None:
        for row in np.flatnonzero(total == 0):
            known = pool.answered[pool.cells[:, labels[row]] == kind]
            if known.shape[0]:
                means[row] = np.asarray(known.mean(axis=0)).ravel()
    return means


def _lead(model: Predictor, points: Features, one: Indices, other: Indices | None) -> Floats:
    """Return how much more probable (b,) the one side is at a point; NaN for no point."""
    proba = model.predict_proba(np.nan_to_num(points))
    at = np.arange(len(points))
    lead = proba[at, one] - (0.5 if other is None else proba[at, other])
    return np.where(np.isfinite(points).all(axis=1), lead, np.nan)


def _nearest(pool: Pool, points: Features) -> Indices:
    """Return rows, ``pool.size`` at most: each point in turn picks the nearest one left."""
    if not len(points):
        return _NONE
    distances = _distances(pool, points)
    picks = []
    for point in islice(cycle(range(len(points))), min(pool.size, int(pool.usable.sum()))):
        picks.append(int(distances[point].argmin()))
        distances[:, picks[-1]] = np.inf
    return np.array(picks, np.int64)


def _distances(pool: Pool, points: Features) -> Floats:
    """Return squared distances (c, n) of tickets from points, less the points' squared length."""
    with np.errstate(all="ignore"):  # of rows that aren't usable, and so never picked
        products = pool.features @ points.T
        distances = squared_lengths(pool.features) - 2 * _dense(products).T
    distances[:, ~pool.usable] = np.inf
    return np.asarray(distances)


def _dense(product: Features) -> Features:
    return product.toarray() if issparse(product) else product  # type: ignore[attr-defined]
