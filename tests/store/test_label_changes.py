"""Changing a scheme that has answers: nothing is lost, and everything can be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import MakeDataset
from txtal.errors import DamagedError, UsageError
from txtal.session.session import Session
from txtal.store import answers, datasets, label_changes, labels
from txtal.store.sqlite import Connection
from txtal.store.verify import verify
from txtal.types import Answer, Dataset, LabelChange, Relabelled

MakeSession = Callable[..., Session]


@pytest.fixture
def dataset(make_dataset: MakeDataset, make_session: MakeSession) -> Dataset:
    """Six tickets, of which refund has two, praise one, and one is "not refund"."""
    made = make_dataset([f"t{n}" for n in range(6)], "refund,praise,other")
    session = make_session(made, order="file")
    for answer in (("accept", (1,)), ("accept", (1,)), ("accept", (2,)), ("reject", (1,))):
        session.answer(*answer)  # type: ignore[arg-type]
    return made


@pytest.fixture
def change(conn: Connection, dataset: Dataset) -> Callable[..., int]:
    def make(action: str, **details: object) -> int:
        wanted = LabelChange(action, **details)  # type: ignore[arg-type]
        return len(label_changes.change(conn, dataset.id, wanted, "ann").undone)

    return make


def names(conn: Connection) -> list[str]:
    return [label.name for label in datasets.get(conn, "d").scheme.labels]


def given(conn: Connection) -> list[tuple[str, tuple[str, ...]]]:
    """Standing answers in the words of the scheme there is now."""
    scheme = datasets.get(conn, "d").scheme
    return [
        (answer.verdict, tuple(scheme.names[label] for label in answer.labels))
        for answer in answers.standing(conn, 1)
    ]


BEFORE = [
    ("accept", ("refund",)),
    ("accept", ("refund",)),
    ("accept", ("praise",)),
    ("reject", ("refund",)),
]


def test_a_rename_takes_the_answers_with_it(conn: Connection, change: Callable[..., int]) -> None:
    change("rename", label=1, name="money/refund")
    assert names(conn) == ["money/refund", "praise", "other"]
    assert given(conn)[0] == ("accept", ("money/refund",))
    change("undo")
    assert given(conn) == BEFORE


def test_a_merge_counts_as_the_other_and_forgets_what_was_refused(
    conn: Connection, change: Callable[..., int]
) -> None:
    read_again = answers.StandingAnswers()
    assert read_again.read(conn, 1) == answers.standing(conn, 1)
    change("merge", label=1, into=2)
    change("merge", label=2, into=3)
    assert names(conn) == ["other"]
    assert given(conn) == [("accept", ("other",))] * 3 + [("reject", ())]
    assert read_again.read(conn, 1) == answers.standing(conn, 1)
    change("undo")
    change("undo")
    assert given(conn) == BEFORE
    assert names(conn) == ["refund", "praise", "other"]


def test_a_merge_of_labels_that_one_answer_names(
    make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
) -> None:
    made = make_dataset(["a"], "x,y", "multilabel", name="d")
    make_session(made, order="file").answer("accept", (1, 2))
    label_changes.change(conn, made.id, LabelChange("merge", label=1, into=2), "ann")
    assert given(conn) == [("accept", ("y",))]


def test_a_retired_label_keeps_its_answers_and_comes_back(
    conn: Connection, change: Callable[..., int]
) -> None:
    change("retire", label=1)
    assert names(conn) == ["praise", "other"]
    assert given(conn) == BEFORE
    change("add", name="refund")
    assert names(conn) == ["refund", "praise", "other"]
    change("undo")
    assert names(conn) == ["praise", "other"]


def test_a_split_asks_again_and_can_be_undone(
    conn: Connection, change: Callable[..., int], make_session: MakeSession, dataset: Dataset
) -> None:
    assert change("split", label=1, names=("late", "broken")) == 2
    assert names(conn) == ["praise", "other", "late", "broken"]
    assert given(conn) == BEFORE[2:]
    session = make_session(datasets.get(conn, "d"), order="file")
    assert session.question is not None
    assert session.question.ticket.text == "t0"
    session.choose(4)
    change("undo")
    # What was answered since stands and counts as the whole; the other is back.
    assert sorted(given(conn)) == sorted(BEFORE)
    assert names(conn) == ["refund", "praise", "other"]


def test_a_split_may_keep_the_label(conn: Connection, change: Callable[..., int]) -> None:
    change("split", label=1, names=("refund", "exchange"))
    assert names(conn) == ["refund", "praise", "other", "exchange"]


def test_no_answer_before_the_one_taken_back_stands_again(
    conn: Connection, change: Callable[..., int], dataset: Dataset
) -> None:
    again = answers.standing(conn, 1)[2]
    changed = answers.Answer(again.ticket_id, "accept", (1,), annotator=again.annotator)
    answers.append(conn, dataset.id, 1, changed)
    assert change("split", label=1, names=("late", "broken")) == 3
    assert given(conn) == [("reject", ("refund",))]


def test_the_answers_to_the_parts_of_an_undone_split_count_as_the_whole(
    conn: Connection, dataset: Dataset
) -> None:
    def change(action: str, **details: object) -> Relabelled:
        wanted = LabelChange(action, **details)  # type: ignore[arg-type]
        return label_changes.change(conn, dataset.id, wanted, "ann")

    first, second = (one for one in change("split", label=1, names=("late", "broken")).undone)
    late = datasets.get(conn, "d").scheme.labels[-2].id
    answers.append(conn, 1, 1, Answer(first.ticket_id, "accept", (late,), annotator="ann"))
    done = change("undo")
    assert [answer.ticket_id for answer in done.restored] == [second.ticket_id]
    assert done.counted == 1
    assert sorted(given(conn)) == sorted(BEFORE)
    assert datasets.get(conn, "d").scheme.now((late,)) == (1,)
    # The same split once more takes all of it back, and its parts are labels of their own again.
    assert len(change("split", label=1, names=("late", "broken")).undone) == 2
    assert datasets.get(conn, "d").scheme.merged == {}
    assert [label.name for label in datasets.get(conn, "d").scheme.labels][-2:] == [
        "late",
        "broken",
    ]


@pytest.mark.parametrize(
    ("action", "details", "says"),
    [
        ("add", {"name": "praise"}, "there is a label praise already"),
        ("add", {"name": "a\nb"}, "characters that don't show"),
        ("add", {"name": ""}, "needs a name"),
        ("rename", {"label": 1, "name": "praise"}, "label merge"),
        ("rename", {"label": 9, "name": "x"}, "no longer in the scheme"),
        ("merge", {"label": 1, "into": 1}, "into itself"),
        ("split", {"label": 1, "names": ("one",)}, "two or more"),
        ("undo", {}, "no change of the labels is left"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    conn: Connection, change: Callable[..., int], action: str, details: dict[str, object], says: str
) -> None:
    before = labels.newest_event(conn, 1)
    with pytest.raises(UsageError, match=says):
        change(action, **details)
    assert labels.newest_event(conn, 1) == before
    assert given(conn) == BEFORE


def test_the_last_label_and_that_of_a_binary_dataset_stay(
    conn: Connection, change: Callable[..., int], make_dataset: MakeDataset
) -> None:
    change("retire", label=1)
    change("retire", label=2)
    with pytest.raises(UsageError, match="only label left"):
        change("retire", label=3)
    binary = make_dataset(["a"], "urgent", name="b")
    with pytest.raises(UsageError, match="renamed and described"):
        label_changes.change(conn, binary.id, LabelChange("add", name="x"), "ann")
    label_changes.change(conn, binary.id, LabelChange("rename", label=4, name="now"), "ann")
    assert datasets.prepare(conn, "b", [("urgent", "")]).scheme.labels[0].name == "now"


def test_names_of_old_bring_nothing_back(conn: Connection, change: Callable[..., int]) -> None:
    change("rename", label=1, name="refunds")
    change("retire", label=2)
    datasets.prepare(conn, "d", [("refund", ""), ("praise", ""), ("other", ""), ("new", "")])
    assert names(conn) == ["refunds", "other", "new"]
    assert labels.ids(conn, 1)["refund"] == 1
    change("add", name="refund")
    assert labels.ids(conn, 1)["refund"] == 5


def test_an_undo_of_the_annotators_own_speaks_of_todays_labels(
    conn: Connection, change: Callable[..., int], make_session: MakeSession
) -> None:
    change("retire", label=3)
    session = make_session(datasets.get(conn, "d"), order="file")
    session.answer("accept", (2,))
    change("merge", label=2, into=1)
    session.undo()
    assert session.question is not None
    assert session.question.previous is not None
    assert session.question.previous.labels == (1,)


def test_no_change_looks_like_damage(conn: Connection, change: Callable[..., int]) -> None:
    change("add", name="late")
    change("split", label=1, names=("refund", "exchange"))
    change("merge", label=2, into=3)
    change("rename", label=3, name="rest")
    change("describe", label=3, description="whatever is left")
    change("retire", label=4)
    assert verify(conn).faults == ()
    for _ in range(6):
        change("undo")
        assert verify(conn).faults == ()
    assert given(conn) == [*BEFORE[2:], *BEFORE[:2]]


@pytest.mark.parametrize("detail", ["", "5", '{"intn": 2}'])
def test_a_damaged_change_is_named(
    conn: Connection, change: Callable[..., int], detail: str
) -> None:
    change("merge", label=1, into=2)
    conn.execute("UPDATE label_event SET detail = ? WHERE action = 'merge'", (detail,))
    with pytest.raises(DamagedError, match="label change 4 is damaged"):
        answers.standing(conn, 1)
