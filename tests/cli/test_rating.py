"""Ratings from the command line: grades in, grades out, and a scale that stays as it is."""

import json

import pytest

from tests.cli.driving import Program

GRADED = [
    {"text": "dreadful, it broke at once", "label": 1},
    {"text": "good value", "label": "4"},
    {"text": "superb", "label": 5, "rating": "from elsewhere"},
    {"text": "not bad", "label": "3", "answer": "reject"},
    {"text": "whatever"},
]


@pytest.fixture
def rated(quick: Program) -> Program:
    """txtal with the five tickets above in ``d``, rated 1-5."""
    quick.file("graded.jsonl", GRADED)
    quick.ok("load", "d", "graded.jsonl", "--answers", "--rating", "1-5")
    return quick


def test_answers_are_grades_in_their_order(rated: Program) -> None:
    stats = rated.json("stats", "d", "--json")
    assert stats["task"] == "rating"
    assert list(stats["labels"].items()) == [("1", 1), ("2", 0), ("3", 0), ("4", 1), ("5", 1)]
    assert stats["answers"] == {"accept": 3, "reject": 1, "ignore": 0}


def test_export_has_the_grade_as_label_and_as_number(rated: Program) -> None:
    full = [json.loads(line) for line in rated.ok("export", "d").out.splitlines()]
    assert [(line["label"], line.get("rating")) for line in full] == [
        ("1", 1), ("4", 4), ("5", 5), ("3", None),
    ]  # fmt: skip
    assert full[2]["original"] == {"rating": "from elsewhere", "label": 5}
    plain = [json.loads(x) for x in rated.ok("export", "d", "-f", "plain").out.splitlines()]
    assert plain[1] == {"text": "good value", "label": "4", "rating": 4}


def test_what_is_exported_loads_again(rated: Program) -> None:
    rated.ok("export", "d", "-o", "out.jsonl")
    rated.ok("load", "e", "out.jsonl", "--answers", "--rating", "1-5")
    first, second = (rated.ok("export", name).out for name in "de")
    keys = ("text", "answer", "label", "rating", "original")
    told = [
        [{key: line.get(key) for key in keys} for line in map(json.loads, out.splitlines())]
        for out in (first, second)
    ]
    assert told[0] == told[1]
    assert rated.json("stats", "e", "--json")["labels"] == {
        "1": 1, "2": 0, "3": 0, "4": 1, "5": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("load", "n", "graded.jsonl", "--answers", "--rating", "5-1"), "no scale of grades"),
        (("load", "n", "graded.jsonl", "--answers", "--rating", "0-10"), "no scale of grades"),
        (("load", "n", "graded.jsonl", "--rating", "1-5"), "--answers"),
        (("manual", "d", "--plain", "--rating", "1-10"), "has the grades 1 to 5"),
        (("manual", "d", "--plain", "-l", "bug"), "has the grades 1 to 5"),
        (("manual", "n", "--plain", "--rating", "1-5", "-l", "bug"), "--rating defines the labels"),
        (("manual", "n", "--plain", "--task", "rating", "-l", "1,3"), "no scale of grades"),
        (("manual", "n", "--plain", "--task", "rating", "-l", "bad,good"), "no scale of grades"),
        (("label", "add", "d", "6"), "they can be described"),
        (("label", "merge", "d", "1", "2"), "they can be described"),
        (("label", "split", "d", "1", "0", "1"), "they can be described"),
        (("label", "rename", "d", "1", "bad"), "they can be described"),
        (("label", "retire", "d", "1"), "they can be described"),
    ],
)
def test_a_scale_stays_as_it_is(rated: Program, words: tuple[str, ...], says: str) -> None:
    ran = rated(*words)
    assert ran.code in (2, 3)
    assert says in ran.err
    assert list(rated.json("stats", "d", "--json")["labels"]) == ["1", "2", "3", "4", "5"]


def test_grades_off_the_scale_are_named_and_left_out(rated: Program) -> None:
    ran = rated.ok("load", "n", "graded.jsonl", "--answers", "--rating", "1-3")
    assert "'4' is not one of the grades 1 to 3" in ran.err
    assert "2 bad lines" in ran.err


def test_grades_are_answered_by_number_and_described(rated: Program) -> None:
    rated.ok("label", "describe", "d", "5", "could not be better")
    ran = rated.ok("manual", "d", "--plain", stdin="5\nq\n")
    assert "5 could not be better" in ran.out
    assert "accept 5" in ran.out
    assert rated.json("stats", "d", "--json")["labels"]["5"] == 2


def test_ten_has_the_key_0(quick: Program) -> None:
    quick.file("t.jsonl", [{"text": "one"}, {"text": "two"}])
    quick.ok("manual", "d", "t.jsonl", "--plain", "--rating", "1-10", stdin="0\n10\nq\n")
    assert quick.json("stats", "d", "--json")["labels"]["10"] == 2


def test_a_classifier_of_grades(quick: Program) -> None:
    words = ["dreadful", "poor", "fair", "good", "superb"]
    rows = [
        {"text": f"{word} {thing}", "label": grade}
        for grade, word in enumerate(words, start=1)
        for thing in ("food", "room", "service", "price", "music", "view")
    ]
    quick.file("graded.jsonl", rows)
    quick.file("new.jsonl", [{"text": "superb garden"}, {"text": "dreadful garden"}])
    quick.ok("load", "d", "graded.jsonl", "--answers", "--rating", "1-5")
    quick.ok("train", "d", "-o", "model", "--vectors", "lexical")
    said = quick.ok("predict", "model", "new.jsonl").out.splitlines()
    best, worst = map(json.loads, said)
    assert best["rating"] == int(best["predicted"])
    assert best["rating"] > worst["rating"]
    assert 1 <= worst["expected"] < best["expected"] <= 5
    assert best["probability"] == best["probabilities"][best["predicted"]]
