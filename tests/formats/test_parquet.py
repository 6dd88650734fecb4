"""Parquet in, and predictions out with the same columns."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from txtal.classifier import encode
from txtal.classifier.encode import JsonLines, form_for, form_from
from txtal.errors import DataError
from txtal.formats import parquet
from txtal.formats.lines import BadLine
from txtal.formats.reading import Reading
from txtal.formats.source import read
from txtal.types import Classified, Record

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

SAID = Classified(("a",), {"a": 0.75, "b": 0.25})


def take(path: Path, progress: Any = None, **reading: Any) -> tuple[list[Record], list[BadLine]]:
    bad: list[BadLine] = []
    return list(read(path, bad.append, Reading(**reading), progress=progress)), bad


def put(path: Path, columns: Any, **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.parquet"


EVERY = {
    "text": pa.array(["one", "two"]),
    "label": pa.array(["x", None]),
    "meta": pa.array([{"id": 1, "tags": ["u"]}, {"id": 2, "tags": None}]),
    "channel": pa.array(["mail", "chat"]).dictionary_encode(),
    "n": pa.array([2**63, None], pa.uint64()),
    "score": pa.array([0.5, -1.0], pa.float32()),
    "ok": pa.array([True, None]),
    "day": pa.array([date(2026, 11, 25), None]),
    "at": pa.array([datetime(2026, 11, 25, 9, 30, tzinfo=UTC), None], pa.timestamp("ns", "UTC")),
    "clock": pa.array([time(9, 30), None]),
    "price": pa.array([Decimal("1.50"), None]),
    "counts": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
    "nothing": pa.nulls(2),
}


def test_every_kind_of_column(path: Path) -> None:
    found, bad = take(put(path, EVERY))
    assert bad == []
    assert found[0] == Record(
        "one",
        {
            "id": 1,
            "tags": ["u"],
            "channel": "mail",
            "n": 2**63,
            "score": 0.5,
            "ok": True,
            "day": "2026-11-25",
            "at": "2026-11-25 09:30:00.000000000Z",
            "clock": "09:30:00.000000",
            "price": "1.50",
            "counts": {"k": 1},
        },
        {"label": "x"},
    )
    assert found[1] == Record("two", {"id": 2, "channel": "chat", "score": -1.0, "counts": {}})
    json.dumps([one.meta for one in found], allow_nan=False)


def test_bad_rows_are_told_by_their_number(path: Path) -> None:
    columns = {
        "text": ["good", None, " ", "x" * 20, "nan"],
        "n": [1.0, 1.0, 1.0, 1.0, float("nan")],
    }
    found, bad = take(put(path, columns), max_line=10)
    assert found == [Record("good", {"n": 1.0})]
    assert [(one.line, one.reason) for one in bad] == [
        (2, "'text' is blank"),
        (3, "'text' is blank"),
        (4, "'text' is longer than 10 characters (--max-line)"),
        (5, "'n' is nan, which is not JSON; write null or leave it out"),
    ]
    assert str(bad[0]) == f"{path}:2: 'text' is blank"


def test_bytes_that_are_no_text(path: Path) -> None:
    broken = pa.array([b"good", b"\xff"]).cast(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, broken.buffers())
    found, bad = take(put(path, {"text": text}))
    assert found == [Record("good")]
    assert [str(one) for one in bad] == [f"{path}:2: 'text' is not UTF-8"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"text": ["x"], "image": [b"\x00"]}, "the column 'image' holds binary, which a ticket"),
        ({"text": ["x"], "deep": [[{"b": b"\x00"}]]}, "the column 'deep' holds list<"),
    ],
)
def test_bad_columns_are_refused_as_the_file_is_opened(
    path: Path, columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read(put(path, columns), print)


def test_two_columns_of_one_name(path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"])] * 2, names=["text", "text"])
    pq.write_table(table, path)
    with pytest.raises(DataError, match="two columns are named 'text'"):
        read(path, print)


def test_another_column_of_texts(path: Path) -> None:
    found, _ = take(put(path, {"text": [1], "body": ["x"]}), text=("body",))
    assert found == [Record("x", {"text": 1})]


def test_no_column_of_texts(path: Path) -> None:
    with pytest.raises(DataError, match=r"no field is called 'text'.*--text"):
        take(put(path, {"key": ["x"], "n": [1]}))


def test_what_isnt_parquet(path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read(path, print)
    for content in (b"", b"PAR1", b'{"text": "x"}\n', b"PAR1" + b"\x00" * 100 + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"isn't Parquet, or is damaged"):
            read(path, print)


def test_damage_in_the_middle(path: Path) -> None:
    put(path, {"text": [f"ticket {n}" for n in range(5000)]}, compression="zstd")
    content = bytearray(path.read_bytes())
    content[200:400] = b"\xff" * 200
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"can't be read on after row|isn't Parquet"):
        take(path)


def test_progress_counts_rows(path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    take(
        put(path, {"text": ["x"] * 2500}),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1000, 2500), (2000, 2500), (2500, 2500)]


def test_reading_keeps_a_part_of_the_file_in_memory(path: Path) -> None:
    table = pa.table({"text": [f"{n} " + f"word{n} " * 100 for n in range(20_000)]})
    size = table.nbytes
    pq.write_table(table, path, row_group_size=len(table))
    del table
    before = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() - before for _ in read(path, print))
    assert most < size / 3


def written(form: Any, batches: list[list[Record]]) -> Any:
    """What the form makes of the batches, read back."""
    kept = BytesIO(b"".join(form.encode("exclusive", b, [SAID] * len(b)) for b in batches))
    out = BytesIO()
    form.converter(kept, out)
    return pq.read_table(BytesIO(out.getvalue()))


def test_the_columns_of_parquet_stay(path: Path) -> None:
    found, _ = take(put(path, EVERY))
    form = form_for(Path("o.parquet"), "exclusive", ("a", "b"), parquet.schema(path))
    table = written(form_from(form.header()), [found[:1], found[1:]])
    source = pq.read_table(path)
    for name in source.column_names:
        if name == "clock":  # Arrow has no way back from text for a time of day
            assert table[name].to_pylist() == ["09:30:00.000000", None]
            continue
        assert table[name].to_pylist() == source[name].to_pylist(), name
        if name != "channel":  # a dictionary was read as its words
            assert table.schema.field(name).type == source.schema.field(name).type, name
    assert table["predicted"].to_pylist() == ["a", "a"]
    assert table["probability"].to_pylist() == [0.75, 0.75]
    assert table["probabilities"].to_pylist() == [{"a": 0.75, "b": 0.25}] * 2


def test_a_long_file_is_written_a_bounded_part_at_a_time() -> None:
    labels = [f"label {n}" for n in range(100)]
    form = form_for(Path("o.parquet"), "exclusive", labels, None)
    said = Classified((labels[0],), dict.fromkeys(labels, 0.01))
    batch = form.encode("exclusive", [Record("x")] * 500, [said] * 500)
    out = BytesIO()
    form.converter(BytesIO(batch * 100), out)
    groups = pq.ParquetFile(BytesIO(out.getvalue())).metadata
    assert groups.num_rows == 50_000
    rows = [groups.row_group(n).num_rows for n in range(groups.num_row_groups)]
    assert max(rows) * 8 * len(labels) < 2 * encode.ROW_GROUP
    assert min(rows[:-1]) * 8 * len(labels) > encode.ROW_GROUP / 2


def test_columns_from_elsewhere_are_text_meta_and_the_rest_as_json() -> None:
    form = form_for(Path("o.parquet"), "exclusive", ("a", "b"), None)
    table = written(form, [[Record("one", {"n": 1}, {"label": "x"}), Record("two")]])
    assert table["text"].to_pylist() == ["one", "two"]
    assert [json.loads(one) if one else one for one in table["meta"].to_pylist()] == [
        {"n": 1},
        None,
    ]
    assert table["extra"].to_pylist() == ['{"label":"x"}', None]


def test_no_records_make_a_file_with_columns() -> None:
    form = form_for(Path("o.parquet"), "multilabel", ("a", "b"), None)
    table = written(form, [])
    assert table.num_rows == 0
    assert table.column_names == ["text", "meta", "extra", "predicted", "probabilities"]


VALUES = st.one_of(
    st.lists(st.text(max_size=5) | st.none()),
    st.lists(st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.floats(allow_nan=False, allow_infinity=False)),
    st.lists(st.dates() | st.none()),
    st.lists(st.datetimes(), max_size=5),
    st.lists(st.lists(st.booleans(), max_size=3), max_size=3),
    st.lists(st.fixed_dictionaries({"a": st.integers(0, 9), "b": st.text(max_size=3)})),
)


@settings(max_examples=60)
@given(values=VALUES)
def test_any_column_survives_the_way_there_and_back(
    values: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.parquet"
    put(path, {"text": ["x"] * len(values), "own": pa.array(values)} if values else {"text": [""]})
    found, _ = take(path)
    form = form_for(Path("o.parquet"), "exclusive", ("a", "b"), parquet.schema(path))
    if values:
        assert written(form, [found])["own"].to_pylist() == values


def test_reading_json_lines_loads_no_pyarrow() -> None:
    code = "import sys, txtal.formats.source, txtal.classifier.encode; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pyarrow" not in run.stdout.split()


def test_lines_have_no_converter() -> None:
    assert form_for(None, "exclusive", ("a",), None) == JsonLines()
    assert form_for(Path("a.JSONL.GZ"), "exclusive", ("a",), None) == JsonLines(packed=True)
