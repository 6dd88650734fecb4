"""One headline: what a session's status line shows is what every command shows afterwards."""

from __future__ import annotations

import json
import random
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import LABELLED, Program
from tests.sessions import session_of
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.types import LearnerSettings, Record, Task
from txtal.ui import standing

ROWS = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
NAMES = sorted({row["label"] for row in ROWS})
KINDS: dict[str, tuple[Task, list[str]]] = {
    "exclusive": ("exclusive", NAMES),
    "multilabel": ("multilabel", [*NAMES, "long"]),
    "binary": ("binary", ["delivery"]),
    "rating": ("rating", ["1", "2", "3", "4"]),
    "score": ("rating", [str(number) for number in range(51)]),
}


def gold(row: dict[str, Any], kind: str) -> list[str]:
    """The sample's label, in another form for other tasks."""
    if kind == "binary":
        return ["delivery"] if row["label"] == "delivery" else []
    if kind in ("rating", "score"):
        steps = min(3, len(row["text"]) // 80)
        return [str(1 + steps if kind == "rating" else 15 * steps)]
    return [row["label"]] + (["long"] if kind == "multilabel" and len(row["text"]) > 120 else [])


def taught(folder: Path, kind: str, seed: int, answers: int, batch: int) -> str:
    """The end of the status line of a session on ``d`` that gave so many answers."""
    path = folder / "t.db"
    task, names = KINDS[kind]
    rows = random.Random(seed).sample(ROWS, 200)
    right = {row["text"]: gold(row, kind) for row in rows}
    with closing(schema.open_database(path, create=True)) as conn:
        dataset = datasets.prepare(conn, "d", [(name, "") for name in names], task)
        tickets.add(conn, dataset.id, [Record(row["text"]) for row in rows])
        learner = PoolLearner(path, "d", LearnerSettings(vectoriser="lexical@en", seed=seed))
        session = session_of(
            StoreLedger(conn, path, dataset, annotator="ann"),
            dataset.scheme,
            learner=InlineLearner(learner, batch=batch),
            audit=0.5,
            seed=str(seed),
        )
        ids = {label.name: label.id for label in session.scheme.labels}
        session.begin()
        session.update()
        while session.count < answers:
            assert session.question is not None
            said = right[session.question.ticket.text]
            if task == "binary" and not said:
                session.answer("reject", tuple(ids.values()))
            else:
                session.answer("accept", tuple(ids[name] for name in said))
            session.update()
        session.leave()
    return standing.accuracy(session)


def in_brief(measures: dict[str, Any]) -> str:
    """As the status line has it."""
    error = measures["mean_absolute_error"]
    n, value, low, high = (error or measures["accuracy"]).values()
    if error:
        return f"off by {value:.1f} ({low:.1f}–{high:.1f}, n {n})"
    return f"accuracy {round(100 * value)}% ({round(100 * low)}–{round(100 * high)}, n {n})"


def in_full(measures: dict[str, Any]) -> str:
    error = measures["mean_absolute_error"]
    return f"{error['value']:.2f}" if error else f"{100 * measures['accuracy']['value']:.1f}%"


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        *((kind, 1) for kind in ("exclusive", "binary")),
        *(
            pytest.param(kind, seed, marks=pytest.mark.slow)
            for kind, seed in (("multilabel", 1), ("rating", 1), ("score", 1), ("exclusive", 2))
        ),
    ],
)
def test_every_place_shows_the_same_figure_at_the_same_answers(
    tmp_path: Path, kind: str, seed: int
) -> None:
    shown = taught(tmp_path, kind, seed, answers=60, batch=15)
    program = Program(tmp_path).quick

    def stats() -> Any:
        return program.json("stats", "d", "--json")["measures"]

    first = stats()
    assert first["answers"] == 60
    assert shown == in_brief(first)
    assert program.json("evaluate", "d", "--json")["accuracy"] == first["accuracy"]
    trained = program.ok("train", "d")
    for again in (stats(), program.json("evaluate", "d", "--json")):
        for part in ("answers", "accuracy", "macro_f1", "mean_absolute_error", "labels"):
            assert again[part] == first[part]
    headline = program.json("models", "d", "--json")[0]["figures"]
    assert headline["accuracy"] == first["accuracy"]
    assert headline["mean_absolute_error"] == first["mean_absolute_error"]
    program.ok("report", "d", "-o", "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert f"{'error is' if 'rating' in KINDS[kind] else 'right on'} {in_full(first)}" in page
    for said in (program.ok("stats", "d").out, program.ok("evaluate", "d").out, trained.err):
        assert in_full(first) in said


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_figures_of_fewer_answers_are_said_to_be(tmp_path: Path, seed: int) -> None:
    """Measuring takes fits, so a session does it at every tenth more: it may show older figures."""
    shown = taught(tmp_path, "exclusive", seed, answers=63, batch=15)
    program = Program(tmp_path).quick
    older = program.json("stats", "d", "--json")["measures"]
    assert shown == in_brief(older)
    assert older["answers"] == 60
    said = program.ok("stats", "d").out
    assert "after 60 answers; answers, labels or tickets changed since" in said
    assert "to measure again: `txtal evaluate d`" in said
    now = program.json("evaluate", "d", "--json")
    assert now["answers"] == 63
    assert program.json("stats", "d", "--json")["measures"]["accuracy"] == now["accuracy"]
    assert "after 63 answers; details: `txtal evaluate d`" in program.ok("stats", "d").out
