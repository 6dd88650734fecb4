"""Undoing and redoing by steps: one answer, or all that were given together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from txtal.session import questions
from txtal.text import count
from txtal.types import REVIEW, SUSPECT, Question, Redoing, Undone

if TYPE_CHECKING:
    from txtal.session.session import Following, Session


def undo(session: Session) -> None:
    """Undo the annotator's newest step, of whatever session; show the ticket of one answer."""
    with session.ledger.together():
        undone = session.ledger.undo()
        question = _reopened(session, undone) if undone else None
    if undone is None:
        session.notice = "nothing to undo"
        return
    if question is not None:
        session.show_instead(question)
        session.notice = "undone; answer it again"
    else:
        session.notice = f"{len(undone.answers)} answers undone, as they were given: together"
    session.given.undo(undone.rows, undone.answers)
    session.updates.poke(undone.rows[-1])


def redo(session: Session) -> None:
    """Record the step that the annotator undid last again, of whatever session, as it was."""
    following: Following | None = None
    with session.questions.restored_on_failure(), session.ledger.together():
        redone = session.ledger.redo()
        again = {answer.ticket_id for answer in redone.answers}
        if session.question is not None and session.question.ticket.id in again:
            following = session.next_or_why()
    if redone.answers:
        session.given.add_all(redone.answers)
        session.updates.poke(redone.answers[-1].id)
    session.notice = _redone(session, redone)
    if following is not None:
        said = session.notice
        session.present(*following)
        session.notice = session.notice if following[1] else said


def _redone(session: Session, redone: Redoing) -> str:
    """Say what was redone, with the label if they have one in common, and what wasn't."""
    left = [f"{count(number, 'ticket')} {why}" for why, number in redone.left.items()]
    stays = f"left undone: {', '.join(left)}"
    if not redone.answers:
        return stays if left else "nothing to redo: you have undone nothing since your last answer"
    names = session.scheme.names
    given = {
        ", ".join(names[i] for i in session.scheme.now(one.labels)) or one.verdict
        for one in redone.answers
    }
    said = f"redone: {count(len(redone.answers), 'answer')}"
    label = f" ({given.pop()})" if len(given) == 1 else ""
    return f"{said}{label}; {stays}" if left else f"{said}{label}"


def _reopened(session: Session, undone: Undone) -> Question | None:
    """The question again: with the answer undone, or with the one that it had replaced.

    None where several answers were undone at once.
    """
    if len(undone.answers) > 1:
        return None
    question = questions.reopened(undone.ticket, undone.answers[0])
    if question.ranked.reason == SUSPECT:
        found = session.ledger.tickets.hold(undone.ticket.id)
        return replace(question, previous=found.answer if found else None)
    if question.ranked.reason == REVIEW:
        said = session.ledger.disputes.said(undone.ticket.id)
        return replace(question, ranked=questions.disputed_as(said), said=said)
    return question
