"""The tables of docs/formats.md say what the tables of formats in the code have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from txtal.formats.exports import EXPORTS
from txtal.formats.imports import IMPORTS
from txtal.formats.shapes import shapes

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")


def table(header: str) -> list[list[str]]:
    """The rows under a header, each a list of cells."""
    lines = PAGE[PAGE.index(header) :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(cells: list[str]) -> set[str]:
    return set(re.findall(r"`([^`]+)`", " ".join(cells)))


FORMATS = table("| format | name of the file | in | out |")
GLANCE = table("| `-f` | ending |")


def test_every_ending_that_is_read_has_its_row() -> None:
    assert {*IMPORTS.suffixes} <= quoted([row[1] for row in FORMATS])


def test_every_format_by_its_name_for_from() -> None:
    assert quoted(re.findall(r"`--from` takes ([^.]*)", PAGE)) == {*IMPORTS.names}


def test_every_export_has_its_row_and_no_row_is_of_none() -> None:
    assert quoted([row[3] for row in FORMATS]) == {*EXPORTS.names}
    assert quoted([row[0] for row in GLANCE]) == {*EXPORTS.names}


@pytest.mark.parametrize("row", list(EXPORTS), ids=lambda row: row.name)
def test_the_endings_of_an_export(row: object) -> None:
    (cells,) = (one for one in GLANCE if f"`{row.name}`" in one[0])  # type: ignore[attr-defined]
    assert {*row.suffixes} <= quoted([cells[1]])  # type: ignore[attr-defined]


def test_every_tool_has_its_row() -> None:
    names = " ".join(row[0] for row in FORMATS)
    assert [one.name for one in shapes() if one.name != "txtal" and one.name not in names] == []
