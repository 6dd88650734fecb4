"""A ticket that was shown before there was a model gets its suggestion as soon as there is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import MakeDataset, StillLearner
from tests.ui.fakes import Sitting
from tests.ui.test_plain import talk
from txtal.session.session import Session
from txtal.store import answers
from txtal.store.sqlite import Connection
from txtal.types import Ranked, Ranking, Revision
from txtal.ui.display import Display
from txtal.ui.screen import Screen

NAMES = ",".join(f"{what} {how}" for what in ("order", "refund", "card") for how in "abcd")


@pytest.fixture
def learner() -> StillLearner:
    return StillLearner()


Begin = Callable[..., Sitting]


@pytest.fixture
def begin(
    make_dataset: MakeDataset, make_session: Callable[..., Session], learner: StillLearner
) -> Begin:
    def make(labels: str = "delivery,broken", audit: float = 0.0, **task: str) -> Sitting:
        dataset = make_dataset(["where is my parcel", "the kettle is broken"], labels, **task)
        return Sitting(make_session(dataset, learner=learner, audit=audit))

    return make


def rank(sitting: Sitting, learner: StillLearner, label: int = 2, proba: float = 0.7) -> None:
    """Let the first ranking come."""
    question = sitting.session.question
    assert question is not None
    held = (Ranked(question.ticket.id, (label,), ((label, proba), (1, 1 - proba))),)
    revision = Revision(0, 0, 0.1, "v", "s", by_names=True)
    learner.rankings = [Ranking(revision, (), held=held)]
    sitting.screen.news()


def test_it_comes_late_and_is_accepted(
    begin: Begin, learner: StillLearner, conn: Connection
) -> None:
    sitting = begin()
    ticket = sitting.session.question
    assert ticket is not None
    assert "▸" not in sitting.read()
    sitting.press("help")
    rank(sitting, learner)
    assert sitting.screen.look.mode == "help"  # what is read stays
    assert "▸ broken, going by the label's name" in sitting.press("close_help")
    sitting.press("accept")
    given = answers.standing(conn, 1)[0]
    assert (given.ticket_id, given.labels) == (ticket.ticket.id, (2,))
    # What was seen can't measure the model: the draw doesn't count as a random one.
    assert given.ranked is not None
    assert given.ranked.selection_probability is None


def test_a_key_before_it_is_drawn_is_refused_in_words(
    begin: Begin, learner: StillLearner, conn: Connection
) -> None:
    sitting = begin()
    sitting.read()
    rank(sitting, learner)
    sitting.screen.press("label", "1")
    assert "too fast" in sitting.read()
    assert not answers.standing(conn, 1)
    sitting.screen.press("label", "1")
    assert [given.labels for given in answers.standing(conn, 1)] == [(1,)]


def test_the_keys_of_many_labels_stay(begin: Begin, learner: StillLearner) -> None:
    sitting = begin(NAMES)
    before = dict(sitting.screen.keyboard.offered(sitting.session))
    rank(sitting, learner, label=12)
    assert "▸ card d" in sitting.read()
    assert sitting.screen.keyboard.offered(sitting.session) == before


def test_of_several_labels_none_is_chosen_meanwhile(begin: Begin, learner: StillLearner) -> None:
    sitting = begin(task="multilabel")
    sitting.read()
    rank(sitting, learner, proba=0.9)
    text = sitting.read()
    assert "90%" in text
    assert "chosen: none" in text


def test_a_random_check_stays_without(begin: Begin, learner: StillLearner) -> None:
    sitting = begin(audit=1.0)
    sitting.read()
    rank(sitting, learner)
    assert "70%" not in sitting.read()
    assert "▸" not in sitting.read()


def test_the_line_mode_says_it_without_reading_the_ticket_again(
    begin: Begin, learner: StillLearner
) -> None:
    sitting = begin()
    question = sitting.session.question
    assert question is not None
    held = (Ranked(question.ticket.id, (2,), ((2, 0.7), (1, 0.3))),)
    named = Ranking(Revision(0, 0, 0.1, "v", "s", by_names=True), (), held=held)

    arriving = iter([None, named])  # after the ticket was read out
    learner.poll = lambda: next(arriving, None)  # type: ignore[method-assign]
    said = talk(sitting.session, "flag", "q")
    assert said.count(question.ticket.text) == 1
    assert "suggested: broken, going by the label's name" in said


@pytest.mark.parametrize(("action", "typed", "early"), [("label", "1", 1), ("accept", "", 0)])
def test_a_suggestion_that_comes_late_keeps_no_label_from_being_recorded(
    make_dataset: MakeDataset,
    make_session: Callable[..., Session],
    learner: StillLearner,
    action: str,
    typed: str,
    early: int,
) -> None:
    """The ticket has been seen, the suggestion hasn't: only what answers to it is too fast."""
    dataset = make_dataset(["where is my parcel", "the kettle is broken"], "delivery,broken")
    session = make_session(dataset, learner=learner, audit=0.0)
    session.begin()
    now = [0.0]
    screen = Screen(session, Display("d"), pytest.fail, clock=lambda: now[0])
    screen.draw(80, 24)
    now[0] += 1.0
    assert session.question is not None
    held = (Ranked(session.question.ticket.id, (2,), ((2, 0.7), (1, 0.3))),)
    learner.rankings = [Ranking(Revision(0, 0, 0.1, "v", "s", by_names=True), (), held=held)]
    screen.news()
    screen.draw(80, 24)
    now[0] += 0.03
    screen.press(action, typed)
    assert session.count == early
    now[0] += 0.1
    screen.draw(80, 24)
    now[0] += 0.1
    screen.press(action, typed)
    assert session.count == early + 1
