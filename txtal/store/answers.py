"""The answer log: appended to, never changed. An undo is a row that names the row it undoes."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from txtal.errors import DamagedError
from txtal.store import checksums, labels, leases, outbox, removals, tickets
from txtal.store.sqlite import Connection, sqlite, transaction
from txtal.types import AUDIT, ONE_OF, RANDOM, Answer, Ranked, Task, Undone, reasons


def open_session(
    conn: Connection, dataset_id: int, annotator: str, recipe: str, overlap: float = 0.0
) -> int:
    """Note that a session has begun, inside the caller's transaction. Returns its id.

    ``overlap`` is the share of tickets that everybody is asked.
    """
    cursor = conn.execute(
        "INSERT INTO session (dataset_id, annotator, recipe, started, overlap)"
        " VALUES (?, ?, ?, ?, ?)",
        (dataset_id, annotator, recipe, time.time(), round(overlap * leases.PARTS)),
    )
    return int(cursor.lastrowid or 0)


def is_open(conn: Connection, session_id: int) -> bool:
    """Whether the session is known and has not ended."""
    found = conn.execute("SELECT 1 FROM session WHERE id = ? AND ended IS NULL", (session_id,))
    return found.fetchone() is not None


def append(conn: Connection, dataset_id: int, session_id: int, answer: Answer) -> int:
    """Append the answer inside the caller's transaction. Returns its id."""
    cursor = conn.execute(_INSERT, _bound(dataset_id, session_id, answer))
    return _noted(conn, dataset_id, _sealed(conn, int(cursor.lastrowid or 0)))


def append_all(
    conn: Connection, dataset_id: int, session_id: int, answers: Iterable[Answer]
) -> None:
    """Append many answers inside the caller's transaction, at a fifth of the cost of each."""
    last = conn.execute("SELECT coalesce(max(id), 0) FROM answer").fetchone()[0]
    conn.executemany(_INSERT, (_bound(dataset_id, session_id, answer) for answer in answers))
    conn.execute(f"UPDATE answer SET sum = {checksums.ANSWER} WHERE id > ?", (last,))


