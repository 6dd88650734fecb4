"""Synthetic tickets: what they are composed of, and that they count for nothing but learning."""

from __future__ import annotations

import io
import json
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeDataset
from tests.learner.test_learner import LABELS, TEXTS, topic
from tests.learning.test_synthesis import AXIS, pool
from tests.sessions import session_of
from txtal.formats.exports import EXPORTS, Target
from txtal.formats.rows import export_row
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.learner.synthetic import compose, joined, parts
from txtal.learning.strategies.synthesis import pairs
from txtal.store import answers, gold, leases, stats, synthetic, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.store.verify import verify
from txtal.types import (
    AUDIT,
    SYNTHETIC,
    Composed,
    Dataset,
    LearnerSettings,
    Ranked,
    RankingSettings,
)

SETTINGS = LearnerSettings("lexical@en", "margin", ranking=RankingSettings(synthesise=True))


# --- composing ----------------------------------------------------------------------------------


def test_parts_are_the_first_and_last_sentence_or_clause_and_all() -> None:
    assert parts("One. Two! Three?") == ["One.", "Three?", "One. Two! Three?"]
    assert parts("one, two; three") == ["one,", "three", "one, two; three"]
    assert parts("좋아요。 별로예요。") == ["좋아요。", "별로예요。", "좋아요。 별로예요。"]
    assert parts("no clause") == ["no clause"]
    assert parts("  \n ") == []
    assert max(map(len, parts("word " * 1000))) <= 500


def test_a_part_of_each_either_first() -> None:
    assert list(joined("a", "b")) == ["a b", "b a"]
    assert list(joined("a", "a")) == []
    assert "A. d." in list(joined("A. b.", "c. d."))


def test_the_two_tickets_are_the_nearest_to_the_boundary_on_its_two_sides() -> None:
    # The point is at about (0, 0): the nearest to the right of it is row 1, to the left row 3.
    assert pairs(pool([[3, 0], [1, 0], [-4, 0], [-1, 0]], AXIS)) == [(1, 3)]
    assert pairs(pool([[3, 0], [1, 0]], AXIS)) == []  # there is no other side


def test_of_all_that_can_be_composed_the_most_doubtful() -> None:
    there = {1: "left. far left.", 3: "right."}
    asked = []

    def vectorise(texts):
        asked.extend(texts)
        return np.array([[0.1 if text == "right. left." else 3, 0] for text in texts], np.float32)

    tickets_there = pool([[3, 0], [1, 0], [-4, 0], [-1, 0]], AXIS)
    (made,) = compose(tickets_there, lambda rows: [there[row] for row in rows], vectorise)
    assert (made.text, made.rows) == ("right. left.", (1, 3))
    assert made.uncertainty == pytest.approx(1 - np.tanh(0.1), abs=1e-5)
    assert len(asked) == 6


# --- asking -------------------------------------------------------------------------------------


