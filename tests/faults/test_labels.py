"""Names of labels that a file, a terminal or a reader would take for another, or for none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import Program
from tests.faults.conftest import Tries, present
from tests.faults.exports import READ

SUFFIXES = {
    "csv": "csv", "tsv": "tsv", "excel": "xlsx", "parquet": "parquet", "hf": "folder",
    "spacy": "spacy", "fasttext": "ft", "labelstudio": "json",
}  # fmt: skip
"""What some formats' files are called, to be known again."""

BLANK = ("", "  ", "\u00a0", "\u2003", "\u2800", "\u3164", "\u200b", "\u0301", "a\x1bb")
"""Names that show nothing, or what they hide."""

TWINS = ((" padded ", "padded"), ("a\u00a0b", "a b"), ("cafe\u0301", "caf\u00e9"))
"""Names, and the ones they are kept under."""


def names(program: Program) -> list[str]:
    return [row["label"] for row in program.json("label", "list", "d", "--json")]


@pytest.mark.parametrize("name", BLANK)
def test_a_blank_name_is_refused_wherever_it_comes_from(
    answered: Program, name: str, tries: Tries
) -> None:
    txtal = answered.quick
    exported = txtal.exported()
    txtal.file("answers.jsonl", [{"text": "new", "labels": ["a", name]}])
    txtal.file("labels.jsonl", [{"label": name}, {"label": "good"}])
    for words in (
        ("label", "add", "d", "--", name),
        ("label", "rename", "d", "--", "a", name),
        ("label", "split", "d", "--", "a", "good", name),
        ("manual", "d", "--plain", "--labels-from", "labels.jsonl"),
    ):
        with tries.one(words):
            ran = txtal(*words, stdin="q\n")
            assert ran.code in (2, 3), ran
            assert "Traceback" not in ran.err
            assert names(txtal) == ["a", "b"]
            present(txtal.exported() == exported)
    # In a list of labels a blank is none, as null is, and others than blanks are refused.
    ran = txtal("load", "d", "--answers", "answers.jsonl")
    assert ran.code == (0 if not name.strip() else 3)
    assert names(txtal) == ["a", "b"]
    taken = [line["label"] for line in txtal.exported() if line["text"] == "new"]
    assert taken == (["a"] if ran.code == 0 else [])


@pytest.mark.parametrize(("given", "kept"), TWINS)
def test_every_way_in_keeps_the_same_name(
    answered: Program, given: str, kept: str, tries: Tries
) -> None:
    txtal = answered.quick
    txtal.file("labels.txt", [given])
    txtal.file("answers.jsonl", [{"text": "new", "label": given}])
    for words in (
        ("label", "add", "d", given),
        ("manual", "d", "--plain", "-l", given),
        ("manual", "d", "--plain", "--labels-from", "labels.txt"),
        ("load", "d", "--answers", "answers.jsonl"),
    ):
        with tries.one(words):
            txtal(*words, stdin="q\n")
            assert names(txtal) == ["a", "b", kept]
    with tries.one("renamed by either name"):
        txtal.ok("label", "rename", "d", given, "x")
        txtal.ok("label", "rename", "d", "x", given)
        assert names(txtal) == ["a", "b", kept]


def test_fifty_answers_stay_fifty(fresh: Program, tries: Tries) -> None:
    """Labels padded and composed in several ways go out and come in again, in every format."""
    txtal = fresh.quick
    labels = ("refund", " refund", "caf\u00e9", "cafe\u0301 ", "a\u00a0b")
    lines = [{"text": f"ticket {i}", "label": labels[i % 5]} for i in range(50)]
    txtal.file("in.jsonl", lines)
    txtal.ok("load", "d", "--answers", "in.jsonl")
    expected = [row["label"] for row in txtal.exported()]
    assert set(expected) == {"refund", "caf\u00e9", "a b"}
    for form, name in (("jsonl", "o.jsonl"), ("prodigy", "p.jsonl"), ("csv", "o.csv")):
        with tries.one(form):
            txtal.ok("export", "d", "--format", form, "-o", name)
            txtal.ok("--db", f"{form}.db", "load", "d", "--answers", name)
            again = txtal.ok("--db", f"{form}.db", "export", "d").out.splitlines()
            present([json.loads(line).get("label") for line in again] == expected, again)


