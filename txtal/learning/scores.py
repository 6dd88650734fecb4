"""Scores: a distribution over a long scale from a few yes-or-no regressions.

Grades have a regression for each: is it this one or one above it? On a scale of a hundred numbers
most were never answered, and their neighbours say nearly the same. So scores are asked at up to
``CUTS`` of them, quantiles of those given, and between two cuts the log-odds are interpolated: a
distribution regression (Foresi and Peracchi 1995, JASA 90; Chernozhukov, Fernández-Val and Melly
2013, Econometrica 81). It predicts the median, which is what a mean absolute error asks for. Ridge
regression on the number predicts the mean, and was off by more: see docs/benchmarks.md.
"""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, Indices

CUTS = 10
"""Regressions of a fit."""

TAIL = 4.0
"""By how much the log-odds change from the outermost cut to the end of the scale."""

EARLY = 5.0
"""By this many answers' worth the first distributions are wider: few answers look too alike."""

QUANTILES: Floats = np.linspace(0.05, 0.95, CUTS, dtype=np.float32)


def cuts(scores: Indices) -> Indices:
    """Return where to ask "this score or above?" of scores (n,), counted from 0; both occur."""
    if not len(scores):
        return np.empty(0, np.int64)
    found = np.unique(np.quantile(scores, QUANTILES, method="higher").astype(np.int64))
    return np.asarray(found[found > scores.min()])


def interpolated(
    at: Indices, coef: Floats, intercept: Floats, scores: Indices, k: int
) -> tuple[Floats, Floats]:
    """Return weights (k, d) and intercepts (k,) of each score or above, given those at cuts (c,).

    Without a cut, where all scores (n,) are one or there is none, it is a wide distribution about
    them.
    """
    number = np.arange(k)
    if not len(at):
        middle = float(scores.mean()) if len(scores) else (k - 1) / 2
        flat = (middle + 0.5 - number) * (2 * TAIL / k)
        return np.zeros((k, coef.shape[1]), np.float32), np.asarray(flat, np.float32)
    between = np.stack([np.interp(number, at, row) for row in np.eye(len(at))], axis=1)
    below = np.maximum(0, at[0] - number) / max(1, at[0])
    above = np.maximum(0, number - at[-1]) / max(1, k - 1 - at[-1])
    wider = 1 + EARLY / len(scores)
    return (
        np.asarray(between @ coef / wider, np.float32),
        np.asarray((between @ intercept + TAIL * (below - above)) / wider, np.float32),
    )
