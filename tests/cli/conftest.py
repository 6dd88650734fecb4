"""A program to run, and terminals that are closed when the test is over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import LABELLED, LABELS_FILE, TICKETS, Program
from tests.cli.terminal import Terminal


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    """txtal with an empty folder, no database yet."""
    return Program(tmp_path)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases to copy: making them once is enough."""
    program = Program(tmp_path_factory.mktemp("prepared"))
    program.ok("--db", "sample.db", "load", "d", TICKETS)
    program.ok(
        "--db", "sample.db", "manual", "d", "--plain", "--labels-from", LABELS_FILE, stdin="q\n"
    )
    program.ok("--db", "labelled.db", "load", "--answers", "d", LABELLED)
    return program.folder


@pytest.fixture
def sample(txtal: Program, prepared: Path) -> Program:
    """txtal with the 680 sample tickets in ``d``, and their eight labels."""
    shutil.copy(prepared / "sample.db", txtal.folder / txtal.db)
    return txtal


@pytest.fixture
def labelled(txtal: Program, prepared: Path) -> Program:
    """txtal with the sample tickets in ``d``, every one of them answered."""
    shutil.copy(prepared / "labelled.db", txtal.folder / txtal.db)
    return txtal


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
