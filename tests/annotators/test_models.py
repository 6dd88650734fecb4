"""A model of last year's is an annotator: by three lines in a recipe's file."""

from __future__ import annotations

from pathlib import Path

import joblib
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.cli.driving import Program

TEXTS = {
    "refund": "please refund order {} the money is not back",
    "praise": "wonderful shop number {} thanks a lot",
}
ROWS = [
    {"text": form.format(n), "label": label} for n in range(30) for label, form in TEXTS.items()
]
NEW = [{"text": form.format(n)} for n in range(90, 99) for form in TEXTS.values()]

TXTAL = """
from txtal import labels
from txtal.classifier import load

model = load("last-year")

@labels("last year's model")
def last_year(ticket):
    return model.predict([ticket.text])[0].labels
"""

SKLEARN = """
import joblib
from txtal import labels

model = joblib.load("model.joblib")

@labels("scikit-learn")
def by_sklearn(ticket):
    return str(model.predict([ticket.text])[0])
"""

HUGGING_FACE = """
from txtal import labels
from transformers import pipeline

model = pipeline("text-classification", model="./our-model")

@labels("Hugging Face")
def by_pipeline(ticket):
    found = model(ticket.text, truncation=True)[0]
    return found["label"] if found["score"] > 0.5 else None
"""

PIPELINE = """
def pipeline(task, model):
    assert (task, model) == ("text-classification", "./our-model")

    def classify(text, truncation):
        return [{"label": "refund" if "refund" in text else "praise", "score": 0.9}]

    return classify
"""
"""In the place of a library of a gigabyte: how its pipelines are called, and what they return."""


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    found = Program(tmp_path)
    found.ok("load", "old", found.file("old.jsonl", ROWS), "--answers")
    found.ok("load", "d", found.file("new.jsonl", NEW))
    found.ok("load", "d", found.file("few.jsonl", ROWS[:2]), "--answers")
    return found


def votes_of(txtal: Program, code: str) -> int:
    (txtal.folder / "models.py").write_text(code)
    (row,) = txtal.json("rules", "d", "--rules", "models.py", "--json")
    assert row["note"] == ""
    return int(row["votes"])


def test_a_classifier_of_txtal(txtal: Program) -> None:
    txtal.ok("train", "old", "-o", "last-year", "--vectors", "lexical")
    assert votes_of(txtal, TXTAL) == len(NEW) + 2


def test_a_model_of_scikit_learn(txtal: Program) -> None:
    made = make_pipeline(CountVectorizer(), LogisticRegression())
    made.fit([row["text"] for row in ROWS], [row["label"] for row in ROWS])
    joblib.dump(made, txtal.folder / "model.joblib")
    assert votes_of(txtal, SKLEARN) == len(NEW) + 2


def test_a_pipeline_of_hugging_face(txtal: Program) -> None:
    (txtal.folder / "stub").mkdir()
    (txtal.folder / "stub" / "transformers.py").write_text(PIPELINE)
    found = Program(txtal.folder, {"PYTHONPATH": str(txtal.folder / "stub")})
    assert votes_of(found, HUGGING_FACE) == len(NEW) + 2
