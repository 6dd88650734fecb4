"""Whether it is worth going on: when the learner looks ahead, and what it tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from tests.learner.test_learner import LABELS, TOPICS, Desk
from txtal.api import summary
from txtal.learner import stopping
from txtal.learner.pool import PoolLearner
from txtal.store import stats
from txtal.store.sqlite import Connection
from txtal.types import Forecast, LearnerSettings, Outlook, StopRule, serialise

TEXTS = [text.format(n) for n in range(120) for text in TOPICS.values()]
SETTINGS = LearnerSettings("lexical@en", "margin", stop=StopRule(1.0))


@pytest.fixture
def desk(conn: Connection, path: Path, make_dataset: MakeDataset) -> Desk:
    return Desk(conn, path, make_dataset(TEXTS, LABELS))


def test_topics_that_are_told_apart_need_no_more_answers(desk: Desk) -> None:
    desk.answer(desk.ids[:160])
    learner = desk.learner(SETTINGS)
    assert learner.rank().revision.outlook is None
    looked_ahead(learner)
    assert not learner.idle.look_ahead()  # not before fifty more
    found = learner.rank().revision.outlook
    assert found is not None
    assert (found.answers, found.reached) == (160, "gain")
    assert found.kappa > 0.95
    assert "it may be time to stop" in found.notice
    desk.answer(desk.ids[160:209])
    learner.rank()
    assert not learner.idle.look_ahead()
    desk.answer(desk.ids[209:210])
    learner.rank()
    assert learner.idle.look_ahead()


def looked_ahead(learner: PoolLearner) -> None:
    """Have it look ahead, which takes several fits and so several steps."""
    assert learner.idle.look_ahead()
    while learner.idle.look_ahead():
        pass


def test_answers_that_come_meanwhile_dont_end_a_look_ahead(desk: Desk) -> None:
    desk.answer(desk.ids[:160])
    learner = desk.learner(SETTINGS)
    learner.rank()
    assert learner.idle.look_ahead()
    desk.answer(desk.ids[160:161])
    learner.rank()
    while learner.idle.look_ahead():
        pass
    found = learner.rank().revision.outlook
    assert found is not None
    assert found.answers == 160


def test_nobody_asked(desk: Desk) -> None:
    desk.answer(desk.ids[:160])
    learner = desk.learner(LearnerSettings("lexical@en", "margin"))
    learner.rank()
    assert not learner.idle.look_ahead()


def test_few_answers_tell_nothing(desk: Desk) -> None:
    desk.answer(desk.ids[:140])
    learner = desk.learner(SETTINGS)
    learner.rank()
    assert not learner.idle.look_ahead()


def test_a_pool_that_is_nearly_used_up_tells_nothing(desk: Desk) -> None:
    desk.answer(desk.ids[:-30])
    learner = desk.learner(SETTINGS)
    learner.rank()
    assert not learner.idle.look_ahead()


def test_the_target_is_told_by_the_audit(desk: Desk, conn: Connection) -> None:
    desk.answer(desk.ids[:160], reason="audit")
    settings = LearnerSettings("lexical@en", "margin", stop=StopRule(target=0.8))
    learner = desk.learner(settings)
    desk.ledger.save_ranking(learner.rank())
    looked_ahead(learner)
    desk.ledger.save_ranking(learner.rank())
    found = stats.of(conn, "d").quality.outlook
    assert found is not None
    assert found.reached == "target"
    assert found.needed == Forecast(0.0, 0.0, 0.0)
    assert "the target of 80% is reached" in found.notice
    body = summary.of(conn, "d")
    assert body == json.loads(json.dumps(body))


@pytest.mark.parametrize(
    ("answers", "before", "due"),
    [(149, None, False), (150, None, True), (199, 150, False), (200, 150, True), (160, 200, True)],
)
def test_it_is_due_every_fifty_answers(answers: int, before: int | None, due: bool) -> None:
    gain = Forecast(0.1, 0.0, 0.2)
    last = None if before is None else Outlook(before, gain, 0.9, 0.1)
    assert stopping.due(answers, last) == due


def test_it_crosses_the_pipe(desk: Desk) -> None:
    desk.answer(desk.ids[:160])
    learner = desk.learner(SETTINGS)
    learner.rank()
    looked_ahead(learner)
    ranking = learner.rank()
    assert serialise.load_ranking(serialise.dump_ranking(ranking)) == ranking
