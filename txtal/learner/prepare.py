"""Features and neighbours before anybody labels, so that the first ranking is there at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from threadpoolctl import threadpool_limits

from txtal.engine import Engine
from txtal.learner import surroundings
from txtal.learner.pool_features import Growth
from txtal.learner.surroundings import Surroundings
from txtal.store import cache_folder, datasets, schema, tickets
from txtal.store.sqlite import foreseen
from txtal.types import LearnerSettings
from txtal.vectors.blocks import Progress
from txtal.vectors.cache import FeatureCache, Features
from txtal.vectors.spec import Spec, resolve


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
    cache = FeatureCache(folder, engine)
    growth = Growth(cache, resolved, progress)
    features = growth.meet(there, (), texts)
    while growth.step(texts):
        features = growth.features or features
    _find_neighbours(cache, features, resolved, len(there))
    return features


def _find_neighbours(cache: FeatureCache, features: Features, spec: Spec, there: int) -> None:
    """The first ranking stands on them; those that are kept already serve, too."""
    kept = surroundings.remembered(cache, features, spec)
    found = kept.kept_up(features, there) if kept else Surroundings.of(features, there)
    if found is not kept:
        with threadpool_limits(LearnerSettings().threads):
            found.sample.near  # noqa: B018 - kept once it was asked for
        surroundings.remember(found, cache, features, spec)
