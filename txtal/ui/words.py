"""What there is to say of a session, as plain text: the screen and the plain mode both say it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from txtal.session import lookup
from txtal.session.session import Session
from txtal.text import clean, count, shorten
from txtal.text import percent as in_percent
from txtal.types import (
    ONE_OF,
    Answer,
    Found,
    Question,
    Relabelled,
    Scheme,
    grades,
    reasons,
)
from txtal.types.conversation import THREAD, messages
from txtal.ui.modes import Purpose

_READING = ("starting", "vectorising", "training")
"""What the learner is about while the first suggestions are to come."""
_META_KEYS = 20
_META_KEY, _META_VALUE, _WHOLE_META_VALUE = 24, 40, 200
_NAME = 200
_ANNOTATOR = 30
_NOTICE = 600
_EXCERPT = 400
_SHARES = 5
_OTHERS = 3
_WHOLE = 0.9
"""Sum of a ticket's probabilities from which they count as those of the whole scale."""
_CLOSE = 0.2
"""How far apart two labels are at most that the model is unsure between."""
_OPEN = 0.2
"""How far from one half the probability of a label is at most that it is unsure about."""


@lru_cache(maxsize=1024)
def label_name(name: str) -> str:
    """A label's name, safe to show."""
    return clean(shorten(name, _NAME))


def labels(scheme: Scheme, ids: tuple[int, ...]) -> str:
    """The names of these labels, or ``none``."""
    return ", ".join(label_name(scheme.names.get(i, f"label {i}")) for i in ids) or "none"


Sign = Literal["✓", "≠", "?", "·"]
"""How a ticket of a list stands."""

SIGNS: Mapping[Sign, str] = {
    "✓": "answered",
    "≠": "not as suggested",
    "?": "in doubt",
    "·": "not answered",
}

QUERY_FORMS = (
    'words, or "a phrase"',
    "label:NAME, or by:NAME",
    "is:open, is:unsure or is:flagged",
    "KEY:VALUE of meta, such as lang:en",
)
QUERY_HELP = ", ".join(QUERY_FORMS)


def said_of(session: Session, found: Found) -> str:
    """What was answered, ``refund`` or ``not refund``, or what would be suggested: ``? refund``."""
    answer = found.answer
    if answer is None:
        guess = found.ranked.suggestion if found.ranked else ()
        return f"? {labels(session.scheme, guess)}" if guess else "·"
    flag = " ⚑" if answer.flagged else ""
    if answer.verdict == "ignore":
        return f"ignored{flag}"
    name = labels(session.scheme, answer.labels)
    return f"{name if answer.verdict == 'accept' else f'not {name}'}{flag}"


def named_of(session: Session, found: Found) -> str:
    """Return what was answered or would be suggested, as in a list that has its sign beside it."""
    return said_of(session, found).removeprefix("? ").removeprefix("·")


def sign_of(session: Session, found: Found) -> Sign:
    """Return the sign of a ticket in a list: see :data:`SIGNS`."""
    answer = found.answer
    if answer is not None:
        then = thought_of(answer)
        return "≠" if then and answer.verdict == "accept" and then != answer.labels else "✓"
    if found.ranked is None or not found.ranked.suggestion:
        return "·"
    unsure = unsure_about(session.scheme, Question(found.ticket, found.ranked))
    return "?" if set(unsure) & {*found.ranked.suggestion} else "·"


def thought_of(answer: Answer) -> tuple[int, ...]:
    """Return what the model suggested when the answer was given: before it could learn of it."""
    if answer.ranked is None or not answer.ranked.probabilities:
        return ()
    return answer.ranked.suggestion[: None if len(answer.labels) > 1 else 1]


def probability_of(found: Found) -> str:
    """Return the model's probability of the suggestion, or then of the answer: ``62%``."""
    answer = found.answer
    ranked = answer.ranked if answer else found.ranked
    if ranked is None or not ranked.probabilities:
        return ""
    wanted = answer.labels[:1] if answer else ranked.suggestion[:1]
    probabilities = dict(ranked.probabilities)
    return percent(probabilities[wanted[0]]) if wanted and wanted[0] in probabilities else ""


def of_answers(done: Relabelled) -> list[str]:
    """Return what a change of the labels did to answers; nothing where it did nothing."""
    said = []
    if done.undone:
        said.append(f"{count(len(done.undone), 'answer')} undone, to be given again")
    if done.restored:
        said.append(f"{count(len(done.restored), 'answer')} restored")
    if done.counted:
        said.append(f"{count(done.counted, 'answer')} given to its parts now count as the whole")
    return said


