"""Where what belongs to a dataset is kept beside the database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from txtal.classifier import versions
from txtal.store import datasets, schema
from txtal.store.sqlite import foreseen


def versions_folder(database: Path, dataset: str) -> Path:
    """Return where a dataset's versions are kept. Raises UsageError when there is no dataset."""
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        name = datasets.cache_name(conn, datasets.get(conn, dataset).id)
    return versions.folder_of(database, name)
