"""The questions of a session, one by one, as they were recorded.

For the same seed and the same answers the same tickets are shown, whatever becomes of the code
behind them. ``python -m tests.learner.test_same_questions`` records them anew, which is right only
where the questions are meant to change: the label efficiency must then be measured again.

Another machine's arithmetic differs in the fifth digit of a score, and now and then the best two
tickets are as near as that. Then the one that was recorded comes first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from unittest.mock import patch

import pytest

from tests.cli.driving import LABELLED
from tests.sessions import session_of
from txtal.ingest.stream import Reader, SourceInflow
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.learner.stream import StreamLearner
from txtal.learning.selective import Rule
from txtal.session.session import Session
from txtal.simulation.annotator import Labelled, labelled, task_of
from txtal.simulation.journal import Journal
from txtal.simulation.replay import Simulation
from txtal.simulation.runs import plan
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import Dataset, LearnerSettings, Ranked, Ranking, Record, StopRule, Task

RECORDED = Path(__file__).with_name("same_questions.json")
ANSWERS = 60
VECTORS = "lexical@en"
"""What every machine has; the default takes word vectors, too, where they are installed."""

NEAR = 0.012
"""How far a point of a curve may be off: by four texts of the test file."""

TIE = 1e-3
"""Scores that are nearer to one another than this are equal."""

NOTHING: Mapping[str, Any] = {"asked": ()}

TASKS: tuple[Task, ...] = ("exclusive", "multilabel")


def sample(task: Task, odd: bool = False) -> Labelled:
    """Every second line of the sample, with up to two labels more where tickets may have any."""
    lines = LABELLED.read_text("utf-8").splitlines()[odd::2]
    return labelled((_record(json.loads(line), task) for line in lines), LABELLED.name)


def _record(line: dict[str, Any], task: Task) -> Record:
    marks = {"asks": "?", "exclaims": "!"} if task == "multilabel" else {}
    more = [name for name, mark in marks.items() if mark in line["text"]]
    return Record(line["text"], line["meta"], {"label": [line["label"], *more]})


class Steady(InlineLearner):
    """Ranks as ever, but of tickets with equal scores the one that was asked first comes first."""

    def __init__(self, learner: Any, recorded: Sequence[str], *, batch: int = 1) -> None:
        super().__init__(learner, batch=batch)
        self._place = {name: place for place, name in enumerate(recorded)}

    def poll(self) -> Ranking | None:
        ranking = super().poll()
        if ranking is None:
            return None
        with closing(schema.open_readonly(self.learner.source.path)) as conn:
            names = {item: _name(conn, item.ticket_id) for item in ranking.items}
        left, ordered = list(ranking.items), []
        while left:
            best = min(
                (item for item in left if item is left[0] or _equal(item, left[0])),
                key=lambda item: self._place.get(names[item], len(self._place)),
            )
            left.remove(best)
            ordered.append(best)
        return replace(ranking, items=tuple(ordered))


def _equal(one: Ranked, other: Ranked) -> bool:
    return one.score is not None and other.score is not None and abs(one.score - other.score) < TIE


def _name(conn: Connection, ticket_id: int) -> str:
    """The ticket's id in the sample."""
    return str(tickets.get(conn, ticket_id).meta["id"])


# --- the three ways to be asked -----------------------------------------------------------------


