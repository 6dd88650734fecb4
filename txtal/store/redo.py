"""What an annotator undid last, as the answer log has it, so that a later session can redo it.

A redone answer is written once more with the times it was given at, which is how the log shows that
it is no new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from txtal.store import answers, labels, leases
from txtal.store.sqlite import Connection, sqlite
from txtal.types import Answer, Redoing, Scheme, reasons

_ROWS = """
    SELECT a.id, a.ticket_id, a.verdict, a.shown, a.answered, a.undoes AS undone,
        o.session_id AS of_session, o.reason, o.shown AS was_shown, o.answered AS was_answered,
        a.verdict IS NOT NULL AND EXISTS (
            SELECT 1 FROM answer AS first JOIN answer AS u ON u.undoes = first.id
            WHERE first.ticket_id = a.ticket_id AND first.annotator = a.annotator
            AND first.id < a.id AND u.id < a.id AND first.verdict = a.verdict
            AND first.shown = a.shown AND first.answered = a.answered) AS again
    FROM answer AS a LEFT JOIN answer AS o ON o.id = a.undoes
    WHERE a.dataset_id = :dataset AND a.annotator = :annotator
        AND (a.session_id = :session OR a.id < coalesce(
            (SELECT min(id) FROM answer WHERE dataset_id = :dataset AND session_id = :session),
            a.id + 1))
        AND a.session_id NOT IN (SELECT id FROM session
            WHERE dataset_id = :dataset AND recipe IN ('label split', 'label undo'))
    ORDER BY a.id DESC
"""
"""The annotator's part of the log, the newest first: of this session, and of those before it.

``undone`` is the answer that a row undoes; ``again`` says that it writes an undone answer again.
What changes of the labels undid is theirs to restore.
"""


def step_to_redo(conn: Connection, dataset_id: int, session_id: int, annotator: str) -> Redoing:
    """Return the newest undone step of which something can be redone, as it was given.

    An answer that the annotator gave since leaves nothing to redo. Left undone are answers to
    tickets that have been answered since by anybody, or are on the screen of another session, and
    those with a label that is no longer offered.
    """
    scheme = labels.scheme(conn, dataset_id)
    left: Counter[str] = Counter()
    undone = _undone(conn, dataset_id, session_id, annotator)
    for _, step in groupby(undone, _step):
        given = []
        for row in step:
            (answer,) = answers.by_id(conn, [row["undone"]]) or (None,)
            hindrance = answer and _hindrance(conn, session_id, scheme, answer, row["id"])
            if hindrance:
                left[hindrance] += 1
            elif answer:
                given.append(answer)
        if given:
            return Redoing(tuple(given), left)
    return Redoing((), left)


def _undone(
    conn: Connection, dataset_id: int, session_id: int, annotator: str
) -> Iterator[sqlite.Row]:
    """Yield the undos that nothing has redone, the newest first, down to the last new answer."""
    redone: Counter[tuple[int, float, float]] = Counter()
    given = {"dataset": dataset_id, "session": session_id, "annotator": annotator}
    for row in conn.execute(_ROWS, given):
        if row["again"]:
            redone[row["ticket_id"], row["shown"], row["answered"]] += 1
        elif row["verdict"] is not None:
            return
        elif redone[key := (row["ticket_id"], row["was_shown"], row["was_answered"])]:
            redone[key] -= 1
        else:
            yield row


def _step(row: sqlite.Row) -> Sequence[object]:
    """What the undos of one step share: see :func:`txtal.store.answers.undo`."""
    if reasons.together(row["reason"] or ""):
        return row["of_session"], row["reason"], row["was_answered"]
    return (row["id"],)


def _hindrance(conn: Connection, session_id: int, scheme: Scheme, answer: Answer, undo: int) -> str:
    """Say why an answer that this undo took back can't be given again; empty if it can."""
    newer = conn.execute(
        "SELECT 1 FROM answer AS a WHERE ticket_id = ? AND id > ? AND verdict IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)",
        (answer.ticket_id, undo),
    ).fetchone()
    if newer is not None:
        return "with a newer answer"
    if leases.held_elsewhere(conn, session_id, answer.ticket_id):
        return "open in another session"
    if not set(scheme.now(answer.labels)) <= set(scheme.ids):
        return "with a label that is no longer offered"
    return ""
