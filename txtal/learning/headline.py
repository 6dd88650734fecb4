"""The one estimate of a model's quality: accuracy and macro-F1 from a single posterior.

The model says of each of its decisions how likely it is to be right. The mean of that over all
tickets would be the accuracy if the model knew itself. By how much it does not is one number: a
shift of the log-odds of every decision (calibration in the large: Cox 1958, "Two further
applications of a model for binary regression", Biometrika 45). What is known of the shift before
any audit answer comes from simulated sessions; the audit answers, each judged by a model that has
not seen it, make the posterior. So this is a difference estimator with a logistic working model
(Lehtonen and Veijanen 1998, "Logistic generalized regression estimators", Survey Methodology 24),
and prediction-powered inference with a prior (Angelopoulos et al. 2023, Science 382; Hofer et al.
2024, "Bayesian prediction-powered inference", arXiv:2405.06034): with few audit answers the
model's confidence counts, with many they decide alone.

- The prior has a second, wide part, which takes over where the audit contradicts the confidence (a
  robust mixture: Schmidli et al. 2014, Biometrics 70).
- Answers that a strategy chose count by their weight against an audit answer's (a
  pseudo-likelihood: Binder 1983, International Statistical Review 51): next to nothing, until much
  of a pool is answered.
- One more right answer never lowers the estimate, as long as the model is the same: each makes
  greater shifts more probable.
- Accuracy and macro-F1 are two readings of one expected table of true and decided labels, at the
  same shifts, so they can't contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from txtal.learning.arrays import Cells, Floats, Mask
from txtal.learning.evaluate import confidence
from txtal.learning.matrix import IS
from txtal.learning.model import decide
from txtal.types import ONE_OF, Estimate, Task

CENTRE = 0.0
"""The mean of the shift before any audit answer: on some sets confidence is too low, on others too
high."""

SPREAD = 0.5
"""The standard deviation of the shift, over sets, once many answers have taught the confidence."""

EARLY = 10.0
"""Divided by the answers that a strategy chose, what is added to the variance: with fewer of them
the temperature is worth less. Without any, the confidence has no weight."""

WIDE, DOUBT = 1.5, 0.15
"""The prior's wide part: its standard deviation, and its weight."""

BY_LABEL = 0.04
"""How far off the table's macro-F1 is where its accuracy is right: a standard deviation over sets.
Some labels are further off than others."""

SHIFTS: Floats = np.linspace(-6.0, 6.0, 481, dtype=np.float32)
LEVELS = 0.025, 0.975
_Z = 1.96
_SUREST = 1e-4


@dataclass(frozen=True, eq=False)
class Judged:
    """Decisions about answered tickets by models that had not seen the answers, and about open
    ones; the probabilities were calibrated without the audit answers."""

    task: Task
    cells: Cells
    """(n, k): the answers, known in full."""
    proba: Floats
    """(n, k)."""
    weights: Floats
    """(n,): 1 for an audit answer; for others, what they count beside one."""
    audits: int
    """How many of them are audit answers."""
    chosen: int
    """Answers of a strategy's choice, by which the probabilities were calibrated."""
    pool: Floats
    """(p, k): of open tickets drawn at random."""
    asked: int
    open: int


def headline(judged: Judged) -> tuple[Estimate, Estimate]:
    """Return accuracy and macro-F1 with their 95% intervals.

    The value is the posterior mean of the accuracy, and the macro-F1 of the table that has it.
    """
    table = _TicketTable.of(judged)
    accuracy = table.accuracy(SHIFTS)
    posterior = _posterior(judged)
    low, high = np.interp(LEVELS, _cumulative(posterior), accuracy)
    value = float(posterior @ accuracy)
    accurate = Estimate(judged.audits, value, float(min(low, value)), float(max(high, value)))
    return accurate, _macro_f1(table, accurate)


def _macro_f1(table: _TicketTable, accuracy: Estimate) -> Estimate:
    """Return the macro-F1 at the accuracy, with an interval no table of its interval excludes."""
    f1 = [table.macro_f1(one) for one in (accuracy.value, accuracy.low, accuracy.high)]
    own = _Z * BY_LABEL
    low = f1[0] - hypot(f1[0] - min(f1), own)
    high = f1[0] + hypot(max(f1) - f1[0], own)
    most = 1 - (1 - accuracy.high) / (2 * table.proba.shape[1])
    return Estimate(accuracy.n, f1[0], max(0.0, low), max(f1[0], min(high, most)))


