"""Features kept beside the database: made once, mapped into memory, safe to delete.

One folder per spec, seed, and versions of what makes the features; :mod:`files` describes its
files. A run that was killed continues where it stopped, and a damaged folder is made again.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from txtal.engine import LOCAL, Engine
from txtal.errors import LearnerError
from txtal.tempfiles import make_folder, rights
from txtal.vectors import installed, registry
from txtal.vectors.blocks import Arrays, Progress
from txtal.vectors.files import Header, Ids, Matrix, RowFiles, packed
from txtal.vectors.spec import Spec, resolve
from txtal.vectors.vectoriser import FIT_CHARACTERS, FORMAT, Vectoriser, fit_sample

FETCHED = 1024
"""Texts read, and in memory, at a time."""

COMMITTED = 8 * FETCHED
"""Rows between two updates of the header: the most that a kill loses."""

SLOWLY = 128
"""Both of these for a slow block, which may take a second for a few texts."""

_NEW = ".new"
_FOLDER = re.compile(rf"[0-9a-f]{{16}}({re.escape(_NEW)})?")
_PRECISION = "float16"

Texts = Callable[[Sequence[int]], Sequence[str]] | Sequence[str]
"""Returns the texts of some ticket ids in their order; or all texts, in the order of all ids."""


@dataclass(frozen=True)
class DatasetFeatures:
    """The features of a dataset's tickets."""

    ids: Ids
    """Ticket ids in the order they were first requested."""
    matrix: Matrix
    """(tickets, columns), read-only, mapped from the disk."""
    vectoriser: Vectoriser
    """Makes the same features for other texts."""
    pool: int
    """Number of tickets when the vectoriser was fitted."""
    made: str
    """Identifies one fit: while it stays the same, rows are only added."""

    def rows(self, ticket_ids: Sequence[int] | Ids) -> Ids:
        """Return the row of each of these tickets; -1 for those that have none."""
        wanted = np.asarray(ticket_ids, np.int64)
        if not len(self.ids):
            return np.full(len(wanted), -1, np.int64)
        order, ascending = self._by_id
        places = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
        return np.where(ascending[places] == wanted, order[places], -1)

    @cached_property
    def _by_id(self) -> tuple[Ids, Ids]:
        order = np.argsort(self.ids, kind="stable")
        return order, self.ids[order]

    def outgrown_by(self, tickets: int) -> bool:
        """Return whether a new fit would have more than twice as many tickets to sample from."""
        return self.vectoriser.learns and tickets > 2 * self.pool


