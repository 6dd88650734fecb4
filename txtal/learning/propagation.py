"""Label propagation: what the unanswered pool teaches a linear model.

While answers are few, tickets that lie close together in the features mostly share their label.
Every answer is spread over a graph of nearest neighbours (Zhou et al. 2004, "Learning with Local
and Global Consistency", NIPS 16), the labels' shares are levelled (class mass normalisation, Zhu,
Ghahramani and Lafferty 2003, ICML, section 4), and a ridge regression learns the result back into
weights for the features. Added to the logistic regression's weights this is still one linear
model: its probabilities are the product of both, normalised.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from txtal.learning.arrays import Cells, Floats, Indices, Mask
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel
from txtal.learning.neighbourhood import Neighbourhood

MOST = 3_000
"""The most answers that are propagated; with more, the answers speak for themselves."""

NEIGHBOURS = 5
SHARPNESS = 10.0
"""Two tickets are tied by exp(SHARPNESS * (cosine - 1))."""

KEPT = 0.9
"""Fraction of an answer's weight that is passed on at each step (alpha, Zhou et al.)."""

STEPS = 20
PENALTY = 1.0
"""Of the ridge regression."""

REMEMBERED = 32
"""Ridge regressions that are kept, so that a search that tries other settings on the same answers
works each out once."""

WEIGHT = 3.0
"""Of its scores, in logits, beside the logistic regression's."""


class Named(NamedTuple):
    """What the labels' names say of the tickets in the sample; see :mod:`..names`."""

    reach: Floats
    """(m, k): how much of each name arrives at each ticket."""
    weight: float
    """What a name's reach counts beside an answer's."""
    strength: float
    """What a name counts beside an answer of its label, 0 to 1."""

    @property
    def mass(self) -> Floats:
        """What arrives (m, k) of names that count so much."""
        return self.weight * self.reach


class Spread(NamedTuple):
    """Answers that were spread, and what came of it."""

    answers: Counter[tuple[int, int]]
    """How often each row was given each label."""
    mass: Floats
    """(m, k): how much of them arrived at each ticket."""


class Ridge(NamedTuple):
    """Weights that give back, by the features, what arrived at each ticket."""

    coef: Floats
    """(t, d), of the labels that were learned."""
    intercept: Floats
    """(t,)."""
    named: Named | None
    """The names that took part: what is kept is found by which they are, so they are kept too."""


