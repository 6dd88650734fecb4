"""A classifier's labels for a stream of texts: read, predicted and written in batches.

Memory stays flat however long the stream, and a run that was killed is gone on with by the next:
the finished batches are on the disk, and the records they stand for are known by their hash.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from threadpoolctl import threadpool_limits

from txtal.classifier import Classifier
from txtal.engine import Engine
from txtal.errors import DataError
from txtal.formats.predicted import Form, form_from
from txtal.formats.resumable import Resumable, resumable
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
            predictions = self.classifier.predict([record.text for record in records])
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


@dataclass(frozen=True, slots=True)
class _Position:
    """Where in the stream a batch ends."""

    records: int
    digest: str


class _Stream:
    """Records with their number and a hash of all so far."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = iter(records)
        self._hash = hashlib.blake2b(digest_size=16)
        self._count = 0
        self.ends: deque[_Position] = deque()
        """Of the batches that were read."""

    def batches(self) -> Iterator[list[Record]]:
        """The rest in batches."""
        batch: list[Record] = []
        characters = 0
        for record in self._read():
            batch.append(record)
            characters += len(record.text)
            if len(batch) == RECORDS or characters >= CHARACTERS:
                self.ends.append(self._position())
                yield batch
                batch, characters = [], 0
        if batch:
            self.ends.append(self._position())
            yield batch

    def skip(self, records: int) -> str:
        """Pass over so many, or all there are, and give back their hash."""
        deque(islice(self._read(), records), maxlen=0)
        return self._position().digest

    def _read(self) -> Iterator[Record]:
        for record in self._records:
            self._count += 1
            self._hash.update(_identity(record))
            yield record

    def _position(self) -> _Position:
        return _Position(self._count, self._hash.hexdigest())


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
    stream = _Stream(records)
    done = 0
    for data in engine.map(work, stream.batches()):
        write(data.decode())
        done = stream.ends.popleft().records
    return done


def predict_to(
    path: Path,
    work: Predicting,
    records: Iterable[Record],
    engine: Engine,
    *,
    source: str,
    keep: bool = True,
    restart: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Write what is predicted of the records to ``path``; how many there were.

    ``path`` is as it was until all of it is there. Unless ``keep`` says otherwise, a run that ends
    early leaves its finished batches beside it and the next one with this classifier goes on from
    there. Raises DataError when the records have changed since, and as :func:`resumable`.
    """
    with resumable(path, _maker(work), keep=keep, restart=restart) as part:
        stream = _Stream(records)
        if part.mark.records:
            _go_on(part, stream, source)
            say(f"going on after {part.mark.records:,} that are done")
        try:
            _append(part, work, stream, engine)
        except BaseException:  # Ctrl-C, too
            if keep and part.mark.records:
                say(f"{part.mark.records:,} are done; the same command goes on from there")
            raise
        if not part.mark.records:
            part.write(work.form.encode(work.classifier.task, (), ()))
        part.finish(work.form.converter)
        return part.mark.records


def _maker(work: Predicting) -> dict[str, str]:
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


def _go_on(part: Resumable, stream: _Stream, source: str) -> None:
    if stream.skip(part.mark.records) != part.mark.digest:
        raise DataError(
            f"{source} has changed since {part.part} was begun from it; --restart begins anew"
        )


def _append(part: Resumable, work: Predicting, stream: _Stream, engine: Engine) -> None:
    """All that is left of the stream."""
    committed = monotonic()
    end: _Position | None = None
    for data in engine.map(work, stream.batches()):
        part.write(data)
        end = stream.ends.popleft()
        if monotonic() - committed >= _COMMITTED:
            part.commit(end.records, end.digest)
            committed = monotonic()
            end = None
    if end is not None:
        part.commit(end.records, end.digest)