def _cumulative(posterior: Floats) -> Floats:
    """At the middle of each step of the grid."""
    return np.asarray(posterior.cumsum() - posterior / 2)


def _posterior(judged: Judged) -> Floats:
    """Over ``SHIFTS``, summing to 1."""
    decided = decide(judged.proba, judged.task)
    right = (decided == judged.cells).all(axis=1)
    odds = _log_odds(confidence(judged.proba, decided, judged.task))[:, None] + SHIFTS
    losses = np.logaddexp(0.0, np.where(right[:, None], -odds, odds))
    log_likelihood = -(judged.weights @ losses)
    made = np.exp(log_likelihood - log_likelihood.max()) * _prior(judged.chosen)
    return np.asarray(made / made.sum())


def _prior(chosen: int) -> Floats:
    """Over ``SHIFTS``; as good as flat when no answer calibrated the probabilities."""
    deviation = np.sqrt(SPREAD**2 + EARLY / max(chosen, 1))
    return np.asarray((1 - DOUBT) * _normal(deviation) + DOUBT * _normal(max(WIDE, deviation)))


def _normal(deviation: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((SHIFTS - CENTRE) / deviation) ** 2) / deviation)


def _log_odds(sure: Floats) -> Floats:
    return np.asarray(logit(np.clip(sure, _SUREST, 1 - _SUREST)))


@dataclass(frozen=True, eq=False)
class _TicketTable:
    """All tickets: those answered as cross-fitted, and those open by their sample."""

    task: Task
    proba: Floats
    decided: Cells
    odds: Floats
    """(m,): the log-odds that all of a ticket is right."""
    shares: Floats
    """(m,): of all tickets that a row stands for; they sum to 1."""

    @classmethod
    def of(cls, judged: Judged) -> _TicketTable:
        """Put the answered and the open tickets together."""
        proba = np.concatenate([judged.proba, judged.pool])
        asked, open_ = judged.asked, judged.open if len(judged.pool) else 0
        of_asked = np.full(len(judged.proba), asked / len(judged.proba))
        of_open = np.full(len(judged.pool), open_ / max(1, len(judged.pool)))
        shares = (np.concatenate([of_asked, of_open]) / (asked + open_)).astype(np.float32)
        decided = decide(proba, judged.task)
        odds = _log_odds(confidence(proba, decided, judged.task))
        return cls(judged.task, proba, decided, odds, shares)

    def accuracy(self, shifts: Floats) -> Floats:
        """Return the expected accuracy at each shift; it grows with the shift."""
        return np.asarray(self.shares @ expit(self.odds[:, None] + shifts))

    def macro_f1(self, accuracy: float) -> float:
        """Return the macro-F1 of the expected table whose accuracy is this."""
        proba, said = self._tilted(self._shift_to(accuracy)), self.decided == IS
        both = self.shares @ (proba * said)
        either = self.shares @ (proba + said)
        occurs = either * len(proba) > 0.5
        return float((2 * both[occurs] / either[occurs]).mean()) if occurs.any() else 0.0

    def _shift_to(self, accuracy: float) -> float:
        """Of each cell's log-odds that makes this the expected accuracy."""

        def off(shift: float) -> float:
            sure = confidence(self._tilted(shift), self.decided, self.task)
            return float(self.shares @ sure) - accuracy

        first, last = -16.0, 16.0
        if off(first) >= 0:
            return first
        return last if off(last) <= 0 else float(brentq(off, first, last, xtol=1e-4))

    def _tilted(self, shift: float) -> Floats:
        """Return the probabilities with the log-odds of what was decided shifted."""
        said = self.decided == IS
        if self.task not in ONE_OF:
            sure = expit(_log_odds(np.where(said, self.proba, 1 - self.proba)) + shift)
            return np.asarray(np.where(said, sure, 1 - sure))
        sure = (self.proba * said).sum(axis=1, keepdims=True)
        tilted = expit(_log_odds(sure) + shift)
        rest = (1 - tilted) / np.maximum(1 - sure, _SUREST)
        return np.asarray(np.where(said, tilted, self.proba * rest))


def weights(importance: Floats, audit: Mask) -> Floats:
    """Return what each answer (n,) counts beside one of the audit, by its importance (n,)."""
    of_audit = float(importance[audit].mean()) if audit.any() else 0.0
    if of_audit <= 0:
        return np.where(audit, 1.0, 0.0)
    return np.where(audit, 1.0, np.minimum(importance / of_audit, 1.0))
