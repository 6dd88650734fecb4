"""Files of others, through the commands that read them: what is taken, said, asked for and kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.cli.driving import LABELLED, Program


def answers(program: Program, dataset: str = "d") -> list[tuple[Any, ...]]:
    """(text, verdict, label or labels, annotator) of every answer that stands."""
    return [
        (one["text"], one["answer"], one.get("label", one.get("labels")), one["annotator"])
        for one in program.exported(dataset, "--all")
    ]


def read(program: Program, name: str) -> list[dict[str, Any]]:
    """The lines of a file that a command has written."""
    return [json.loads(line) for line in (program.folder / name).read_text().splitlines()]


def test_a_corrected_file_loaded_again(quick: Program) -> None:
    quick.file("a.jsonl", [{"text": "one", "label": "a"}, {"text": "two", "label": "a"}])
    quick.file("b.jsonl", [{"text": "one", "label": "a"}, {"text": "two", "label": "b"}])
    quick.ok("load", "d", "a.jsonl", "--answers")
    ran = quick.ok("load", "d", "b.jsonl", "--answers", "--conflicts", "c.jsonl")
    assert "0 answers imported, 1 already there" in ran.err
    assert "1 answer differs from the one that the dataset has" in ran.err
    assert "--replace" in ran.err
    assert answers(quick)[1] == ("two", "accept", "a", "ann")
    (conflict,) = read(quick, "c.jsonl")
    assert (conflict["text"], conflict["kept"]["labels"]) == ("two", ["a"])
    assert [(one.get("line"), one["labels"]) for one in conflict["said"]] == [
        (2, ["b"]),
        (None, ["a"]),
    ]

    ran = quick.ok("load", "d", "b.jsonl", "--answers", "--replace")
    assert "1 already there, 1 replaced" in ran.err
    assert ("two", "accept", "b", "ann") in answers(quick)
    assert len(answers(quick)) == 2


def test_rows_that_contradict_each_other_are_counted_and_listed(quick: Program) -> None:
    quick.file("a.csv", ["text,label", "one,a", "one,b", "two,a", "two,a"])
    ran = quick.ok("load", "d", "a.csv", "--answers", "--conflicts", "c.jsonl")
    assert "2 answers imported, 1 already there, 1 row combined" in ran.err
    assert "1 text has rows that contradict each other: the newest counted" in ran.err
    (conflict,) = read(quick, "c.jsonl")
    assert [one["line"] for one in conflict["said"]] == [2, 3]
    assert conflict["kept"] == {"answer": "accept", "labels": ["b"]}
    many = [f"t{n},{label}" for n in range(12) for label in "ab"]
    quick.file("many.csv", ["text,label", *many])
    assert "say --task multilabel" in quick("load", "m", "many.csv", "--answers").complaint
    quick.ok("load", "m", "many.csv", "--answers", "--task", "multilabel")
    assert answers(quick, "m")[0][2] == ["a", "b"]


def test_an_exclusive_dataset_stays_one(quick: Program) -> None:
    quick.file("t.jsonl", [{"text": "one"}, {"text": "two"}])
    quick.ok("manual", "d", "t.jsonl", "-l", "a,b", "--plain", stdin="q\n")
    quick.file("a.jsonl", [{"text": "one", "label": ["a", "b"]}])
    assert (
        "d is exclusive: --task multilabel" in quick("load", "d", "a.jsonl", "--answers").complaint
    )
    quick.ok("load", "d", "a.jsonl", "--answers", "--task", "multilabel")
    assert answers(quick) == [("one", "accept", ["a", "b"], "ann")]


def test_accepted_without_a_label_is_ignored_where_one_is_asked_for(quick: Program) -> None:
    task = {"options": [{"id": "a"}], "answer": "accept"}
    quick.file(
        "a.jsonl", [{"text": "x", "accept": ["a"]} | task, {"text": "y", "accept": []} | task]
    )
    ran = quick.ok("load", "d", "a.jsonl", "--answers")
    assert "1 left out: accepted with no label: taken as ignored" in ran.err
    assert [one[1] for one in answers(quick)] == ["accept", "ignore"]


FOREIGN = {
    "text": "x", "label": "a", "timestamp": "2019-03-02T09:00:00", "comment": "mine",
    "flagged": True, "seconds": 5,
}  # fmt: skip


def test_a_foreign_files_own_fields_stay_the_tickets(quick: Program) -> None:
    quick.file("a.jsonl", [FOREIGN])
    quick.file("a.csv", [",".join(FOREIGN), ",".join(map(str, FOREIGN.values()))])
    for name in ("a.jsonl", "a.csv"):
        quick.ok("load", name, name, "--answers")
        (line,) = quick.exported(name)
        assert (line["comment"], line["flagged"], line["annotator"]) == ("", False, "ann")
        assert not line["timestamp"].startswith("2019")
        kept = line["original"] if name == "a.jsonl" else line["meta"]
        assert (kept["timestamp"], kept["comment"]) == (FOREIGN["timestamp"], "mine")


@pytest.mark.parametrize(
    ("words", "who"), [([], ["x", "7", "ann"]), (["--annotator", "kim"], ["kim"] * 3)]
)
def test_whose_answers_they_are(quick: Program, words: Sequence[str], who: list[str]) -> None:
    rows = [{"text": "a", "annotator": "x"}, {"text": "b", "annotator": 7}, {"text": "c"}]
    quick.file("a.jsonl", [row | {"label": "l"} for row in rows])
    quick.ok("load", "d", "a.jsonl", "--answers", *words)
    assert [one[3] for one in answers(quick)] == who
    quick.ok("export", "d", "-o", "own.jsonl")
    quick.ok("load", "e", "own.jsonl", "--answers", *words)
    assert [one[3] for one in answers(quick, "e")] == who


def test_an_annotators_name_in_another_encoding(txtal: Program) -> None:
    txtal.file("a.jsonl", [{"text": "a", "label": "l"}])
    txtal.ok("load", "d", "a.jsonl", "--answers", TXTAL_ANNOTATOR="J\udcf6rg")
    txtal.ok("load", "e", "a.jsonl", "--answers", TXTAL_ANNOTATOR="", LOGNAME="J\udcf6rg")
    assert [answers(txtal.quick, name)[0][3] for name in "de"] == ["J\ufffdrg"] * 2


def test_what_is_odd_about_labels_is_said_once(quick: Program) -> None:
    rows = [
        *["delivery"] * 9,
        "delivrey",
        "Refund",
        "refund",
        " refund ",
        "nan",
        "a, b",
        "1",
        "1.0",
    ]
    quick.file("a.jsonl", [{"text": f"t{n}", "label": label} for n, label in enumerate(rows)])
    ran = quick.ok("load", "d", "a.jsonl", "--answers")
    assert "labels that look alike: '1' (1), '1.0' (1); 'Refund' (1), 'refund' (2)" in ran.err
    assert "labels that may stand for no label: 'nan' (1)" in ran.err
    assert "labels that may be misspelt: 'delivrey' (1) may be 'delivery'" in ran.err
    assert "several joined by a separator: 'a, b' (1)" in ran.err
    quick.file("b.jsonl", [{"text": "new", "label": "Delivery"}])
    ran = quick.ok("load", "d", "b.jsonl", "--answers")
    assert "labels added to d: 'Delivery' (1)" in ran.err
    assert "labels that look alike: 'Delivery' (1), 'delivery' (0)" in ran.err


def test_a_file_of_no_use_is_one_message(quick: Program) -> None:
    quick.file("a.jsonl", [{"text": n} for n in range(50)])
    for words in (
        ["load", "d"],
        ["load", "d", "--answers"],
        ["manual", "e", "-l", "a,b", "--plain"],
    ):
        ran = quick(words[0], words[1], "a.jsonl", *words[2:])
        assert ran.code == 3
        assert 'none of its 50 lines can be loaded; each: "text" is a number' in ran.complaint
    quick.file("b.jsonl", [{"text": "x", "n": 1}, {"text": "y", "n": 2}])
    complaint = quick("load", "d", "b.jsonl", "--answers").complaint
    assert "none of 2 records says how it is labelled (there are 'n'); name the field" in complaint
    assert quick.json("datasets", "--json") == []


def test_a_folder_loads_what_is_data(quick: Program) -> None:
    (quick.folder / "f").mkdir()
    quick.file("f/a.jsonl", [{"text": "one"}])
    quick.file("f/b.csv", ["text", "two"])
    for name in ("labels.txt", "README.md", "notes.txt", "labels.csv", ".hidden.jsonl", "x.pdf"):
        quick.file(f"f/{name}", ["text", "beside"])
    ran = quick.ok("load", "d", "f")
    assert "left out README.md, labels.csv, labels.txt, notes.txt, x.pdf; name a file" in ran.err
    assert ran.err.count("loaded 1, 0 duplicates") == 2
    (quick.folder / "g").mkdir()
    quick.file("g/one.txt", ["a", "b"])
    assert "loaded 2, " in quick.ok("load", "e", "g").err


def test_the_outcome_as_json(quick: Program) -> None:
    quick.file(
        "a.jsonl", [{"body": "one", "label": "a"}, {"body": "one", "label": "b"}, "nonsense"]
    )
    ran = quick.ok("-q", "load", "d", "a.jsonl", "--answers", "--json")
    said = json.loads(ran.out)
    (source,) = said["sources"]
    assert (said["dataset"], source["loaded"], source["duplicates"]) == ("d", 1, 1)
    assert source["bad"] == [
        {"line": 3, "last": 3, "reason": "invalid JSON at column 1: Expecting value"}
    ]
    assert source["answers"] == {
        "added": 1, "same": 0, "together": 1, "contradicting": 1, "differing": 0, "replaced": 0,
        "unlabelled": 0, "votes": 0, "left_out": {},
    }  # fmt: skip
    assert "the text is taken from 'body'" in source["notes"][0]


def test_every_command_reads_with_the_same_options(quick: Program) -> None:
    kept = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()[:120]]
    rows = [{"n": str(n), "say": one["text"], "kind": one["label"]} for n, one in enumerate(kept)]
    quick.file("a.jsonl", [{"inner": one} for one in rows])
    fields = ["--text", "inner.say", "--id", "inner.n"]
    label = [*fields, "--label", "inner.kind"]
    light = ["--vectors", "lexical"]
    quick.ok("load", "d", "a.jsonl", "--answers", *label)
    assert quick.exported("d")[3]["id"] == "3"
    quick.ok("train", "d", "-o", "model", *light)
    assert quick.json("evaluate", "model", "a.jsonl", "--json", *label)["accuracy"]["n"] > 100
    lines = quick.ok("predict", "model", "a.jsonl", *fields).out.splitlines()
    assert [json.loads(line)["id"] for line in lines[:2]] == ["0", "1"]
    ran = quick.json("simulate", "a.jsonl", "--test", "a.jsonl", "--budget", "10", "--batch", "5",
                     "-s", "random", "--json", *light, *label)  # fmt: skip
    assert len(ran["classes"]) > 5
    quick.ok("manual", "m", "a.jsonl", *fields, "-l", "a,b", "--plain", stdin="1\nq\n")
    assert quick.exported("m")[0]["text"] == rows[0]["say"]


def test_options_that_say_nothing_true(quick: Program) -> None:
    quick.file("a.csv", ["text,label", "x,a"])
    for words, says in [
        (["--text", "body"], "no field is called 'body'; there are 'text', 'label'"),
        (["--answers", "--label", "kind"], "no field is called 'kind'; there are 'text', 'label'"),
        (["--label", "label"], "give --answers, too"),
        (["--from", "cvs"], "no import format is called 'cvs'; choose from jsonl, csv"),
        (["--encoding", "utf-9"], "no encoding is called 'utf-9'"),
        (["--from", "parquet"], "isn't Parquet"),
    ]:
        assert says in quick("load", "d", "a.csv", *words).complaint
