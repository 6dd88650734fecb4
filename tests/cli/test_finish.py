"""``txtal finish``: predictions under a bound, their checks, and their end."""

from __future__ import annotations

import sqlite3

import pytest

from tests.cli.driving import LABELLED, Program
from txtal.store import schema
from txtal.store.verify import verify

WORDS = {"refund": "please give my money back", "praise": "thank you very much indeed"}


@pytest.fixture
def easy(fresh: Program) -> Program:
    """Two labels that are easy to tell apart: 160 answers, half at random, 400 open tickets."""
    txtal = fresh.quick
    rows = [
        {"text": f"{WORDS[label]} {n}", "label": label}
        for n in range(280)
        for label in ("refund", "praise")
    ]
    txtal.ok("load", "d", txtal.file("some.jsonl", rows[:160]), "--answers")
    bare = [{"text": row["text"]} for row in rows[160:]]
    txtal.ok("load", "d", txtal.file("more.jsonl", bare))
    with sqlite3.connect(txtal.folder / "t.db") as conn:
        conn.create_function("content_hash", -1, lambda *_: 0)
        conn.execute("UPDATE answer SET reason = 'audit', selection_probability = 0.01"
                     " WHERE id % 4 < 2")  # fmt: skip
    conn.close()
    return txtal


def test_the_rest_is_labelled_under_a_bound(easy: Program) -> None:
    found = easy.json("finish", "d", "--vectors", "lexical", "--json", "--precision", "0.95")
    assert found["open"] == 400
    assert found["labelled"] == 400
    assert found["left"] == 0
    (bound,) = found["bounds"]
    assert bound["errors"] == 0
    assert bound["low"] >= 0.95
    assert found["checks"] == {"checks": 0, "errors": 0, "waiting": 20}
    assert len(easy.exported()) == 160
    lines = easy.exported("d", "--predicted")[160:]
    assert len(lines) == 400
    assert all(line["precision"] == 0.95 for line in lines)
    assert {WORDS[line["label"]] in line["text"] for line in lines} == {True}
    with schema.open_database(easy.folder / "t.db") as conn:
        assert conn.execute("SELECT count(*) FROM answer").fetchone()[0] == 160
        faults = [fault for fault in verify(conn).faults if "answer" not in fault]
        assert faults == []
    assert "400 predictions are withdrawn" in easy.ok("finish", "d", "--withdraw").err
    assert len(easy.exported("d", "--predicted")) == 160


def test_tickets_without_a_known_word_are_never_labelled(easy: Program) -> None:
    odd = [{"text": text} for text in ("qxj wvk", "приве́т", "???", "日本")]
    easy.ok("load", "d", easy.file("odd.jsonl", odd))
    found = easy.json("finish", "d", "--vectors", "lexical", "--json")
    assert (found["open"], found["labelled"], found["unknown"]) == (404, 400, 4)
    texts = {line["text"] for line in easy.exported("d", "--predicted")}
    assert not texts & {row["text"] for row in odd}
    said = easy.ok("finish", "d", "--vectors", "lexical").out
    assert "of these, 4 without a word that the model knows" in said


def test_a_dry_run_stores_nothing(easy: Program) -> None:
    said = easy.ok("finish", "d", "--vectors", "lexical", "--dry-run").out
    assert "400 of 400 open tickets (100.0%) could be labelled" in said
    assert "at least 95.7% are right, with 95% confidence: 0 errors in 80 random answers" in said
    assert len(easy.exported("d", "--predicted")) == 160


@pytest.mark.slow
def test_every_try_has_its_part_of_the_level_and_the_same_one_is_no_other(easy: Program) -> None:
    words = ["finish", "d", "--vectors", "lexical", "--json"]
    dry = easy.json(*words, "--dry-run")
    real = easy.json(*words)
    assert (dry["try"], real["try"], real["bounds"]) == (1, 1, dry["bounds"])
    assert easy.json(*words)["try"] == 1  # its own labels change nothing
    assert real["level"] == pytest.approx(0.05 * 6 / 3.14159265**2)
    assert easy.json(*words, "--precision", "0.9", "--dry-run")["try"] == 2
    assert easy.json("stats", "d", "--json")["finish"]["labelled"] == 400
    more = [{"text": "give my money", "label": "refund"}]
    easy.ok("load", "d", easy.file("new.jsonl", more), "--answers")
    third = easy.json(*words, "--precision", "0.99")
    assert (third["try"], third["labelled"]) == (3, 0)
    said = easy.ok(*words[:-1], "--precision", "0.99").out
    assert "this is try 3, tested at a level of 0.34%" in said
    assert "it takes" not in said


def test_labels_that_checks_find_wrong_are_withdrawn(easy: Program) -> None:
    easy.ok("finish", "d", "--vectors", "lexical", "--check", "1")
    with schema.open_database(easy.folder / "t.db") as conn:
        conn.execute(
            "INSERT INTO answer (dataset_id, ticket_id, session_id, annotator, verdict, labels,"
            " reason, shown, answered) SELECT dataset_id, ticket_id, 1, 'ann', 'accept',"
            " CASE labels WHEN '[1]' THEN '[2]' ELSE '[1]' END, 'check', at + 1, at + 1"
            " FROM prediction ORDER BY ticket_id LIMIT 5"
        )
    slow = Program(easy.folder)
    said = slow.ok("manual", "d", "--plain", stdin="").err
    assert "withdrawn: 5 of 5 labels that were checked are wrong" in said
    assert len(easy.exported("d", "--predicted")) == 165


def test_checks_come_with_the_random_picks_and_hide_what_the_model_said(easy: Program) -> None:
    easy.ok("finish", "d", "--vectors", "lexical", "--check", "0.5")
    slow = Program(easy.folder)
    slow.ok("teach", "d", "--audit", "1", "--vectors", "lexical", "--plain", stdin="1\n" * 30)
    new = easy.exported()[160:]
    reasons = [line["reason"] for line in new]
    assert 4 < reasons.count("check") < 26
    assert all(line["suggestion"] is None for line in new if line["reason"] == "check")


def test_each_label_may_have_a_bound_of_its_own(easy: Program) -> None:
    words = ["finish", "d", "--vectors", "lexical", "--precision", "0.9", "--per-label", "--json"]
    found = easy.json(*words)
    assert {one["label"] for one in found["bounds"]} == {"refund", "praise"}
    assert found["labelled"] == 400


def test_without_random_answers_nothing_can_be_proven(fresh: Program) -> None:
    txtal = fresh.quick
    few = txtal.file("labelled.jsonl", LABELLED.read_text("utf-8").splitlines()[:40])
    txtal.ok("load", "d", few, "--answers")
    assert "no answer was picked at random yet" in txtal("finish", "d", "--vectors", "lexical").err
