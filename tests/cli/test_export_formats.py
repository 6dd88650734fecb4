"""``txtal export`` in every format: by the name of the file, in parts, and told as JSON."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.driving import LABELS, Program
from txtal.formats.exports import EXPORTS

READY = ("x.jsonl", "x.csv", "x.tsv", "x.xlsx", "x.parquet", "x.spacy", "x.ft")


@pytest.mark.parametrize("name", READY)
def test_the_name_says_the_format(answered: Program, name: str) -> None:
    said = answered.quick.json("export", "d", "-o", name, "--json")
    row = EXPORTS.by_suffix(name)
    assert row is not None
    assert said["format"] == row.name
    assert (answered.folder / name).stat().st_size
    assert said["files"] == [{"part": None, "file": name, "lines": said["lines"]}]
    assert said["answers"] == 4
    assert said["lines"] + sum(said["left_out"].values()) == 4


def texts(program: Program, name: str) -> list[str]:
    with (program.folder / name).open(newline="", encoding="utf-8-sig") as file:
        return [row["text"] for row in csv.DictReader(file)]


def test_parts_hold_each_ticket_once_and_each_label_by_its_share(labelled: Program) -> None:
    said = labelled.quick.json("export", "d", "-o", "x.csv", "--split", "80,10,10", "--json")
    assert [one["file"] for one in said["files"]] == ["x-train.csv", "x-dev.csv", "x-test.csv"]
    sizes = [one["lines"] for one in said["files"]]
    assert sum(sizes) == said["lines"]
    assert [round(100 * size / sum(sizes)) for size in sizes] == [80, 10, 10]
    parts = [texts(labelled, one["file"]) for one in said["files"]]
    everything = Counter(text for part in parts for text in part)
    assert set(everything.values()) == {1}
    with (labelled.folder / "x-test.csv").open(newline="") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {*LABELS}
    labelled.quick.ok("export", "d", "-o", "y.csv", "--split", "80,10,10")
    assert texts(labelled, "y-test.csv") == texts(labelled, "x-test.csv")
    labelled.quick.ok("export", "d", "-o", "z.csv", "--split", "80,10,10", "--seed", "1")
    assert texts(labelled, "z-test.csv") != texts(labelled, "x-test.csv")


def test_nearly_the_same_texts_are_in_one_part(quick: Program) -> None:
    lines = [
        {
            "text": f"{greeting} my parcel number {i * 7919} has not arrived yet{mark}",
            "label": "ab"[i % 2],
        }
        for i in range(40)
        for greeting, mark in (("Hello,", "."), ("hello", " !!"), ("Hello", ""))
    ]
    quick.file("in.jsonl", lines)
    quick.ok("load", "d", "in.jsonl", "--answers")
    said = quick.json("export", "d", "-o", "x.csv", "--split", "50,50", "--json")
    numbers = [
        {text.split("number ")[1].split(" ")[0] for text in texts(quick, one["file"])}
        for one in said["files"]
    ]
    assert all(numbers)
    assert not numbers[0] & numbers[1]


def test_a_folder_of_parts(labelled: Program) -> None:
    labelled.quick.ok("export", "d", "-f", "jsonl", "-o", "set", "--split", "80,20")
    assert {one.name for one in (labelled.folder / "set").iterdir()} == {
        "train.jsonl",
        "test.jsonl",
    }
    labelled.quick.ok("export", "d", "-f", "hf", "-o", "hf", "--split", "80,10,10")
    assert json.loads((labelled.folder / "hf" / "dataset_dict.json").read_text()) == {
        "splits": ["train", "dev", "test"]
    }


def test_a_config_that_spacy_can_train_by(labelled: Program) -> None:
    from spacy.util import load_config

    labelled.quick.ok("export", "d", "-f", "spacy", "-o", "sp", "--lang", "de")
    config = load_config(labelled.folder / "sp" / "config.cfg")
    assert config["nlp"]["lang"] == "de"
    assert config["nlp"]["pipeline"][-1] == "textcat"
    assert {Path(one).name for one in config["paths"].values() if one} == {
        "train.spacy",
        "test.spacy",
    }


@pytest.mark.slow
def test_spacy_trains_by_it(labelled: Program) -> None:
    from spacy.cli.train import train

    labelled.quick.ok("export", "d", "-f", "spacy", "-o", "sp", "--split", "80,20")
    overrides = {"training.max_steps": 20, "training.eval_frequency": 10}
    train(labelled.folder / "sp" / "config.cfg", labelled.folder / "out", overrides=overrides)
    assert (labelled.folder / "out" / "model-last" / "meta.json").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-f", "excel"], "name a file with -o"),
        (["--split", "80,20"], "--split needs a file or folder"),
        (["-o", "x.csv", "--split", "80"], "is no split"),
        (["-o", "x.csv", "--split", "80,-20"], "is no split"),
        (["-o", "x.jsonl", "--split", "80,20", "--all"], "leave out --all"),
        (["--json"], "--json needs a file or folder"),
        (["-f", "spacy", "-o", "x.spacy", "--lang", "klingon"], "knows no language 'klingon'"),
    ],
)
def test_what_cant_be(answered: Program, words: list[str], says: str) -> None:
    ran = answered.quick("export", "d", *words)
    assert (ran.code, says in ran.complaint) == (2, True), ran.err


def test_a_byte_order_mark_for_excel(answered: Program) -> None:
    for option in ("--bom", "--excel"):
        answered.quick.ok("export", "d", "-o", "x.csv", option)
        assert (answered.folder / "x.csv").read_bytes().startswith(b"\xef\xbb\xbftext,label")


def test_an_id_goes_with_the_ticket_into_every_export(quick: Program) -> None:
    quick.file("in.jsonl", [{"text": f"t {i}", "label": "a", "id": 1000 + i} for i in range(3)])
    quick.ok("load", "d", "in.jsonl", "--answers")
    for form in ("jsonl", "prodigy", "plain", "csv", "tsv", "labelstudio", "doccano", "argilla"):
        out = quick.ok("export", "d", "-f", form).out
        assert all(str(1000 + i) in out for i in range(3)), form
