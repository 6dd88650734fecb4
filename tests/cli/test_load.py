"""``txtal load``: what goes in, what is refused and why, and answers that come along."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from tests.cli.driving import TICKETS, Program
from txtal.store import datasets, schema, tickets

GOOD = ({"text": "one", "meta": {"id": 1}}, {"text": "two", "mine": [1, None]})
MIXED = ('{"text": "one"}', '{"text": ', "", '{"body": "x"}', '{"text": "one"}', '{"text": 7}')


def texts(program: Program, dataset: str = "d") -> list[str]:
    """The dataset's texts in order of loading."""
    with closing(schema.open_readonly(program.folder / program.db)) as conn:
        return [r.text for r in tickets.records(conn, datasets.get(conn, dataset).id)]


def test_the_summary_and_the_reason_for_each_bad_line(txtal: Program) -> None:
    txtal.file("mixed.jsonl", MIXED)
    ran = txtal.ok("load", "d", "mixed.jsonl")
    assert ran.out == ""
    *bad, summary = ran.err.splitlines()
    assert summary == "loaded 1, 1 duplicate, 3 bad lines"
    assert [line.split(": ", 1)[0] for line in bad] == [
        "mixed.jsonl:2", "mixed.jsonl:4", "mixed.jsonl:6",
    ]  # fmt: skip
    for line, reason in zip(bad, ["JSON at column 10", '"text"', "a number"], strict=True):
        assert reason in line


def test_loading_again_adds_nothing(quick: Program) -> None:
    quick.file("good.jsonl", GOOD)
    assert quick.ok("load", "d", "good.jsonl").err == "loaded 2, 0 duplicates, 0 bad lines\n"
    assert quick.ok("load", "d", "good.jsonl").err == "loaded 0, 2 duplicates, 0 bad lines\n"
    assert quick.ok("-q", "load", "d", "good.jsonl").err == ""


@pytest.mark.parametrize("options", [[], ["--answers"]])
def test_strict_loads_nothing_of_a_file_with_a_bad_line(txtal: Program, options: list[str]) -> None:
    txtal.file("good.jsonl", [{"text": "one", "label": "a"}, {"text": "two"}])
    txtal.file("mixed.jsonl", [{"text": "three", "label": "a"}, *MIXED])
    ran = txtal("load", "--strict", *options, "d", "good.jsonl", "mixed.jsonl")
    assert ran.code == 3
    assert "mixed.jsonl:3: " in ran.err.splitlines()[-1]
    assert "nothing" in ran.err
    stats = txtal.json("stats", "d", "--json")
    assert stats["tickets"] == 2
    assert sum(stats["answers"].values()) == len(options)


def test_of_many_bad_lines_only_the_first_are_shown(quick: Program) -> None:
    quick.file("bad.jsonl", ["nonsense"] * 100)
    ran = quick("load", "d", "bad.jsonl")
    assert ran.code == 3
    assert "none of its 100 lines can be loaded; each: invalid JSON" in ran.complaint
    quick.file("bad.jsonl", [*["nonsense"] * 100, {"text": "good"}])
    ran = quick.ok("load", "d", "bad.jsonl")
    assert len(ran.err.splitlines()) < 30
    assert "100 bad lines" in ran.err


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.jsonl", ['{"text": "one"}', '{"text": "two, three"}']),
        ("a.jsonl.gz", ['{"text": "one"}', '{"text": "two, three"}']),
        ("a.csv", ["id,Text", "1,one", '2,"two, three"']),
        ("a.csv.gz", ["text;id", "one;1", "two, three;2"]),
        ("a.txt", ["one", "", "two, three"]),
        ("a.txt.gz", ["one", "two, three"]),
    ],
)
def test_every_kind_of_file(quick: Program, name: str, lines: list[str]) -> None:
    quick.file(name, lines)
    assert quick.ok("load", "d", name).err == "loaded 2, 0 duplicates, 0 bad lines\n"
    assert texts(quick) == ["one", "two, three"]


def test_standard_input(txtal: Program) -> None:
    ran = txtal.ok("load", "d", "-", stdin='{"text": "one"}\nnonsense\n')
    assert "standard input:2: " in ran.err
    assert ran.err.endswith("loaded 1, 0 duplicates, 1 bad line\n")


def test_another_dataset(quick: Program) -> None:
    quick.file("good.jsonl", GOOD)
    quick.ok("load", "d", "good.jsonl")
    assert "loaded 2, " in quick.ok("load", "copy", "dataset:d").err
    assert texts(quick, "copy") == ["one", "two"]
    quick.ok("manual", "copy", "--plain", "-l", "a,b", stdin="ignore\nignore\n")
    assert quick.exported("copy")[1]["mine"] == [1, None]
    assert "nosuch" in quick("load", "copy", "dataset:nosuch").complaint


def test_a_line_that_is_too_long(quick: Program) -> None:
    quick.file("long.jsonl", [{"text": "x" * 200}, {"text": "short"}])
    ran = quick.ok("load", "--max-line", "100", "d", "long.jsonl")
    assert "long.jsonl:1: longer than 100 bytes" in ran.err
    assert ran.err.endswith("loaded 1, 0 duplicates, 1 bad line\n")


