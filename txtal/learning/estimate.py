"""How good the model is, from the answers it has learned from.

Only tickets drawn uniformly at random stand for the pool: the audit answers. Each is judged by a
model fitted to all answers but its fold's (cross-fitting), so that none is spent on testing. What
is shown, the headline, comes from them and from the model's confidence: see
:mod:`txtal.learning.headline`. Two other estimates are kept for who wants to compare
(``evaluate --all``):

- the audit alone: the share of its answers that is right. It errs on the low side: a strategy that
  looks for tickets unlike those answered leaves the neighbourhood of an audit answer to it, and
  whoever holds that answer out finds the neighbourhood empty;
- confidence and audit: the mean confidence over the open tickets, plus by how much the audit's
  answers were right more often than confidence said: the difference estimator of survey sampling
  (Särndal, Swensson and Wretman 1992, "Model Assisted Survey Sampling", section 6.3), which is
  prediction-powered inference without a prior (Angelopoulos et al. 2023, Science 382).

A question is drawn with a known probability: the audit's coin, then a uniform draw; or else the
strategy's first, for certain. So each answer has a weight that undoes it (LURE: Farquhar, Gal and
Rainforth 2021, "On Statistical Bias in Active Learning", ICLR; for measuring: Kossen et al. 2021,
"Active Testing", ICML). What was asked for certain stands for itself alone, so that it weighs
little until much of the pool is answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from txtal.learning import calibrate, headline
from txtal.learning.arrays import Cells, Floats, Mask
from txtal.learning.evaluate import confidence, known_in_full, measured
from txtal.learning.model import decide
from txtal.measures.intervals import score_interval
from txtal.measures.quality import FEWEST_AUDITS, rounded
from txtal.measures.weights import importance as lure
from txtal.types import Estimate, Measures, Task

FEWEST = FEWEST_AUDITS

Z = 1.96


@dataclass(frozen=True, eq=False)
class Evidence:
    """The answers with what models that had not seen them make of them, and the open tickets."""

    task: Task
    cells: Cells
    """(n, k)."""
    proba: Floats
    """(n, k): cross-fitted."""
    known: Mask
    """(n, k): what the model behind each row was trained for."""
    audit: Mask
    """(n,): drawn uniformly at random."""
    weights: Floats
    """(n,): see :func:`importance`."""
    asked: int
    """Tickets answered, in whatever way."""
    open: int
    """Tickets that are not."""
    pool: Floats
    """(p, k): the whole model's probabilities of open tickets drawn at random."""
    trained: Mask
    """(k,): what that model was trained for."""


def importance(probabilities: Floats, tickets: int) -> Floats:
    """Return LURE's weights (m,) of answers, with mean 1, in the order in which they were given.

    ``probabilities`` (m,) are their selection probabilities among the open ones of ``tickets``
    tickets. An unknown one (NaN) or 0 counts as 1: the answer represents only itself.
    """
    return np.array(lure(probabilities.tolist(), tickets))


def temperature(evidence: Evidence) -> float:
    """What to divide the model's logits by; 1 as long as there are too few answers to tell."""
    if len(evidence.cells) < calibrate.FEWEST:
        return 1.0
    if evidence.task == "rating":
        return calibrate.of_grades(evidence.proba, evidence.cells)
    return calibrate.temperature(
        evidence.proba, evidence.cells, evidence.known, evidence.audit, evidence.task
    )


def estimated(evidence: Evidence) -> Measures | None:
    """Every estimate; None with fewer than ``FEWEST`` audit answers that are known in full.

    Of an exclusive task a reject is not: so an audit question should ask for a label, not for a
    verdict on a suggestion, or hard tickets drop out. Of ratings, what the audit says by itself.
    """
    counted = known_in_full(evidence.cells, evidence.task)
    audit = evidence.audit & counted
    if int(audit.sum()) < FEWEST:
        return None
    heat = temperature(evidence)
    proba = _calibrated(evidence, evidence.proba, evidence.known, heat)
    found = measured(
        evidence.cells[audit], proba[audit], evidence.task, answers=len(evidence.cells)
    )
    found = replace(found, audit=found.accuracy, audit_f1=found.macro_f1)
    if evidence.task == "rating":
        shown = found.error and _rounded(found.error)
        calibration = replace(found.calibration, temperature=heat)
        return replace(found, error=shown, calibration=calibration)
    accuracy, macro_f1 = headline.headline(_judged(evidence, counted))
    return replace(
        found,
        accuracy=_rounded(accuracy),
        macro_f1=_rounded(macro_f1),
        corrected=_corrected(evidence, proba, audit, heat),
        calibration=replace(found.calibration, temperature=heat),
    )


def _rounded(found: Estimate) -> Estimate:
    """As JSON has it: else 60.046% would be 60.1% where it is rounded twice, and 60.0% not."""
    value, low, high = (rounded(one) for one in (found.value, found.low, found.high))
    return Estimate(found.n, value, low, high)


def _calibrated(evidence: Evidence, proba: Floats, known: Mask, heat: float) -> Floats:
    if evidence.task == "rating":
        return calibrate.widened(proba, heat)
    unseen = calibrate.unseen_proportion(evidence.cells) if evidence.task == "exclusive" else 0.0
    known = np.broadcast_to(known, proba.shape)
    return calibrate.calibrated(proba, known, heat, unseen, evidence.task)


def _judged(evidence: Evidence, counted: Mask) -> headline.Judged:
    """The evidence, with probabilities calibrated by the chosen answers alone."""
    chosen = ~evidence.audit
    heat = 1.0
    if chosen.sum() >= FEWEST:
        heat = calibrate.by_chosen(
            evidence.proba[chosen], evidence.cells[chosen], evidence.known[chosen], evidence.task
        )
    proba = _calibrated(evidence, evidence.proba, evidence.known, heat)
    return headline.Judged(
        evidence.task,
        evidence.cells[counted],
        proba[counted],
        headline.weights(evidence.weights, evidence.audit)[counted],
        int((evidence.audit & counted).sum()),
        int(chosen.sum()) if chosen.sum() >= FEWEST else 0,
        _calibrated(evidence, evidence.pool, evidence.trained, heat),
        evidence.asked,
        evidence.open,
    )


def _corrected(evidence: Evidence, proba: Floats, audit: Mask, heat: float) -> Estimate | None:
    """Return the mean confidence in open tickets, corrected by the audit; None if none is open."""
    if not len(evidence.pool):
        return None
    pool = _calibrated(evidence, evidence.pool, evidence.trained, heat)
    sure_of_open = confidence(pool, decide(pool, evidence.task), evidence.task)
    decided = decide(proba[audit], evidence.task)
    right = (decided == evidence.cells[audit]).all(axis=1)
    off = right - confidence(proba[audit], decided, evidence.task)
    value = float(sure_of_open.mean() + off.mean())
    return _with_interval(value, float(off.var(ddof=1)) / len(off), len(off))


def _with_interval(value: float, variance: float, audits: int) -> Estimate:
    """With Wilson's interval for as many answers drawn at random as would have this variance.

    The effective sample size (Korn and Graubard 1998, Survey Methodology 24), within bounds: a
    variance estimated from few is itself uncertain.
    """
    value = min(1.0, max(0.0, value))
    worth = value * (1 - value) / variance if variance > 0 else inf
    n = min(max(worth, 0.7 * audits), 0.9 * audits)
    return Estimate(audits, value, *score_interval(value, n, Z))
