"""Which answers the model doubts, with what speaks against each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from txtal.learner.answered import Known
from txtal.learning import suspects
from txtal.learning.arrays import Floats, Indices, Mask, unit_rows
from txtal.learning.crossfit import cross_fitted, deal
from txtal.learning.matrix import IS, NOT
from txtal.learning.suspects import Doubts
from txtal.learning.training import Trainer
from txtal.types import SUSPECT, Answer, Near, Ranked, Suspect, Task

FEWEST = 50
"""Answers below which the model is in no position to doubt any."""

NEWEST = 20
"""Answers that are still fresh in the annotator's mind, and left alone."""

NEAREST = 5

GROWTH = 1.1
"""How many times the answers of the last look there must be for the next, of a robust fit."""


def doubted(known: Known, trainer: Trainer, standing: Sequence[Answer]) -> list[Suspect]:
    """The answers that are probably wrong, the most suspect first.

    Not the newest, nor any that was looked at as a suspect before: the annotator's second word
    settles it. Cross-fitting takes several fits.
    """
    if len(known.cells) < FEWEST:
        return []
    answers = {answer.ticket_id: answer for answer in sorted(standing, key=lambda one: one.id)}
    found = _doubts(known, trainer)
    settled = _settled(standing)
    open_ = [
        place
        for place, row in enumerate(found.rows.tolist())
        if answers[int(known.matrix.ticket_ids[row])].id not in settled
    ]
    near = _nearest(known.features, found.rows[open_])
    return [
        _suspect(known, found, place, beside, answers)
        for place, beside in zip(open_, near, strict=True)
    ]


def _doubts(known: Known, trainer: Trainer) -> Doubts:
    return suspects.doubts(*_cross_fitted(known, trainer), known.cells, trainer.task)


def _cross_fitted(known: Known, trainer: Trainer) -> tuple[Floats, Mask]:
    told = (known.cells == IS).any(axis=1) | (known.cells == NOT).any(axis=1)
    folds = deal(known.cells, told)
    return cross_fitted(known.features, known.rows, known.cells, folds, trainer.model)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Answers that a robust fit doesn't learn from, and of how many they were found."""

    tickets: frozenset[int] = frozenset()
    answers: int = 0

    def is_old(self, answers: int) -> bool:
        """Whether it is time to look again: it takes several fits."""
        return answers >= FEWEST and not self.answers <= answers < GROWTH * self.answers


def left_out(known: Known, trainer: Trainer) -> LeftOut:
    """The answers to leave out of what is known; of exclusive labels only."""
    wrong = suspects.improbable(*_cross_fitted(known, trainer), known.cells)
    return LeftOut(frozenset(known.matrix.ticket_ids[wrong].tolist()), len(known.cells))


def _settled(standing: Sequence[Answer]) -> set[int]:
    """Ids of answers that are not to be listed."""
    looked_at = {one.id for one in standing if one.ranked and one.ranked.reason == SUSPECT}
    return looked_at | set(sorted(one.id for one in standing)[-NEWEST:])


def _nearest(features: Floats, rows: Indices) -> list[tuple[tuple[int, float], ...]]:
    """The rows nearest to each of ``rows``, itself left out, with their cosines."""
    unit = unit_rows(features)
    beside = []
    for row in rows.tolist():
        cosines = unit @ unit[row]
        cosines[row] = -np.inf
        first = np.argsort(-cosines, kind="stable")[: min(NEAREST, len(unit) - 1)]
        beside.append(tuple(zip(first.tolist(), cosines[first].tolist(), strict=True)))
    return beside


def _suspect(
    known: Known,
    found: Doubts,
    place: int,
    beside: Sequence[tuple[int, float]],
    answers: Mapping[int, Answer],
) -> Suspect:
    row, column = int(found.rows[place]), int(found.columns[place])
    return Suspect(
        answer=answers[int(known.matrix.ticket_ids[row])],
        label=known.labels[column],
        missing=bool(known.cells[row, column] != IS),
        given=round(float(found.given[place]), 4),
        other=round(float(found.other[place]), 4),
        near=tuple(
            Near(int(known.matrix.ticket_ids[other]), known.accepted(other), round(cosine, 4))
            for other, cosine in beside
        ),
    )


def asked_again(suspect: Suspect, task: Task) -> Ranked:
    """The question that a suspect is: the model's view as the suggestion.

    The chance of the first draw is kept: being asked again changes nothing of it.
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
