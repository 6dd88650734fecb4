"""How good models of a dataset's answers are on answers that were held out of them.

For answers that nobody drew at random, as those loaded from elsewhere. What is measured holds for
other tickets only if the answers were drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from txtal.errors import LearnerError
from txtal.learner import measuring
from txtal.learner.fit import NOT_READY, Fit
from txtal.learning.arrays import Cells, Floats, Indices
from txtal.learning.crossfit import FOLDS, cross_fitted, deal
from txtal.learning.evaluate import known_in_full, measured
from txtal.learning.matrix import IS
from txtal.learning.model import decide
from txtal.learning.overlap import shared, sketches
from txtal.learning.split import split
from txtal.text import count
from txtal.types import Measures, Overlap

STEPS = (0.25, 0.5, 0.75, 1.0)
"""Fractions of the answers learned from, in a training curve."""

MANY = 3_000
FOLDS_OF_MANY = 3
"""Folds from so many answers on: fits take longer, and two thirds of them teach nearly as much."""

FEWEST = 20
"""Answers known in full below which nothing is measured."""


@dataclass(frozen=True, slots=True)
class Step:
    """A model of some of the answers."""

    answers: int
    measures: Measures


@dataclass(frozen=True, slots=True)
class HeldOutCurve:
    """A part of the answers held out, and models of more and more of the others."""

    measures: Measures
    """Of the model of all of the others; labels by their ids."""
    curve: tuple[Step, ...]
    overlap: Overlap
    """Of the part held out with the others: nearly the same texts."""


def of_all(fit: Fit) -> Measures:
    """Measure on all answers known in full, each predicted by a model of most of the others.

    Raises LearnerError for fewer than ``FEWEST``.
    """
    rows, proba = predicted(fit)
    found = measured(fit.answered.cells[rows], proba, fit.task, answers=len(fit.answered))
    return measuring.by_label(found, fit.answered.labels)


def predicted(fit: Fit) -> tuple[Indices, Floats]:
    """Return the rows (m,) of answers known in full, and probabilities (m, k) by cross-fitting.

    Raises LearnerError for fewer than ``FEWEST``.
    """
    answered = fit.answered
    rows = _usable(fit)
    folds = FOLDS if len(rows) < MANY else FOLDS_OF_MANY
    which = np.zeros(len(answered), np.bool_)
    which[rows] = True
    proba, known = cross_fitted(
        answered.features, answered.rows, answered.cells, deal(answered.cells, which, folds),
        fit.trainer.model,
    )  # fmt: skip
    rows = rows[known[rows].any(axis=1)]
    return rows, proba[rows]


def decisions(fit: Fit) -> list[tuple[int, bool, frozenset[str], frozenset[str]]]:
    """Return each such answer's ticket, whether the audit drew it, its labels, and those predicted.

    Raises as :func:`predicted`.
    """
    rows, proba = predicted(fit)
    names = [fit.scheme.names[label] for label in fit.answered.labels]

    def named(cells: Cells) -> list[frozenset[str]]:
        return [frozenset(names[column] for column in np.flatnonzero(row == IS)) for row in cells]

    return list(
        zip(
            fit.answered.tickets[rows].tolist(),
            fit.answered.audit[rows].tolist(),
            named(fit.answered.cells[rows]),
            named(decide(proba, fit.task)),
            strict=True,
        )
    )


def part_held_out(fit: Fit, share: float, texts: Sequence[str], seed: int = 0) -> HeldOutCurve:
    """Hold out a ``share`` of the answers, each label's and near-identical texts together.

    ``texts`` are those of the answered tickets, in the order of ``fit.answered``. Raises
    LearnerError where too few are left on either side.
    """
    rows = _usable(fit)
    labels = [tuple(map(str, fit.answered.accepted(row))) for row in rows.tolist()]
    parts = np.array(split((texts[row] for row in rows), labels, [1 - share, share], seed))
    learned, held = rows[parts == 0], rows[parts == 1]
    if len(held) < FEWEST // 2 or len(learned) < FEWEST // 2:
        raise LearnerError(
            f"{len(held)} of {len(rows)} answers would be held out: too few on one side; give "
            "another --test-split"
        )
    order = np.random.default_rng(seed).permutation(learned)
    steps = []
    for fraction in STEPS:
        some = order[: max(2, round(fraction * len(order)))]
        model = fit.trainer.model(
            fit.answered.features[some], fit.answered.rows[some], fit.answered.cells[some]
        )
        if model.ready:
            proba = model.predict_proba(fit.answered.features[held])
            found = measured(fit.answered.cells[held], proba, fit.task, answers=len(some))
            steps.append(Step(len(some), measuring.by_label(found, fit.answered.labels)))
    if not steps:
        raise LearnerError("the answers learned from are all of one label")
    tested, others = (sketches([texts[row] for row in side]) for side in (held, learned))
    return HeldOutCurve(steps[-1].measures, tuple(steps), shared(tested, others).counted)


def _usable(fit: Fit) -> Indices:
    """The rows of the answers that are known in full, without those to synthetic tickets."""
    real = np.isin(fit.answered.tickets, list(fit.answered.selection))
    rows = np.flatnonzero(known_in_full(fit.answered.cells, fit.task) & real)
    name = fit.snapshot.log.dataset.name
    if len(rows) < FEWEST:
        there = count(len(rows), "answer")
        raise LearnerError(
            f"{name}: {there} with all their labels; it takes {FEWEST} to measure anything"
        )
    if not fit.ready:
        raise LearnerError(f"{name}: nothing to measure yet: {NOT_READY}")
    return rows
