"""A random check shows nothing of what the model thinks, wherever one looks; other tickets do."""

from __future__ import annotations

import pytest

from tests.conftest import StillLearner
from tests.ui.fakes import FEW, MANY, Sitting, make_session
from tests.ui.test_plain import talk
from txtal.session.session import Session
from txtal.types import AUDIT, TASKS, Explanation, Ranked, Ranking, Revision, Task

PLACES = ("why", "pick", "standing", "search", "similar", "history", "notices", "whole", "side")
GRADES = ("1", "2", "3")


def asked(task: Task, labels: tuple[str, ...], *, audit: float) -> Session:
    """A session at a ticket of which the model has much to say."""
    learner = StillLearner()
    session = make_session(["zero", "one", "two"], labels, task, learner=learner, audit=audit)
    probabilities = ((2, 0.62), (3, 0.31), (1, 0.07)) if len(labels) > 1 else ((1, 0.62),)
    items = tuple(Ranked(i, probabilities[0][:1], probabilities, "margin") for i in (2, 3))
    checks = tuple(Ranked(i, probabilities[0][:1], probabilities, AUDIT) for i in (2, 3))
    learner.rankings.append(Ranking(Revision(1, 0, 0.2, "v", "margin"), items, checks))
    learner.explanation = Explanation(2, probabilities[0][0], (("one", 1.5),))
    session.update()
    session.ignore()
    return session


def labels_for(task: Task) -> tuple[str, ...]:
    return {"binary": FEW[:1], "rating": GRADES}.get(task, FEW)


def tells(said: str) -> bool:
    """Whether anything of the model's opinion is in it."""
    return any(
        sign in said
        for sign in ("62%", "31%", "suggested:", "+1.5", "Why refund", "Why billing", "Why grade")
    )


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("columns", [80, 160])
def test_the_screen(task: Task, columns: int) -> None:
    for audit in (1.0, 0.0):
        session = asked(task, labels_for(task), audit=audit)
        assert session.question is not None
        assert (session.question.ranked.reason == AUDIT) == bool(audit)
        told = ""
        for place in PLACES:
            sitting = Sitting(session, columns=columns, rows=30)
            told += sitting.read() + sitting.press(place)
        assert tells(told) != bool(audit)
        assert ("random check" in told) == bool(audit)


@pytest.mark.parametrize("task", TASKS)
def test_the_line_mode(task: Task) -> None:
    for audit in (1.0, 0.0):
        session = asked(task, labels_for(task), audit=audit)
        said = talk(session, "why", "labels", "info", "search", "similar", "status", "view")
        assert tells(said) != bool(audit)
        assert ("random check" in said) == bool(audit)


def test_what_accept_would_record_is_nothing() -> None:
    for task in TASKS:
        session = asked(task, labels_for(task), audit=1.0)
        kept = session.current.suggestion
        assert kept == ((1,) if task == "binary" else ())
        assert session.current.chosen == ()


def order_of(session: Session, listed: str) -> list[str]:
    names = [label.name for label in session.scheme.labels]
    return sorted((name for name in names if name in listed), key=listed.index)


def test_few_labels_are_listed_in_their_own_order_and_many_by_their_keys() -> None:
    """More than nine labels have no digits of their own: the nine most probable have them."""
    few = asked("exclusive", FEW, audit=1.0)
    assert order_of(few, Sitting(few).press("pick")) == list(FEW)
    openly = asked("exclusive", FEW, audit=0.0)
    listed = Sitting(openly).press("pick").partition("62%")[0]
    assert FEW[1] in listed
    many = asked("exclusive", MANY, audit=1.0)
    assert list(Sitting(many).screen.keyboard.offered(many).values())[:3] == [2, 3, 1]
