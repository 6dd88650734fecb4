"""What the status line says: progress, the newest answer, the model and how good it is."""

from __future__ import annotations

import time
from pathlib import Path
from shlex import quote

from txtal.session.session import Session
from txtal.store import DEFAULT_PATH
from txtal.text import clean, count, hundredths, shorten
from txtal.text import percent as in_percent
from txtal.types import UNRANKED, Estimate, LearnerStatus, Task
from txtal.ui.words import percent

_OFF = LearnerStatus("off")
_OTHERS = 3
NOTICE = 600
"""Characters of a notice."""

_STOPS = {"target": "target met", "gain": "little to gain", "plateau": "levelled off"}
"""Why it may be time to stop, by the code of the outlook."""


def progress(session: Session) -> str:
    """Return ``312 of 5,000``: answered, by anyone, of all; of a stream, where that stands."""
    if session.background.inflow is not None:
        return stream(session)
    total = session.ledger.total
    return f"{total - session.ledger.open:,} of {total:,}"


def stream(session: Session, *, brief: bool = False) -> str:
    """Return ``12 waiting, 31 of 340 picked, 5 pending``: what became of what arrived."""
    if session.background.inflow is None:
        return ""
    standing = session.background.inflow.standing
    waiting = f"{standing.waiting:,} waiting"
    if brief:
        return waiting
    picked = f"{standing.spent.asked:,} of {standing.spent.decided:,} picked"
    pending = f", {standing.pending:,} pending" if standing.pending else ""
    return f"{waiting}, {picked}{pending}"


def loading(session: Session) -> str:
    """Return ``loading 34%``: of a file that is loaded behind the session."""
    news = session.updates.loading
    if news is None or news.state != "loading":
        return ""
    return f"loading {percent(news.progress)}" if news.progress else "loading"


def others(session: Session, *, brief: bool = False) -> str:
    """Return ``ana 120, bo 88``: what others have answered; in brief ``others 208``."""
    counts = sorted(session.ledger.others.items(), key=lambda item: -item[1])
    if not counts:
        return ""
    if brief:
        return f"others {sum(number for _, number in counts):,}"
    named = [f"{clean(shorten(name, 12))} {number:,}" for name, number in counts[:_OTHERS]]
    more = len(counts) - _OTHERS
    return ", ".join(named) + (f", {more} more" if more > 0 else "")


def saved(session: Session, *, clock: bool = True) -> str:
    """Return ``saved 14:02:11 #312``: the newest answer on disk, in local time."""
    newest = session.given.newest
    if newest is None:
        return ""
    at = time.strftime("%H:%M:%S", time.localtime(newest.answered))
    return f"saved {at} #{newest.id}" if clock else f"saved #{newest.id}"


def model(session: Session, seconds: int = 0) -> str:
    """Return where the model is: ``model v12, 1 answer behind``, ``vectorising 45%``."""
    if not session.scheme.labels:
        return "no labels yet"
    if session.policy.order in UNRANKED:
        return "file order" if session.policy.order == "file" else "review"
    status = _learner(session)
    busy = _busy(status, seconds, has_model=session.ranking is not None)
    if session.ranking is None:
        return busy or "no model yet"
    behind = f", {session.behind} behind" if session.behind else ""
    name = f"model v{session.updates.revision}{behind}"
    return f"{name} ({busy})" if busy else name


def model_slot(session: Session, seconds: int = 0) -> str:
    """Return it in brief: ``v12``, ``v12 +2`` behind, ``v12 …`` training, ``v12 !`` failed."""
    if session.policy.order in UNRANKED or session.ranking is None:
        return model(session, seconds)
    name = f"v{session.updates.revision}"
    if _learner(session).state == "failed":
        return f"{name} !"
    behind = session.behind
    training = " …" if seconds and _learner(session).state == "training" else ""
    return f"{name} +{behind}{training}" if behind else f"{name}{training}"


def _learner(session: Session) -> LearnerStatus:
    return session.background.learner.status if session.background.learner else _OFF


def settings(session: Session) -> str:
    """Return how the model was made: ``auto, lexical+static@en; default settings kept: …``."""
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
        return "training failed" if has_model else "training failed, picking at random"
    if status.progress is not None:
        return f"{status.state} {percent(status.progress)}"
    return f"{status.state} {seconds} s" if seconds else status.state


def learner_trouble(session: Session) -> str:
    """Return why training failed or starts again; empty when all is well."""
    status = _learner(session)
    if not session.scheme.labels:  # there is nothing to train on
        return ""
    if status.state not in ("failed", "restarting") or not status.detail:
        return ""
    told = clean(shorten(status.detail, NOTICE))
    return told if told.startswith("training ") else f"training stopped: {told}"


def accuracy(session: Session, *, brief: bool = False) -> str:
    """Return ``accuracy 81% (74–87, n 120)``, estimated from tickets drawn at random.

    Of ratings it is ``off by 0.8 (0.6–1.0, n 120)``, in grades.
    """
    estimate = session.ranking.revision.headline if session.ranking else None
    if estimate is None or not estimate.n:
        return ""
    value, low, high = quality(estimate, session.scheme.task)
    what = "" if session.scheme.task == "rating" else "accuracy "
    return f"{what}{value} ({low}–{high}{'' if brief else f', n {estimate.n}'})"


def quality(estimate: Estimate, task: Task) -> tuple[str, str, str]:
    """Return an estimate and its interval: ``81%, 74, 87``, or of ratings ``off by 0.8, …``."""
    if task == "rating":
        value, low, high = (f"{x:.1f}" for x in (estimate.value, estimate.low, estimate.high))
        return f"off by {value}", low, high
    low, high = (hundredths(end, 0) for end in (estimate.low, estimate.high))
    return in_percent(estimate.value, 0), low, high


def stop(session: Session) -> str:
    """Return why it may be time to stop, for as long as that holds: ``little to gain``."""
    outlook = session.ranking.revision.outlook if session.ranking else None
    return _STOPS.get(outlook.reached, "") if outlook else ""


def notice(session: Session, own: str = "") -> tuple[str, bool]:
    """Return the one thing to tell now, and whether it warns: the screen's, the session's."""
    if own:
        return clean(shorten(own, NOTICE)), False
    if session.notice:
        return clean(shorten(session.notice, NOTICE)), session.notices.warns
    return learner_trouble(session), True


def goodbye(session: Session, database: Path, dataset: str, *, known: bool) -> str:
    """Return what to say at the end: how many answers, where they are, how to export them.

    ``known``: whether the database at this path is still the one that the session wrote to.
    """
    said = f"{count(session.count, 'answer')} in this session"
    if not known:
        return (
            f"{said}, but {database} was deleted, replaced or restored meanwhile and may not hold "
            f"them; `txtal restore` keeps what was there in {database}.before-restore-1.bak or the "
            "like"
        )
    where = "" if database == DEFAULT_PATH else f" --db {quote(str(database))}"
    return (
        f"{said}, saved in {database}; export all: `txtal{where} export {quote(dataset)} -o FILE`"
    )
