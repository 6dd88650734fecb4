"""How good is the model: of a dataset by its answers, of a classifier by a labelled file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import accuracy_score, classification_report, f1_score

from tests.cli.driving import DANGEROUS, HOSTILE, LABELLED, LABELS, Program
from txtal.store import schema

LINES = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
SOME = [*{line["text"]: line for line in LINES}.values()][:300]
AUDITED = len(SOME) // 10


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A dataset with SOME tickets answered, a tenth of them as audits; and a classifier."""
    program = Program(tmp_path_factory.mktemp("evaluated"))
    program.quick.ok("load", "d", "--answers", program.file("some.jsonl", SOME))
    conn = schema.open_database(program.folder / program.db)
    with conn:
        # Imported answers have no reason; these stand for questions that a session drew.
        conn.execute(
            "UPDATE answer SET reason = CASE id % 10 WHEN 0 THEN 'audit' ELSE 'margin' END,"
            " selection_probability = CASE id % 10 WHEN 0 THEN 0.1 / (301 - id) ELSE 0.9 END"
        )
        from txtal.store import checksums

        conn.execute(f"UPDATE answer SET sum = {checksums.ANSWER}")
    conn.close()
    program.quick.ok("train", "d", "-o", "model", "--vectors", "lexical")
    return program


def test_of_a_dataset(trained: Program) -> None:
    body = trained.quick.json("evaluate", "d", "--all", "--json")
    assert body["dataset"] == "d"
    assert body["accuracy"]["n"] == body["others"]["audit"]["n"] == AUDITED
    assert body["others"].keys() == {"audit", "audit_f1", "corrected"}
    for found in (body["accuracy"], body["macro_f1"], *body["others"].values()):
        assert found is None or 0 <= found["low"] <= found["value"] <= found["high"] <= 1
    assert body["accuracy"]["value"] > 0.7
    assert sum(one["support"] for one in body["labels"].values()) == AUDITED
    assert (
        sum(one["right"] for one in body["labels"].values())
        + sum(one["count"] for one in body["confusion"])
        == AUDITED
    )
    assert sum(one["n"] for one in body["calibration"]["reliability"]) == AUDITED
    said = trained.quick.ok("evaluate", "d", "--all").out
    for part in ("accuracy  ", "macro-F1  ", "95% interval", "precision", "confusion"):
        assert part in said
    assert f"an estimate for tickets like those loaded, from {AUDITED} audit answers" in said
    assert "accuracy, audit only: " in said


def test_every_command_shows_the_same_figure_for_the_same_answers(trained: Program) -> None:
    body = trained.quick.json("evaluate", "d", "--json")
    assert "others" not in body
    wanted = body["accuracy"]
    shown = f"{100 * wanted['value']:.1f}"
    stats = trained.quick.json("stats", "d", "--json")
    assert stats["measures"]["accuracy"] == wanted
    assert stats["measures"]["macro_f1"] == body["macro_f1"]
    assert stats["audit"]["accuracy"] == pytest.approx(wanted["value"], abs=1e-4)
    for words in (("stats", "d"), ("evaluate", "d")):
        said = trained.quick.ok(*words).out
        assert f"accuracy  {shown}% " in said
        assert "audit only" not in said
    assert f"about {shown}% right" in trained.quick.ok("train", "d", "-o", "again").err
    trained.quick.ok("report", "d", "-o", "r.html")
    assert f"right on {shown}% " in (trained.folder / "r.html").read_text("utf-8")
    # Another vectoriser makes another model, of which nothing is kept yet.
    other = trained.quick.json("evaluate", "d", "--json", "--vectors", "static")
    assert other["accuracy"]["n"] == wanted["n"]
    assert other["accuracy"] != wanted


def test_of_a_classifier_on_a_labelled_file(trained: Program) -> None:
    body = trained.quick.json("evaluate", "model", "some.jsonl", "--json")
    assert body["accuracy"]["n"] == len(SOME)
    assert body["accuracy"]["value"] > 0.9  # it learned from these very tickets
    assert "others" not in body
    assert set(body["labels"]) == set(LABELS)
    said = trained.quick.ok("evaluate", "model", "some.jsonl").out
    assert "labelled texts of" in said


