"""What several rows say of one text, put together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.reading import put
from txtal.formats.merging import Statements, gold
from txtal.formats.reading import Reading
from txtal.formats.source import labelled
from txtal.types import Task


def statements(tmp_path: Any, *rows: dict[str, Any]) -> Statements:
    made = Statements()
    for line, record, said in entries(tmp_path, *rows):
        for one in said:
            made.add(record.text, one.annotator, line, one)
    return made


def entries(tmp_path: Any, *rows: dict[str, Any]) -> Any:
    data = "".join(json.dumps({"text": "t"} | row) + "\n" for row in rows)
    return list(labelled(put(tmp_path / "a.jsonl", data), pytest.fail, Reading()))


def asked(label: str, answer: str, **more: Any) -> dict[str, Any]:
    return {"label": label, "answer": answer, "_task_hash": 1, **more}


def chosen(*labels: str, answer: str = "accept", **more: Any) -> dict[str, Any]:
    return {"accept": list(labels), "options": [], "answer": answer, **more}


CASES: list[tuple[Task | None, list[dict[str, Any]], tuple[str, ...], bool]] = [
    # Prodigy's yes and no, a label each: together they are all there is to say.
    (None, [asked("A", "reject"), asked("B", "accept")], ("accept", "B"), False),
    (None, [asked("A", "accept"), asked("B", "accept")], ("accept", "A", "B"), False),
    (None, [asked("A", "reject"), asked("B", "reject")], ("reject", "A", "B"), False),
    ("exclusive", [asked("A", "accept"), asked("A", "reject")], ("accept", "A"), True),
    (None, [asked("A", "accept", _timestamp=1_700_000_000),
            asked("A", "reject", _timestamp=1_700_000_009)], ("reject", "A"), True),
    (None, [asked("A", "reject", _timestamp=1_700_000_009),
            asked("A", "accept", _timestamp=1_700_000_000)], ("reject", "A"), True),
    # A choice says all there is to say, so the newest counts.
    (None, [chosen("A", _timestamp=1_700_000_009), chosen("B", _timestamp=1_700_000_000)],
     ("accept", "A"), True),
    (None, [chosen("A", _timestamp=1_700_000_000),
            chosen(answer="ignore", _timestamp=1_700_000_009)], ("accept", "A"), False),
    ("multilabel", [chosen("A", "B", _timestamp=1_700_000_000),
                    chosen("A", _timestamp=1_700_000_009)], ("accept", "A"), True),
    ("multilabel", [chosen("A"), chosen("B")], ("accept", "A", "B"), False),
    # Rows that only name a label.
    (None, [{"label": "A"}, {"label": "A"}], ("accept", "A"), False),
    (None, [{"label": "A"}, {"label": "B"}], ("accept", "B"), True),
    ("multilabel", [{"label": "A"}, {"label": "B"}], ("accept", "A", "B"), False),
    (None, [{"label": ["A", "B"]}, {"label": "C"}], ("accept", "A", "B", "C"), False),
    (None, [{"label": "A", "answer": "ignore"}, {"label": "A", "answer": "accept"}],
     ("accept", "A"), False),
    ("rating", [{"label": 3}, {"label": 4}], ("accept", "4"), True),
]  # fmt: skip


@pytest.mark.parametrize(("task", "rows", "said", "contradicts"), CASES)
def test_rows_of_one_text(
    tmp_path: Any,
    task: Task | None,
    rows: list[dict[str, Any]],
    said: tuple[str, ...],
    contradicts: bool,
) -> None:
    made = statements(tmp_path, *rows)
    (one,) = made.merged(task or made.task() or "exclusive")
    assert (one.said.verdict, *one.said.labels) == said
    assert one.contradicts is contradicts


def test_annotators_are_kept_apart(tmp_path: Any) -> None:
    made = statements(tmp_path, {"label": "A", "annotator": "x"}, {"label": "B", "annotator": "y"})
    assert [(one.annotator, one.said.labels) for one in made.merged("exclusive")] == [
        ("x", ("A",)), ("y", ("B",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "task"),
    [
        ([{"label": "A"}, {"label": "B", "text": "u"}], None),
        ([{"label": "A"}, {"label": "B"}], None),
        ([{"labels": ["A"]}], "multilabel"),
        ([{"label": ["A", "B"]}], "multilabel"),
        ([asked("A", "accept"), asked("B", "accept")], "multilabel"),
        ([asked("A", "accept"), asked("B", "reject")], None),
        ([chosen("A", config={"choice_style": "multiple"})], "multilabel"),
        ([chosen("A", config={"choice_style": "single"})], "exclusive"),
    ],
)
def test_the_task(tmp_path: Any, rows: list[dict[str, Any]], task: Task | None) -> None:
    assert statements(tmp_path, *rows).task() == task


def test_one_answer_a_text_for_who_measures(tmp_path: Any) -> None:
    rows = entries(tmp_path, {"label": "A"}, {"label": "B"}, {"text": "u"})
    assert [dict(record.extra) for record in gold(rows)] == [
        {"answer": "accept", "labels": ["B"]}, {"answer": "accept", "labels": ["B"]}, {},
    ]  # fmt: skip
    # A test file may well hold a text twice.
    tasks: list[tuple[Task, list[Any]]] = [
        ("exclusive", [["A"], ["B"], None]),
        ("multilabel", [["A", "B"], ["A", "B"], None]),
    ]
    for task, labels in tasks:
        assert [record.extra.get("labels") for record in gold(rows, task)] == labels
