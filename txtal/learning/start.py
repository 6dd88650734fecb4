"""The start order, for while there is no model to go by: one typical ticket per cluster."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Indices, Mask, Rows, unit_rows, usable_sample
from txtal.learning.strategies.clusters import cluster

SAMPLE = 10_000
"""The most tickets that are clustered; more would cost time and hardly move a centre."""

ROUNDS = 20


def start_size(labels: int) -> int:
    """Return how many tickets come in start order before a strategy takes over.

    Three per label, 24 at least and 300 at most. Margin that took over later ended higher with 77
    labels (0.77 of test texts right after 500 answers from one a label on, 0.79 from three) and
    with 18, up to four a label; with 4 labels it made no difference.
    """
    return min(max(3 * labels, 24), 300)


def start_order(
    features: Rows, size: int, *, answered: Mask | None = None, seed: int = 0
) -> Indices:
    """Return the rows (at most ``size``) to show first: those nearest to each of ``size`` centres.

    k-means (k-means++, Arthur and Vassilvitskii 2007) on rows of length one, a seeded sample of
    ``SAMPLE`` of them; the biggest clusters first, those that hold an answer last. While answers
    are few, typical tickets far from one another teach most (Hacohen et al. 2022, TypiClust,
    section 3). ``answered`` (n,) marks the rows that have an answer and aren't shown again.
    Blank and broken rows never are. The same arguments give the same order.
    """
    done = np.zeros(features.shape[0], np.bool_) if answered is None else answered
    rng = np.random.default_rng(seed)
    sample = usable_sample(features, SAMPLE, rng)
    if not len(sample):
        return sample
    unit = unit_rows(features[sample])
    clusters = cluster(unit, min(size, len(sample)), rng, rounds=ROUNDS, trials=None)
    closeness = np.einsum("ij,ij->i", unit, clusters.cluster_centers_[clusters.labels_])
    crowd = np.bincount(clusters.labels_, minlength=clusters.n_clusters)
    answers = np.zeros(clusters.n_clusters, np.bool_)
    known = unit_rows(features[np.flatnonzero(done)])
    known = known[known.any(axis=1)]
    if len(known):
        answers[clusters.predict(known)] = True

    waiting = np.flatnonzero(~done[sample])
    group = clusters.labels_[waiting]
    # By cluster (unanswered, then big), and the nearest to its centre first.
    order = np.lexsort((-closeness[waiting], group, -crowd[group], answers[group]))
    _, heads = np.unique(group[order], return_index=True)
    return sample[waiting[order[np.sort(heads)]]]
