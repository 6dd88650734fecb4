"""Tickets loaded since the last answer: noticed once where they differ, and picked from alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from tests.learner.test_learner import LABELS, SETTINGS, TEXTS, TOPICS, Desk, topic
from txtal.learner.idle import caught_up
from txtal.learner.pool import PoolLearner
from txtal.store import tickets
from txtal.store.sqlite import Connection
from txtal.types import RankingSettings, Record

KNOWN = [text for text in TEXTS if topic(text) != "login"]


@pytest.fixture
def desk(conn: Connection, path: Path, make_dataset: MakeDataset) -> Desk:
    """Sixty tickets of two topics, all but ten answered."""
    made = Desk(conn, path, make_dataset(KNOWN, LABELS))
    for ticket in [*made.ids[:49], made.ids[-1]]:
        made.say(ticket, topic(made.text(ticket)))
    return made


def load(desk: Desk, texts: Iterable[str]) -> set[int]:
    before = set(tickets.ids_after(desk.conn, desk.dataset.id))
    tickets.add(desk.conn, desk.dataset.id, [Record(text) for text in texts])
    return set(tickets.ids_after(desk.conn, desk.dataset.id)) - before


def told(desk: Desk) -> list[str]:
    """What the session is told, by a learner that looks three times."""
    notices: list[str] = []
    learner = PoolLearner(desk.path, desk.dataset.name, SETTINGS, tell=notices.append)
    caught_up(learner)
    for _ in range(3):
        while learner.idle.notice_drift():
            pass
    return notices


def test_a_topic_that_is_new_is_told_of_once(desk: Desk) -> None:
    load(desk, [TOPICS["login"].format(n) for n in range(40)])
    name = desk.dataset.name
    assert told(desk) == [f"the newest 40 tickets are unlike those before them: txtal drift {name}"]


def test_more_of_the_same_is_no_news(desk: Desk) -> None:
    load(desk, [TOPICS[one].format(n) for n in range(30, 50) for one in ("refund", "praise")])
    assert told(desk) == []


def test_too_few_to_tell_are_no_news(desk: Desk) -> None:
    load(desk, [TOPICS["login"].format(n) for n in range(20)])
    assert told(desk) == []


def test_only_what_is_new_is_picked_and_all_once_that_is_answered(desk: Desk) -> None:
    new = load(desk, [TOPICS["login"].format(n) for n in range(5)])
    settings = replace(SETTINGS, ranking=RankingSettings(new=True))
    learner = PoolLearner(desk.path, desk.dataset.name, settings)
    assert {one.ticket_id for one in learner.rank().items} == new
    for ticket in sorted(new)[:4]:
        desk.say(ticket, "login")
    assert {one.ticket_id for one in learner.rank().items} == {max(new)}
    desk.say(max(new), "login")
    assert {one.ticket_id for one in learner.rank().items} == set(desk.ids[49:-1])
