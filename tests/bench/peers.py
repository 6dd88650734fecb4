"""The peers of ``label_efficiency``, each run through its own loop as its documentation shows.

They differ from their documentation where a person labelling from nothing couldn't follow it: the
first answers are drawn at random, not class by class. Every peer is imported only when it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from txtal.learning.arrays import Cells, Indices

Matrix = Any
"""Features (n, d): a scipy CSR matrix or an array."""


@dataclass(frozen=True)
class Replay:
    """What a contender is given: a pool whose answers it may ask for, and what to be tried on."""

    pool: Matrix
    test: Matrix
    truth: Cells
    """(n, k): 1 where a label applies to a text of the pool."""
    multilabel: bool
    marks: tuple[int, ...]
    """Numbers of answers at which to predict; the last is the budget."""
    batch: int
    """Answers between two fits, fewer where a mark comes first."""
    seed: int

    @property
    def order(self) -> Indices:
        """The pool in this seed's random order; everyone's first answers are its first."""
        return np.random.default_rng(self.seed).permutation(len(self.truth))

    @property
    def answers(self) -> np.ndarray:
        """What the annotator would say: a label's number, or for multilabel a row of 0 and 1."""
        return self.truth if self.multilabel else self.truth.argmax(axis=1)

    def step(self, given: int) -> int:
        """How many answers to ask for next."""
        return min(self.batch, next(mark for mark in self.marks if mark > given) - given)

    def cells(self, predicted: np.ndarray) -> Cells:
        """Predictions in the form of answers as (n, k)."""
        if self.multilabel:
            return np.asarray(predicted, np.int8)
        return np.eye(self.truth.shape[1], dtype=np.int8)[np.asarray(predicted, np.int64)]


Predictions = Iterator[tuple[int, Cells]]
"""At each mark the number of answers and what is predicted for the test texts (n, k)."""

Peer = Callable[[Replay], Predictions]


class ColumnsMet(TransformerMixin, BaseEstimator):
    """Keeps the columns that were not all zero at the fit: the others would get no weight.

    So the model is the same, found several times sooner where features are the words of a pool.
    """

    def fit(self, features: Matrix, answers: object = None) -> ColumnsMet:
        if sp.issparse(features):
            self.columns_ = np.unique(sp.csr_matrix(features).indices)
        else:
            self.columns_ = np.arange(features.shape[1])
        return self

    def transform(self, features: Matrix) -> Matrix:
        return features[:, self.columns_] if sp.issparse(features) else features


def regression(replay: Replay) -> Pipeline:
    """The baseline's classifier, lent to peers that bring none for text."""
    single = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    model = OneVsRestClassifier(single) if replay.multilabel else single
    return make_pipeline(ColumnsMet(), model)


def in_random_order(replay: Replay) -> Predictions:
    """The baseline: no strategy at all."""
    for mark in replay.marks:
        rows = replay.order[:mark]
        model = regression(replay).fit(replay.pool[rows], replay.answers[rows])
        yield mark, replay.cells(model.predict(replay.test))


def small_text(replay: Replay) -> Predictions:
    """small-text's scikit-learn example: linear SVMs and breaking ties.

    For several labels a text it has a strategy of its own, CVIRS.
    """
    import small_text as lib

    np.random.seed(replay.seed)  # the only source of chance it knows
    classes = replay.truth.shape[1]
    answers = sp.csr_matrix(replay.answers) if replay.multilabel else replay.answers
    data = lib.SklearnDataset(replay.pool, answers, target_labels=np.arange(classes))
    factory = lib.SklearnClassifierFactory(
        lib.ConfidenceEnhancedLinearSVC(), classes, kwargs={"multi_label": replay.multilabel}
    )
    strategy = (
        lib.CategoryVectorInconsistencyAndRanking(pbar=None)
        if replay.multilabel
        else lib.BreakingTies()
    )
    learner = lib.PoolBasedActiveLearner(factory, strategy, data)
    given = replay.marks[0]
    learner.initialize_data(replay.order[:given], answers[replay.order[:given]])
    while True:
        if given in replay.marks:
            # Not learner.classifier.predict: it counts only the labels seen, and so misnames them.
            yield given, replay.cells(_array(learner.classifier.model.predict(replay.test)))
        if given == replay.marks[-1]:
            return
        asked = learner.query(num_samples=replay.step(given))
        learner.update(answers[asked])
        given += len(asked)


