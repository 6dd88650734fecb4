"""The classifier as an estimator of scikit-learn, whose saved form is a classifier's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from txtal.classifier import classifier as folders
from txtal.classifier.classifier import Classifier
from txtal.learning import calibrate
from txtal.learning.arrays import Cells, Floats
from txtal.learning.crossfit import FOLDS, cross_fitted, deal
from txtal.learning.matrix import IS, NOT
from txtal.learning.model import LinearModel, decide
from txtal.learning.overlap import sketches
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types import Task
from txtal.vectors.vectoriser import Vectoriser


class TxtalClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression on txtal's text vectors: texts in, labels out.

    ``X`` is a sequence of strings. ``y`` (n,) holds a label each, or ``y`` (n, k) of zeros and ones
    says which of k labels apply.
    """

    def __init__(
        self,
        vectors: str = "lexical+static@en",
        C: float | None = None,
        balanced: bool | None = None,
        calibrate: bool = True,
        seed: int = 0,
    ) -> None:
        """``vectors`` is a spec as ``--vectors`` has it; ``C`` the inverse strength of the penalty.

        ``calibrate`` finds a temperature by cross-fitting, with which probabilities mean what they
        say; the labels stay the same.
        """
        self.vectors = vectors
        self.C = C
        self.balanced = balanced
        self.calibrate = calibrate
        self.seed = seed

    def fit(self, X: Sequence[str], y: ArrayLike) -> TxtalClassifier:
        """Learn from texts and their labels. Raises ValueError for what can't be learned from."""
        texts, truth = _texts(X), np.asarray(y)
        if len(texts) != len(truth):
            raise ValueError(f"{len(texts)} texts, but {len(truth)} labels")
        self.classes_, cells, task = _cells(truth)
        vectoriser = Vectoriser.fit(self.vectors, texts, self.seed)
        features = vectoriser.transform(texts)
        hyper = Hyperparameters(C=self.C, balanced=self.balanced)
        trainer = Trainer(task, hyper, seed=self.seed)
        rows = np.arange(len(texts))
        model = trainer.model(features, rows, cells)
        if self.calibrate and len(texts) >= calibrate.FEWEST:
            model = _calibrated(model, trainer, features, cells)
        names = tuple(map(str, self.classes_))
        self.classifier_ = Classifier(task, names, model, vectoriser, sketches(texts))
        return self

    def predict(self, X: Sequence[str]) -> NDArray[Any]:
        """Return a label a text (n,), or which of the labels apply (n, k)."""
        proba = self.predict_proba(X).astype(np.float32)
        if self.classifier_.task == "multilabel":
            return np.asarray((decide(proba, "multilabel") == IS).astype(int))
        return np.asarray(self.classes_[proba.argmax(axis=1)])

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities (n, k), columns in the order of ``classes_``."""
        check_is_fitted(self, "classifier_")
        texts = _texts(X)
        if not texts:
            return np.zeros((0, len(self.classes_)))
        return self.classifier_.predict_proba(texts).astype(np.float64)

    def save(self, folder: Path | str) -> None:
        """Write the folder that ``txtal predict`` reads. Raises ModelError, NotFittedError."""
        check_is_fitted(self, "classifier_")
        folders.save(self.classifier_, folder)

    def to_onnx(self, file: Path | str) -> None:
        """Write it as an ONNX model. Raises as :meth:`Classifier.to_onnx`, NotFittedError."""
        check_is_fitted(self, "classifier_")
        self.classifier_.to_onnx(file)

    @classmethod
    def load(cls, folder: Path | str) -> TxtalClassifier:
        """Return a fitted estimator from a classifier's folder; its labels are strings.

        Raises ModelError for anything else.
        """
        made = folders.load(folder)
        estimator = cls(vectors=str(made.vectoriser.spec))
        estimator.classifier_ = made
        estimator.classes_ = np.array(made.labels)
        return estimator

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.classifier_tags.multi_label = True
        return tags


def _texts(X: Sequence[str]) -> list[str]:
    """Return the texts as a list. Raises ValueError for what is none."""
    if isinstance(X, str):
        raise ValueError("X is one string: give a list of texts")
    texts = list(X)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("X has to be a sequence of strings, one for each text")
    return [str(text) for text in texts]


def _cells(truth: NDArray[Any]) -> tuple[NDArray[Any], Cells, Task]:
    """Return the classes, the answer matrix (n, k), and the task of labels (n,) or (n, k)."""
    if truth.ndim == 2:
        if not np.isin(truth, (0, 1)).all():
            raise ValueError("y (n, k) has to hold zeros and ones: which of k labels apply")
        return np.arange(truth.shape[1]), np.where(truth, IS, NOT).astype(np.int8), "multilabel"
    classes, codes = np.unique(truth, return_inverse=True)
    if len(classes) < 2:
        raise ValueError("y has one class: it takes two to tell apart")
    cells = np.full((len(codes), len(classes)), NOT, np.int8)
    cells[np.arange(len(codes)), codes] = IS
    return classes, cells, "exclusive"


def _calibrated(
    model: LinearModel, trainer: Trainer, features: Floats, cells: Cells
) -> LinearModel:
    """Divide by the temperature that answers speak for which the model hadn't seen."""
    rows, every = np.arange(len(cells)), np.ones(len(cells), np.bool_)
    proba, known = cross_fitted(features, rows, cells, deal(cells, every, FOLDS), trainer.model)
    return model.calibrated(calibrate.temperature(proba, cells, known, every, trainer.task))
