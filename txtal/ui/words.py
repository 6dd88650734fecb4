"""What there is to say of a session, as plain text: the screen and the plain mode both say it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from txtal.session.session import Session
from txtal.text import clean, count, shorten
from txtal.types import (
    ONE_OF,
    Estimate,
    Found,
    LearnerStatus,
    Question,
    Relabelled,
    Scheme,
    Standing,
    Task,
    reasons,
)
from txtal.ui.modes import Purpose

_OFF = LearnerStatus("off")
_META_KEYS = 20
_META_KEY, _META_VALUE = 24, 60
_NAME = 200
_NOTICE = 600
_EXCERPT = 400
_SHARES = 5
_OTHERS = 3
_CLOSE = 0.3
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


QUERY_HELP = (
    'words, "a phrase", label:NAME, by:NAME, is:open, is:unsure, is:flagged, or KEY:VALUE of meta'
)


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
        "answer": "find: ",
        "comment": "comment: ",
        "rename": f"rename {name} to: ",
        "describe": f"{name} is for: ",
        "merge": f"merge {name} into: ",
        "split": f"split {name} into, with commas: ",
        "history": "answers: ",
        "search": "tickets: ",
        "similar": "like this one: ",
    }[purpose]


def percent(share: float) -> str:
    """A probability for people: never quite certain. ``62 %``."""
    if share != share:
        return "?"
    return f"{min(99, max(1, round(100 * share))) if 0 < share < 1 else round(100 * share)} %"


def suggestion(session: Session, question: Question) -> str:
    """What the model would answer, with its probability; empty when there is no model yet."""
    likely = dict(question.ranked.probabilities)
    if session.scheme.task == "binary":
        return "".join(f"{percent(likely[i])} yes" for i in session.scheme.ids if i in likely)
    if session.scheme.task == "rating":
        return "".join(_grade(i, session.scheme, likely) for i in question.ranked.suggestion)
    return ", ".join(
        f"{labels(session.scheme, (i,))} {percent(likely[i])}"
        if i in likely
        else labels(session.scheme, (i,))
        for i in question.ranked.suggestion
        if i in session.scheme.ids
    )


def _grade(suggested: int, scheme: Scheme, likely: Mapping[int, float]) -> str:
    """``grade 4, give or take 0.8``: by how much it would be off in the mean."""
    name = labels(scheme, (suggested,))
    place = {label: number for number, label in enumerate(scheme.ids)}
    if likely.keys() != place.keys():
        return f"grade {name}"
    off = sum(p * abs(place[i] - place[suggested]) for i, p in likely.items())
    return f"grade {name}, give or take {off:.1f}"


def no_suggestion(session: Session, question: Question) -> str:
    """Why there is no suggestion."""
    if session.policy.order == "file":
        return ""
    known = question.ranked.probabilities
    if session.ranking and session.ranking.revision.note and not known:
        return f"no suggestion yet: {clean(shorten(session.ranking.revision.note, 80))}"
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
    known = [(i, proba) for i, proba in question.ranked.probabilities if i in scheme.names]
    if scheme.task == "multilabel":
        open_ones = [(abs(proba - 0.5), i) for i, proba in known if abs(proba - 0.5) <= _OPEN]
        return tuple(i for _, i in sorted(open_ones)[:2])
    if scheme.task in ONE_OF and len(known) > 1 and known[0][1] - known[1][1] <= _CLOSE:
        return known[0][0], known[1][0]
    return ()


def asked_because(session: Session, question: Question) -> str:
    """Why this ticket, with its score and place: ``asked by margin, score 0.91, 3rd of 50``."""
    ranked, items = question.ranked, session.ranking.items if session.ranking else ()
    parts = [why(session, question)]
    if ranked.score is not None:
        parts.append(f"score {ranked.score:.3g}")
    ids = [item.ticket_id for item in items]
    if ranked.ticket_id in ids:
        parts.append(f"number {ids.index(ranked.ticket_id) + 1} of {len(ids)} ranked")
    if question.revision is not None:
        parts.append(f"by revision {question.revision} of the model")
    return ", ".join(parts)


def shares(session: Session, question: Question) -> str:
    """The likeliest labels: ``refund 62 %, billing 30 %``."""
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


def meta(values: Mapping[str, Any]) -> str:
    """A ticket's meta in one line: ``source: email · lang: en``."""
    return " · ".join(_meta_items(values))


