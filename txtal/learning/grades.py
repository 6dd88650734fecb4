"""Grades: labels that have an order. Answers and probabilities of "this grade or above".

A model of ratings learns one yes or no for each grade but the lowest: is it this one or one above
it? (Frank and Hall 2001, "A simple approach to ordinal classification", ECML, LNAI 2167.)
"""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Cells, Floats, Indices
from txtal.learning.matrix import IS, NOT, UNKNOWN


def reached(cells: Cells) -> Cells:
    """Turn answers about grades (n, k) into answers to "this grade or above?", the first always IS.

    A reject counts where all grades that are left are on one side: "not 5" of five is "not 5 or
    above", and "not 3" teaches nothing.
    """
    possible = cells != NOT
    above = np.logical_or.accumulate(possible[:, ::-1], axis=1)[:, ::-1]
    below = np.zeros(cells.shape, np.bool_)
    below[:, 1:] = np.logical_or.accumulate(possible, axis=1)[:, :-1]
    return np.where(below & above, UNKNOWN, np.where(above, IS, NOT)).astype(np.int8)


def at_least(proba: Floats) -> Floats:
    """Return the probabilities (n, k) of each grade or one above it; the first is 1."""
    above = np.cumsum(proba[:, :0:-1], axis=1)[:, ::-1]
    return np.hstack([np.ones((len(proba), 1), proba.dtype), above])


def exactly(at_or_above: Floats) -> Floats:
    """Return the probabilities (n, k) of each grade, given those of it or one above it.

    Undoes :func:`at_least`.

    Each came from a regression by itself: where they cross they are put in descending order
    (rearrangement, Chernozhukov, Fernández-Val and Galichon 2010, Econometrica 78).
    """
    falling = np.zeros((len(at_or_above), at_or_above.shape[1] + 1), at_or_above.dtype)
    falling[:, 0] = 1
    falling[:, 1:-1] = -np.sort(-at_or_above[:, 1:], axis=1)
    return np.asarray(-np.diff(falling, axis=1))


def median(proba: Floats) -> Indices:
    """Return the column (n,) of the median grade, which has the least expected error."""
    return np.asarray((at_least(proba) >= 0.5).sum(axis=1) - 1)


def expected(proba: Floats) -> Floats:
    """Return the expected grade (n,), counted from 0."""
    return np.asarray(at_least(proba)[:, 1:].sum(axis=1))


def off(truth: Cells, decided: Cells) -> Indices:
    """Return by how many grades (n,) each decision is off; each row has one IS."""
    return np.asarray(np.abs(decided.argmax(axis=1) - truth.argmax(axis=1)))


def support(proba: Floats) -> Floats:
    """Return the support (n, k) of each grade: its probability and parts of those near it.

    It counts half of those next to it, a quarter of the ones after them, and so on. So a grade has
    at least half the support of any next to it.
    """
    grade = np.arange(proba.shape[1])
    return np.asarray(proba @ 0.5 ** np.abs(grade[:, None] - grade), np.float32)
