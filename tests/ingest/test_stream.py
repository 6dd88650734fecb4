"""A stream into a real database, by a session with no screen and a learner with no process."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import MakeDataset, StillLearner
from tests.learner.test_learner import LABELS, TOPICS, topic
from tests.sessions import session_of
from txtal.errors import LockedError
from txtal.formats.lines import BadLine, OnBad
from txtal.formats.source import arriving
from txtal.ingest.stream import AT_ONCE, Reader, SourceInflow
from txtal.learner import measuring
from txtal.learner.client import LearnerProcess
from txtal.learner.inline import InlineLearner
from txtal.learner.stream import StreamLearner
from txtal.learner.stream_features import SAMPLE, outgrown
from txtal.learning.selective import FEW, Rule
from txtal.session.protocols import Learner
from txtal.store import arrivals, schema, stats, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection, transaction
from txtal.store.stream_ledger import StreamLedger
from txtal.store.verify import verify
from txtal.types import (
    AUDIT,
    START,
    Dataset,
    LearnerSettings,
    LearnerStatus,
    Ranked,
    Ranking,
    Record,
    Revision,
    Spending,
)
from txtal.vectors.vectoriser import Vectoriser

SETTINGS = LearnerSettings("lexical@en", stream=True)
TEXTS = [form.format(n) for n in range(60) for form in TOPICS.values()]


class Feed(Reader):
    """Gives what a test gives it, with no thread."""

    def __init__(self, *items: Record | BadLine | Exception) -> None:
        super().__init__(lambda on_bad, say, stop: iter(()))
        self.items = list(items)
        self.ended = True

    @property
    def over(self) -> bool:
        return self.ended and not self.items

    def take(self) -> list[Record | BadLine | Exception]:
        taken, self.items = self.items[:AT_ONCE], self.items[AT_ONCE:]
        return taken


def feed(texts: list[str] = TEXTS) -> Feed:
    return Feed(*(Record(text, {"n": n}) for n, text in enumerate(texts)))


class Desk:
    """A session on a stream, its annotator right about everything."""

    def __init__(
        self,
        conn: Connection,
        path: Path,
        dataset: Dataset,
        reader: Reader | None,
        learner: Learner | None = None,
        **rule: object,
    ) -> None:
        self.conn, self.dataset = conn, dataset
        self.ids = {label.name: label.id for label in dataset.scheme.labels}
        ledger = StoreLedger(conn, path, dataset, annotator="ann")
        self.inflow = SourceInflow(
            ledger.stream,
            Rule(dataset.scheme.task, **rule),  # type: ignore[arg-type]
            reader,
        )
        learner = learner or InlineLearner(StreamLearner(path, dataset.name, SETTINGS))
        self.session = session_of(ledger, dataset.scheme, learner=learner, inflow=self.inflow)
        self.session.begin()

    def answer(self) -> str:
        assert self.session.question is not None
        text = self.session.question.ticket.text
        self.session.answer("accept", (self.ids[topic(text)],))
        return text

    def to_the_end(self, wait: Callable[[], object] = lambda: None) -> list[str]:
        """Answer all that is asked; the texts that were, in their order."""
        asked = []
        while True:
            self.session.update()
            if self.session.question:
                asked.append(self.answer())
            elif self.inflow.standing.over and not self.inflow.standing.pending:
                return asked
            else:
                wait()

    def fates(self) -> dict[str, int]:
        rows = self.conn.execute("SELECT fate, count(*) FROM arrival GROUP BY fate")
        return dict(map(tuple, rows))


@dataclass
class Fitted:
    """Features that were fitted to so many tickets; they learn from texts, as most do."""

    pool: int

    @property
    def vectoriser(self) -> SimpleNamespace:
        return SimpleNamespace(learns=True)


MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk(conn: Connection, path: Path, make_dataset: MakeDataset) -> MakeDesk:
    dataset = make_dataset([], LABELS)

    def make(reader: Reader | None, learner: Learner | None = None, **rule: object) -> Desk:
        return Desk(conn, path, dataset, reader, learner, **rule)

    return make


def test_every_ticket_is_kept_and_those_asked_come_in_the_order_of_arrival(
    desk: MakeDesk, conn: Connection
) -> None:
    here = desk(feed(), budget=0.25)
    asked = here.to_the_end()
    assert [record.text for record in tickets.records(conn, 1)] == TEXTS
    assert asked == sorted(asked, key=TEXTS.index)
    assert asked[:FEW] == TEXTS[:FEW]
    assert len(asked) == pytest.approx(0.25 * len(TEXTS), rel=0.1)
    standing = here.inflow.standing
    assert (standing.waiting, standing.pending, standing.arrived) == (0, 0, len(TEXTS))
    reasons = {row[0] for row in conn.execute("SELECT reason FROM answer")}
    assert {START, "stream"} <= reasons <= {START, "stream", AUDIT}
    let_go = conn.execute("SELECT * FROM arrival WHERE fate = 'let go'").fetchall()
    assert all(row["score"] is not None and row["revision_id"] for row in let_go)
    assert verify(conn).faults == ()
    assert stats.of(conn, "d").stream == stats.StreamCounts(
        arrived=len(TEXTS), asked=len(asked), waiting=0,
        set_aside=len(let_go), predicted=0, pending=0,
    )  # fmt: skip


def test_what_was_let_go_is_in_the_pool_like_any_other(
    desk: MakeDesk, conn: Connection, path: Path
) -> None:
    asked = desk(feed(TEXTS[:100]), budget=0.25).to_the_end()
    from txtal.learner.pool import PoolLearner

    ranking = PoolLearner(path, "d", LearnerSettings("lexical@en")).rank()
    open_ids = set(tickets.ids_after(conn, 1)) - {TEXTS.index(text) + 1 for text in asked}
    assert {one.ticket_id for one in ranking.items} <= open_ids
    assert len(ranking.items) == 50


def test_texts_that_are_there_already_have_not_arrived(desk: MakeDesk, conn: Connection) -> None:
    tickets.add(conn, 1, [Record(TEXTS[0]), Record("loaded before")])
    here = desk(feed([TEXTS[0], TEXTS[1], TEXTS[1]]), budget=1.0)
    assert here.to_the_end() == [TEXTS[1]]
    assert (here.inflow.standing.arrived, here.inflow.standing.duplicates) == (1, 2)


def test_bad_lines_are_told_and_left_out(desk: MakeDesk) -> None:
    here = desk(Feed(Record("one"), BadLine("standard input", 2, "no object"), Record("two")))
    here.session.update()
    assert here.session.notice.startswith("1 bad line left out; the last is standard input:2")
    assert here.inflow.standing.arrived == 2


def test_a_stream_that_fails_is_told_and_what_came_is_kept(desk: MakeDesk) -> None:
    here = desk(Feed(Record("one"), ValueError("secret")))
    here.session.update()
    assert here.session.notice == "the stream has ended: ValueError; see the log"
    assert [str(error) for error in here.session.notices.errors] == ["secret"]
    assert here.inflow.standing.arrived == 1


def test_a_busy_database_takes_them_in_later(
    desk: MakeDesk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desk(feed(["one", "two"]), StillLearner())
    taken = StreamLedger.take_in
    refusals = iter([True, False])

    def refuse(ledger: StreamLedger, records: list[Record]) -> object:
        if next(refusals):
            raise LockedError("busy")
        return taken(ledger, records)

    monkeypatch.setattr(StreamLedger, "take_in", refuse)
    here.session.update()
    assert here.inflow.standing.arrived == 0
    assert not here.inflow.standing.over  # for two are still to be taken in
    here.session.update()
    assert here.inflow.standing.arrived == 2


def test_the_next_sitting_goes_on_with_what_waits(desk: MakeDesk, conn: Connection) -> None:
    texts = TEXTS[: FEW + 8]
    first = desk(feed(texts), budget=1.0)
    first.session.update()
    answered = [first.answer() for _ in range(5)]
    again = desk(None, budget=1.0)
    on_screen = {first.session.question.ticket.text} if first.session.question else set()
    # What is on the screen is held for the first.
    assert {*answered, *again.to_the_end()} == set(texts) - on_screen
    assert arrivals.spending(conn, 1).asked == len(texts)


def test_an_undone_answer_waits_again(desk: MakeDesk) -> None:
    here = desk(feed(TEXTS[:3]), budget=1.0)
    here.session.update()
    texts = [here.answer() for _ in range(3)]
    assert here.inflow.standing.waiting == 0
    here.session.undo()
    assert here.inflow.standing.waiting == 1
    assert here.answer() == texts[2]


def test_two_sessions_settle_each_ticket_once(desk: MakeDesk, conn: Connection) -> None:
    one, two = desk(feed(), budget=1.0), desk(None, budget=1.0)
    one.session.update()
    ids = tickets.ids_after(conn, 1)[FEW : FEW + 10]
    scored = [Ranked(i, (1,), ((1, 0.9),), "stream", 0.5) for i in ids]
    one.inflow.settle(scored, None)
    two.inflow.settle(scored, None)
    assert arrivals.spending(conn, 1).decided == FEW + 10


def test_without_a_learner_chance_decides(desk: MakeDesk) -> None:
    learner = StillLearner()
    learner.status = LearnerStatus("failed", "given up")
    here = desk(feed([f"ticket {n}" for n in range(1000)]), learner, budget=0.2)
    for _ in range(5):
        here.session.update()
    assert sum(here.fates().values()) == 1000
    assert here.fates()["ask"] == pytest.approx(200, rel=0.2)


def test_a_score_that_was_settled_has_the_next_scored(desk: MakeDesk) -> None:
    learner = StillLearner()
    here = desk(feed(), learner, budget=0.5)
    here.session.update()
    revision = Revision(0, 0, 0.1, "lexical@en", "auto")
    scored = (Ranked(30, (1,), ((1, 0.9),), "stream", 0.5),)
    learner.rankings += [Ranking(revision, (), scored=scored), Ranking(revision, ())]
    before = len(learner.pokes)
    here.session.update()
    assert len(learner.pokes) == before + 1
    assert here.session.updates.revision is not None
    first = here.session.updates.revision
    here.session.update()
    assert here.session.updates.revision == first  # the same fit is one revision


def test_a_band_predicts_and_a_human_outranks_it(desk: MakeDesk, conn: Connection) -> None:
    here = desk(feed(), budget=1.0, band=(0.0, 0.5), audit=0.0)
    asked = here.to_the_end()
    predicted = list(arrivals.predictions(conn, 1))
    assert len(predicted) + len(asked) == len(TEXTS)
    assert len(predicted) > 50
    for one in predicted:
        assert one.probability > 0.5
        assert one.labels == (here.ids[topic(one.ticket.text)],)
        assert one.revision is not None
    assert stats.of(conn, "d").answers.verdicts["accept"] == len(asked)
    here.session.revisit(predicted[0].ticket.id)
    here.answer()
    assert len(list(arrivals.predictions(conn, 1))) == len(predicted) - 1


def test_the_ticket_on_the_screen_gets_its_suggestion_late(desk: MakeDesk, path: Path) -> None:
    here = desk(feed(TEXTS), StillLearner())
    here.session.update()
    question = here.session.question
    assert question is not None
    assert question.revision is None
    held = StreamLearner(path, "d", SETTINGS).rank().held
    assert [one.ticket_id for one in held] == [question.ticket.id]


@pytest.mark.slow
def test_the_learner_holds_on_to_a_sample_and_the_answered_only(
    desk: MakeDesk, conn: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("txtal.learner.stream_features.SAMPLE", 40)
    learner = StreamLearner(path, "d", SETTINGS)
    texts = [f"{random.Random(n).choice(TEXTS)} and so on {n}" for n in range(600)]
    here = desk(feed(texts), InlineLearner(learner), budget=0.1)
    asked = here.to_the_end()
    assert learner.fit is not None
    features = learner.fit.features
    assert len(features.matrix) <= 40 + len(asked)
    assert {tickets.get(conn, i).text for i in features.ids.tolist()} >= set(asked)
    assert SAMPLE > 40


@pytest.mark.slow
def test_the_estimate_is_about_all_that_has_arrived(
    desk: MakeDesk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "txtal.learner.stream_features.SAMPLE", 20
    )  # of which the learner keeps features
    monkeypatch.setattr("txtal.learner.measuring.POOL", 50)
    asked = desk(feed(), budget=0.4, audit=0.5).to_the_end()
    drawn: list[tuple[int, int]] = []
    measure = measuring.measure

    def noting(*of: Any) -> Any:
        drawn.append((len(of[3]), of[4]))
        return measure(*of)

    monkeypatch.setattr("txtal.learner.measuring.measure", noting)
    measures = StreamLearner(path, "d", SETTINGS).rank().revision.measures
    assert measures is not None
    assert measures.accuracy.value == pytest.approx(1.0, abs=0.01)
    ((sample, still_open),) = drawn
    assert still_open == len(TEXTS) - len(asked)
    assert 20 < sample < 50  # of the sample without those answered


@pytest.mark.slow
def test_words_that_are_always_new_are_let_go(
    desk: MakeDesk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most_met = 1_000
    monkeypatch.setattr("txtal.learner.stream_features.SAMPLE", 40)
    monkeypatch.setattr(
        "txtal.learner.stream_features.FIT_TEXTS", AT_ONCE
    )  # one fit is to do for all
    monkeypatch.setattr("txtal.vectors.pipeline.MOST_MET", most_met)
    learner = StreamLearner(path, "d", SETTINGS)
    texts = [f"{TEXTS[n % len(TEXTS)]} new{n}a new{n}b new{n}c" for n in range(2_000)]
    held: list[tuple[int, int]] = []
    transform = Vectoriser.transform

    def counting(self: Vectoriser, *of: object, **how: object) -> object:
        rows = transform(self, *of, **how)  # type: ignore[arg-type]
        sums = self._sums
        assert sums._bag is not None
        held.append((len(sums._bag.types), sums._pipeline.tokeniser.met))
        return rows

    monkeypatch.setattr(Vectoriser, "transform", counting)
    desk(feed(texts), InlineLearner(learner), budget=0.02).to_the_end()
    known = len({word for text in TEXTS for word in text.split()})
    of_a_part = known + 4 * (AT_ONCE + 40 + FEW)  # new words, and the number that the text ends in
    assert max(types for types, _ in held) <= of_a_part
    assert max(met for _, met in held) <= most_met + of_a_part
    assert 3 * len(texts) > most_met + of_a_part  # else this would prove nothing


def test_features_are_fitted_to_twice_the_texts_and_at_last_to_as_many_as_one_sees() -> None:
    fits, features = [], None
    for total in range(AT_ONCE, 100_000, AT_ONCE):
        if features is None or outgrown(features, total):
            features = Fitted(pool=total)  # type: ignore[assignment]
            fits.append(total)
    assert fits == [256, 768, 1792, 3840, 7936, 20224]


def test_nothing_has_arrived_yet(desk: MakeDesk) -> None:
    reader = Feed()
    reader.ended = False
    here = desk(reader)
    here.session.update()
    assert here.session.question is None
    assert not here.inflow.standing.over
    reader.items.append(Record("the first"))
    assert here.session.update()
    assert here.session.question.ticket.text == "the first"  # type: ignore[union-attr]


# --- the thread ---------------------------------------------------------------------------------


def test_no_more_is_read_ahead_than_is_taken() -> None:
    read: list[int] = []
    woken = Event()

    def endless(on_bad: OnBad, say: object, stop: Event) -> Iterator[Record]:
        for n in range(10**9):
            read.append(n)
            yield Record(f"ticket {n}")

    reader = Reader(endless)
    reader.start(woken.set)
    assert woken.wait(60)
    first: list[object] = []
    while len(first) < AT_ONCE:
        first += reader.take()
    assert len(read) <= len(first) + AT_ONCE + 2
    reader.close()
    assert not reader._thread.is_alive()


def test_a_pipe_fills_up_until_tickets_are_taken(desk: MakeDesk) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"text": "one"}\n{"text": "tw')
    woken = Event()
    reader = Reader(lambda bad, say, stop: arriving("-", bad, stop, follow=False, stdin=reading))
    here = desk(reader, StillLearner())
    reader.start(woken.set)
    assert woken.wait(60)
    while not here.session.update():
        pass
    assert here.inflow.standing.arrived == 1
    os.write(writing, b'o"}')
    os.close(writing)
    while not here.inflow.standing.over:
        here.session.update()
    assert here.inflow.standing.arrived == 2
    os.close(reading)


# --- the process --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_learner_in_its_process(desk: MakeDesk, path: Path, tmp_path: Path) -> None:
    learner, woken = LearnerProcess(path, "d", SETTINGS, log=tmp_path / "log"), Event()
    learner.wake(woken.set)
    learner.start()
    try:
        here = desk(feed(TEXTS[:60]), learner, budget=0.5)
        asked = here.to_the_end(lambda: woken.wait(60) and woken.clear())
    finally:
        learner.close()
    assert sum(here.fates().values()) == 60
    assert FEW <= len(asked) <= 32


def test_what_was_changed_in_the_file_is_found(desk: MakeDesk, conn: Connection) -> None:
    desk(feed(TEXTS[:5]), StillLearner()).session.update()
    with transaction(conn):
        conn.execute("UPDATE arrival SET fate = 'predict', labels = '[2]' WHERE ticket_id = 2")
    assert verify(conn).faults == ("arrival of ticket 2: it changed since it was written",)


def test_spending_is_kept(conn: Connection, path: Path, make_dataset: MakeDataset) -> None:
    dataset = make_dataset([])
    spent = Spending(10, 2, 1, -0.5, 0.25)
    arrivals.save_spending(conn, dataset.id, spent)
    assert arrivals.spending(schema.open_readonly(path), dataset.id) == spent
