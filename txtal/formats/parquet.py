"""Parquet in: a column ``text``, a ticket a row. pyarrow, of the extra ``parquet``, reads it.

``label``, ``labels``, ``accept`` and ``answer`` say how the ticket is labelled; a column ``meta``
of structs or maps, and every other column, is meta. What JSON has no form for becomes text: dates,
times and decimals.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from txtal.errors import DataError, UsageError
from txtal.formats.fields import ANSWERS
from txtal.formats.reading import Fields, Rows, Source
from txtal.text import shorten
from txtal.types import Record

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".parquet"

_ROWS = 1000
"""Rows decoded at a time."""

_DEEPEST = 90
"""Types within types that are taken: the JSON of a value must stay readable."""


def arrow() -> Any:
    """pyarrow with its Parquet part. Raises UsageError when it isn't installed."""
    # Its own allocator keeps what was freed, 15 MB and more.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "Parquet needs pyarrow, which isn't installed: pip install 'txtal[parquet]'"
        ) from None
    return pyarrow


def read(source: Source) -> Rows:
    """A record for every good row, without its nulls; others are reported with their number.

    At the call raises UsageError without pyarrow, and DataError when the file can't be opened, or
    has a column that tickets can't keep. Rows are decoded a thousand at a time.
    """
    file = _open(source.file)
    schema = file.schema_arrow
    source.columns = tuple(_names(schema, source.name))
    batches = file.iter_batches(_ROWS, use_threads=False)  # threads hold parts of more columns
    return rows_of(source, file, batches, file.metadata.num_rows, class_names(schema))


def schema(path: Path) -> pa.Schema:
    """The columns of the file and their types; raises as :func:`records`."""
    with _open(path) as file:
        found = file.schema_arrow
        _names(found, str(path))
        return found


def _open(path: Path) -> Any:
    pa = arrow()
    try:
        return pa.parquet.ParquetFile(path, buffer_size=1 << 18, pre_buffer=False)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise DataError(f"{path} can't be opened: {error.strerror}") from error
        raise DataError(f"{path} isn't Parquet, or is damaged: {_first_line(error)}") from error


def _names(schema: pa.Schema, source: str) -> Sequence[str]:
    """The names of the columns, once they are known to be good."""
    names: list[str] = schema.names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{source}: two columns are named {twice!r}; rename one of them")
    for field in schema:
        if not _fits(field.type):
            raise DataError(
                f"{source}: the column {field.name!r} holds {shorten(str(field.type), 80)}, which a"
                " ticket can't keep; write the file without it"
            )
    return names


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names behind the numbers of Hugging Face's ClassLabel columns."""
    noted = (schema.metadata or {}).get(b"huggingface")
    try:
        features = json.loads(noted)["info"]["features"] if noted else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return named_classes(features)


def named_classes(features: Mapping[str, Any]) -> dict[str, list[str]]:
    """The same from the features of a data set."""
    found = {}
    for name, feature in features.items():
        inner = feature.get("feature", feature) if isinstance(feature, Mapping) else {}
        inner = inner[0] if isinstance(feature, list) and feature else inner
        if isinstance(inner, Mapping) and inner.get("_type") == "ClassLabel":
            found[name] = list(inner.get("names") or [])
    return found


def _is_text(kind: pa.DataType) -> bool:
    pa = arrow()
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _fits(kind: pa.DataType, depth: int = 0) -> bool:
    """Whether values of this type have a form in JSON, perhaps as text."""
    types = arrow().types
    if depth > _DEEPEST:
        return False
    if types.is_dictionary(kind):
        return _fits(kind.value_type, depth + 1)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _fits(kind.value_type, depth + 1)
    if types.is_map(kind):
        return _is_text(kind.key_type) and _fits(kind.item_type, depth + 1)
    if types.is_struct(kind):
        return all(_fits(kind.field(i).type, depth + 1) for i in range(kind.num_fields))
    if types.is_duration(kind) or types.is_interval(kind):
        return False
    plain = (types.is_null, types.is_boolean, types.is_integer, types.is_floating)
    as_text = (types.is_decimal, types.is_temporal, _is_text)
    return any(is_one(kind) for is_one in (*plain, *as_text))


