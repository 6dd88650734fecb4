"""The table of keys feeds everything, so it must hold together."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import get_args

import pytest

from tests.ui.fakes import Sitting, make_session
from txtal.types import Task
from txtal.ui import keys
from txtal.ui.actions import ACTIONS
from txtal.ui.modes import MODES, Mode

TASKS = get_args(Task)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("mode", MODES)
def test_no_key_does_two_things(mode: Mode, task: Task) -> None:
    used = Counter(key for action in keys.available(mode, task, ACTIONS) for key in action.keys)
    assert [key for key, times in used.items() if times > 1] == []


def test_there_is_a_way_out_of_every_mode() -> None:
    for mode in MODES:
        assert "interrupt" in {action.name for action in keys.available(mode, "exclusive", ACTIONS)}


@pytest.mark.parametrize("task", TASKS)
def test_the_help_lists_every_action_of_the_task(task: Task) -> None:
    labels = ("refund",) if task == "binary" else ("refund", "praise")
    sitting = Sitting(make_session(labels=labels, task=task), rows=140)
    text = sitting.press("help")
    assert text == sitting.press("help")
    for mode in ("ticket", "line", "confirm", "page") if task == "binary" else MODES:
        for action in keys.available(mode, task, ACTIONS):
            assert f"{action.shown:<18}{action.help}" in text


@pytest.mark.parametrize("action", sorted({action.name for action in ACTIONS}))
def test_every_action_does_something(action: str) -> None:
    sitting = Sitting(make_session())
    if action not in ("redraw", "suspend"):
        sitting.press(action, "1")
    assert sitting.errors == []


@pytest.mark.parametrize("module", ["txtal.ui.actions", "txtal.ui.plain"])
def test_the_table_and_the_plain_mode_do_without_prompt_toolkit(module: str) -> None:
    code = f"import sys, {module}; sys.exit('prompt_toolkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
