"""A format of one's own, added from outside through the table that the built-in ones stand in."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.driving import REPOSITORY, Program
from txtal.errors import UsageError
from txtal.formats.exports import EXPORTS, ExportFormat
from txtal.store import datasets, schema, tickets
from txtal.types import Record

ARCHITECTURE = REPOSITORY / "docs" / "architecture.md"


def example(title: str) -> str:
    """The code that docs/architecture.md shows for adding it."""
    section = ARCHITECTURE.read_text("utf-8").partition(f"### {title}\n")[2]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def test_an_export_format_of_ones_own(answered: Program) -> None:
    (answered.folder / "own.py").write_text(example("An export format"), "utf-8")
    assert answered.ok("export", "d", "--code", "own.py", "-f", "headlines").out == (
        "[a] ticket 0\n[b] ticket 1\n"
    )
    answered.ok("export", "d", "--code", "own.py", "-o", "x.headlines")
    assert (answered.folder / "x.headlines").read_text() == "[a] ticket 0\n[b] ticket 1\n"


def test_an_import_format_of_ones_own(quick: Program, txtal: Program) -> None:
    (txtal.folder / "own.py").write_text(example("An import format"), "utf-8")
    news = (
        "<rss><channel><item><title>Late</title><description>Where is it?</description></item>"
        "<item/></channel></rss>"
    )
    for name in ("news.rss", "news.rss.gz", "news"):  # by its suffix, or by how it begins
        txtal.file(name, [news])
        ran = txtal.ok("load", name, name, "--code", "own.py")
        assert f"{name}:2: an item with nothing in it" in ran.err
        assert "loaded 1, 0 duplicates, 1 bad line" in ran.err
        (record,) = records(txtal, name)
        assert record.text == "Late\n\nWhere is it?"
    assert "can't tell the format" in quick("load", "d", "news").complaint


def records(program: Program, dataset: str) -> list[Record]:
    with closing(schema.open_readonly(program.folder / program.db)) as conn:
        return list(tickets.records(conn, datasets.get(conn, dataset).id))


def test_an_unknown_format_is_told_with_those_there_are(answered: Program) -> None:
    ran = answered.quick("export", "d", "-f", "headlines")
    assert ran.code == 2
    assert "no export format is called 'headlines'; choose from jsonl" in ran.complaint


def test_the_name_of_the_output_says_the_format(answered: Program) -> None:
    for name, start in [("x.csv", b"text,label"), ("x.jsonl", b"{"), ("x", b"{")]:
        answered.quick.ok("export", "d", "-o", name)
        assert (answered.folder / name).read_bytes().startswith(start)
    answered.quick.ok("export", "d", "-o", "y.csv", "-f", "jsonl")
    assert (answered.folder / "y.csv").read_bytes().startswith(b"{")


def test_a_format_may_not_take_the_place_of_another() -> None:
    def write(rows: object, target: object) -> None:
        raise AssertionError

    mine = ExportFormat("mine", (".csv",), "mine", write)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"'csv' already has \.csv"):
        EXPORTS.add(mine)
    assert "mine" not in EXPORTS.names
    assert EXPORTS.by_suffix(Path("a/B.CSV.gz")) is EXPORTS.named("csv")
