"""How good the model is on the pool, from the answers it has learned from.

Only tickets drawn uniformly at random stand for the pool: the audit answers. Each is judged by a
model fitted to all answers but its fold's (cross-fitting), so that none is spent on testing. The
share of them that is right is an estimate by itself, but one that errs on the low side: a strategy
that looks for tickets unlike those answered leaves the neighbourhood of an audit answer to it, and
whoever holds that answer out finds the neighbourhood empty. The model knows when it is in such a
place: its confidence there is low. So what is asked of answers is how far confidence is from the
share right, and the estimate is the mean confidence over the pool, put right by that: a difference
estimator (Särndal, Swensson and Wretman 1992, "Model Assisted Survey Sampling", section 6.3; with a
model's predictions: Angelopoulos et al. 2023, "Prediction-Powered Inference", Science 382).

The other answers are asked, too. A question is drawn with a known chance: the audit's coin, then
a uniform draw; or else the strategy's first, for certain. So each answer has a weight that undoes
its chance (LURE: Farquhar, Gal and Rainforth 2021, "On Statistical Bias in Active Learning", ICLR;
for measuring: Kossen et al. 2021, "Active Testing", ICML). What was asked for certain stands for
itself alone, so that it weighs little until much of the pool is answered. The accuracy that is
shown is by these weights, as that was nearest the truth (tests/bench/estimates.py), save where
they make less of all answers than the audit alone would be.

Macro-F1 gives as much to a label that an audit met once or never as to any other. What the pool's
probabilities say is of more use: the expected true positives, of the expected tickets with the
label and of those given it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, inf, log

import numpy as np

from txtal.learning import calibrate
from txtal.learning.arrays import Cells, Floats, Mask
from txtal.learning.evaluate import confidence, known_in_full, measured
from txtal.learning.matrix import IS
from txtal.learning.model import decide
from txtal.measures.intervals import score_interval
from txtal.types import Estimate, Measures, Task

FEWEST = 10
"""Audit answers below which there is no estimate: its interval would span half the scale."""

Z = 1.96

BEYOND = 2.0
"""How many times the error of the temperature macro-F1's interval allows for.

