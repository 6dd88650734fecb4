"""Estimating whether more answers are worth it, every so many answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from txtal.learner.answered import Answered
from txtal.learner.fit import Fit
from txtal.learning.arrays import Cells, Indices
from txtal.learning.model import decide
from txtal.learning.stepwise import Steps
from txtal.learning.stopping import FRACTIONS, LAG, StopSet, changed, kappa, plateau
from txtal.measures import advice
from txtal.types import Answer, Estimate, Forecast, Outlook, StopRule

EVERY = 50
"""Answers from one estimate to the next, however many fits there are in between."""

FEWEST = 150
"""Answers before the first estimate."""

SIZE = 1_000
"""Tickets in the stop set."""

_TOO_FEW = 50
"""If fewer tickets of the stop set are open, the pool is nearly used up."""

PLATEAU = 300
"""Answers without a rise of the estimate after which labelling may stop."""


def due(answers: int, last: Outlook | None) -> bool:
    """Return whether it is time for a new estimate; also True after answers were undone."""
    before = last.answers if last else 0
    return answers >= FEWEST and not before <= answers < before + EVERY


def look_ahead(
    fit: Fit,
    answered: Answered,
    history: Sequence[tuple[int, Estimate]],
    rule: StopRule,
    seed: int,
) -> Steps[Outlook | None]:
    """Estimate the gain of more answers, one fit after the other.

    Returns None if too few tickets of the stop set are open. The fit's model learned from
    ``answered``. Earlier models are fitted again to the first so many answers, so that nothing has
    to be stored.
    """
    rows = stop_rows(len(fit.features.ids), seed)
    rows = rows[~np.isin(rows, answered.rows)]
    if len(rows) < _TOO_FEW:
        return None
    features, count = np.asarray(fit.features.matrix[rows]), len(answered)
    order = _in_order(answered, fit.snapshot.answers)

    def decisions(answers: int) -> Steps[Cells]:
        first = np.sort(order[:answers])
        model = yield from fit.trainer.modelling(
            answered.features[first], answered.rows[first], answered.cells[first]
        )
        return decide(model.predict_proba(features), fit.task)

    now = decide(fit.model.predict_proba(features), fit.task)
    answers = [round(count * fraction) for fraction in FRACTIONS]
    decided = []
    for some in answers:
        decided.append((yield from decisions(some)))
        yield
    before = yield from decisions(count - LAG)
    yield
    stop_set = StopSet(
        fit.task,
        fit.calibrated.predict_proba(features),
        np.array([*answers, count]),
        [*decided, now],
    )
    return _judged(stop_set, kappa(before, now, fit.task), changed(before, now), history, rule)


def stop_rows(size: int, seed: int) -> Indices:
    """Draw the stop set (s,) of a pool of this size: the same as long as it doesn't grow."""
    return np.sort(np.random.default_rng([seed, _STOP]).permutation(size)[:SIZE])


_STOP = 0x570
"""Added to the seed, so that this draw differs from all others with the same seed."""


def _in_order(answered: Answered, answers: Sequence[Answer]) -> Indices:
    """Return the rows (m,) of the answered tickets in the order of the answers."""
    newest = {answer.ticket_id: answer.id for answer in sorted(answers, key=lambda one: one.id)}
    return np.argsort([newest[ticket] for ticket in answered.tickets.tolist()])


def _judged(
    stop_set: StopSet,
    agreement: float,
    differs: float,
    history: Sequence[tuple[int, Estimate]],
    rule: StopRule,
) -> Outlook:
    answers, curve = int(stop_set.answers[-1]), stop_set.quality
    estimate = history[-1][1] if history else None
    needed = _needed(stop_set, estimate, rule.target)
    gain = curve.expected_gain(answers, LAG)
    reached, notice = _verdict(gain, differs, estimate, plateau(history), rule)
    return Outlook(
        answers=answers,
        gain=curve.gain(answers, EVERY),
        kappa=round(agreement, 4),
        changed=round(differs, 4),
        target=rule.target,
        needed=needed,
        reached=reached,
        notice=notice,
    )


def _needed(stop_set: StopSet, estimate: Estimate | None, target: float | None) -> Forecast | None:
    """Return the answers still needed; the interval comes from that of the estimate."""
    if target is None or estimate is None:
        return None
    curve, answers = stop_set.accuracy, int(stop_set.answers[-1])
    value, low, high = (
        curve.needed(answers, quality, target)
        for quality in (estimate.value, estimate.high, estimate.low)
    )
    return Forecast(value, low, high)


def _verdict(
    gain: float, differs: float, estimate: Estimate | None, flat: int, rule: StopRule
) -> tuple[str, str]:
    """Return the reason to stop and its notice; two empty strings if there is none."""
    if estimate and rule.target is not None and estimate.value >= rule.target:
        return "target", advice.reached_target(rule.target, estimate)
    if not rule.gain:
        return "", ""
    if 100 * min(gain, differs) < rule.gain:
        return "gain", advice.little_gain(LAG, gain, differs)
    if flat >= PLATEAU:
        return "plateau", advice.flat_audit(flat)
    return "", ""
