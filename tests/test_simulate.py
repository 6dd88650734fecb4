"""``txtal simulate``: the labelled sample replayed through the real session and learner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import LABELLED, LABELS, Program

QUICK = ("--vectors", "lexical", "--budget", "30", "--batch", "10", "--json")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """txtal with some of the sample, cut into ``pool.jsonl`` and ``test.jsonl``."""
    made = Program(tmp_path_factory.mktemp("simulate"))
    lines = LABELLED.read_text("utf-8").splitlines()
    made.file("pool.jsonl", lines[:300:2])
    made.file("test.jsonl", lines[1:300:2])
    return made


def curves(body: dict[str, Any]) -> list[tuple[str, int, list[tuple[int, float, float]]]]:
    """The runs without their times."""
    return [
        (run["strategy"], run["seed"],
         [(point["labels"], point["accuracy"], point["macro_f1"]) for point in run["curve"]])
        for run in body["runs"]
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_curve(program: Program) -> None:
    words = ["simulate", "pool.jsonl", "--test", "test.jsonl", *QUICK]
    first = program.json(*words, "--strategy", "random,margin", "--seeds", "2")
    assert set(first) == {"source", "test", "vectoriser", "classes", "runs", "full"}
    assert (first["source"], first["test"]) == ("pool.jsonl", "test.jsonl")
    assert first["vectoriser"] == "lexical@en"
    assert first["classes"] == sorted(LABELS)
    assert [(run["strategy"], run["seed"]) for run in first["runs"]] == [
        ("random", 0), ("random", 1), ("margin", 0), ("margin", 1),
    ]  # fmt: skip
    for run in first["runs"]:
        assert set(run) == {"strategy", "seed", "curve"}
        labels = [point["labels"] for point in run["curve"]]
        assert labels == sorted(set(labels))
        assert labels[-1] == 30
        for point in run["curve"]:
            assert set(point) == {"labels", "accuracy", "macro_f1", "seconds"}
            assert 0 <= point["macro_f1"] <= 1
            assert 0 <= point["accuracy"] <= 1
    full = first["full"]
    assert set(full) == {"labels", "accuracy", "macro_f1"}
    assert full["accuracy"] > 0.5
    # Alone or beside others, now or later: the same.
    again = program.quick.json(*words, "--strategy", "margin,margin")
    assert curves(again) == [curves(first)[2]] * 2
    assert len({json.dumps(curve) for _, _, curve in curves(first)}) > 1
    # Nothing is left: neither a database nor features.
    left = {file.name for file in program.folder.iterdir()}
    assert left == {"pool.jsonl", "test.jsonl"}


def test_the_table_for_people(program: Program) -> None:
    few = program.file("few.jsonl", LABELLED.read_text("utf-8").splitlines()[:30])
    ran = program.quick.ok(
        "simulate", few, "--test", few, "--vectors", "lexical", "--budget", "100",
        "--strategy", "random", "--batch", "10",
    )  # fmt: skip
    (program.folder / "few.jsonl").unlink()
    assert ran.err == ""
    heads = next(line for line in ran.out.splitlines() if line.startswith("labels"))
    assert heads.split() == ["labels", "random"]
    last, everything = ran.out.splitlines()[-2:]
    assert last.split()[0] == "30"  # no more than there are
    assert everything.startswith("all 30")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_margin_beats_random_on_banking77(tmp_path: Path, real_data: Path) -> None:
    folder = real_data / "banking77"
    if not folder.is_dir():
        pytest.skip(f"no banking77 in {real_data}; set TXTAL_DATA to where it is")
    ran = Program(tmp_path)(
        "simulate", folder / "train.jsonl", "--test", folder / "test.jsonl",
        "--budget", "500", "--strategy", "margin,random", "--seeds", "2", "--json",
        patience=3500,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    last: dict[str, list[float]] = {"margin": [], "random": []}
    for run in json.loads(ran.out)["runs"]:
        assert run["curve"][-1]["labels"] == 500
        last[run["strategy"]].append(run["curve"][-1]["accuracy"])
    margin, random = (sum(values) / len(values) for values in last.values())
    print(f"margin {margin:.4f}, random {random:.4f}")
    assert margin >= 0.72
    assert margin > random
