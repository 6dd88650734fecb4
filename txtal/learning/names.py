"""Label names as evidence: what a label is called says which tickets it is for.

A label's name, vectorised like a ticket, lies near tickets it applies to. So before anybody has
answered, each label gets a *virtual ticket*: its name's direction, refined by the tickets of the
pool that are near it (pseudo-relevance feedback, Rocchio 1971; seed-guided weak supervision, Meng
et al. 2018, "Weakly-Supervised Neural Text Classification", CIKM). The one linear model learns
from it as it would from an answer of small weight. Training on label descriptions: Gao et al.
2023, "The Benefits of Label-Description Training for Zero-Shot Text Classification", EMNLP;
comparing texts with label names in one space: Müller, Pérez-Torró and Franco-Salvador 2022,
"Few-Shot Learning with Siamese Networks and Label Tuning", ACL.

How much names are worth differs from scheme to scheme. With z0 the names-only model's scores and y
the answers so far, the weight of a temperature t is the likelihood of the answers under it::

    p(t | answers)  ~  prod_i softmax(t z0(x_i))[y_i],     t in TEMPERATURES, uniform a priori

and ``strength`` is min(1, 2 E[t]). Uninformative names get t = 0, where all labels are equally
probable. No cross-fitting is needed, for the names-only model has seen no answer. Names fade as
answers come in, by ``fade`` = 3 / (3 + answers / labels).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, log_softmax, softmax

from txtal.learning.arrays import (
    Cells,
    Features,
    Floats,
    Mask,
    squared_lengths,
    unit_rows,
    usable_rows,
)
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.learning.model import LinearModel
from txtal.learning.propagation import NEIGHBOURS, Named, Propagation
from txtal.types import Task

TEMPERATURES = np.array([0, 0.06, 0.125, 0.25, 0.5, 1], np.float32)

LEAST = 0.05
"""Strength below which names are left out."""

FADE = 3.0
"""Answers per label that count as much as its name."""

ENOUGH = 3
"""Accepts of a label after which its virtual ticket is no longer learned from."""

COSINE = 8.0
"""Logits of a ticket in the very direction of a label's name, at full strength."""

NEAREST = 20
"""Tickets of the sample that a name is first found in."""

SHARPNESS = 10.0
"""How much more the nearest of those count; see :func:`near`."""