def test_labels_that_look_alike_are_warned_of(answered: Program, tries: Tries) -> None:
    txtal = answered.quick
    for words, twin in (
        (("label", "add", "d", "A"), "a"),
        (("label", "rename", "d", "b", "\u0430"), "a"),
        (("manual", "d", "--plain", "-l", "\uff42,B"), "\uff42"),
    ):
        with tries.one(words):
            said = txtal(*words, stdin="q\n").err
            assert "look alike" in said
            assert f" {twin} and " in said


def test_the_screen_refuses_a_blank_name_and_keeps_a_good_one(
    answered: Program, terminal: Open, tmp_path: Path, tries: Tries
) -> None:
    with tries.one():
        screen = terminal(answered, "manual", "d")
        screen.wait("1-9 label")
        screen.send("/")
        screen.send("\u2800\r")
        screen.wait("shows nothing")
        screen.send("/")
        screen.send("cafe\u0301\r")
        screen.wait("answer with it?")
        screen.send("y")
        screen.wait("added")
        screen.send("q")
        assert screen.end() == 0
        assert names(answered) == ["a", "b", "caf\u00e9"]


@pytest.mark.parametrize("form", ["jsonl", "prodigy", "doccano", "labelstudio", "argilla"])
def test_a_label_that_begins_as_those_of_fasttext(quick: Program, form: str, tries: Tries) -> None:
    """In a file whose name tells nothing, each line of JSON has it; none of them is fastText's."""
    quick.file("t.jsonl", [{"text": "one", "label": "__label__x"}, {"text": "two", "label": "y"}])
    quick.ok("load", "d", "t.jsonl", "--answers")
    with tries.one(form):
        quick.ok("export", "d", "--format", form, "-o", "back.data")
        quick.ok("load", "e", "back.data", "--answers")
        found = {(line["text"], line["label"]) for line in quick.exported("e")}
        present(found == {("one", "__label__x"), ("two", "y")}, found)


LIKE_SOMETHING_ELSE = (
    "1.0", "2.0", "007", "1e5", "-", "+1", "=1+1", "@x", "'x", "a|b",
    "a;b", "a,b", "a#b", "a/b", "1,5", "nan", "null", "None", "#N/A", "TRUE", "2024-01-02",
    "__label__z", "a\\b", 'a"b', "%s", "?", "<b>", "&amp;", "accept", "reject",
)  # fmt: skip
"""Names that a program would read as a number, a list, a formula, markup, or nothing."""


@pytest.mark.parametrize("form", READ)
def test_a_label_that_looks_like_something_else_comes_back(
    fresh: Program, form: str, tries: Tries
) -> None:
    txtal = fresh.quick
    lines = [
        {"text": f"ticket {n} {which}", "label": name, "rating": name}
        for n, name in enumerate(LIKE_SOMETHING_ELSE)
        for which in "ab"
    ]
    txtal.file("all.jsonl", lines)
    txtal.ok("load", "d", "--answers", "all.jsonl")
    output = f"x.{SUFFIXES.get(form, 'jsonl')}"
    txtal.ok("export", "d", "--format", form, "-o", output)
    txtal.ok("load", "back", "--answers", output)
    found = {line["text"]: line["label"] for line in txtal.exported("back")}
    for line in lines:
        with tries.one(line["label"]):
            present(found.get(line["text"]) == line["label"], found.get(line["text"]))
    if form == "jsonl":
        kept = {line["text"]: line["rating"] for line in txtal.exported("back")}
        present(kept == {line["text"]: line["rating"] for line in lines}, kept)


@pytest.mark.parametrize("form", ["csv", "tsv", "excel", "parquet"])
def test_versions_stay_versions(fresh: Program, form: str, tries: Tries) -> None:
    """Where all labels look like whole numbers with a fraction, an export is still no guess."""
    txtal = fresh.quick
    lines = [{"text": f"ticket {n}", "label": f"{n % 2 + 1}.0"} for n in range(4)]
    txtal.file("all.jsonl", lines)
    txtal.ok("load", "d", "--answers", "all.jsonl")
    output = f"x.{SUFFIXES[form]}"
    txtal.ok("export", "d", "-o", output)
    with tries.one(form):
        txtal.ok("load", "back", "--answers", output)
        found = {line["text"]: line["label"] for line in txtal.exported("back")}
        present(found == {line["text"]: line["label"] for line in lines}, found)
