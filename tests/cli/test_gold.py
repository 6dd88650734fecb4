"""One text, several answers: what an export holds of it, by every way that answers meet."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.cli.driving import Program

TEXTS = [{"text": f"ticket {i}"} for i in range(6)]


def stated(program: Program, annotator: str, *labels: str, task: str = "exclusive") -> None:
    """Load one annotator's answers, a label for each ticket in order."""
    lines = [
        {"text": one["text"], "label": label} for one, label in zip(TEXTS, labels, strict=False)
    ]
    name = f"{annotator}.jsonl"
    program.file(name, lines)
    program.ok("load", "d", name, "--answers", "--annotator", annotator, "--task", task)


@pytest.fixture
def three(quick: Program) -> Program:
    """Three annotators: one mind, two to one, three minds, and a ticket of one's own."""
    stated(quick, "ann", "a", "a", "a", "b")
    stated(quick, "ben", "a", "a", "b")
    stated(quick, "cat", "a", "b", "c")
    return quick


def labels(program: Program, *words: str) -> list[tuple[str, str]]:
    return [(line["text"], line["label"]) for line in program.exported("d", *words)]


def test_the_majority_stands_and_a_tie_is_left_out_and_counted(three: Program) -> None:
    ran = three.ok("export", "d")
    lines = {line["text"]: line for line in map(json.loads, ran.out.splitlines())}
    assert {text: line["label"] for text, line in lines.items()} == {
        "ticket 0": "a",
        "ticket 1": "a",
        "ticket 3": "b",
    }
    assert (lines["ticket 1"]["votes"], lines["ticket 1"]["voters"]) == (2, 3)
    assert lines["ticket 1"]["annotator"] == "ben"
    assert "votes" not in lines["ticket 3"]
    assert "3 tickets with several answers: 1 agreed, 1 decided by majority, 1 tied" in ran.err
    assert "`txtal review d`" in ran.err


def test_other_rules_and_every_answer(three: Program) -> None:
    assert labels(three, "--gold", "newest") == [
        ("ticket 3", "b"),
        ("ticket 0", "a"),
        ("ticket 1", "b"),
        ("ticket 2", "c"),
    ]
    assert labels(three, "--gold", "unanimous") == [("ticket 3", "b"), ("ticket 0", "a")]
    assert len(labels(three, "--all")) == 10
    refused = three("export", "d", "--all", "-f", "plain")
    assert refused.code == 2
    assert "--all may give one text two labels" in refused.complaint


def test_filters(three: Program) -> None:
    assert labels(three, "--annotator", "ann") == [
        (one["text"], label) for one, label in zip(TEXTS, "aaab", strict=False)
    ]
    assert labels(three, "--annotator", "ann,ben") == [
        ("ticket 3", "b"),
        ("ticket 0", "a"),
        ("ticket 1", "a"),
    ]
    assert labels(three, "--label", "b") == [("ticket 3", "b")]
    assert labels(three, "--flagged") == []
    assert labels(three, "--since", "2100-01-01") == []
    assert len(labels(three, "--since", "2020-01-01T10:00")) == 3
    for words, said in [
        (("--annotator", "dan"), "no annotator 'dan'; there are: ann, ben, cat"),
        (("--label", "z"), "no label 'z'"),
        (("--since", "yesterday"), "is not a date"),
    ]:
        assert said in three("export", "d", *words).complaint


@pytest.mark.parametrize("form", ["plain", "csv"])
def test_no_training_format_holds_one_text_twice(three: Program, form: str) -> None:
    out = three.ok("export", "d", "-f", form).out
    assert Counter(text for text in (one["text"] for one in TEXTS) if text in out).most_common(1)
    assert max(out.count(one["text"]) for one in TEXTS) == 1


def test_a_correction_on_the_screen_replaces_what_it_corrects(three: Program) -> None:
    # Of another's answer, found by its text: given with what was said in sight.
    three.ok(
        "manual", "d", "--plain", "--annotator", "dan", stdin="history ticket 1\ngo 1\n=c\nq\n"
    )
    corrected = {line["text"]: line for line in three.exported("d")}
    assert corrected["ticket 1"]["annotator"] == "dan"
    assert "votes" not in corrected["ticket 1"]


def test_two_machines_merged(three: Program) -> None:
    """Every answer written on one machine and loaded on another stands there as it did here."""
    three.ok("export", "d", "--all", "-o", "all.jsonl")
    three.ok("load", "e", "all.jsonl", "--answers")
    assert labels(three) == [(line["text"], line["label"]) for line in three.exported("e")]


def test_what_is_simulated_of_a_dataset_is_what_stands(three: Program) -> None:
    ran = three(
        "simulate", "dataset:d", "--test", "dataset:d", "-s", "random", "--vectors", "lexical",
        "--budget", "2", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["classes"] == ["a", "b"]  # c is only in the tie


def test_what_is_trained_on_is_told_by_ticket(three: Program) -> None:
    three.file("more.jsonl", [
        {"text": "ticket 4", "answer": "ignore"},
        {"text": "ticket 6", "label": "a"}, {"text": "ticket 7", "label": "b"},
    ])  # fmt: skip
    three.ok("load", "d", "more.jsonl", "--answers")
    stated(three, "dan", "a", "a", "b")  # a, a, b, c and so on: ticket 2 is a, b, c, b now
    said = three.json("train", "d", "-o", "model", "--vectors", "lexical", "--json")
    assert (said["tickets"], said["left_out"]) == (6, {"ignored": 1})
    assert said["labels"] == ["a", "b", "c"]
    told = three.ok("train", "d", "-o", "model", "--vectors", "lexical").err
    assert "trained on 6 tickets, 1 ignored left out, written to model" in told
    found = three.json("predict", "model", "more.jsonl", "-o", "out.jsonl", "--json")
    assert (found["predicted"], found["bad_lines"], found["output"]) == (3, 0, "out.jsonl")
    assert "--json needs a file" in three("predict", "model", "more.jsonl", "--json").complaint
