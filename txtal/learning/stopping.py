"""When labelling stops paying: how much better the newest model expects to be than earlier ones.

No answer is spent on it. A fixed sample of the pool, the stop set, is decided by models of the
first third, half, ... of the answers and by the newest. Where two of them agree nothing was gained
(stabilising predictions: Bloodgood and Vijay-Shanker 2009, CoNLL; what they agree on bounds the
difference of their F-measures: Bloodgood and Grothendieck 2013, CoNLL). Where they differ, the
newest model's calibrated probabilities say how much better its own decisions are. So each earlier
model has an expected quality, and through those goes a learning curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from txtal.learning.arrays import Cells, Floats, Indices
from txtal.learning.curve import Curve
from txtal.learning.matrix import IS
from txtal.types import Estimate, Task

FRACTIONS = (1 / 3, 1 / 2, 2 / 3, 5 / 6)
"""Of the answers, that earlier models are made of."""

LAG = 100
"""Answers between the newest model and the one that it is compared with."""

RESAMPLES = 100


@dataclass(frozen=True, eq=False)
class StopSet:
    """What models made of more and more answers decide for the same unanswered tickets."""

    task: Task
    proba: Floats
    """(s, k): the newest model's, calibrated."""
    answers: Indices
    """(j,), ascending: what each model had learned from; the last is the newest."""
    decided: Sequence[Cells]
    """Of each model (s, k)."""

    @property
    def quality(self) -> Curve:
        """The curve of expected macro-F1."""
        drawn = self._draws()
        return Curve.fit(
            self.answers,
            np.stack([expected_f1(self.proba, one, drawn) for one in self.decided], axis=1),
        )

    @property
    def accuracy(self) -> Curve:
        """The curve of the expected share of tickets right in every label."""
        drawn = self._draws() / len(self.proba)
        return Curve.fit(
            self.answers,
            np.stack(
                [drawn @ expected_right(self.proba, one, self.task) for one in self.decided], axis=1
            ),
        )

    def _draws(self) -> Floats:
        """Return how often each ticket counts (b, s): once, then as often as it was drawn."""
        size = len(self.proba)
        rng = np.random.default_rng(0)
        return np.vstack([np.ones(size), rng.multinomial(size, np.full(size, 1 / size), RESAMPLES)])


def expected_f1(proba: Floats, decided: Cells, draws: Floats) -> Floats:
    """Return the macro-F1 (b,) of decisions (s, k) in each draw (b, s), by probabilities (s, k).

    Of the labels that are expected at least half a time: the same whatever was decided.
    """
    both, either = draws @ (proba * (decided == IS)), draws @ (proba + (decided == IS))
    occurs = draws @ proba > 0.5
    f1 = np.where(occurs, 2 * both / np.maximum(either, 1e-9), 0)
    return np.asarray(f1.sum(axis=1) / np.maximum(occurs.sum(axis=1), 1))


def expected_right(proba: Floats, decided: Cells, task: Task) -> Floats:
    """Return the probability (s,) that decisions (s, k) are right in every label."""
    chosen = decided == IS
    if task == "exclusive":
        return np.asarray((proba * chosen).sum(axis=1))
    return np.asarray(np.where(chosen, proba, 1 - proba).prod(axis=1))


def kappa(one: Cells, other: Cells, task: Task) -> float:
    """Return Cohen's kappa of two models' decisions (s, k): of labels, or of yes and no."""
    if task == "exclusive":
        same = float((one == other).all(axis=1).mean())
        chance = float((one == IS).mean(axis=0) @ (other == IS).mean(axis=0))
    else:
        same = float((one == other).mean())
        yes = float((one == IS).mean()), float((other == IS).mean())
        chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return (same - chance) / (1 - chance) if chance < 1 else 1.0


def changed(one: Cells, other: Cells) -> float:
    """Return the fraction of tickets that two models decide differently (s, k)."""
    return float((one != other).any(axis=1).mean())


def plateau(history: Sequence[tuple[int, Estimate]]) -> int:
    """Return for how many answers the estimate has not risen; 0 if it has, or if that isn't known.

    ``history`` is the answers and the estimate of each measuring, oldest first. Compared is with
    estimates that had half as many audit answers as the last, and ``_TOLD`` at least: with fewer,
    chance alone would often have put one of them higher.
    """
    if not history:
        return 0
    answers, last = history[-1]
    spans = (
        answers - before
        for before, estimate in history
        if estimate.n >= max(_TOLD, last.n / 2) and estimate.value >= last.value
    )
    return max(spans, default=0)


_TOLD = 50
