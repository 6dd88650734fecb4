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

from txtal.learning.arrays import Cells, Floats, Indices
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel
from txtal.learning.neighbourhood import Neighbourhood

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

WEIGHT = 3.0
"""Of its scores, in logits, beside the logistic regression's."""


class Propagation:
    """How far the answer to each ticket reaches; worked out once a ticket and kept."""

    def __init__(self, neighbourhood: Neighbourhood) -> None:
        self._near = neighbourhood
        self._reach: dict[int, Floats] = {}

    @cached_property
    def _graph(self) -> sp.csr_array:
        """Symmetric ties (m, m), divided by the root of both tickets' sums."""
        places, ties = _tied(self._near.near.places[:, 1:], self._near.near.cosines[:, 1:])
        m = len(self._near)
        begin = np.arange(0, places.size + 1, max(1, places.shape[1]))
        one_way = sp.csr_array((ties.ravel(), places.ravel(), begin[: m + 1]), shape=(m, m))
        graph = one_way.maximum(one_way.T)
        scale = sp.diags_array(1 / np.sqrt(np.maximum(graph.sum(axis=1), 1e-12)))
        return sp.csr_array(scale @ graph @ scale, dtype=np.float32)

    @cached_property
    def _normal(self) -> Floats:
        """The inverse of the ridge regression's normal matrix (d + 1, d + 1)."""
        known = _with_one(self._near.features)
        normal = known.T @ known + PENALTY * np.eye(known.shape[1], dtype=np.float32)
        return np.asarray(np.linalg.inv(normal), np.float32)

    def reach(self, rows: Indices) -> Floats:
        """How much of an answer to each of ``rows`` (a,) arrives at each ticket: (m, a)."""
        new = np.array([row for row in rows.tolist() if row not in self._reach], np.int64)
        if len(new):
            spread = np.ascontiguousarray(self._spread(new).T)
            self._reach.update(zip(new.tolist(), spread, strict=True))
        # Each is one piece of memory: to copy them row by row is several times as fast.
        reach = np.empty((len(rows), len(self._near)), np.float32)
        for place, row in enumerate(rows.tolist()):
            reach[place] = self._reach[row]
        return reach.T

    def _spread(self, rows: Indices) -> Floats:
        seeds = self._seeds(rows)
        spread = seeds
        for _ in range(STEPS):
            spread = KEPT * (self._graph @ spread) + (1 - KEPT) * seeds
        return spread

    def _seeds(self, rows: Indices) -> Floats:
        """One at the ticket itself; outside the sample, shared among the nearest that are in it."""
        seeds = np.zeros((len(rows), len(self._near)), np.float32)
        found, places = self._near.inside(rows)
        seeds[found, places] = 1
        outside = np.setdiff1d(np.arange(len(rows)), found)
        if len(outside):
            near, ties = _tied(*self._near.near_to(rows[outside]))
            shared = np.zeros((len(outside), len(self._near)), np.float32)
            np.put_along_axis(shared, near, ties / ties.sum(axis=1, keepdims=True), axis=1)
            seeds[outside] = shared
        return seeds.T

    def weights(self, soft: Floats) -> tuple[Floats, Floats]:
        """Ridge regression of soft labels (m, k): coefficients (k, d) and intercepts (k,)."""
        solved = (self._normal @ (_with_one(self._near.features).T @ soft)).T
        return solved[:, :-1], solved[:, -1]

    def carry(
        self, model: LinearModel, rows: Indices, cells: Cells, weight: float = WEIGHT
    ) -> LinearModel:
        """``model`` with what its answers (a, k) to ``rows`` (a,) say of the tickets near them.

        For exclusive tasks; a reject is not carried on. The model comes back unchanged when it
        isn't ready, or when more than ``MOST`` answers speak for themselves.
        """
        accepted = np.flatnonzero((cells == IS).any(axis=1))
        applies = model.task == "exclusive" and model.ready and len(self._near) > NEIGHBOURS
        if not applies or len(accepted) > MOST:
            return model
        known = (cells[accepted][:, model.trained] == IS).astype(np.float32)
        mass = self.reach(rows[accepted]) @ known
        mass /= np.maximum(mass.sum(axis=0), 1e-9)
        soft = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-12)
        ridge_coef, ridge_intercept = self.weights(soft)
        coef, intercept = model.coef.copy(), model.intercept.copy()
        coef[model.trained] += weight * ridge_coef
        intercept[model.trained] += weight * ridge_intercept
        return replace(model, coef=coef, intercept=intercept)


def _tied(places: Indices, cosines: Floats) -> tuple[Indices, Floats]:
    """The first ``NEIGHBOURS`` of each row and how strongly they are tied to it."""
    return places[:, :NEIGHBOURS], np.exp(SHARPNESS * (cosines[:, :NEIGHBOURS] - 1))


def _with_one(features: Floats) -> Floats:
    return np.hstack([features, np.ones((len(features), 1), np.float32)])