@dataclass(frozen=True, eq=False)
class Names:
    """The labels' names in the space of the tickets' features; made once a scheme and features."""

    usable: Mask
    """(k,): whether the vectoriser reads anything in the name."""
    directions: Floats
    """(k, d), of length one: each name, refined by the tickets near it."""
    virtual: Floats
    """(k, d): as tickets, of the length that tickets have in the mean."""
    background: Floats
    """(1, d): the mean ticket, which no label is for."""
    reach: Floats
    """(m, k): how much of each name arrives at each ticket of the sample."""
    coef: Floats
    """(k, d): the names-only model's weights."""
    intercept: Floats
    """(k,)."""

    def scores(self, features: Features) -> Floats:
        """The names-only model's logits (n, k)."""
        return np.asarray(features @ self.coef.T + self.intercept)

    def weigh(self, features: Features, cells: Cells, task: Task) -> NameWeight:
        """What the names are worth beside the answers (n, k) to tickets of these features."""
        faded = fade(*cells.shape)
        all_kept = np.ones(cells.shape[1], np.float32)
        if not len(cells):
            return NameWeight(1.0, faded, all_kept)
        scores = self.scores(features)
        expected = _temperature(scores, cells, self.usable, task)
        strength = min(1.0, 2 * expected)
        if strength < LEAST:
            return NameWeight(0.0, faded, all_kept)
        one_label = cells.shape[1] == 1  # which claims every ticket, having no other beside it
        kept = all_kept if one_label else self._kept(max(expected, LEAST) * scores, cells, task)
        return NameWeight(strength, faded, kept)

    def joined(
        self, features: Features, cells: Cells, weight: NameWeight, task: Task
    ) -> tuple[Features, Cells, Floats]:
        """The answers (n, k) with the virtual tickets after them, and what each row weighs.

        exclusive: a ticket for each label with fewer than ``ENOUGH`` accepts. Otherwise: one for
        each, of which nothing is known but its own label, and the mean ticket, to which none
        applies.
        """
        weights = np.ones(len(cells), np.float32)
        if not weight.strength:
            return features, cells, weights
        usable = self.usable
        if task == "exclusive":
            usable = usable & ((cells == IS).sum(axis=0) < ENOUGH)
        labels = np.flatnonzero(usable)
        rows, said = self.virtual[labels], np.full((len(labels), cells.shape[1]), UNKNOWN, np.int8)
        if task == "exclusive":
            said[:] = NOT
        said[np.arange(len(labels)), labels] = IS
        virtual = np.full(len(labels), weight.strength, np.float32)
        if task != "exclusive":
            virtual = np.append(virtual * weight.kept[labels], np.float32(weight.strength))
            rows = np.vstack([rows, self.background])
            said = np.vstack([said, np.where(self.usable, NOT, UNKNOWN).astype(np.int8)])
        return (
            np.vstack([features, rows]),
            np.vstack([cells, said]),
            np.append(weights, virtual),
        )

    def named(self, weight: NameWeight) -> Named | None:
        """What :meth:`Propagation.propagate` gets of names that count so much."""
        if not weight.strength:
            return None
        return Named(self.reach, weight.strength * weight.fade, weight.strength)

    def added(self, model: LinearModel, weight: NameWeight) -> LinearModel:
        """The model with what is due to a ticket in the very direction of a name, and less for
        names that claim too much."""
        if not weight.strength:
            return model
        shift = np.float32(weight.fade) * np.log(weight.kept)
        coef = model.coef + COSINE * weight.strength * weight.fade * self.directions
        return replace(model, coef=coef, intercept=model.intercept + shift)

    def _kept(self, scores: Floats, cells: Cells, task: Task) -> Floats:
        """How much is left (k,) of names that claim more tickets than their labels were given."""
        given = cells == IS
        known = given.any(axis=1) if task == "exclusive" else np.ones(len(cells), np.bool_)
        labels_each = np.maximum(1, given[known].sum(axis=1, keepdims=True))
        claims = softmax(_masked(scores[known], self.usable), axis=1) * labels_each
        kept = (given.sum(axis=0) + 1) / (claims.sum(axis=0) + 1)
        return np.asarray(np.minimum(1, kept), np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class NameWeight:
    """How much names count in one fit."""

    strength: float
    """0: not at all, to 1."""
    fade: float
    """From 1 with no answers towards 0."""
    kept: Floats
    """(k,): how much of each name's weight is left, 0 to 1."""


def fade(answers: int, labels: int) -> float:
    """How much names still count after so many answers, from 1 towards 0."""
    return FADE / (FADE + answers / max(1, labels))


def of(vectors: Floats, propagation: Propagation) -> Names | None:
    """Names from their vectors (k, d), with no scores yet; None where nothing can be read in them.

    A vector is what the vectoriser makes of a label's text; of zeros, there is nothing to read.
    """
    sample = propagation.sample
    usable = usable_rows(vectors)
    if not usable.any() or len(sample) <= NEIGHBOURS:
        return None
    first = propagation.spread(near(vectors, sample.unit))
    directions = refined(vectors, first, sample.features) * usable[:, None]
    length = float(np.sqrt(squared_lengths(sample.features)).mean())
    reach = propagation.spread(near(directions, sample.unit)) * usable
    none = np.zeros(len(vectors), np.float32)
    background = sample.features.mean(axis=0, keepdims=True)
    return Names(
        usable,
        directions,
        directions * length,
        background,
        reach,
        np.zeros_like(directions),
        none,
    )


def near(directions: Floats, unit: Floats) -> Floats:
    """Each direction (k, d) as shares (m, k) of the sample's tickets near it, of sum 1 a label.

    ``unit`` (m, d) are the sample's features of length one. The ``NEAREST`` share it in proportion
    to exp(SHARPNESS * (cosine - 1)).
    """
    cosines = unit_rows(directions) @ unit.T
    shares = np.zeros_like(cosines)
    kept = min(NEAREST, cosines.shape[1])
    if kept:
        places = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        ties = np.exp(SHARPNESS * (np.take_along_axis(cosines, places, axis=1) - 1))
        np.put_along_axis(shares, places, ties / ties.sum(axis=1, keepdims=True), axis=1)
    return np.ascontiguousarray(shares.T)


def refined(vectors: Floats, reach: Floats, features: Features) -> Floats:
    """The names' directions (k, d), each halfway to the tickets that it reaches."""
    return unit_rows(unit_rows(np.asarray(reach.T @ features)) + unit_rows(vectors))


def _temperature(scores: Floats, cells: Cells, usable: Mask, task: Task) -> float:
    """The posterior mean of the temperature at which names explain the answers."""
    if task == "exclusive":
        known = (cells == IS).any(axis=1)
        likelihood = _softmax_likelihood(scores[known], cells[known], usable)
    elif cells.shape[1] > 1:
        likelihood = _softmax_likelihood(scores, cells, usable)
    else:
        likelihood = _yes_likelihood(scores[:, 0], cells[:, 0])
    weights = np.exp(likelihood - likelihood.max())
    return float((weights * TEMPERATURES).sum() / weights.sum())


def _softmax_likelihood(scores: Floats, cells: Cells, usable: Mask) -> Floats:
    """Log-likelihoods (temperatures,) of the labels given, those of one ticket counting as one."""
    given = (cells == IS).astype(np.float32)
    given /= np.maximum(given.sum(axis=1, keepdims=True), 1)
    logs = [log_softmax(_masked(t * scores, usable), axis=1) for t in TEMPERATURES]
    return np.array([(given[:, usable] * log[:, usable]).sum() for log in logs], np.float32)


def _yes_likelihood(scores: Floats, answers: Cells) -> Floats:
    """The same of yes and no to a single label, whose share of yes is as it was answered."""
    yes, no = (answers == IS), (answers == NOT)
    base = np.log((yes.sum() + 1) / (no.sum() + 1))
    level = scores - scores.mean()
    logits = np.array([t * level + base for t in TEMPERATURES])
    proba = np.clip(expit(logits), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(proba[:, yes]).sum(axis=1) + np.log(1 - proba[:, no]).sum(axis=1))


def _masked(scores: Floats, usable: Mask) -> Floats:
    return np.where(usable, scores, -30.0).astype(np.float32)