class Desk:
    """A session that composes, and an annotator who says what the first word is about."""

    def __init__(self, conn: Connection, path: Path, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(TEXTS, LABELS)
        self.conn = conn
        self.ids = {label.name: label.id for label in dataset.scheme.labels}
        self.learner = PoolLearner(path, "d", SETTINGS)
        self.ledger = StoreLedger(conn, path, dataset, annotator="ann")
        self.session = session_of(
            self.ledger,
            dataset.scheme,
            learner=InlineLearner(self.learner, batch=5),
            synthesise=0.5,
        )
        self.session.begin()
        self.session.update()

    def answer(self, count: int) -> None:
        for _ in range(count):
            question = self.session.question
            assert question is not None
            self.session.answer("accept", (self.ids[topic(question.ticket.text)],))
            self.session.update()


@pytest.fixture
def desk(conn: Connection, path: Path, make_dataset: MakeDataset) -> Desk:
    return Desk(conn, path, make_dataset)


def test_synthetic_tickets_are_marked_and_teach_and_count_for_nothing_else(desk: Desk) -> None:
    desk.answer(40)
    made = synthetic.ids(desk.conn, 1)
    assert len(made) >= 2
    reasons = {one.ticket_id: one.ranked.reason for one in answers.standing(desk.conn, 1)}  # type: ignore[union-attr]
    asked = {ticket_id for ticket_id, reason in reasons.items() if reason == SYNTHETIC}
    assert made - asked == made & {desk.session.question.ticket.id}  # type: ignore[union-attr]
    assert tickets.get(desk.conn, min(made)).synthetic
    # No part of the pool: neither counted, nor drawn, nor audited, nor measured.
    assert desk.ledger.total == tickets.count(desk.conn, 1) == len(TEXTS)
    assert desk.ledger.open == leases.open_count(desk.conn, 1) == len(TEXTS) - 40 + len(asked)
    assert not made & answers.selection_probabilities(desk.conn, 1).keys()
    assert not made & answers.picked_for(desk.conn, 1, AUDIT)
    assert {record.text for record in tickets.records(desk.conn, 1)} == set(TEXTS)
    assert stats.of(desk.conn, "d").answers.synthetic == len(asked)
    # But they teach.
    assert desk.learner.fit is not None
    assert made & set(desk.learner.fit.answered.tickets.tolist())
    measured = desk.learner.fit.measured.measures
    assert measured is None or measured.accuracy.n <= 40 - len(asked)
    assert verify(desk.conn).faults == ()


def test_one_that_was_left_on_the_screen_is_asked_by_nobody(desk: Desk) -> None:
    ticket_id = desk.ledger.tickets.add_synthetic(Composed("made up", (1, 2), Ranked(0)))
    assert ticket_id is not None
    leases.release(desk.conn, desk.ledger.file.session_id)
    assert not leases.is_open(desk.conn, desk.ledger.file.session_id, ticket_id)
    assert desk.ledger.tickets.take_next(ticket_id - 1) is None
    ranking = desk.learner.rank()
    assert ticket_id not in {one.ticket_id for one in (*ranking.items, *ranking.audit)}


def test_a_text_that_is_there_is_no_new_one(desk: Desk) -> None:
    assert desk.ledger.tickets.add_synthetic(Composed(TEXTS[0], (1, 2), Ranked(0))) is None
    assert desk.ledger.total == len(TEXTS)


def test_undone_it_is_asked_again(desk: Desk) -> None:
    while desk.session.question.ranked.reason != SYNTHETIC:  # type: ignore[union-attr]
        desk.answer(1)
    before = desk.session.question.ticket  # type: ignore[union-attr]
    assert before.synthetic
    there = desk.ledger.open
    desk.answer(1)
    assert desk.ledger.open == there
    desk.session.undo()
    assert desk.session.question.ticket == before  # type: ignore[union-attr]
    desk.session.revisit(1)
    desk.session.leave()
    assert desk.session.question.ticket == before  # type: ignore[union-attr]


def test_without_the_option_nothing_is_composed(desk: Desk, path: Path) -> None:
    desk.answer(20)
    assert not PoolLearner(path, "d", LearnerSettings("lexical@en", "margin")).rank().composed


def test_an_export_marks_them_and_a_table_that_has_no_mark_leaves_them_out(desk: Desk) -> None:
    desk.answer(20)
    scheme = desk.session.scheme
    every = gold.read(desk.conn, Dataset(1, "d", scheme), gold.EVERYTHING)
    rows = [export_row(one.ticket, one.gold.answer, scheme) for one in every if one.gold.answer]
    made = {row.ticket.text for row in rows if row.ticket.synthetic}
    assert made
    for form in ("jsonl", "prodigy", "plain"):
        out = io.StringIO()
        EXPORTS.named(form).write(rows, Target(scheme, None, partial(nullcontext, out)))
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        assert {line["text"] for line in lines if line.get("synthetic") is True} == made
        assert all(("synthetic" in line) == (line["text"] in made) for line in lines)
    target = Target(scheme, None, lambda: nullcontext(io.StringIO()))
    assert EXPORTS.named("csv").write(rows, target).left_out == {"synthetic": len(made)}
