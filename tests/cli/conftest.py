"""A program to run, and terminals that are closed when the test is over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import LABELLED, LABELS_FILE, TICKETS, Program
from tests.cli.terminal import Terminal
from tests.once import made_once
from txtal.store import schema

FEW = [
    {"text": "ticket 0", "meta": {"n": 0}, "label": "a"},
    {"text": "ticket 1", "meta": {"n": 1}, "label": "b"},
    {"text": "ticket 2", "meta": {"n": 2}, "label": "a", "answer": "reject"},
    {"text": "ticket 3", "meta": {"n": 3}, "answer": "ignore"},
    {"text": "ticket 4", "meta": {"n": 4}},
]


@pytest.fixture
def fresh(tmp_path: Path) -> Program:
    """txtal in an empty folder."""
    return Program(tmp_path)


@pytest.fixture
def txtal(fresh: Program, prepared: Path) -> Program:
    """txtal with a database that holds nothing: making one takes as long as three commands."""
    shutil.copy(prepared / "empty.db", fresh.folder / fresh.db)
    return fresh


@pytest.fixture
def quick(txtal: Program) -> Program:
    """``txtal`` in this process."""
    return txtal.quick


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases to copy: making them once is enough, for all workers."""
    return made_once(tmp_path_factory, "prepared", _prepare)


def _prepare(folder: Path) -> None:
    program = Program(folder)
    schema.open_database(program.folder / "empty.db", create=True).close()
    program.ok("--db", "sample.db", "load", "d", TICKETS)
    program.ok(
        "--db", "sample.db", "manual", "d", "--plain", "--labels-from", LABELS_FILE, stdin="q\n"
    )
    program.ok("--db", "labelled.db", "load", "--answers", "d", LABELLED)
    program.file("few.jsonl", FEW)
    program.ok("--db", "answered.db", "load", "--answers", "d", "few.jsonl")
    program.ok("--db", "answered.db", "manual", "d", "--plain", stdin="1\nu\nq\n")


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    """A folder to copy: the answered sample tickets in ``d``, and a classifier in ``model``."""

    def train(folder: Path) -> None:
        program = Program(folder)
        shutil.copy(prepared / "labelled.db", folder / program.db)
        ran = program.ok("train", "d", "-o", "model", "--vectors", "lexical")
        assert ran.out == ""
        assert "trained on 680 tickets, written to model" in ran.err

    return made_once(tmp_path_factory, "trained-once", train)


@pytest.fixture
def sample(fresh: Program, prepared: Path) -> Program:
    """txtal with the 680 sample tickets in ``d``, and their eight labels."""
    shutil.copy(prepared / "sample.db", fresh.folder / fresh.db)
    return fresh


@pytest.fixture
def labelled(fresh: Program, prepared: Path) -> Program:
    """txtal with the sample tickets in ``d``, every one of them answered."""
    shutil.copy(prepared / "labelled.db", fresh.folder / fresh.db)
    return fresh


@pytest.fixture
def answered(fresh: Program, prepared: Path) -> Program:
    """txtal with five tickets in ``d``: a, b, not a, ignored, and one whose answer is undone."""
    shutil.copy(prepared / "answered.db", fresh.folder / fresh.db)
    return fresh


Open = Callable[..., Terminal]


@pytest.fixture
def terminal() -> Iterator[Open]:
    """Opens a terminal with the program in it: ``terminal(txtal, "teach", "d")``."""
    opened: list[Terminal] = []

    def start(program: Program, *words: str, **options: Any) -> Terminal:
        opened.append(Terminal(program, *words, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()