def rows_of(
    source: Source,
    file: AbstractContextManager[Any],
    batches: Iterable[pa.RecordBatch],
    total: int | None,
    classes: Mapping[str, Sequence[str]],
) -> Rows:
    """The rows of record batches as records, the numbers of ``classes`` by name."""
    pa = arrow()
    number = 0
    names = source.columns
    with file:
        try:
            for batch in batches:
                columns = [
                    _named_values(_values(column), classes.get(name))
                    for name, column in zip(names, batch.columns, strict=True)
                ]
                for row in zip(*columns, strict=True):
                    number += 1
                    try:
                        yield number, _fields(names, row, source.reading.max_line)
                    except ValueError as error:
                        source.bad(number, str(error))
                if source.progress:
                    source.progress(number, total)
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{source.name}: can't be read on after row {number:,}: {_first_line(error)}"
            ) from error


def _named_values(values: list[Any], classes: Sequence[str] | None) -> list[Any]:
    if not classes:
        return values
    return [_named(value, classes) for value in values]


def _named(value: Any, classes: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_named(one, classes) for one in value]
    if type(value) is int:
        return classes[value] if 0 <= value < len(classes) else None
    return value


_BROKEN = object()
"""Stands for a value that can't be read."""


def _values(column: pa.Array) -> list[Any]:
    pa = arrow()
    types = pa.types
    kind = column.type
    if types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    try:
        if types.is_temporal(kind) or types.is_decimal(kind):
            # As text here: Python's own times have no nanoseconds.
            column = column.cast(pa.string())
        return list(column.to_pylist(maps_as_pydicts="strict"))
    except (ValueError, KeyError, UnicodeDecodeError, pa.ArrowException):
        return [_value(column[i]) for i in range(len(column))]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py(maps_as_pydicts="strict")
    except (ValueError, KeyError, UnicodeDecodeError):
        return _BROKEN


def _fields(names: Sequence[str], row: Sequence[Any], max_text: int) -> Fields:
    """The row as a record. Raises ValueError with why it is bad."""
    fields: Fields = {}
    for name, given in zip(names, row, strict=True):
        if given is None:
            continue
        if name == "text":
            if given is _BROKEN:
                raise ValueError("'text' is not UTF-8")
            if isinstance(given, str) and len(given) > max_text:
                raise ValueError(f"'text' is longer than {max_text:,} characters (--max-line)")
        try:
            fields[name] = _plain(given)
        except ValueError as error:
            raise ValueError(f"{name!r} {error}") from None
    return fields


def _plain(value: Any) -> Any:
    """``value`` as JSON has it. Raises ValueError with what is wrong with it."""
    if value is _BROKEN:
        raise ValueError("can't be read as what it says it is")
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"is {value}, which is not JSON; write null or leave it out")
        return value
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if value is None else str(value)


# --- the same columns out again -------------------------------------------------------------------


def written_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column once its values were a record's: strings for what is text there."""
    if _is_cast(kind):
        return kind  # read as text, and cast back
    return _nested_type(kind)


def _is_cast(kind: pa.DataType) -> bool:
    """Whether Arrow makes such values of their text; of times of day it doesn't."""
    types = arrow().types
    return bool(types.is_timestamp(kind) or types.is_date(kind) or types.is_decimal(kind))


def _nested_type(kind: pa.DataType) -> pa.DataType:
    pa = arrow()
    types = pa.types
    if types.is_dictionary(kind):
        return written_type(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pa.list_(_nested_type(kind.value_type))
    if types.is_map(kind):
        return pa.map_(pa.string(), _nested_type(kind.item_type))
    if types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        return pa.struct([(field.name, _nested_type(field.type)) for field in fields])
    if types.is_temporal(kind) or types.is_decimal(kind) or _is_text(kind):
        return pa.string()
    return pa.float32() if types.is_float16(kind) else kind


def column(records: Sequence[Record], names: Sequence[str], field: pa.Field) -> pa.Array:
    """The values of one of the columns ``names`` as they were read.

    Raises DataError when a value isn't of the column's type any more.
    """
    pa = arrow()
    values = [_read_from(record, names, field) for record in records]
    try:
        if _is_cast(field.type):
            return pa.array(values, pa.string()).cast(field.type)
        return pa.array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"the column {field.name!r} can't be written as {field.type}: {_first_line(error)}"
        ) from error


def _read_from(record: Record, names: Sequence[str], field: pa.Field) -> Any:
    types = arrow().types
    if field.name == "text":
        return record.text
    if field.name in ANSWERS:
        value = record.extra.get(field.name)
    elif field.name == "meta" and types.is_struct(field.type):
        value = {one.name: record.meta.get(one.name) for one in field.type}
    elif field.name == "meta" and types.is_map(field.type):
        value = {key: one for key, one in record.meta.items() if key not in names}
    else:
        value = record.meta.get(field.name)
    return list(value.items()) if types.is_map(field.type) and value is not None else value


def _first_line(error: BaseException) -> str:
    return shorten(str(error).partition("\n")[0], 200)
