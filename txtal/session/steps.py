"""Undoing and redoing by steps: one answer, or all that were given together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from txtal.session import questions
from txtal.text import count
from txtal.types import REVIEW, SUSPECT, Question, Undone

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
    """Record again what was undone last, as it was."""
    answers = session.given.step_to_redo()
    if not answers:
        session.notice = "nothing to redo in this session"
        return
    again = {answer.ticket_id for answer in answers}
    following: Following | None = None
    with session.questions.restored_on_failure(), session.ledger.together():
        recorded = session.ledger.redo(answers)
        if session.question is not None and session.question.ticket.id in again:
            following = session.next_or_why()
    session.given.redo(recorded)
    session.updates.poke(recorded[-1].id)
    session.notice = f"redone: {count(len(recorded), 'answer')}"
    if following is not None:
        said = session.notice
        session.present(*following)
        session.notice = session.notice if following[1] else said


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
