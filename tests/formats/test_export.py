"""Export: each format, and that what is exported can be read again without a loss."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.reading import taken
from txtal.errors import DataError
from txtal.formats.exports import EXPORTS, Target
from txtal.formats.labelled import stated
from txtal.formats.own import restored
from txtal.formats.rows import ExportRow, Row, Written, export_row, predicted_row
from txtal.types import (
    VERDICTS,
    Answer,
    Label,
    Predicted,
    Ranked,
    Record,
    Scheme,
    Task,
    Ticket,
    Verdict,
)

THREE = (Label(1, "bug"), Label(2, "praise"), Label(3, "other"))
SCHEMES: dict[Task, Scheme] = {
    "exclusive": Scheme("exclusive", THREE),
    "multilabel": Scheme("multilabel", THREE),
    "binary": Scheme("binary", THREE[:1]),
}
RANKED = Ranked(1, (2,), ((2, 0.7), (1, 0.2)), "margin", 0.4, 0.125)


def row(task: Task, verdict: Verdict, labels: tuple[int, ...], **known: Any) -> ExportRow:
    extra = known.pop("extra", {})
    answer = Answer(1, verdict, labels, **known)
    return export_row(Ticket(1, "hi", {"from": "mail"}, extra), answer, SCHEMES[task])


def write(rows: Iterable[Row], out: io.StringIO, form: str) -> Written:
    """Through the table, as the command does."""
    target = Target(SCHEMES["exclusive"], None, lambda: nullcontext(out))
    return EXPORTS.named(form).write(rows, target)


def lines(form: str, *rows: ExportRow) -> list[dict[str, Any]]:
    out = io.StringIO()
    write(rows, out, form)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_full_record() -> None:
    (line,) = lines(
        "jsonl",
        row(
            "exclusive",
            "accept",
            (1,),
            ranked=RANKED,
            revision=4,
            shown=1700000000.0,
            answered=1700000002.25,
            annotator="ann",
            comment="hm",
            extra={"id": 7},
        ),
    )
    assert list(line.items()) == list({
        "text": "hi",
        "meta": {"from": "mail"},
        "id": 7,
        "answer": "accept",
        "label": "bug",
        "annotator": "ann",
        "timestamp": "2023-11-14T22:13:22.250Z",
        "seconds": 2.25,
        "suggestion": "praise",
        "reason": "margin",
        "selection_probability": 0.125,
        "revision": 4,
        "flagged": False,
        "comment": "hm",
        "task": "exclusive",
    }.items())  # fmt: skip


@pytest.mark.parametrize(
    ("task", "verdict", "labels", "expected"),
    [
        ("exclusive", "accept", (2,), {"label": "praise"}),
        ("exclusive", "reject", (2,), {"label": "praise"}),
        ("exclusive", "reject", (1, 2), {"labels": ["bug", "praise"]}),
        ("exclusive", "ignore", (), {"label": None}),
        ("binary", "reject", (1,), {"label": "bug"}),
        ("multilabel", "accept", (1, 3), {"labels": ["bug", "other"]}),
        ("multilabel", "accept", (), {"labels": []}),
        ("multilabel", "ignore", (), {"labels": []}),
    ],
)
def test_labels_in_a_full_record(
    task: Task, verdict: Verdict, labels: tuple[int, ...], expected: dict[str, Any]
) -> None:
    (line,) = lines("jsonl", row(task, verdict, labels))
    assert {key: line[key] for key in ("label", "labels") if key in line} == expected
    assert line["answer"] == verdict


def test_suggestion_has_the_shape_of_the_label() -> None:
    assert lines("jsonl", row("exclusive", "accept", (1,)))[0]["suggestion"] is None
    several = lines("jsonl", row("multilabel", "accept", (1,), ranked=RANKED))
    assert several[0]["suggestion"] == ["praise"]
    none = lines("jsonl", row("multilabel", "accept", (1,), ranked=Ranked(1)))
    assert none[0]["suggestion"] == []
    assert lines("jsonl", row("multilabel", "accept", (1,)))[0]["suggestion"] is None


@pytest.mark.parametrize(("shown", "answered"), [(0.0, 5.0), (9.0, 5.0)])
def test_seconds_are_unknown_or_sane(shown: float, answered: float) -> None:
    (line,) = lines("jsonl", row("binary", "accept", (1,), shown=shown, answered=answered))
    assert line["seconds"] is None


def test_keys_that_clash_are_under_original() -> None:
    extra = {"answer": "Paris", "labels": [1], "original": 1, "text": "t", "n": 2}
    (line,) = lines("jsonl", row("exclusive", "accept", (1,), extra=extra))
    assert line["n"] == 2
    assert line["text"] == "hi"
    assert line["answer"] == "accept"
    assert "labels" not in line
    assert line["original"] == {"answer": "Paris", "labels": [1], "original": 1, "text": "t"}


def test_plain() -> None:
    rows = [
        row("exclusive", "accept", (1,), extra={"id": 7}),
        row("exclusive", "reject", (1,)),
        row("exclusive", "ignore", ()),
        row("exclusive", "reject", (2,)),
    ]
    out = io.StringIO()
    written = write(rows, out, "plain")
    assert out.getvalue() == '{"id":7,"text":"hi","label":"bug"}\n'
    assert (written.answers, written.lines) == (4, 1)
    assert written.left_out == {"reject": 2, "ignore": 1}


def test_plain_multilabel() -> None:
    found = lines("plain", row("multilabel", "accept", (1, 2)), row("multilabel", "accept", ()))
    assert found == [{"text": "hi", "labels": ["bug", "praise"]}, {"text": "hi", "labels": []}]


def test_compact_readable_and_one_line_to_everybody() -> None:
    ticket = Ticket(1, "é\u2028\x85\n😀\u2029")
    out = io.StringIO()
    write([export_row(ticket, Answer(1, "accept", (1,)), SCHEMES["exclusive"])], out, "plain")
    assert out.getvalue() == '{"text":"é\\u2028\\u0085\\n😀\\u2029","label":"bug"}\n'
    assert json.loads(out.getvalue())["text"] == ticket.text


def test_half_a_character_is_escaped_rather_than_fatal() -> None:
    ticket = Ticket(1, "é\ud800")
    out = io.StringIO()
    write([export_row(ticket, Answer(1, "accept", (1,)), SCHEMES["exclusive"])], out, "plain")
    assert out.getvalue() == '{"text":"\\u00e9\\ud800","label":"bug"}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_json_cannot_say_names_the_ticket(value: object) -> None:
    broken = export_row(
        Ticket(41, "hi", {"x": value}), Answer(41, "accept", (1,)), SCHEMES["binary"]
    )
    with pytest.raises(DataError, match="ticket 41 can't be written as JSON"):
        write([broken], io.StringIO(), "jsonl")


def test_names_of_labels_no_longer_in_the_scheme() -> None:
    answer = Answer(1, "accept", (9,))
    scheme = replace(SCHEMES["exclusive"], former=(Label(9, "gone"),))
    old = export_row(Ticket(1, "hi"), answer, scheme)
    assert old.labels == ("gone",)
    with pytest.raises(DataError, match="ticket 1 names label 9"):
        export_row(Ticket(1, "hi"), answer, SCHEMES["exclusive"])


text = st.text(st.characters(codec="utf-8"))
nonblank = text.filter(lambda value: bool(value) and not value.isspace())
value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
clashing = st.sampled_from(["answer", "label", "labels", "original", "comment", "accept", "_x"])
extras = st.dictionaries(
    (clashing | text).filter(lambda key: key not in ("text", "meta")), value, max_size=4
)
metas = st.dictionaries(text, value, max_size=3)


@st.composite
def export_rows(draw: st.DrawFn) -> ExportRow:
    task = draw(st.sampled_from(list(SCHEMES)))
    scheme = SCHEMES[task]
    verdict = draw(st.sampled_from(VERDICTS))
    labels: tuple[int, ...] = ()
    if verdict != "ignore":
        most = len(scheme.ids) if task == "multilabel" else 1
        chosen = st.lists(st.sampled_from(scheme.ids), unique=True, min_size=1, max_size=most)
        labels = tuple(draw(chosen))
    answer = Answer(
        1,
        verdict,
        labels,
        ranked=draw(st.none() | st.just(Ranked(1, (1,), reason="audit"))),
        comment=draw(text),
        flagged=draw(st.booleans()),
        answered=draw(st.floats(0, 4e9)),
    )
    ticket = Ticket(1, draw(nonblank), draw(metas), draw(extras))
    return export_row(ticket, answer, scheme)


@settings(max_examples=150)
@given(st.lists(export_rows(), min_size=1, max_size=3))
def test_export_and_read_again(rows: list[ExportRow]) -> None:
    out = io.StringIO()
    write(rows, out, "jsonl")
    found, bad = taken(out.getvalue())
    assert bad == []
    assert [restored(record) for record in found] == [
        Record(row.ticket.text, row.ticket.meta, row.ticket.extra) for row in rows
    ]
    for record, row in zip(found, rows, strict=True):
        said = stated(record)
        assert said is not None
        assert said.verdict == row.answer.verdict
        assert said.labels == row.labels
    assert len(out.getvalue().splitlines()) == len(rows)


@settings(max_examples=100)
@given(export_rows())
def test_a_prodigy_export_can_be_read_again(row: ExportRow) -> None:
    out = io.StringIO()
    write([row], out, "prodigy")
    found, bad = taken(out.getvalue())
    assert bad == []
    said = [stated(record) for record in found]
    assert {one.verdict for one in said if one} == {row.answer.verdict}
    if row.answer.verdict != "ignore":
        assert tuple(label for one in said if one for label in one.labels) == row.labels
    for record in found:
        for key, kept in row.ticket.extra.items():
            given_back = record.extra.get("original", {}).get(key, record.extra.get(key))
            assert given_back == kept


def test_a_record_of_another_origin_is_restored_as_it_is() -> None:
    record = Record("a", {}, {"answer": "accept", "label": "bug", "original": {"x": 1}})
    assert restored(record) is record


# --- predictions --------------------------------------------------------------------------------


def predictions(form: str, task: Task, labels: tuple[int, ...], probability: float, **extra: Any):
    out = io.StringIO()
    made = Predicted(Ticket(1, "hi", {"from": "mail"}, extra), labels, probability, 7, 1.7e9)
    write([predicted_row(made, SCHEMES[task])], out, form)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_prediction_has_no_answer_and_says_that_it_is_one() -> None:
    assert predictions("jsonl", "exclusive", (2,), 0.9) == [
        {
            "text": "hi",
            "meta": {"from": "mail"},
            "predicted": "accept",
            "label": "praise",
            "probability": 0.9,
            "revision": 7,
            "timestamp": "2023-11-14T22:13:20.000Z",
            "source": "stream",
            "task": "exclusive",
        }
    ]
    (line,) = predictions("jsonl", "multilabel", (1, 3), 0.7)
    assert line["labels"] == ["bug", "other"]
    (line,) = predictions("jsonl", "multilabel", (), 0.2)
    assert (line["predicted"], line["labels"]) == ("accept", [])


def test_a_prediction_that_a_label_does_not_apply() -> None:
    (line,) = predictions("jsonl", "binary", (), 0.1)
    assert (line["predicted"], line["label"], line["probability"]) == ("reject", "bug", 0.9)
    assert predictions("plain", "binary", (), 0.1) == []


def test_a_plain_prediction_is_marked() -> None:
    assert predictions("plain", "binary", (1,), 0.9) == [
        {"text": "hi", "label": "bug", "predicted": "accept"}
    ]


@pytest.mark.parametrize("form", ["jsonl", "plain"])
def test_nobody_takes_a_prediction_for_an_answer(form: str) -> None:
    (line,) = predictions(form, "exclusive", (2,), 0.9, predicted="mine", id=3)
    (record,), _ = taken(json.dumps(line))
    assert stated(record) is None
    if form == "jsonl":
        assert restored(record) == Record("hi", {"from": "mail"}, {"predicted": "mine", "id": 3})
