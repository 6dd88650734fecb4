"""The cluster of a ticket: open tickets like it, to be answered together.

Likeness alone is a poor guide to the answer: of the twenty nearest tickets of the sample data half
have one label, of the twenty that the model also gives the same label eight to nine in ten (after
20 to 200 answers). So once there is a model, a cluster holds those alone, ordered by both.
"""

from __future__ import annotations

import numpy as np

from txtal.learner.fit import Fit
from txtal.learner.ranking import Pick, ranked
from txtal.learner.source import DatasetSource
from txtal.learning import cluster, model
from txtal.learning.arrays import Floats, Indices
from txtal.learning.matrix import IS
from txtal.store import tickets
from txtal.types import BULK, Cluster

MOST = 40
"""Tickets of a cluster: more are not read before they are answered."""


def cluster_of(fit: Fit | None, source: DatasetSource, ticket_id: int) -> Cluster:
    """Return the open tickets most like one that the model gives the same label, best first.

    Without a model, those whose likeness stands out. Raises DatabaseError.
    """
    if fit is None:
        return Cluster(ticket_id, ())
    features, snapshot = fit.features, fit.snapshot
    rows = snapshot.open_rows
    rows = rows[features.ids[rows] != ticket_id]
    of = _features_of(fit, source, ticket_id)
    with source.computing():
        near = cluster.cosines(features.matrix, rows, of)
        if fit.model.ready:
            places = cluster.nearest(near, cluster.NEAR)
            rows, scores = rows[places], _by_label(fit, of, rows[places], near[places])
        else:
            scores = cluster.outstanding(near)
        best = cluster.nearest(scores, MOST)
        best = best[scores[best] > 0]
        pick = Pick(BULK, rows[best], scores[best], None)
        return Cluster(ticket_id, ranked(pick, features, fit) if len(best) else ())


def _features_of(fit: Fit, source: DatasetSource, ticket_id: int) -> Floats:
    """Return the features (d,) of a ticket, made now if the pool's part has none of it yet."""
    row = int(fit.features.rows([ticket_id])[0])
    if row >= 0:
        return np.array(fit.features.matrix[[row]], np.float32).ravel()
    with source.reading() as conn:
        text = tickets.get(conn, ticket_id).text
    return np.array(fit.features.vectoriser.transform([text]), np.float32).ravel()


def _by_label(fit: Fit, of: Floats, rows: Indices, near: Floats) -> Floats:
    """Return a score (n,): the probability of the ticket's label, times the root of the likeness.

    0 where the model decides on anything but that one label.
    """
    label = int(np.argmax(fit.calibrated.predict_proba(of[None])[0]))
    block = fit.features.matrix[rows]
    decided = model.decide(fit.model.predict_proba(block), fit.task) == IS
    alone = decided[:, label] & (decided.sum(axis=1) == 1)
    proba = fit.calibrated.predict_proba(block)[:, label]
    return np.asarray(np.where(alone, proba * np.sqrt(np.clip(near, 0, 1)), 0))