def test_what_the_file_has_that_the_classifier_does_not(trained: Program) -> None:
    lines = [
        {"text": "where is my parcel", "label": "an unheard of label"},
        {"text": "where is my parcel", "labels": ["bug", "praise"]},
        {"text": "where is my parcel"},
        "nonsense",
    ]
    trained.file("strange.jsonl", lines)
    ran = trained.quick.ok("evaluate", "model", "strange.jsonl", "--json")
    assert "left out 2 texts without usable labels, 1 bad line" in ran.err
    body = json.loads(ran.out)
    assert body["accuracy"]["n"] == 1
    assert body["accuracy"]["value"] == 0
    assert body["labels"]["an unheard of label"]["support"] == 1


def names_of(path: Path) -> list[str]:
    return [json.loads(line)["label"] for line in path.read_text("utf-8").splitlines()]


def test_scores_of_a_file_are_scikit_learns(trained: Program) -> None:
    """Of what `predict` says of the same texts, labels that only the file has among them."""
    lines = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()[:80]]
    for number, line in enumerate(lines):
        line["text"] = line["text"][: 20 + number]
        line["label"] = "unheard of" if number % 9 == 0 else line["label"]
    file = trained.file("cut.jsonl", lines)
    body = trained.quick.json("evaluate", "model", file, "--json")
    truth = names_of(file)
    said = [
        json.loads(line)["predicted"]
        for line in trained.quick.ok("predict", "model", file).out.splitlines()
    ]
    assert body["accuracy"]["value"] == pytest.approx(accuracy_score(truth, said), abs=1e-4)
    assert body["macro_f1"]["value"] == pytest.approx(
        f1_score(truth, said, average="macro", zero_division=0), abs=1e-4
    )
    report = classification_report(truth, said, output_dict=True, zero_division=0)
    assert set(body["labels"]) == set(report) - {"accuracy", "macro avg", "weighted avg"}
    for label, found in body["labels"].items():
        for ours, theirs in (("precision",) * 2, ("recall",) * 2, ("f1", "f1-score")):
            assert found[ours] == pytest.approx(report[label][theirs], abs=1e-4)
        assert found["support"] == report[label]["support"]


def test_what_it_learned_from_is_found_in_the_file(trained: Program) -> None:
    lines = SOME
    body = trained.quick.json("evaluate", "model", "some.jsonl", "--json")
    assert body["overlap"]["exact"] == body["overlap"]["tested"] == len(lines)
    assert body["without_overlap"] is None
    new = [{**line, "text": f"{n} apples and {line['text'][:30]}"} for n, line in enumerate(lines)]
    nearly = {**lines[3], "text": lines[3]["text"].upper() + "!!"}
    file = trained.file("mixed.jsonl", [*lines[:2], nearly, *new[10:20]])
    body = trained.quick.json("evaluate", "model", file, "--json")
    assert body["overlap"] == {"tested": 13, "exact": 2, "near": 1}
    assert body["without_overlap"]["accuracy"]["n"] == 10
    said = trained.quick.ok("evaluate", "model", file).out
    assert "2 of 13 test texts are among those it learned from, and 1 nearly so" in said
    assert "without them: accuracy " in said


def test_nothing_to_evaluate_on(trained: Program, sample: Program) -> None:
    trained.file("bare.jsonl", [{"text": "no label"}])
    ran = trained.quick("evaluate", "model", "bare.jsonl")
    assert ran.code == 3
    assert "bare.jsonl: no line has exactly one label" in ran.err
    ran = trained.quick("evaluate", "nosuch", "bare.jsonl")
    assert "no classifier.json" in ran.complaint
    assert "there are: d" in trained.quick("evaluate", "nosuch").complaint
    ran = sample.quick("evaluate", "d")
    assert ran.code == 1
    assert "it takes 20 to measure anything" in ran.err


