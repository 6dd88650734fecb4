"""Answers and undos are rows; tickets are handed to one session at a time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from txtal.api import summary
from txtal.errors import DatabaseError
from txtal.store import answers, leases, revisions, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection, journal_mode, sqlite
from txtal.types import Answer, Dataset, Estimate, Ranked, Ranking, Revision

Make = Callable[..., Dataset]


def test_an_answer_is_readable_by_another_process_once_recorded(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    label = dataset.scheme.ids[0]
    ranked = Ranked(1, (label,), ((label, 0.75),), "margin", 0.5, 0.9)
    saved = ledger.record(Answer(1, "accept", (label,), ranked, None, 1.0, 2.0, True, "hm"))
    other = schema.open_readonly(path)
    assert answers.standing(other, dataset.id) == [saved]
    other.close()


def test_undo_is_a_row_and_brings_back_the_answer_before(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    first, second = (ledger.record(Answer(1, v)) for v in ("accept", "ignore"))

    again = answers.StandingAnswers()

    def standing() -> list[int]:
        found = answers.standing(conn, dataset.id)
        assert again.read(conn, dataset.id) == found
        return [answer.id for answer in found]

    assert standing() == [second.id]
    assert ledger.undo().answers[0].id == second.id  # type: ignore[union-attr]
    assert standing() == [first.id]
    assert ledger.undo().answers[0].id == first.id  # type: ignore[union-attr]
    assert ledger.undo() is None
    assert conn.execute("SELECT count(*) FROM answer").fetchone()[0] == 4


def test_an_answer_can_be_undone_only_once(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    saved = ledger.record(Answer(1, "accept"))
    ledger.undo()
    with pytest.raises(sqlite.IntegrityError):
        conn.execute(
            "INSERT INTO answer (dataset_id, ticket_id, session_id, annotator, undoes, shown,"
            " answered) VALUES (1, 1, 1, 'ann', ?, 0, 0)",
            (saved.id,),
        )


def test_undo_leaves_other_annotators_alone(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a", "b"])
    ann = StoreLedger(conn, path, dataset, annotator="ann")
    bob = StoreLedger(conn, path, dataset, annotator="bob")
    ann.record(Answer(1, "accept"))
    kept = bob.record(Answer(2, "accept"))
    ann.undo()
    assert ann.undo() is None
    assert [a.id for a in answers.standing(conn, dataset.id)] == [kept.id]


def test_two_sessions_are_never_handed_the_same_ticket(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset([str(n) for n in range(10)])
    sessions = [StoreLedger(conn, path, dataset, annotator=name) for name in ("ann", "bob")]
    taken = [session.tickets.take_next() for session in sessions]
    assert taken == [1, 2]
    assert sessions[0].tickets.take_first([2, 3]) == 3
    sessions[1].close()
    assert sessions[0].tickets.take_first([2]) == 2


def test_a_lease_runs_out(
    path: Path, conn: Connection, make_dataset: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(["a"])
    ann = StoreLedger(conn, path, dataset, annotator="ann")
    bob = StoreLedger(conn, path, dataset, annotator="bob")
    assert ann.tickets.take_next() == 1
    assert bob.tickets.take_next() is None
    late = leases.time.time() + leases.SECONDS + 1
    monkeypatch.setattr(leases.time, "time", lambda: late)
    assert bob.tickets.take_next() == 1


def test_a_ticket_on_another_screen_is_not_brought_to_this_one(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a", "b"])
    ann = StoreLedger(conn, path, dataset, annotator="ann")
    bob = StoreLedger(conn, path, dataset, annotator="bob")
    assert ann.tickets.take_next() == 1
    assert bob.tickets.hold(1) is None
    ann.close()
    found = bob.tickets.hold(1)
    assert found is not None
    assert found.ticket.id == 1


def test_random_tickets_are_open_and_evenly_drawn(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    make_dataset(["other"] * 1, name="other")
    dataset = make_dataset([str(n) for n in range(5)])
    ids = list(tickets.ids_after(conn, dataset.id))
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    ledger.record(Answer(ids[0], "accept"))
    rng = random.Random(1)
    drawn = Counter(ledger.tickets.take_random(rng) for _ in range(400))
    assert set(drawn) == set(ids[1:])
    assert min(drawn.values()) > 60  # 100 expected of each


def test_no_ticket_left(path: Path, conn: Connection, make_dataset: Make) -> None:
    dataset = make_dataset(["a"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    ledger.record(Answer(1, "accept"))
    assert ledger.tickets.take_random(random.Random(0)) is None
    assert ledger.tickets.take_next() is None
    assert ledger.open == 0


def test_what_is_written_together_is_one_commit_or_nothing(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a", "b"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    said: list[str] = []
    conn.set_trace_callback(said.append)
    with ledger.together():
        ledger.record(Answer(1, "accept"))
        assert ledger.tickets.take_next() == 2
    conn.set_trace_callback(None)
    assert [line for line in said if line in ("BEGIN IMMEDIATE", "COMMIT")] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]
    with suppress(ZeroDivisionError), ledger.together():
        ledger.record(Answer(2, "accept"))
        raise ZeroDivisionError
    assert [answer.ticket_id for answer in answers.standing(conn, dataset.id)] == [1]
    assert ledger.open == 1


def test_a_ranking_does_not_wait_for_the_disk_and_an_answer_does(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a", "b"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    said: list[str] = []
    conn.set_trace_callback(said.append)
    revision = ledger.save_ranking(Ranking(Revision(0, 0, 0.1, "v", "margin"), ()))
    assert "COMMIT" not in said or journal_mode() != "WAL"
    ledger.record(Answer(1, "accept", revision=revision))
    assert conn.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    # Without any sync, a power cut while its commit takes the log in would spoil the file.
    assert ledger.file.unsynced().execute("PRAGMA synchronous").fetchone()[0] >= 1  # NORMAL
    other = schema.open_readonly(path)
    assert [answer.revision for answer in answers.standing(other, dataset.id)] == [revision]
    assert revisions.last_ranking(other, dataset.id) is not None
    other.close()
    ledger.close()


def test_what_sqlite_itself_took_back_is_never_called_written(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(DatabaseError, match="nothing was written"))
        stack.enter_context(ledger.together())
        ledger.record(Answer(1, "accept"))
        conn.execute("ROLLBACK")  # as it does on a disk it can't read
    assert ledger.open == 1
    assert answers.standing(conn, dataset.id) == []


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(st.lists(st.one_of(st.integers(1, 4), st.just("undo")), max_size=25))
def test_the_log_agrees_with_a_dict(
    path: Path, conn: Connection, make_dataset: Make, moves: list[int | str]
) -> None:
    for table in ("lease", "answer", "session", "ticket", "label_event", "label", "dataset"):
        conn.execute(f"DELETE FROM {table}")
    dataset = make_dataset(["a", "b", "c", "d"])
    ids = list(tickets.ids_after(conn, dataset.id))
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    history: list[tuple[int, int]] = []
    for number, move in enumerate(moves):
        if move == "undo":
            ledger.undo()
            history = history[:-1]
        else:
            ticket = ids[int(move) - 1]
            ledger.record(Answer(ticket, "accept", comment=str(number)))
            history.append((ticket, number))
    expected = {ticket: str(number) for ticket, number in history}
    standing = {a.ticket_id: a.comment for a in answers.standing(conn, dataset.id)}
    assert standing == expected
    ledger.refresh()
    assert ledger.open == 4 - len(expected)


def test_the_last_ranking_and_the_stats_survive(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    dataset = make_dataset(["a", "b"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    saved = ledger.record(Answer(1, "accept", (dataset.scheme.ids[0],), shown=1.0, answered=3.0))
    revision = Revision(1, saved.id, 0.1, "lexical@en", "margin", Estimate(9, 0.5, 0.2, 0.8))
    ranking = Ranking(revision, (Ranked(2, (1,), ((1, 0.6),), "margin", 0.4, 1.0),), (Ranked(2),))
    revision_id = ledger.save_ranking(ranking)
    assert ledger.last_ranking() == (revision_id, ranking)
    assert revisions.latest(conn, dataset.id) == (revision_id, revision)
    body = summary.of(conn, "d")
    assert body["answers"] == {"accept": 1, "reject": 0, "ignore": 0}
    assert body["labels"] == {"refund": 1, "praise": 0}
    assert body["audit"] == body["headline"] == {"n": 9, "accuracy": 0.5, "low": 0.2, "high": 0.8}
    assert body["annotators"] == {"ann": 1}
    assert body["seconds"] == 2.0


def test_a_damaged_queue_is_no_queue(path: Path, conn: Connection, make_dataset: Make) -> None:
    dataset = make_dataset(["a"])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    ledger.save_ranking(Ranking(Revision(0, 0, 0.0, "x", "margin"), ()))
    conn.execute("UPDATE queue SET ranking = '{'")
    assert ledger.last_ranking() is None


def test_a_session_that_a_restore_has_ended_is_not_ended_again(
    path: Path, conn: Connection, make_dataset: Make
) -> None:
    """After it the row of this number may be another session's."""
    ledger = StoreLedger(conn, path, make_dataset(["a", "b"]), annotator="ann")
    assert ledger.file.holds_answers()
    conn.execute("UPDATE session SET ended = 5.0")
    assert not ledger.file.holds_answers()
    ledger.close()
    assert [row[0] for row in conn.execute("SELECT ended FROM session")] == [5.0]
