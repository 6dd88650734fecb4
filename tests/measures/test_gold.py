"""What stands of a ticket: corrections, majorities, ties, and that nothing depends on chance."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.measures.gold import RULES, Gold, Rule, counting, dispute, settle
from txtal.types import TASKS, VERDICTS, Answer, Label, Ranked, Scheme, Task, Verdict

A, B, C, LOST = 10, 20, 30, 99
IDS = {"exclusive": (A, B, C), "multilabel": (A, B, C), "binary": (A,), "rating": (A, B, C)}


def scheme(task: Task) -> Scheme:
    return Scheme(task, tuple(Label(id_, f"label {id_}") for id_ in IDS[task]))


def said(*what: tuple[Verdict, tuple[int, ...]], reasons: str = "") -> list[Answer]:
    """Answers of ann, ben, cat ... in that order."""
    return [
        Answer(1, verdict, labels, Ranked(1), annotator=name, answered=float(number), id=number)
        for number, (name, (verdict, labels)) in enumerate(zip("abcdef", what, strict=False), 1)
    ]


def gold(task: Task, *what: tuple[Verdict, tuple[int, ...]], rule: Rule = "majority") -> Gold:
    return settle(counting(said(*what))[1], scheme(task), rule)


def stands(found: Gold) -> tuple[Verdict, tuple[int, ...]] | None:
    return (found.answer.verdict, found.answer.labels) if found.answer else None


def yes(*labels: int) -> tuple[Verdict, tuple[int, ...]]:
    return ("accept", labels)


def no(*labels: int) -> tuple[Verdict, tuple[int, ...]]:
    return ("reject", labels)


IGNORE: tuple[Verdict, tuple[int, ...]] = ("ignore", ())


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ([yes(A)], yes(A)),
        ([no(A)], no(A)),
        ([IGNORE], IGNORE),
        ([yes()], yes()),
        ([yes(A), yes(A)], yes(A)),
        ([yes(A), yes(B)], None),
        ([yes(A), yes(B), yes(A)], yes(A)),
        ([yes(A), yes(A), yes(B), yes(C)], yes(A)),
        ([yes(A), yes(A), yes(B), yes(B)], None),
        ([yes(A), yes(B), yes(C)], None),
        ([yes(A), IGNORE], yes(A)),
        ([IGNORE, IGNORE], IGNORE),
        ([yes(A), yes(LOST)], yes(A)),
        ([yes(LOST), yes(LOST)], yes(LOST)),
        ([yes(A), no(B)], yes(A)),
        ([yes(A), no(A)], None),
        ([no(A), no(A), yes(A)], no(A)),
        ([no(A), no(A)], no(A)),
        ([no(A), no(B)], yes(C)),
        ([no(A, B, C), yes(A)], None),
        ([yes(A, B), yes(A)], yes(A)),
        ([yes(A, B), no(B)], yes(A)),
    ],
)
def test_one_label_of_several(what, expected):
    assert stands(gold("exclusive", *what)) == expected


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ([yes(A, B), yes(A, B)], yes(A, B)),
        ([yes(A, B), yes(A)], None),
        ([yes(A, B), yes(A), yes(A, C)], yes(A)),
        ([yes(A, B), yes(B, C), yes(A, C)], yes(A, B, C)),
        ([yes(), yes(), yes(A)], yes()),
        ([yes(A), no(B)], yes(A)),
        ([yes(A), no(A)], None),
        ([no(A), no(B)], no(A, B)),
        ([yes(A), IGNORE], yes(A)),
    ],
)
def test_each_of_several_labels(what, expected):
    assert stands(gold("multilabel", *what)) == expected


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ([yes(A), no(A)], None),
        ([yes(A), no(A), no(A)], no(A)),
        ([yes(), yes(A)], yes(A)),
    ],
)
def test_yes_or_no(what, expected):
    assert stands(gold("binary", *what)) == expected


@pytest.mark.parametrize(
    ("grades", "expected"),
    [((A, B), None), ((A, C), None), ((A, B, C), B), ((A, C, C), C), ((A, A, B, B), None)],
)
def test_grades_meet_at_their_median(grades, expected):
    found = gold("rating", *map(yes, grades))
    assert stands(found) == (yes(expected) if expected else None)


def test_a_rule_decides_what_to_do_with_those_who_differ():
    two_to_one = [yes(A), yes(A), yes(B)]
    assert stands(gold("exclusive", *two_to_one, rule="newest")) == yes(B)
    assert gold("exclusive", *two_to_one, rule="unanimous").answer is None
    assert stands(gold("exclusive", yes(A), IGNORE, yes(A), rule="unanimous")) == yes(A)
    assert stands(gold("exclusive", yes(A), IGNORE, rule="newest")) == yes(A)


def test_who_said_it_and_how_many():
    found = gold("exclusive", yes(A), yes(B), yes(A), IGNORE)
    assert found.answer is not None
    assert (found.answer.annotator, found.votes, found.voters) == ("c", 2, 3)
    nobody = gold("multilabel", yes(A, B), yes(B, C), yes(A, C))
    assert nobody.answer is not None
    assert (nobody.answer.annotator, nobody.votes, nobody.voters) == ("", 0, 3)


@pytest.mark.parametrize("reason", ["suspect", "chosen"])
def test_a_correction_replaces_what_it_corrects_whoever_gave_it(reason):
    one, two, three = said(yes(A), yes(A), yes(B))
    seen = replace(three, ranked=Ranked(1, reason=reason))
    assert counting([one, two, seen]) == {1: [seen]}
    later = replace(one, id=9, labels=(C,))
    assert counting([later, one, two, seen]) == {1: [seen, later]}


def test_an_independent_second_opinion_does_not():
    one, two = said(yes(A), yes(B))
    for reason in ("overlap", "audit", "random", "loaded"):
        beside = replace(two, ranked=Ranked(1, reason=reason))
        assert counting([one, beside]) == {1: [one, beside]}


def test_a_correction_that_ignores_takes_the_ticket_out():
    one, two, three = said(yes(A), yes(A), IGNORE)
    found = settle(
        counting([one, two, replace(three, ranked=Ranked(1, reason="chosen"))])[1],
        scheme("exclusive"),
    )
    assert stands(found) == IGNORE


def test_how_far_annotators_are_apart():
    exclusive, several, grades = scheme("exclusive"), scheme("multilabel"), scheme("rating")
    assert dispute(said(yes(A), yes(A)), exclusive) == 0
    assert dispute(said(yes(A), yes(B)), exclusive) == 1
    assert dispute(said(yes(A), yes(B), yes(A)), exclusive) == pytest.approx(2 / 3)
    assert dispute(said(yes(A), no(B)), exclusive) == 0
    assert dispute(said(yes(A, B), yes(A)), several) == 0.5
    assert dispute(said(yes(A), yes(B)), grades) == 0.5
    assert dispute(said(yes(A), yes(C)), grades) == 1
    assert dispute(said(yes(A), IGNORE), exclusive) == 0


@st.composite
def tickets(draw: st.DrawFn) -> tuple[Task, list[Answer]]:
    task = draw(st.sampled_from(TASKS))
    names = st.lists(st.sampled_from([*IDS[task], LOST]), unique=True).map(tuple)
    what = st.tuples(st.sampled_from(VERDICTS), names)
    return task, said(*draw(st.lists(what, min_size=1, max_size=6)))


@given(tickets(), st.sampled_from(RULES))
def test_what_stands_is_something_that_can_be(ticket, rule):
    task, answers = ticket
    found = settle(answers, scheme(task), rule)
    assert 0 <= found.votes <= found.voters <= len(answers)
    if found.answer is None:
        assert dispute(answers, scheme(task)) > 0
    elif found.answer.annotator == "":
        assert found.answer.verdict != "ignore"
        assert set(found.answer.labels) <= set(IDS[task])
        if task in ("exclusive", "rating") and found.answer.verdict == "accept":
            assert len(found.answer.labels) == 1
    else:
        assert found.answer in answers


@given(st.lists(st.sampled_from((A, B, C)), min_size=2, max_size=6))
def test_one_label_each_is_a_plain_vote(labels):
    """Against the obvious ways to count: Counter and statistics.median."""
    counted = Counter(labels).most_common()
    winner = counted[0][0] if len(counted) == 1 or counted[0][1] > counted[1][1] else None
    found = gold("exclusive", *map(yes, labels))
    assert stands(found) == (yes(winner) if winner else None)
    middle = median(sorted(labels))
    same_halves = sorted(labels)[(len(labels) - 1) // 2] == sorted(labels)[len(labels) // 2]
    graded = gold("rating", *map(yes, labels))
    assert stands(graded) == (yes(int(middle)) if same_halves else None)


@given(tickets(), st.randoms())
def test_the_order_of_reading_changes_nothing(ticket, rng):
    task, answers = ticket
    shuffled = [*answers]
    rng.shuffle(shuffled)
    assert settle(counting(shuffled)[1], scheme(task)) == settle(counting(answers)[1], scheme(task))
