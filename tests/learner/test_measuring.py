"""Cross-fitting the answers: no model is asked what it was told."""

from __future__ import annotations

import numpy as np

from tests.learning.blobs import accepted, blobs
from txtal.learner import measuring
from txtal.learner.answered import Answered
from txtal.learner.measuring import Measured
from txtal.learning import training
from txtal.learning.matrix import IS, AnswerMatrix
from txtal.learning.model import decide
from txtal.learning.stepwise import finished
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types import Estimate

N, K = 120, 3


def answered(*, labels: np.ndarray | None = None, every: int = 4) -> Answered:
    x, group = blobs(K, N // K)
    cells = accepted(group if labels is None else labels, K)
    audit = np.arange(N) % every == 0
    chances = {i + 1: 0.001 if audit[i] else 0.9 for i in range(N)}
    matrix = AnswerMatrix(np.arange(1, N + 1), cells)
    return Answered(x, np.arange(N), matrix, tuple(range(K)), audit, chances)


def trainer(known: Answered) -> Trainer:
    return Trainer("exclusive", Hyperparameters())


def measured(known: Answered, open_tickets: int = 50) -> Measured:
    made = trainer(known)
    model = made.model(known.features, known.rows, known.cells)
    return finished(measuring.measure(known, made, model, known.features[:20], open_tickets))


def test_an_easy_task_is_estimated_as_such() -> None:
    found = measured(answered())
    assert found.measures is not None
    assert found.measures.audit is not None
    assert (found.measures.audit.n, found.measures.audit.value) == (30, 1.0)
    assert found.measures.accuracy.value > 0.95
    assert found.measures.answers == N


def test_random_answers_are_not_remembered() -> None:
    """With labels unrelated to the texts a leak of held-out answers would show as skill."""
    rng = np.random.default_rng(0)
    known = answered(labels=rng.integers(0, K, N), every=1)
    known.features[:] = rng.standard_normal(known.features.shape)
    found = measured(known)
    assert found.measures is not None
    assert found.measures.audit is not None
    assert found.measures.audit.low < 1 / K < found.measures.audit.high
    assert found.temperature > 1  # and the model is told that it is too sure


def test_the_estimate_of_ratings_is_the_mean_error_of_models_that_havent_seen_them() -> None:
    place = np.random.default_rng(0).uniform(0, 1, N)
    x = np.column_stack([4 * place, 4 - 4 * place]).astype(np.float32)
    cells = np.eye(5, dtype=np.int8)[(5 * place).astype(int)]
    ids, audit = np.arange(1, N + 1), np.arange(N) < N // 2
    made = Trainer("rating", Hyperparameters())

    def error(said: np.ndarray) -> Estimate:
        matrix = AnswerMatrix(ids, said)
        selection = dict.fromkeys(ids.tolist())
        known = Answered(x, np.arange(N), matrix, tuple(range(5)), audit, selection)
        model = made.model(x, known.rows, said)
        found = finished(measuring.measure(known, made, model, x[:20], 50))
        assert found.headline is not None
        return found.headline

    found = error(cells)
    assert found.n == N // 2
    assert 0 <= found.low < found.value < found.high < 1
    assert error(np.random.default_rng(0).permutation(cells)).value > 2 * found.value


def test_no_fit_sees_what_it_is_asked_and_none_starts_at_one_that_did(monkeypatch) -> None:
    known = answered()
    known.features[:, -1] = np.arange(N)  # a mark to know the rows by
    fits: list[tuple[set[int], object]] = []
    asked: list[set[int]] = []

    def marks(features: np.ndarray) -> set[int]:
        return set(features[:, -1].astype(int).tolist())

    def spy(features, cells, task, *, start=None, **rest):
        model = real_fit(features, cells, task, start=start, **rest)
        fits.append((marks(features), start))
        return model

    real_fit = training.fit
    made = trainer(known)
    model = made.model(known.features, known.rows, known.cells)
    real = type(model).predict_proba

    def watch(self, features):
        if len(features) < 20:  # a fold, not the pool
            asked.append(marks(features))
            assert not asked[-1] & fits[-1][0]
        return real(self, features)

    monkeypatch.setattr(training, "fit", spy)
    monkeypatch.setattr(type(model), "predict_proba", watch)
    evidence = measuring.gather(known, made, model, known.features[:20], 50)
    assert evidence is not None
    audit = set(np.flatnonzero(known.audit).tolist())
    assert fits[0][0] == set(range(N)) - audit
    starts = [start for _, start in fits]
    assert all(start is not None for start in starts[1:6])  # those for the audit's folds
    # Those for the others, which the blind model knows; more parts, as most tickets are answered.
    assert starts[6:] == [None] * measuring.MOSTLY_ANSWERED
    assert sorted(mark for fold in asked for mark in fold) == list(range(N))


def test_many_chosen_answers_are_left_out(monkeypatch) -> None:
    monkeypatch.setattr(measuring, "MOST_CHOSEN", 50)
    known = answered()
    made = trainer(known)
    model = made.model(known.features, known.rows, known.cells)
    evidence = measuring.gather(known, made, model, known.features[:20], 50)
    assert evidence is not None
    assert evidence.audit.all()
    assert len(evidence.cells) == len(evidence.weights) == 30
    assert evidence.asked == N


def test_nothing_to_learn_from_gives_no_estimate() -> None:
    one_label = answered(labels=np.zeros(N, np.int64))
    made = trainer(one_label)
    model = made.model(one_label.features, one_label.rows, one_label.cells)
    assert not model.ready
    nothing = answered()
    nothing.cells[~nothing.audit] = 0  # none of the three applies, so that a model is told nothing
    found = measured(nothing)
    assert found.measures is None or found.measures.audit is not None


def test_when_to_measure_again() -> None:
    usual = Hyperparameters()
    assert not measuring.enough(49, 9)
    assert measuring.enough(10, 10)
    assert measuring.enough(50, 0)
    found = Measured(100, usual)
    assert not found.is_old(100, usual)
    assert not found.is_old(109, usual)
    assert found.is_old(111, usual)
    assert found.is_old(99, usual)  # an answer was taken back
    assert found.is_old(100, Hyperparameters(C=1.0))
    assert Measured().is_old(1, usual)


def test_labels_go_by_their_ids() -> None:
    measures = measured(answered()).measures
    assert measures is not None
    named = measuring.by_label(measures, (7, 8, 9))
    assert [one.label for one in named.labels] == [7, 8, 9]
    assert IS == 1


def test_to_agree_with_a_suggestion_does_not_lower_the_estimate() -> None:
    """In each session the next random check is answered as the model says.

    It is fitted anew, so that an old answer may be decided otherwise: now and then for the worse.
    """
    changes = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x, group = blobs(K, N // K)
        order = rng.permutation(N)
        x = (x + 1.5 * rng.standard_normal(x.shape)).astype(np.float32)[order]
        cells = accepted(group[order], K)
        made = Trainer("exclusive", Hyperparameters())
        seen = N - 21
        model = made.model(x[:seen], np.arange(seen), cells[:seen])
        cells[seen] = decide(model.predict_proba(x[seen : seen + 1]), "exclusive")[0]
        values = []
        for n in (seen, seen + 1):
            audit = (np.arange(n) % 3 == 0) | (np.arange(n) == seen)
            chances = {i + 1: 0.001 if audit[i] else 0.9 for i in range(n)}
            matrix = AnswerMatrix(np.arange(1, n + 1), cells[:n])
            known = Answered(x[:n], np.arange(n), matrix, tuple(range(K)), audit, chances)
            fitted = made.model(x[:n], np.arange(n), cells[:n])
            found = finished(measuring.measure(known, made, fitted, x[-20:], 500)).headline
            assert found is not None
            values.append(found.value)
        changes.append(values[1] - values[0])
    assert np.mean(changes) > 0
    assert min(changes) > -0.05
    assert np.median(changes) > 0