@pytest.mark.slow
def test_answers_from_elsewhere(tmp_path: Path) -> None:
    """Cross-fitted on all of them, held out a part, and held against scikit-learn."""
    program = Program(tmp_path).quick
    lines = LABELLED.read_text("utf-8").splitlines()[:200]
    program.file("mine.jsonl", lines)
    program.ok("load", "--answers", "mine", "mine.jsonl")
    body = program.json("evaluate", "mine", "--vectors", "lexical", "--json")
    assert body["basis"] == "all answers"
    answers = sum(program.json("stats", "mine", "--json")["answers"].values())
    assert body["accuracy"]["n"] == answers
    _consistent(body)
    split = program.json(
        "evaluate", "mine", "--vectors", "lexical", "--test-split", "0.2", "--json"
    )
    assert split["basis"] == "held out"
    assert 30 <= split["accuracy"]["n"] <= 50
    _consistent(split)
    learned = [one["answers"] for one in split["curve"]]
    whole = learned[-1]
    assert learned == [round(whole * part) for part in (0.25, 0.5, 0.75, 1)]
    assert whole + split["accuracy"]["n"] == answers
    assert split["curve"][-1]["accuracy"] == split["accuracy"]
    assert split["curve"][0]["accuracy"]["value"] < split["accuracy"]["value"] + 0.05
    said = program.ok("evaluate", "mine", "--vectors", "lexical", "--test-split", "0.2").out
    assert "only if these were drawn at random" in said
    assert "--test-split" in program("evaluate", "x", "mine.jsonl", "--test-split", "0.2").complaint


def _consistent(body: dict[str, Any]) -> None:
    """The figures are scikit-learn's of the decisions that the tables stand for."""
    pairs = [
        (one["label"], one["taken_for"]) for one in body["confusion"] for _ in range(one["count"])
    ]
    pairs += [(label, label) for label, one in body["labels"].items() for _ in range(one["right"])]
    truth, said = zip(*pairs, strict=True)
    assert len(pairs) == body["accuracy"]["n"]
    assert body["accuracy"]["value"] == pytest.approx(accuracy_score(truth, said), abs=1e-4)
    f1 = f1_score(truth, said, average="macro", zero_division=0)
    assert body["macro_f1"]["value"] == pytest.approx(f1, abs=1e-4)


def test_hostile_labels_are_made_safe(trained: Program) -> None:
    trained.file("hostile.jsonl", [{"text": "some text", "label": HOSTILE}] * 3)
    for words in ((), ("--json",)):
        ran = trained.quick("evaluate", "model", "hostile.jsonl", *words)
        assert "holds characters that don't show" in ran.complaint
        assert not DANGEROUS & set(ran.err)


def test_stats_has_what_the_learner_measured(labelled: Program) -> None:
    """A sitting's learner stores its measures with the revision; stats only reads them."""
    from contextlib import closing

    from tests.store.test_verify import MEASURES
    from txtal.store import datasets
    from txtal.store.ledger import StoreLedger
    from txtal.types import Ranking, Revision

    path = labelled.folder / labelled.db
    with closing(schema.open_database(path)) as conn:
        dataset = datasets.get(conn, "d")
        ledger = StoreLedger(conn, path, dataset, annotator="ann")
        revision = Revision(4, 6, 0.1, "lexical@en", "margin", MEASURES.accuracy, measures=MEASURES)
        ledger.save_ranking(Ranking(revision, ()))
        first, second = (label.name for label in dataset.scheme.labels[:2])
    body = labelled.quick.json("stats", "d", "--json")
    assert body["measures"]["accuracy"] == {"n": 10, "value": 0.8, "low": 0.5, "high": 0.9}
    assert body["measures"]["labels"][first]["precision"] == 0.6667
    assert body["measures"]["confusion"] == [
        {"label": first, "predicted": second, "count": 2, "taken_for": second}
    ]
    said = labelled.quick.ok("stats", "d").out
    assert "accuracy  80.0% (95% interval 50.0 to 90.0)" in said
    assert "after 4 answers" in said
