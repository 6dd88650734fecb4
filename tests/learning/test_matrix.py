from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.learning.matrix import IS, NOT, UNKNOWN, answer_matrix
from txtal.types import TASKS, VERDICTS, Answer, Label, Ranked, Scheme, Task, Verdict

A, B, C, LOST = 10, 20, 30, 99


def scheme(task: Task, ids: tuple[int, ...] = (A, B, C)) -> Scheme:
    return Scheme(task, tuple(Label(id_, f"label {id_}") for id_ in ids))


def row(task: Task, verdict: Verdict, *labels: int, ids: tuple[int, ...] = (A, B, C)) -> list[int]:
    """The one row a single answer makes, or [] when it teaches nothing."""
    matrix = answer_matrix([Answer(1, verdict, labels, id=1)], scheme(task, ids))
    return matrix.cells.tolist()[0] if len(matrix.cells) else []


@pytest.mark.parametrize(
    ("verdict", "labels", "expected"),
    [
        ("accept", (B,), [NOT, IS, NOT]),
        ("reject", (B,), [UNKNOWN, NOT, UNKNOWN]),
        ("reject", (A, C), [NOT, IS, NOT]),  # only one label remains
        ("reject", (A, B, C), [NOT, NOT, NOT]),
        ("accept", (A, B), [UNKNOWN, UNKNOWN, NOT]),  # one of the two
        ("accept", (LOST,), []),
        ("reject", (LOST,), []),
        ("reject", (LOST, A), [NOT, UNKNOWN, UNKNOWN]),
        ("reject", (), []),
        ("ignore", (), []),
    ],
)
def test_exclusive(verdict, labels, expected):
    assert row("exclusive", verdict, *labels) == expected


@pytest.mark.parametrize(
    ("verdict", "labels", "expected"),
    [
        ("accept", (A, C), [IS, NOT, IS]),
        ("accept", (), [NOT, NOT, NOT]),
        ("accept", (A, LOST), [IS, NOT, NOT]),
        ("reject", (A, C), [NOT, UNKNOWN, NOT]),
        ("reject", (), []),
        ("ignore", (), []),
    ],
)
def test_multilabel(verdict, labels, expected):
    assert row("multilabel", verdict, *labels) == expected


@pytest.mark.parametrize(
    ("verdict", "labels", "expected"),
    [("accept", (A,), [IS]), ("accept", (), [IS]), ("reject", (A,), [NOT]), ("ignore", (), [])],
)
def test_binary(verdict, labels, expected):
    assert row("binary", verdict, *labels, ids=(A,)) == expected


def test_a_reject_in_a_scheme_of_two_is_an_accept_of_the_other():
    assert row("exclusive", "reject", A, ids=(A, B)) == [NOT, IS]


def test_columns_follow_the_scheme_and_rows_the_tickets():
    answers = [Answer(7, "accept", (A,), id=1), Answer(3, "accept", (C,), id=2)]
    matrix = answer_matrix(answers, scheme("exclusive", (C, A)))
    assert matrix.ticket_ids.tolist() == [3, 7]
    assert matrix.cells.tolist() == [[IS, NOT], [NOT, IS]]
    assert matrix.ticket_ids.dtype == np.int64
    assert matrix.cells.dtype == np.int8


def test_the_newest_answer_counts_whatever_the_order_and_the_clock():
    old = Answer(1, "accept", (A,), id=4, answered=100.0)
    new = Answer(1, "accept", (B,), id=9, answered=5.0)
    for answers in ([old, new], [new, old]):
        assert answer_matrix(answers, scheme("exclusive")).cells.tolist() == [[NOT, IS, NOT]]
    assert len(answer_matrix([old, Answer(1, "ignore", id=9)], scheme("exclusive")).cells) == 0


def test_no_answers_make_an_empty_matrix_of_the_right_width():
    matrix = answer_matrix([], scheme("exclusive"))
    assert matrix.ticket_ids.shape == (0,)
    assert matrix.cells.shape == (0, 3)


