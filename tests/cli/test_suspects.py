"""Answers that are probably wrong: listed, and looked at again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.driving import HOSTILE, Program
from tests.cli.test_failures import assert_harmless
from tests.learner.test_learner import TEXTS, topic

WRONG = (3, 32, 60)


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Ninety answers by a hostile name, three of them wrong."""
    program = Program(tmp_path_factory.mktemp("doubtful"))
    program.file(
        "answers.jsonl",
        [
            {
                "text": f"{HOSTILE} {text}",
                "label": "praise" if number in WRONG else topic(text),
                "annotator": HOSTILE,
            }
            for number, text in enumerate(TEXTS)
        ],
    )
    program.quick.ok("load", "--answers", "d", "answers.jsonl")
    return program


def test_they_are_listed_with_what_speaks_against_them(doubtful: Program) -> None:
    ran = doubtful.quick.ok("suspects", "d", "--limit", "3", "--vectors", "lexical")
    numbers = [line.split()[0] for line in ran.out.splitlines()[::2]]
    assert len({f"#{number + 1}" for number in WRONG} & set(numbers)) == 3
    assert ", model: " in ran.out
    assert "of the 5 nearest answers" in ran.out
    assert_harmless(ran.out + ran.err)


def test_as_json(doubtful: Program) -> None:
    found = doubtful.quick.json("suspects", "d", "--json", "--vectors", "lexical")
    listed = {one["number"] for one in found}
    assert len({number + 1 for number in WRONG} & listed) == 3
    first = found[0]
    assert first["answer"] == "accept"
    assert first["labels"] != [first["instead"]["label"]]
    assert first["instead"]["applies"] is True
    assert first["probability"] < first["instead"]["probability"]
    assert [len(near["labels"]) for near in first["near"]] == [1] * 5
    assert all(near["text"] != first["text"] for near in first["near"])


def test_nothing_to_doubt(answered: Program) -> None:
    ran = answered.quick.ok("suspects", "d", "--vectors", "lexical")
    assert ran.out == ""
    assert "no answer looks wrong" in ran.err
    assert answered.quick.json("suspects", "d", "--json", "--vectors", "lexical") == []
    assert answered.quick("suspects", "nosuch").complaint


@pytest.mark.parametrize("share", ["-0.1", "1.5"])
def test_a_recheck_share_that_makes_no_sense(answered: Program, share: str) -> None:
    complaint = answered.quick("teach", "d", "--plain", "--recheck", share).complaint
    assert complaint == f"recheck must be from 0 to 1, such as 0.1 (got {share})"


def test_until_they_are_found_there_is_no_question(doubtful: Program, tmp_path: Path) -> None:
    program = Program(tmp_path)
    (tmp_path / program.db).write_bytes((doubtful.folder / doubtful.db).read_bytes())
    ran = program.ok("teach", "d", "--plain", "--suspects", "--vectors", "lexical", stdin="q\n")
    assert "Looking for answers that are probably wrong" in ran.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--stop-at", "1.5"), "stop_at must be above 0 and up to 1, such as 0.9 (got 1.5)"),
        (
            ("--stop-gain", "-1"),
            "stop_gain must be at least 0, in points of macro-F1, such as 1.0 (got -1.0)",
        ),
        (("--rating", "1-5", "--stop-at", "0.9"), "--stop-at is for labels"),
    ],
)
def test_wishes_that_make_no_sense(txtal: Program, options: tuple[str, ...], said: str) -> None:
    txtal.file("some.jsonl", [{"text": "one"}])
    words = ("teach", "new", "some.jsonl", "--plain", *options)
    if "--rating" not in options:
        words = (*words, "-l", "a,b")
    assert said in txtal.quick(*words).complaint


def test_robust_is_for_one_label_of_several(txtal: Program) -> None:
    txtal.file("some.jsonl", [{"text": "one"}])
    words = ("teach", "new", "some.jsonl", "--plain", "-l", "a,b", "--task", "multilabel")
    assert "--robust is for one label" in txtal.quick(*words, "--robust").complaint


def test_a_robust_classifier_is_trained_without_them(doubtful: Program, tmp_path: Path) -> None:
    words = ("train", "d", "-o", str(tmp_path / "model"), "--vectors", "lexical", "--robust")
    assert "trained on 90 tickets" in doubtful.quick.ok(*words).err
