"""Cross-fitting: predict each answer by a model that never saw it.

The answers are dealt out to folds, and each fold is predicted by a model of all the others (Stone
1974, JRSS B 36). Ways of fitting are compared by it, and confident learning finds wrong answers
by it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel
from txtal.learning.stepwise import Steps, finished

FOLDS = 5

Learn = Callable[[Features, Indices, Cells], LinearModel]
"""Fits a model to the answers (n, k) about tickets by their features (n, d) and rows (n,)."""

Learning = Callable[[Features, Indices, Cells], Steps[LinearModel]]
"""Does the same, and stops after each part of a fit that takes long."""


def at_once(learn: Learn) -> Learning:
    """Return what fits a model without a stop."""

    def learning(features: Features, rows: Indices, cells: Cells) -> Steps[LinearModel]:
        yield from ()
        return learn(features, rows, cells)

    return learning


def deal(cells: Cells, which: Mask, folds: int = FOLDS) -> Indices:
    """Deal each label's answers out to all folds in turn: (n,), -1 for those not in ``which``."""
    dealt = np.full(len(cells), -1, np.int64)
    where = np.flatnonzero(which)
    by_label = where[np.argsort((cells[where] == IS).argmax(axis=1), kind="stable")]
    dealt[by_label] = np.arange(len(by_label)) % folds
    return dealt


def deal_in_order(cells: Cells, which: Mask, order: Indices, folds: int = FOLDS) -> Indices:
    """Deal out the answers of ``which`` (n,), one after another in ``order`` (n,).

    Each goes to the fold that has the fewest of its label, and then the fewest of all. More
    answers at the end don't move those before them, so that an estimate changes by what is new and
    not by another deal.
    """
    dealt = np.full(len(cells), -1, np.int64)
    labels = (cells == IS).argmax(axis=1).tolist()
    held = [0] * folds
    held_of: dict[int, list[int]] = {}
    rows = np.flatnonzero(which)
    for row in rows[np.argsort(order[rows], kind="stable")].tolist():
        of_label = held_of.setdefault(labels[row], [0] * folds)
        fold = min(range(folds), key=lambda one: (of_label[one], held[one]))
        of_label[fold] += 1
        held[fold] += 1
        dealt[row] = fold
    return dealt


def cross_fitted(
    features: Features,
    rows: Indices,
    cells: Cells,
    folds: Indices,
    learn: Learn,
    *,
    threads: int = 1,
) -> tuple[Floats, Mask]:
    """Return probabilities (n, k) by models of the other folds, and the labels those could know.

    The latter is a mask (n, k). Answers of fold -1 teach every model and aren't predicted: their
    rows keep zeros. With ``threads`` as many folds are fitted at once, to the same outcome.
    """
    if threads == 1:
        return finished(cross_fitting(features, rows, cells, folds, at_once(learn)))
    found = _CrossFitted(features, rows, cells, folds)
    # Each fit sets the filters of warnings, which all threads share, and puts them back.
    with warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        warnings.simplefilter("ignore", UserWarning)
        list(pool.map(lambda fold: finished(found.predicting(fold, at_once(learn))), found.every))
    return found.proba, found.known


def cross_fitting(
    features: Features, rows: Indices, cells: Cells, folds: Indices, learning: Learning
) -> Steps[tuple[Floats, Mask]]:
    """Do what :func:`cross_fitted` does, and stop after each fit, or within it."""
    found = _CrossFitted(features, rows, cells, folds)
    for fold in found.every:
        yield from found.predicting(fold, learning)
        yield
    return found.proba, found.known


class _CrossFitted:
    """What is predicted so far."""

    def __init__(self, features: Features, rows: Indices, cells: Cells, folds: Indices) -> None:
        self._given = features, rows, cells
        self._folds = folds
        self.proba = np.zeros(cells.shape, np.float32)
        self.known = np.zeros(cells.shape, np.bool_)
        self.every = range(folds.max(initial=-1) + 1)

    def predicting(self, fold: int, learning: Learning) -> Steps[None]:
        """Predict the answers of a fold by a model of the others."""
        out, rest = self._folds == fold, self._folds != fold
        model = yield from learning(*(one[rest] for one in self._given))
        self.proba[out] = model.predict_proba(self._given[0][out])
        self.known[out] = model.trained
