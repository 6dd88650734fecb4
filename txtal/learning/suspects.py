"""Answers that are probably wrong, by confident learning.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels",
JAIR 70. Each answer is compared with cross-fitted probabilities. A label counts as *confident* for
a ticket when its probability is at least the mean that tickets answered with this label have
(their equation 2): a threshold per label, so that one the model is rarely sure of is judged by its
own measure. An answer lies off the diagonal of the confident joint when the most probable
confident label is another, more probable one (section 3.1). As many answers are suspect as lie off
the diagonal, and those whose own label has the lowest probability are: by self-confidence, as in
their pruning by class (section 3.2). Ranked by the margin between the two labels, as in their
pruning by noise rate, answers flipped at random were found less often (docs/benchmarks.md).

Grades have an order, and whoever says 4 may have meant much the same as who says 5. So they are
judged by the support of a grade, its probability and those near it, :func:`.grades.support`,
and ranked by its fraction of the best supported grade's: an answer one grade off has half or more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from txtal.learning import grades
from txtal.learning.arrays import Cells, Floats, Indices, Mask
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.types import ONE_OF, Task


@dataclass(frozen=True, slots=True)
class Suspicions:
    """The suspects, the most suspect first; all arrays (s,)."""

    rows: Indices
    """Of the answers."""
    columns: Indices
    """The label in question: what it would be instead, or what was wrongly given or left out."""
    given: Floats
    """The probability of what was answered."""
    other: Floats
    """The probability of what the model would say instead."""


def suspicions(proba: Floats, known: Mask, cells: Cells, task: Task) -> Suspicions:
    """Find the answers (n, k) that cross-fitted probabilities (n, k) speak against.

    ``known`` (n, k) are the labels that the model of each row was trained for; others it can't
    judge. With several labels per ticket, and for rejects, each cell is a yes or no of its own, and
    the row's strongest suspicion counts.
    """
    if task in ONE_OF:
        accepted = (cells == IS).any(axis=1)
        found = [
            _of_one(proba, known, cells, accepted, task),
            _of_rejects(proba, known, cells, accepted),
        ]
    else:
        found = [_of_cells(proba, known, cells, task)]
    rows, columns, given, other, kept = (
        np.concatenate(parts) for parts in zip(*found, strict=True)
    )
    order = np.argsort(kept, kind="stable")
    return Suspicions(rows[order], columns[order], given[order], other[order])


def improbable(proba: Floats, known: Mask, cells: Cells) -> Mask:
    """Mark the accepts of one label (n,) that are nearly impossible by cross-fitted probabilities.

    Less than half of what chance alone would give the label: one of those the model could know of,
    and no more than its share of the accepts, for of a rare label a model is seldom sure. It is
    far fewer than the suspects: who leaves answers out of the fit for good loses right ones, too,
    and of hard tickets most of all.
    """
    label = (cells == IS).argmax(axis=1)
    every = np.arange(len(cells))
    any_label = (cells == IS).any(axis=1)
    accepted = any_label & known[every, label]
    share = np.bincount(label[any_label], minlength=cells.shape[1]) / max(1, any_label.sum())
    floor = 0.5 * np.minimum(1 / np.maximum(known.sum(axis=1), 1), share[label])
    return np.asarray(accepted & (proba[every, label] < floor))


_Found = tuple[Indices, Indices, Floats, Floats, Floats]
"""As :class:`Suspicions`, and the support of each answer: the less, the more suspect it is."""


def _of_one(proba: Floats, known: Mask, cells: Cells, accepted: Mask, task: Task) -> _Found:
    """Find accepts of one label: as many as another is confident for, the least supported."""
    label = (cells == IS).argmax(axis=1)
    rows = np.flatnonzero(accepted & known[np.arange(len(cells)), label])
    every, label, proba = np.arange(len(rows)), label[rows], proba[rows]
    support = grades.support(proba) if task == "rating" else proba
    given, other = support[every, label], support.argmax(axis=1)
    usual = _mean_where(support, np.eye(cells.shape[1], dtype=np.bool_)[label])
    confident = np.where(support >= usual, support, -1)
    off = confident.max(axis=1) > given
    kept = given / support[every, other] if task == "rating" else given
    better = np.flatnonzero(support[every, other] > given)
    least = better[np.argsort(kept[better], kind="stable")][: off.sum()]
    every, other = every[least], other[least]
    return rows[least], other, proba[every, label[least]], proba[every, other], kept[least]


def _of_rejects(proba: Floats, known: Mask, cells: Cells, accepted: Mask) -> _Found:
    """Find rejects of a label more probable than all others together, and than it usually is."""
    usual = _mean_where(proba, (cells == IS) & known)
    suspect = (cells == NOT) & known & ~accepted[:, None] & (proba > 0.5) & (proba >= usual)
    return _strongest(suspect, proba)


def _of_cells(proba: Floats, known: Mask, cells: Cells, task: Task) -> _Found:
    """Find suspect cells, each label judged by itself."""
    usable = known & (cells != UNKNOWN)
    yes, no = usable & (cells == IS), usable & (cells == NOT)
    usual_yes, usual_no = _mean_where(proba, yes), _mean_where(1 - proba, no)
    against = np.where(cells == IS, 1 - proba, proba)
    threshold = np.where(cells == IS, usual_no, usual_yes)
    return _strongest(usable & (against > 0.5) & (against >= threshold), against)


def _mean_where(values: Floats, mask: Mask) -> Floats:
    """Return each column's mean (k,) over the mask; infinite where there is none."""
    count = mask.sum(axis=0)
    total = np.where(mask, values, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf).astype(np.float32)


def _strongest(suspect: Mask, against: Floats) -> _Found:
    """Find the cell of each suspect row that most speaks against it."""
    rows = np.flatnonzero(suspect.any(axis=1))
    columns = np.where(suspect[rows], against[rows], -1).argmax(axis=1)
    other = against[rows, columns].astype(np.float32)
    return rows, columns, 1 - other, other, 1 - other
