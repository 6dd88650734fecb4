"""Answers carried on to similar tickets: what the unanswered pool teaches a linear model.

While answers are few, tickets that lie close together in the features mostly share their label.
Every answer is spread over a graph of nearest neighbours (Zhou et al. 2004, "Learning with Local
and Global Consistency", NIPS 16), the labels' shares are levelled (class mass normalisation, Zhu,
Ghahramani and Lafferty 2003, ICML, section 4), and a ridge regression learns the result back into
weights for the features. Added to the logistic regression's weights this is still one linear
model: its probabilities are the product of both, normalised.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from txtal.learning.arrays import Cells, Features, Floats, Indices, unit_rows, usable_rows
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel

SIZE = 12_000
"""Tickets in the graph: a sample of a larger pool. Finding neighbours takes its square."""

MOST = 3_000
"""Answers up to which they are carried on; with more, the answers speak for themselves."""

NEIGHBOURS = 5
SHARPNESS = 10.0
"""Two tickets are tied by exp(SHARPNESS * (cosine - 1))."""

KEPT = 0.9
"""Share of an answer's weight that is passed on at each step (alpha, Zhou et al.)."""

STEPS = 20
PENALTY = 1.0
"""Of the ridge regression."""

WEIGHT = 10.0
"""Of its scores, in logits, beside the logistic regression's."""

_BLOCK = 1_000


class Neighbourhood:
    """The graph over a sample of the pool, and how far the answer to each ticket reaches in it."""

    def __init__(self, features: Features, seed: int = 0) -> None:
        usable = np.flatnonzero(usable_rows(features))
        drawn = np.random.default_rng(seed).permutation(usable)[:SIZE]
        self.rows: Indices = np.sort(drawn)
        """Rows of the features that are in the graph (m,), ascending."""
        self._features = features
        self._reach: dict[int, Floats] = {}

    @cached_property
    def _unit(self) -> Features:
        return unit_rows(self._features[self.rows])

    @cached_property
    def _graph(self) -> sp.csr_array:
        """Symmetric ties (m, m), divided by the root of both tickets' sums."""
        near, ties = _nearest(self._unit, self._unit, skip_self=True)
        m = len(self.rows)
        begin = np.arange(0, near.size + 1, near.shape[1])
        one_way = sp.csr_array((ties.ravel(), near.ravel(), begin), shape=(m, m))
        graph = one_way.maximum(one_way.T)
        scale = 1 / np.sqrt(np.maximum(graph.sum(axis=1), 1e-12))
        return sp.csr_array(sp.diags_array(scale) @ graph @ sp.diags_array(scale), dtype=np.float32)

    @cached_property
    def _normal(self) -> Floats:
        """The inverse of the ridge regression's normal matrix (d + 1, d + 1)."""
        known = _with_one(self._unit)
        normal = known.T @ known + PENALTY * np.eye(known.shape[1], dtype=np.float32)
        return np.asarray(np.linalg.inv(normal), np.float32)

    def reach(self, rows: Indices) -> Floats:
        """How much of an answer to each of ``rows`` (a,) arrives at each ticket: (m, a)."""
        new = [row for row in rows.tolist() if row not in self._reach]
        for begin in range(0, len(new), _BLOCK):
            block = new[begin : begin + _BLOCK]
            for row, spread in zip(block, self._spread(np.array(block)).T, strict=True):
                self._reach[row] = np.ascontiguousarray(spread)
        if not len(rows):
            return np.zeros((len(self.rows), 0), np.float32)
        return np.stack([self._reach[row] for row in rows.tolist()], axis=1)

    def _spread(self, rows: Indices) -> Floats:
        seeds = self._seeds(rows)
        spread = seeds
        for _ in range(STEPS):
            spread = KEPT * (self._graph @ spread) + (1 - KEPT) * seeds
        return spread

    def _seeds(self, rows: Indices) -> Floats:
        """One where the ticket itself is in the graph; else shared among its nearest that are."""
        seeds = np.zeros((len(self.rows), len(rows)), np.float32)
        place = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        inside = self.rows[place] == rows
        seeds[place[inside], np.flatnonzero(inside)] = 1
        outside = np.flatnonzero(~inside)
        if len(outside):
            near, ties = _nearest(unit_rows(self._features[rows[outside]]), self._unit)
            np.put_along_axis(
                seeds[:, outside], near.T, (ties / ties.sum(axis=1, keepdims=True)).T, axis=0
            )
        return seeds

    def weights(self, soft: Floats) -> tuple[Floats, Floats]:
        """Ridge regression of soft labels (m, k): coefficients (k, d) and intercepts (k,)."""
        known = _with_one(self._unit)
        solved = (self._normal @ (known.T @ soft)).T
        return solved[:, :-1], solved[:, -1]


def carried(
    model: LinearModel, neighbourhood: Neighbourhood, rows: Indices, cells: Cells
) -> LinearModel:
    """``model`` with what its answers (a, k) to the tickets ``rows`` (a,) say of those near them.

    For exclusive tasks; rejects are not carried on. Expects features of rows of one length, as
    the vectorisers make them. The model comes back unchanged when it isn't ready, or has more
    than ``MOST`` answers.
    """
    accepted = np.flatnonzero((cells == IS).any(axis=1))
    if not model.ready or len(accepted) > MOST or not len(neighbourhood.rows):
        return model
    known = (cells[accepted][:, model.trained] == IS).astype(np.float32)
    mass = neighbourhood.reach(rows[accepted]) @ known
    mass /= np.maximum(mass.sum(axis=0), 1e-9)
    soft = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-12)
    ridge_coef, ridge_intercept = neighbourhood.weights(soft)
    coef, intercept = model.coef.copy(), model.intercept.copy()
    coef[model.trained] += WEIGHT * ridge_coef
    intercept[model.trained] += WEIGHT * ridge_intercept
    return replace(model, coef=coef, intercept=intercept)


def _nearest(
    unit: Features, others: Features, *, skip_self: bool = False
) -> tuple[Indices, Floats]:
    """The ``NEIGHBOURS`` of each row among ``others`` by cosine, and their ties: (n, NEIGHBOURS)."""
    count = min(NEIGHBOURS, max(1, len(others) - skip_self))
    near = np.empty((len(unit), count), np.int64)
    ties = np.empty((len(unit), count), np.float32)
    for begin in range(0, len(unit), _BLOCK):
        block = slice(begin, min(begin + _BLOCK, len(unit)))
        cosines = unit[block] @ others.T
        if skip_self:
            cosines[np.arange(len(cosines)), np.arange(block.start, block.stop)] = -2
        near[block] = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        ties[block] = np.exp(SHARPNESS * (np.take_along_axis(cosines, near[block], axis=1) - 1))
    return near, ties


def _with_one(features: Features) -> Floats:
    return np.hstack([features, np.ones((len(features), 1), np.float32)])
