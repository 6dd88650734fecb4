"""Vectorising a dataset before anybody labels, so that the first question is there at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from txtal.engine import Engine
from txtal.learner.growth import Growth
from txtal.store import cache_folder, datasets, schema, tickets
from txtal.store.sqlite import foreseen
from txtal.vectors.cache import FeatureCache, Features
from txtal.vectors.spec import resolve
from txtal.vectors.vectoriser import Progress


def prepare(path: Path, name: str, spec: str, engine: Engine, progress: Progress) -> Features:
    """The features of every ticket of a dataset, as the learner makes them behind a session.

    Only those that are missing are made; one that was stopped is gone on with. Raises UsageError
    for a bad spec, LearnerError when the texts can't be vectorised, EngineError, DatabaseError.
    """
    resolved, _ = resolve(spec)

    def texts(ids: Sequence[int]) -> list[str]:
        # Of outgrown features a thread makes others, and a connection belongs to its thread.
        with closing(schema.open_readonly(path)) as own, foreseen(path):
            return tickets.texts(own, ids)

    with closing(schema.open_readonly(path)) as conn, foreseen(path):
        dataset = datasets.get(conn, name)
        folder = cache_folder(path) / datasets.cache_name(conn, dataset.id)
        there = tickets.ids_after(conn, dataset.id)
    growth = Growth(FeatureCache(folder, engine), resolved, progress)
    features = growth.meet(there, (), texts)
    while growth.step(texts):
        features = growth.features or features
    return features