One temperature can't put right all that is wrong with probabilities; tests/bench/estimates.py says
how often the interval then holds the truth.
"""


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


@dataclass(frozen=True, eq=False)
class _Judged:
    """Decisions of models that had not seen the answers, and how sure they were."""

    right: Mask
    sure: Floats
    of_open: float
    """The mean confidence in decisions about open tickets."""


def importance(chances: Floats, tickets: int) -> Floats:
    """LURE's weights (m,) of answers in the order they were asked, 1 in the mean.

    ``chances`` (m,) are those that each had of being asked then, given what was open of
    ``tickets``. One that isn't known counts as certain: the answer stands for itself.
    """
    asked = len(chances)
    order = np.arange(1, asked + 1)
    chances = np.where(np.isfinite(chances) & (chances > 0), chances, 1.0)
    excess = 1 / ((tickets - order + 1) * chances) - 1
    weights = 1 + (tickets - asked) / np.maximum(tickets - order, 1) * excess
    return np.asarray(np.maximum(weights, 0.0))


def temperature(evidence: Evidence) -> tuple[float, float]:
    """What to divide the model's logits by, and the error of its logarithm.

    (1, 0) as long as there are too few answers to tell, and for ratings, which are left as they
    are.
    """
    if len(evidence.cells) < calibrate.FEWEST or evidence.task == "rating":
        return 1.0, 0.0
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
    heat, error = temperature(evidence)
    proba = _calibrated(evidence, evidence.proba, evidence.known, heat)
    pool = _calibrated(evidence, evidence.pool, evidence.trained, heat)
    found = measured(
        evidence.cells[audit], proba[audit], evidence.task, answers=len(evidence.cells)
    )
    if evidence.task == "rating":
        return replace(found, audit=found.accuracy, audit_f1=found.macro_f1)
    calibration = replace(found.calibration, temperature=heat)
    found = replace(found, audit=found.accuracy, audit_f1=found.macro_f1, calibration=calibration)
    judged = _judged(evidence, proba, pool)
    corrected = _corrected(judged, audit) if len(pool) else found.accuracy
    weighted = _weighted(evidence, judged, counted, int(audit.sum()))
    return replace(
        found,
        accuracy=weighted or corrected,
        macro_f1=_macro_f1(evidence, len(pool), heat, error) or found.macro_f1,
        corrected=corrected,
        weighted=weighted,
    )


def _calibrated(evidence: Evidence, proba: Floats, known: Mask, heat: float) -> Floats:
    unseen = calibrate.unseen_share(evidence.cells) if evidence.task == "exclusive" else 0.0
    known = np.broadcast_to(known, proba.shape)
    return calibrate.calibrated(proba, known, heat, unseen, evidence.task)


def _judged(evidence: Evidence, proba: Floats, pool: Floats) -> _Judged:
    decided, of_pool = decide(proba, evidence.task), decide(pool, evidence.task)
    return _Judged(
        (decided == evidence.cells).all(axis=1),
        confidence(proba, decided, evidence.task),
        float(confidence(pool, of_pool, evidence.task).mean()) if len(pool) else 0.0,
    )


def _corrected(judged: _Judged, audit: Mask) -> Estimate:
    """The mean confidence in open tickets, put right by the audit."""
    off = judged.right[audit] - judged.sure[audit]
    n = len(off)
    value = judged.of_open + float(off.mean())
    return _with_interval(value, float(off.var(ddof=1)) / n, n, n)


def _weighted(evidence: Evidence, judged: _Judged, counted: Mask, audits: int) -> Estimate | None:
    """The mean confidence in all tickets, put right by all answers by their weights.

    None where the answers are worth fewer than those of the audit (Kish's effective size): the
    audit's share was changed meanwhile, or the others are too many to be looked at.
    """
    weights = evidence.weights[counted] / evidence.weights[counted].sum()
    off = (judged.right - judged.sure)[counted]
    shift = float(weights @ off)
    size = 1 / float((weights**2).sum())
    if size < audits:
        return None
    variance = float((weights**2) @ (off - shift) ** 2) * size / max(1.0, size - 1)
    asked, open_ = evidence.asked, evidence.open
    sure = (asked * float(judged.sure[counted].mean()) + open_ * judged.of_open) / (asked + open_)
    return _with_interval(sure + shift, variance, size, audits)


def _with_interval(value: float, variance: float, size: float, audits: int) -> Estimate:
    """With Wilson's interval for as many answers drawn at random as would have this variance.

    The effective sample size (Korn and Graubard 1998, Survey Methodology 24), within bounds: a
    variance estimated from few is itself uncertain, and what confidence and other answers gain in
    precision is left to make up for models that learned from a little less, and for calibration
    that is never quite right. So it is never narrower than the audit bears out. How often it then
    holds the truth: tests/bench/estimates.py.
    """
    value = min(1.0, max(0.0, value))
    worth = value * (1 - value) / variance if variance > 0 else inf
    n = min(max(worth, 0.7 * size), 0.9 * audits)
    return Estimate(audits, value, *score_interval(value, n, Z))


def _macro_f1(evidence: Evidence, n: int, heat: float, error: float) -> Estimate | None:
    """By the pool's probabilities; None while they aren't calibrated."""
    if not n or heat == 1.0:
        return None
    reach = min(BEYOND * Z * error, log(calibrate.MOST))
    at = [_expected_f1(evidence, heat * exp(step)) for step in (0.0, reach, -reach)]
    return Estimate(n, at[0], min(at), max(at))


def _expected_f1(evidence: Evidence, heat: float) -> float:
    proba = _calibrated(evidence, evidence.pool, evidence.trained, heat)
    said = decide(proba, evidence.task) == IS
    both, either = (proba * said).sum(axis=0), proba.sum(axis=0) + said.sum(axis=0)
    occurs = either > 0.5
    return float((2 * both[occurs] / either[occurs]).mean()) if occurs.any() else 0.0
