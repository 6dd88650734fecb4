"""Coverage of the pool: tickets that represent those around them, whatever the model predicts.

These need no model. They pick ``pool.size`` tickets of a random sample one by one, on features of
unit length; the picks' scores count down, and all other tickets come after, by margin.
"""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Features, Floats, unit_rows, usable_rows
from txtal.learning.strategies.clusters import cluster, heads
from txtal.learning.strategies.order import in_order
from txtal.learning.strategies.pool import Pool

SAMPLE = 5_000
"""Size of the random sample to pick from."""

CENTRES = 512
"""coreset: answered tickets compared with the sample at a time."""

COPY = 1 - 1e-6
"""coreset: the cosine from which two tickets count as copies."""

CLUSTERS = 500
"""typiclust: the most clusters, as in the paper."""

NEIGHBOURS = 20
"""typiclust: nearest tickets of a cluster that typicality is measured by, as in the paper."""

SMALLEST = 5
"""typiclust: clusters with fewer tickets come last; the paper leaves them out."""


def coreset(pool: Pool) -> Floats:
    """Pick, each time, the ticket farthest from all answered and picked: max_x min_c ||x - c||.

    Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set
    approach" (arXiv:1708.00489), the greedy k-centre. Picks from a random sample of ``SAMPLE``
    tickets and stops when only copies of picked tickets are left.
    """
    rows = pool.sample(SAMPLE)
    unit, centres = unit_rows(pool.features[rows]), _answered(pool)
    nearest = np.full(len(rows), -np.inf, np.float32)
    for begin in range(0, len(centres), CENTRES):
        cosines = unit @ centres[begin : begin + CENTRES].T
        np.maximum(nearest, cosines.max(axis=1), out=nearest)
    picks: list[int] = []
    while len(picks) < pool.size and (nearest < COPY).any():
        pick = int(nearest.argmin())
        picks.append(pick)
        np.maximum(nearest, unit @ unit[pick], out=nearest)
        nearest[pick] = 1
    return in_order(pool, rows[picks])


def typiclust(pool: Pool) -> Floats:
    """Pick the most typical ticket of each cluster without an answer, largest clusters first.

    Hacohen, Dekel and Weinshall 2022, "Active learning on a budget: opposite strategies suit high
    and low budgets" (arXiv:2202.02794). Typicality is 1 / mean distance to the ``NEIGHBOURS``
    nearest tickets of the cluster. k-means of a random sample of ``SAMPLE`` tickets
    into as many clusters as there are answers and picks to make, ``CLUSTERS`` at most. Answered
    tickets then count for the nearest centre: clusters with fewer answers come first, those with
    fewer than ``SMALLEST`` tickets last.
    """
    rows = pool.sample(SAMPLE)
    if not len(rows):
        return in_order(pool, rows)
    unit, centres = unit_rows(pool.features[rows]), _answered(pool)
    clusters = cluster(unit, min(len(centres) + pool.size, CLUSTERS, len(rows)), pool.rng)
    group = clusters.labels_
    crowd = np.bincount(group, minlength=clusters.n_clusters)
    answers = np.zeros(clusters.n_clusters, np.int64)
    if len(centres):
        answers += np.bincount(clusters.predict(centres), minlength=clusters.n_clusters)

    closeness = np.empty(len(rows), np.float32)
    for label in np.flatnonzero(crowd):
        members = np.flatnonzero(group == label)
        closeness[members] = _closeness(unit[members])
    picks = heads(group, closeness)
    of = group[picks]
    order = np.lexsort((-crowd[of], answers[of], crowd[of] < SMALLEST))
    return in_order(pool, rows[picks[order]][: pool.size])


def _closeness(unit: Features) -> Floats:
    """Return minus each row's mean distance (n,) to its nearest neighbours; 0 for a lone row."""
    neighbours = min(NEIGHBOURS, len(unit) - 1)
    # A row's nearest is itself, or a copy as good, at distance 0.
    nearest = -np.partition(-(unit @ unit.T), neighbours, axis=1)[:, : neighbours + 1]
    distances = np.sqrt(np.maximum(2 - 2 * nearest, 0))
    return np.asarray(-distances.sum(axis=1) / max(1, neighbours))


def _answered(pool: Pool) -> Features:
    """Return the features of the usable answered tickets, of unit length."""
    if pool.answered is None:
        return np.empty((0, pool.features.shape[1]), np.float32)
    return unit_rows(pool.answered[usable_rows(pool.answered)])
