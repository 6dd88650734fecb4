"""Answering the marked tickets of a list at once: a label, a check of a few, one step."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from txtal.session import bulk
from txtal.text import count
from txtal.types import Found
from txtal.ui import words
from txtal.ui.shell import Shell

UNCHECKED = 50
"""So many are answered at once without a check."""
CHECKED = 5
"""Drawn from more, and looked at one by one."""


def begin(shell: Shell, label: int, marked: Sequence[Found]) -> None:
    """Answer the marked tickets with a label, once that is confirmed or a sample is checked."""
    if not marked:
        shell.tell("nothing is marked")
    elif len(marked) > UNCHECKED:
        _check(shell, label, marked, random.sample(marked, CHECKED), ())
    else:
        shell.confirm(
            f"Answer {count(len(marked), 'ticket')} with {_name(shell, label)}?",
            partial(_record, shell, label, marked),
        )


def _check(
    shell: Shell, label: int, marked: Sequence[Found], left: Sequence[Found], wrong: Sequence[Found]
) -> None:
    """Ask for the next of the sample whether the label fits; once all do, record."""
    if left:
        one, *rest = left
        shell.choose(
            f"Check {CHECKED - len(rest)} of {CHECKED}, drawn from the {len(marked)} marked: "
            f"does {_name(shell, label)} fit?",
            partial(_check, shell, label, marked, rest, wrong),
            partial(_check, shell, label, marked, rest, (*wrong, one)),
            about=one,
        )
    elif wrong:
        shell.unmark(wrong)
        shell.tell(
            f"{len(wrong)} of {CHECKED} did not fit, so nothing is recorded; unmark what else "
            "doesn't, and try again"
        )
    else:
        _record(shell, label, marked)


def _record(shell: Shell, label: int, marked: Sequence[Found]) -> None:
    shell.save(lambda: _answer(shell, label, marked))


def _answer(shell: Shell, label: int, marked: Sequence[Found]) -> None:
    done = bulk.answer_all(shell.session, label, marked)
    said = [f"{count(done.answered, 'ticket')} answered with {_name(shell, label)}"]
    if done.taken:
        said.append(f"{count(done.taken, 'ticket')} not open any more")
    if done.refused:
        said.append(f"{count(done.refused, 'ticket')} refused: {done.reason}")
    shell.unmark(marked)
    shell.tell("; ".join(said) + ("; one undo takes all of it back" if done.answered else ""))


def _name(shell: Shell, label: int) -> str:
    return words.label_name(shell.session.scheme.names[label])
