"""Features kept beside the database: made once, mapped into memory, free to be deleted.

One folder per spec, seed, and versions of what makes the features; :mod:`files` says what is in
it. A run that was killed goes on where it stopped, and a folder that is damaged is made again.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from filelock import FileLock

from txtal.errors import LearnerError
from txtal.vectors import models, pipeline, registry, static
from txtal.vectors.files import Floats, Header, Ids, RowFiles, make_private
from txtal.vectors.spec import Spec, model_of, resolve
from txtal.vectors.vectoriser import (
    FIT_CHARACTERS,
    FIT_TEXTS,
    FORMAT,
    Progress,
    Vectoriser,
    fit_sample,
)

FETCHED = 1024
"""Texts asked for, and in memory, at a time."""

COMMITTED = 8 * FETCHED
"""Rows between two updates of the header: what a kill loses at most."""

SLOWLY = 128
"""Both of these where a sentence model may take a second for a few texts."""

_FOLDER = re.compile(r"[0-9a-f]{16}")

Texts = Callable[[Sequence[int]], Sequence[str]] | Sequence[str]
"""Gives the texts of some ticket ids in their order; or all texts, in the order of all ids."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a dataset's tickets."""

    ids: Ids
    """Ticket ids in the order they were first asked for; ascending if they were asked for so."""
    matrix: Floats
    """(tickets, columns), read-only, mapped from the disk."""
    vectoriser: Vectoriser
    """Makes the same features of other texts."""


class FeatureCache:
    """The features of one dataset, in a directory of its own.

    Keep it as long as you need features: it holds on to its vectoriser, which is quicker warm. A
    registered one that can't be saved lives only there: another process makes all features again.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._vectoriser: Vectoriser | None = None

    def ensure(
        self,
        ticket_ids: Sequence[int] | Ids,
        texts: Texts,
        spec: str | Spec,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Features:
        """The features of these tickets, and of any asked for before; only new ones are made.

        All are made again when the spec, the seed or a version has changed, and when a fit could
        see more than twice as many texts as it did. A process that is making them is waited for.
        Features of other specs are deleted. ``progress`` counts the texts read, a fit's included.

        Raises UsageError for a bad spec, LearnerError when the texts can't be vectorised or the
        directory can't be written.
        """
        resolved, _ = resolve(spec)
        ids = _unique(ticket_ids)
        job = _Job(ids, _fetcher(ticket_ids, texts), resolved, seed, progress)
        try:
            make_private(self.directory)
            with FileLock(self.directory / "lock", mode=0o600):
                files = RowFiles(self.directory / _key(resolved, seed))
                header, vectoriser = self._usable(files, len(ids)) or job.start(files)
                self._vectoriser = vectoriser
                header = job.append_missing(files, header, vectoriser)
                self._remove_others(files.folder)
                return Features(files.ids(header), files.matrix(header), vectoriser)
        except OSError as error:
            raise LearnerError(
                f"features can't be kept in {self.directory}: {error.strerror or error}; make room"
                " there, or let this user write to it"
            ) from error

    def _usable(self, files: RowFiles, texts: int) -> tuple[Header, Vectoriser] | None:
        """What is there, unless it is damaged or outgrown."""
        header = files.read()
        if header is None:
            return None
        vectoriser = self._vectoriser
        if vectoriser is None or not header.fits(vectoriser):
            vectoriser = files.vectoriser()
        if vectoriser is None or not header.fits(vectoriser):
            return None
        outgrown = vectoriser.learns and min(texts, FIT_TEXTS) > 2 * vectoriser.fit_texts
        return None if outgrown else (header, vectoriser)

    def _remove_others(self, folder: Path) -> None:
        for other in self.directory.iterdir():
            if other != folder and _FOLDER.fullmatch(other.name):
                shutil.rmtree(other, ignore_errors=True)


class _Job:
    """One call's work: whose texts, how to get them, and how far it has come."""

    def __init__(
        self,
        ids: Ids,
        fetch: Callable[[Ids], Sequence[str]],
        spec: Spec,
        seed: int,
        progress: Progress | None,
    ) -> None:
        self._ids = ids
        self._fetch = fetch
        self._spec = spec
        self._seed = seed
        self._progress = progress
        self._done = 0
        self._total = 0

    def start(self, files: RowFiles) -> tuple[Header, Vectoriser]:
        """Fit a vectoriser and make new files for it, in the place of any there are."""
        sample = self._ids[fit_sample(len(self._ids), self._seed)]
        self._total = len(sample) + len(self._ids)
        heads = [
            text[:FIT_CHARACTERS] for texts in self._fetched(sample, FETCHED) for text in texts
        ]
        vectoriser = Vectoriser.fit(self._spec, heads, self._seed)
        if files.folder.exists():
            # Removed, not emptied: another process may have the old matrix mapped.
            shutil.rmtree(files.folder)
        return files.start(vectoriser), vectoriser

    def append_missing(self, files: RowFiles, header: Header, vectoriser: Vectoriser) -> Header:
        """Make and write the rows that aren't there."""
        missing = self._ids[~np.isin(self._ids, files.ids(header))]
        self._total = self._done + len(missing)
        fetched, committed = (SLOWLY, SLOWLY) if vectoriser.slow else (FETCHED, COMMITTED)
        for ids in _parts(missing, committed):
            with files.appending() as (id_file, matrix_file):
                for texts in self._fetched(ids, fetched):
                    matrix_file.write(vectoriser.transform(texts).tobytes())
                id_file.write(ids.tobytes())
            header = replace(header, rows=header.rows + len(ids))
            files.commit(header)
        return header

    def _fetched(self, ids: Ids, size: int) -> Iterator[Sequence[str]]:
        """The texts of ``ids``, in parts; each part counts as done when the next is asked for."""
        for part in _parts(ids, size):
            texts = self._fetch(part)
            if len(texts) != len(part):
                raise LearnerError(
                    f"{len(part)} texts were asked for and {len(texts)} came; tickets are missing"
                    " from the database: see txtal doctor"
                )
            yield texts
            self._done += len(part)
            if self._progress:
                self._progress(self._done, self._total)


def _key(spec: Spec, seed: int) -> str:
    """The name of the folder: changes with anything that could change the features."""
    made_by = [*pipeline.versions(spec.pipeline), *chain(*map(_versions, spec.blocks))]
    words = json.dumps([FORMAT, str(spec), seed, made_by])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _versions(block: str) -> list[str]:
    """What changes when the features of ``block`` may have, besides the pipeline."""
    if model := model_of(block):
        return models.find(model).versions
    if block == "static":
        return [static.version()]
    return [] if block in registry.BUILT_IN else [registry.source_digest(block)]


def _unique(ticket_ids: Sequence[int] | Ids) -> Ids:
    """As an array, each once, in the order they first come."""
    ids = np.asarray(ticket_ids, dtype=np.int64)
    _, first = np.unique(ids, return_index=True)
    return ids[np.sort(first)]


def _fetcher(ticket_ids: Sequence[int] | Ids, texts: Texts) -> Callable[[Ids], Sequence[str]]:
    if callable(texts):
        ask = texts
        return lambda ids: ask(ids.tolist())
    by_id = dict(zip(map(int, ticket_ids), texts, strict=True))
    return lambda ids: [by_id[ticket_id] for ticket_id in ids.tolist()]


def _parts(ids: Ids, size: int) -> Iterator[Ids]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
