"""Which fields make the text, the id and the label: as asked for, or guesses that are said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.reading import notes, said, taken
from txtal.errors import DataError
from txtal.types import Record

TICKET = {"id": 7, "subject": "Late", "body": "Where is it?", "tags": ["a"]}


def text_of(data: Any, name: str = "a.jsonl", **reading: Any) -> list[str]:
    rows = data if isinstance(data, str) else "".join(json.dumps(one) + "\n" for one in data)
    return [record.text for record in taken(rows, name, **reading)[0]]


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"body": "x"}, "x"),
        ({"Review": "x", "rating": 1}, "x"),
        ({"title": "T", "body": "B"}, "T\n\nB"),
        ({"title": "T", "body": ""}, "T"),
        ({"subject": "S", "description": "D"}, "S\n\nD"),
        ({"headline": "H", "url": "http://x"}, "H"),
        ({"Consumer complaint narrative": "C", "Issue": "i"}, "C"),
        ({"comments": 5, "message": "M"}, "M"),
    ],
)
def test_the_text_is_guessed(record: dict[str, Any], text: str) -> None:
    second = {**record, "body": "more"} if not record.get("body", 1) else record
    assert text_of([record, second])[0] == text
    said = (
        notes(json.dumps(record) + "\n" + json.dumps(second) + "\n", "a.jsonl", label=("url",))
        if "url" in record
        else ""
    )
    assert "url" not in record or "the text is taken from 'headline'; --text" in said


def test_what_may_be_two_things_is_asked_for() -> None:
    with pytest.raises(DataError, match="choose --text body or --text subject,body") as caught:
        text_of([TICKET])
    assert "'id', 'subject', 'body', 'tags'" in str(caught.value)
    with pytest.raises(DataError, match="could be any of 'review', 'comment'"):
        text_of([{"review": "a", "comment": "b"}])
    with pytest.raises(DataError, match=r"no field is called 'text'.*'a', 'b'; name it"):
        text_of([{"a": 1, "b": "x"}])


def test_a_table_without_a_header_is_told_without_its_text() -> None:
    with pytest.raises(DataError, match=r"first line should name the columns.*--columns") as caught:
        text_of("My parcel is very late,delivery\nCharged twice,billing\n", "a.csv")
    assert "parcel" not in str(caught.value)


def test_fields_are_joined_in_the_order_that_is_asked_for() -> None:
    assert text_of([TICKET], text=("body", "Subject")) == ["Where is it?\n\nLate"]
    nested = {"ticket": {"comments": [{"body": "x"}, {"body": "y"}]}, "a.b": "z"}
    assert text_of([nested], text=("ticket.comments.1.body", "a.b")) == ["y\n\nz"]
    with pytest.raises(DataError, match=r"no field is called 'ticket\.none'; there are"):
        text_of([nested], text=("ticket.none",))


def test_id_and_meta() -> None:
    (record,), _ = taken(json.dumps(TICKET), text=("body",), id="id", meta=("tags",))
    assert record == Record("Where is it?", {"tags": ["a"]}, {"id": 7, "subject": "Late"})
    table = "Ticket ID,text,channel,junk\nT1,x,mail,j\n"
    (record,), _ = taken(table, "a.csv", id="ticket id", meta=("channel",))
    assert record == Record("x", {"channel": "mail"}, {"Ticket ID": "T1", "junk": "j", "id": "T1"})
    with pytest.raises(DataError, match="no field is called 'nr'"):
        taken(table, "a.csv", id="nr")


LABELS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("text,Category\nx,a\n", {}, ["a"]),
    ("text,labels\nx,\"a, b\"\ny,c\n", {}, ["a", "b", "c"]),
    ("text,label\nx,a#b\ny,c\nz,b#a\n", {}, ["a", "b", "c", "b", "a"]),
    ("text,label\nx,a;b\ny,a\nz,b\n", {}, ["a", "b", "a", "b"]),
    ("text,label\nx,\"['a', 'b']\"\n", {}, ["a", "b"]),
    ("text,label\nx,['a' 'b']\n", {}, ["a", "b"]),
    ('text,label\nx,"[""a"", ""b""]"\n', {}, ["a", "b"]),
    ("text,label\nx,\"Card, prepaid\"\ny,Loan\n", {}, ["Card, prepaid", "Loan"]),
    ("text,label\nx,a & b\n", {"separator": "&"}, ["a", "b"]),
    ("text,label\nx,a|b\ny,a\n", {"separator": "none"}, ["a|b", "a"]),
    ("text,label\nx,1.0\ny,0.0\nz,\n", {}, ["1", "0"]),
    ("text,label\nx,1.0\ny,2\nz,\n", {}, ["1.0", "2"]),
    ("text,label\nx,1.0\ny,1.5\nz,a\n", {}, ["1.0", "1.5", "a"]),
    ("text,label\nx, a  b \ny,caf\u00e9\nz,cafe\u0301\n", {}, ["a b", "café", "café"]),
    ("text,kind\nx,a\n", {"label": ("Kind",)}, ["a"]),
    ("text,kind\nx,\"a,b\"\n", {"labels": ("kind",)}, ["a", "b"]),
    ("text,bug,ok\nx,1,0\ny,1,1\n", {"label": ("bug", "ok")}, ["bug", "bug", "ok"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "reading", "labels"), LABELS)
def test_labels_of_a_table(data: str, reading: dict[str, Any], labels: list[str]) -> None:
    assert [name for one in said(data, "a.csv", **reading) for name in one[2:]] == labels


@pytest.mark.parametrize("mark", ["|", ",", "/", "#"])
def test_what_looks_like_several_labels_is_asked_for(mark: str) -> None:
    rest = "z,b\n" if mark == "/" else ""
    data = f'text,label\nx,"a{mark}b"\ny,a\n{rest}'
    with pytest.raises(DataError, match=r"look like several joined by .*--separator none"):
        said(data, "a.csv")


def test_what_is_guessed_is_said() -> None:
    assert "the label is taken from 'topic'; --label" in notes("text,topic,n\nx,a,1\n", "a.csv")
    assert "the columns of 1 and 0, 'a', 'b'; --label" in notes("text,a,b\nx,1,0\ny,0,1\n", "a.csv")
    assert "'label' holds several labels, joined by ';'" in notes(LABELS[3][0], "a.csv")
    assert "'answer' holds 'no', which is none of" in notes("text,label,answer\nx,a,no\n", "a.csv")
    assert notes("text,label\nx,a\n", "a.csv") == ""
    with pytest.raises(DataError, match="which field holds the label, 'topic', 'tags'"):
        notes("text,topic,tags\nx,a,b\n", "a.csv")


def test_html_of_a_guessed_text_is_read_as_plain_text() -> None:
    rows = [
        {"Subject": "Late", "Description": "<p>Hi,</p><p>where&nbsp;is it? a &lt; b</p>"},
        {"Subject": "Broken", "Description": "it is <5 cm & broken"},
    ]
    assert text_of(rows) == ["Late\n\nHi,\n\nwhere is it? a < b", "Broken\n\nit is <5 cm & broken"]
    told = "".join(json.dumps(row) + "\n" for row in rows)
    assert "HTML is read as plain text; --text Subject,Description keeps it" in notes(told)
    assert "<p>" in text_of(rows, text=("Subject", "Description"))[0]
    assert "HTML" not in notes(told.replace("p>", "q>"))