def simulated(task: Task, folder: Path, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What ``txtal simulate`` asks by each of two strategies, and the curves it draws."""

    def steady(learner: PoolLearner, batch: int) -> Steady:
        return Steady(
            learner, recorded.get(learner.settings.strategy, NOTHING)["asked"], batch=batch
        )

    planned = plan(
        ["auto", "margin"],
        [VECTORS],
        LearnerSettings(audit=0.1, names=False),
        seeds=1,
        budget=ANSWERS,
        batches=[4],
        points=4,
    )
    runs = Simulation(sample(task), sample(task, odd=True), planned, folder, Journal())
    found = {}
    with patch("txtal.simulation.replay.InlineLearner", steady):
        for number, run in enumerate(runs.runs(lambda config, seed, count: None)):
            with closing(schema.open_readonly(folder / f"{number}.db")) as conn:
                asked = _asked(conn)
            curve = [[point.labels, point.accuracy, point.macro_f1] for point in run.curve]
            found[run.config.strategy] = {"asked": asked, "curve": curve}
    return found


def taught(task: Task, folder: Path, recorded: Sequence[str], count: int = ANSWERS) -> list[str]:
    """What ``txtal teach`` asks who waits for each ranking."""
    settings = LearnerSettings(VECTORS, audit=0.1, names=False, stop=StopRule(1.0))
    with _dataset(task, folder, sample(task).records) as (conn, dataset):
        learner = Steady(PoolLearner(folder / "t.db", dataset.name, settings), recorded)
        ledger = StoreLedger(conn, folder / "t.db", dataset, annotator="ann", recipe="teach")
        session = session_of(ledger, dataset.scheme, learner=learner, seed="0:1")
        return _answered(session, sample(task), conn, count)


def streamed(task: Task, folder: Path, recorded: Sequence[str]) -> list[str]:
    """What ``txtal teach --stream`` asks of tickets that arrive a few at a time."""
    settings = LearnerSettings(VECTORS, audit=0.1, names=False, stream=True)
    with _dataset(task, folder, []) as (conn, dataset):
        learner = Steady(StreamLearner(folder / "t.db", dataset.name, settings), recorded)
        ledger = StoreLedger(conn, folder / "t.db", dataset, annotator="ann", recipe="teach")
        arriving = cast(Reader, Arriving(sample(task).records))
        inflow = SourceInflow(ledger.stream, Rule(task, 0.2, 0.1), arriving, "0:1")
        session = session_of(ledger, dataset.scheme, learner=learner, inflow=inflow, seed="0:1")
        return _answered(session, sample(task), conn)


class Arriving:
    """A reader without a thread: ten tickets at each look."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._left = list(records)

    @property
    def over(self) -> bool:
        return not self._left

    def take(self) -> list[Record]:
        taken, self._left = self._left[:10], self._left[10:]
        return taken


@contextmanager
def _dataset(
    task: Task, folder: Path, records: Sequence[Record]
) -> Iterator[tuple[Connection, Dataset]]:
    with closing(schema.open_database(folder / "t.db", create=True)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        labels = [(name, "") for name in sample(task).labels]
        dataset = datasets.prepare(conn, "d", labels, task)
        tickets.add(conn, dataset.id, records)
        yield conn, dataset


def _answered(
    session: Session, gold: Labelled, conn: Connection, count: int = ANSWERS
) -> list[str]:
    """Answer rightly until there have been enough, or nothing more is asked."""
    session.begin()
    session.update()
    while session.count < count:
        if session.question is not None:
            names = gold.gold[session.question.ticket.text]
            right = tuple(label.id for label in session.scheme.labels if label.name in names)
            session.answer("accept", right)
        elif session.inflow is None or session.inflow.standing.over:
            break
        session.update()
    return _asked(conn)


def _asked(conn: Connection) -> list[str]:
    """The tickets that were answered, by the ids they have in the sample, in their order."""
    rows = conn.execute("SELECT ticket_id FROM answer ORDER BY id").fetchall()
    return [_name(conn, row[0]) for row in rows]


# --- as they were -------------------------------------------------------------------------------


def recorded(way: str, task: Task) -> Any:
    return json.loads(RECORDED.read_text("utf-8"))[way][task]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_simulate_asks_what_it_asked(task: Task, tmp_path: Path) -> None:
    assert task_of(sample(task)) == task
    before = recorded("simulated", task)
    now = simulated(task, tmp_path, before)
    for strategy, run in before.items():
        assert now[strategy]["asked"] == run["asked"]
        for point, was in zip(now[strategy]["curve"], run["curve"], strict=True):
            assert point == pytest.approx(was, abs=NEAR)


@pytest.mark.parametrize(
    ("task", "count"),
    [
        ("exclusive", 30),
        *(pytest.param(task, ANSWERS, marks=pytest.mark.slow) for task in TASKS),
    ],
)
def test_teach_asks_what_it_asked(task: Task, count: int, tmp_path: Path) -> None:
    before = recorded("taught", task)
    assert taught(task, tmp_path, before, count) == before[:count]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_a_stream_is_asked_what_it_was(task: Task, tmp_path: Path) -> None:
    before = recorded("streamed", task)
    assert streamed(task, tmp_path, before) == before


def main() -> None:
    """Record what is asked now."""
    found: dict[str, dict[str, Any]] = {}
    for task in TASKS:
        for way, nothing in ((simulated, {}), (taught, ()), (streamed, ())):
            with TemporaryDirectory() as folder:
                found.setdefault(way.__name__, {})[task] = way(task, Path(folder), nothing)
    RECORDED.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
