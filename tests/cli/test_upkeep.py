"""Datasets renamed, merged and dropped, tickets forgotten, and why one isn't shown."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.driving import Program
from txtal.store import checksums, schema

TEXTS = ["refund my order please", "thanks a lot", "refund the other order", "thank you so much"]
SECRET = "my name is Zyxwvut Qwertz, refund me"


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    program = Program(tmp_path).quick
    lines = [{"text": text, "meta": {"id": f"T{n}"}} for n, text in enumerate([*TEXTS, SECRET])]
    program.file("t.jsonl", lines)
    program.ok("load", "shop", "t.jsonl")
    label(program, "shop", "1\n2\n1\nu\n1\n", "-l", "refund,praise")
    return program


def label(program: Program, dataset: str, typed: str, *words: str) -> None:
    program.ok("manual", dataset, "--plain", *words, stdin=typed)


def answers(program: Program, dataset: str) -> dict[str, str]:
    return {row["text"]: row["label"] for row in program.exported(dataset)}


# --- datasets -------------------------------------------------------------------------------------


def test_rename(txtal: Program) -> None:
    before = answers(txtal, "shop")
    txtal.ok("dataset", "rename", "shop", "store")
    assert answers(txtal, "store") == before
    assert "no dataset called 'shop'" in txtal("stats", "shop").complaint
    txtal.ok("load", "other", "t.jsonl")
    assert (
        "there is a dataset other already" in txtal("dataset", "rename", "store", "other").complaint
    )
    assert "can't name a dataset" in txtal("dataset", "rename", "store", " ").complaint
    assert txtal.ok("verify")


def test_drop_takes_everything_of_one_dataset_and_nothing_else(txtal: Program) -> None:
    txtal.ok("load", "other", "t.jsonl")
    label(txtal, "other", "1\n", "-l", "a,b")
    label(txtal, "shop", "2\n")
    assert "--yes" in txtal("dataset", "drop", "shop").complaint
    said = txtal.ok("dataset", "drop", "shop", "--yes").err
    assert "shop was deleted, with 5 tickets and 4 answers" in said
    assert [row["dataset"] for row in txtal.json("datasets", "--json")] == ["other"]
    assert txtal.ok("verify")  # the gap in the numbers is no loss
    assert len(txtal.exported("other")) == 1
    with sqlite3.connect(txtal.folder / "t.db") as conn:
        tables = [
            row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in tables:
            columns = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
            if "dataset_id" in columns:
                rows = conn.execute(f"SELECT DISTINCT dataset_id FROM {table}").fetchall()
                assert rows in ([], [(2,)]), table
    conn.close()
    txtal.ok("load", "shop", "t.jsonl")  # its name is free again


def test_an_answer_that_is_lost_beside_a_gap_is_still_found(txtal: Program) -> None:
    txtal.ok("load", "other", "t.jsonl")
    label(txtal, "other", "1\n1\n1\n", "-l", "a,b")
    txtal.ok("dataset", "drop", "shop", "--yes")
    with sqlite3.connect(txtal.folder / "t.db") as conn:
        (newest,) = conn.execute("SELECT max(id) FROM answer").fetchone()
        conn.execute("DELETE FROM answer WHERE id = ?", (newest - 1,))
    conn.close()
    ran = txtal("verify")
    assert ran.code != 0
    assert f"answer {newest - 1}: lost" in ran.out + ran.err


def test_merge_brings_tickets_and_answers_by_the_labels_names(txtal: Program) -> None:
    txtal.file("more.jsonl", [{"text": TEXTS[0]}, {"text": "a new one"}])
    txtal.ok("load", "b", "more.jsonl")
    label(txtal, "b", "1\n2\n", "-l", "praise,spam")
    said = txtal.ok("dataset", "merge", "b", "shop").err
    assert "1 ticket and 1 answer copied into shop" in said
    assert "1 ticket it had already" in said
    assert "1 answer left out: answered there by the same person" in said
    found = answers(txtal, "shop")
    assert found[TEXTS[0]] == "refund"  # what shop has stands
    assert found["a new one"] == "spam"
    assert len(txtal.exported("b")) == 2  # it stays until it is dropped
    assert txtal.ok("verify")
    merged = next(row for row in txtal.exported("shop") if row["text"] == "a new one")
    assert merged["reason"] == "loaded"


def test_merge_refuses_another_task_and_changes_nothing(txtal: Program) -> None:
    txtal.ok("load", "b", "t.jsonl")
    label(txtal, "b", "a\n", "-l", "x,y", "--task", "multilabel")
    before = answers(txtal, "shop")
    assert "can't become multilabel" in txtal("dataset", "merge", "b", "shop").complaint
    assert answers(txtal, "shop") == before
    assert "into itself" in txtal("dataset", "merge", "b", "b").complaint


def test_nothing_is_done_under_a_session(txtal: Program) -> None:
    """A session elsewhere holds a ticket."""
    with sqlite3.connect(txtal.folder / "t.db") as conn:
        conn.execute("UPDATE session SET ended = NULL WHERE id = 1")
        conn.execute("INSERT INTO lease VALUES (5, 1, 1e12)")
    conn.close()
    for words in (
        ["dataset", "drop", "shop", "--yes"],
        ["dataset", "rename", "shop", "x"],
        ["forget", "shop", "1", "--yes"],
    ):
        ran = txtal(*words)
        assert ran.code == 4
        assert "ann is labelling it" in ran.err


# --- tickets --------------------------------------------------------------------------------------


def holds(folder: Path, word: str) -> list[str]:
    """Files anywhere below that hold a word."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "t.jsonl")
    return [file.name for file in files if word.encode().lower() in file.read_bytes().lower()]


