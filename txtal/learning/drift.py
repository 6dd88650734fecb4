"""Whether new tickets are like those that were there: four tests, and what has changed.

- **The mean**: the squared distance between the mean features of both, compared with that of random
  relabellings (a permutation test; with a linear kernel it is the maximum mean discrepancy of
  Gretton et al. 2012, "A kernel two-sample test", JMLR 13). It notices a change of the mix.
- **Neighbours**: how many of the nearest neighbours of each new ticket are new, too (Schilling
  1986, "Multivariate two-sample tests based on nearest neighbors", JASA 81), in a high power: a new
  kind of ticket is a place where all of them are. Compared with relabellings, too.
- **Distance**: whether new tickets lie farther than old ones from half of the old ones, to which
  neither belongs (the rank-sum test of Mann and Whitney 1947, Annals of Mathematical Statistics
  18). Of few tickets it notices new labels the most often.
- **The mix of predicted labels**: chi-square, on tickets that the model has not learned from.

The level is divided by the number of tests (Bonferroni), so that of sets without drift no more than
one in twenty is called drifted. **Words** are those whose log-odds grew the most, in units of their
error, with the words of both as a prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words",
Political Analysis 16).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency, mannwhitneyu

from txtal.learning.arrays import Features, Floats, Indices, Mask, unit_rows

LEVEL = 0.05
MOST = 2_000
"""Tickets of each side that are compared, drawn at random."""

FEWEST = 30
"""Tickets of either side below which nothing can be said."""

_PERMUTATIONS = 400
_FAR = 0.05
"""Share of the old tickets that lie as far from the others as what is called far."""

_NEIGHBOURS = 20
_POWER = 8
_CLEAR = 3.0
_PRIOR = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Shift:
    """What the tests came to."""

    mean: float
    """Probability of so great a distance of the means without drift, as those below."""
    neighbours: float
    distance: float
    mix: float | None
    """None without a model."""
    share_far: float
    """Of the new tickets, that lie farther from the old ones than all but a twentieth of those."""
    nearness: Floats
    """(m,): the cosine of each new ticket to the nearest of half of the old ones."""
    newness: Floats
    """(m,): the fraction of its nearest neighbours that are new, too."""

    @property
    def noticed(self) -> bool:
        """Whether any of the tests, all of them together at ``LEVEL``, notices drift."""
        made = [
            one for one in (self.mean, self.neighbours, self.distance, self.mix) if one is not None
        ]
        return min(made) < LEVEL / len(made)


def shift(
    old: Features, new: Features, predicted: tuple[Indices, Indices] | None = None, seed: int = 0
) -> Shift:
    """Compare the features of new tickets (m, d) with those of earlier ones (n, d).

    ``predicted`` are labels of both by a model that has learned from neither; each side must have
    ``FEWEST`` tickets.
    """
    rng = np.random.default_rng(seed)
    before, after = unit_rows(old), unit_rows(new)
    neighbours, newness = _neighbour_test(before, after, rng)
    half, other = _halves(len(before), rng)
    near_new = _nearest(after, before[half])
    near_old = _nearest(before[other], before[half])
    limit = float(np.quantile(near_old, _FAR))
    return Shift(
        mean=_mean_test(before, after, rng),
        neighbours=neighbours,
        distance=float(mannwhitneyu(near_new, near_old, alternative="less").pvalue),
        mix=None if predicted is None else _mix_test(*predicted),
        share_far=float((near_new < limit).mean()),
        nearness=near_new,
        newness=newness,
    )


def sampled(count: int, seed: int = 0) -> Indices:
    """Return up to ``MOST`` of ``count`` places, drawn at random, ascending."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(count)[:MOST])


def _halves(count: int, rng: np.random.Generator) -> tuple[Indices, Indices]:
    order = rng.permutation(count)
    return order[: count // 2], order[count // 2 :]


def _nearest(rows: Features, others: Features) -> Floats:
    return np.asarray((rows @ others.T).max(axis=1))


def _mean_test(before: Features, after: Features, rng: np.random.Generator) -> float:
    """The share of relabellings, this one included, whose means lie as far apart."""
    rows = np.vstack([before, after])
    rows = rows - rows.mean(axis=0)
    gram = rows @ rows.T
    n, m = len(before), len(after)
    sides = np.concatenate([np.full(n, -1.0 / n), np.full(m, 1.0 / m)])
    drawn = np.stack([sides, *(rng.permutation(sides) for _ in range(_PERMUTATIONS))])
    drawn = drawn.astype(np.float32)
    distances = np.einsum("ij,ij->i", drawn @ gram, drawn)
    return float((distances >= distances[0] * (1 - 1e-6)).mean())


def _neighbour_test(
    before: Features, after: Features, rng: np.random.Generator
) -> tuple[float, Floats]:
    """The share of relabellings, this one included, in which as many new ones lie together.

    And the fraction (m,) of each new ticket's neighbours that are new.
    """
    rows = np.vstack([before, after])
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    count = min(_NEIGHBOURS, len(rows) - 1)
    near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    is_new = np.arange(len(rows)) >= len(before)
    powers = (np.arange(count + 1) / count) ** _POWER

    def together(new: Mask) -> float:
        return float(powers[new[near[new]].sum(axis=1)].mean())

    drawn = [together(is_new), *(together(rng.permutation(is_new)) for _ in range(_PERMUTATIONS))]
    newness = is_new[near[is_new]].mean(axis=1)
    return float((np.array(drawn) >= drawn[0] - 1e-12).mean()), np.asarray(newness, np.float32)


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