answers = st.builds(
    Answer,
    ticket_id=st.integers(1, 5),
    verdict=st.sampled_from(VERDICTS),
    labels=st.lists(st.sampled_from([A, B, C, LOST]), unique=True).map(tuple),
    id=st.integers(1, 1000),
)


@given(st.lists(answers, unique_by=lambda answer: answer.id), st.sampled_from(TASKS))
def test_every_row_says_something_possible(given_answers, task):
    ids = (A,) if task == "binary" else (A, B, C)
    matrix = answer_matrix(given_answers, scheme(task, ids))
    assert matrix.cells.shape == (len(matrix.ticket_ids), len(ids))
    assert (np.diff(matrix.ticket_ids) > 0).all()
    assert np.isin(matrix.cells, [IS, NOT, UNKNOWN]).all()
    assert (matrix.cells != UNKNOWN).any(axis=1).all()
    if task == "exclusive":
        assert ((matrix.cells == IS).sum(axis=1) <= 1).all()
        assert ((matrix.cells == UNKNOWN).sum(axis=1) != 1).all()
    shuffled = answer_matrix(given_answers[::-1], scheme(task, ids))
    assert np.array_equal(shuffled.cells, matrix.cells)


# --- several annotators -----------------------------------------------------------------------


def rows_of(task: Task, *said: tuple[str, Verdict, tuple[int, ...]], reason: str = "overlap"):
    """The row that several annotators' answers make, the last one asked for ``reason``."""
    answers = [
        Answer(1, verdict, labels, Ranked(1), annotator=name, id=number)
        for number, (name, verdict, labels) in enumerate(said, start=1)
    ]
    answers[-1] = replace(answers[-1], ranked=Ranked(1, reason=reason))
    return answer_matrix(answers, scheme(task)).cells.tolist()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("accept", (A,)), ("accept", (A,))], [IS, NOT, NOT]),
        ([("accept", (A,)), ("accept", (B,))], [UNKNOWN, UNKNOWN, NOT]),
        ([("accept", (A,)), ("accept", (B,)), ("accept", (A,))], [IS, NOT, NOT]),
        ([("accept", (A,)), ("accept", (B,)), ("accept", (C,))], None),
        ([("accept", (A,)), ("ignore", ())], [IS, NOT, NOT]),
        ([("accept", (A,)), ("reject", (B,))], [IS, NOT, NOT]),
        ([("reject", (A,)), ("reject", (B,))], [NOT, NOT, IS]),
        ([("accept", (A,)), ("reject", (A,))], None),
    ],
)
def test_what_annotators_say_together_of_one_label(said, expected):
    named = [(name, *one) for name, one in zip("abc", said, strict=False)]
    assert rows_of("exclusive", *named) == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ((A, A), [IS, NOT, NOT]),
        ((A, B), [UNKNOWN, UNKNOWN, NOT]),
        ((A, B, C), [NOT, IS, NOT]),
        ((A, C, C), [NOT, NOT, IS]),
    ],
)
def test_grades_meet_at_their_median(grades, expected):
    said = [(name, "accept", (grade,)) for name, grade in zip("abc", grades, strict=False)]
    assert rows_of("rating", *said) == [expected]


def test_what_annotators_say_together_of_each_label():
    both = rows_of("multilabel", ("a", "accept", (A, B)), ("b", "accept", (A,)))
    assert both == [[IS, UNKNOWN, NOT]]
    three = rows_of(
        "multilabel", ("a", "accept", (A, B)), ("b", "accept", (A,)), ("c", "accept", (B,))
    )
    assert three == [[IS, IS, NOT]]


def test_an_annotators_own_newest_counts_and_what_was_given_in_sight_replaces_all():
    assert rows_of("exclusive", ("a", "accept", (A,)), ("a", "accept", (B,))) == [[NOT, IS, NOT]]
    for reason in ("chosen", "suspect"):
        said = rows_of("exclusive", ("a", "accept", (A,)), ("b", "accept", (B,)), reason=reason)
        assert said == [[NOT, IS, NOT]]
