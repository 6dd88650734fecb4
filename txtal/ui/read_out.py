"""What the line mode says: a question with everything on it, the prompt, the help, receipts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from txtal.recipes.extensions import Extension, Shown
from txtal.session.session import Session
from txtal.text import clean, shorten
from txtal.types import Label, Question, reasons
from txtal.types.conversation import messages
from txtal.types.grades import noun, span
from txtal.ui import keys, standing, words
from txtal.ui.keys import Action

if TYPE_CHECKING:
    from txtal.ui.keyboard import Keyboard

_TEXT = 4_000
"""Characters of a ticket read out at first."""
_COLUMN = 26
_MESSAGES = 3
"""Messages before a ticket that are read out with it."""
_LONGEST = 600


def safe(text: str) -> str:
    """Return a message, safe to say."""
    return clean(shorten(text, _LONGEST))


def panel(shown: Shown) -> str:
    """Return a panel's text, safe to say."""
    return clean(shorten(shown.text, _TEXT), newlines=True)


def question_lines(
    session: Session, question: Question, extension: Extension, keyboard: Keyboard
) -> Iterator[str]:
    """The ticket, its meta, the suggestion and the labels."""
    shown = extension.rendered(question.ticket)
    said = standing.progress(session)
    yield f"\n({said})" if session.background.inflow else f"\n({said} answered)"
    if not shown.alone:
        yield from thread_lines(question)
    yield clean(shown.text[:_TEXT], newlines=True)
    if len(shown.text) > _TEXT:
        yield f"({len(shown.text) - _TEXT:,} more characters; v reads them all)"
    yield ""
    yield from filter(
        None,
        (
            "" if shown.alone else " · ".join(words.meta(session, question.ticket.meta)),
            *(f"{clean(one.title)}: {panel(more)}" for one, more in extension.standing()),
            *words.who_said(session, question),
            suggested(session, question),
            words.previous(session, question),
            "synthetic: nobody sent this, it is composed of two tickets"
            if question.ticket.synthetic
            else "",
        ),
    )
    if session.scheme.task != "binary":
        yield from label_lines(session, question, keyboard)


def thread_lines(question: Question) -> Iterator[str]:
    """The newest messages before the ticket, a line each, and how many more there are."""
    said = messages(question.ticket.meta)
    if len(said) > _MESSAGES:
        yield f"({len(said) - _MESSAGES} earlier; `thread` reads out all)"
    for one in said[-_MESSAGES:]:
        yield f"  {words.excerpt(one)}"
    if said:
        yield ""


def suggested(session: Session, question: Question) -> str:
    """Return the question, or the suggestion, and why the ticket is shown."""
    said = words.suggestion(session, question)
    if session.scheme.task == "binary":
        name = words.labels(session.scheme, session.scheme.ids)
        said = f"is this {name}?" + (f" suggested: {said}" if said else "")
    elif said:
        said = f"suggested: {said}"
    else:
        said = words.no_suggestion(session, question)
        if reasons.blind(question.ranked.reason):
            return said
    return f"{said} ({words.why(session, question)})".lstrip()


def label_lines(session: Session, question: Question, keyboard: Keyboard) -> Iterator[str]:
    """``1 refund 62%``, and how many labels have no number."""
    scheme, offered = session.scheme, keyboard.offered(session)
    probabilities = dict(question.ranked.probabilities)
    for key, i in offered.items():
        share = f" {words.percent(probabilities[i])}" if i in probabilities else ""
        yield _label_line(session, key, scheme.label(i)) + share
    more = len(scheme.ids) - len(offered)
    if scheme.scored:
        yield f"a number, {span([label.name for label in scheme.labels])}"
    elif more:
        yield f"and {more} more: type a name, or / and a part of it"


def _label_line(session: Session, key: str, label: Label) -> str:
    """``1 refund``; a grade is its own number, and may have a description: ``5 excellent``."""
    if session.scheme.task == "rating":
        return " ".join(filter(None, (label.name, words.label_name(label.description))))
    return f"{key} {words.label_name(label.name)}"


def prompt(session: Session) -> str:
    """What may be typed, in short."""
    task = session.scheme.task
    if session.question is None:
        return "[u/q, enter looks again]: "
    if not session.scheme.labels:
        return "no labels yet; the name you type is the first, and the answer [name/space/?/q]: "
    if task == "binary":
        return "answer [a yes/x no/space/u/f/?/q]: "
    if task == "rating":
        return f"answer [a/x/space/{noun(session.scheme.labels)}/u/f/?/q]: "
    chosen = f"chosen: {words.labels(session.scheme, session.current.chosen)}. "
    return f"{chosen if task == 'multilabel' else ''}answer [a/x/space/number/name/u/f/?/q]: "


def help_lines(session: Session, actions: Iterable[Action]) -> Iterator[str]:
    """Every command of the task, with what it does."""
    for action in keys.typeable(session.scheme.task, tuple(actions)):
        yield f"{action.typed:<{_COLUMN}} {action.help}"
    yield f"QUERY: {words.QUERY_HELP}"


def status(session: Session) -> str:
    """What the screen has in its status line."""
    said = (
        f"{standing.progress(session)} answered",
        f"{session.count:,} this session",
        standing.saved(session),
        standing.model(session),
        standing.accuracy(session),
    )
    return "; ".join(part for part in said if part)


def receipt(session: Session) -> str:
    """What is on disk now: ``saved 14:02:11 #312, accept refund``."""
    answer = session.saved
    if answer is None:
        return ""
    said = f"{standing.saved(session)}, {answer.verdict}"
    names = words.labels(session.scheme, answer.labels)
    return said if answer.verdict == "ignore" else f"{said} {names}"
