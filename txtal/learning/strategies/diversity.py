"""Batches of tickets that are uncertain and unlike one another.

These pick ``pool.size`` tickets one by one; the picks' scores count down, and all other tickets
come after, by margin.
"""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, squared_lengths, unit_rows
from txtal.learning.model import decide
from txtal.learning.select import best_first
from txtal.learning.strategies.clusters import cluster, heads
from txtal.learning.strategies.order import in_order
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.strategies.uncertainty import margin

CANDIDATES = 10
"""kmeans looks at this many times ``pool.size`` of the least certain tickets (Zhdanov's beta)."""

SAMPLE = 20_000
"""Size of the random sample that badge picks from."""


def kmeans(pool: Pool) -> Floats:
    """Pick the ticket nearest to each centre of a margin-weighted k-means of the least certain.

    Zhdanov 2019, "Diverse mini-batch active learning" (arXiv:1901.05954): ``pool.size`` clusters
    of the ``CANDIDATES`` * ``pool.size`` tickets with the smallest margin, as rows of unit length.
    The least certain pick comes first.
    """
    scores = score(margin, pool)
    rows = best_first(scores, pool.rng)[: CANDIDATES * pool.size]
    if not len(rows):
        return in_order(pool, rows)
    unit = unit_rows(pool.features[rows])
    weights = np.maximum(scores[rows], 1e-6)
    clusters = cluster(unit, min(pool.size, len(rows)), pool.rng, weights)
    closeness = np.einsum("ij,ij->i", unit, clusters.cluster_centers_[clusters.labels_])
    picks = heads(clusters.labels_, closeness)
    return in_order(pool, rows[np.sort(picks)])


def badge(pool: Pool) -> Floats:
    """Pick by k-means++ over the gradients that the model's own predictions give: g = (p - e_y) x'.

    Ash et al. 2020, "Deep batch active learning by diverse, uncertain gradient lower bounds"
    (arXiv:1906.03671), where y is the predicted label. The longest gradient is picked
    first, then with probability proportional to the squared distance from the nearest pick, from a
    random sample of ``SAMPLE`` tickets. The k * d numbers of a gradient are never written out:
    <g, g'> = (p - e_y)'(p' - e_y') x'x'.
    multilabel, binary, rating: p - e_y has an entry for each label's or grade's own yes or no.
    """
    rows = pool.sample(SAMPLE)
    features = pool.features[rows]
    if pool.task == "exclusive":
        errors = pool.proba[rows] - decide(pool.proba[rows], pool.task)
    else:
        errors = pool.yes_proba[rows] - (pool.yes_proba[rows] >= 0.5)
    lengths = squared_lengths(errors) * squared_lengths(features)
    picks: list[int] = []
    apart = np.full(len(rows), np.inf, np.float32)
    while len(picks) < pool.size and apart.any():
        pick = _drawn(apart, pool.rng) if picks else int(lengths.argmax())
        picks.append(pick)
        products = (errors @ errors[pick]) * np.asarray(features @ features[pick])
        distances = np.maximum(lengths + lengths[pick] - 2 * products, 0)
        apart = np.minimum(apart, distances)
        apart[picks] = 0
    return in_order(pool, rows[picks])


def _drawn(weights: Floats, rng: np.random.Generator) -> int:
    """Draw a row with probability proportional to its weight (n,); not all weights are zero."""
    sums = np.cumsum(weights, dtype=np.float64)
    return int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