def test_what_is_forgotten_is_gone_from_the_disk(txtal: Program) -> None:
    label(txtal, "shop", "1\n1\n")
    txtal.ok("load", "shop", "--prepare", "--vectors", "lexical")
    assert holds(txtal.folder, "zyxwvut")
    said = txtal.ok("forget", "shop", "id:T4", "--yes")
    assert "erased 1 ticket, with 1 answer in the log" in said.err
    assert holds(txtal.folder, "zyxwvut") == []
    assert SECRET not in answers(txtal, "shop")
    assert txtal.ok("verify")
    again = txtal.ok("load", "shop", "t.jsonl").err
    assert "loaded 0, 4 duplicates" in again
    assert "1 left out" in again
    why = txtal.ok("why-excluded", "shop", SECRET).out
    assert "it was forgotten on" in why


def test_a_hash_is_kept_only_if_wanted(txtal: Program) -> None:
    txtal.ok("forget", "shop", SECRET, "--yes", "--again")
    assert "loaded 1, 4 duplicates" in txtal.ok("load", "shop", "t.jsonl").err


def test_answers_to_what_is_forgotten_are_not_loaded_either(txtal: Program) -> None:
    txtal.ok("forget", "shop", SECRET, "--yes")
    txtal.file("a.jsonl", [{"text": SECRET, "label": "praise"}, {"text": "new", "label": "praise"}])
    txtal.ok("load", "shop", "a.jsonl", "--answers", "--annotator", "bea")
    assert answers(txtal, "shop")["new"] == "praise"
    assert SECRET not in answers(txtal, "shop")


def test_forget_asks_and_refuses_what_names_nothing(txtal: Program) -> None:
    assert "--yes" in txtal("forget", "shop", "1").err
    assert "has no ticket 'order'" in txtal("forget", "shop", "order", "--yes").complaint
    assert "has no ticket 'parcel'" in txtal("forget", "shop", "parcel", "--yes").complaint
    assert "has no ticket '99'" in txtal("forget", "shop", "99", "--yes").complaint
    assert "has no ticket 'id:T'" in txtal("forget", "shop", "id:T", "--yes").complaint
    assert len(txtal.exported("shop")) == 3


# --- why ------------------------------------------------------------------------------------------


def why(program: Program, what: str, *words: str) -> str:
    return program.ok("why-excluded", "shop", what, *words).out


def test_why_a_ticket_isnt_shown(txtal: Program) -> None:
    assert "ticket 5 is open" in why(txtal, "5")
    assert why(txtal, "T0") == why(txtal, "id:T0")
    mine = why(txtal, "id:T0")
    assert "ann answered it on" in mine
    assert "accept refund (#1)" in mine
    assert "--overlap" not in mine
    assert "--overlap 0." in why(txtal, TEXTS[1], "--annotator", "bea")
    assert "no ticket with exactly this text" in why(txtal, "nothing of the kind")
    found = txtal.json("why-excluded", "shop", "2", "--json")
    assert (found["ticket"], found["excluded"]) == (2, True)
    assert [one["reason"] for one in found["reasons"]] == ["answered"]


# --- a load that fails ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["load", "new", "nosuch.jsonl"],
        ["load", "new", "bad.jsonl"],
        ["load", "new", "bad.jsonl", "--strict"],
        ["load", "new", "bad.jsonl", "--answers"],
        ["teach", "new", "nosuch.jsonl", "-l", "a,b", "--plain"],
    ],
    ids=" ".join,
)
def test_a_load_that_fails_leaves_no_dataset(txtal: Program, words: list[str]) -> None:
    txtal.file("bad.jsonl", ["{", "no json"])
    txtal(*words)
    assert [row["dataset"] for row in txtal.json("datasets", "--json")] == ["shop"]


def test_votes_and_predictions_are_forgotten_with_their_ticket(txtal: Program) -> None:
    txtal.file("rules.toml", ["[[rule]]", 'name = "all"', 'label = "praise"', "regex = '.'"])
    txtal.ok("rules", "shop", "--rules", "rules.toml")
    with closing(schema.open_database(txtal.folder / txtal.db)) as conn:
        (ticket,) = conn.execute("SELECT id FROM ticket WHERE text = ?", (SECRET,)).fetchone()
        conn.execute("INSERT INTO bound VALUES (1, 1, 9.5, 0.95, '{}', NULL, '')")
        conn.execute(
            "INSERT INTO prediction VALUES (?, 1, 1, '[1]', 0.75, 1, NULL, 8.5, NULL)", (ticket,)
        )
        conn.execute(f"UPDATE prediction SET sum = {checksums.PREDICTION}")
        left = (
            "SELECT (SELECT count(*) FROM vote WHERE ticket_id = :ticket),"
            " (SELECT count(*) FROM prediction WHERE ticket_id = :ticket)"
        )
        assert tuple(conn.execute(left, {"ticket": ticket}).fetchone()) == (1, 1)
        txtal.ok("forget", "shop", SECRET, "--yes")
        assert tuple(conn.execute(left, {"ticket": ticket}).fetchone()) == (0, 0)
    assert txtal.ok("verify")