class Propagation:
    """How far answers reach; what was spread last is kept for the next."""

    def __init__(self, neighbourhood: Neighbourhood) -> None:
        self._near = neighbourhood
        self._last = self._nothing(0)
        self._ridges: OrderedDict[Hashable, Ridge] = OrderedDict()
        """Those asked for last, at the end."""

    @property
    def sample(self) -> Neighbourhood:
        """The tickets that answers are spread over."""
        return self._near

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

    def mass(self, rows: Indices, labels: Indices, count: int) -> Floats:
        """Return how much of the answers ``labels`` (a,) to ``rows`` (a,) arrives where (m, count).

        Spreading is linear, so labels are spread and not answers, and what came of the last
        answers is kept: those that are new are added to it.
        """
        return self._mass(_counted(rows, labels), count)

    def _mass(self, wanted: Counter[tuple[int, int]], count: int) -> Floats:
        last = self._last if self._last.mass.shape[1] == count else self._nothing(count)
        mass = last.mass.copy()
        # Nothing is ever subtracted: what is left of far tickets would be rounding errors. The
        # labels of answers that are gone are spread again.
        again = {label for _, label in last.answers - wanted}
        mass[:, list(again)] = 0
        kept = {answer: n for answer, n in last.answers.items() if answer[1] not in again}
        self._spread_answers(wanted - Counter(kept), mass)
        if wanted.total() >= self._last.answers.total():
            self._last = Spread(wanted, mass)
        return mass

    def _nothing(self, labels: int) -> Spread:
        return Spread(Counter(), np.zeros((len(self._near), labels), np.float32))

    def _spread_answers(self, answers: Counter[tuple[int, int]], mass: Floats) -> None:
        """Add what arrives of these answers, each so many times, to the mass (m, labels)."""
        if answers:
            answered = np.array(list(answers), np.int64)
            columns, column = np.unique(answered[:, 1], return_inverse=True)
            times = np.zeros((len(answered), len(columns)), np.float32)
            times[np.arange(len(answered)), column] = list(answers.values())
            mass[:, columns] += self.spread(self._seeds(answered[:, 0]) @ times)

    def spread(self, seeds: Floats) -> Floats:
        """Return what arrives at each ticket of the sample (m, c) of ``seeds`` (m, c) there."""
        spread, added = seeds, (1 - KEPT) * seeds
        for _ in range(STEPS):
            spread = self._graph @ spread
            spread *= KEPT
            spread += added
        return np.asarray(spread, np.float32)

    def _seeds(self, rows: Indices) -> sp.csr_array:
        """Place answers (m, a): 1 at the ticket itself, or shared among those nearest to it."""
        found, places = self._near.inside(rows)
        outside = np.setdiff1d(np.arange(len(rows)), found)
        near, ties = _tied(*self._near.near_to(rows[outside]))
        shares = ties / np.maximum(ties.sum(axis=1, keepdims=True), 1e-12)
        values = np.concatenate([np.ones(len(found), np.float32), shares.ravel()])
        at = np.concatenate([places, near.ravel()])
        of = np.concatenate([found, np.repeat(outside, near.shape[1])])
        return sp.csr_array((values, (at, of)), shape=(len(self._near), len(rows)))

    def weights(self, soft: Floats) -> tuple[Floats, Floats]:
        """Fit a ridge regression to soft labels (m, k): coefficients (k, d) and intercepts (k,)."""
        moments = np.vstack([self._near.features.T @ soft, soft.sum(axis=0)])
        solved = (self._normal @ moments).T
        return solved[:, :-1], solved[:, -1]

    def propagate(
        self,
        model: LinearModel,
        rows: Indices,
        cells: Cells,
        named: Named | None = None,
    ) -> LinearModel:
        """Add to ``model`` what its answers (a, k) to ``rows`` (a,) say of the tickets near them.

        ``named`` is what the labels' names say of them. For exclusive tasks; a reject is not
        propagated. The model comes back unchanged when it isn't ready, or when more than ``MOST``
        answers speak for themselves.
        """
        accepted = np.flatnonzero((cells == IS).any(axis=1))
        applies = model.task == "exclusive" and model.ready and len(self._near) > NEIGHBOURS
        if not applies or len(accepted) > MOST:
            return model
        answers = _counted(rows[accepted], cells[accepted].argmax(axis=1))
        ridge = self._ridge(answers, model.trained, named)
        coef, intercept = model.coef.copy(), model.intercept.copy()
        coef[model.trained] += WEIGHT * ridge.coef
        intercept[model.trained] += WEIGHT * ridge.intercept
        return replace(model, coef=coef, intercept=intercept)

    def _ridge(
        self, answers: Counter[tuple[int, int]], trained: Mask, named: Named | None
    ) -> Ridge:
        """Return the ridge regression of the ``trained`` labels (k,), perhaps one that is kept."""
        by_names = named and (id(named.reach), named.weight, named.strength)
        key = frozenset(answers.items()), trained.tobytes(), by_names
        found = self._ridges.pop(key, None)
        if found is None:
            found = Ridge(*self.weights(self._soft(answers, trained, named)), named)
        self._ridges[key] = found
        if len(self._ridges) > REMEMBERED:
            self._ridges.popitem(last=False)
        return found

    def _soft(
        self, answers: Counter[tuple[int, int]], trained: Mask, named: Named | None
    ) -> Floats:
        """Return the share (m, t) of each trained label in what arrives at each ticket."""
        mass = self._mass(answers, len(trained))
        total = np.zeros(len(trained), np.float32)
        for (_, label), times in answers.items():
            total[label] += times
        if named is not None:
            mass, total = mass + named.mass, total + named.strength
        levelled = np.minimum(1, total) / np.maximum(mass.sum(axis=0), 1e-9)
        mass = mass[:, trained] * levelled[trained]
        return np.asarray(mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-12))


def _tied(places: Indices, cosines: Floats) -> tuple[Indices, Floats]:
    """Return the first ``NEIGHBOURS`` of each row, and how strongly they are tied to it."""
    return places[:, :NEIGHBOURS], np.exp(SHARPNESS * (cosines[:, :NEIGHBOURS] - 1))


def _counted(rows: Indices, labels: Indices) -> Counter[tuple[int, int]]:
    """Return how often each row was given each label."""
    return Counter(zip(rows.tolist(), labels.tolist(), strict=True))


def _with_one(features: Floats) -> Floats:
    return np.hstack([features, np.ones((len(features), 1), np.float32)])
