"""CSV for spreadsheets: a table of what was accepted, in which nothing is a formula."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.test_export import SCHEMES, row
from txtal.formats.rows import ExportRow, export_row
from txtal.formats.writers.table import FORMULA, write_table
from txtal.types import Answer, Label, Scheme, Task, Ticket


def table(task: Task, *rows: ExportRow, **options: Any) -> list[list[str]]:
    out = io.StringIO(newline="")
    write_table(rows, out, SCHEMES[task], **options)
    return list(csv.reader(io.StringIO(out.getvalue(), newline="")))


def said(text: str, name: str = "bug") -> ExportRow:
    scheme = Scheme("exclusive", (Label(1, name),))
    return export_row(Ticket(1, text), Answer(1, "accept", (1,)), scheme)


def test_a_row_an_accept() -> None:
    given = row("exclusive", "accept", (2,), answered=1700000000.0, annotator="ann", comment="hm")
    rejected = row("exclusive", "reject", (1,))
    out = io.StringIO()
    written = write_table([given, rejected], out, SCHEMES["exclusive"])
    assert (written.answers, written.lines, written.left_out) == (2, 1, {"reject": 1})
    header, only = csv.reader(io.StringIO(out.getvalue()))
    assert dict(zip(header, only, strict=True)) == {
        "text": "hi",
        "label": "praise",
        "annotator": "ann",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "comment": "hm",
    }


def test_a_column_for_each_of_several_labels() -> None:
    header, first, none = table(
        "multilabel", row("multilabel", "accept", (1, 3)), row("multilabel", "accept", ())
    )
    assert header[1:4] == ["label:bug", "label:praise", "label:other"]
    assert (first[1:4], none[1:4]) == (["1", "0", "1"], ["0", "0", "0"])


@pytest.mark.parametrize("sign", FORMULA)
def test_what_begins_like_a_formula_is_text(sign: str) -> None:
    formula = f"{sign}1+cmd|' /C calc'!A0"
    _, cells = table("exclusive", said(formula, formula))
    assert cells[:2] == [f"'{formula}"] * 2
    _, cells = table("exclusive", said(formula, formula), formulas=True)
    assert cells[:2] == [formula] * 2


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_any_text_comes_back(text: str, formulas: bool) -> None:
    _, cells = table("exclusive", said(text), formulas=formulas)
    assert cells[0] in ((text,) if formulas else (text, f"'{text}"))
    assert formulas or not cells[0].startswith(FORMULA)


def test_half_a_character_does_not_stop_it() -> None:
    _, cells = table("exclusive", said("a\ud800b"))
    assert cells[0] == "a\ufffdb"
