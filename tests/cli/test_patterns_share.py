"""--patterns-share: tickets that match a pattern have a quota of their own."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.driving import Program
from txtal.annotators.applying import apply_rules
from txtal.annotators.rules import read_quota
from txtal.store import datasets, schema

ROWS = [{"text": f"where is my parcel number {n}", "label": "other"} for n in range(60)] + [
    {"text": f"my lawyer will write about case {n}", "label": "legal"} for n in range(6)
]
PATTERNS = [
    {"label": "legal", "pattern": [{"lower": "lawyer"}]},
    {"label": "legal", "pattern": "never there"},
]


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    found = Program(tmp_path).quick
    found.file("p.jsonl", PATTERNS)
    found.file("rows.jsonl", ROWS)
    return found


def vote(txtal: Program) -> None:
    """What the process behind a session does, which may come to no more than that it was begun."""
    path = txtal.folder / txtal.db
    with closing(schema.open_database(path)) as conn:
        apply_rules(conn, path, datasets.get(conn, "d"), read_quota(txtal.folder / "p.jsonl"))


def test_a_session_asks_for_them_and_keeps_the_quota_with_the_dataset(txtal: Program) -> None:
    txtal.ok("load", "d", "rows.jsonl")
    options = ("teach", "d", "-l", "other,legal", "--plain", "-s", "random", "--audit", "0")
    first = txtal.ok(*options, "--patterns", "p.jsonl", "--patterns-share", "1")
    assert "patterns_share 1" in first.err
    vote(txtal)
    rows = txtal.json("rules", "d", "--json")
    by_name = {row["name"]: row for row in rows}
    assert by_name["legal: lawyer"]["votes"] == 6
    assert by_name["legal: lawyer"]["kind"] == "pattern"
    again = txtal.ok(*options, stdin="1\n" * 8)
    assert "patterns_share 1" in again.err
    reasons = [row["reason"] for row in txtal.exported()]
    assert Counter(reasons) == {"pattern": 6, "random": 2}, "then come the others"
    assert all("lawyer" in row["text"] for row in txtal.exported() if row["reason"] == "pattern")


def test_without_patterns_it_has_no_effect_and_says_so(txtal: Program) -> None:
    txtal.ok("load", "d", "rows.jsonl")
    said = txtal.ok("teach", "d", "-l", "other,legal", "--plain", "--patterns-share", "0.5").err
    assert "patterns_share has no effect without patterns" in said


def test_it_needs_a_pool_and_a_fraction(txtal: Program) -> None:
    txtal.ok("load", "d", "rows.jsonl")
    options = ("teach", "d", "-l", "other,legal", "--plain", "--patterns", "p.jsonl")
    assert "from 0 to 1" in txtal(*options, "--patterns-share", "2").complaint


@pytest.mark.slow
def test_simulate_finds_the_rare_label_sooner(txtal: Program) -> None:
    plan = ("--budget", "20", "--vectors", "lexical", "-s", "random", "--no-names", "--json")
    files = ("simulate", "rows.jsonl", "--test", "rows.jsonl")
    alone = txtal.json(*files, *plan)
    helped = txtal.json(*files, *plan, "--patterns", "p.jsonl", "--patterns-share", "0.5")

    def end(found: dict[str, list[dict[str, list[dict[str, float]]]]]) -> float:
        return found["runs"][0]["curve"][2]["macro_f1"]

    assert end(helped) > end(alone)