def _meta_items(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in islice(values.items(), _META_KEYS):
        name, said = shorten(str(key), _META_KEY), shorten(_compact(value), _META_VALUE)
        yield f"{clean(name)}: {clean(said)}"
    if len(values) > _META_KEYS:
        yield f"… {len(values) - _META_KEYS} more"


def _compact(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str, separators=(", ", ":"))


def stream(session: Session, *, brief: bool = False) -> str:
    """``12 wait, 31 of 340 asked``: of what arrived; with what has no decision yet, if any."""
    if session.background.inflow is None:
        return ""
    standing = session.background.inflow.standing
    asked = f"{standing.spent.asked:,} of {standing.spent.decided:,} asked"
    scoring = f", {standing.unsettled:,} to be scored" if standing.unsettled else ""
    wait = f"{standing.waiting:,} wait{'s' if standing.waiting == 1 else ''}"
    return wait if brief else f"{wait}, {asked}{scoring}"


def progress(session: Session) -> str:
    """``312 of 5,000``: answered, by anyone, of all; of a stream, where that stands."""
    if session.background.inflow is not None:
        return stream(session)
    total = session.ledger.total
    return f"{total - session.ledger.open:,} of {total:,}"


def loading(session: Session) -> str:
    """``loading 34 %``: of a file that is loaded behind the session."""
    news = session.updates.loading
    if news is None or news.state != "loading":
        return ""
    return f"loading {percent(news.progress)}" if news.progress else "loading"


def others(session: Session, *, brief: bool = False) -> str:
    """``ana 120, bo 88``: what others have answered; in brief ``others 208``."""
    counts = sorted(session.ledger.others.items(), key=lambda item: -item[1])
    if not counts:
        return ""
    if brief:
        return f"others {sum(number for _, number in counts):,}"
    named = [f"{clean(shorten(name, 12))} {number:,}" for name, number in counts[:_OTHERS]]
    more = len(counts) - _OTHERS
    return ", ".join(named) + (f", {more} more" if more > 0 else "")


def saved(session: Session, *, number: bool = True) -> str:
    """``saved 14:02:11 #312``: the newest answer on disk, in local time."""
    if session.saved is None:
        return ""
    at = time.strftime("%H:%M:%S", time.localtime(session.saved.answered))
    return f"saved {at} #{session.saved.id}" if number else f"saved {at}"


def model(session: Session, seconds: int = 0, *, brief: bool = False) -> str:
    """Where the model is: ``model r12, 1 behind``, ``vectorising 45 %``."""
    if session.policy.order == "file":
        return "file order"
    status = session.background.learner.status if session.background.learner else _OFF
    busy = _busy(status, seconds, has_model=session.ranking is not None)
    if session.ranking is None:
        return busy or "no model yet"
    name = f"r{session.updates.revision}" if brief else f"model r{session.updates.revision}"
    behind = f", {session.behind} behind" if session.behind else ""
    return f"{name}{behind} ({busy})" if busy and not brief else f"{name}{behind}"


def settings(session: Session) -> str:
    """How the model was made: ``auto, lexical+static@en; the usual settings: none of …``."""
    if session.ranking is None:
        return ""
    revision = session.ranking.revision
    made = f"{revision.strategy}, {revision.vectoriser}"
    return clean(f"{made}; {revision.note}" if revision.note else made)


def _busy(status: LearnerStatus, seconds: int, *, has_model: bool) -> str:
    """What the learner is about; a fit of under a second isn't worth the flicker."""
    brief = status.state == "training" and has_model and not seconds
    if brief or status.state in ("off", "ready"):
        return ""
    if status.state == "failed":
        return "failed" if has_model else "failed: random order"
    if status.progress is not None:
        return f"{status.state} {percent(status.progress)}"
    return f"{status.state} {seconds} s" if seconds else status.state


def learner_trouble(session: Session) -> str:
    """Why the learner failed or is being restarted; empty when all is well."""
    status = session.background.learner.status if session.background.learner else _OFF
    if status.state not in ("failed", "restarting") or not status.detail:
        return ""
    return f"the learner: {clean(shorten(status.detail, _NOTICE))}"


def audit(session: Session, *, brief: bool = False) -> str:
    """``audit 81 % (74–87, n 120)``: accuracy on tickets drawn at random, with its interval.

    Of ratings it is ``audit off by 0.8 (0.6–1.0, n 120)``, in grades.
    """
    estimate = session.ranking.revision.headline if session.ranking else None
    if estimate is None or not estimate.n:
        return ""
    value, low, high = quality(estimate, session.scheme.task)
    return f"audit {value} ({low}–{high}{'' if brief else f', n {estimate.n}'})"


def quality(estimate: Estimate, task: Task) -> tuple[str, str, str]:
    """An estimate and its interval: ``81 %, 74, 87``, or of ratings ``off by 0.8, 0.6, 1.0``."""
    if task == "rating":
        value, low, high = (f"{x:.1f}" for x in (estimate.value, estimate.low, estimate.high))
        return f"off by {value}", low, high
    value, low, high = (f"{round(100 * x)}" for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} %", low, high


def notice(session: Session, own: str = "") -> str:
    """The one thing to tell the annotator now: the screen's own, the session's, the learner's."""
    text = own or session.notice
    return clean(shorten(text, _NOTICE)) if text else learner_trouble(session)


def _no_suspects(session: Session, name: str) -> list[str]:
    if session.ranking is None:
        return ["Looking for answers that are probably wrong…"]
    return [
        "No other answer looks wrong." if session.count else "No answer looks wrong.",
        "",
        f"Go on labelling: txtal teach {name}",
    ]


def the_end(session: Session, dataset: str) -> list[str]:
    """Why there is no ticket to show, and how to go on."""
    name, total, left = clean(shorten(dataset, 40)), session.ledger.total, session.ledger.open
    if session.background.inflow is not None:
        return _stream_end(session.background.inflow.standing, name)
    if session.policy.order == "suspects":
        return _no_suspects(session, name)
    if not total:
        return [f"{name} holds no tickets.", "", f"Quit, and load some: txtal load {name} FILE"]
    if left > 0:
        return [
            f"Nothing to ask just now: {total - left:,} of {total:,} tickets are answered,",
            f"and {left:,} left on the screen of another session.",
            "",
            "A ticket appears here as soon as one is free.",
        ]
    return [
        f"All {total:,} tickets of {name} are answered.",
        "",
        f"Write them out: txtal export {name}",
        f"Or add more: txtal load {name} FILE",
    ]


def _stream_end(standing: Standing, name: str) -> list[str]:
    """Why no ticket of the stream is to be asked."""
    spent = standing.spent
    let_go = spent.decided - spent.asked - spent.predicted
    told = f"{spent.decided:,} have been looked at: {spent.asked:,} asked, {let_go:,} let go"
    told += f", {spent.predicted:,} predicted." if spent.predicted else "."
    if standing.unsettled:
        first = f"{count(standing.unsettled, 'ticket')} to be scored."
    elif not standing.over:
        return ["Waiting for tickets.", "", told, "", "The next to be asked appears here."]
    else:
        first = "The stream has ended, and none of its tickets waits for an answer."
    return [first, "", told, "", f"What was let go can be asked yet: txtal teach {name}"]
