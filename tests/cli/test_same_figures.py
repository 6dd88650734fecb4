"""The same answers, looked at from several places: nowhere does one figure contradict another."""

from __future__ import annotations

import json
import random
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import accuracy_score

from tests.cli.driving import LABELLED, Program
from tests.cli.test_one_headline import taught
from tests.sessions import session_of
from tests.store.test_verify import MEASURES
from txtal.learner import figures
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.measures.quality import measures_line, rounded
from txtal.service.served import served
from txtal.store import datasets, revisions, schema
from txtal.store.ledger import StoreLedger
from txtal.text import hundredths, percent, span
from txtal.types import Estimate, LearnerSettings
from txtal.ui import standing

ROWS = list({row["text"]: row for row in map(json.loads, LABELLED.open(encoding="utf-8"))}.values())


def monitored(folder: Path) -> dict[str, float]:
    """What /metrics has of ``d``."""
    one = served(folder / "t.db", ["d"], print, learner=False)["d"]
    return {name: value for name, labels, value in one.samples() if "verdict" not in labels}


def test_tickets_with_several_answers_are_counted_once(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    program.file("a.jsonl", ROWS[:12])
    program.file("b.jsonl", ROWS[:7])
    program.ok("load", "d", "a.jsonl", "--answers", "--annotator", "ann")
    program.ok("load", "d", "b.jsonl", "--answers", "--annotator", "bob")
    body = program.json("stats", "d", "--json")
    assert body["tickets"] == body["answered"] == 12
    assert body["answers"]["accept"] == 19
    assert program.json("datasets", "--json")[0]["answered"] == 12
    assert "d: 12 tickets, 12 answered (19 answers)\n" in program.ok("stats", "d").out


def test_the_service_has_what_the_commands_have(tmp_path: Path) -> None:
    taught(tmp_path, "exclusive", 3, answers=40, batch=20)
    program = Program(tmp_path).quick
    program.file("rules.jsonl", [{"label": "delivery", "pattern": "parcel"}])
    body = program.json("stats", "d", "--json")
    assert served(tmp_path / "t.db", ["d"], print, learner=False)["d"].stats() == body
    seen = monitored(tmp_path)
    assert seen["txtal_estimate"] == body["measures"]["accuracy"]["value"]
    assert seen["txtal_queue_open"] == body["tickets"] - body["answered"]


@pytest.mark.slow
def test_a_model_of_another_kind_leaves_the_datasets_own_figures(tmp_path: Path) -> None:
    taught(tmp_path, "exclusive", 1, answers=40, batch=20)
    program = Program(tmp_path).quick
    own = program.json("stats", "d", "--json")
    words = ("--vectors", "lexical+static")
    other = program.json("evaluate", "d", *words, "--json")
    assert other["accuracy"] != own["measures"]["accuracy"]
    assert program.json("train", "d", *words, "--json")["headline"]["accuracy"] == other["accuracy"]
    settings = LearnerSettings(vectoriser="lexical@en")
    known = figures.kept(tmp_path / "t.db", "d", settings)
    assert known is not None
    assert round(known.accuracy.value, 4) == own["measures"]["accuracy"]["value"]
    for another in (replace(settings, names=False), replace(settings, robust=True)):
        assert figures.kept(tmp_path / "t.db", "d", another) is None
    assert program.json("stats", "d", "--json") == own
    assert program.json("evaluate", "d", "--json")["accuracy"] == own["measures"]["accuracy"]


def test_an_estimate_goes_with_the_answers_it_was_from(tmp_path: Path) -> None:
    """Once undone, what is left is too little for an estimate: no place shows the old one."""
    taught(tmp_path, "exclusive", 1, answers=24, batch=8)
    program = Program(tmp_path).quick
    assert program.json("stats", "d", "--json")["measures"] is not None
    path = tmp_path / "t.db"
    with closing(schema.open_database(path)) as conn:
        dataset = datasets.get(conn, "d")
        session = session_of(
            StoreLedger(conn, path, dataset, annotator="ann"),
            dataset.scheme,
            learner=InlineLearner(PoolLearner(path, "d", LearnerSettings("lexical@en")), batch=1),
        )
        session.begin()
        session.update()
        for _ in range(18):
            session.undo()
        session.update()
        session.leave()
        assert standing.accuracy(session) == ""
    body = program.json("stats", "d", "--json")
    shown = program.ok("stats", "d").out
    assert body["headline"] is None
    assert body["measures"] is None
    assert "accuracy: not yet" in shown
    assert "txtal_estimate" not in monitored(tmp_path)
    program.ok("report", "d", "-o", "r.html")
    assert "6 answers, too few to tickets drawn at random" in (tmp_path / "r.html").read_text(
        "utf-8"
    )


def test_a_fit_that_is_yet_to_be_measured_hides_nothing(tmp_path: Path) -> None:
    taught(tmp_path, "exclusive", 1, answers=24, batch=8)
    program = Program(tmp_path).quick
    before = program.json("stats", "d", "--json")
    with closing(schema.open_database(tmp_path / "t.db")) as conn:
        dataset = datasets.get(conn, "d")
        found = revisions.latest(conn, dataset.id)
        assert found is not None
        revisions.record(conn, dataset.id, "ann", replace(found[1], headline=None))
    after = program.json("stats", "d", "--json")
    assert after["headline"] == before["headline"] is not None
    assert after["measures"] == before["measures"]


def test_answers_drawn_at_random_that_nobody_measured(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    program.file("t.jsonl", ROWS[:60])
    program.ok("load", "d", "t.jsonl")
    typed = "".join(f"{1 + n % 2}\n" for n in range(30)) + "q\n"
    teach = ("teach", "d", "-l", "a,b", "--plain", "--vectors", "lexical", "--audit", "1")
    program.ok(*teach, stdin=typed)
    body = program.json("stats", "d", "--json")
    if body["measures"] is None:  # the learner's process had no time to
        assert "not measured yet; to measure it: `txtal evaluate d`" in program.ok("stats", "d").out
    program.ok("report", "d", "-o", "r.html")
    body = program.json("stats", "d", "--json")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert f"right on {percent(body['measures']['accuracy']['value'])} " in page


def test_versions_count_the_tickets_they_learned_from(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    program.file("a.jsonl", ROWS[:40])
    program.file("b.jsonl", [{**row, "answer": "ignore"} for row in ROWS[40:50]])
    program.file("c.jsonl", ROWS[:20])
    for name, who in (("a", "ann"), ("b", "ann"), ("c", "bob")):
        program.ok("load", "d", f"{name}.jsonl", "--answers", "--annotator", who)
    trained = program.json("train", "d", "--vectors", "lexical", "--json")
    assert trained["tickets"] == 40
    assert program.json("models", "d", "--json")[0]["answers"] == 40


@pytest.mark.slow
def test_versions_are_compared_on_what_stands_of_a_ticket(tmp_path: Path) -> None:
    """On rejects of a binary dataset, too, by the majority, and in the labels' names of today."""
    program = Program(tmp_path).quick
    lines = [
        {"text": row["text"], "label": "late", "answer": "accept" if late else "reject"}
        for row in ROWS[:160]
        for late in [row["label"] == "delivery"]
    ]
    program.file("a.jsonl", lines[:60])
    program.file("b.jsonl", lines[60:100])
    program.file("c.jsonl", lines[100:])
    program.ok("load", "d", "a.jsonl", "--answers", "--task", "binary")
    program.ok("train", "d", "--vectors", "lexical")
    program.ok("load", "d", "b.jsonl", "--answers")
    program.ok("train", "d", "--vectors", "lexical")
    program.ok("load", "d", "c.jsonl", "--answers")
    before = program.json("compare", "d", "v1", "v2", "--json")
    assert before["held_out"]["n"] == 60
    program.ok("label", "rename", "d", "late", "delayed")
    again = program.json("compare", "d", "v1", "v2", "--json")
    assert again["held_out"] == before["held_out"]
    program.ok("train", "d", "--vectors", "lexical")
    renamed = program.json("compare", "d", "v2", "v3", "--json")
    assert renamed["differ"] < 60
    assert {one["first"] for one in renamed["changes"]} <= {"delayed", "none"}


def test_compared_accuracies_are_scikit_learns(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    rng = random.Random(0)
    rows = rng.sample(ROWS, 180)
    program.file("a.jsonl", rows[:50])
    program.file("b.jsonl", rows[50:90])
    new = program.file("c.jsonl", rows[90:])
    program.file("d.jsonl", [{**row, "label": "praise"} for row in rows[90:120]])
    program.file("e.jsonl", rows[90:105])
    for name in ("a", "b"):
        program.ok("load", "d", f"{name}.jsonl", "--answers")
        program.ok("train", "d", "-o", name, "--vectors", "lexical")
    for name, who in (("c", "ann"), ("d", "bob"), ("e", "eve")):
        program.ok("load", "d", f"{name}.jsonl", "--answers", "--annotator", who)
    found = program.json("compare", "d", "v1", "v2", "--json")["held_out"]
    exported = {one["text"]: one["label"] for one in program.exported("d")}
    texts = [row["text"] for row in rows[90:] if row["text"] in exported]
    assert found["n"] == len(texts) < 90
    right = []
    for name in ("a", "b"):
        said = map(json.loads, program.ok("predict", name, new).out.splitlines())
        told = {one["text"]: one["predicted"] for one in said}
        truth = [exported[text] for text in texts]
        right.append(accuracy_score(truth, [told[text] for text in texts]))
    assert found["value"] == pytest.approx(right[1] - right[0])


def test_one_label_alone_is_no_model(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    program.file("a.jsonl", [{**row, "label": "billing"} for row in ROWS[:30]])
    program.ok("load", "d", "a.jsonl", "--answers")
    for words in (("evaluate", "d"), ("evaluate", "d", "--test-split", "0.5"), ("train", "d")):
        ran = program(*words)
        assert ran.code == 1
        assert "the model needs answers of two kinds" in ran.err


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [
        (1, 1, "100.0%"),
        (0.9996, 1, "99.9%"),
        (0.0002, 1, "0.1%"),
        (0, 1, "0.0%"),
        (0.8125, 1, "81.2%"),
        (0.999, 0, "99%"),
        (1, 0, "100%"),
        (0.004, 0, "1%"),
        (0.5, 0, "50%"),
        (float("nan"), 0, "?%"),
    ],
)
def test_only_all_is_a_hundred_percent(share: float, digits: int, shown: str) -> None:
    assert percent(share, digits) == shown
    assert f"{hundredths(share, digits)}%" == shown


def test_a_share_is_rounded_once() -> None:
    """The report has it as measured, other commands have it from JSON: 7.35%, or 7.351%."""
    assert percent(0.07351) == percent(rounded(0.07351)) == "7.3%"
    assert [rounded(one) for one in (0.99999, 1.0, 0.00001, 0.0, 1.5)] == [
        0.9999,
        1,
        0.0001,
        0,
        1.5,
    ]


def test_no_command_rounds_an_error_away(tmp_path: Path) -> None:
    body: dict[str, Any] = {"value": 0.99961, "low": 0.9991, "high": 0.99998}
    from txtal.cli.estimates import interval

    assert interval(body) == "99.9% (95% interval 99.9 to 99.9)"
    assert span(0.9991, 0.99998) == "99.9% to 99.9%"


def test_the_page_of_a_session_has_the_error_of_ratings() -> None:
    graded = replace(MEASURES, error=Estimate(20, 0.84, 0.61, 1.02))
    assert measures_line(graded) == "mean error 0.8 (0.6–1.0)"
    assert measures_line(MEASURES).startswith("accuracy 80% (50–90), macro-F1 ")
