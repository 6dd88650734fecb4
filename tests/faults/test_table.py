"""The table of faults speaks of tests that are there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.faults.table import FAULTS, Fault

TESTS = Path(__file__).parents[1]


@cache
def names(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return functions | assigned


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.number)
def test_every_row_names_tests_that_are_there(fault: Fault) -> None:
    assert fault.tests
    for test in fault.tests:
        file, _, rest = test.partition("::")
        assert (TESTS / file).is_file(), test
        assert not rest or rest.partition("::")[0] in names(TESTS / file), test


def test_every_row_is_there_once() -> None:
    numbers = [int(fault.number) for fault in FAULTS if fault.number.isdecimal()]
    assert numbers == sorted(set(numbers))
    assert numbers[:42] == list(range(1, 43))
    assert [fault.number for fault in FAULTS[len(numbers) :]] == ["readers", "model", "trust"]


def test_every_test_of_this_folder_is_in_the_table() -> None:
    named = {test for fault in FAULTS for test in fault.tests}
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        if file != Path(__file__):
            for name in names(file):
                if name.startswith("test_"):
                    assert f"faults/{file.name}::{name}" in named
