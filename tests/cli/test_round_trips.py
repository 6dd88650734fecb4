"""Out in a format and in again: the same answers, or the export said what it leaves out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.driving import Program
from txtal.formats.exports import EXPORTS
from txtal.types import TASKS, Task

NAMES = {
    "jsonl": "x.jsonl", "prodigy": "p.jsonl", "plain": "l.jsonl", "csv": "x.csv", "tsv": "x.tsv",
    "excel": "x.xlsx", "parquet": "x.parquet", "hf": "set", "spacy": "x.spacy",
    "fasttext": "x.ft", "labelstudio": "s.json", "doccano": "d.jsonl", "argilla": "a.json",
}  # fmt: skip
LABELS = ("bug", "größe", "-1", "two words", "@home")
WHOLE = ("jsonl", "prodigy")
"""Formats that hold what isn't known, too."""
NAMED_NO = ("hf", "labelstudio", "doccano", "fasttext")
"""Formats without a no: a no is a label of its own there."""

NEEDS_A_LABEL = ("labelstudio", "doccano", "fasttext")
"""Formats in which a text without a label is one that nobody has looked at."""
IDS: list[dict[str, Any]] = [{}, {"id": 7}, {"id": "T7"}, {"id": 7.5}, {"id": 2**60}]

EXAMPLES = 3
"""Of each format in the default run."""

said_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)


@st.composite
def datasets(draw: st.DrawFn) -> tuple[Task, list[dict[str, Any]]]:
    """A task, and the lines of a dataset of it, each text with one answer."""
    task = draw(st.sampled_from(TASKS))
    lines = []
    for number in range(draw(st.integers(4, 8))):
        text = draw(st.sampled_from(("=", "-", "'=", "", '"'))) + f"{number} {draw(said_text)}"
        verdict = draw(st.sampled_from(("accept", "accept", "accept", "reject", "ignore")))
        line: dict[str, Any] = {"text": text.strip() + "."}
        if verdict != "ignore":
            line |= {
                "exclusive": {"label": draw(st.sampled_from(LABELS))},
                "multilabel": {"labels": draw(st.lists(st.sampled_from(LABELS), unique=True))},
                "binary": {"label": "two words"},
                "rating": {"label": str(draw(st.integers(1, 5)))},
            }[task]
        if task == "multilabel" and not line.get("labels"):
            verdict = "accept" if verdict == "reject" else verdict  # to refuse nothing says nothing
        lines.append(line | draw(st.sampled_from(IDS)) | {"answer": verdict})
    lines.append({"text": "always", **_known(task)})
    lines.append({"text": "always two", **_known(task, 1)})
    return task, lines


def _known(task: Task, which: int = 0) -> dict[str, Any]:
    label: Any = {"rating": str(1 + which), "binary": "two words"}.get(task, LABELS[which])
    return {"labels": [label, LABELS[2]]} if task == "multilabel" else {"label": label}


Said = dict[str, tuple[str, frozenset[str]]]


def said(lines: list[dict[str, Any]]) -> Said:
    found: Said = {}
    for line in lines:
        named = line.get("labels") or ([line["label"]] if line.get("label") else [])
        found[line["text"]] = (
            line["answer"],
            frozenset(named if line["answer"] != "ignore" else ()),
        )
    return found


def kept(answers: Said, task: Task, form: str) -> Said:
    """What the format holds of these, by its row in docs/formats.md."""
    found: Said = {}
    for text, (verdict, labels) in answers.items():
        if form in WHOLE:
            found[text] = verdict, labels
        elif not labels and form in NEEDS_A_LABEL:
            continue
        elif verdict == "accept" or (verdict == "reject" and task == "binary"):
            if task == "binary" and verdict == "reject" and form in NAMED_NO:
                verdict, labels = "accept", frozenset({"not two words"})
            if form == "fasttext":
                text = " ".join(text.split())
                labels = frozenset(label.replace(" ", "_") for label in labels)
            found[text] = verdict, labels
    return found


@pytest.mark.parametrize("form", NAMES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(datasets())
def test_out_and_in_again(form: str, made: tuple[Task, list[dict[str, Any]]]) -> None:
    task, lines = made
    with tempfile.TemporaryDirectory() as folder:
        program = Program(Path(folder)).quick
        program.file("in.jsonl", lines)
        scale = ("--rating", "1-5") if task == "rating" else ("--task", task)
        program.ok("load", "d", "in.jsonl", "--answers", *scale)
        before = said(program.exported("d"))
        assert before == said([line | {"answer": line.get("answer", "accept")} for line in lines])
        told = program.json("export", "d", "-f", form, "-o", NAMES[form], "--json")
        expected = kept(before, task, form)
        assert told["answers"] == len(before)
        assert sum(told["left_out"].values()) == len(before) - len(expected)
        asked = scale if form != "jsonl" and not (task == "binary" and form in NAMED_NO) else ()
        program.ok("load", "e", NAMES[form], "--answers", *asked)
        assert said(program.exported("e")) == expected


def test_every_format_is_tried() -> None:
    assert set(NAMES) == set(EXPORTS.names)
