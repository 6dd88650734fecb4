"""Keystrokes an answer takes: labelled files replayed through the real key bindings.

    python -m tests.bench.keystrokes --answers 1500
    python -m tests.bench.keystrokes --data sample --answers 680 --clusters

A perfect annotator answers what `txtal teach` asks: the suggestion by its key, else the label by
the key shown beside it, else the first letter of its name, as a capital, and then the digit beside
it or more letters. Every character sent to the terminal's input counts as one keystroke and a
capital as two. The learner works between two answers, so that it is never more than one behind.

With ``--clusters`` the annotator looks at the cluster of the ticket at hand (``k``), reads the
list, unmarks what has another label and answers the rest at once, where that takes fewer keys than
one by one; else they leave it, and wait longer before they look at the next. Reading isn't counted
as keystrokes; the rows read are.

``--audits shown`` suggests in random checks, too, as txtal did before; ``unranked`` hides even the
order of the labels' keys there. Printed beside the whole: keystrokes in the random checks alone.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import get_args
from unittest.mock import patch

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from tests.bench.common import DATA, SAMPLE, emit, parser
from tests.sessions import session_of
from txtal.formats.source import BadLine, read
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.session import questions
from txtal.session.finding import can_gather
from txtal.session.session import Session
from txtal.simulation.annotator import labelled
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.types import AUDIT, LabelKeys, LearnerSettings, Question
from txtal.ui import app as full_screen
from txtal.ui.display import Display
from txtal.ui.screen import Screen

FILES = {
    "banking77": DATA / "banking77" / "train.jsonl",
    "clinc150": DATA / "clinc150" / "train.jsonl",
    "sample": SAMPLE.with_name("feedback_labelled.jsonl"),
}


_blind = questions._blind
AUDITS: dict[str, Callable[[Question], Question]] = {
    "hidden": _blind,
    "shown": lambda question: question,
    "unranked": lambda question: replace(_blind(question), hidden=()),
}
"""What is shown in a random check."""


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
    clusters: bool = False
    keys: Counter[int] = field(default_factory=Counter)
    """How many answers took so many keystrokes."""
    of_audits: Counter[int] = field(default_factory=Counter)
    """The same of random checks alone."""
    in_clusters: int = 0
    """Keystrokes for tickets answered through lists."""
    read: int = 0
    """Rows of lists that were read."""
    listed: int = 0
    """Tickets that were answered through lists."""
    _free: bool = True
    _pressed: int = 0
    _count: int = 0
    _letters: int = 0
    _is_audit: bool = False
    """Whether the question at hand is a random check."""
    _passed: object = None
    """The question whose cluster was looked at."""
    _label: int = 0
    """What most of the cluster are."""
    _seen: object = None
    _looked: int = 0
    """How many were answered when a cluster was looked at last."""
    _wait: int = 1
    """Answers until the next is: twice as many whenever one wasn't worth it."""

    def look(self) -> None:
        """Called whenever the screen was drawn; acts once a key."""
        if not self._free:
            return
        self._free = False
        session = self.screen.session
        if session.count > self._count:
            if session.count > self._count + 1:
                self.in_clusters += self._pressed
                self.listed += session.count - self._count
                self._wait = 1
            else:
                self.keys[self._pressed] += 1
                self.of_audits[self._pressed] += self._is_audit
            self._count, self._pressed, self._letters = session.count, 0, 0
            self.screen.news()
        if session.question is None or session.count >= self.budget:
            self.keyboard.send_text("\x03")
            return
        self._is_audit = session.question.ranked.reason == AUDIT
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
        offered = self._offered()
        if self.clusters and (key := self._of_cluster()):
            return key
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

    def _offered(self) -> dict[int, str]:
        """The key of each label in sight."""
        return {choice.label: key for key, choice in self.screen.picture.frame.offered.items()}

    def _of_cluster(self) -> str:
        """The next key that answers the cluster of the ticket at hand; empty where it isn't it."""
        look, session = self.screen.look, self.screen.session
        if look.mode == "confirm":
            return "y"
        if look.mode == "picker" and look.typing.purpose == "bulk":
            return self._offered().get(self._label) or "\r"
        if look.mode == "list":
            return self._in_list()
        due = session.count >= self._looked + self._wait
        if due and self._passed is not session.question and not can_gather(session):
            self._passed, self._looked = session.question, session.count
            return "k"
        return ""

    def _in_list(self) -> str:
        """Unmark what has another label than most, then answer the rest."""
        typing = self.screen.look.typing
        labels = [self.gold[one.ticket.text] for one in typing.found]
        marked = {one.ticket.id for one in typing.marked}
        chosen = [at for at, one in enumerate(typing.found) if one.ticket.id in marked]
        fresh = self._fresh(typing.found)
        if fresh:
            self.read += len(labels)
            most = Counter(labels[at] for at in chosen).most_common(1)
            self._label = most[0][0] if most else 0
        wrong = [at for at in chosen if labels[at] != self._label]
        if fresh and len(chosen) - len(wrong) <= 4 + _moves(wrong, labels):
            self._wait = min(32, 2 * self._wait)
            return "\x1b"  # one by one is as quick
        if not wrong:
            return "\r"
        nearest = min(wrong, key=lambda at: _distance(typing.cursor, at, len(labels)))
        if nearest == typing.cursor:
            return "\t"
        up = (typing.cursor - nearest) % len(labels)
        return "\x10" if up <= _distance(typing.cursor, nearest, len(labels)) else "\x0e"

    def _fresh(self, found: object) -> bool:
        """Whether the list wasn't seen before."""
        fresh, self._seen = found is not self._seen, found
        return fresh


