"""The model over time: versions, going back to one, and what two of them differ in."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.driving import LABELLED, Program
from txtal.classifier.compare import paired

VECTORS = ("--vectors", "lexical")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A dataset of 79 answers with a version, and then of more, not trained again."""
    made = Program(tmp_path_factory.mktemp("models")).quick
    lines = LABELLED.read_text("utf-8").splitlines()
    made.file("first.jsonl", lines[:80])
    made.file("more.jsonl", lines[80:300])
    made.ok("load", "--answers", "d", "first.jsonl")
    made.ok("train", "d", "-o", "one", *VECTORS)
    made.ok("load", "--answers", "d", "more.jsonl")
    return made


def test_the_life_of_a_model(program: Program) -> None:
    (first,) = program.json("models", "d", "--json")
    assert (first["number"], first["answers"], first["current"]) == (1, 79, True)
    # More answers make it better, on answers that the version has not learned from.
    ran = program.ok("train", "d", "-o", "two", "--if-better", *VECTORS)
    assert "answers new to both, the new model is right +" in ran.err
    assert "kept as v2" in ran.err
    assert (program.folder / "two" / "classifier.json").exists()
    # None are new to that one: nothing can be said for another.
    ran = program.ok("train", "d", "-o", "three", "--if-better", *VECTORS)
    assert "0 answers are new to v2: too few" in ran.err
    assert not (program.folder / "three").exists()
    assert [one["current"] for one in program.json("models", "d", "--json")] == [False, True]
    # Back to the first, and forward again.
    ran = program.ok("rollback", "d", "-o", "back")
    assert "v1 of 79 answers is in use, written to back" in ran.err
    assert [one["current"] for one in program.json("models", "d", "--json")] == [True, False]
    for name in (file.name for file in (program.folder / "one").iterdir()):
        assert (program.folder / "back" / name).read_bytes() == (
            program.folder / "one" / name
        ).read_bytes()
    assert "no version before" in program("rollback", "d").complaint
    program.ok("rollback", "d", "2")
    assert "there are: 1, 2" in program("rollback", "d", "3").complaint
    said = program.ok("models", "d").out
    assert "in use" in said.splitlines()[2]


def test_what_two_versions_differ_in(program: Program) -> None:
    if len(program.json("models", "d", "--json")) < 2:
        program.ok("train", "d", "-o", "two", *VECTORS)
    body = program.json("compare", "d", "v1", "two", "--json", "--limit", "1000")
    assert body["tickets"] > body["differ"] > 0
    assert sum(one["count"] for one in body["changes"]) == body["differ"] == len(body["texts"])
    assert body["held_out"]["n"] == 0  # the second has learned from every answer
    same = program.json("compare", "d", "1", "one", "--json")
    assert (same["differ"], same["changes"], same["texts"]) == (0, [], [])
    assert same["held_out"]["n"] > 100
    assert same["held_out"]["value"] == 0
    assert "tickets get another label" in program.ok("compare", "d", "1", "2").out


def test_a_dataset_without_versions(program: Program) -> None:
    program.file("none.jsonl", [{"text": "a"}])
    program.ok("load", "bare", "none.jsonl")
    assert "no version yet" in program.ok("models", "bare").err
    assert "none yet" in program("compare", "bare", "1", "2").complaint


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_the_paired_interval_holds_the_difference_and_mirrors(
    pairs: list[tuple[bool, bool]],
) -> None:
    first, second = np.array(pairs).T
    found, turned = paired(first, second), paired(second, first)
    assert found.value == pytest.approx(second.mean() - first.mean())
    assert found.low <= found.value <= found.high or abs(found.value) == 1
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_the_paired_interval_by_hand() -> None:
    """Of 40 texts the second alone has 8 right, and the first alone 2."""
    first = np.array([True] * 2 + [False] * 8 + [True] * 30)
    second = np.array([False] * 2 + [True] * 8 + [True] * 30)
    found = paired(first, second)
    assert (found.better, found.worse) == (8, 2)
    centre, spread = 6 / 42, (11 - 36 / 42) ** 0.5 / 42
    assert (found.low, found.high) == pytest.approx(
        (centre - 1.96 * spread, centre + 1.96 * spread)
    )


def test_a_version_that_was_cut_off_is_not_one(program: Program, tmp_path: Path) -> None:
    (folder,) = (program.folder / "t.db.models").iterdir()
    (folder / "99").mkdir()
    shutil.copytree(folder / "1", folder / ".99.part")  # with all it needs but a name
    about = (folder / ".99.part" / "version.json").read_text()
    (folder / ".99.part" / "version.json").write_text(about.replace('"number": 1', '"number": 99'))
    assert [one["number"] for one in program.json("models", "d", "--json")][-1] < 99


def test_versions_of_answers_that_nobody_drew_have_the_figures_of_cross_fitting(
    program: Program,
) -> None:
    (first, *_) = program.json("models", "d", "--json")
    found = first["figures"]
    assert found["basis"] == "all answers"
    assert found["accuracy"]["n"] == 79
    assert ", by all answers" in program.ok("models", "d").out
