"""Scores of every task, held against scikit-learn's of what `predict` says of the same texts."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    precision_recall_fscore_support,
)
from sklearn.preprocessing import MultiLabelBinarizer

from tests.cli.driving import LABELLED, Program

ROWS = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
KINDS = {
    "exclusive": (),
    "multilabel": (),
    "binary": ("--task", "binary"),
    "rating": ("--rating", "1-4"),
    "score": ("--score", "0-50"),
}
QUICK = [(1, "exclusive"), (1, "multilabel")]
"""What isn't left to the slow tests: a seed and a kind."""


def given(row: dict[str, Any], kind: str, *, strange: bool) -> dict[str, Any]:
    """The sample's label in the form of a task; a ``strange`` one is none of the pool's."""
    text, label = row["text"], "never heard of" if strange else row["label"]
    steps = min(3, len(text) // 80)
    return {
        "exclusive": {"label": label},
        "multilabel": {"labels": [label] + (["long"] if len(text) > 120 else [])},
        "binary": {"label": "delivery", "answer": "accept" if "deliver" in text else "reject"},
        "rating": {"label": 1 + steps},
        "score": {"label": 15 * steps + len(text) % 5},
    }[kind]


def truth_of(line: dict[str, Any]) -> set[str]:
    if line.get("answer") == "reject":
        return set()
    return {str(one) for one in line.get("labels", [line.get("label")])}


def said(line: dict[str, Any]) -> set[str]:
    found = line["predicted"]
    return set(found if isinstance(found, list) else [found] if found is not None else [])


@pytest.mark.parametrize(
    ("seed", "kind"),
    [
        pytest.param(seed, kind, marks=[] if (seed, kind) in QUICK else [pytest.mark.slow])
        for seed in (1, 2)
        for kind in KINDS
    ],
)
def test_scores_are_scikit_learns(tmp_path: Path, kind: str, seed: int) -> None:
    program = Program(tmp_path).quick
    rng = random.Random(seed)
    rows = rng.sample(ROWS, 160)
    lines = [
        {"text": row["text"], **given(row, kind, strange=at >= 90 and rng.random() < 0.1)}
        for at, row in enumerate(rows)
    ]
    program.file("pool.jsonl", lines[:90])
    file = program.file("test.jsonl", lines[90:])
    program.ok("load", "d", "pool.jsonl", "--answers", *KINDS[kind])
    program.ok("train", "d", "-o", "model", "--vectors", "lexical")
    body = program.json("evaluate", "model", file, "--json")
    lines = list({line["text"]: line for line in lines[90:]}.values())
    assert body["accuracy"]["n"] == len(lines)
    told = {
        one["text"]: said(one)
        for one in map(json.loads, program.ok("predict", "model", file).out.splitlines())
    }
    truth, predicted = [truth_of(one) for one in lines], [told[one["text"]] for one in lines]
    names = sorted(set().union(*truth, *predicted))
    table = MultiLabelBinarizer(classes=names)
    yes, guess = table.fit_transform(truth), table.transform(predicted)
    assert body["accuracy"]["value"] == pytest.approx(accuracy_score(yes, guess), abs=1e-4)
    # Of one label, yes or no, the macro average over the labels is that label's own F1.
    columns = {"average": "binary"} if kind == "binary" else {"average": "macro"}
    assert body["macro_f1"]["value"] == pytest.approx(
        f1_score(yes, guess, zero_division=0, **columns), abs=1e-4
    )
    assert set(body["labels"]) == set(names)
    scores = precision_recall_fscore_support(
        yes, guess, average=None, labels=[1] if kind == "binary" else None, zero_division=0
    )
    for at, name in enumerate(names):
        found = body["labels"][name]
        wanted = [column[at] for column in scores]
        shown = [found[key] for key in ("precision", "recall", "f1", "support")]
        assert shown == pytest.approx(wanted, abs=1e-4)
    if kind in ("rating", "score"):
        numbers = [np.array([int(*one) for one in side]) for side in (truth, predicted)]
        assert body["mean_absolute_error"]["value"] == pytest.approx(
            mean_absolute_error(*numbers), abs=1e-4
        )
