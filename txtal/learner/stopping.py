"""Is it worth going on: what the learner looks ahead to, every so many answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from txtal.learner.answered import Known
from txtal.learning.arrays import Indices
from txtal.learning.model import LinearModel, decide
from txtal.learning.stopping import FRACTIONS, LAG, StopSet, changed, kappa, plateau
from txtal.learning.training import Trainer
from txtal.measures import advice
from txtal.types import Answer, Estimate, Outlook, Prediction
from txtal.vectors.files import Matrix

EVERY = 50
"""Answers from one look to the next, however often the model is refitted."""

FEWEST = 150
"""Answers before the first."""

SIZE = 1_000
"""Tickets in the stop set."""

_TOO_FEW = 50
"""Unanswered tickets of it below which the pool is nearly used up."""

PLATEAU = 300
"""Answers without a rise of the audit's estimate that are worth a word."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """When the annotator wants to be told."""

    gain: float = 1.0
    """Points of macro-F1 by ``LAG`` more answers, below which it isn't worth going on; 0: never."""
    target: float | None = None
    """The accuracy that is enough."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.gain) or self.target is not None


def due(answers: int, last: Outlook | None) -> bool:
    """Whether it is time to look again; after answers were taken back, too."""
    before = last.answers if last else 0
    return answers >= FEWEST and not before <= answers < before + EVERY


def look_ahead(
    known: Known,
    standing: Sequence[Answer],
    trainer: Trainer,
    newest: LinearModel,
    calibrated: LinearModel,
    pool: Matrix,
    rows: Indices,
    history: Sequence[tuple[int, Estimate]],
    wishes: Wishes,
) -> Outlook | None:
    """What more answers would bring; None where too few open tickets are left to tell by.

    ``pool`` (n, d) are the features of all tickets and ``rows`` (s,) those of the stop set. The
    earlier models are made again of the first so many answers, so that nothing has to be kept.
    """
    rows = rows[~np.isin(rows, known.rows)]
    if len(rows) < _TOO_FEW:
        return None
    features, count = np.asarray(pool[rows]), len(known.cells)
    order = _in_order(known, standing)

    def decisions(answers: int) -> np.ndarray:
        first = np.sort(order[:answers])
        model = trainer.model(known.features[first], known.rows[first], known.cells[first])
        return decide(model.predict_proba(features), trainer.task)

    now = decide(newest.predict_proba(features), trainer.task)
    answers = [round(count * fraction) for fraction in FRACTIONS]
    stop_set = StopSet(
        trainer.task,
        calibrated.predict_proba(features),
        np.array([*answers, count]),
        [*map(decisions, answers), now],
    )
    before = decisions(count - LAG)
    return _judged(
        stop_set, kappa(before, now, trainer.task), changed(before, now), history, wishes
    )


def stop_rows(size: int, seed: int) -> Indices:
    """The stop set of a pool of this size (s,): the same as long as it doesn't grow."""
    return np.sort(np.random.default_rng([seed, _STOP]).permutation(size)[:SIZE])


_STOP = 0x570
"""Parts its draw from all others with the same seed."""


def _in_order(known: Known, standing: Sequence[Answer]) -> Indices:
    """The rows of what is known, in the order they were answered (m,)."""
    newest = {answer.ticket_id: answer.id for answer in sorted(standing, key=lambda one: one.id)}
    return np.argsort([newest[ticket] for ticket in known.matrix.ticket_ids.tolist()])


def _judged(
    stop_set: StopSet,
    agreement: float,
    differs: float,
    history: Sequence[tuple[int, Estimate]],
    wishes: Wishes,
) -> Outlook:
    answers, curve = int(stop_set.answers[-1]), stop_set.quality
    audit = history[-1][1] if history else None
    needed = _needed(stop_set, audit, wishes.target)
    ahead = curve.gain(answers, LAG)
    reached, notice = _verdict(ahead, differs, audit, plateau(history), wishes)
    return Outlook(
        answers=answers,
        gain=curve.gain(answers, EVERY),
        kappa=round(agreement, 4),
        changed=round(differs, 4),
        target=wishes.target,
        needed=needed,
        reached=reached,
        notice=notice,
    )


def _needed(stop_set: StopSet, audit: Estimate | None, target: float | None) -> Prediction | None:
    """Answers still needed; the interval is that of the estimate it starts from."""
    if target is None or audit is None:
        return None
    curve, answers = stop_set.accuracy, int(stop_set.answers[-1])
    value, low, high = (
        curve.needed(answers, quality, target) for quality in (audit.value, audit.high, audit.low)
    )
    return Prediction(value, low, high)


def _verdict(
    ahead: Prediction, differs: float, audit: Estimate | None, flat: int, wishes: Wishes
) -> tuple[str, str]:
    """Which reason to stop there is, and how it is told; nothing where there is none."""
    assert ahead.value is not None
    if audit and wishes.target is not None and audit.value >= wishes.target:
        return "target", advice.reached_target(wishes.target, audit)
    if not wishes.gain:
        return "", ""
    if 100 * min(ahead.value, differs) < wishes.gain:
        return "gain", advice.little_gain(LAG, ahead.value, differs)
    if flat >= PLATEAU:
        return "plateau", advice.flat_audit(flat)
    return "", ""
