"""What labelling has cost, and what it would still cost by hand."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from txtal.store import leases
from txtal.store.sqlite import Connection
from txtal.types import BULK, Answer, Effort, reasons

LONGEST = 10.0
"""How many times the median an answer may take; what is longer was a pause that nobody told of."""


def of(conn: Connection, dataset_id: int, standing: Sequence[Answer]) -> Effort | None:
    """By the times at which questions were shown and answered; None where none is known.

    Answers given to near-identical tickets with another cost nothing, and count. Those given to a
    list are left out: they took no time that the rest would take, too.
    """
    timed = [answer for answer in standing if answer.shown and _reason(answer) != BULK]
    given = [answer for answer in timed if reasons.timed(_reason(answer))]
    taken = sorted(max(0.0, answer.answered - answer.shown) for answer in given)
    if not taken:
        return None
    usual = median(taken)
    hours = sum(min(seconds, LONGEST * usual) for seconds in taken) / 3600
    rate = len(timed) / hours if hours else 0.0
    waiting = leases.open_count(conn, dataset_id)
    fits = [
        tuple(row)
        for row in conn.execute(
            "SELECT seconds, answers FROM revision WHERE dataset_id = ? AND answers > 0",
            (dataset_id,),
        )
    ]
    return Effort(
        median=usual,
        slow=taken[int(0.9 * (len(taken) - 1))],
        hours=hours,
        an_hour=rate,
        left=waiting,
        left_hours=waiting / rate if rate else 0.0,
        fits=len(fits),
        fit_seconds=median(seconds for seconds, _ in fits) if fits else None,
        fit_answers=max(answers for _, answers in fits) / len(fits) if fits else None,
    )


def _reason(answer: Answer) -> str:
    return answer.ranked.reason if answer.ranked else ""
