"""The command line agrees with a model in plain Python; 2,000 runs by its own command."""

from __future__ import annotations

import pytest

from tests.faults import model
from tests.faults.conftest import Tries, many

PARTS = 4
"""Of the full count: parts can be run on several cores."""


def test_one_of_everything_agrees(tries: Tries) -> None:
    both = model.CommandLine()
    with tries.one():
        both.make()
        both.sit("ann", ["0", "1", "skip", "undo", "redo"], quits=True)
        both.back_up()
        both.load_answers(2, 0)
        both.add_label()
        both.rename_label(1)
        both.merge_labels()
        both.load(4)
        both.sit("bob", ["0", "undo", "1"], quits=False)
        both.sit("ann", ["0", "undo"], quits=True)
        both.sit_together(("ann", "bob"), ["0", "1", "skip"], ["1", "0"], 1, "sit")
        both.sit_together(("bob", "ann"), ["0", "undo"], ["1"], 1, "load")
        both.answer_in_bulk("ann", 1, 3, 0, undoes=False)
        both.load_again(0, 1, replaces=False)
        both.load_again(0, 1, replaces=True)
        both.load_again(3, 0, replaces=True)
        both.split_label(0, keeps=False)
        both.sit("ann", ["0", "1"], quits=True)
        both.split_label(1, keeps=True)
        both.killed_in_a_session("bob", ["0", "1", "skip"], 2)
        both.killed()
        both.forget(0)
        both.merge_and_drop_a_copy()
        both.rename_dataset()
        for form in ("plain", "csv", "fasttext", "hf"):
            both.check(form)
        both.restore()
        both.teardown()


def test_a_handful_of_runs_agree(tries: Tries) -> None:
    with tries.one():
        model.run(4, steps=6)
    tries.tries = 4


@pytest.mark.slow
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("part", range(many(1, PARTS)))
def test_many_runs_agree(part: int, tries: Tries) -> None:
    before = model.CommandLine.runs
    with tries.one(part):
        model.run(many(100, 2000 // PARTS))
    tries.tries = model.CommandLine.runs - before
