"""CSV: rows, quotes, and rows that can't be trusted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.formats.reading import notes, taken
from txtal.errors import DataError
from txtal.formats.lines import BadLine
from txtal.types import Record


def read(data: str | bytes, **reading: Any) -> tuple[list[Record], list[BadLine]]:
    return taken(data, "in.csv", **reading)


def test_columns() -> None:
    found, bad = read("id,text,label,from\n7,hello,bug,mail\n8,bye,,\n")
    assert found == [
        Record("hello", {"id": "7", "from": "mail"}, {"label": "bug"}),
        Record("bye", {"id": "8"}),
    ]
    assert bad == []


def test_quotes_and_newlines_inside() -> None:
    found, bad = read('text,n\r\n"a ""b"", c\r\nd",1\r\n5" screen,2\r\n')
    assert found == [Record('a "b", c\r\nd', {"n": "1"}), Record('5" screen', {"n": "2"})]
    assert bad == []


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators(mark: str) -> None:
    found, _ = read(f"text{mark}from\na, b{mark}mail\n")
    assert found == [Record("a, b", {"from": "mail"})]


def test_header_is_trimmed_and_case_does_not_matter() -> None:
    assert read(" Text ,LABEL,\nx,bug,1\n")[0] == [Record("x", {"column 3": "1"}, {"label": "bug"})]


def test_only_one_column() -> None:
    assert read("text\none\ntwo\n")[0] == [Record("one"), Record("two")]


def test_formulas_and_spaces_stay_as_they_are() -> None:
    assert read("text\n=1+1\n  x \n")[0] == [Record("=1+1"), Record("  x ")]


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        ("a,b,c\nok,1\n", 2, "3 cells where the header has 2"),
        ("a\nok,1\n", 2, "1 cells where the header has 2"),
        (" ,b\nok,1\n", 2, "'text' is blank"),
        ('"a"b,c\nok,1\n', 2, "not CSV: ',' expected after '\"'"),
        ('ok,1\n"never ends,b\n', 3, "not CSV: the quote opened in it isn't closed"),
        ("a\rb,c\nok,1\n", 2, "not CSV: new-line character seen in unquoted field"),
        ('"a\nb\nc",d,e\nok,1\n', 2, "3 cells where the header has 2"),
    ],
)
def test_bad_rows(rows: str, line: int, reason: str) -> None:
    found, bad = read(f"text,n\n{rows}")
    assert found == [Record("ok", {"n": "1"})]
    assert [(one.line, one.reason[: len(reason)]) for one in bad] == [(line, reason)]


def test_a_row_with_an_undecodable_line_is_left_out_whole() -> None:
    found, bad = read(b'text,n\n"a\n\xff\nb",1\nok,1\n')
    assert found == [Record("ok", {"n": "1"})]
    assert [(one.line, one.reason[:15]) for one in bad] == [(3, "not valid UTF-8")]


def test_a_row_with_a_line_too_long_is_left_out_whole() -> None:
    found, bad = read('text,n\n"a\n' + "x" * 40 + '\nb",1\nok,1\n', max_line=20)
    assert found == [Record("ok", {"n": "1"})]
    assert [(one.line, one.reason) for one in bad] == [(3, "longer than 20 bytes (--max-line)")]


def test_a_cell_too_long() -> None:
    found, bad = read('text,n\n"aaaaaa\nbbbbbbbb\ncc",1\nok,1\n', max_line=12)
    assert found == [Record("ok", {"n": "1"})]
    assert [(one.line, one.last) for one in bad] == [(2, 4)]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("a b,n", r"in\.csv: no field is called 'text'.* the first line has 'a b', 'n'.*--text"),
        ("text,label,LABEL", "names a column twice"),
        ("text,Text", "names a column twice"),
    ],
)
def test_bad_header(header: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read(f"{header}\na,b\n")


def test_columns_of_the_same_name_are_told_apart() -> None:
    data = "text,note,note,note 2\na,b,c,d\n"
    assert read(data)[0] == [Record("a", {"note": "b", "note 3": "c", "note 2": "d"})]
    assert "numbered: 'note 3'" in notes(data, "in.csv")


def test_files_put_one_behind_the_other() -> None:
    found, bad = read("text,n\na,1\n\ufefftext,n\nb,2\n\ntext,x\n")
    assert found == [Record(text, {"n": n}) for text, n in (("a", "1"), ("b", "2"), ("text", "x"))]
    assert [(one.line, one.reason[:20]) for one in bad] == [(3, "the header once more")]


def test_another_text_column() -> None:
    assert read("body,text\na,b\n", text=("body",))[0] == [Record("a", {"text": "b"})]


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_a_table_without_a_header(mark: str) -> None:
    data = f'ham{mark}"See you{mark} then"\nspam{mark}You have won\n'
    records, bad = read(data, columns=("kind", "text"))
    assert [(one.text, one.meta) for one in records] == [
        (f"See you{mark} then", {"kind": "ham"}),
        ("You have won", {"kind": "spam"}),
    ]
    assert bad == []


def test_columns_that_are_named_although_there_is_a_header() -> None:
    records, bad = read("text,label\na,x\n", columns=("text", "label"))
    assert [one.text for one in records] == ["a"]
    assert [one.reason[:20] for one in bad] == ["the header once more"]


def test_too_few_columns_are_named() -> None:
    records, bad = read("x,a,1\n", columns=("label", "text"))
    assert records == []
    assert "3 cells where --columns names 2" in bad[0].reason


QUALTRICS = (
    "Finished,Q1,Q2\n"
    'Finished,How was it?,"Why, if we may ask?"\n'
    '"{""ImportId"":""finished""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2_TEXT""}"\n'
    "1,4,It was late\n"
)
SURVEYMONKEY = "Respondent ID,What was it?,\n,Response,Open-Ended Response\n17,a,It was late\n"


@pytest.mark.parametrize(
    ("data", "text", "rows"), [(QUALTRICS, "Q2", "2 rows"), (SURVEYMONKEY, "column 3", "1 row")]
)
def test_the_headings_of_a_survey_are_nobodys_answers(data: str, text: str, rows: str) -> None:
    records, bad = read(data, text=(text,))
    assert [one.text for one in records] == ["It was late"]
    assert bad == []
    assert f"left out {rows} below the header" in notes(data, "t.csv", text=(text,))
    again, _ = read(data.splitlines()[0] + "\n" + data.splitlines()[-1] + "\n", text=(text,))
    assert again == records


def test_what_quotes_a_heading_of_a_survey_further_down_is_a_ticket() -> None:
    rows = ["a", "b", "c", '"{""ImportId"" is what it says"']
    records, _ = read("text,n\n" + "".join(f"{row},1\n" for row in rows))
    assert len(records) == 4
