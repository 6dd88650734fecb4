"""Answers with their types: Parquet, and the folder that Hugging Face's ``datasets`` loads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from txtal.errors import UsageError
from txtal.formats.exports import Target
from txtal.formats.rows import Row, Written
from txtal.formats.writers.columns import Column, columns
from txtal.formats.writers.training import Example, Examples

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 1_000
_ARROW = "data-00000-of-00001.arrow"


def write_parquet(rows: Iterable[Row], target: Target) -> Written:
    """Write the examples among ``rows``, the columns as CSV has them; marks are 8-bit integers.

    Raises UsageError without pyarrow.
    """
    pyarrow = _pyarrow()
    import pyarrow.parquet as parquet

    shape = _shape(target)
    schema = pyarrow.schema([(column.name, _type(column, pyarrow)) for column in shape])
    examples = Examples(rows)
    with target.binary() as file, parquet.ParquetWriter(file, schema, compression="zstd") as out:
        for batch in _batches(examples, shape, schema, pyarrow):
            out.write_batch(batch)
    return examples.written


def write_dataset(rows: Iterable[Row], target: Target) -> Written:
    """Write a folder that ``datasets.load_from_disk`` loads, the labels as ClassLabel features.

    ``label`` is a ClassLabel, in a multilabel dataset ``labels`` a list of them; a binary one has
    the classes ``not NAME`` and ``NAME``. Raises UsageError without pyarrow.
    """
    pyarrow = _pyarrow()
    shape = _dataset_columns(target)
    features = {column.name: _feature(column, target) for column in shape}
    types = [(column.name, _dataset_type(column, pyarrow)) for column in shape]
    schema = pyarrow.schema(types).with_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    examples, digest = Examples(rows), hashlib.sha256()
    with target.folder() as folder:
        with (folder / _ARROW).open("wb") as file, pyarrow.ipc.new_stream(file, schema) as out:
            for batch in _batches(examples, shape, schema, pyarrow):
                out.write_batch(batch)
                digest.update(repr(batch.to_pydict()).encode("utf-8", "surrogatepass"))
        _write_json(folder / "dataset_info.json", {
            "citation": "", "description": "", "features": features, "homepage": "", "license": "",
        })  # fmt: skip
        _write_json(folder / "state.json", {
            "_data_files": [{"filename": _ARROW}], "_fingerprint": digest.hexdigest()[:16],
            "_format_columns": None, "_format_kwargs": {}, "_format_type": None,
            "_output_all_columns": False, "_split": None,
        })  # fmt: skip
    return examples.written


def finish_split(target: Target, parts: Mapping[str, Path]) -> None:
    """Say which parts there are, so that the folder loads as a DatasetDict."""
    _write_json(target.named() / "dataset_dict.json", {"splits": list(parts)})


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2), "utf-8")


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise UsageError("this needs pyarrow: pip install 'txtal[parquet]'") from None
    return pyarrow


def _batches(
    examples: Iterable[Example], shape: list[Column], schema: pa.Schema, pyarrow: Any
) -> Iterator[pa.RecordBatch]:
    ahead = iter(examples)
    while batch := list(islice(ahead, _BATCH)):
        cells = [[_clean(column.of(one)) for one in batch] for column in shape]
        arrays = [pyarrow.array(c, field.type) for c, field in zip(cells, schema, strict=True)]
        yield pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def _clean(cell: Any) -> Any:
    """Half a character has no place in UTF-8."""
    if isinstance(cell, str) and not cell.isascii():
        return cell.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return cell


def _shape(target: Target) -> list[Column]:
    """The columns, that of ids of whole numbers if all are, else of text."""
    return [_of_one_type(column, target) for column in columns(target)]


def _of_one_type(column: Column, target: Target) -> Column:
    if column.kind != "id" or target.whole_ids():
        return column

    def text(one: Example) -> str | None:
        key = column.of(one)
        return None if key is None else str(key)

    return Column(column.name, "text", text)


def _type(column: Column, pyarrow: Any) -> Any:
    if column.kind == "mark":
        return pyarrow.int8()
    return pyarrow.int64() if column.kind in ("id", "grade") else pyarrow.string()


# --- Hugging Face ---------------------------------------------------------------------------------


def classes(target: Target) -> list[str]:
    """The names of the classes, in the order of their numbers."""
    names = [label.name for label in target.scheme.labels]
    return [f"not {names[0]}", names[0]] if target.scheme.task == "binary" else names


def _dataset_columns(target: Target) -> list[Column]:
    number = {name: place for place, name in enumerate(classes(target))}
    task = target.scheme.task
    if task == "multilabel":
        label = Column(
            "labels", "label", lambda one: [number[n] for n in one.labels if n in number]
        )
    elif task == "binary":
        label = Column("label", "label", lambda one: len(one.labels))
    else:
        label = Column("label", "label", lambda one: number.get(one.labels[0]))
    kept = [column for column in _shape(target) if column.kind in ("id", "text", "grade")]
    at = next(place for place, column in enumerate(kept) if column.name == "text") + 1
    return [*kept[:at], label, *kept[at:]]


def _dataset_type(column: Column, pyarrow: Any) -> Any:
    if column.kind == "label":
        one = pyarrow.int64()
        return pyarrow.list_(one) if column.name == "labels" else one
    return _type(column, pyarrow)


def _feature(column: Column, target: Target) -> dict[str, Any]:
    if column.kind == "label":
        feature = {"names": classes(target), "_type": "ClassLabel"}
        return {"feature": feature, "_type": "List"} if column.name == "labels" else feature
    return {"dtype": "int64" if column.kind in ("id", "grade") else "string", "_type": "Value"}
