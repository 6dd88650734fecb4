"""What the screen is tested with: a ledger in memory, a terminal of lines, a scripted annotator."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from tests.conftest import StillLearner
from tests.sessions import session_of
from txtal.errors import UsageError
from txtal.recipes.extensions import Extras
from txtal.session.session import Session
from txtal.types import (
    Answer,
    Effort,
    Estimate,
    Found,
    Label,
    LabelChange,
    LabelKeys,
    Overview,
    Ranked,
    Ranking,
    Redoing,
    Relabelled,
    Revision,
    Scheme,
    Task,
    Ticket,
    Undone,
)
from txtal.types.query import Query
from txtal.ui import app as full_screen
from txtal.ui.canvas import Canvas
from txtal.ui.display import Display
from txtal.ui.keymaps import mapped
from txtal.ui.layout import Line
from txtal.ui.screen import Screen

FEW = ("refund", "billing", "praise")
MANY = tuple(f"{what} {how}" for what in ("order", "card", "refund") for how in "abcdefgh")


EFFORT = Effort(2.5, 4.0, 0.01, 1440, 6, 0.004, 3, 0.2, 1.3)


class MemoryLedger:
    """A ledger without a disk, that fails when told to."""

    def __init__(self, texts: Sequence[str], meta: Mapping[str, Any] | None = None) -> None:
        self.texts = {n: Ticket(n, text, meta or {}) for n, text in enumerate(texts, start=1)}
        self.tickets = self.finder = self.disputes = self
        self.total = self.open = len(texts)
        self.answers: list[Answer] = []
        self.undone: list[Answer] = []
        self.annotator = ""
        self.counts: dict[str, int] = {}
        self.checks = False
        self.faults: list[Exception] = []
        """Raised one by one, by the next writes."""

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def record(self, answer: Answer) -> Answer:
        self._fail()
        self.undone.clear()
        return self._record(answer)

    def _record(self, answer: Answer) -> Answer:
        self.open -= 1
        self.answers.append(replace(answer, id=len(self.answers) + 1))
        return self.answers[-1]

    def undo(self) -> Undone | None:
        self._fail()
        if not self.answers:
            return None
        self.open += 1
        answer = self.answers.pop()
        self.undone.append(answer)
        return Undone((answer,), self.texts[answer.ticket_id], (answer.id + 1,))

    def newest(self) -> int:
        return len(self.answers)

    def ticket(self, ticket_id: int) -> Ticket:
        return self.texts[ticket_id]

    def take_first(self, ticket_ids: Iterable[int]) -> int | None:
        answered = {answer.ticket_id for answer in self.answers}
        return next((i for i in ticket_ids if i not in answered), None)

    def take_next(self, after: int = 0) -> int | None:
        return self.take_first(i for i in self.texts if i > after)

    def take_random(self, rng: random.Random) -> int | None:
        return self.take_first(self.texts)

    def keep(self) -> None:
        pass

    @property
    def others(self) -> Mapping[str, int]:
        return self.counts

    def look(self) -> bool:
        return False

    def take_shared(self) -> int | None:
        return None

    def redo(self) -> Redoing:
        self._fail()
        again = self.undone[-1:]
        del self.undone[-1:]
        return Redoing(tuple(self._record(answer) for answer in again), {})

    def change_labels(self, wanted: LabelChange) -> Relabelled:
        raise UsageError("this ledger has one scheme")

    def new_scheme(self) -> Scheme | None:
        return None

    def used(self) -> Counter[int]:
        return Counter(i for one in self.answers if one.verdict == "accept" for i in one.labels)

    def examples(self, label_id: int) -> list[str]:
        return [self.texts[a.ticket_id].text for a in self.answers if label_id in a.labels]

    def hold(self, ticket_id: int) -> Found | None:
        answers = [answer for answer in self.answers if answer.ticket_id == ticket_id]
        return Found(self.texts[ticket_id], answers[-1] if answers else None)

    def history(self, query: Query, limit: int) -> list[Found]:
        return [Found(self.texts[a.ticket_id], a) for a in reversed(self.answers)][:limit]

    def find(self, query: Query, limit: int) -> list[Found]:
        held = (t for t in self.texts.values() if all(word in t.text for word in query.words))
        return [found for t in held if (found := self.hold(t.id))][:limit]

    def like(self, ticket: Ticket, limit: int) -> list[Found]:
        return [Found(other) for other in self.texts.values() if other.id != ticket.id]

    def found(self, ticket_ids: Iterable[int]) -> list[Found]:
        answers = {answer.ticket_id: answer for answer in self.answers}
        return [Found(self.texts[i], answers.get(i)) for i in ticket_ids]

    def near(self, ticket: Ticket, limit: int) -> list[Found]:
        return []

    def shared_meta(self) -> Mapping[str, Any]:
        return {}

    def unindexed(self) -> int:
        return 0

    def index_rest(self) -> None:
        pass

    def alike(self, ticket: Ticket) -> list[int]:
        return []

    def record_alike(self, answer: Answer, ticket_ids: Iterable[int]) -> list[Answer]:
        return [self.record(replace(answer, ticket_id=i)) for i in ticket_ids]

    def overview(self) -> Overview:
        verdicts = Counter(answer.verdict for answer in self.answers)
        curve = ((40, Estimate(20, 0.6, 0.4, 0.8)), (80, Estimate(40, 0.7, 0.55, 0.8)))
        return Overview(verdicts, (("refund", 3), ("praise", 1)), (("ann", 4),), curve, EFFORT)

    def save_ranking(self, ranking: Ranking) -> int:
        return 12

    def last_ranking(self) -> tuple[int, Ranking] | None:
        return None


def make_session(
    texts: Sequence[str] = ("one", "two", "three"),
    labels: Sequence[str] = FEW,
    task: Task = "exclusive",
    *,
    meta: Mapping[str, Any] | None = None,
    **options: Any,
) -> Session:
    scheme = Scheme(task, tuple(Label(n, name) for n, name in enumerate(labels, start=1)))
    session = session_of(MemoryLedger(texts, meta), scheme, **options)
    session.begin()
    return session


def ranked_session(task: Task = "exclusive", labels: Sequence[str] = FEW) -> Session:
    """A session whose first question has a suggestion: label 2, 62%."""
    learner = StillLearner()
    session = make_session(["zero", "one", "two"], labels, task, learner=learner, audit=0.0)
    probabilities = ((2, 0.62), (3, 0.3), (1, 0.08))[: len(labels)]
    if task == "binary":
        probabilities = ((1, 0.62),)
    items = tuple(Ranked(i, probabilities[0][:1], probabilities, "margin") for i in (2, 3))
    estimate = Estimate(120, 0.81, 0.742, 0.868)
    learner.rankings.append(Ranking(Revision(1, 0, 0.2, "v", "margin", estimate), items))
    session.update()
    session.ignore()
    return session


def ledger(session: Session) -> MemoryLedger:
    assert isinstance(session.ledger, MemoryLedger)
    return session.ledger


def given(session: Session) -> list[tuple[str, tuple[int, ...]]]:
    """The answers there are: verdict and labels."""
    return [(answer.verdict, answer.labels) for answer in ledger(session).answers]


def text_of(lines: Iterable[Line]) -> str:
    return "\n".join("".join(part for _, part in line).rstrip() for line in lines)


class Sitting:
    """A screen without a terminal: press keys by the name of their action, and read it."""

    def __init__(
        self,
        session: Session,
        columns: int = 80,
        rows: int = 24,
        keys: LabelKeys = "auto",
        extras: Extras | None = None,
    ) -> None:
        self.session = session
        self.errors: list[BaseException] = []
        extras = extras or Extras()
        display = Display("feedback", keys, mapped({}, extras=extras), extras=extras)
        self.screen = Screen(session, display, self.errors.append, clock=unhurried())
        self.size = (columns, rows)
        self.read()

    def read(self) -> str:
        """What is drawn."""
        return text_of(self.screen.draw(*self.size).lines)

    def press(self, action: str, key: str = "") -> str:
        """What is drawn after an action."""
        self.screen.press(action, key)
        return self.read()

    def type(self, text: str) -> str:
        for char in text:
            self.screen.press("type", char)
        return self.read()


class Sized(DummyOutput):
    """An output of a size, that shows nothing."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.size = Size(rows=rows, columns=columns)

    def get_size(self) -> Size:
        return self.size


