"""CSV and TSV for spreadsheets: the labels that apply, in which nothing is a formula."""

from __future__ import annotations

import csv
import io
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.test_export import SCHEMES, row
from txtal.formats.exports import Target
from txtal.formats.formulas import FORMULA, unguarded
from txtal.formats.rows import ExportRow, Written, export_row
from txtal.formats.writers.table import write, write_tabs
from txtal.types import Answer, Label, Scheme, Ticket


def written(*rows: ExportRow, tabs: bool = False, **options: Any) -> tuple[str, Written]:
    out = io.StringIO(newline="")
    target = Target(rows[0].scheme, None, lambda: nullcontext(out), **options)
    said = (write_tabs if tabs else write)(rows, target)
    return out.getvalue(), said


def table(*rows: ExportRow, **options: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written(*rows, **options)[0], newline="")))


def said(text: str, name: str = "bug") -> ExportRow:
    scheme = Scheme("exclusive", (Label(1, name),))
    return export_row(Ticket(1, text), Answer(1, "accept", (1,)), scheme)


def test_a_row_an_accept() -> None:
    given = row("exclusive", "accept", (2,), answered=1700000000.0, annotator="ann", comment="hm")
    out, told = written(
        given,
        row("exclusive", "reject", (1,)),
        row("exclusive", "accept", ()),
        row("exclusive", "accept", (1, 2)),
    )
    assert (told.answers, told.lines) == (4, 1)
    assert told.left_out == {"reject": 1, "no label": 1, "several labels": 1}
    header, only = csv.reader(io.StringIO(out))
    assert dict(zip(header, only, strict=True)) == {
        "text": "hi",
        "label": "praise",
        "annotator": "ann",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "comment": "hm",
    }


def test_a_column_for_each_of_several_labels() -> None:
    header, first, none = table(
        row("multilabel", "accept", (1, 3)), row("multilabel", "accept", ())
    )
    assert header[1:4] == ["label:bug", "label:praise", "label:other"]
    assert (first[1:4], none[1:4]) == (["1", "0", "1"], ["0", "0", "0"])


def test_a_no_is_a_zero() -> None:
    header, yes, no = table(row("binary", "accept", (1,)), row("binary", "reject", (1,)))
    assert (header[1], yes[1], no[1]) == ("label:bug", "1", "0")


def test_the_id_that_joins_the_row_back() -> None:
    there = row("exclusive", "accept", (1,), extra={"id": 70231})
    header, first, without = table(there, row("exclusive", "accept", (1,)), has_ids=lambda: True)
    assert (header[0], first[0], without[0]) == ("id", "70231", "")


def test_tabs_and_a_byte_order_mark() -> None:
    out, _ = written(said("a\tb, c"), tabs=True, bom=True)
    assert out.startswith("\ufefftext\tlabel\t")
    rows = list(csv.reader(io.StringIO(out.lstrip("\ufeff"), newline=""), delimiter="\t"))
    assert rows[1][:2] == ["a\tb, c", "bug"]


@pytest.mark.parametrize("sign", FORMULA)
def test_what_begins_like_a_formula_is_text(sign: str) -> None:
    formula = f"{sign}1+cmd|' /C calc'!A0"
    _, cells = table(said(formula, formula))
    assert cells[:2] == [f"'{formula}"] * 2
    _, cells = table(said(formula, formula), formulas=True)
    assert cells[:2] == [formula] * 2


@pytest.mark.parametrize("label", ["-1", "+1", "0", "-0.5", "-none-", "@home", "- 3,5 %", "+ good"])
def test_numbers_and_names_are_no_formulas(label: str) -> None:
    _, cells = table(said("-12.50", label))
    assert cells[:2] == ["-12.50", label]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_any_text_comes_back(text: str, formulas: bool) -> None:
    _, cells = table(said(text), formulas=formulas)
    assert (cells[0] if formulas else unguarded(cells[0])) == text
    assert formulas or cells[0] == text or cells[0] == f"'{text}"


def test_half_a_character_does_not_stop_it() -> None:
    _, cells = table(said("a\ud800b"))
    assert cells[0] == "a\ufffdb"


def test_every_task_has_a_table() -> None:
    assert {len(table(row(task, "accept", (1,)))) for task in SCHEMES} == {2}
