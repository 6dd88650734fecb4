"""Why the model suggests a label: asked of the learner, and there a moment later."""

from __future__ import annotations

from txtal.session.session import Session
from txtal.types import Explanation


def ask_why(session: Session) -> None:
    """Have the learner find out which words speak for the suggestion."""
    learner, question, label = (
        session.background.learner,
        session.question,
        session.current.explained,
    )
    if learner and question and label is not None:
        learner.explain(question.ticket.id, label)


def explanation(session: Session) -> Explanation | None:
    """Return why, for the ticket at hand, once the learner has said so."""
    learner, question = session.background.learner, session.question
    found = learner.explanation if learner else None
    if found is None or question is None or found.ticket_id != question.ticket.id:
        return None
    return found
