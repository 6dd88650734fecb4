"""Writing predictions: each record with the classifier's labels, as JSON Lines or Parquet.

A form encodes each batch separately, so batches can be encoded anywhere and concatenated.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import orjson

from txtal.errors import DataError, UsageError
from txtal.formats import parquet
from txtal.formats.rows import LINE_BREAKS, to_json
from txtal.types import ONE_OF, Classified, Record, Task
from txtal.types.grades import are_scores, between

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 8_000_000
"""Bytes of a Parquet row group before it is encoded: the part of the file held in memory."""


Convert = Callable[[BinaryIO, BinaryIO], None]
"""Reads the first and writes the second."""


class Form(Protocol):
    """How predictions are written."""

    def encode(
        self, task: Task, records: Sequence[Record], predictions: Sequence[Classified]
    ) -> bytes:
        """Encode a batch; the concatenated batches are what is stored."""
        ...

    @property
    def converter(self) -> Convert | None:
        """Converts what is stored to the final file; None if it already is the file."""
        ...

    def header(self) -> dict[str, str]:
        """The data from which :func:`form_from` restores this form."""
        ...


def form_from(header: Mapping[str, str]) -> Form:
    """Return the form that :meth:`Form.header` describes."""
    if header["form"] == "parquet":
        return ParquetTable(base64.b64decode(header["schema"]), header["columns"] == "source")
    return JsonLines(header["form"] == "jsonl.gz", int(header.get("top", 0)))


def form_for(
    path: Path | None,
    task: Task,
    labels: Sequence[str],
    source: pa.Schema | None,
    top: int | None = None,
) -> Form:
    """Return the form for the ending of ``path``; JSON Lines for standard output.

    ``source`` are the columns of a Parquet SOURCE, which are kept. ``top`` is how many of the
    most probable labels get their probability; None: all. Raises UsageError for Parquet without
    pyarrow, or with ``top``.
    """
    name = "" if path is None else path.name.lower()
    if name.endswith(parquet.SUFFIX):
        if top is not None:
            raise UsageError("--top is for JSON Lines: a Parquet table has a column of every label")
        return ParquetTable.of(task, labels, source)
    return JsonLines(name.endswith(".gz"), top or 0)


@dataclass(frozen=True, slots=True)
class JsonLines:
    """JSON Lines; if compressed, every batch is a member of a gzip file."""

    packed: bool = False
    top: int = 0
    """How many of the most probable labels get their probability; 0: all."""
    converter: None = None

    def encode(
        self, task: Task, records: Sequence[Record], predictions: Sequence[Classified]
    ) -> bytes:
        """Encode a batch as one line per record."""
        pairs = zip(records, predictions, strict=True)
        lines = b"".join(_dump(self._line(task, *pair)) + b"\n" for pair in pairs)
        return gzip.compress(lines, 6, mtime=0) if self.packed else lines

    def header(self) -> dict[str, str]:
        """See :class:`Form`."""
        form = {"form": "jsonl.gz" if self.packed else "jsonl"}
        return form | {"top": str(self.top)} if self.top else form

    def _line(self, task: Task, record: Record, prediction: Classified) -> dict[str, Any]:
        line = _line(task, record, prediction)
        if self.top and "probabilities" in line:
            line["probabilities"] = dict(islice(prediction.probabilities.items(), self.top))
        return line


def _line(task: Task, record: Record, prediction: Classified) -> dict[str, Any]:
    line = {**record.extra, "text": record.text}
    if record.meta:
        line["meta"] = dict(record.meta)
    return line | _said(task, prediction)


def _said(task: Task, prediction: Classified) -> dict[str, Any]:
    """Return the keys that are added to a record, in order."""
    labels, probabilities = list(prediction.labels), dict(prediction.probabilities)
    if task == "multilabel":
        return {"predicted": labels, "probabilities": probabilities}
    chosen = labels[0] if labels else None
    said: dict[str, Any] = {"predicted": chosen}
    if task == "rating":
        low, high = _interval(probabilities)
        said |= {
            "rating": int(labels[0]),
            "expected": _mean(probabilities),
            "low": low,
            "high": high,
        }
        if are_scores(list(probabilities)):  # what one number of a hundred has says little
            return said
    if task in ONE_OF:
        said["probability"] = probabilities[labels[0]]
    return said | {"probabilities": probabilities}


def _interval(grades: Mapping[str, float]) -> tuple[int, int]:
    """Return the interval that holds the grade with a probability of 0.9."""
    names = sorted(grades, key=int)
    low, high = between(grades[name] for name in names)
    return int(names[low]), int(names[high])


def _mean(grades: Mapping[str, float]) -> float:
    """Return the mean grade, which is finer than the median that is predicted."""
    total = sum(grades.values())
    return round(sum(int(grade) * proba for grade, proba in grades.items()) / total, 3)


def _dump(line: Mapping[str, Any]) -> bytes:
    try:
        dumped = orjson.dumps(line)
    except TypeError:  # what only Python's own can write, such as integers above 64 bits
        return to_json(line, 0).encode()
    if not dumped.isascii():
        for breaking, escape in LINE_BREAKS:
            dumped = dumped.replace(breaking.encode(), escape.encode())
    return dumped


@dataclass(frozen=True)
class ParquetTable:
    """Parquet, kept as messages of an Arrow stream until it is whole; these can be continued."""

    schema_bytes: bytes
    """The columns, including the added ones, as a serialised Arrow schema."""
    keeps_columns: bool
    """Whether the columns are those of a Parquet SOURCE; otherwise text, meta and extra as JSON."""

    @classmethod
    def of(cls, task: Task, labels: Sequence[str], source: pa.Schema | None) -> ParquetTable:
        """Return the form for a classifier's task and labels."""
        pa = parquet.arrow()
        own = [(name, pa.string()) for name in ("text", "meta", "extra")]
        if source is not None:
            own = [(field.name, parquet.written_type(field.type)) for field in source]
        predicted = pa.list_(pa.string()) if task == "multilabel" else pa.string()
        added = [("predicted", predicted)]
        if task == "rating":
            added += [("rating", pa.int64()), ("expected", pa.float64())]
            added += [("low", pa.int64()), ("high", pa.int64())]
        if not (task == "rating" and are_scores(labels)):
            if task in ONE_OF:
                added.append(("probability", pa.float64()))
            added.append(("probabilities", pa.struct([(label, pa.float64()) for label in labels])))
        names = {name for name, _ in added}
        schema = pa.schema([*(column for column in own if column[0] not in names), *added])
        return cls(schema.serialize().to_pybytes(), source is not None)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns."""
        pa = parquet.arrow()
        return pa.ipc.read_schema(pa.py_buffer(self.schema_bytes))

    def encode(
        self, task: Task, records: Sequence[Record], predictions: Sequence[Classified]
    ) -> bytes:
        """Encode a batch as one message. Raises DataError for a value that no column can hold."""
        if not records:
            return b""
        pa = parquet.arrow()
        said = [_said(task, prediction) for prediction in predictions]
        arrays = []
        for field in self.schema:
            if field.name in said[0]:
                arrays.append(pa.array([one[field.name] for one in said], field.type))
            elif self.keeps_columns:
                arrays.append(parquet.column(records, self.schema.names, field))
            else:
                arrays.append(pa.array([_own(record, field.name) for record in records]))
        batch = pa.record_batch(arrays, schema=self.schema)
        return bytes(batch.serialize().to_pybytes())

    @property
    def converter(self) -> Convert:
        """See :class:`Form`."""
        return self._convert

    def _convert(self, kept: BinaryIO, out: BinaryIO) -> None:
        """Convert the messages to Parquet, with one row group in memory at a time."""
        pa = parquet.arrow()
        with pa.parquet.ParquetWriter(out, self.schema, compression="zstd") as writer:
            waiting: list[Any] = []
            messages = pa.PythonFile(kept, mode="r")
            while (message := _next_message(messages)) is not None:
                waiting.append(pa.ipc.read_record_batch(message, self.schema))
                if sum(batch.nbytes for batch in waiting) >= ROW_GROUP:
                    writer.write_table(pa.Table.from_batches(waiting))
                    waiting.clear()
            if waiting:
                writer.write_table(pa.Table.from_batches(waiting))

    def header(self) -> dict[str, str]:
        """See :class:`Form`."""
        return {
            "form": "parquet",
            "schema": base64.b64encode(self.schema_bytes).decode(),
            "columns": "source" if self.keeps_columns else "own",
        }


def _next_message(file: Any) -> Any:
    """Read the next message; None at the end. Raises DataError if the part was altered."""
    pa = parquet.arrow()
    try:
        return pa.ipc.read_message(file)
    except EOFError:
        return None
    except pa.ArrowException as error:
        raise DataError("what was kept of the predictions is damaged; use --restart") from error


def _own(record: Record, name: str) -> str | None:
    if name == "text":
        return record.text
    value = record.meta if name == "meta" else record.extra
    return to_json(value, 0) if value else None
