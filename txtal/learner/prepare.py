"""Features and neighbours before anybody labels, so that the first ranking is there at once."""

from __future__ import annotations

from pathlib import Path

from txtal.engine import Engine
from txtal.learner.language import resolved
from txtal.learner.pool_features import PoolFeatures
from txtal.learner.source import DatasetSource
from txtal.store import cache_folder, datasets, tickets
from txtal.vectors.blocks import Progress
from txtal.vectors.cache import DatasetFeatures, FeatureCache


def prepare(
    path: Path, name: str, spec: str, engine: Engine, progress: Progress
) -> DatasetFeatures:
    """Make the features of every ticket of a dataset, as the learner does behind a session.

    Only missing ones are made; a run that was stopped is resumed. Raises UsageError for a bad spec,
    LearnerError when the texts can't be vectorised, EngineError, DatabaseError.
    """
    source = DatasetSource(path, name)
    with source.reading() as conn:
        wanted = resolved(conn, name, spec)
        dataset = datasets.get(conn, name)
        folder = cache_folder(path) / datasets.cache_name(conn, dataset.id)
        ids = tickets.ids_after(conn, dataset.id)
    pool = PoolFeatures(FeatureCache(folder, engine), wanted, source.texts, progress)
    there = pool.meet(ids, ())
    while grown := pool.grow():
        there = grown
    with source.computing():
        pool.find_neighbours()
    pool.store_neighbours()
    return there.features
