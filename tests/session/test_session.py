"""The state machine between questions and answers, on a real database and without a screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from sqlite3 import SQLITE_DENY, SQLITE_OK

import pytest

from tests.conftest import StillLearner
from txtal.errors import DatabaseError, LockedError
from txtal.session.session import Session
from txtal.store import answers, schema, tickets
from txtal.store.sqlite import Connection, transaction
from txtal.types import (
    AUDIT,
    Answer,
    Dataset,
    Forecast,
    LabelChange,
    LearnerStatus,
    Loading,
    Outlook,
    Ranked,
    Ranking,
    Record,
    Revision,
    Ticket,
)

MakeDataset = Callable[..., Dataset]
MakeSession = Callable[..., Session]
TEXTS = [f"ticket {n}" for n in range(1, 21)]


def ranking(newest: int, *ticket_ids: int, suggestion: tuple[int, ...] = (1,)) -> Ranking:
    items = tuple(Ranked(i, suggestion, ((1, 0.9),), "margin", 0.1, 1.0) for i in ticket_ids)
    return Ranking(Revision(newest, newest, 0.1, "lexical@en", "margin"), items)


def standing(conn: Connection) -> list[Answer]:
    return answers.standing(conn, 1)


class StillLoader:
    """A loader that says what a test gives it."""

    def __init__(self, *news: Loading) -> None:
        self.news = list(news)

    def poll(self) -> Loading | None:
        return self.news.pop(0) if self.news else None


def test_tickets_that_are_loaded_behind_are_counted_and_asked(
    conn: Connection, make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    dataset, learner = make_dataset(TEXTS[:2]), StillLearner()
    loader = StillLoader(Loading("loading", 2))
    session = make_session(dataset, learner=learner, loader=loader)
    session.choose(1)
    session.choose(1)
    assert session.question is None
    assert (session.ledger.open, session.ledger.total) == (0, 2)
    tickets.add(conn, dataset.id, [Record(text) for text in TEXTS])
    loader.news.append(Loading("loading", 20, 0.5))
    assert session.update()
    assert (session.ledger.open, session.ledger.total) == (18, 20)
    assert session.question is not None
    assert session.updates.loading == Loading("loading", 20, 0.5)
    assert learner.pokes == [0, 1, 2]  # more tickets alone are no reason to fit
    loader.news.append(Loading("done", 20, 1.0, detail="loaded 20"))
    session.update()
    assert learner.pokes == [0, 1, 2, 2]
    assert session.notice == "loaded 20"


def test_tickets_that_others_load_are_shown_at_once_counted_and_ranked(
    path: Path, make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    dataset, learner = make_dataset(TEXTS[:2]), StillLearner()
    session = make_session(dataset, learner=learner)
    session.choose(1)
    session.choose(1)
    assert session.question is None
    with closing(schema.open_database(path)) as other:
        tickets.add(other, dataset.id, [Record(text) for text in TEXTS[:5]])
    assert session.update()
    assert session.question is not None
    assert (session.ledger.open, session.ledger.total) == (3, 5)
    assert learner.pokes == [0, 1, 2, 2]
    assert not session.update()
    assert learner.pokes == [0, 1, 2, 2]


def test_bad_lines_and_a_failed_load_are_notices(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    loader = StillLoader(Loading("loading", 20))
    session = make_session(make_dataset(TEXTS), loader=loader)
    loader.news.append(Loading("loading", 20, 0.5, 1, ("t.jsonl:7: bad",)))
    session.update()
    assert session.notice == "1 bad line so far; t.jsonl:7: bad"
    session.ignore()
    assert session.notice == ""
    loader.news.append(Loading("failed", 20, 0.6, 1, ("t.jsonl:7: bad",), "can't read on", 3))
    session.update()
    assert session.notice == "can't read on"


def test_an_answer_is_on_disk_before_the_next_question(
    path: Path, make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    session = make_session(make_dataset(TEXTS))
    assert session.question is not None
    asked = session.question.ticket
    session.choose(1)
    other = schema.open_readonly(path)
    assert [a.ticket_id for a in standing(other)] == [asked.id]
    other.close()
    assert session.saved is not None
    assert session.question is not None
    assert session.question.ticket != asked


def test_the_ranking_is_followed_and_the_ticket_at_hand_never_changes(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner, audit=0.0)
    at_hand = session.question
    learner.rankings.append(ranking(0, 7, 8, 9))
    assert session.update()
    assert session.question is at_hand
    session.ignore()
    assert session.question is not None
    assert session.question.ticket.id == 7
    assert session.question.revision == session.updates.revision
    session.accept()
    assert session.saved is not None
    assert session.saved.labels == (1,)
    assert session.question.ticket.id == 8


def test_a_ranking_older_than_the_one_at_hand_is_dropped(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner)
    learner.rankings += [ranking(5, 7), ranking(3, 8)]
    assert session.update()
    assert not session.update()
    assert session.ranking is not None
    assert session.ranking.items[0].ticket_id == 7


def test_what_the_learner_has_to_say_is_said_once(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner)
    learner.status = LearnerStatus("vectorising", "static vectors aren't installed")
    assert session.update()
    assert session.notice == "static vectors aren't installed"
    session.choose(1)
    assert not session.update()
    assert session.notice == ""


def test_notices_are_told_though_much_else_is_heard(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner)
    learner.rankings += [ranking(5, 7)]
    learner.status = LearnerStatus("failed", "no memory")
    learner.notices += ["the scheduler is gone", "it is late"]
    told = [session.notice for _ in range(3) if session.update()]
    assert told == ["", "the scheduler is gone; it is late", "no memory"]
    assert learner.notices == []


def test_behind_counts_what_the_model_has_not_seen(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner)
    for _ in range(3):
        session.choose(1)
    assert session.behind == 3
    learner.rankings.append(ranking(2, 20))
    session.update()
    assert session.behind == 1
    assert learner.pokes == [0, 1, 2, 3]


def test_the_count_is_of_this_sitting_whoever_is_undone(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    dataset = make_dataset(TEXTS)
    make_session(dataset).choose(1)
    session = make_session(dataset)
    session.choose(1)
    session.undo()
    assert session.count == 0
    session.undo()  # the answer of the sitting before
    assert session.count == 0
    session.choose(1)
    assert session.count == 1


def test_audits_are_the_share_asked_for(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    dataset = make_dataset([f"t{n}" for n in range(600)])
    session = make_session(dataset, learner=StillLearner(), audit=0.25)
    reasons: Counter[str] = Counter()
    while session.question is not None:
        reasons[session.question.ranked.reason] += 1
        session.ignore()
    assert sum(reasons.values()) == 600
    assert 110 < reasons["audit"] < 190  # 150 expected, standard deviation 11


def test_the_chance_of_selection_is_recorded(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS), learner=StillLearner(), audit=0.5)
    session.ignore()
    recorded = standing(conn)[0].ranked
    assert recorded is not None
    assert recorded.selection_probability == pytest.approx(0.5 / 20)


def test_tomorrow_starts_from_the_stored_ranking(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    dataset = make_dataset(TEXTS)
    learner = StillLearner()
    first = make_session(dataset, learner=learner)
    learner.rankings.append(ranking(0, 11, 12))
    first.update()
    second = make_session(dataset, annotator="bob", learner=StillLearner(), audit=0.0)
    assert second.question is not None
    assert second.question.ticket.id == 11
    assert second.question.ranked.suggestion == (1,)


def test_undo_reaches_past_the_restart_and_asks_again(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    dataset = make_dataset(TEXTS)
    first = make_session(dataset, order="file")
    for label in (1, 2, 1):
        first.choose(label)
    second = make_session(dataset, order="file")
    assert second.question is not None
    waiting = second.question.ticket.id
    for expected in (3, 2, 1):
        second.undo()
        assert second.question.ticket.id == expected
        assert second.question.previous is not None
    second.undo()
    assert second.notice == "nothing to undo"
    assert standing(conn) == []
    for expected in (1, 2, 3, waiting):
        assert second.question is not None
        assert second.question.ticket.id == expected
        second.choose(2)
    assert [a.ticket_id for a in standing(conn)] == [1, 2, 3, waiting]


def test_file_order_asks_all_of_it(make_dataset: MakeDataset, make_session: MakeSession) -> None:
    session = make_session(make_dataset(TEXTS), order="file")
    asked = []
    while session.question is not None:
        asked.append(session.question.ticket.text)
        session.choose(1)
    assert asked == TEXTS
    session.choose(1)
    assert session.notice == "there is no ticket to answer"


def test_without_a_suggestion_accept_and_reject_say_so(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS))
    session.accept()
    assert "no suggestion" in session.notice
    session.reject()
    assert "no suggestion" in session.notice
    assert standing(conn) == []


def test_an_audit_asks_for_the_label(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner, audit=1.0)
    sample = (Ranked(5, (1,), ((1, 0.9),), AUDIT, None, 0.05),)
    learner.rankings.append(Ranking(Revision(0, 0, 0.1, "lexical@en", "margin"), (), sample))
    session.update()
    session.ignore()
    question = session.question
    assert question is not None
    # What the model thinks isn't shown: people agree with what they see.
    assert (question.ranked.suggestion, question.ranked.probabilities) == ((), ())
    assert question.key_probabilities == ((1, 0.9),)  # it orders the keys of many labels
    session.reject()
    assert "measures accuracy" in session.notice
    session.accept()
    assert "no suggestion here" in session.notice
    assert len(standing(conn)) == 1
    session.choose(1)
    answer = standing(conn)[-1]
    assert answer.labels == (1,)
    assert answer.ranked is not None
    assert (answer.ranked.suggestion, answer.ranked.probabilities) == ((), ())


def test_binary(make_dataset: MakeDataset, make_session: MakeSession, conn: Connection) -> None:
    session = make_session(make_dataset(TEXTS, labels="spam"))
    session.accept()
    session.reject()
    assert [(a.verdict, a.labels) for a in standing(conn)] == [("accept", (1,)), ("reject", (1,))]


def test_multilabel_toggles_and_submits(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS, labels="a,b,c", task="multilabel"))
    session.choose(3)
    session.choose(1)
    session.choose(2)
    session.choose(2)
    assert session.current.chosen == (1, 3)
    session.accept()
    assert session.current.chosen == ()
    session.accept()
    session.reject()
    assert "mark the labels" in session.notice
    session.choose(2)
    session.reject()
    assert [(a.verdict, a.labels) for a in standing(conn)] == [
        ("accept", (1, 3)),
        ("accept", ()),
        ("reject", (2,)),
    ]


def test_the_status_line_and_the_store_agree_after_a_split_and_its_undo(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS), order="file")
    for _ in range(4):
        session.choose(1)
    session.change_labels(LabelChange("split", 1, names=("late", "broken")))
    assert (session.count, session.ledger.open) == (0, 20)
    session.ignore()  # what is at hand; the tickets of the split come next
    session.choose(3)
    done = session.change_labels(LabelChange("undo"))
    assert (len(done.restored), done.counted) == (3, 1)
    assert session.ledger.total - session.ledger.open == len(standing(conn)) == 5
    assert session.count == 5
    assert [a.labels for a in standing(conn) if a.verdict == "accept"] == [(1,)] * 4


def test_flag_and_comment_belong_to_one_answer(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS))
    session.current.toggle_flag()
    session.current.comment = "odd one"
    session.choose(1)
    session.choose(1)
    assert [(a.flagged, a.comment) for a in standing(conn)] == [(True, "odd one"), (False, "")]


def test_a_locked_database_records_nothing_and_keeps_the_question(
    path: Path, make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS))
    conn.execute("PRAGMA busy_timeout = 10")
    at_hand = session.question
    other = schema.open_database(path)
    with transaction(other), pytest.raises(LockedError):
        session.choose(1)
    assert session.question is at_hand
    assert standing(conn) == []
    session.choose(1)
    assert len(standing(conn)) == 1
    other.close()


def test_an_answer_and_the_next_question_are_one_commit(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS))
    said: list[str] = []
    conn.set_trace_callback(said.append)
    session.choose(1)
    assert said.count("COMMIT") == 1


def test_an_answer_that_fails_at_its_commit_leaves_everything_as_it_was(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    session = make_session(make_dataset(TEXTS), order="file")
    session.revisit(3)
    looked_for = session.question
    conn.set_authorizer(
        lambda action, name, *_: SQLITE_DENY if (action, name) == (22, "COMMIT") else SQLITE_OK
    )
    with pytest.raises(DatabaseError):
        session.choose(1)
    assert session.question is looked_for
    assert session.questions.put_back
    assert session.saved is None
    conn.set_authorizer(None)
    session.choose(1)
    assert [answer.ticket_id for answer in standing(conn)] == [3]
    assert session.question is not None
    assert session.question.ticket.id == 1  # what was put back


def test_a_ranking_that_cannot_be_stored_waits(
    path: Path, make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner)
    conn.execute("PRAGMA busy_timeout = 10")
    learner.rankings.append(ranking(0, 7))
    other = schema.open_database(path)
    with transaction(other):
        assert not session.update()
    assert session.update()
    assert session.ranking is not None
    other.close()


def test_a_failing_callback_is_a_notice_and_the_answer_stays(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    heard: list[Ticket] = []

    def fail(ticket: Ticket, answer: Answer) -> None:
        heard.append(ticket)
        raise OSError("no such folder")

    session = make_session(make_dataset(TEXTS), on_answer=[fail])
    session.choose(1)
    assert "on_answer failed" in session.notice
    assert "no such folder" not in session.notice
    assert len(session.notices.errors) == len(heard) == len(standing(conn)) == 1
    assert session.question is not None


def test_two_sessions_share_the_pool_without_overlap(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    dataset = make_dataset(TEXTS)
    both = [make_session(dataset, annotator=name) for name in ("ann", "bob")]
    while any(session.question for session in both):
        for session in both:
            if session.question:
                session.choose(1)
            else:
                session.update()
    assert sorted(a.ticket_id for a in standing(conn)) == list(range(1, 21))


def test_a_damaged_ticket_is_passed_over(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    dataset = make_dataset(["a", "b", "c", "d"])
    conn.execute("UPDATE ticket SET meta = '{' WHERE id IN (1, 2)")
    conn.execute("UPDATE ticket SET text = CAST(x'ff' AS TEXT) WHERE id = 4")
    session = make_session(dataset, order="file")
    assert session.question is not None
    assert session.question.ticket.id == 3
    assert "ticket 2 is damaged" in session.notice
    session.choose(session.scheme.ids[0])
    assert session.question is None
    assert session.saved is not None
    assert "txtal verify" in session.notice
    session.undo()
    assert session.question is not None
    assert session.question.ticket.id == 3


def test_a_reason_to_stop_is_told_once_in_a_sitting(
    make_dataset: MakeDataset, make_session: MakeSession
) -> None:
    learner = StillLearner()
    session = make_session(make_dataset(TEXTS), learner=learner)

    def told(newest: int, reached: str) -> str:
        gain = Forecast(0.001, 0.0, 0.002)
        outlook = Outlook(200 + newest, gain, 0.99, 0.01, reached=reached, notice=reached)
        ranked = ranking(newest, 7)
        learner.rankings.append(replace(ranked, revision=replace(ranked.revision, outlook=outlook)))
        session.notice = ""
        session.update()
        return session.notice

    assert [told(0, ""), told(1, "gain"), told(2, "gain"), told(3, "target")] == [
        "",
        "gain",
        "",
        "target",
    ]
