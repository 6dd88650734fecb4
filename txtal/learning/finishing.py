"""Which open tickets may be labelled by the model, so that a share of at least p is right.

Learn then test (Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then Test: Calibrating
Predictive Algorithms to Achieve Risk Control", arXiv:2110.01052): each threshold on the model's
confidence is a hypothesis that among tickets at least so confident, less than p is right. Its
p-value is exact, the binomial probability of as few errors among the audit answers there. The
hypotheses are tested in a fixed sequence, each at the full level, until the first that can't be
rejected; so the probability that any threshold passes wrongly is at most that level.

Whoever runs it again after more answers, until it passes, tests more than once. So each try gets a
part of the level, the k-th 6 / (pi k)^2 of it; the parts of all tries, however many, add up to the
level (:func:`spent`). That is alpha spending (Lan and DeMets 1983, "Discrete Sequential Boundaries
for Clinical Trials", Biometrika 70), with no assumption on how the tries depend on each other.

The sequence begins where the model itself expects the smallest p-value, and goes on to lower
thresholds. It is made of the confidences alone, never of the answers; so conditional on the
confidences, it is fixed. The answers tested on have taught the model nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, binom

from txtal.learning.arrays import Floats, Mask

GROWTH = 1.08
"""How many times the answers of one threshold are those of the next."""

POWER = 0.8
"""The probability of passing that a forecast aims at."""

_MOST = 20_000
"""Audit answers beyond which no forecast is made."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A threshold that was passed, and by what."""

    threshold: float
    """Tickets with at least this confidence may be labelled."""
    tested: int
    """Audit answers at least so confident."""
    errors: int
    """Those of them that the model got wrong."""
    p_value: float
    low: float
    """The lower end of the one-sided exact interval of the precision (Clopper and Pearson 1934),
    at the same level."""


def spent(level: float, number: int) -> float:
    """Return the level of one try, counted from 1: those of all tries add up to ``level``."""
    return 6 * level / (np.pi * number) ** 2


def fewest(precision: float, level: float) -> int:
    """Return how many audit answers it takes if not one of them is wrong."""
    return int(np.ceil(np.log(level) / np.log(precision)))


def passed(
    confidence: Floats, right: Mask, expected: Floats, precision: float, level: float
) -> Passed | None:
    """Find the lowest threshold that passes; None where none does.

    ``confidence`` (n,) ranks the audit answers, ``right`` (n,) says which the model got right, and
    ``expected`` (n,) is the calibrated probability of that.
    """
    order = np.argsort(-confidence, kind="stable")
    confident, errors = confidence[order], np.cumsum(~right[order])
    sizes = _sizes(confident, precision, level)
    if not sizes:
        return None
    by_model = np.cumsum(1 - expected[order])
    hoped = [binom.cdf(by_model[size - 1], size, 1 - precision) for size in sizes]
    found = None
    for size in sizes[int(np.argmin(hoped)) :]:
        wrong = int(errors[size - 1])
        p_value = float(binom.cdf(wrong, size, 1 - precision))
        if p_value > level:
            break
        low = float(beta.ppf(level, size - wrong, wrong + 1))
        found = Passed(_between(confident, size), size, wrong, p_value, low)
    return found


def _between(confident: Floats, size: int) -> float:
    """The threshold halfway between the last of so many answers and the next; 0 for all."""
    if size == len(confident):
        return 0.0
    return float(confident[size - 1] + confident[size]) / 2


def _sizes(confident: Floats, precision: float, level: float) -> list[int]:
    """How many answers each threshold to be tested has, ascending; ties belong together."""
    sizes, wanted = [], float(fewest(precision, level))
    last = np.flatnonzero(np.append(np.diff(confident) < 0, True)) + 1
    for size in last.tolist():
        if size >= wanted or size == len(confident) >= fewest(precision, level):
            sizes.append(size)
            wanted = max(size + 1, size * GROWTH)
    return sizes


@dataclass(frozen=True, slots=True)
class Outlay:
    """What more audit answers would probably allow."""

    share: float
    """Of the open tickets that could be labelled then."""
    audits: int
    """Audit answers needed in all."""


def outlay(
    confidence: Floats, right: Mask, pool: Floats, precision: float, level: float
) -> list[Outlay]:
    """Forecast how many audit answers each share of the open tickets would take.

    ``pool`` (m,) are the open tickets' confidences. The precision at each threshold is taken from
    the audit answers there are, with one more error than was seen: a guess, and not a bound.
    """
    found: list[Outlay] = []
    for share in (0.25, 0.5, 0.75, 0.9, 1.0):
        if not len(pool):
            return found
        threshold = float(np.quantile(pool, 1 - share))
        at_least = confidence >= threshold
        n = int(at_least.sum())
        if not n:
            continue
        rate = (float((~right[at_least]).sum()) + 1) / (n + 2)
        needed = _needed(rate, precision, level)
        if needed is not None:
            found.append(Outlay(share, int(np.ceil(needed * len(confidence) / n))))
    return found


def _needed(rate: float, precision: float, level: float) -> int | None:
    """Answers with which an error rate passes with probability :data:`POWER`; None: too many."""
    if rate >= 1 - precision:
        return None
    size = fewest(precision, level)
    while size <= _MOST:
        allowed = int(binom.ppf(level, size, 1 - precision))
        while allowed >= 0 and binom.cdf(allowed, size, 1 - precision) > level:
            allowed -= 1
        if allowed >= 0 and binom.cdf(allowed, size, rate) >= POWER:
            return size
        size = int(size * 1.05) + 1
    return None