class FeatureCache:
    """The features of one dataset, in a directory of its own.

    Keep it as long as you need features: it keeps its vectoriser, which is faster once it has met
    most words. A registered vectoriser that can't be saved exists only there, so another process
    makes all features again.

    Every method raises UsageError for a bad spec, and LearnerError when the texts can't be
    vectorised or the directory can't be written. It waits for a process that is writing features.
    """

    def __init__(self, directory: Path, engine: Engine = LOCAL) -> None:
        self.directory = directory
        self.engine = engine
        """Where texts are vectorised."""
        self._vectoriser: Vectoriser | None = None

    def ensure(
        self,
        ticket_ids: Sequence[int] | Ids,
        texts: Texts,
        spec: str | Spec,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> DatasetFeatures:
        """Return the features of these tickets and all earlier ones; only new ones are made.

        All are made again when the spec, the seed or a version has changed, and when they are
        outgrown. Features of other specs are deleted. ``progress`` counts the texts read,
        including those of a fit.
        """
        ids = _unique(ticket_ids)
        job = _CacheCall(_fetcher(ticket_ids, texts), spec, seed, progress, self.engine)
        with self._alone(job) as files:
            there = self._there(files)
            if there is None or self._features(files, *there).outgrown_by(len(ids)):
                there = job.start(files, ids, rows=len(ids))
            header = job.append_missing(files, *there, ids)
            return self._features(files, header, there[1])

    def open(self, spec: str | Spec, seed: int = 0) -> DatasetFeatures | None:
        """Return the cached features, possibly incomplete, or None if there are none to use."""
        with self._alone(_CacheCall(_nothing, spec, seed)) as files:
            there = self._there(files)
            return None if there is None else self._features(files, *there)

    def begin(
        self,
        pool: Ids,
        first: Ids,
        texts: Texts,
        spec: str | Spec,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> DatasetFeatures:
        """Fit to texts of ``pool`` and make the features of ``first``.

        They then replace any that were there, and :meth:`append` makes the others.
        """
        job = _CacheCall(_fetcher(pool, texts), spec, seed, progress, self.engine)
        with self._alone(job) as files:
            new = RowFiles(files.folder.with_name(files.folder.name + _NEW))
            header, vectoriser = job.start(new, pool, rows=len(first))
            header = job.append_missing(new, header, vectoriser, _unique(first))
            if files.folder.exists():
                shutil.rmtree(files.folder)
            new.folder.replace(files.folder)
            return self._features(files, header, vectoriser)

    def append(
        self, ticket_ids: Ids, texts: Texts, spec: str | Spec, seed: int = 0
    ) -> DatasetFeatures | None:
        """Add the features of these tickets; return None if the cached ones are gone."""
        job = _CacheCall(_fetcher(ticket_ids, texts), spec, seed, engine=self.engine)
        with self._alone(job) as files:
            there = self._there(files)
            if there is None:
                return None
            header = job.append_missing(files, *there, _unique(ticket_ids))
            return self._features(files, header, there[1])

    def remember(
        self, features: DatasetFeatures, arrays: Arrays, spec: str | Spec, seed: int = 0
    ) -> None:
        """Save arrays computed from features, unless others have replaced those features."""
        with self._alone(_CacheCall(_nothing, spec, seed)) as files:
            header = files.read()
            if header is not None and header.made == features.made:
                files.write_worked_out(header, arrays)

    def remembered(
        self, features: DatasetFeatures, spec: str | Spec, seed: int = 0
    ) -> Arrays | None:
        """Return the arrays last saved for these features, or None if there are none to use."""
        with self._alone(_CacheCall(_nothing, spec, seed)) as files:
            header = files.read()
            if header is None or header.made != features.made:
                return None
            return files.worked_out(header)

    @contextmanager
    def _alone(self, job: _CacheCall) -> Iterator[RowFiles]:
        """Yield the files of a job's spec while no other process writes to the cache."""
        try:
            make_folder(self.directory)
            with FileLock(self.directory / "lock", mode=rights(self.directory)):
                files = RowFiles(self.directory / _key(job.spec, job.seed))
                yield files
                self._remove_others(files.folder)
        except OSError as error:
            raise LearnerError(
                f"features can't be kept in {self.directory}: {error.strerror or error}; make room"
                " there, or let this user write to it"
            ) from error

    def _there(self, files: RowFiles) -> tuple[Header, Vectoriser] | None:
        """Return the header and the vectoriser, or None if they are missing or damaged."""
        header = files.read()
        if header is None:
            return None
        vectoriser = self._vectoriser
        if vectoriser is None or not header.fits(vectoriser):
            vectoriser = files.vectoriser()
        return None if vectoriser is None or not header.fits(vectoriser) else (header, vectoriser)

    def _features(self, files: RowFiles, header: Header, vectoriser: Vectoriser) -> DatasetFeatures:
        self._vectoriser = vectoriser
        ids, matrix = files.ids(header), files.matrix(header)
        return DatasetFeatures(ids, matrix, vectoriser, header.pool, header.made)

    def _remove_others(self, folder: Path) -> None:
        for other in self.directory.iterdir():
            if other != folder and _FOLDER.fullmatch(other.name):
                shutil.rmtree(other, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Vectorising:
    """Turns texts into rows as the files hold them; a :class:`txtal.engine.Work`."""

    vectoriser: Vectoriser

    def __call__(self, texts: Sequence[str]) -> bytes:
        """Return the rows of some texts."""
        return packed(self.vectoriser.transform(texts))

    def to_arrays(self) -> tuple[dict[str, Any], Arrays]:
        """See :class:`txtal.engine.Work`. Raises LearnerError for a block that can't be sent."""
        self.vectoriser.check_portable()
        return self.vectoriser.to_arrays()

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Vectorising:
        """Make it again from :meth:`to_arrays`."""
        return cls(Vectoriser.from_arrays(header, arrays))


class _CacheCall:
    """The work of one call: how to get texts, the spec, and the progress."""

    def __init__(
        self,
        fetch: Callable[[Ids], Sequence[str]],
        spec: str | Spec,
        seed: int,
        progress: Progress | None = None,
        engine: Engine = LOCAL,
    ) -> None:
        self._engine = engine
        self.spec, _ = resolve(spec)
        self.seed = seed
        self._fetch = fetch
        self._progress = progress
        self._done = 0
        self._total = 0

    def start(self, files: RowFiles, pool: Ids, *, rows: int) -> tuple[Header, Vectoriser]:
        """Fit a vectoriser to texts of ``pool`` and make new files in place of any there are.

        ``rows``: how many rows will be made, for the progress.
        """
        sample = pool[fit_sample(len(pool), self.seed)]
        self._total = len(sample) + rows
        heads = [
            text[:FIT_CHARACTERS] for texts in self._fetched(sample, FETCHED) for text in texts
        ]
        vectoriser = Vectoriser.fit(self.spec, heads, self.seed)
        if files.folder.exists():
            # Removed, not emptied: another process may have the old matrix mapped.
            shutil.rmtree(files.folder)
        return files.start(vectoriser, len(pool)), vectoriser

    def append_missing(
        self, files: RowFiles, header: Header, vectoriser: Vectoriser, wanted: Ids
    ) -> Header:
        """Make and write the missing rows."""
        missing = wanted[~np.isin(wanted, files.ids(header))]
        self._total = self._done + len(missing)
        fetched, committed = (SLOWLY, SLOWLY) if vectoriser.slow else (FETCHED, COMMITTED)
        made = self._engine.map(Vectorising(vectoriser), self._fetched(missing, fetched))
        for ids in _parts(missing, committed):
            with files.appending() as (id_file, matrix_file):
                matrix_file.writelines(islice(made, -(-len(ids) // fetched)))
                id_file.write(ids.tobytes())
            header = replace(header, rows=header.rows + len(ids))
            files.commit(header)
        next(made, None)  # counts the last part as done
        return header

    def _fetched(self, ids: Ids, size: int) -> Iterator[Sequence[str]]:
        """Yield the texts of ``ids`` in parts; each counts as done when the next is requested."""
        for part in _parts(ids, size):
            texts = self._fetch(part)
            if len(texts) != len(part):
                raise LearnerError(
                    f"{len(part)} texts were requested and {len(texts)} came; tickets are missing"
                    " from the database: see txtal doctor"
                )
            yield texts
            self._done += len(part)
            if self._progress:
                self._progress(self._done, self._total)


def _key(spec: Spec, seed: int) -> str:
    """Return the folder's name, which changes with anything that could change the features."""
    of_blocks = chain(*(registry.block(name).versions(name) for name in spec.blocks))
    made_by = [*installed.versions(spec.pipeline), *of_blocks]
    words = json.dumps([FORMAT, _PRECISION, str(spec), seed, made_by])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _nothing(ids: Ids) -> Sequence[str]:
    return []


def _unique(ticket_ids: Sequence[int] | Ids) -> Ids:
    """Return the ids as an array, each once, in the order of their first occurrence."""
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