def prompt(scheme: Scheme, purpose: Purpose, subject: int) -> str:
    """What stands before a line that is typed."""
    name = label_name(scheme.names.get(subject, ""))
    return {
        "answer": f"{scheme.noun}: " if scheme.scored or not scheme.labels else "find: ",
        "comment": "comment: ",
        "rename": f"rename {name} to: ",
        "describe": f"{name} is for: ",
        "merge": f"merge {name} into: ",
        "bulk": f"answer {subject} with: ",
        "split": f"split {name} into, with commas: ",
        "history": "answers: ",
        "search": "tickets: ",
        "similar": "more like it: ",
        "near": "nearly the same: ",
        "cluster": "cluster: ",
    }[purpose]


def percent(proba: float) -> str:
    """Return a probability for people: never quite certain. ``62%``."""
    return "?" if proba != proba else in_percent(proba, 0)


def rival(session: Session, question: Question) -> str:
    """Return the label that is close behind the suggestion, ``account 33%``; empty if none is."""
    unsure = unsure_about(session.scheme, question)
    if session.scheme.task != "exclusive" or len(unsure) < 2:
        return ""
    other = next((i for i in unsure if i not in question.ranked.suggestion[:1]), unsure[1])
    return (
        f"{labels(session.scheme, (other,))} {percent(dict(question.ranked.probabilities)[other])}"
    )


def who_said(session: Session, question: Question) -> list[str]:
    """Return what each annotator said, a line each: ``robin: refund “paid twice”``; in a review."""
    return [_said_by(session, answer) for answer in question.said]


def _said_by(session: Session, answer: Answer) -> str:
    comment = f" “{clean_comment(answer.comment)}”" if answer.comment else ""
    flag = " ⚑" if answer.flagged else ""
    if answer.verdict == "ignore":
        said = "ignored"
    elif session.scheme.task == "binary":
        said = "yes" if answer.verdict == "accept" else "no"
    else:
        named = labels(session.scheme, session.scheme.now(answer.labels))
        said = named if answer.verdict == "accept" else f"not {named}"
    return f"{clean(shorten(answer.annotator, _ANNOTATOR))}: {said}{flag}{comment}"


def _majority(session: Session, question: Question) -> str:
    """What more than half of the annotators named; empty where nothing is."""
    named = question.ranked.suggestion
    votes = sum({*named} <= {*answer.labels} for answer in question.said)
    of = sum(answer.verdict != "ignore" for answer in question.said)
    return f"{labels(session.scheme, named)}, said by {votes} of {of}" if named else ""


def suggestion(session: Session, question: Question) -> str:
    """What the model would answer, with its probability; empty when there is no model yet.

    In a review, what most annotators said.
    """
    if question.said:
        return "" if session.scheme.task == "binary" else _majority(session, question)
    probabilities = dict(question.ranked.probabilities)
    if session.scheme.task == "binary":
        return "".join(
            f"{percent(probabilities[i])} yes" for i in session.scheme.ids if i in probabilities
        )
    if session.scheme.task == "rating":
        return "".join(_grade(i, session.scheme, probabilities) for i in question.ranked.suggestion)
    if session.ranking is not None and session.ranking.revision.by_names:
        # Nothing has borne it out yet: no figure that looks sure.
        there = tuple(i for i in question.ranked.suggestion if i in session.scheme.ids)
        return f"{labels(session.scheme, there)}, going by the label's name" if there else ""
    return ", ".join(
        f"{labels(session.scheme, (i,))} {percent(probabilities[i])}"
        if i in probabilities
        else labels(session.scheme, (i,))
        for i in question.ranked.suggestion
        if i in session.scheme.ids
    )


def _grade(suggested: int, scheme: Scheme, probabilities: Mapping[int, float]) -> str:
    """``grade 4 (90%: 3–5)``: and between which it is, nine times in ten."""
    said = f"{grades.noun(scheme.labels)} {labels(scheme, (suggested,))}"
    low, high = _between(scheme, probabilities)
    if low > high:
        return said
    ends = (scheme.labels[place].name for place in (low, high))
    return f"{said} ({grades.LEVEL:.0%}: {'–'.join(ends)})"


def interval(scheme: Scheme, question: Question) -> tuple[int, int]:
    """Between which numbers of the scale, counted from 0, it is; 1, 0 where that is unknown."""
    return _between(scheme, dict(question.ranked.probabilities))


def _between(scheme: Scheme, probabilities: Mapping[int, float]) -> tuple[int, int]:
    if sum(probabilities.get(label, 0.0) for label in scheme.ids) < _WHOLE:
        return 1, 0  # of more labels than come with a ticket, or of another scale
    return grades.between(probabilities.get(label, 0.0) for label in scheme.ids)


