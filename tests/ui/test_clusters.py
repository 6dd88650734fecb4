"""Tickets like the one at hand, answered at once: the model's cluster and near-duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.conftest import MakeDataset, StillLearner
from tests.ui.fakes import Sitting
from tests.ui.test_plain import talk
from txtal.session.session import Session
from txtal.store import answers
from txtal.store.sqlite import Connection
from txtal.types import AUDIT, BULK, Cluster, LearnerStatus, Ranked, Ranking, Revision

TEXTS = [
    "Hello, I'm Ana. My parcel 4411 has not arrived since Monday!",
    "Hello, I'm Robin. My parcel 92 has not arrived since Monday!",
    "hello i'm ana, my parcel 4411 has not arrived since monday. Thanks",
    "my parcel was left in the rain",
    "where is my parcel",
    "the kettle is broken",
]
DELIVERY, BROKEN = 1, 2


def guess(ticket_id: int, proba: float = 0.9) -> Ranked:
    return Ranked(ticket_id, (DELIVERY,), ((DELIVERY, proba), (BROKEN, 1 - proba)), reason=BULK)


@pytest.fixture
def learner() -> StillLearner:
    return StillLearner()


@pytest.fixture
def session(
    make_dataset: MakeDataset, make_session: Callable[..., Session], learner: StillLearner
) -> Iterator[Session]:
    items = tuple(guess(i) for i in range(1, 7))
    learner.rankings = [Ranking(Revision(0, 0, 0.1, "v", "s"), items)]
    session = make_session(make_dataset(TEXTS, "delivery,broken"), learner=learner, audit=0.0)
    session.update()
    session.ledger.finder.index.start()  # type: ignore[attr-defined]
    session.ledger.finder.index.wait()  # type: ignore[attr-defined]
    session.show_next()
    yield session
    session.ledger.finder.index.close()  # type: ignore[attr-defined]


@pytest.fixture
def sitting(session: Session) -> Sitting:
    return Sitting(session, columns=100, rows=30)


def reasons(conn: Connection) -> dict[int, str]:
    return {a.ticket_id: a.ranked.reason if a.ranked else "" for a in answers.standing(conn, 1)}


def test_a_cluster_comes_when_the_learner_has_it_with_all_rows_marked(
    sitting: Sitting, learner: StillLearner, conn: Connection
) -> None:
    question = sitting.session.question
    assert question is not None
    text = sitting.press("cluster")
    assert "looking…" in text
    assert learner.gathered == [question.ticket.id]
    assert "still looking" in sitting.press("open")
    others = [i for i in (4, 5, 6) if i != question.ticket.id]
    learner.cluster = Cluster(question.ticket.id, tuple(guess(i) for i in others))
    sitting.screen.news()
    text = sitting.read()
    assert text.count("[✓]") == len(others)
    sitting.press("previous")  # from the first row to the last
    assert sitting.press("mark").count("[✓]") == len(others) - 1
    text = sitting.press("open")
    assert "▸ 1 delivery" in text  # what is suggested for them, without the figures of another
    assert "90%" not in text
    sitting.press("label", "1")
    sitting.press("yes")
    assert reasons(conn) == dict.fromkeys(others[:-1], BULK)
    assert sitting.session.question is question or question.ticket.id in others
    sitting.press("undo")
    assert reasons(conn) == {}


def test_an_old_cluster_is_not_taken_for_this_ticket(
    sitting: Sitting, learner: StillLearner
) -> None:
    assert sitting.session.question is not None
    sitting.press("cluster")
    learner.cluster = Cluster(sitting.session.question.ticket.id + 1, (guess(4),))
    sitting.screen.news()
    assert "looking…" in sitting.read()


def test_at_a_random_check_nothing_shows_what_the_model_thinks(
    sitting: Sitting, session: Session, learner: StillLearner
) -> None:
    assert session.question is not None
    audited = Ranked(session.question.ticket.id, reason=AUDIT)
    session.show_instead(replace(session.question, ranked=audited))
    assert "k cluster" not in sitting.read()
    assert "off for a random check" in sitting.press("cluster")
    assert learner.gathered == []
    for action in ("search", "similar", "near"):
        text = sitting.press(action)
        assert "parcel" in text
        assert "90%" not in text
        assert "? delivery" not in text
        sitting.press("cancel")


def test_a_learner_that_failed_is_told_of(sitting: Sitting, learner: StillLearner) -> None:
    learner.status = LearnerStatus("failed", "no")
    assert "no groups" in sitting.press("cluster")


def test_near_duplicates_are_offered_and_answered_at_once(
    sitting: Sitting, session: Session, conn: Connection
) -> None:
    session.revisit(1)
    text = sitting.read()
    assert "2 nearly the same" in text
    assert "= 2 alike" in text
    text = sitting.press("near")
    assert text.count("[✓]") == 2
    sitting.press("open")
    sitting.press("label", "1")
    sitting.press("yes")
    assert reasons(conn) == {2: BULK, 3: BULK}
    assert session.question is not None
    assert session.question.ticket.id == 1


def test_where_there_are_none_the_key_says_so(sitting: Sitting, session: Session) -> None:
    session.revisit(6)
    assert "nearly the same" not in sitting.read()
    assert "no open ticket is nearly the same" in sitting.press("near")


def test_line_by_line(session: Session, learner: StillLearner, conn: Connection) -> None:
    session.revisit(1)
    learner.cluster = None
    learner.gather = lambda ticket_id: setattr(  # type: ignore[method-assign]
        learner, "cluster", Cluster(ticket_id, (guess(4), guess(5)))
    )
    said = talk(session, "near\nanswer 1-2 > delivery\ncluster\nanswer 2 > delivery\nq\n")
    assert "2 tickets nearly the same; `near` lists them" in said
    assert reasons(conn) == {2: BULK, 3: BULK, 5: BULK}