def activeml(strategy: Callable[[int], Any], replay: Replay) -> Predictions:
    """scikit-activeml's loop: query, label, fit.

    It takes no sparse features, so it is handed row numbers and its classifier looks them up.
    """
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.utils import MISSING_LABEL, unlabeled_indices

    if replay.multilabel:
        raise NotImplementedError("scikit-activeml has no several labels a text")
    stack = sp.vstack if sp.issparse(replay.pool) else np.vstack
    features = stack([replay.pool, replay.test]).astype(np.float32)
    features = features.tocsr() if sp.issparse(features) else features
    rows = np.arange(features.shape[0], dtype=np.float64)[:, None]
    pool_rows, test_rows = rows[: len(replay.truth)], rows[len(replay.truth) :]
    look_up = FunctionTransformer(lambda numbers: features[numbers[:, 0].astype(np.int64)])
    classifier = SklearnClassifier(
        make_pipeline(look_up, regression(replay)),
        classes=list(range(replay.truth.shape[1])),
        random_state=replay.seed,
    )
    query = strategy(replay.seed)
    known = np.full(len(pool_rows), MISSING_LABEL)
    asked = replay.order[: replay.marks[0]]
    given = 0
    while True:
        known[asked] = replay.answers[asked]
        given += len(asked)
        labelled = np.flatnonzero(~np.isnan(known))
        classifier.fit(pool_rows[labelled], known[labelled])
        if given in replay.marks:
            yield given, replay.cells(classifier.predict(test_rows))
        if given == replay.marks[-1]:
            return
        asked = query.query(
            X=pool_rows,
            y=known,
            clf=classifier,
            fit_clf=False,
            candidates=unlabeled_indices(known),
            batch_size=replay.step(given),
        )


def _margin(seed: int) -> Any:
    from skactiveml.pool import UncertaintySampling

    return UncertaintySampling(method="margin_sampling", random_state=seed)


def _falcun(seed: int) -> Any:
    """Its uncertain and diverse strategy that copes with 15,000 texts of 151 labels.

    (BADGE holds texts x labels x features numbers, TypiClust clusters the pool into as many groups
    as there are answers, at every query.)
    """
    from skactiveml.pool import Falcun

    return Falcun(random_state=seed)


def modal(replay: Replay) -> Predictions:
    """modAL's loop: query, teach."""
    from modAL.models import ActiveLearner
    from modAL.multilabel import avg_confidence
    from modAL.uncertainty import margin_sampling

    order, answers = replay.order, replay.answers
    given = replay.marks[0]
    learner = ActiveLearner(
        estimator=regression(replay),
        query_strategy=avg_confidence if replay.multilabel else margin_sampling,
        X_training=replay.pool[order[:given]],
        y_training=answers[order[:given]],
    )
    waiting = order[given:]
    while True:
        if given in replay.marks:
            yield given, replay.cells(learner.predict(replay.test))
        if given == replay.marks[-1]:
            return
        chosen, _ = learner.query(replay.pool[waiting], n_instances=replay.step(given))
        asked = waiting[chosen]
        learner.teach(replay.pool[asked], answers[asked])
        waiting = np.delete(waiting, chosen)
        given += len(asked)


def _array(matrix: Matrix) -> np.ndarray:
    return matrix.toarray() if sp.issparse(matrix) else matrix


PEERS: dict[str, Peer] = {
    "small-text": small_text,
    "activeml-margin": partial(activeml, _margin),
    "activeml-falcun": partial(activeml, _falcun),
    "modal": modal,
}
