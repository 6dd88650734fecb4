"""What the labels are called teaches a learner, until the answers say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.learner.test_learner import SETTINGS, Desk, MakeDesk, desk, topic
from txtal.store import answers, datasets, label_changes, leases
from txtal.types import LabelChange, Ranked

__all__ = ["desk"]

BY_NAMES = replace(SETTINGS, strategy="auto", names=True)


CODES = {"a1": "refund", "b2": "praise", "c3": "login"}


def right(one: Desk, ranked: Sequence[Ranked]) -> float:
    """The fraction of the suggestions that are right, where labels are codes."""
    hits = [CODES[one.suggested(item)[0]] == topic(one.text(item.ticket_id)) for item in ranked]
    return float(np.mean(hits))


def describe(one: Desk, name: str, description: str) -> None:
    wanted = LabelChange("describe", one.labels[name], description=description)
    label_changes.change(one.conn, one.dataset.id, wanted, "ann")


def test_the_first_suggestions_are_by_the_names_and_not_sure(desk: MakeDesk) -> None:
    one = desk(labels="refund money,praise thanks,login password")
    ranking = one.learner(BY_NAMES).rank()
    assert ranking.revision.by_names
    assert ranking.revision.answers == 0
    assert {one.suggested(item)[0].split()[0] for item in ranking.audit} == {
        "refund",
        "praise",
        "login",
    }
    assert all(
        one.suggested(item)[0].startswith(topic(one.text(item.ticket_id))) for item in ranking.audit
    )
    plain = one.learner(SETTINGS).rank()
    assert not plain.revision.by_names
    assert all(item.suggestion == () for item in plain.items)


def test_a_description_counts_at_once(desk: MakeDesk) -> None:
    one = desk(labels=",".join(CODES))  # names that say nothing
    learner = one.learner(BY_NAMES)
    assert right(one, learner.rank().audit) < 0.8
    describe(one, "a1", "please refund, the money is not back on my card")
    describe(one, "b2", "a wonderful shop: thanks and greetings")
    describe(one, "c3", "a password fails, the account cannot log in")
    assert right(one, learner.rank().audit) == 1


def test_ten_answers_bear_them_out(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:10], reason="random")
    revision = one.learner(BY_NAMES).rank().revision
    assert not revision.by_names


def test_names_that_mislead_are_left_out_and_it_is_said(desk: MakeDesk) -> None:
    """Each label is called by the topic of another's tickets."""
    one = desk()
    other = {"refund": "praise", "praise": "login", "login": "refund"}
    for ticket_id in one.ids[:60]:
        one.say(ticket_id, other[topic(one.text(ticket_id))], reason="random")
    learner = one.learner(BY_NAMES)
    learner.rank()
    while learner.idle.work():
        pass
    ranking = learner.rank()
    plain = one.learner(replace(SETTINGS, strategy="auto")).rank()
    assert [one.suggested(item) for item in ranking.items] == [
        (other[topic(one.text(item.ticket_id))],) for item in ranking.items
    ]
    assert [item.ticket_id for item in ranking.items] == [item.ticket_id for item in plain.items]


def test_a_new_label_is_suggested_by_its_name(desk: MakeDesk) -> None:
    one = desk(labels="refund,praise")
    learner = one.learner(BY_NAMES)
    one.answer([i for i in one.ids if topic(one.text(i)) != "login"][:12])
    learner.rank()
    datasets.prepare(one.conn, one.dataset.name, [("login password", "")])
    suggested = {one.suggested(item) for item in learner.rank().items}
    assert ("login password",) in suggested


def test_without_answers_of_two_kinds_nothing_is_measured_or_taken_away(desk: MakeDesk) -> None:
    one = desk()
    learner = one.learner(BY_NAMES)
    fit = learner.learn()
    assert fit.model.ready
    assert not fit.ready
    one.say(one.ids[0], "refund")
    assert "two kinds" in learner.rank().revision.note


def test_a_ticket_on_a_screen_has_its_suggestion_too(desk: MakeDesk) -> None:
    one = desk(labels="refund money,praise thanks,login password")
    session = answers.open_session(one.conn, one.dataset.id, "ann", "teach")
    leases.hold(one.conn, session, one.ids[0])
    (held,) = one.learner(BY_NAMES).rank().held
    assert one.suggested(held)[0].startswith(topic(one.text(held.ticket_id)))
