"""The labels changed from the list of labels, on a database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import MakeDataset, StillLearner
from tests.ui.fakes import Sitting
from tests.ui.test_plain import talk
from txtal.errors import LockedError
from txtal.session.session import Session
from txtal.store import answers, datasets, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import LabelChange, Record

MakeSession = Callable[..., Session]

LABELS = "billing/refund,billing/voucher,delivery,praise"
REFUND, VOUCHER, DELIVERY, PRAISE = 1, 2, 3, 4


@pytest.fixture
def sitting(make_dataset: MakeDataset, make_session: MakeSession) -> Sitting:
    dataset = make_dataset(["first", "second", "third", "fourth"], LABELS)
    return Sitting(make_session(dataset, order="file"), columns=100)


def names(sitting: Sitting) -> list[str]:
    return [label.name for label in sitting.session.scheme.labels]


def mark(sitting: Sitting, typed: str) -> None:
    sitting.press("pick")
    sitting.type(typed)


def test_a_new_name_is_a_new_label_and_the_answer(sitting: Sitting, conn: Connection) -> None:
    mark(sitting, "parking")
    assert "+ add the label parking" in sitting.read()
    assert "Add the label parking, and answer with it? y/n" in sitting.press("choose")
    text = sitting.press("yes")
    assert "second" in text
    assert "5 parking" in text
    assert [answer.labels for answer in answers.standing(conn, 1)] == [(5,)]


def test_no_means_no(sitting: Sitting) -> None:
    mark(sitting, "parking")
    sitting.press("choose")
    assert "first" in sitting.press("no")
    assert len(names(sitting)) == 4


def test_the_answer_after_a_new_label_may_have_to_wait(
    sitting: Sitting, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark(sitting, "parking")
    sitting.press("choose")

    def locked(*_: object) -> None:
        raise LockedError("locked")

    monkeypatch.setattr(StoreLedger, "record", locked)
    assert "waiting for the database lock" in sitting.press("yes")
    monkeypatch.undo()
    sitting.screen.retry()
    assert names(sitting)[4:] == ["parking"]
    assert len(answers.standing(conn, 1)) == 1


def test_a_name_that_cannot_be_is_told(sitting: Sitting) -> None:
    mark(sitting, "x" * 101)
    assert "longer than 100 characters" in sitting.press("choose")
    assert sitting.errors == []


def test_levels_are_gone_through(sitting: Sitting, conn: Connection) -> None:
    text = sitting.press("pick")
    assert "▸ 1 billing/" in text
    assert "2 labels" in text
    assert "voucher" not in text
    text = sitting.press("choose")
    assert "find: billing/" in text
    assert "▸ 1 billing/refund" in text
    sitting.press("label", "2")
    assert [answer.labels for answer in answers.standing(conn, 1)] == [(VOUCHER,)]


def test_rename_and_describe_and_what_a_label_is_for(sitting: Sitting) -> None:
    sitting.press("label", "3")
    mark(sitting, "deliv")
    assert "rename delivery to: delivery" in sitting.press("rename")
    sitting.press("clear")
    sitting.type("post")
    text = sitting.press("keep")
    assert "renamed delivery to post; ctrl-x" in text
    assert "3 post" in text
    mark(sitting, "post")
    sitting.press("describe")
    sitting.type("late or lost")
    sitting.press("keep")
    mark(sitting, "post")
    assert "late or lost" in sitting.read()
    about = sitting.press("about")
    assert "• first" in about
    assert "second" not in about
    assert "second" in sitting.press("about")


def test_merge_asks_first_and_is_taken_back(sitting: Sitting, conn: Connection) -> None:
    sitting.press("label", "4")
    mark(sitting, "praise")
    assert "merge praise into: " in sitting.press("merge")
    sitting.type("deliv")
    assert "Merge praise into delivery?" in sitting.press("choose")
    assert "merged praise into delivery" in sitting.press("yes")
    assert names(sitting) == LABELS.split(",")[:3]
    assert [answer.labels for answer in answers.standing(conn, 1)] == [(DELIVERY,)]
    sitting.press("pick")
    sitting.press("restore")
    assert names(sitting) == LABELS.split(",")


def test_split_asks_the_tickets_again_after_this_one(sitting: Sitting) -> None:
    sitting.press("label", "3")
    sitting.press("label", "3")
    assert sitting.session.count == 2
    mark(sitting, "deliv")
    sitting.press("split")
    sitting.type("late, lost")
    assert "Split delivery into late, lost?" in sitting.press("keep")
    text = sitting.press("yes")
    assert "third" in text
    assert "4 late" in text
    assert sitting.session.count == 0
    text = sitting.press("ignore")
    assert "first" in text
    assert "was: accept delivery" in text
    assert "second" in sitting.press("label", "4")
    assert "fourth" in sitting.press("label", "5")
    assert sitting.session.count == 3


def test_retire_asks_first(sitting: Sitting) -> None:
    mark(sitting, "praise")
    assert "Retire praise?" in sitting.press("retire")
    sitting.press("yes")
    assert names(sitting) == LABELS.split(",")[:3]
    assert sitting.screen.look.mode == "ticket"


def test_the_learner_hears_of_it(make_dataset: MakeDataset, make_session: MakeSession) -> None:
    learner = StillLearner()
    sitting = Sitting(make_session(make_dataset(["a", "b"], LABELS), learner=learner, audit=0.0))
    mark(sitting, "parking")
    sitting.press("choose")
    sitting.press("yes")
    assert learner.pokes == [0, 0, 1]


def test_line_by_line(make_dataset: MakeDataset, make_session: MakeSession) -> None:
    session = make_session(make_dataset(["first", "second", "third"], LABELS), order="file")
    said = talk(
        session,
        "label add parking",
        "parking",
        "label rename park > cars",
        "label describe cars > where to put them",
        "labels",
        "label merge cars > praise",
        "label split praise > thanks, joy",
        "label retire deli",
        "label retire b",
        "label undo",
        "label dance",
        "label merge",
    )
    assert "5 parking" in said
    assert "cars: where to put them" in said
    assert "was: accept praise" not in said  # it is asked after the one that was there
    assert "b can mean: billing/refund, billing/voucher" in said
    assert "type label add NAME, label describe" in said
    assert "type the name of a label with it" in said
    names = [label.name for label in session.scheme.labels]
    assert names == ["billing/refund", "billing/voucher", "delivery", "thanks", "joy"]
    assert session.notices.errors == []


def test_another_sessions_change_arrives(
    sitting: Sitting, make_session: MakeSession, conn: Connection
) -> None:
    other = Sitting(make_session(datasets.get(conn, "d"), "bob", order="file"))
    mark(other, "parking")
    other.press("choose")
    other.press("yes")
    sitting.screen.news()
    assert "5 parking" in sitting.read()
    assert "changed by another session" in sitting.read()
    sitting.screen.news()
    sitting.press("flag")
    assert "changed by another" not in sitting.read()


@pytest.fixture
def blank(conn: Connection, make_session: MakeSession) -> Session:
    """A session on a dataset without labels, whose task is open."""
    made = datasets.prepare(conn, "d")
    tickets.add(conn, made.id, [Record(text) for text in ("first", "second", "third")])
    return make_session(made, order="file", open_task=True)


@pytest.mark.parametrize(("reply", "task"), [("n", "exclusive"), ("y", "multilabel")])
def test_labels_that_come_with_the_first_answers(
    blank: Session, conn: Connection, reply: str, task: str
) -> None:
    sitting = Sitting(blank)
    assert "No labels yet." in sitting.read()
    text = sitting.type("app bug")
    assert "label: app bug" in text
    assert "+ add the label app bug" in text
    assert "May one ticket have several labels? y/n" in " ".join(sitting.press("choose").split())
    sitting.press("yes" if reply == "y" else "no", reply)
    assert datasets.get(conn, "d").scheme.task == task
    if task == "multilabel":
        assert "chosen 1  ✓ app bug" in sitting.read()
        sitting.press("accept")
    assert [answer.labels for answer in answers.standing(conn, 1)] == [(1,)]
    text = sitting.read()
    assert "second" in text
    assert "1 app bug" in text or "1 [ ] app bug" in text


def test_neither_yes_nor_no_adds_no_label(blank: Session) -> None:
    sitting = Sitting(blank)
    sitting.type("app bug")
    sitting.press("choose")
    assert "/ to type the first label" in sitting.press("no", "")
    assert blank.scheme.labels == ()
    assert "second" in sitting.press("ignore")


def test_the_first_label_line_by_line(blank: Session, conn: Connection) -> None:
    said = talk(blank, "app bug", "", "app bug", "n", "ap", "q")
    assert "no labels yet; the name you type is the first" in said
    assert datasets.get(conn, "d").scheme.task == "exclusive"
    assert [answer.labels for answer in answers.standing(conn, 1)] == [(1,), (1,)]


def test_a_learner_hears_nothing_before_there_is_a_label(
    conn: Connection, make_session: MakeSession
) -> None:
    made = datasets.prepare(conn, "d")
    tickets.add(conn, made.id, [Record(text) for text in ("first", "second", "third")])
    learner = StillLearner()
    session = make_session(made, learner=learner, open_task=True)
    session.answer("ignore", ())
    assert learner.pokes == []
    session.change_labels(LabelChange("add", name="app bug", task="exclusive"))
    session.answer("accept", session.scheme.ids)
    assert len(learner.pokes) == 2
