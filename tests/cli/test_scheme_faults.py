"""``txtal drift`` and ``txtal advise``: what has changed, and what the labels lack."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from tests.cli.driving import LABELLED, Program
from txtal.learner.advising import contradicting

LINES = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
VECTORS = ("--vectors", "lexical")
LEFT_OUT = {"delivery", "billing"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The first half of the sample without two labels, answered; and the second half."""
    made = Program(tmp_path_factory.mktemp("faults")).quick
    rows = random.Random(0).sample(LINES, len(LINES))
    half = len(rows) // 2
    first = [row for row in rows[:half] if row["label"] not in LEFT_OUT]
    made.file("first.jsonl", first)
    made.file("second.jsonl", [{"text": row["text"]} for row in rows[half:]])
    alike = [{"text": row["text"]} for row in rows[half:] if row["label"] not in LEFT_OUT]
    made.file("alike.jsonl", alike)
    made.ok("load", "--answers", "d", "first.jsonl")
    return made


def test_drift_against_a_file(program: Program) -> None:
    body = program.json("drift", "d", "second.jsonl", *VECTORS, "--json")
    assert body["noticed"]
    assert body["tests"].keys() == {"classifier", "neighbours", "distance", "together"}
    labels = {row["text"]: row["label"] for row in LINES}
    assert sum(labels[text] in LEFT_OUT for text in body["unlike"]) >= 4
    said = program.ok("drift", "d", "second.jsonl", *VECTORS).out
    assert said.startswith("drift: ")
    assert "txtal teach d --new" in said
    assert "no drift" in program.ok("drift", "d", "alike.jsonl", *VECTORS).out


def test_the_sample_has_dates_so_weeks_are_compared(program: Program) -> None:
    weeks = program.json("drift", "d", *VECTORS, "--json")["weeks"]
    assert [one["week"] for one in weeks] == sorted(one["week"] for one in weeks)
    assert all(one["week"].startswith("20") for one in weeks)
    assert "each week compared with those before:" in program.ok("drift", "d", *VECTORS).out


def test_drift_of_what_was_loaded_since(program: Program, tmp_path: Path) -> None:
    other = Program(tmp_path).quick
    other.file("first.jsonl", [{"text": r["text"], "label": r["label"]} for r in LINES[:150]])
    other.ok("load", "--answers", "d", "first.jsonl")
    assert "name a SOURCE of new ones" in other("drift", "d", *VECTORS).complaint
    other.file("few.jsonl", [{"text": f"{n}"} for n in range(5)])
    assert "5 new tickets against" in other("drift", "d", "few.jsonl", *VECTORS).complaint
    other.file("odd.jsonl", [{"text": f"xyzzy plugh {n} quux"} for n in range(60)])
    other.ok("load", "d", "odd.jsonl")
    body = other.json("drift", "d", *VECTORS, "--json")
    assert (body["new"], body["noticed"]) == (60, True)
    assert {"xyzzy", "plugh", "quux"} <= set(body["words"])


@pytest.mark.slow
def test_what_the_labels_lack(program: Program, tmp_path: Path) -> None:
    """One label under two names, and two under one; each with the command that mends it."""
    other = Program(tmp_path).quick
    draw = random.Random(0)
    rows = []
    for row in LINES:
        label = {"praise": "account"}.get(row["label"], row["label"])
        if label == "delivery" and draw.random() < 0.5:
            label = "parcels"
        rows.append({"text": row["text"], "label": label})
    rows.append({"text": "once only", "label": "rare"})
    other.file("rows.jsonl", rows)
    other.ok("load", "--answers", "d", "rows.jsonl")
    found = other.json("advise", "d", *VECTORS, "--json")
    by_kind: dict[str, list] = {}
    for one in found:
        by_kind.setdefault(one["kind"], []).append(one)
    assert set(by_kind["merge"][0]["labels"]) == {"delivery", "parcels"}
    assert by_kind["split"][0]["labels"] == ["account"]
    assert by_kind["few"][0]["labels"] == ["rare"]
    assert all(one["tickets"] for one in found)
    said = other.ok("advise", "d", *VECTORS).out
    assert by_kind["merge"][0]["command"] in said
    other.ok(*by_kind["merge"][0]["command"].split()[1:])
    again = other.json("advise", "d", *VECTORS, "--json")
    assert not any(one["kind"] == "merge" for one in again)


@pytest.mark.parametrize(
    ("proba", "found"),
    [([0.5, 0.5], None), ([0.49, 0.51], None), ([0.3, 0.5, 0.2], None), ([0.3, 0.7], 1),
     ([0.7, 0.3], None)],
)  # fmt: skip
def test_a_description_in_doubt_contradicts_nothing(proba: list[float], found: int | None) -> None:
    assert contradicting(np.array(proba, np.float32), 0) == found


@pytest.mark.slow
def test_the_report_shows_versions_drift_and_advice(tmp_path: Path) -> None:
    """And the words of no ticket but those that set the new ones apart."""
    other = Program(tmp_path).quick
    rows = [{"text": r["text"], "label": r["label"]} for r in LINES[:150]]
    other.file("rows.jsonl", [*rows, {"text": "once only", "label": "rare & <odd>"}])
    other.ok("load", "--answers", "d", "rows.jsonl")
    other.ok("train", "d", "-o", "model", *VECTORS)
    other.ok("train", "d", "-o", "model", *VECTORS)
    other.file("odd.jsonl", [{"text": f"xyzzy plugh {n} quux"} for n in range(60)])
    other.ok("load", "d", "odd.jsonl")
    other.ok("report", "d", "-o", "r.html", *VECTORS)
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "v2 (in use)" in page
    assert "The 60 tickets loaded since the newest answered one differ from the 149 before" in page
    assert "xyzzy" in page
    assert "rare &amp; &lt;odd&gt;" in page
    assert "1 answer, too few to learn from" in page
    assert LINES[0]["text"] not in page
    other.ok("report", "d", "-o", "quick.html", "--quick")
    quick = (tmp_path / "quick.html").read_text("utf-8")
    assert "v2 (in use)" in quick
    assert "xyzzy" not in quick
