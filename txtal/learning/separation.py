"""Which labels are hardly two, and which label holds two: what the answers say of a label scheme.

Two labels **overlap** when a model that has not seen the answers can't tell which of the two was
given. How well it can is the area under the ROC curve of the log-odds of one against the other,
over the answers with either: 1 is always, one half is a coin. Ranked by the upper end of its 95%
interval (Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating
characteristic curve", Radiology 143), so that few answers prove nothing.

A label **holds two clusters** when two means found on half of its answers lie apart on the other
half. Features are scaled so that the spread within labels is the same in all directions (as in
linear discriminant analysis, Fisher 1936, Annals of Eugenics 7). On the line through the two means
the held-out half is better described by two normal distributions than by one: by how much, in mean
log-likelihood, and how wide it lies there beside other labels, counts. So do the number of
answers, and how far the two parts differ in which other labels they are like (the Jensen-Shannon
divergence: Lin 1991, IEEE Transactions on Information Theory 37). Paying by two brands of phone
makes two clusters, yet both are like the same other labels; of one label for two things each part
is like others. How much each counts was found on labels merged on purpose: see docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from scipy.stats import norm, rankdata

from txtal.learning.arrays import Features, Floats, Indices, Mask, unit_rows

FEWEST = 8
"""Answers that each of two labels must have to be compared."""

FEWEST_TO_SPLIT = 16
"""Answers that a label needs before clusters are looked for in it."""

OVERLAPPING = 0.8
"""An area below which, by its upper end, two labels overlap."""

SPLITTING = 2.0
"""How many times the median label's score one must have to be taken to hold two clusters."""

_DIMENSIONS = 80
_SHRINKAGE = 0.2
_HALVES = 4
_ENOUGH_OTHERS = 3
"""Other labels from which it counts which of them the two parts are like."""

_WIDTH, _APART, _SMALLER, _ANSWERS = 1.25, 0.4, 0.75, 1.5
"""Exponents of what counts: see above."""

_APART_ANYWAY = 0.02
"""Added to the divergence, since of labels that are all as far from one another as can be no part
is like any."""

_LITTLE = 0.15
"""Added to the gain, so that it doesn't decide alone where both clusters are small."""

_Z = 1.96


@dataclass(frozen=True, slots=True)
class OverlappingPair:
    """Two labels, as columns, that are hard to tell apart."""

    one: int
    other: int
    area: float
    low: float
    high: float
    confused: int
    """Answers with either that a model gave the other."""


@dataclass(frozen=True, eq=False, slots=True)
class TwoClusters:
    """A label, as a column, that holds two clusters."""

    label: int
    score: float
    second: Mask
    """(m,): which of the label's answers, in their order, are in the smaller cluster."""


def overlapping(proba: Floats, labels: Indices) -> list[OverlappingPair]:
    """Return the pairs of labels with confusions, the least separable first.

    ``proba`` (n, k) are cross-fitted, ``labels`` (n,) were given.
    """
    counts = np.bincount(labels, minlength=proba.shape[1])
    said = proba.argmax(axis=1)
    confused = np.zeros((proba.shape[1],) * 2, np.int64)
    np.add.at(confused, (labels, said), 1)
    both = np.triu(confused + confused.T, 1)
    logs = np.log(np.maximum(proba, 1e-9))
    found = []
    for one, other in np.argwhere(both >= 2).tolist():
        if min(counts[one], counts[other]) < FEWEST:
            continue
        rows = (labels == one) | (labels == other)
        area = _area(logs[rows, one] - logs[rows, other], labels[rows] == one)
        low, high = _area_interval(area, int(counts[one]), int(counts[other]))
        found.append(OverlappingPair(one, other, area, low, high, int(both[one, other])))
    return sorted(found, key=lambda pair: (pair.high, pair.area))


def _area(scores: Floats, positive: Mask) -> float:
    """The area under the ROC curve (Mann and Whitney's statistic); ties count half."""
    yes, no = int(positive.sum()), int((~positive).sum())
    return float((rankdata(scores)[positive].sum() - yes * (yes + 1) / 2) / (yes * no))


def _area_interval(area: float, yes: int, no: int) -> tuple[float, float]:
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (yes - 1) * (q1 - area**2) + (no - 1) * (q2 - area**2)
    reach = _Z * float(np.sqrt(max(variance, 0.0) / (yes * no)))
    return max(0.0, area - reach), min(1.0, area + reach)


def two_clusters(features: Features, labels: Indices, seed: int = 0) -> list[TwoClusters]:
    """Return the labels with enough answers, those that most seem to hold two clusters first.

    ``features`` (n, d) of the answered tickets, ``labels`` (n,) that were given.
    """
    whitened = _whitened(features, labels)
    known, own = np.unique(labels, return_inverse=True)
    logits = _logits(whitened, own)
    found = []
    for place, label in enumerate(known.tolist()):
        rows = whitened[own == place]
        if len(rows) < FEWEST_TO_SPLIT:
            continue
        others = softmax(np.delete(logits[own == place], place, axis=1), axis=1)
        rng = np.random.default_rng([seed, label])
        found.append(TwoClusters(label, _held_out_score(rows, others, rng), _smaller(rows, rng)))
    return sorted(found, key=lambda one: -one.score)


