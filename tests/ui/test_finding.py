"""Answers and tickets found again in a session, on a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import MakeDataset, StillLearner
from tests.ui.fakes import Sitting
from tests.ui.test_plain import talk
from txtal.session.session import Session
from txtal.store import answers, datasets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import Ranked, Ranking, Revision

TEXTS = [
    "the parcel is late, order 1",
    "The parcel is late: order 22",
    "kettle broken",
    "the PARCEL is late? order 3",
    "thanks",
]


@pytest.fixture
def sitting(make_dataset: MakeDataset, make_session: Callable[..., Session]) -> Iterator[Sitting]:
    session = make_session(make_dataset(TEXTS, "delivery,broken,praise"), order="file")
    assert isinstance(session.ledger, StoreLedger)
    session.ledger.finder.index.start()
    session.ledger.finder.index.wait()
    yield Sitting(session, columns=100)
    session.ledger.finder.index.close()


def given(conn: Connection) -> dict[int, tuple[int, ...]]:
    return {answer.ticket_id: answer.labels for answer in answers.standing(conn, 1)}


def test_near_identical_tickets_are_answered_together_after_asking(
    sitting: Sitting, conn: Connection
) -> None:
    text = sitting.press("label", "1")
    assert "Same answer (delivery) for 2 tickets such as this one, which differ" in text
    assert "The parcel is late: order 22" in text
    assert "kettle" in sitting.press("yes")
    assert given(conn) == {1: (1,), 2: (1,), 4: (1,)}
    reasons = [a.ranked.reason for a in answers.standing(conn, 1) if a.ranked]
    assert reasons == ["file order", "alike", "alike"]
    assert "2 more tickets answered the same way" in sitting.read()
    assert sitting.session.count == 3
    assert "3 of 5" in sitting.read()
    assert "#3" in sitting.read()  # the newest of them
    # They were one step, so one undo takes all of it back, and one redo gives it again.
    assert "2 answers undone" in sitting.press("undo")
    assert given(conn) == {1: (1,)}
    assert "1 of 5" in sitting.read()
    assert "redone: 2 answers" in sitting.press("redo")
    assert "#7" in sitting.read()  # after the rows of the undo
    assert given(conn) == {1: (1,), 2: (1,), 4: (1,)}
    assert "nothing to redo" in sitting.press("redo")
    sitting.press("undo")
    assert "the parcel is late, order 1" in sitting.press("undo")
    assert given(conn) == {}
    assert "kettle" in sitting.press("redo")
    assert given(conn) == {1: (1,)}
    assert "3 of 5" in sitting.press("redo")
    sitting.press("undo")
    sitting.press("label", "2")
    assert "nothing to redo" in sitting.press("redo")


def test_quitting_while_being_asked(sitting: Sitting, conn: Connection) -> None:
    sitting.press("label", "1")
    assert "q quit" in sitting.read()
    sitting.press("quit")
    assert sitting.screen.exit_code == 0
    assert given(conn) == {1: (1,)}


def test_after_no_it_is_not_asked_again(sitting: Sitting, conn: Connection) -> None:
    sitting.press("label", "1")
    text = sitting.press("no")
    assert "order 22" in text
    assert "Same answer" not in sitting.press("label", "1")
    assert given(conn) == {1: (1,), 2: (1,)}


def test_what_is_ignored_or_refused_is_not_carried_on(sitting: Sitting) -> None:
    assert "Same answer" not in sitting.press("ignore")


def test_an_answer_is_found_and_changed_and_the_question_comes_back(
    sitting: Sitting, conn: Connection
) -> None:
    sitting.press("label", "1")
    sitting.press("no")
    sitting.press("label", "2")
    text = sitting.press("history")
    assert "▸ ✓ broken" in text
    assert "delivery" in text
    assert "#2" in text
    sitting.press("next")
    text = sitting.press("open")
    assert "order 1" in text
    assert "was: accept delivery" in text
    assert "esc back" in text
    text = sitting.press("label", "3")
    assert "kettle" in text
    assert given(conn) == {1: (3,), 2: (2,)}
    assert "2 of 5" in text
    sitting.press("history")
    assert "1 of 1" in sitting.type("label:pra")
    assert "0 of 0" in sitting.type("x")
    assert "kettle" in sitting.press("cancel")


def test_leaving_a_ticket_that_was_looked_up_changes_nothing(
    sitting: Sitting, conn: Connection
) -> None:
    sitting.press("search")
    sitting.type("thank")
    assert "you opened it" in sitting.press("open")
    assert "order 1" in sitting.press("back")
    assert "order 1" in sitting.press("back")
    assert given(conn) == {}


def test_search_by_words_and_similar_ones(sitting: Sitting) -> None:
    sitting.press("search")
    text = sitting.type("kettle")
    assert "▸ ·" in text
    assert "1 of 1" in text
    sitting.press("cancel")
    text = sitting.press("similar")
    assert "order 22" in text
    assert "kettle" not in text
    assert "1 of 1" in sitting.type("22")


def test_line_by_line(sitting: Sitting, conn: Connection) -> None:
    session = sitting.session
    said = talk(session, "1", "same", "2", "history is:accept", "go 4", "3", "go 9", "go x",
                "search thank", "go 1", "back", "similar", "same")  # fmt: skip
    assert "`same` gives it to 2 tickets more" in said
    assert "2 more tickets answered the same way" in said
    assert "1. broken: kettle broken" in said
    assert "4. delivery: the parcel is late, order 1" in said
    assert "was: accept delivery" in said
    assert said.count("there is no such number") == 2
    assert "no ticket is nearly identical" in said
    assert given(conn) == {1: (3,), 2: (1,), 3: (2,), 4: (1,)}


def test_without_words_search_lists_what_is_asked_next(
    make_dataset: MakeDataset, make_session: Callable[..., Session]
) -> None:
    learner = StillLearner()
    items = (Ranked(3, (2,), ((2, 0.7),), "margin"), Ranked(5, (3,), ((3, 0.6),), "margin"))
    learner.rankings.append(Ranking(Revision(0, 0, 0.1, "v", "margin"), items))
    dataset = make_dataset(TEXTS, "delivery,broken,praise")
    session = make_session(dataset, learner=learner, audit=0.0)
    session.update()
    sitting = Sitting(session)
    text = sitting.press("search")
    assert "▸ · broken" in text
    assert "· praise" in text
    text = sitting.type("is:unsure")
    assert text.index("· praise") < text.index("· broken")  # 60% before 70%
    sitting.press("clear")
    assert "▸ · praise" in sitting.type("label:pra")
    sitting.press("open")
    assert "▸ praise 60%" in sitting.read()
    sitting.press("accept")
    assert session.saved is not None
    assert session.saved.ranked is not None
    assert session.saved.ranked.reason == "chosen"
    assert session.saved.ranked.selection_probability is None


def test_search_finds_what_was_answered_by_its_label_and_state(sitting: Sitting) -> None:
    sitting.press("label", "1")
    sitting.press("no")
    sitting.press("flag")
    sitting.press("label", "2")
    sitting.press("search")
    assert "▸ ✓ delivery" in sitting.type("label:del")
    sitting.press("clear")
    assert "▸ ✓ broken ⚑" in sitting.type("is:flagged")
    sitting.press("clear")
    assert "nothing is like this" in sitting.type("is:unsure")


def test_a_ticket_of_another_session_is_left_to_it(
    sitting: Sitting, make_session: Callable[..., Session], conn: Connection
) -> None:
    make_session(datasets.get(conn, "d"), "bob", order="file")  # at the second ticket
    sitting.press("search")
    sitting.type('"order 22"')
    text = sitting.press("open")
    assert "this ticket is open in another session" in text
    assert "order 1" in text


@pytest.mark.parametrize(("columns", "rows"), [(40, 12), (200, 60)])
def test_lists_fit_every_screen(sitting: Sitting, columns: int, rows: int) -> None:
    sitting.size = (columns, rows)
    sitting.press("label", "1")
    sitting.press("yes")
    text = sitting.press("history")
    for _ in range(5):
        text = sitting.press("next")
    assert all(len(line) <= columns for line in text.splitlines())
    assert "▸ ✓ delivery" in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("is:flaged", "is: takes open, unsure, accept, reject, ignore, flagged, commented"),
        ("label:delyvery", "no label begins with 'delyvery'; the nearest: delivery"),
        ("by:anne", "no annotator is called 'anne'; the nearest: ann"),
        ("lable:delivery", "no ticket looked at has lable: in its meta"),
    ],
)
def test_a_query_that_cannot_be_meant_says_why(sitting: Sitting, typed: str, said: str) -> None:
    sitting.press("search")
    assert said in " ".join(sitting.type(typed).split())
    assert said in talk(sitting.session, f"search {typed}")


def test_a_ticket_that_is_asked_about_says_how_much_of_it_is_out_of_sight(
    make_dataset: MakeDataset, make_session: Callable[..., Session]
) -> None:
    long = "\n".join(["a line"] * 40)
    dataset = make_dataset([f"{long} 1", f"{long} 22"], "delivery,broken")
    session = make_session(dataset, order="file")
    assert isinstance(session.ledger, StoreLedger)
    session.ledger.finder.index.start()
    session.ledger.finder.index.wait()
    sitting = Sitting(session)
    text = sitting.press("label", "1")
    assert "for this ticket, which differs from the last" in text
    shown = text.count("a line")
    assert f"… {40 - shown} more lines" in text
    session.ledger.finder.index.close()
