"""Answers to near-duplicates vote on new tickets, and are never answers there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.driving import Program
from txtal.store import schema

ANSWERED = [
    {"text": "Please refund order 1234, it arrived broken last week", "label": "refund"},
    {"text": "Where is my parcel? It should have been here on Monday", "label": "delivery"},
    {"text": "refund", "label": "refund"},
]
NEW = [
    {"text": "Please refund order 987, it arrived broken last week!"},
    {"text": "Where is my parcel? It should have been here on Friday"},
    {"text": "A wholly different matter: the password of my account"},
    {"text": "refunds"},
]


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    found = Program(tmp_path).quick
    found.ok("load", "d", found.file("old.jsonl", ANSWERED), "--answers")
    return found


def votes_on(txtal: Program) -> dict[str, str]:
    with schema.open_readonly(txtal.folder / txtal.db) as conn:
        rows = conn.execute(
            "SELECT t.text, v.reason FROM vote AS v JOIN ticket AS t ON t.id = v.ticket_id"
        )
        return dict(tuple(row) for row in rows)


def test_a_near_duplicate_gets_the_answer_as_a_vote(txtal: Program) -> None:
    said = txtal.ok("load", "d", txtal.file("new.jsonl", NEW), "--carry").err
    assert "answers to near-duplicates vote on 2 of 4 open tickets" in said
    assert votes_on(txtal) == {NEW[0]["text"]: "as ticket 1", NEW[1]["text"]: "as ticket 2"}
    stats = txtal.json("stats", "d", "--json")
    assert stats["answers"]["accept"] == 3
    (source,) = stats["sources"]
    assert (source["name"], source["kind"], source["votes"]) == ("near-duplicates", "carried", 2)
    assert "near-duplicates" in txtal.ok("stats", "d").out


def test_only_what_is_new_is_looked_at_unless_answers_changed(txtal: Program) -> None:
    txtal.ok("load", "d", txtal.file("new.jsonl", NEW), "--carry")
    assert "vote on 0 of 0 open" in txtal.ok("load", "d", "--carry").err
    more = [{"text": NEW[2]["text"], "label": "login"}]
    txtal.ok("load", "d", txtal.file("more.jsonl", more), "--answers")
    assert "vote on 2 of 3 open tickets" in txtal.ok("load", "d", "--carry").err


def test_people_judge_what_was_carried(txtal: Program) -> None:
    txtal.ok("load", "d", txtal.file("new.jsonl", NEW), "--carry")
    right = [
        {"text": NEW[0]["text"], "label": "refund"},
        {"text": NEW[1]["text"], "label": "refund"},
    ]
    txtal.ok("load", "d", txtal.file("right.jsonl", right), "--answers")
    (source,) = txtal.json("rules", "d", "--json")
    assert (source["judged"], source["differ"]) == (2, 1)


def test_votes_come_along_when_datasets_are_merged(txtal: Program) -> None:
    txtal.ok("load", "d", txtal.file("new.jsonl", NEW), "--carry")
    txtal.ok("load", "e", txtal.file("other.jsonl", [{"text": "another"}]))
    txtal.ok("dataset", "merge", "d", "e")
    (mine,), (theirs,) = (txtal.json("rules", name, "--json") for name in "de")
    assert (theirs["name"], theirs["kind"]) == (mine["name"], mine["kind"])
    assert theirs["votes"] == mine["votes"] == 2
    txtal.ok("dataset", "merge", "d", "e")
    assert txtal.json("rules", "e", "--json")[0]["votes"] == 2
    assert txtal("verify").code == 0