def test_the_sample_has_no_bad_line(fresh: Program) -> None:
    assert fresh.ok("load", "d", TICKETS).err == "loaded 680, 14 duplicates, 0 bad lines\n"


# --- answers ----------------------------------------------------------------------------------

SITTINGS = {
    "exclusive": ["a,b,c", "b\na\ni\nf\nc looks odd\nc\n2\nu\n3\n"],
    "multilabel": ["a,b,c", "a,b\na\na\nb\nx\ni\nf\nc\na\n"],
    "binary": ["a", "a\nx\ni\nf\na\n"],
}
KEPT = ("text", "meta", "mine", "answer", "label", "labels", "annotator", "flagged", "comment",
        "timestamp", "seconds")  # fmt: skip


def kept(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: line[key] for key in KEPT if key in line} for line in lines]


@pytest.mark.parametrize("task", SITTINGS)
def test_what_is_exported_can_be_loaded_again(quick: Program, task: str) -> None:
    labels, typed = SITTINGS[task]
    # Keys of the data's own that an export has a use for must come back as they were.
    odd = {"x": "ü\u2028\x9b"}
    mine = {"answer": "yes", "label": ["odd"], "original": 1, "revision": odd}
    lines: list[dict[str, Any]] = [
        {"text": f"ticket {n}", "meta": {"n": n}, "mine": n} for n in range(6)
    ]
    lines[1] |= mine
    quick.file("t.jsonl", lines)
    command = ["manual", "d", "--plain", "-l", labels, "--task", task]
    quick.ok(*command, "t.jsonl", stdin=typed)
    quick.ok(*command, "--annotator", "other", stdin="ignore\n")
    quick.ok("export", "d", "-o", "out.jsonl")

    ran = quick.ok("load", "--answers", "--task", task, "again", "out.jsonl")
    first, second = quick.exported(), quick.exported("again")
    assert f"{len(first)} answers imported" in ran.err
    assert kept(second) == kept(first)
    assert [line.get("original") for line in first].count(None) < len(first)
    for line, same in zip(first, second, strict=True):
        assert line.get("original") == same.get("original")
    # And once more changes nothing.
    ran = quick.ok("load", "--answers", "again", "out.jsonl")
    assert "0 answers imported" in ran.err
    assert quick.exported("again") == second


def test_labelled_data_of_others(quick: Program) -> None:
    quick.file(
        "theirs.jsonl",
        [
            {"text": "one", "label": "a"},
            {"text": "two", "answer": "reject", "label": "b"},
            {"text": "three", "accept": ["c"], "answer": "accept", "options": []},
            {"text": "four"},
            {"text": "five", "label": None, "answer": "ignore"},
        ],
    )
    quick.ok("load", "--answers", "d", "theirs.jsonl")
    said = [(line["text"], line["answer"], line["label"]) for line in quick.exported()]
    assert said == [
        ("one", "accept", "a"),
        ("two", "reject", "b"),
        ("three", "accept", "c"),
        ("five", "ignore", None),
    ]
    assert quick.json("stats", "d", "--json")["annotators"] == {"ann": 4}


def test_rejects_and_ignores_come_back_too(answered: Program) -> None:
    program = answered.quick
    program.ok("export", "d", "-o", "out.jsonl")
    program.ok("load", "--answers", "again", "out.jsonl")
    first, second = program.exported(), program.exported("again")
    assert {line["answer"] for line in first} == {"accept", "reject", "ignore"}
    assert kept(second) == kept(first)


def test_a_label_that_cant_be_costs_its_own_line(quick: Program) -> None:
    quick.file(
        "bad.jsonl",
        [{"text": "one", "label": "a"}, {"text": "two", "label": "a\x1b[2J"},
         {"text": "three", "label": {"a": 1}}, {"text": "four", "label": "b"}],
    )  # fmt: skip
    ran = quick.ok("load", "--answers", "d", "bad.jsonl")
    assert "bad.jsonl:2: the label" in ran.err
    assert "\x1b" not in ran.err
    assert "bad.jsonl:3: 'label' must hold" in ran.err
    assert "2 answers imported" in ran.err
    (quick.folder / "bad.csv").write_text('text,label\n"one\nmore",a\ntwo,"' + "x" * 101 + '"\n')
    assert "bad.csv:4: the label" in quick.ok("load", "--answers", "d", "bad.csv").err
    strict = quick("load", "--answers", "--strict", "e", "bad.jsonl")
    assert "bad.jsonl:2: the label" in strict.complaint
    assert "there are: d" in quick("stats", "e").complaint


def test_a_file_with_one_label_is_no_reason_for_yes_or_no(quick: Program) -> None:
    quick.file("a.jsonl", [{"text": "one", "label": "a"}])
    quick.file("b.jsonl", [{"text": "two", "label": "b"}])
    quick.ok("load", "--answers", "d", "a.jsonl", "b.jsonl")
    assert {line["label"] for line in quick.exported()} == {"a", "b"}
    quick.file("no.jsonl", [{"text": "one", "label": "a", "answer": "reject"}])
    quick.ok("load", "--answers", "yes-or-no", "no.jsonl")
    assert "binary" in quick("load", "--answers", "yes-or-no", "b.jsonl").complaint
