"""Keystrokes an answer takes: labelled files replayed through the real key bindings.

    python -m tests.bench.keystrokes --answers 1500

A perfect annotator answers what `txtal teach` asks: the suggestion by its key, else the label by
the key shown beside it, else the first letter of its name, as a capital, and then the digit beside
it or more letters. Every character sent to the terminal's input counts as one keystroke and a
capital as two. The learner works between two answers, so that it is never more than one behind.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import get_args

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from tests.bench.common import DATA, SAMPLE, emit, parser
from tests.sessions import session_of
from txtal.formats.source import BadLine, read
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.session.session import Session
from txtal.simulation.annotator import labelled
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.types import LabelKeys, LearnerSettings
from txtal.ui import app as full_screen
from txtal.ui.display import Display
from txtal.ui.screen import Screen

FILES = {
    "banking77": DATA / "banking77" / "train.jsonl",
    "clinc150": DATA / "clinc150" / "train.jsonl",
    "sample": SAMPLE.with_name("feedback_labelled.jsonl"),
}


class Paper(DummyOutput):
    """An output of a size, that shows nothing."""

    def __init__(self, columns: int, rows: int) -> None:
        self._size = Size(rows=rows, columns=columns)

    def get_size(self) -> Size:
        return self._size


@dataclass
class Annotator:
    """Looks at what was drawn and presses the next key."""

    screen: Screen
    gold: Mapping[str, int]
    """The right label's id by a ticket's text."""
    keyboard: PipeInput
    budget: int
    keys: Counter[int] = field(default_factory=Counter)
    """How many answers took so many keystrokes."""
    _free: bool = True
    _pressed: int = 0
    _count: int = 0
    _letters: int = 0

    def look(self) -> None:
        """Called whenever the screen was drawn; acts once a key."""
        if not self._free:
            return
        self._free = False
        session = self.screen.session
        if session.count > self._count:
            self.keys[self._pressed] += 1
            self._count, self._pressed, self._letters = session.count, 0, 0
            self.screen.news()
        if session.question is None or session.count >= self.budget:
            self.keyboard.send_text("\x03")
            return
        key = self._next()
        self._pressed += 2 if key.isupper() else 1
        self.keyboard.send_text(key)

    def free(self) -> None:
        """The last key has been taken in."""
        self._free = True

    def _next(self) -> str:
        session = self.screen.session
        assert session.question is not None
        right = self.gold[session.question.ticket.text]
        offered = {choice.label: key for key, choice in self.screen.offered.items()}
        if self.screen.look.mode == "ticket" and session.current.suggestion == (right,):
            return "a"
        if right in offered:
            return offered[right]
        name = session.scheme.label(right).name
        if self._letters == len(name):
            return "\r"
        self._letters += 1
        letter = name[self._letters - 1]
        return letter.upper() if self._letters == 1 else letter


def replay(path: Path, keys: LabelKeys, budget: int, size: tuple[int, int]) -> Counter[int]:
    """How many answers took so many keystrokes."""
    pool = labelled(read(path, _fail_to_read), path.name)
    with tempfile.TemporaryDirectory() as name:
        db = Path(name) / "keys.db"
        with closing(schema.open_database(db, create=True)) as conn:
            conn.execute("PRAGMA synchronous = OFF")
            labels = [(label, "") for label in pool.labels]
            dataset = datasets.prepare(conn, "d", labels, "exclusive")
            tickets.add(conn, dataset.id, pool.records)
            ids = {label.name: label.id for label in dataset.scheme.labels}
            gold = {text: ids[labels[0]] for text, labels in pool.gold.items()}
            session = session_of(
                StoreLedger(conn, db, dataset, annotator="perfect"),
                dataset.scheme,
                learner=InlineLearner(PoolLearner(db, "d", LearnerSettings())),
            )
            session.begin()
            session.update()
            return asyncio.run(_run(session, gold, keys, min(budget, len(gold)), size))


async def _run(
    session: Session,
    gold: Mapping[str, int],
    keys: LabelKeys,
    budget: int,
    size: tuple[int, int],
) -> Counter[int]:
    with create_pipe_input() as keyboard:
        screen = Screen(session, Display("d", keys), _fail, clock=partial(next, count()))
        app = full_screen.build(screen, keyboard, Paper(*size))
        annotator = Annotator(screen, gold, keyboard, budget)
        app.key_processor.before_key_press += lambda _: annotator.free()
        app.after_render += lambda _: annotator.look()
        await full_screen.serve(app, screen)
    return annotator.keys


def _fail(error: BaseException) -> None:
    raise SystemExit(f"the screen failed: {error!r}")


def _fail_to_read(line: BadLine) -> None:
    raise SystemExit(f"a bad line: {line}")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--answers", type=int, default=1500)
    arguments.add_argument("--data", nargs="+", choices=FILES, default=list(FILES))
    arguments.add_argument("--keys", choices=get_args(LabelKeys), default="auto")
    arguments.add_argument("--columns", type=int, default=80)
    arguments.add_argument("--rows", type=int, default=24)
    options = arguments.parse_args()
    figures: dict[str, object] = {"keys": options.keys}
    for name in options.data:
        took = replay(FILES[name], options.keys, options.answers, (options.columns, options.rows))
        total, answers = sum(keys * times for keys, times in took.items()), took.total()
        figures[f"{name} answers"] = answers
        figures[f"{name} keystrokes an answer"] = total / answers
        figures[f"{name} answers by keystrokes"] = dict(sorted(took.items()))
    emit("keystrokes", figures, as_json=options.json)


if __name__ == "__main__":
    main()
