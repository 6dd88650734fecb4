"""Better features behind a session: read in pauses, and taken only where they predict better."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import MakeDataset
from txtal.errors import LearnerError
from txtal.learner import pool_features
from txtal.learner.pool import PoolLearner
from txtal.store import answers
from txtal.store.sqlite import Connection
from txtal.types import Answer, LearnerSettings
from txtal.vectors import registry, spec
from txtal.vectors.spec import Spec

READ: list[int] = []
"""How many texts each call of the better vectoriser was given."""


def texts(count: int) -> list[str]:
    """Texts that no two share a word of; the length alone tells the label."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("bcdfghjk"), 6)) for _ in range(6 * count)]
    return [" ".join(words[6 * n : 6 * n + (2 if n % 2 else 5)]) for n in range(count)]


def by_length(some: Sequence[str]) -> np.ndarray:
    READ.append(len(some))
    return np.array([[len(text) > 25, len(text) <= 25] for text in some], np.float32)


def nothing(some: Sequence[str]) -> np.ndarray:
    return np.ones((len(some), 2), np.float32)


def fails(some: Sequence[str]) -> np.ndarray:
    raise LearnerError("the model is gone")


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(pool_features, "FIRST_BEHIND", 20)
    monkeypatch.setattr(pool_features, "PART_BEHIND", 16)
    READ.clear()


class Session:
    """A learner with 40 answers of 80 tickets, and what it told the annotator."""

    def __init__(self, path: Path, conn: Connection, settings: LearnerSettings) -> None:
        self.told: list[str] = []
        session = answers.open_session(conn, 1, "ann", "test")
        for n in range(40):
            answers.append(conn, 1, session, Answer(n + 1, "accept", (n % 2 + 1,), answered=1.0))
        self.learner = PoolLearner(path, "d", settings, tell=self.told.append)
        self.opening, self.told[:] = list(self.told), []

    def pause(self) -> int:
        """Do all there is to do; how many steps that took."""
        steps = 0
        while self.learner.idle.read_behind():
            steps += 1
        return steps


@pytest.fixture
def begin(path: Path, conn: Connection, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch):
    def made(vectoriser, settings: LearnerSettings | None = None) -> Session:
        class Better:
            dims = 2

            @classmethod
            def fit(cls, some: Sequence[str]) -> Better:
                return cls()

            def transform(self, some: Sequence[str]) -> np.ndarray:
                return vectoriser(some)

        registry.vectoriser("better")(Better)
        offered = Spec(("better",))
        monkeypatch.setattr(
            spec, "better", lambda asked: offered if asked.startswith("auto") else None
        )
        make_dataset(texts(80), "short,long")
        return Session(path, conn, settings or LearnerSettings("auto@en", names=False))

    return made


def test_they_take_over_when_they_predict_better_and_it_is_said_once(begin) -> None:
    session = begin(by_length)
    before = session.learner.rank()
    assert session.pause() > 3
    assert max(READ) <= 60  # a part at a time: the answered and the first come together
    assert sum(READ) >= 80
    (told,) = session.told
    assert "points in cross-validation of 40 answers" in told
    assert session.learner.outdated
    after = session.learner.rank()
    assert "better" in after.revision.vectoriser
    assert "better" not in before.revision.vectoriser
    assert not session.pause()
    assert session.learner.fit is not None
    assert session.learner.fit.features.matrix.shape == (80, 2)


def test_a_first_session_says_what_reads_or_how_to_get_it(begin, monkeypatch) -> None:
    (missing,) = begin(by_length).opening
    assert "txtal doctor" in missing
    monkeypatch.setattr(spec, "find_spec", lambda name: name)
    (reads,) = begin(by_length).opening
    assert f"{spec.MODEL} reads" in reads
    assert not begin(by_length, LearnerSettings("lexical@en")).opening


def test_features_that_say_less_never_serve(begin) -> None:
    session = begin(nothing)
    session.learner.rank()
    session.pause()
    assert not session.told
    assert not session.learner.outdated
    assert "better" not in session.learner.rank().revision.vectoriser


def test_a_model_that_fails_leaves_the_session_as_it_is(begin) -> None:
    session = begin(fails)
    session.learner.rank()
    session.pause()
    assert not session.pause()
    assert not session.told
    assert session.learner.rank().items


def test_of_a_large_pool_a_part_is_read(begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_features, "MOST_BEHIND", 50)
    session = begin(by_length)
    session.learner.rank()
    session.pause()
    assert session.told
    ranking = session.learner.rank()
    assert session.learner.fit is not None
    # The answered, the first, and no more than up to the bound.
    assert 50 <= len(session.learner.fit.features.ids) < 70
    assert ranking.items


def test_only_auto_is_changed(begin) -> None:
    session = begin(by_length, LearnerSettings("lexical@en", names=False))
    session.learner.rank()
    assert not session.pause()
    assert not READ