def no_suggestion(session: Session, question: Question) -> str:
    """Why there is no suggestion."""
    if not session.scheme.labels:
        return "no labels yet"
    if session.policy.order == "file":
        return ""
    if question.said:
        return "no majority"
    if question.ranked.reason == reasons.CHECK:
        return "random check of the model's labels, so no suggestion"
    if reasons.blind(question.ranked.reason):
        return "random check: measures accuracy, so no suggestion"
    known = question.ranked.probabilities
    learner = session.background.learner
    if session.ranking is None and learner and learner.status.state in _READING:
        return "no suggestion yet: the tickets are being read"
    revision = session.ranking.revision if session.ranking else None
    if revision is None:
        return "no suggestion yet"
    if revision.by_names and question.revision is None:
        return "no suggestion yet: from the next ticket on, by the labels' names"
    if revision.note and not known:
        return f"no suggestion yet: {clean(shorten(revision.note, 80))}"
    if session.scheme.task == "multilabel" and question.revision is not None:
        return "no label suggested"
    return "no suggestion yet"


def excerpt(text: str) -> str:
    """The beginning of a ticket in one line, safe to show."""
    return clean(" ".join(shorten(text, _EXCERPT).split()))


def clean_comment(comment: str) -> str:
    """A comment, or what is typed of one, safe to show in one line."""
    return clean(shorten(comment, _NAME))


def why(session: Session, question: Question) -> str:
    """Return why this ticket is shown: ``the model is unsure between refund and billing``."""
    unsure = [label_name(session.scheme.names[i]) for i in unsure_about(session.scheme, question)]
    return clean(shorten(reasons.words(question.ranked.reason, unsure), _NOTICE))


def unsure_about(scheme: Scheme, question: Question) -> tuple[int, ...]:
    """Return the one or two labels that the model is unsure about; none where it is sure."""
    if question.said or scheme.scored:
        return ()  # its probabilities are votes, or of scores that are as good as each other
    known = [(i, proba) for i, proba in question.ranked.probabilities if i in scheme.names]
    if scheme.task == "multilabel":
        open_ones = [(abs(proba - 0.5), i) for i, proba in known if abs(proba - 0.5) <= _OPEN]
        return tuple(i for _, i in sorted(open_ones)[:2])
    if scheme.task in ONE_OF and len(known) > 1 and known[0][1] - known[1][1] <= _CLOSE:
        return known[0][0], known[1][0]
    return ()


def picked_because(session: Session, question: Question) -> str:
    """Return why, with score and place: ``random pick, score 0.91, no. 3 of 50 in the queue``."""
    ranked, items = question.ranked, session.ranking.items if session.ranking else ()
    parts = [why(session, question)]
    if ranked.score is not None:
        parts.append(f"score {ranked.score:.3g} ({clean(shorten(ranked.reason, 40))})")
    ids = [item.ticket_id for item in items]
    if ranked.ticket_id in ids:
        parts.append(f"no. {ids.index(ranked.ticket_id) + 1} of {len(ids)} in the queue")
    if question.revision is not None:
        parts.append(f"model v{question.revision}")
    return ", ".join(parts)


def probabilities(session: Session, question: Question) -> str:
    """Return the most probable labels: ``refund 62%, billing 30%``; of a score its interval."""
    if session.scheme.scored:
        return suggestion(session, question)
    return ", ".join(
        f"{labels(session.scheme, (label,))} {percent(share)}"
        for label, share in question.ranked.probabilities[:_SHARES]
    )


def previous(session: Session, question: Question) -> str:
    """Return the answer before: ``was: accept refund``, and what a merge has retired of it."""
    if question.previous is None:
        return ""
    verdict, given = question.previous.verdict, question.previous.labels
    if verdict == "ignore":
        return f"was: {verdict}"
    said = f"was: {verdict} {labels(session.scheme, session.scheme.now(given))}"
    gone = tuple(i for i in given if i in session.scheme.merged)
    return f"{said} (given as {labels(session.scheme, gone)})" if gone else said


def meta(session: Session, values: Mapping[str, Any], *, whole: bool = False) -> tuple[str, ...]:
    """A ticket's meta, each ``lang: en``; what is empty or alike in all tickets only if ``whole``.

    Long values are shortened, less so where the ``whole`` is read.
    """
    shown = {key: value for key, value in values.items() if key != THREAD}
    if THREAD in values and not messages(values):
        shown = dict(values)  # an id, or whatever else it is
    if not whole:
        usual = lookup.shared_meta(session.ledger.finder)
        shown = {
            key: value
            for key, value in shown.items()
            if value not in _EMPTY and not (key in usual and usual[key] == value)
        }
    most = _WHOLE_META_VALUE if whole else _META_VALUE
    items = [
        f"{clean(shorten(str(key), _META_KEY))}: {clean(shorten(_compact(value), most))}"
        for key, value in islice(shown.items(), _META_KEYS)
    ]
    if len(shown) > _META_KEYS:
        items.append(f"… {len(shown) - _META_KEYS} more")
    return tuple(items)


_EMPTY: tuple[Any, ...] = (None, "", [], {})


def _compact(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    return json.dumps(value, ensure_ascii=False, default=str, separators=(", ", ":"))