_INSERT = (
    "INSERT INTO answer (dataset_id, ticket_id, session_id, annotator, verdict, labels,"
    " suggestion, probabilities, reason, score, selection_probability, revision_id, shown,"
    " answered, flagged, comment) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)


def _bound(dataset_id: int, session_id: int, answer: Answer) -> tuple[object, ...]:
    ranked = answer.ranked or Ranked(answer.ticket_id)
    return (
        dataset_id,
        answer.ticket_id,
        session_id,
        answer.annotator,
        answer.verdict,
        json.dumps(answer.labels),
        json.dumps(ranked.suggestion),
        json.dumps(ranked.probabilities),
        ranked.reason,
        ranked.score,
        ranked.selection_probability,
        answer.revision,
        answer.shown,
        answer.answered,
        int(answer.flagged),
        answer.comment,
    )


def _sealed(conn: Connection, answer_id: int) -> int:
    """Give the row its sum, made of what the database holds of it."""
    conn.execute(f"UPDATE answer SET sum = {checksums.ANSWER} WHERE id = ?", (answer_id,))
    return answer_id


def _noted(conn: Connection, dataset_id: int, answer_id: int) -> int:
    """Have the dataset's hook told of the row, if it has one."""
    outbox.note_answer(conn, dataset_id, answer_id)
    return answer_id


def undo(conn: Connection, dataset_id: int, session_id: int, annotator: str) -> Undone | None:
    """Undo this annotator's newest step that isn't undone yet; None when there is none left.

    A step is one answer, or all that were given together. The session's own come first: the same
    person may be answering in another terminal too. The ticket of a single answer is leased to the
    session again, in the same transaction.
    """
    with transaction(conn):
        row = conn.execute(
            f"SELECT * FROM answer AS a WHERE {_OF_ANNOTATOR}"
            " ORDER BY session_id = ? DESC, id DESC LIMIT 1",
            (dataset_id, annotator, session_id),
        ).fetchone()
        if row is None:
            return None
        step = [row]
        if reasons.together(row["reason"]):
            step = conn.execute(
                f"SELECT * FROM answer AS a WHERE {_OF_ANNOTATOR} AND session_id = ?"
                " AND reason = ? AND answered = ? ORDER BY id DESC",
                (dataset_id, annotator, row["session_id"], row["reason"], row["answered"]),
            ).fetchall()
        stands_for = labels.merged(conn, dataset_id)
        undone = tuple(from_row(one, stands_for) for one in step)
        undos = tuple(append_undo(conn, dataset_id, session_id, answer) for answer in undone)
        if len(undone) == 1:
            leases.hold(conn, session_id, undone[0].ticket_id)
        ticket = tickets.get(conn, undone[0].ticket_id)
    return Undone(undone, ticket, undos)


_OF_ANNOTATOR = (
    "dataset_id = ? AND annotator = ? AND verdict IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)"
)


def append_undo(conn: Connection, dataset_id: int, session_id: int, answer: Answer) -> int:
    """Undo an answer in its annotator's name, inside the caller's transaction. The undo's id."""
    now = time.time()
    cursor = conn.execute(
        "INSERT INTO answer (dataset_id, ticket_id, session_id, annotator, undoes, shown, answered)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (dataset_id, answer.ticket_id, session_id, answer.annotator, answer.id, now, now),
    )
    return _noted(conn, dataset_id, _sealed(conn, int(cursor.lastrowid or 0)))


def reopen(conn: Connection, dataset_id: int, session_id: int, answer: Answer) -> None:
    """Undo every answer of this annotator's to the ticket, so that none stands again."""
    rows = conn.execute(
        "SELECT * FROM answer AS a WHERE ticket_id = ? AND annotator = ? AND verdict IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)",
        (answer.ticket_id, answer.annotator),
    ).fetchall()
    for row in rows:
        append_undo(conn, dataset_id, session_id, from_row(row, {}))


def newest(conn: Connection, dataset_id: int) -> int:
    """Id of the newest row of the log, undos included; 0 when empty."""
    row = conn.execute(
        "SELECT coalesce(max(id), 0) FROM answer WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    return int(row[0])


def count_after(conn: Connection, dataset_id: int, answer_id: int) -> int:
    """Count the answers of the log above an id, undos aside."""
    row = conn.execute(
        "SELECT count(*) FROM answer WHERE dataset_id = ? AND id > ? AND verdict IS NOT NULL",
        (dataset_id, answer_id),
    ).fetchone()
    return int(row[0])


def any_of(conn: Connection, ticket_id: int) -> bool:
    """Whether an answer to the ticket stands."""
    row = conn.execute("SELECT 1 FROM standing_answer WHERE ticket_id = ?", (ticket_id,))
    return row.fetchone() is not None


def standing(conn: Connection, dataset_id: int) -> list[Answer]:
    """Every answer that stands (see the view), oldest first."""
    rows = conn.execute(
        "SELECT * FROM standing_answer WHERE dataset_id = ? ORDER BY id", (dataset_id,)
    )
    stands_for = labels.merged(conn, dataset_id)
    return [from_row(row, stands_for) for row in rows]


class StandingAnswers:
    """Reads the answers that stand again and again; a stored answer never changes, so that each is
    parsed once.
    """

    def __init__(self) -> None:
        self._stands_for: Mapping[int, int] = {}
        self._parsed: dict[tuple[int, int], Answer] = {}
        """By id and checksum."""

    def read(self, conn: Connection, dataset_id: int) -> list[Answer]:
        """Return what :func:`standing` does, of the same dataset each time."""
        stands_for = labels.merged(conn, dataset_id)
        known = self._parsed if stands_for == self._stands_for else {}
        keys = [
            (row[0], row[1])
            for row in conn.execute(
                "SELECT id, sum FROM standing_answer WHERE dataset_id = ? ORDER BY id",
                (dataset_id,),
            )
        ]
        new = conn.execute(
            "SELECT * FROM standing_answer WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([key[0] for key in keys if key not in known]),),
        )
        parsed = {(row["id"], row["sum"]): from_row(row, stands_for) for row in new}
        known = known | parsed
        # What was undone between the two queries is in neither.
        self._stands_for, self._parsed = stands_for, {k: known[k] for k in keys if k in known}
        return list(self._parsed.values())


def selection_probabilities(conn: Connection, dataset_id: int) -> dict[int, float | None]:
    """Return the selection probability of each ticket with a standing answer, when first shown.

    In the order in which they were shown, without synthetic ones; None where it isn't known.
    """
    rows = conn.execute(
        "SELECT ticket_id, selection_probability, min(id) AS first FROM answer"
        " WHERE dataset_id = :d AND verdict IS NOT NULL AND ticket_id IN"
        " (SELECT ticket_id FROM standing_answer WHERE dataset_id = :d)"
        " AND ticket_id NOT IN (SELECT ticket_id FROM synthetic WHERE dataset_id = :d)"
        " GROUP BY ticket_id ORDER BY first",
        {"d": dataset_id},
    )
    return {row["ticket_id"]: row["selection_probability"] for row in rows}


def picked_for(conn: Connection, dataset_id: int, reason: str) -> frozenset[int]:
    """Return the ids of tickets that were picked for this reason and have an answer not undone.

    They are included even if the annotator has answered again since: a ticket that was picked for
    the audit still represents the pool, and if second answers removed tickets, only uncertain ones
    would go.
    """
    return frozenset(row["ticket_id"] for row in conn.execute(_PICKED_FOR, (dataset_id, reason)))


def drawn(conn: Connection, dataset_id: int, task: Task) -> frozenset[int]:
    """Return the ids of answered tickets that were picked uniformly from the open ones.

    That is, for the audit, or at random with a known probability. Those picked at random don't
    count where one label applies and some of them were rejected. The audit takes no reject, which
    can't be compared with a label: without these tickets the others would be the easy ones.
    """
    at_random = conn.execute(
        f"{_PICKED_FOR} AND selection_probability IS NOT NULL", (dataset_id, RANDOM)
    ).fetchall()
    audited = picked_for(conn, dataset_id, AUDIT)
    if task in ONE_OF and any(row["verdict"] == "reject" for row in at_random):
        return audited
    return audited | {row["ticket_id"] for row in at_random}


_PICKED_FOR = (
    "SELECT ticket_id, verdict FROM answer AS a WHERE dataset_id = ? AND reason = ?"
    " AND verdict IS NOT NULL AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)"
)


def by_id(
    conn: Connection, answer_ids: Sequence[int], stands_for: Mapping[int, int] | None = None
) -> list[Answer]:
    """These answers, undone or not; their labels as they were given, or what stands for them.

    Without those that were taken out with a ticket that was to be forgotten.
    """
    found = []
    for answer_id in answer_ids:
        row = conn.execute("SELECT * FROM answer WHERE id = ?", (answer_id,)).fetchone()
        if row is None and removals.is_removed(conn, answer_id):
            continue
        if row is None:
            raise DamagedError(f"answer {answer_id} is lost; a backup brings it back")
        found.append(from_row(row, stands_for or {}))
    return found


def examples(conn: Connection, dataset_id: int, label_id: int, count: int = 3) -> list[str]:
    """The texts of the newest tickets that were given this label, or one that it stands for."""
    stands_for = labels.merged(conn, dataset_id)
    ids = [label_id, *(part for part, whole in stands_for.items() if whole == label_id)]
    rows = conn.execute(
        "SELECT t.text FROM standing_answer AS a JOIN ticket AS t ON t.id = a.ticket_id"
        " WHERE a.dataset_id = ? AND a.verdict = 'accept' AND EXISTS"
        " (SELECT 1 FROM json_each(a.labels) WHERE value IN (SELECT value FROM json_each(?)))"
        " ORDER BY a.id DESC LIMIT ?",
        (dataset_id, json.dumps(ids), count),
    )
    return [row[0] for row in rows]


def used(conn: Connection, dataset_id: int) -> Counter[int]:
    """Count how many standing answers accept each label, by its id, merged ones with theirs."""
    stands_for = labels.merged(conn, dataset_id)
    rows = conn.execute(
        "SELECT labels, count(*) FROM standing_answer"
        " WHERE dataset_id = ? AND verdict = 'accept' GROUP BY labels",
        (dataset_id,),
    )
    found: Counter[int] = Counter()
    for given, number in rows:
        for label_id in {stands_for.get(i, i) for i in json.loads(given)}:
            found[label_id] += number
    return found


def from_row(row: sqlite.Row, stands_for: Mapping[int, int]) -> Answer:
    """The answer in a row of the table (not an undo), in terms of the labels there are now.

    Raises DamagedError when it can't be read.
    """
    try:
        given = json.loads(row["labels"])
        if row["verdict"] == "reject":
            # What was not one part of a merged label may be another.
            given = [label for label in given if label not in stands_for]
        given = _now(given, stands_for)
        suggestion = _now(json.loads(row["suggestion"]), stands_for)
        probabilities = tuple((label, p) for label, p in json.loads(row["probabilities"]))
    except (ValueError, TypeError):
        raise DamagedError(
            f"answer {row['id']} is damaged; `txtal verify` says more, and a backup brings it back"
        ) from None
    ranked = Ranked(
        row["ticket_id"],
        suggestion,
        probabilities,
        row["reason"],
        row["score"],
        row["selection_probability"],
    )
    return Answer(
        ticket_id=row["ticket_id"],
        verdict=row["verdict"],
        labels=given,
        ranked=ranked,
        revision=row["revision_id"],
        shown=row["shown"],
        answered=row["answered"],
        flagged=bool(row["flagged"]),
        comment=row["comment"],
        annotator=row["annotator"],
        id=row["id"],
    )


def _now(given: list[int], stands_for: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(stands_for.get(label, label) for label in given))
