"""What a simulation scores, held against scikit-learn, and what it says of its test file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error
from sklearn.preprocessing import MultiLabelBinarizer

from tests.cli.driving import LABELLED, Program
from txtal.learning.model import LinearModel, decide
from txtal.simulation.annotator import Labelled, labelled
from txtal.simulation.comparison import compare
from txtal.simulation.conclusion import conclusion
from txtal.simulation.heldout import held_out, remarks
from txtal.simulation.journal import Journal
from txtal.simulation.replay import Simulation
from txtal.simulation.runs import Config, Point, Run, plan
from txtal.types import LearnerSettings, Overlap, Record
from txtal.vectors.cache import DatasetFeatures

WORDS = ("refund", "parcel", "login", "praise", "kettle", "invoice")


def file_of(pairs: list[tuple[str, Any]], scale: tuple[str, ...] = ()) -> Labelled:
    """A labelled file."""
    records = (Record(text, {}, {"labels": labels}) for text, labels in pairs)
    return labelled(records, "made up", scale)


class Recorded(Simulation):
    """One that keeps the labels it gave each test text, by name, with the scores they got."""

    seen: list[tuple[list[frozenset[str]], dict[str, float]]]

    def _score(self, fitted: LinearModel, features: DatasetFeatures) -> dict[str, float]:
        scores = super()._score(fitted, features)
        proba = fitted.predict_proba(features.vectoriser.transform(self.test.texts))
        said = [
            frozenset(self.pool.labels[column] for column in np.flatnonzero(row))
            for row in decide(proba, self.task)
        ]
        self.seen.append((said, scores))
        return scores


def scored(
    pool: Labelled, test: Labelled, folder: Path
) -> list[tuple[list[frozenset[str]], dict[str, float]]]:
    """Every prediction and its scores."""
    made = plan(["random"], ["lexical@en"], LearnerSettings(), seeds=1, budget=12, points=2)
    simulation = Recorded(pool, test, made, folder, Journal())
    simulation.seen = []
    for _ in simulation.runs(lambda *told: None):
        pass
    simulation.full("lexical@en")
    return simulation.seen


def texts(label: str, begin: int, end: int, noise: str = "") -> list[tuple[str, list[str]]]:
    return [(f"{label} {noise} number {n} of {WORDS[n % 6]}", [label]) for n in range(begin, end)]


def test_labels_that_the_pool_lacks_count(tmp_path: Path) -> None:
    """As it was found: left out they made a macro-F1 of 0.952 out of one of 0.476."""
    pool = file_of([*texts("refund", 0, 12), *texts("parcel", 0, 12)])
    test = file_of(
        [
            *texts("refund", 20, 30),
            *texts("parcel", 20, 29),
            *texts("login", 20, 21, "refund"),
            *texts("praise", 20, 21, "parcel"),
        ]
    )
    truth = [test.gold[record.text][0] for record in test.records]
    found = scored(pool, test, tmp_path)
    assert len(found) == 3
    for said, scores in found:
        names = [next(iter(one)) for one in said]
        assert scores["accuracy"] == pytest.approx(accuracy_score(truth, names), abs=1e-6)
        assert scores["macro_f1"] == pytest.approx(
            f1_score(truth, names, average="macro", zero_division=0), abs=1e-6
        )
    assert found[-1][1]["macro_f1"] < 0.6


def test_several_labels_and_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def drawn(n: int, labels: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        rows = [[label for label in labels if rng.random() < 0.4] for _ in range(n)]
        return [(f"about {' and '.join(row)}, ticket {n}", row) for n, row in enumerate(rows)]

    pool, test = file_of(drawn(40, WORDS[:3])), file_of(drawn(30, WORDS[:5]))
    gold = [set(test.gold[record.text]) for record in test.records]
    for said, scores in scored(pool, test, tmp_path):
        binarizer = MultiLabelBinarizer(classes=sorted(set().union(*gold, *said)))
        truth, predicted = binarizer.fit_transform(gold), binarizer.transform(said)
        assert scores["accuracy"] == pytest.approx(accuracy_score(truth, predicted), abs=1e-6)
        assert scores["macro_f1"] == pytest.approx(
            f1_score(truth, predicted, average="macro", zero_division=0), abs=1e-6
        )


def test_grades(tmp_path: Path) -> None:
    scale = ("1", "2", "3", "4")
    pool = file_of([(f"{WORDS[n % 3]} {n}", [scale[n % 3]]) for n in range(30)], scale)
    test = file_of([(f"{WORDS[n % 4]} no {n}", [scale[n % 4]]) for n in range(20)], scale)
    truth = [int(test.gold[record.text][0]) for record in test.records]
    for said, scores in scored(pool, test, tmp_path):
        grades = [int(next(iter(one))) for one in said]
        assert scores["accuracy"] == pytest.approx(accuracy_score(truth, grades), abs=1e-6)
        assert scores["mean_absolute_error"] == pytest.approx(
            mean_absolute_error(truth, grades), abs=1e-6
        )
        assert scores["macro_f1"] == pytest.approx(
            f1_score(truth, grades, average="macro", zero_division=0), abs=1e-6
        )


def test_what_can_not_be_measured_on_is_counted() -> None:
    pool = file_of([*texts("refund", 0, 4), *texts("parcel", 0, 4)])
    test = labelled(
        [
            Record("a", {}, {"label": "refund"}),
            Record("a", {}, {"label": "parcel"}),
            Record("b"),
            Record("c", {}, {"labels": ["refund", "parcel"]}),
            Record("d", {}, {"labels": []}),
            Record("refund  number 1 of PARCEL!", {}, {"label": "login"}),
        ],
        "test",
    )
    tested = held_out(pool, test, "test")
    assert [record.text for record in tested.records] == ["a", "refund  number 1 of PARCEL!"]
    assert tested.labels == ("parcel", "refund", "login")
    assert remarks(tested, test) == [
        "measured on 2 texts; left out: 1 repeated, 1 without a label, 2 without exactly one label",
        "the pool has no login, so test texts with it count as wrong",
        "0 of 2 test texts are in the pool, too, and 1 nearly so",
    ]


def ran(strategy: str, *values: float) -> Run:
    points = [Point(10 * n, value, value, 0.0) for n, value in enumerate(values, start=1)]
    return Run(Config(strategy, "lexical@en"), 0, tuple(points))


def test_memory_proves_nothing() -> None:
    comparisons = compare([ran("auto", 0.4, 0.7, 0.8), ran("random", 0.3, 0.5, 0.7)])
    alone = conclusion(comparisons)
    assert alone.startswith("Active learning pays here")
    assert conclusion(comparisons, Overlap(100, 3, 1)) == alone
    some = conclusion(comparisons, Overlap(100, 8, 2))
    assert some.startswith(alone)
    assert "8 of 100 test texts are in the pool, too, and 2 nearly so: on new texts" in some
    for overlap in (Overlap(100, 100, 0), Overlap(100, 30, 20)):
        assert conclusion(comparisons, overlap).startswith(
            "Whether active learning pays here isn't known"
        )


def test_the_same_file_as_pool_and_as_test(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    program.file("few.jsonl", LABELLED.read_text("utf-8").splitlines()[:60])
    words = ("simulate", "few.jsonl", "--test", "few.jsonl", "--vectors", "lexical")
    body = program.json(*words, "--budget", "20", "--batch", "10", "--json")
    assert body["overlap"] == {"tested": 59, "exact": 59, "near": 0}
    assert body["summary"]["conclusion"].startswith("Whether active learning pays here isn't known")
