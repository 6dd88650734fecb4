"""What is said where there is no ticket to show: why, and what can be done now."""

from __future__ import annotations

from txtal.session.session import Session
from txtal.text import clean, count, shorten
from txtal.types import Standing


def the_end(session: Session, dataset: str) -> list[str]:
    """Return why there is no ticket to show, and how to go on."""
    name, total, left = clean(shorten(dataset, 40)), session.ledger.total, session.ledger.open
    if session.background.inflow is not None:
        return _stream_end(session.background.inflow.standing, name)
    if session.policy.order == "suspects":
        return _no_suspects(session, name)
    if session.policy.order == "disputed":
        return [
            "Annotators differ on no other ticket." if session.count else "Annotators agree.",
            "",
            f"Export the answers: txtal export {name}",
        ]
    if not total:
        return [f"{name} holds no tickets.", "", f"Quit, and load some: txtal load {name} FILE"]
    if left > 0:
        return [
            f"No ticket is free: {total - left:,} of {total:,} are answered,",
            f"{left:,} {'is' if left == 1 else 'are'} open in other sessions.",
            "",
            "A ticket appears here as soon as one is free.",
        ]
    return [
        f"All {total:,} tickets of {name} are answered.",
        "",
        f"Export the answers: txtal export {name}",
        f"Or load more tickets: txtal load {name} FILE",
    ]


def _no_suspects(session: Session, name: str) -> list[str]:
    if session.ranking is None:
        return ["Looking for answers that are probably wrong…"]
    return [
        "No other answer looks wrong." if session.count else "No answer looks wrong.",
        "",
        f"Continue labelling: txtal teach {name}",
    ]


def _stream_end(standing: Standing, name: str) -> list[str]:
    """Why no ticket of the stream waits for an answer."""
    spent = standing.spent
    aside = spent.decided - spent.asked - spent.predicted
    said = f"{spent.decided:,} scored: {spent.asked:,} picked, {aside:,} set aside"
    said += f", {spent.predicted:,} predicted." if spent.predicted else "."
    if standing.pending:
        first = f"{count(standing.pending, 'ticket')} pending."
    elif not standing.over:
        return ["Waiting for tickets.", "", said, "", "The next one picked appears here."]
    else:
        first = "The stream has ended, and none of its tickets waits for an answer."
    return [first, "", said, "", f"Label the rest: txtal teach {name}"]