def _logits(whitened: Floats, own: Indices) -> Floats:
    """By linear discriminant analysis: of each label (n, k), up to what all labels share."""
    counts = np.bincount(own)
    means = np.stack([whitened[own == label].mean(axis=0) for label in range(len(counts))])
    return np.asarray(whitened @ means.T - (means**2).sum(axis=1) / 2 + np.log(counts))


def splitting(found: Sequence[TwoClusters]) -> list[TwoClusters]:
    """Keep those that hold two clusters more clearly than most labels do."""
    if not found:
        return []
    usual = float(np.median([one.score for one in found]))
    return [one for one in found if one.score > SPLITTING * usual and one.second.any()]


def _whitened(features: Features, labels: Indices) -> Floats:
    """In the directions that vary most, with the spread within labels the same in all of them."""
    unit = unit_rows(features)
    centred = unit - unit.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    reduced = centred @ directions[:, ::-1][:, :_DIMENSIONS]
    known, own = np.unique(labels, return_inverse=True)
    means = np.stack([reduced[own == label].mean(axis=0) for label in range(len(known))])
    within = reduced - means[own]
    covariance = within.T @ within / len(within)
    size = len(covariance)
    flat = np.eye(size) * np.trace(covariance) / size
    spread, axes = np.linalg.eigh((1 - _SHRINKAGE) * covariance + _SHRINKAGE * flat)
    return np.asarray(reduced @ (axes / np.sqrt(np.maximum(spread, 1e-12))))


def _held_out_score(rows: Floats, others: Floats, rng: np.random.Generator) -> float:
    """How clearly two means found on one half of the rows (m, d) are two clusters on the other.

    ``others`` (m, k - 1) are the probabilities of the other labels.
    """
    tried = []
    for _ in range(_HALVES):
        order = rng.permutation(len(rows))
        halves = order[: len(rows) // 2], order[len(rows) // 2 :]
        for learned, held in (halves, halves[::-1]):
            tried.append(_tried(rows[learned], rows[held], others[held], rng))
    gain, width, apart, smaller = np.mean(tried, axis=0).tolist()
    score = (max(0.0, gain) + _LITTLE) * max(0.0, width - 1) ** _WIDTH * len(rows) ** _ANSWERS
    if others.shape[1] >= _ENOUGH_OTHERS:
        score *= (_APART_ANYWAY + max(0.0, apart)) ** _APART
    return float(score * smaller**_SMALLER)


def _tried(
    learned: Floats, held: Floats, others: Floats, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """By two means of the learned rows, of those held out: how much better two clusters describe
    them, how wide they lie, how much more than by chance the two parts differ in which other
    labels they are like, and the fraction of the smaller part."""
    means = _two_means(learned, rng)
    if means is None:
        return 0.0, 1.0, 0.0, 0.0
    axis = (means[1] - means[0]) / np.linalg.norm(means[1] - means[0])
    gain = _gain(learned @ axis, held @ axis, float(means.sum(axis=0) @ axis / 2))
    width = float((held @ axis).var())
    second = _distances(held, means).argmin(axis=1) == 1
    smaller = min(float(second.mean()), 1 - float(second.mean()))
    if smaller * len(second) < 2:
        return gain, width, 0.0, smaller
    apart = _divergence(others, second) - _divergence(others, rng.permutation(second))
    return gain, width, apart, smaller


def _divergence(proba: Floats, second: Mask) -> float:
    """Jensen and Shannon's, in bits, of the mean probabilities (m, k) of two parts."""
    one, other = proba[~second].mean(axis=0), proba[second].mean(axis=0)
    return float(jensenshannon(one, other, base=2) ** 2)


def _gain(learned: Floats, held: Floats, middle: float) -> float:
    """Mean log-likelihood of held-out places on a line by two normals, less that by one."""
    right = learned > middle
    if not 2 <= right.sum() <= len(right) - 2:
        return 0.0
    share = float(right.mean())
    inner = share * learned[right].var() + (1 - share) * learned[~right].var()
    spread = max(1.0, float(np.sqrt(inner)))
    two = share * norm.pdf(held, learned[right].mean(), spread)
    two = two + (1 - share) * norm.pdf(held, learned[~right].mean(), spread)
    one = norm.logpdf(held, held.mean(), max(1e-6, held.std()))
    return float((np.log(np.maximum(two, 1e-300)) - one).mean())


def _two_means(rows: Floats, rng: np.random.Generator) -> Floats | None:
    """The better of a few runs of Lloyd's algorithm (2, d); None when one cluster is left."""
    best, least = None, np.inf
    for _ in range(6):
        means = rows[rng.choice(len(rows), 2, replace=False)]
        for _ in range(20):
            nearer = _distances(rows, means).argmin(axis=1)
            if nearer.min() == nearer.max():
                break
            means = np.stack([rows[nearer == side].mean(axis=0) for side in (0, 1)])
        else:
            loss = float(_distances(rows, means).min(axis=1).sum())
            if loss < least:
                best, least = means, loss
    return best


def _distances(rows: Floats, means: Floats) -> Floats:
    return np.asarray(((rows[:, None] - means) ** 2).sum(axis=2))


def _smaller(rows: Floats, rng: np.random.Generator) -> Mask:
    """Which rows are in the smaller of two clusters of all of them."""
    means = _two_means(rows, rng)
    if means is None:
        return np.zeros(len(rows), np.bool_)
    second = _distances(rows, means).argmin(axis=1) == 1
    return np.asarray(second if 2 * second.sum() <= len(second) else ~second)
