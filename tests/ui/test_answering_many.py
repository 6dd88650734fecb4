"""Many tickets of a list answered at once, on a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import MakeDataset
from tests.ui.fakes import Sitting
from tests.ui.test_plain import talk
from txtal.session.session import Session
from txtal.store import answers
from txtal.store.sqlite import Connection
from txtal.types import BULK, Answer, Draft, Ticket

PARCELS = [f"parcel of {name} is late" for name in ("ann", "bo", "cy", "di")]
LABELS = ("delivery", "broken", "praise")
OTHERS = ["the kettle is broken", "thanks"]


@pytest.fixture
def sitting(make_dataset: MakeDataset, make_session: Callable[..., Session]) -> Iterator[Sitting]:
    yield from sit(make_dataset, make_session, [*OTHERS, *PARCELS])


def sit(
    make_dataset: MakeDataset,
    make_session: Callable[..., Session],
    texts: list[str],
    **options: object,
) -> Iterator[Sitting]:
    session = make_session(make_dataset(texts, ",".join(LABELS)), order="file", **options)
    session.ledger.finder.index.start()  # type: ignore[attr-defined]
    session.ledger.finder.index.wait()  # type: ignore[attr-defined]
    yield Sitting(session, columns=100, rows=30)
    session.ledger.finder.index.close()  # type: ignore[attr-defined]


def standing(conn: Connection) -> list[Answer]:
    return answers.standing(conn, 1)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_marked_tickets_are_answered_and_undone_as_one(sitting: Sitting, conn: Connection) -> None:
    sitting.press("search")
    sitting.type("parcel")
    assert "[ ]" not in sitting.read()
    text = sitting.press("mark")
    assert "[✓]" in text
    assert "1 marked, 2 of 4" in text
    text = sitting.press("mark_all")
    assert text.count("[✓]") == 4
    sitting.press("mark")  # the second row, no longer
    assert "enter answer 3" in sitting.read()
    text = sitting.press("open")
    assert "answer 3 with: " in text
    assert all(f"{key} {name}" in text for key, name in zip("123", LABELS, strict=True))
    assert "Answer 3 tickets with delivery? y/n" in sitting.press("label", "1")
    text = flat(sitting.press("yes"))
    assert "3 tickets answered with delivery; one undo takes all of it back" in text
    given = standing(conn)
    assert len(given) == 3
    assert {answer.labels for answer in given} == {(1,)}
    assert {answer.ranked.reason for answer in given if answer.ranked} == {BULK}
    assert {answer.ranked.selection_probability for answer in given if answer.ranked} == {None}
    assert "3 of 6" in text
    sitting.press("undo")
    assert standing(conn) == []
    assert "0 of 6" in sitting.read()
    sitting.press("redo")
    assert len(standing(conn)) == 3


def test_no_mark_goes_to_the_ticket_and_a_new_list_has_none(sitting: Sitting) -> None:
    sitting.press("search")
    sitting.type("parcel")
    sitting.press("mark")
    sitting.press("cancel")
    sitting.press("search")
    sitting.type("thanks")
    assert "marked" not in sitting.read()
    assert "you opened it" in sitting.press("open")


def test_what_is_answered_already_is_counted_and_left(sitting: Sitting, conn: Connection) -> None:
    session = sitting.session
    sitting.press("search")
    sitting.type("parcel")
    sitting.press("open")
    sitting.press("label", "2")
    sitting.press("no")  # not for those that are nearly identical
    sitting.press("search")
    sitting.type("parcel")
    sitting.press("mark_all")
    sitting.press("open")
    sitting.press("label", "1")
    assert "3 tickets answered with delivery; 1 ticket not open any more" in flat(
        sitting.press("yes")
    )
    assert session.count == 4
    assert sorted(answer.labels for answer in standing(conn)) == [(1,), (1,), (1,), (2,)]


def test_more_than_fifty_take_a_check_of_five(
    make_dataset: MakeDataset, make_session: Callable[..., Session], conn: Connection
) -> None:
    words = "abcdefghijklmnopqrstuvwxyz"
    texts = ["first", *(f"parcel {a}{b} gone" for a in words[:6] for b in words[:10])]
    for sitting in sit(make_dataset, make_session, texts):
        sitting.press("search")
        sitting.type("parcel")
        sitting.press("mark_all")
        sitting.press("open")
        text = flat(sitting.press("label", "1"))
        assert "Check 1 of 5, drawn from the 60 marked: does delivery fit? y/n" in text
        assert "parcel" in text
        assert "first" not in text
        for number in range(2, 6):
            reply = ("no", "n") if number == 3 else ("yes", "y")
            assert f"Check {number} of 5" in sitting.press(*reply)
        text = flat(sitting.press("yes"))
        assert "1 of 5 did not fit, so nothing is recorded" in text
        assert "59 marked" in text
        assert standing(conn) == []
        sitting.press("open")
        sitting.press("label", "1")
        for _ in range(5):
            sitting.press("yes")
        assert len(standing(conn)) == 59
        sitting.press("undo")
        assert standing(conn) == []


def test_a_recipes_refusal_is_counted_with_its_reason_and_its_callback_is_called(
    make_dataset: MakeDataset, make_session: Callable[..., Session], conn: Connection
) -> None:
    seen: list[int] = []

    def validate(ticket: Ticket, draft: Draft) -> str | None:
        return "not bo's" if "bo" in ticket.text else None

    def after(ticket: Ticket, answer: Answer) -> None:
        seen.append(ticket.id)

    for sitting in sit(
        make_dataset, make_session, [*OTHERS, *PARCELS], validate=validate, on_answer=[after]
    ):
        sitting.press("search")
        sitting.type("parcel")
        sitting.press("mark_all")
        sitting.press("open")
        sitting.press("label", "1")
        assert "1 ticket refused: not bo's" in flat(sitting.press("yes"))
        assert len(standing(conn)) == len(seen) == 3


def test_line_by_line(sitting: Sitting, conn: Connection) -> None:
    said = talk(sitting.session, "search parcel", "answer 1-2, 4 > deliv", "answer 9 > deliv",
                "answer x > deliv", "undo")  # fmt: skip
    assert "3 tickets answered with delivery" in said
    assert "there is no such number" in said
    assert "x is no number of the last list" in said
    assert "3 answers undone" in said
    assert standing(conn) == []
