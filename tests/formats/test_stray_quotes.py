"""A wrong quote costs its own row, and no other."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.reading import taken

cell = st.text(st.sampled_from('ab ,"\n'), max_size=8).map(lambda text: f"x{text}")


def table(rows: list[list[str]], quoting: int) -> list[str]:
    """Each row as it is written."""
    written = []
    for row in rows:
        out = io.StringIO()
        csv.writer(out, quoting=quoting, lineterminator="\n").writerow(row)  # type: ignore[arg-type]
        written.append(out.getvalue())
    return written


@settings(max_examples=200)
@given(
    st.lists(cell, min_size=1, max_size=12),
    st.integers(0, 11),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_the_row_with_the_quote_is_lost_alone(texts: list[str], place: int, quoting: int) -> None:
    rows = table([[f"{n}", text, "l"] for n, text in enumerate(texts)], quoting)
    place %= len(rows) + 1
    rows.insert(place, '9,"never closed,l\n')
    found, bad = taken("id,text,label\n" + "".join(rows), "a.csv")
    if quoting == csv.QUOTE_ALL or all("\n" not in text and '"' not in text for text in texts):
        assert [record.text for record in found] == texts
        assert len(bad) == 1
    assert bad[0].line == 2 + "".join(rows[:place]).count("\n")
    # Nothing goes without a line that says so.
    lines = {number for one in bad for number in range(one.line, max(one.line, one.last) + 1)}
    kept = {record.text for record in found}
    line = 2
    for text, row in zip([*texts[:place], "never closed", *texts[place:]], rows, strict=True):
        height = row.count("\n")
        assert text in kept or lines & set(range(line, line + height)) or text == "never closed"
        line += height


@pytest.mark.parametrize("place", [0, 10, -1])
@pytest.mark.parametrize("count", [20_000, pytest.param(600_000, marks=pytest.mark.slow)])
def test_a_long_file_with_one_quote_too_many(count: int, place: int) -> None:
    rows = [f"{n},Ticket number {n} about parcels,delivery\n" for n in range(count)]
    rows[place] = '10,"Ticket number 10 about parcels,delivery\n'
    found, bad = taken("id,text,label\n" + "".join(rows), "a.csv", max_line=100_000)
    assert len(found) == count - 1
    assert [(one.line, one.reason) for one in bad] == [
        (place % count + 2, "not CSV: the quote opened in it isn't closed")
    ]


@pytest.mark.parametrize(
    ("rows", "texts", "bad"),
    [
        ('1,"a "quoted" word",l\n2,b,l\n', ["b"], [(2, 2)]),
        ('1,He said "hi",l\n2,5" nail,l\n', ['He said "hi"', '5" nail'], []),
        ('1,"a\nb\n\nc",l\n2,"x,l\n3,"d\ne",l\n', ["a\nb\n\nc", "d\ne"], [(6, 6)]),
        ('1,"a\nhow are "you" today\nbye",l\n2,b,l\n', ["b"], [(2, 4)]),
        ('1,a,l\n2,"b,l\n', ["a"], [(3, 3)]),
        ("1,a,l,,\n2,b,l\n", ["a", "b"], []),
    ],
)
def test_what_it_costs(rows: str, texts: list[str], bad: list[tuple[int, int]]) -> None:
    found, faults = taken(f"id,text,label\n{rows}", "a.csv")
    assert [record.text for record in found] == texts
    assert [(one.line, one.last) for one in faults] == bad


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("sep=;\ntext;n\na;1\n", ["a"]),
        ('"sep=|"\ntext|n\na, b|1\n', ["a, b"]),
        ("text\nHello, where is it\nIt broke\nFirst, second, third\n",
         ["Hello, where is it", "It broke", "First, second, third"]),
        ('text\n"quoted, too"\nx\n', ["quoted, too", "x"]),
        ("id|text\n1|a, b\n", ["a, b"]),
        ("text;n;;\na;1;;\n", ["a"]),
    ],
)  # fmt: skip
def test_shapes_of_tables(data: str, texts: list[str]) -> None:
    found, bad = taken(data, "a.csv")
    assert ([record.text for record in found], bad) == (texts, [])
