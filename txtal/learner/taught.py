"""How a dataset is labelled: by what is kept with it, or by its newest revision."""

from __future__ import annotations

from txtal.store import datasets, revisions, settings
from txtal.store.sqlite import Connection
from txtal.types import LearnerSettings
from txtal.vectors.spec import DETECTED, spec_of


def taught_spec(conn: Connection, dataset: str) -> str:
    """Return the spec of the vectors a dataset was labelled with: their features are cached.

    Raises UsageError when there is no such dataset.
    """
    dataset_id = datasets.get(conn, dataset).id
    kept = settings.kept(conn, dataset_id)
    if kept.keys() & {"vectors", "lang", "spacy"}:
        spacy = str(kept.get("spacy", "")) or None
        return spec_of(str(kept.get("vectors", "auto")), str(kept.get("lang", DETECTED)), spacy)
    latest = revisions.latest(conn, dataset_id)
    return latest[1].vectoriser if latest else spec_of("auto", DETECTED, None)


def taught_names(conn: Connection, dataset: str) -> bool:
    """Whether a dataset's model learns from the labels' names. Raises UsageError if it isn't there.

    So it does unless ``--no-names`` is kept with the dataset.
    """
    return bool(settings.kept(conn, datasets.get(conn, dataset).id).get("names", True))


def taught_settings(
    conn: Connection, dataset: str, vectors: str | None = None, *, robust: bool = False
) -> LearnerSettings:
    """Return a learner's settings as the dataset is labelled; ``vectors`` is another spec.

    Raises UsageError when there is no such dataset.
    """
    spec = vectors or taught_spec(conn, dataset)
    return LearnerSettings(spec, names=taught_names(conn, dataset), robust=robust)
