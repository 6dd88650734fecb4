"""Answers that are probably wrong, with the evidence against each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from txtal.learner.answered import Answered
from txtal.learner.snapshot import Snapshot
from txtal.learning import suspects
from txtal.learning.arrays import Floats, Indices, unit_rows
from txtal.learning.crossfit import cross_fitted, cross_fitting, deal
from txtal.learning.matrix import IS, NOT
from txtal.learning.stepwise import Steps
from txtal.learning.suspects import Suspicions
from txtal.learning.training import Trainer
from txtal.types import SUSPECT, Answer, Near, Ranked, Suspect, Task

FEWEST = 50
"""With fewer answers the model can't judge any."""

NEWEST = 20
"""The newest answers are left alone: the annotator still remembers them."""

NEAREST = 5

_AT_ONCE = 256
"""Answers whose cosines to all others are held at once."""

GROWTH = 1.1
"""A robust fit looks again at this many times the answers of the last look."""


MANY = 3_000
"""Answers from which three models, each of two thirds of them, find wrong answers as well as five
do, and so do fits that end earlier; see docs/benchmarks.md."""

_FOLDS_OF_MANY = 3
_TOLERANCE_OF_MANY = 3e-4


def suspected(
    snapshot: Snapshot, answered: Answered, trainer: Trainer, threads: int = 1
) -> list[Suspect]:
    """Return the answers that are probably wrong, the most suspect first.

    ``answered`` are the answers of the snapshot as arrays. Not the newest, nor any that was
    reviewed as a suspect before: the annotator's second answer settles it. Takes several fits, as
    many at once as there are ``threads``.
    """
    if len(answered) < FEWEST:
        return []
    standing = snapshot.answers
    answers = {answer.ticket_id: answer for answer in sorted(standing, key=lambda one: one.id)}
    folds, trainer = _judges(answered, trainer)
    proba, known = cross_fitted(
        answered.features, answered.rows, answered.cells, folds, trainer.model, threads=threads
    )
    found = suspects.suspicions(proba, known, answered.cells, trainer.task)
    settled = _settled(standing)
    open_ = [
        place
        for place, row in enumerate(found.rows.tolist())
        if answers[int(answered.tickets[row])].id not in settled
    ]
    near = _nearest(answered.features, found.rows[open_])
    return [
        _suspect(answered, found, place, beside, answers)
        for place, beside in zip(open_, near, strict=True)
    ]


def _judges(answered: Answered, trainer: Trainer) -> tuple[Indices, Trainer]:
    """Return the folds (m,) of the answers, and what fits the model that judges each."""
    cells = answered.cells
    told = (cells == IS).any(axis=1) | (cells == NOT).any(axis=1)
    if len(cells) <= MANY:
        return deal(cells, told), trainer
    return deal(cells, told, _FOLDS_OF_MANY), replace(trainer, tolerance=_TOLERANCE_OF_MANY)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Answers that a robust fit doesn't learn from, and how many were looked at."""

    tickets: frozenset[int] = frozenset()
    answers: int = 0

    def is_old(self, answers: int) -> bool:
        """Return whether it is time to look again, which takes several fits."""
        return answers >= FEWEST and not self.answers <= answers < GROWTH * self.answers


def left_out(answered: Answered, trainer: Trainer) -> Steps[LeftOut]:
    """Find the answers that a robust fit leaves out, one fit after the other.

    For exclusive labels only.
    """
    folds, trainer = _judges(answered, trainer)
    proba, known = yield from cross_fitting(
        answered.features, answered.rows, answered.cells, folds, trainer.modelling
    )
    wrong = suspects.improbable(proba, known, answered.cells)
    return LeftOut(frozenset(answered.tickets[wrong].tolist()), len(answered))


def _settled(standing: Sequence[Answer]) -> set[int]:
    """Return the ids of answers that are not to be listed."""
    looked_at = {one.id for one in standing if one.ranked and one.ranked.reason == SUSPECT}
    return looked_at | set(sorted(one.id for one in standing)[-NEWEST:])


def _nearest(features: Floats, rows: Indices) -> list[tuple[tuple[int, float], ...]]:
    """Find the rows nearest to each of ``rows``, itself left out, with their cosines."""
    unit = unit_rows(features)
    count = min(NEAREST, len(unit) - 1)
    beside = []
    for begin in range(0, len(rows), _AT_ONCE):
        block = rows[begin : begin + _AT_ONCE]
        cosines = unit[block] @ unit.T
        cosines[np.arange(len(block)), block] = -np.inf
        first = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        near = np.take_along_axis(cosines, first, axis=1)
        order = np.lexsort((first, -near), axis=1)
        ordered = (np.take_along_axis(of, order, axis=1).tolist() for of in (first, near))
        beside += [tuple(zip(*pair, strict=True)) for pair in zip(*ordered, strict=True)]
    return beside


def _suspect(
    answered: Answered,
    found: Suspicions,
    place: int,
    beside: Sequence[tuple[int, float]],
    answers: Mapping[int, Answer],
) -> Suspect:
    row, column = int(found.rows[place]), int(found.columns[place])
    return Suspect(
        answer=answers[int(answered.tickets[row])],
        label=answered.labels[column],
        missing=bool(answered.cells[row, column] != IS),
        given=round(float(found.given[place]), 4),
        other=round(float(found.other[place]), 4),
        near=tuple(
            Near(int(answered.tickets[other]), answered.accepted(other), round(cosine, 4))
            for other, cosine in beside
        ),
    )


def shown_again(suspect: Suspect, task: Task) -> Ranked:
    """Make a suspect the ticket to show, with what the model would say as the suggestion.

    It keeps the selection probability of the first time, which showing it again doesn't change.
    """
    answer = suspect.answer
    others = tuple(label for label in answer.labels if label != suspect.label)
    if task == "multilabel":
        suggestion = (*others, suspect.label) if suspect.missing else others
    else:
        suggestion = (suspect.label,) if suspect.missing else ()
    return Ranked(
        answer.ticket_id,
        suggestion,
        ((suspect.label, suspect.other if suspect.missing else suspect.given),),
        SUSPECT,
        round(1 - suspect.given, 4),
        answer.ranked.selection_probability if answer.ranked else None,
    )
