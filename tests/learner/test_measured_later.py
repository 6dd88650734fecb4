"""What takes long: done in pauses, a part at a time, and said by the ranking after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeDataset
from tests.learner.test_learner import LABELS, TEXTS, Desk
from txtal.learner import fit, measuring
from txtal.learner.stream import StreamLearner
from txtal.learning import regression, training
from txtal.store.sqlite import Connection
from txtal.types import LearnerSettings

ANSWERS = 40
SETTINGS = LearnerSettings("lexical@en", "margin")


@pytest.fixture
def desk(
    conn: Connection, path: Path, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A dataset with answers enough to be measured, which here takes long."""
    monkeypatch.setattr(measuring, "LONG", 1)
    made = Desk(conn, path, make_dataset(TEXTS, LABELS))
    made.answer(made.ids[:ANSWERS], reason="audit")
    return made


def test_a_ranking_doesnt_wait_and_the_next_says_the_same(desk: Desk) -> None:
    at_once = desk.learner(SETTINGS).rank()
    learner = desk.learner(SETTINGS)
    first = learner.rank(measure_later=True)
    assert (first.revision.headline, first.revision.measures) == (None, None)
    assert [one.ticket_id for one in first.items] == [one.ticket_id for one in at_once.items]
    assert not learner.outdated
    steps = 0
    while not learner.outdated:
        assert learner.idle.measure()
        steps += 1
    assert steps > measuring.FOLDS
    second = learner.rank(measure_later=True).revision
    assert second.headline == at_once.revision.headline is not None
    assert second.measures == at_once.revision.measures
    assert not learner.outdated
    assert not learner.idle.measure()


def test_an_answer_that_comes_meanwhile_doesnt_end_it(desk: Desk) -> None:
    """What is found holds for the fit of one answer more, and is said to be of those before."""
    at_once = desk.learner(SETTINGS).rank().revision
    learner = desk.learner(SETTINGS)
    learner.rank(measure_later=True)
    assert learner.idle.measure()
    desk.answer(desk.ids[ANSWERS : ANSWERS + 1])
    assert learner.rank(measure_later=True).revision.headline is None
    while not learner.outdated:
        assert learner.idle.measure()
    said = learner.rank(measure_later=True).revision
    assert said.answers == ANSWERS + 1
    assert said.headline == at_once.headline
    assert said.measures == at_once.measures
    assert learner.rank(measure_later=True).revision.measures is None  # said once


def test_what_was_measured_before_is_shown_until_it_is_measured_again(desk: Desk) -> None:
    learner = desk.learner(SETTINGS)
    first = learner.rank().revision.headline
    assert first is not None
    desk.answer(desk.ids[ANSWERS : ANSWERS + 10], reason="audit")
    assert learner.rank(measure_later=True).revision.headline == first
    while not learner.outdated:
        assert learner.idle.measure()
    again = learner.rank().revision.headline
    assert again is not None
    assert again.n == ANSWERS + 10


def test_what_nobody_wants_measured_never_is(desk: Desk) -> None:
    learner = desk.learner(LearnerSettings("lexical@en", "margin", measured=False))
    learner.rank(measure_later=True)
    assert not learner.idle.measure()


def test_a_quick_fit_goes_on_in_pauses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the model that a ranking which waits for it has."""
    for module in (regression, training):
        monkeypatch.setattr(module, "LARGE", 1)
    monkeypatch.setattr(fit, "QUICK", 0)
    monkeypatch.setattr(training, "STEP", 0)
    monkeypatch.setattr(training, "FEWEST_ITERATIONS", 1)
    waits, quick = desk.learner(SETTINGS), desk.learner(SETTINGS)
    for learner in (waits, quick):
        learner.rank(measure_later=True)
    assert not quick.idle.settle()  # the first is fitted to its end
    desk.answer(desk.ids[ANSWERS : 2 * ANSWERS])
    waits.rank()
    quick.rank(measure_later=True)
    part = quick.newest().regression
    assert not part.ended
    steps = 0
    while quick.idle.settle():
        steps += 1
    assert steps > 1
    whole, settled = waits.newest(), quick.newest()
    assert settled.regression.ended
    texts = settled.features.matrix[:]
    np.testing.assert_allclose(
        settled.model.predict_proba(texts), whole.model.predict_proba(texts), atol=0.02
    )


def test_a_stream_measures_in_pauses_too(desk: Desk) -> None:
    def learner() -> StreamLearner:
        return StreamLearner(
            desk.path, desk.dataset.name, LearnerSettings("lexical@en", stream=True)
        )

    at_once = learner().rank().revision
    later = learner()
    assert later.rank(measure_later=True).revision.measures is None
    steps = 0
    while not later.outdated:
        assert later.idle.measure()
        steps += 1
    assert steps > measuring.FOLDS
    said = later.rank(measure_later=True).revision
    assert said.headline == at_once.headline is not None
    assert said.measures == at_once.measures
    assert not later.outdated
