"""A classifier as ONNX, with onnxruntime as the oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import txtal
from tests.cli.driving import LABELLED, Program
from txtal.classifier.classifier import Classifier
from txtal.classifier.onnx_export import to_onnx
from txtal.errors import UsageError
from txtal.learning.model import SPREAD, LinearModel
from txtal.types import Task
from txtal.vectors import registry
from txtal.vectors.vectoriser import Vectoriser

onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
pytest.importorskip("onnx", reason="needs the extra onnx")

TEXTS = [f"text {n} {'!' * (n % 5)} {'x' * (n % 7)}" for n in range(40)] + ["", "  "]


class Drawn:
    """Some numbers for a text, none for a blank one."""

    def fit(self, texts: list[str]) -> Drawn:
        return self

    def transform(self, texts: list[str]) -> np.ndarray:
        numbers = [[len(one), one.count("!"), one.count("x"), 1.5] for one in texts]
        return np.array(numbers, np.float32) * np.array([[bool(one.strip())] for one in texts])


@pytest.fixture
def vectoriser(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(registry, "_registered", {})
    txtal.vectoriser("one")(Drawn)
    txtal.vectoriser("two")(Drawn)
    return lambda spec: Vectoriser.fit(spec, TEXTS)


def ran(content: bytes, features: np.ndarray, widths: list[int]) -> np.ndarray:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    parts = np.split(features, np.cumsum(widths)[:-1], axis=1)
    named = {one.name: part for one, part in zip(session.get_inputs(), parts, strict=True)}
    return np.asarray(session.run(["probabilities"], named)[0])


@pytest.mark.parametrize("spec", ["one", "one+two"])
@pytest.mark.parametrize("trained", ["all", "some", "none"])
@pytest.mark.parametrize("task", ["exclusive", "multilabel", "rating"])
@pytest.mark.parametrize("calibrated", [True, False])
def test_onnx_gives_the_probabilities_that_txtal_gives(
    vectoriser: Any, spec: str, trained: str, task: Task, calibrated: bool
) -> None:
    made = vectoriser(spec)
    rng = np.random.default_rng(5)
    known = {"all": [True] * 4, "some": [True, False, True, True], "none": [False] * 4}[trained]
    model = LinearModel(
        task,
        2 * rng.standard_normal((4, made.dims)).astype(np.float32),
        rng.standard_normal(4).astype(np.float32),
        np.array(known),
        unseen=0.1,
        spread=SPREAD if calibrated else 1.0,
        prior=np.array([0.4, 0.3, 0.2, 0.1], np.float32),
    )
    classifier = Classifier(task, ("1", "2", "3", "4"), model, made)
    raw = np.hstack([Drawn().transform(TEXTS)] * len(made.blocks)).astype(np.float32)
    raw = np.vstack([raw, np.zeros((1, raw.shape[1]), np.float32)])
    found = ran(to_onnx(classifier), raw, [one.dims for one in made.blocks])
    assert np.allclose(found[:-1], classifier.predict_proba(TEXTS), atol=2e-6)
    nothing = model.predict_proba(np.zeros((1, made.dims), np.float32))
    assert np.allclose(found[-1:], nothing, atol=2e-6)


def test_an_estimator_writes_a_file_that_names_its_labels(vectoriser: Any, tmp_path: Path) -> None:
    labels = ["even" if n % 2 else "ödd" for n in range(len(TEXTS))]
    estimator = txtal.TxtalClassifier("one").fit(TEXTS, labels)
    estimator.to_onnx(tmp_path / "made.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "made.onnx")
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["labels"]) == ["even", "ödd"]
    assert (told["task"], json.loads(told["blocks"])) == ("exclusive", ["one"])
    found = session.run(None, {"features": Drawn().transform(TEXTS).astype(np.float32)})[0]
    assert np.allclose(found, estimator.predict_proba(TEXTS), atol=2e-6)


def test_vectors_of_words_are_refused_with_the_reason(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.file("some.jsonl", LABELLED.read_text("utf-8").splitlines()[:60])
    program.ok("load", "d", "some.jsonl", "--answers")
    program.ok("train", "d", "-o", "made", "--vectors", "lexical")
    refused = program("onnx", "made", "-o", "made.onnx")
    assert refused.code == 2
    assert "ONNX has no operators for the vectors lexical" in refused.err
    assert not (tmp_path / "made.onnx").exists()
    with pytest.raises(UsageError, match="ONNX has no operators"):
        txtal.load_classifier(tmp_path / "made").to_onnx(tmp_path / "made.onnx")
