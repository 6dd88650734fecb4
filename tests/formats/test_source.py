"""Opening a source: kinds of file, compression, progress, and files that are not what they say."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from txtal.errors import DataError, UsageError
from txtal.formats.reading import Progress, Reading
from txtal.formats.source import BadLine, read
from txtal.types import Record

LINES = b'{"text": "one"}\n{"text": "two"}\n'
BOTH = [Record("one"), Record("two")]


def take(
    path: Path, progress: Progress | None = None, **reading: Any
) -> tuple[list[Record], list[BadLine]]:
    bad: list[BadLine] = []
    return list(read(path, bad.append, Reading(**reading), progress=progress)), bad


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix.lower() == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "A.JSONL", "a.b.jsonl", "a.jsonl.gz", "A.Jsonl.GZ"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_json_lines(tmp_path: Path, name: str, mark: bytes) -> None:
    assert take(put(tmp_path / name, mark + LINES)) == (BOTH, [])


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_plain_text(tmp_path: Path, name: str, mark: bytes) -> None:
    found, bad = take(put(tmp_path / name, mark + b"one\r\n\n  \n two\x0bx \n\xff\nlast"))
    assert found == [Record("one"), Record(" two\x0bx "), Record("last")]
    assert [(one.line, one.reason[:22]) for one in bad] == [(5, "not valid UTF-8 at byt")]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_csv(tmp_path: Path, name: str) -> None:
    found, _ = take(put(tmp_path / name, b"\xef\xbb\xbftext,from\none,mail\ntwo,\n"))
    assert found == [Record("one", {"from": "mail"}), Record("two")]


def test_csv_with_another_column(tmp_path: Path) -> None:
    found, _ = take(put(tmp_path / "a.csv", b"body,text\none,x\n"), text=("body",))
    assert found == [Record("one", {"text": "x"})]


def test_empty_file(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv", "a.txt", "a.jsonl.gz"):
        assert take(put(tmp_path / name, b"")) == ([], [])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(LINES + b"x\n")))
    bad: list[BadLine] = []
    seen: list[tuple[int, int | None]] = []
    found = list(read("-", bad.append, progress=lambda done, total: seen.append((done, total))))
    assert found == BOTH
    assert str(bad[0]).startswith("standard input:3: invalid JSON")
    assert seen[-1] == (len(LINES) + 2, None)


def test_standard_input_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe, os.fdopen(writer, "wb", buffering=0) as feed:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=pipe))
        reading = read("-", print)
        feed.write(b'{"text": "one"}\n')
        assert next(reading) == Record("one")


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_progress_counts_the_bytes_of_the_file(tmp_path: Path, name: str) -> None:
    many = b"".join(
        b'{"text": "%d %s"}\n' % (n, os.urandom(40).hex().encode()) for n in range(9999)
    )
    path = put(tmp_path / name, many)
    seen: list[tuple[int, int | None]] = []
    take(path, progress=lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    assert len(seen) > 2
    assert seen == sorted(seen)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl: no such file"):
        read(tmp_path / "none.jsonl", print)


@pytest.mark.parametrize("name", ["folder", "folder.jsonl"])
def test_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="is a directory"):
        read(tmp_path / name, print)


@pytest.mark.parametrize("name", ["a", "a.dat", "a.gz", "jsonl", "a.csv.old"])
def test_what_has_no_suffix_is_known_by_what_it_holds(tmp_path: Path, name: str) -> None:
    assert take(put(tmp_path / name, LINES)) == (BOTH, [])
    with pytest.raises(UsageError, match=r"\.jsonl, \.ndjson.*--format|--from") as caught:
        read(put(tmp_path / name, b"Dear all,\nhello\n"), print)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert take(tmp_path / name, format="txt")[0] == [Record("Dear all,"), Record("hello")]


@pytest.mark.parametrize(
    ("name", "pack"), [("a.jsonl.bz2", bz2.compress), ("a.jsonl.xz", lzma.compress),
                       ("a.jsonl", gzip.compress), ("a.jsonl", bz2.compress)]
)  # fmt: skip
def test_compressed(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / name).write_bytes(pack(LINES))
    assert take(tmp_path / name) == (BOTH, [])
    long = b"".join(b'{"text": "%s"}\n' % os.urandom(50).hex().encode() for _ in range(10_000))
    (tmp_path / name).write_bytes(pack(long)[:-500])
    found, bad = take(tmp_path / name)
    assert found
    assert [one.reason for one in bad] == ["the compressed file is cut short or damaged from here"]


def test_zipped(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tickets.zip", "w") as archive:
        archive.writestr("export/tickets.csv", "text\none\ntwo\n")
        archive.writestr("__MACOSX/._tickets.csv", "x")
        archive.writestr("export/.DS_Store", "x")
    assert take(tmp_path / "tickets.zip") == (BOTH, [])
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "text\none\n")
        archive.writestr("b.csv", "text\none\n")
    with pytest.raises(DataError, match="holds 2 files"):
        take(tmp_path / "two.zip")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(DataError, match=r"a\.jsonl can't be opened: Permission denied"):
        read(tmp_path / "a.jsonl", print)


WRONG_KIND = {
    "spreadsheet": ("a.csv", b"PK\x03\x04 rest", "name it .xlsx, or save it as CSV"),
    "old spreadsheet": ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx"),
    "database": ("a.txt", b"SQLite format 3\x00 rest", "SQLite"),
    "Parquet": ("a.jsonl", b"PAR1 rest", "Parquet"),
    "web page": ("a.xls", b"<html><table>", "a web page or XML"),
    "PDF": ("a.txt", b"%PDF-1.4\n", "PDF"),
    "CR alone": ("a.txt", b"one\rtwo\r", "by CR alone"),
    "CR alone in JSON": ("a.jsonl", b'{"text": "a"}\r{"text": "b"}\r', "by CR alone"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_KIND)
def test_a_file_of_the_wrong_kind_is_one_error(tmp_path: Path, name: str) -> None:
    file, data, reason = WRONG_KIND[name]
    (tmp_path / file).write_bytes(data)
    with pytest.raises(DataError, match=reason) as caught:
        take(tmp_path / file)
    assert file in str(caught.value)


@pytest.mark.parametrize("name", ["a.txt", "a.dat"])
def test_a_table_by_its_header(tmp_path: Path, name: str) -> None:
    said: list[str] = []
    records = read(put(tmp_path / name, b"id;text\n1;one, or so\n"), print, say=said.append)
    assert [record.text for record in records] == ["one, or so"]
    assert bool(said) == (name == "a.txt")


@pytest.mark.parametrize("first", ["Review, please", "text me", "text", "a,b"])
def test_no_table_by_its_first_ticket(tmp_path: Path, first: str) -> None:
    assert [
        record.text for record in take(put(tmp_path / "a.txt", f"{first}\nx, y\n".encode()))[0]
    ] == [first, "x, y"]


def test_a_lone_list_is_one_bad_line(tmp_path: Path) -> None:
    found, bad = take(put(tmp_path / "a.jsonl", b"[1, 2]\n" + LINES))
    assert (found, len(bad)) == (BOTH, 1)


def test_not_gzip(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(LINES)
    with pytest.raises(DataError, match=r"isn't gzip-compressed; name it without \.gz"):
        take(tmp_path / "a.jsonl.gz")


def long_gzip() -> tuple[bytes, int]:
    lines = [json.dumps({"text": os.urandom(50).hex()}).encode() + b"\n" for _ in range(5000)]
    return gzip.compress(b"".join(lines)), len(lines)


def test_gzip_cut_short(tmp_path: Path) -> None:
    data, whole = long_gzip()
    (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
    found, bad = take(tmp_path / "a.jsonl.gz")
    assert whole * 0.4 < len(found) < whole
    assert [(one.line, one.reason) for one in bad] == [
        (len(found) + 1, "the compressed file is cut short or damaged from here")
    ]


def test_gzip_damaged(tmp_path: Path) -> None:
    data, whole = long_gzip()
    middle = len(data) // 2
    (tmp_path / "a.jsonl.gz").write_bytes(data[:middle] + b"\x00" * 99 + data[middle + 99 :])
    found, bad = take(tmp_path / "a.jsonl.gz")
    assert whole * 0.3 < len(found) <= whole
    assert "damaged" in bad[-1].reason


def test_gzip_cut_in_its_header(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES)[:5])
    with pytest.raises(DataError, match="damaged from its first byte"):
        take(tmp_path / "a.jsonl.gz")


def test_gzip_in_parts(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES) + gzip.compress(LINES))
    assert take(tmp_path / "a.jsonl.gz") == (BOTH * 2, [])


def test_longest_line(tmp_path: Path) -> None:
    line = b'{"text": "one"}'
    path = put(tmp_path / "a.jsonl", line + b"\n" + line)
    assert take(path, max_line=len(line)) == ([Record("one")] * 2, [])
    found, bad = take(path, max_line=len(line) - 1)
    assert found == []
    assert [(one.line, one.reason) for one in bad] == [
        (1, "longer than 14 bytes (--max-line)"),
        (2, "longer than 14 bytes (--max-line)"),
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".txt", ".csv"])
def test_a_huge_line_is_never_in_memory(tmp_path: Path, suffix: str) -> None:
    first = b'{"text": "one"}\n' if suffix == ".jsonl" else b"text\n"
    path = put(tmp_path / f"a{suffix}", first + b"x" * 30_000_000 + b"\n" + first)
    tracemalloc.start()
    _, bad = take(path, max_line=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.line for one in bad] == [2]
    assert peak < 5_000_000


def test_a_device_that_fails_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read1(size)

    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=Failing(LINES)))
    reading = read("-", print)
    assert [next(reading), next(reading)] == BOTH
    with pytest.raises(DataError, match="standard input:3: can't read on: Input/output error"):
        next(reading)