def _distance(start: int, end: int, rows: int) -> int:
    """Keys from a row to another: down, or up, which goes from the first row to the last."""
    down = end - start if end >= start else rows
    return min(down, (start - end) % rows)


def _moves(wrong: list[int], rows: Sequence[int]) -> int:
    """Keys it takes to unmark these rows from the first row on, the nearest first."""
    at, keys, left = 0, 0, list(wrong)
    while left:
        nearest = min(left, key=lambda row: _distance(at, row, len(rows)))
        keys += _distance(at, nearest, len(rows)) + 1
        left.remove(nearest)
        at = min(nearest + 1, len(rows) - 1)
    return keys


def replay(
    path: Path,
    keys: LabelKeys,
    budget: int,
    size: tuple[int, int],
    *,
    clusters: bool,
    audit: float,
) -> Annotator:
    """An annotator that has answered so many, a fraction ``audit`` of them in random checks."""
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
                audit=audit,
            )
            session.begin()
            session.update()
            return asyncio.run(_run(session, gold, keys, min(budget, len(gold)), size, clusters))


async def _run(
    session: Session,
    gold: Mapping[str, int],
    keys: LabelKeys,
    budget: int,
    size: tuple[int, int],
    clusters: bool,
) -> Annotator:
    with create_pipe_input() as keyboard:
        screen = Screen(session, Display("d", keys), _fail, clock=partial(next, count()))
        app = full_screen.build(screen, keyboard, Paper(*size))
        annotator = Annotator(screen, gold, keyboard, budget, clusters)
        app.key_processor.before_key_press += lambda _: annotator.free()
        app.after_render += lambda _: annotator.look()
        await full_screen.serve(app, screen)
    return annotator


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
    arguments.add_argument("--audits", choices=AUDITS, default="hidden", help="random checks")
    arguments.add_argument("--fraction", type=float, default=0.1, help="of random checks")
    arguments.add_argument("--clusters", action="store_true", help="answer through clusters")
    options = arguments.parse_args()
    figures: dict[str, object] = {"keys": options.keys, "random checks": options.audits}
    size = options.columns, options.rows
    for name in options.data:
        with patch.object(questions, "_blind", AUDITS[options.audits]):
            it = replay(
                FILES[name],
                options.keys,
                options.answers,
                size,
                clusters=options.clusters,
                audit=options.fraction,
            )
        took = it.keys
        total = it.in_clusters + sum(keys * times for keys, times in took.items())
        answers = took.total() + it.listed
        figures[f"{name} answers"] = answers
        if options.clusters:
            figures[f"{name} keystrokes"] = total
            figures[f"{name} answers through clusters"] = it.listed
            figures[f"{name} keystrokes for those"] = it.in_clusters
            figures[f"{name} rows read"] = it.read
        figures[f"{name} keystrokes an answer"] = total / answers
        figures[f"{name} answers by keystrokes"] = dict(sorted(took.items()))
        checks = +it.of_audits
        figures[f"{name} random checks"] = checks.total()
        figures[f"{name} keystrokes a random check"] = round(
            sum(keys * times for keys, times in checks.items()) / max(1, checks.total()), 3
        )
    emit("keystrokes", figures, as_json=options.json)


if __name__ == "__main__":
    main()
