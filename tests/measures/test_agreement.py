"""Agreement of annotators: over all, on each label, each pair."""

from __future__ import annotations

import pytest

from txtal.measures import intervals
from txtal.measures.agreement import annotator_agreement
from txtal.measures.intervals import reliability
from txtal.types import Answer, Label, Ranked, Scheme

LABELS = tuple(Label(i, name) for i, name in enumerate("abc", start=1))
EXCLUSIVE = Scheme("exclusive", LABELS)


def answers(**said: str) -> list[Answer]:
    """Each annotator's labels for tickets 1, 2, 3 ... in order; a blank for none."""
    ids = {label.name: label.id for label in LABELS}
    return [
        Answer(ticket, "accept", (ids[label],), annotator=name)
        for name, labels in said.items()
        for ticket, label in enumerate(labels, start=1)
        if label != " "
    ]


def test_each_label_and_each_pair() -> None:
    found = annotator_agreement(answers(ann="aabbcc", ben="aabbca", cat="aab  a"), EXCLUSIVE)
    assert found is not None
    assert found.labels["b"].alpha.value == 1
    assert found.labels["c"].alpha.value < found.labels["b"].alpha.value
    assert [(pair, one.share.n) for pair, one in found.pairs.items()] == [
        (("ann", "ben"), 6),
        (("ann", "cat"), 4),
        (("ben", "cat"), 4),
    ]
    assert found.pairs["ben", "cat"].alpha.value == 1
    direct = reliability([list(pair) for pair in zip("aabbcc", "aabbca", strict=True)])
    assert direct is not None
    assert found.pairs["ann", "ben"].alpha.value == direct.alpha.value


def test_two_annotators_are_no_pairs_and_one_is_nothing() -> None:
    two = annotator_agreement(answers(ann="ab", ben="ab"), EXCLUSIVE)
    assert two is not None
    assert two.pairs == {}
    assert annotator_agreement(answers(ann="ab"), EXCLUSIVE) is None


def test_a_decision_in_sight_is_no_second_opinion() -> None:
    seen = Answer(1, "accept", (1,), Ranked(1, reason="review"), annotator="dan", id=9)
    two = annotator_agreement([*answers(ann="a", ben="b"), seen], EXCLUSIVE)
    assert two is not None
    assert two.overall.share.value == 0


def test_many_tickets_are_drawn_by_their_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Poisson bootstrap of many tickets comes to what drawing them one by one comes to."""
    many = [*"aa " * 300, *"ab " * 60, *"bb " * 200, *"cc " * 20]
    units = [tuple(unit) for unit in "".join(many).split()]
    one_by_one = reliability(units)
    monkeypatch.setattr(intervals, "_MANY", 0)
    by_kind = reliability(units)
    assert by_kind is not None
    assert one_by_one is not None
    assert by_kind.alpha.value == one_by_one.alpha.value
    assert by_kind.alpha.low == pytest.approx(one_by_one.alpha.low, abs=0.02)
    assert by_kind.alpha.high == pytest.approx(one_by_one.alpha.high, abs=0.02)


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("answers_given", [(1, 2), (1,)])
def test_where_all_agree_the_interval_says_how_few_they_are(
    graded: bool, answers_given: tuple[int, ...]
) -> None:
    lows = []
    for n in (4, 40, 400):
        units = [(answers_given[place % len(answers_given)],) * 2 for place in range(n)]
        found = reliability(units, graded=graded)
        assert found is not None
        assert found.alpha.value == found.alpha.high == 1
        lows.append(found.alpha.low)
    assert lows[0] < 0.8
    if len(answers_given) > 1:
        assert lows == sorted(lows)
        assert lows[-1] > 0.95
