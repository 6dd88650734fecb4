"""Prodigy's hashes, against MurmurHash3 vectors and real exports, and its tasks."""

from __future__ import annotations

from typing import Any

import pytest

from txtal.formats.prodigy import _murmur, input_hash, task_hash
from txtal.formats.rows import export_row
from txtal.formats.writers.tasks import tasks
from txtal.types import Answer, Label, Scheme, Task, Ticket, Verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("hello", 0x248BFA47),
        ("hello, world", 0x149BBB7F),
        ("The quick brown fox jumps over the lazy dog", 0x2E4FF723),
        ("test", 0xBA6BD213 - (1 << 32)),
    ],
)
def test_murmur3_x86_32_signed_seed_0(text: str, expected: int) -> None:
    assert _murmur(text) == expected


@pytest.mark.parametrize(
    # From explosion/prodigy-recipes, example-datasets/pydata-ams-2023.jsonl (MIT).
    ("text", "label", "inputs", "task"),
    [
        ("We make our data available.", "new-dataset", 1100355967, -361904337),
        (
            "We validate our method on two widely used datasets.",
            "new-dataset",
            1801752230,
            -532586500,
        ),
        (
            "We implement over 20 variants with controlled settings.",
            "new-dataset",
            -1633402219,
            -1640376565,
        ),
    ],
)
def test_hashes_of_real_exports(text: str, label: str, inputs: int, task: int) -> None:
    assert input_hash(text) == inputs
    assert task_hash(inputs, {"text": text, "label": label, "answer": "x"}) == task


def test_text_outside_ascii_is_hashed_as_escapes() -> None:
    text = (
        "Spørsmålet om hvorvidt det finnes noen regler for tilordning av genus i norsk er et "
        "tema som har vært mye diskutert opp gjennom årene (se for eksempel Trosterud 2001), og "
        "bidraget fra Urek, Lohndal og Westergaard (2022) tar opp nettopp dette problemet."
    )
    assert input_hash(text) == -343350999  # as a public Prodigy stream has it


def test_task_hash_takes_the_task_keys_in_their_order() -> None:
    spans = [{"start": 0}]
    assert task_hash(1, {"label": "A", "spans": spans}) == _murmur('1spans=[{"start": 0}]label="A"')


def test_task_hash_without_task_keys_is_of_the_whole_task() -> None:
    task = {"text": "a", "score": 0.5, "answer": "accept", "b": 1}
    assert task_hash(7, task) == _murmur('7{"_input_hash": 7, "b": 1, "text": "a"}')


SPAM = (Label(1, "spam"),)
THREE = (Label(1, "bug"), Label(2, "praise"), Label(3, "other"))


def answer_as_tasks(
    task: Task, verdict: Verdict, chosen: tuple[int, ...], extra: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    scheme = Scheme(task, SPAM if task == "binary" else THREE)
    answer = Answer(1, verdict, chosen, answered=1694858483.7, annotator="ann")
    ticket = Ticket(1, "hi", {"from": "mail"}, extra or {})
    return tasks(export_row(ticket, answer, scheme, session="s-1"))


@pytest.mark.parametrize("verdict", ["accept", "reject", "ignore"])
def test_binary(verdict: Verdict) -> None:
    chosen = () if verdict == "ignore" else (1,)
    (task,) = answer_as_tasks("binary", verdict, chosen)
    assert task == {
        "text": "hi",
        "meta": {"from": "mail"},
        "label": "spam",
        "_input_hash": input_hash("hi"),
        "_task_hash": task_hash(input_hash("hi"), {"label": "spam"}),
        "answer": verdict,
        "_view_id": "classification",
        "_timestamp": 1694858483,
        "_annotator_id": "ann",
        "_session_id": "s-1",
    }


@pytest.mark.parametrize(
    ("task", "style", "chosen"), [("exclusive", "single", (2,)), ("multilabel", "multiple", (1, 3))]
)
def test_choice(task: Task, style: str, chosen: tuple[int, ...]) -> None:
    (written,) = answer_as_tasks(task, "accept", chosen)
    names = {1: "bug", 2: "praise", 3: "other"}
    assert written["options"] == [{"id": name, "text": name} for name in names.values()]
    assert written["accept"] == [names[label] for label in chosen]
    assert written["config"] == {"choice_style": style}
    assert (written["answer"], written["_view_id"]) == ("accept", "choice")
    assert "label" not in written
    assert written["_task_hash"] == task_hash(input_hash("hi"), {"options": written["options"]})


def test_ignored_choice_accepts_nothing() -> None:
    (task,) = answer_as_tasks("exclusive", "ignore", ())
    assert (task["accept"], task["answer"]) == ([], "ignore")


def test_a_refused_label_is_a_classification() -> None:
    (task,) = answer_as_tasks("exclusive", "reject", (2,))
    assert (task["label"], task["answer"], task["_view_id"]) == (
        "praise",
        "reject",
        "classification",
    )
    assert "options" not in task
    several = answer_as_tasks("multilabel", "reject", (1, 3))
    assert [task["label"] for task in several] == ["bug", "other"]
    assert len({task["_task_hash"] for task in several}) == 2


def test_a_reject_of_nothing_in_particular_is_a_choice() -> None:
    (task,) = answer_as_tasks("exclusive", "reject", ())
    assert (task["accept"], task["answer"], task["_view_id"]) == ([], "reject", "choice")


def test_unknown_keys_come_back_and_known_ones_are_kept_apart() -> None:
    extra = {"priority": 0.5, "answer": "ignore", "label": "old", "spans": [{"start": 0}]}
    (task,) = answer_as_tasks("exclusive", "accept", (1,), extra)
    assert task["priority"] == 0.5
    assert task["spans"] == [{"start": 0}]
    assert task["answer"] == "accept"
    assert "label" not in task
    assert task["original"] == {"answer": "ignore", "label": "old"}
    asked = {"spans": [{"start": 0}], "options": task["options"]}
    assert task["_task_hash"] == task_hash(input_hash("hi"), asked)


def test_hashes_in_the_data_are_trusted() -> None:
    extra = {"label": "spam", "_input_hash": 1, "_task_hash": 2}
    (task,) = answer_as_tasks("binary", "accept", (1,), extra)
    assert (task["_input_hash"], task["_task_hash"]) == (1, 2)
    assert task["original"] == {"label": "spam"}


def test_the_task_hash_of_another_question_is_not() -> None:
    extra = {"label": "ham", "_input_hash": 1, "_task_hash": 2}
    (task,) = answer_as_tasks("binary", "accept", (1,), extra)
    assert (task["_input_hash"], task["_task_hash"]) == (1, task_hash(1, {"label": "spam"}))
    assert task["original"] == {"label": "ham", "_task_hash": 2}


def test_a_hash_that_is_no_number_is_kept_apart() -> None:
    (task,) = answer_as_tasks("binary", "accept", (1,), {"_input_hash": "abc"})
    assert task["_input_hash"] == input_hash("hi")
    assert task["original"] == {"_input_hash": "abc"}


def test_flagged() -> None:
    answer = Answer(1, "accept", (1,), flagged=True)
    (task,) = tasks(export_row(Ticket(1, "hi"), answer, Scheme("binary", SPAM)))
    assert task["flagged"] is True
