"""A classifier's labels for a stream of texts: read, predicted and written in batches.

Memory stays flat however long the stream, and the next run continues one that was killed:
the finished batches are on the disk, and the records they stand for are known by their hash.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import chain, islice
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from threadpoolctl import threadpool_limits

from txtal.classifier.classifier import Classifier
from txtal.classifier.encode import Form, form_from
from txtal.classifier.resumable import Mark, Resumable, left, resumable
from txtal.engine import Engine
from txtal.errors import DataError, UsageError
from txtal.types import Record

RECORDS = 1000
"""Records of a batch."""

CHARACTERS = 2_000_000
"""Of their texts; a batch that reaches it has no more records."""

_COMMITTED = 1.0
"""Seconds between two commits to the journal: what a kill loses at most, besides a batch."""


@dataclass(frozen=True)
class Predicting:
    """Records to bytes, as :class:`txtal.engine.Work`."""

    classifier: Classifier
    form: Form

    def __call__(self, records: Sequence[Record]) -> bytes:
        """The records with what is predicted, encoded."""
        with threadpool_limits(1):  # as everywhere else: the last bits depend on it
            texts = [record.text for record in records]
            predictions = self.classifier.predict(texts) if texts else []
        return self.form.encode(self.classifier.task, records, predictions)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """See :class:`txtal.engine.Work`. Raises LearnerError for what can't leave this process."""
        self.classifier.vectoriser.check_portable()
        header, arrays = self.classifier.to_arrays()
        return {"classifier": header, "form": self.form.header()}, arrays

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Predicting:
        """Back from :meth:`to_arrays`."""
        classifier = Classifier.from_arrays(header["classifier"], arrays)
        return cls(classifier, form_from(header["form"]))


class _CountedRecords:
    """Records with their number and a hash of all so far."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = iter(records)
        self._hash = hashlib.blake2b(digest_size=16)
        self.count = 0

    @property
    def digest(self) -> str:
        """Of what was read."""
        return self._hash.hexdigest()

    def batches(self) -> Iterator[tuple[list[Record], bool]]:
        """The rest in batches, and whether it is the last; one at least, be it empty."""
        batch: list[Record] = []
        characters = 0
        following = next(self._records, None)
        while following is not None:
            batch.append(following)
            characters += len(following.text)
            self._note(following)
            following = next(self._records, None)
            is_full = len(batch) == RECORDS or characters >= CHARACTERS
            if is_full and following is not None:
                yield batch, False
                batch, characters = [], 0
        yield batch, True

    def skip(self, records: int) -> None:
        """Pass over so many, or all there are."""
        for record in islice(self._records, records):
            self._note(record)

    def _note(self, record: Record) -> None:
        self.count += 1
        self._hash.update(_identity(record))


def _identity(record: Record) -> bytes:
    """Bytes that are equal for equal records alone."""
    try:
        return orjson.dumps((record.text, record.meta, record.extra))
    except TypeError:  # an integer above 64 bits
        return repr((record.text, record.meta, record.extra)).encode("utf-8", "surrogatepass")


def predict(
    work: Predicting, records: Iterable[Record], engine: Engine, write: Callable[[str], object]
) -> int:
    """Hand the lines of all records to ``write``, a batch at a time; how many there were."""
    stream = _CountedRecords(records)
    for data in engine.map(work, (batch for batch, _ in stream.batches())):
        write(data.decode())
    return stream.count


@dataclass(frozen=True, slots=True)
class Shard:
    """Records whose predictions become a file."""

    source: str
    """Where they come from, in words."""
    records: Callable[[], Iterable[Record]]
    target: Path
    keep: bool = True
    """Whether a run that ends early leaves its finished batches, for the next one to go on from."""
    anew: bool = False
    """Whether to start over if its records have changed since; otherwise that is an error."""


def predict_to(
    shards: Iterable[Shard],
    work: Predicting,
    engine: Engine,
    *,
    restart: bool = False,
    say: Callable[[str], None] = lambda text: None,
    finishing: Callable[[Shard, int], None] = lambda shard, records: None,
) -> int:
    """Write what is predicted of each shard to its file; how many records there were in all.

    A file is as it was until all of it is there; ``finishing`` is called with it and its number of
    records just before. The engine isn't kept waiting between two shards. Raises DataError when the
    records of a shard have changed since an earlier run, and as :func:`resumable`.
    """
    made_by = maker(work)
    ends: deque[_End] = deque()
    batches = _batches(shards, made_by, ends, restart=restart, say=say)
    results = ((ends.popleft(), data) for data in engine.map(work, batches))
    done = 0
    for first in results:
        shard, begun = first[0].shard, first[0].begun
        with resumable(shard.target, made_by, keep=shard.keep, restart=not begun.records) as part:
            if part.mark != begun:
                raise UsageError(
                    f"{shard.target} was changed by another run; check it before you repeat "
                    "the command"
                )
            try:
                _write(part, chain([first], results))
            except BaseException:  # Ctrl-C, too
                so_far = done + part.mark.records
                if shard.keep and so_far:
                    say(f"{so_far:,} are done; the same command continues from there")
                raise
            finishing(shard, part.mark.records)
            part.finish(work.form.converter)
            done += part.mark.records
    return done


@dataclass(frozen=True, slots=True)
class _End:
    """Where a batch ends."""

    shard: Shard
    begun: Mark
    """What an earlier run has finished of the shard."""
    records: int
    digest: str
    last: bool


def _batches(
    shards: Iterable[Shard],
    made_by: Mapping[str, str],
    ends: deque[_End],
    *,
    restart: bool,
    say: Callable[[str], None],
) -> Iterator[list[Record]]:
    """What is to be done of all shards, and of each batch in ``ends`` where it ends."""
    for shard in shards:
        begun = Mark() if restart or not shard.keep else left(shard.target, made_by)
        stream = _CountedRecords(shard.records())
        stream.skip(begun.records)
        if begun.records and stream.digest != begun.digest:
            if not shard.anew:
                raise DataError(
                    f"{shard.source} has changed since {shard.target} was begun from it; "
                    f"--restart starts over"
                )
            begun, stream = Mark(), _CountedRecords(shard.records())
        if begun.records:
            say(f"continuing after {begun.records:,} that are done")
        for batch, last in stream.batches():
            ends.append(_End(shard, begun, stream.count, stream.digest, last))
            yield batch


def _write(part: Resumable, results: Iterator[tuple[_End, bytes]]) -> None:
    """The results up to the last of the shard."""
    committed = monotonic()
    for end, data in results:
        if end.records > end.begun.records or not end.records:
            part.write(data)
        if end.last or monotonic() - committed >= _COMMITTED:
            part.commit(end.records, end.digest)
            committed = monotonic()
        if end.last:
            return


def maker(work: Predicting) -> dict[str, str]:
    """What the bytes of a batch depend on, besides its records."""
    header, arrays = work.classifier.to_arrays()
    digest = hashlib.sha256(orjson.dumps(header))
    for name, array in sorted(arrays.items()):
        digest.update(name.encode())
        digest.update(array.tobytes())
    return {
        "classifier": digest.hexdigest(),
        "format": orjson.dumps(work.form.header()).decode(),
        "txtal": metadata.version("txtal"),
    }
