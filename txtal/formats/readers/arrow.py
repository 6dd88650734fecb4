"""Reading Arrow files, and folders that Hugging Face's ``save_to_disk`` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from txtal.errors import DataError
from txtal.formats.parquet import arrow, class_names, named_classes, rows_of
from txtal.formats.reading import Rows, Source

if TYPE_CHECKING:
    import pyarrow as pa


def read(source: Source) -> Rows:
    """Yield a record for every good row; a ClassLabel's numbers become their names.

    Raises as :func:`txtal.formats.parquet.read`.
    """
    path = source.file
    pyarrow = arrow()
    stack = ExitStack()
    files = _files(path)
    try:
        readers = [_open(stack, path, pyarrow) for path in files]
        schema = readers[0].schema
        source.columns = tuple(schema.names)  # as text, which damaged ones are not
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{source.name} isn't an Arrow file, or is damaged: {error}") from None
    classes = class_names(schema) or _classes_beside(path)
    return rows_of(source, stack, _batches(readers), None, classes)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    try:
        state = json.loads((path / "state.json").read_text("utf-8"))
        named = [path / one["filename"] for one in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError):
        named = []
    found = [one for one in named if one.is_file()] or sorted(path.glob("*.arrow"))
    if not found:
        raise DataError(f"{path} has no .arrow file in it")
    return found


def _open(stack: ExitStack, path: Path, pyarrow: Any) -> Any:
    """Open the stream in which data sets are stored, or a file with an index."""
    mapped = stack.enter_context(pyarrow.memory_map(str(path)))
    try:
        return stack.enter_context(pyarrow.ipc.open_stream(mapped))
    except pyarrow.ArrowInvalid:
        return stack.enter_context(pyarrow.ipc.open_file(mapped))


def _batches(readers: list[Any]) -> Iterator[pa.RecordBatch]:
    for reader in readers:
        if hasattr(reader, "num_record_batches"):
            for number in range(reader.num_record_batches):
                yield from _parts(reader.get_batch(number))
        else:
            for batch in reader:
                yield from _parts(batch)


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for column in batch.columns:
        _check(column)
    for start in range(0, batch.num_rows, 1000):
        yield batch.slice(start, 1000)


def _check(column: pa.Array) -> None:
    """Raise ArrowInvalid for a column that points beyond its own bytes.

    Arrow doesn't check this: it would read other memory, or crash.
    """
    try:
        column.validate(full=True)
    except arrow().ArrowInvalid as error:
        if "UTF8" not in str(error):  # which is refused by the row
            raise


def _classes_beside(path: Path) -> Mapping[str, list[str]]:
    try:
        info = json.loads((path / "dataset_info.json").read_text("utf-8"))
        return named_classes(info.get("features") or {})
    except (OSError, ValueError, AttributeError):
        return {}