def shown(app: Application[int]) -> str:
    """The characters on the screen."""
    canvas = app.layout.container
    assert isinstance(canvas, Canvas)
    return "\n".join("".join(part.text for part in row.parts).rstrip() for row in canvas.rows)


def unhurried() -> Callable[[], float]:
    """A clock by which every ticket was seen before its key is pressed."""
    return partial(next, count(0.0, 1.0))


Step = tuple[str, str | Callable[[], object]]
"""Once this text is on the screen, send these keys, or call this."""


class Played:
    """The application driven by a script: each step waits for what it is to see."""

    def __init__(
        self,
        session: Session,
        *steps: Step,
        columns: int = 80,
        rows: int = 24,
        screen: Screen | None = None,
    ) -> None:
        self.errors: list[BaseException] = []
        self.frames: list[str] = []
        self.steps = list(steps)
        self.output = Sized(columns, rows)
        with create_pipe_input() as keyboard:
            screen = screen or Screen(
                session, Display("feedback"), self.errors.append, clock=unhurried()
            )
            self.app = full_screen.build(screen, keyboard, self.output)
            self.app.after_render += lambda app: self._seen(keyboard)
            self.code = asyncio.run(self._run(screen))

    async def _run(self, screen: Screen) -> int:
        async with asyncio.timeout(20):
            return await full_screen.serve(self.app, screen)

    def _seen(self, keyboard: PipeInput) -> None:
        self.frames.append(shown(self.app))
        if self.steps and self.steps[0][0] in self.frames[-1]:
            _, action = self.steps.pop(0)
            if isinstance(action, str):
                keyboard.send_text(action)
            else:
                action()
