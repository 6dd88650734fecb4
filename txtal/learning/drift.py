"""Whether new tickets are like those that were there: the tests, and what has changed.

Three tests compare the features of both sides. Each statistic is compared with its values when the
sides are dealt out at random, the same deals for all (permutation tests):

- **Classifier**: how well a ridge regression on a Gaussian kernel tells on which side a ticket is
  that it has not seen (a classifier two-sample test: Lopez-Paz and Oquab 2017, "Revisiting
  Classifier Two-Sample Tests", ICLR; with a kernel, Eric, Bach and Harchaoui 2007, "Testing for
  Homogeneity with Kernel Fisher Discriminant Analysis", NIPS 20). Leaving each ticket out takes no
  further fit. It notices a change of the mix, and larger new labels.
- **Neighbours**: how many of the nearest neighbours of each new ticket are new, too (Schilling
  1986, "Multivariate two-sample tests based on nearest neighbors", JASA 81), in a high power: a new
  kind of ticket is a place where all of them are. Of ten and of twenty neighbours, as new labels
  may be small or large.
- **Distance**: how far each new ticket lies from the nearest earlier one, as a rank among all
  tickets' distances, as it is and in a high power: new tickets of many kinds lie a little farther
  away, those of a few kinds much farther. Of many small new labels it notices the most.

The probabilities of the five statistics are combined as Fisher's sum of logarithms, which is
compared with that of the same deals (nonparametric combination: Pesarin 2001, "Multivariate
Permutation Tests", chapter 6), so that its level holds however much they depend on one another.
**The mix of predicted
labels** is a chi-square test by itself, on tickets that the model has not learned from; it gets a
fifth of the level, so that of sets without drift no more than one in twenty is called drifted.

**Words** are those whose log-odds grew the most, in units of their error, with the words of both as
a prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words", Political Analysis 16).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency, rankdata

from txtal.learning.arrays import Features, Floats, Indices, Mask, unit_rows

LEVEL = 0.05
OF_MIX = 0.01
"""What of the level goes to the mix of predicted labels, where there is a model."""

MOST = 2_000
"""Tickets of each side that are compared, drawn at random."""

FEWEST = 30
"""Tickets of either side below which nothing can be said."""

DEALS = 400
"""Random deals that what is seen is compared with."""

_FAR = 0.05
"""Share of the old tickets that lie as far from the others as what is called far."""

_NEIGHBOURS = 20
_SIZES = 10, _NEIGHBOURS
"""Of neighbourhoods that are looked at."""

_CLUSTERED = 8
"""The power of the fraction of neighbours that are new."""

_NEAREST = 60
"""Neighbours among which the nearest earlier one is looked for."""

_POWERS = 1, 8
"""Powers of the rank of a distance."""

_TOLD_APART = 2_000
"""Tickets of both sides that the classifier is fitted to, drawn at random from more."""

_SHARPNESS, _PENALTY = 4.0, 1.0
"""Of the classifier: its kernel is exp(sharpness * (cosine - 1))."""

_CLEAR = 3.0
_PRIOR = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Shift:
    """What the tests came to."""

    classifier: float
    """Probability of telling the sides apart so well without drift; the others are its like."""
    neighbours: float
    distance: float
    together: float
    """That of the three."""
    mix: float | None
    """None without a model."""
    share_far: float
    """Of the new tickets, that lie farther from the old ones than all but a twentieth of those."""
    nearness: Floats
    """(m,): the cosine of each new ticket to the nearest old one."""
    newness: Floats
    """(m,): the fraction of its nearest neighbours that are new, too."""

    @property
    def noticed(self) -> bool:
        """Whether the tests, all of them at ``LEVEL``, notice drift."""
        if self.mix is None:
            return self.together <= LEVEL
        return self.together <= LEVEL - OF_MIX or self.mix <= OF_MIX


def shift(
    old: Features,
    new: Features,
    predicted: tuple[Indices, Indices] | None = None,
    seed: int = 0,
    count: int = DEALS,
) -> Shift:
    """Compare the features of new tickets (m, d) with those of earlier ones (n, d).

    ``predicted`` are labels of both by a model that has learned from neither; each side must have
    ``FEWEST`` tickets. Features fitted to one side alone would lie closer together there. No
    probability is less than one by ``count`` deals and this one.
    """
    rows = np.vstack([unit_rows(old), unit_rows(new)])
    is_new = np.arange(len(rows)) >= len(old)
    rng = np.random.default_rng(seed)
    deals = np.stack([is_new, *(rng.permutation(is_new) for _ in range(count))])
    near = _NearestTickets.of(rows, len(old))
    told_apart = [_probabilities(_told_apart(rows, deals, rng))]
    neighbours = [_probabilities(near.clustered(deals, size)) for size in _SIZES]
    ranks = near.far_away(deals)
    distance = [_probabilities(_mean_power(ranks, deals, power)) for power in _POWERS]
    nearness = near.to_old(is_new)
    limit = np.quantile(nearness[~is_new], _FAR)
    return Shift(
        classifier=float(told_apart[0][0]),
        neighbours=_combined(neighbours),
        distance=_combined(distance),
        together=_combined([*told_apart, *neighbours, *distance]),
        mix=None if predicted is None else _mix_test(*predicted),
        share_far=float((nearness[is_new] < limit).mean()),
        nearness=nearness[is_new],
        newness=near.newness(is_new)[is_new],
    )


def sampled(count: int, seed: int = 0, most: int = MOST) -> Indices:
    """Return up to ``most`` of ``count`` places, drawn at random, ascending."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(count)[:most])


def _probabilities(statistics: Floats) -> Floats:
    """Return, for each deal (b,), the share of deals with as great a statistic."""
    least = statistics * (1 - 1e-6 * np.sign(statistics))  # the same deal in another order of sums
    return np.asarray((len(least) - np.searchsorted(np.sort(statistics), least)) / len(least))


def _combined(tests: Sequence[Floats]) -> float:
    """Return the probability of the tests together, by their probabilities of each deal (b,)."""
    return float(_probabilities(-np.log(np.stack(tests)).sum(axis=0))[0])


def _told_apart(rows: Features, deals: Mask, rng: np.random.Generator) -> Floats:
    """Return how well a classifier tells the sides of each deal (b,) apart, up to a constant.

    A ridge regression predicts a ticket that it was not fitted to as its residual says, divided by
    its element of the inverse's diagonal (Allen 1974, "The Relationship between Variable Selection
    and Data Augmentation", Technometrics 16).
    """
    some = np.sort(rng.permutation(len(rows))[:_TOLD_APART])
    rows, deals = rows[some], deals[:, some]
    kernel = np.exp(_SHARPNESS * (rows @ rows.T - 1)).astype(np.float64)
    kernel -= kernel.mean(axis=0)
    kernel -= kernel.mean(axis=1, keepdims=True)
    kernel[np.diag_indices_from(kernel)] += _PENALTY
    inverse = np.linalg.inv(kernel)
    sides = (deals - deals.mean(axis=1, keepdims=True)).T
    missed = (inverse @ sides) / np.diag(inverse)[:, None]
    return np.asarray(-(sides * missed).sum(axis=0) / (sides**2).sum(axis=0))


def _mean_power(ranks: Floats, deals: Mask, power: int) -> Floats:
    """Return the mean of a power of the new tickets' ranks (b, n) in each deal (b,)."""
    return np.asarray((ranks**power * deals).sum(axis=1) / deals.sum(axis=1))


@dataclass(frozen=True, eq=False, slots=True)
class _NearestTickets:
    """The nearest neighbours of each ticket (n, j), nearest first."""

    near: Indices
    cosines: Floats

    @classmethod
    def of(cls, rows: Features, old: int) -> _NearestTickets:
        """Find them; more where ``old``, the earlier ones, are a small part."""
        count = min(len(rows) - 1, max(_NEAREST, 10 * len(rows) // old))
        cosines = rows @ rows.T
        np.fill_diagonal(cosines, -np.inf)
        near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        there = np.take_along_axis(cosines, near, axis=1)
        order = np.argsort(-there, axis=1, kind="stable")
        return cls(
            np.take_along_axis(near, order, axis=1), np.take_along_axis(there, order, axis=1)
        )

    def newness(self, new: Mask, size: int = _NEIGHBOURS) -> Floats:
        """Return the fraction of each one's nearest neighbours that are new (n,)."""
        return np.asarray(new[self.near[:, :size]].mean(axis=1), np.float32)

    def to_old(self, new: Mask) -> Floats:
        """Return the cosine of each one (n,) to the nearest earlier one but itself."""
        old = ~new[self.near]
        old[:, -1] = True  # at most as near as the last that was looked at
        return np.asarray(self.cosines[np.arange(len(old)), old.argmax(axis=1)])

    def clustered(self, deals: Mask, size: int) -> Floats:
        """Return in each deal (b,) how much new ones lie together."""
        return np.array([(self.newness(new, size)[new] ** _CLUSTERED).mean() for new in deals])

    def far_away(self, deals: Mask) -> Floats:
        """Return the rank of how far each lies from the earlier ones, in each deal (b, n)."""
        return np.stack([_ranks(-self.to_old(new)) for new in deals])


def _ranks(values: Floats) -> Floats:
    """Return the rank of each (n,), as a fraction of n; the greatest has 1."""
    return np.asarray(rankdata(values) / len(values))


def _mix_test(before: Indices, after: Indices) -> float:
    """Chi-square of predicted labels; those met less than five times on either side go together."""
    size = int(max(before.max(), after.max())) + 1
    table = np.stack([np.bincount(side, minlength=size) for side in (before, after)])
    rare = (table.sum(axis=0) * table.sum(axis=1).min() / table.sum()) < 5
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    return float(chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0


def risen_words(before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> list[str]:
    """Return the words that more of the new texts have, the clearest first.

    Each text is its words; a word counts once a text.
    """
    old = Counter(word for text in before for word in set(text))
    new = Counter(word for text in after for word in set(text))
    prior = {word: _PRIOR * (old[word] + new[word]) / (len(before) + len(after)) for word in new}
    clear = {}
    for word, expected in prior.items():
        yes_new, yes_old = new[word] + expected, old[word] + expected
        no_new = len(after) - new[word] + _PRIOR
        no_old = len(before) - old[word] + _PRIOR
        grown = np.log(yes_new / no_new) - np.log(yes_old / no_old)
        clear[word] = float(grown / np.sqrt(1 / yes_new + 1 / yes_old))
    found = [word for word, z in clear.items() if z > _CLEAR]
    return sorted(found, key=lambda word: (-clear[word], word))


def newest_kinds(found: Shift, count: int) -> Indices:
    """Return the places of the new tickets that lie most among new ones, and then farthest away."""
    return np.lexsort((found.nearness, -found.newness))[:count]
