"""What must never happen: files others can read, text in logs, connections, code nobody named."""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import LABELLED, TICKETS, TXTAL, Program
from tests.cli.test_failures import SECRET, sql
from tests.faults.conftest import Tries, many, present
from txtal.classifier import classifier
from txtal.errors import ModelError

pytestmark = pytest.mark.slow

MAIN = (
    ["load", "d", str(TICKETS)],
    ["load", "--answers", "e", str(LABELLED)],
    ["teach", "d", "--plain", "-l", "a,b"],
    ["manual", "d", "--plain"],
    ["stats", "d"],
    ["datasets"],
    ["export", "e", "-o", "out.jsonl"],
    ["train", "e", "-o", "model"],
    ["predict", "model", str(TICKETS), "-o", "predicted.jsonl"],
    [
        "simulate",
        str(LABELLED),
        "--test",
        str(LABELLED),
        "--budget",
        "30",
        "-s",
        "random",
        "--resume",
        "runs.jsonl",
        "--report",
        "report.html",
    ],
    ["recipes"],
    ["doctor"],
    ["verify"],
    ["backup", "b.db"],
    ["restore", "b.db"],
)
"""Every command, with the default vectors."""


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- files ------------------------------------------------------------------------------------


def test_every_file_is_private(fresh: Program, tries: Tries) -> None:
    before = os.umask(0)
    try:
        for words in MAIN[:-1]:  # a restore would take the cache away
            fresh.ok(*words, stdin="a\nb\n" * 10 + "q\n")
        fresh.ok("--db", "other.db", "restore", "b.db")
        fresh.ok("--db", "other.db", "restore", "b.db")
    finally:
        os.umask(before)
    there = written(fresh.folder)
    names = {path.name for path in there}
    assert {"t.db", "out.jsonl", "classifier.json", "predicted.jsonl"} <= names
    assert {"b.db", "other.db.before-restore-1.bak", "runs.jsonl", "report.html"} <= names
    there += [fresh.folder / "model", fresh.folder / "t.db.cache"]
    for path in there:
        with tries.one(path):
            assert path.stat().st_mode & 0o077 == 0


def test_names_that_are_paths_write_nowhere_else(fresh: Program, tries: Tries) -> None:
    folder = fresh.folder / "in"
    folder.mkdir()
    program = Program(folder, {"TXTAL_LOG": str(folder / "log")})
    names = ["/etc/txtal-was-here", "../outside", "a/../../outside"]
    lines = [{"text": f"{name} {n}", "label": name} for n in range(4) for name in names]
    program.file("t.jsonl", [*lines, {"text": "\x00/../x", "meta": {"../../m": "../y"}}])
    for dataset in names:
        with tries.one(dataset):
            program.ok("load", "--answers", dataset, "t.jsonl")
            program.ok("teach", dataset, "--plain", stdin="1\n2\n1\nq\n")
            program.ok("export", dataset, "-o", "out.jsonl")
            program.ok("train", dataset, "-o", "model", "--vectors", "lexical")
            assert {path.name for path in fresh.folder.iterdir()} == {"in"}
            assert not Path(names[0]).exists()


def test_nothing_in_the_folder_is_run(fresh: Program, tries: Tries) -> None:
    code = ["from pathlib import Path", "Path(__file__).with_suffix('.ran').touch()"]
    modules = ("sitecustomize", "usercustomize", "txtal_recipes", "recipe", "conftest", "numpy")
    for name in (*modules, "spacy", "click", "sqlite3", "json", "txtal"):
        fresh.file(f"{name}.py", code)
    for name in ("pyproject.toml", "prodigy.json", ".env", ".envrc", "setup.cfg"):
        fresh.file(name, ["[tool.txtal]", 'recipes = ["recipe.py"]', "TXTAL_DB=other.db"])
    module = [sys.executable, "-m", "txtal"]
    commands = [[*TXTAL, *words] for words in MAIN]
    commands += [[*module, *words] for words in (["stats", "d"], ["doctor"])]
    for words in commands:
        if words[0] == sys.executable:
            (fresh.folder / "txtal.py").unlink(missing_ok=True)  # Python itself would take that
        with tries.one(words):
            subprocess.run(
                words,
                input=b"a\nb\nq\n",
                capture_output=True,
                env=fresh.environ,
                cwd=fresh.folder,
                check=True,
            )
            assert not list(fresh.folder.glob("*.ran"))
            assert not (fresh.folder / "other.db").exists()
    for said in (
        'recipes = ["recipe.py"]',
        'code = "recipe.py"',
        "[tool.txtal]\ncode = 'recipe.py'",
    ):
        fresh.file("txtal.toml", [said])  # the one file there that is read: it may name no code
        with tries.one(said):
            assert "no setting is called" in fresh("stats", "d").err
            assert not list(fresh.folder.glob("*.ran"))


# --- what is told -----------------------------------------------------------------------------

TELLING = """
from txtal import Recipe, recipe, strategy

@strategy("telling")
def telling(pool):
    raise ValueError(pool.texts[0])

@recipe("telling")
def label(dataset: str) -> Recipe:
    \"\"\"Fail with the ticket's text in the message.\"\"\"
    def after(ticket, answer):
        raise RuntimeError(ticket.text)
    return Recipe(dataset, labels=["a", "b"], strategy="telling", on_answer=after)
"""


def test_no_ticket_in_logs_or_complaints(txtal: Program, tries: Tries) -> None:
    (txtal.folder / "telling.py").write_text(TELLING)
    txtal.file("t.jsonl", [{"text": f"{SECRET} {n}", "meta": {"m": SECRET}} for n in range(60)])
    txtal.ok("load", "d", "t.jsonl")
    shutil.copy(txtal.folder / txtal.db, txtal.folder / "whole.db")
    with tries.one("a recipe's faults"):
        ran = txtal("run", "telling.py", "d", "--plain", stdin="a\nb\n" * 20 + "q\n")
        assert ran.code == 0
        assert "RuntimeError" in txtal.log
        assert SECRET not in txtal.log + ran.err
    for change in (
        f"UPDATE ticket SET meta = '{SECRET}'",
        f"UPDATE ticket SET extra = '[{SECRET}]'",
        f"UPDATE ticket SET text = CAST(x'ff' || text AS TEXT), meta = '{SECRET}'",
        "UPDATE ticket SET text = CAST(text || x'ff' AS TEXT)",
        f"UPDATE answer SET labels = '{SECRET}', probabilities = '{SECRET}'",
    ):
        sql(txtal, change)
        for command in (
            "stats d",
            "verify",
            "doctor",
            "backup b.db",
            "export d -o x",
            "train d -o m",
        ):
            with tries.one((change, command)):
                ran = txtal.quick(*command.split())
                assert SECRET not in ran.out + ran.err + txtal.log
                assert "Traceback" not in ran.err
        with tries.one((change, "teach")):
            ran = txtal("teach", "d", "--plain")
            assert SECRET not in ran.err + txtal.log
            assert "Traceback" not in ran.err
    for line in (f'{{"text": "{SECRET}"', f'{{"text": 1, "x": "{SECRET}"}}', f"{SECRET}\x00"):
        with tries.one(line):
            txtal.file("bad.jsonl", [line])
            ran = txtal("load", "d2", "bad.jsonl")
            assert SECRET not in ran.out + ran.err + txtal.log


# --- connections ------------------------------------------------------------------------------

_INTERNET = re.compile(r"(?:connect|sendto|sendmsg|sendmmsg)\(.*AF_INET6?")


def test_no_connection_is_made(fresh: Program, tries: Tries, tmp_path: Path) -> None:
    """With the network cut all commands work, and none of them tries to reach anybody."""
    trace = tmp_path / "trace"
    tracing = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(trace)]
    cut = ["unshare", "-n", *tracing]
    try:
        if subprocess.run([*cut, "true"], capture_output=True, check=False).returncode:
            pytest.skip("needs the right to cut the network off and to trace a process")
    except FileNotFoundError:
        pytest.skip("needs unshare and strace")
    for words in MAIN:
        with tries.one(words):
            ran = subprocess.run(
                [*cut, *TXTAL, *words],
                input=b"a\nb\n" * 10 + b"q\n",
                capture_output=True,
                env=fresh.environ,
                cwd=fresh.folder,
                check=False,
            )
            assert ran.returncode == 0, ran.stderr.decode()
            assert not _INTERNET.search(trace.read_text("utf-8", "replace"))


# --- data and models --------------------------------------------------------------------------


def test_a_line_of_a_hundred_megabytes(fresh: Program, tries: Tries) -> None:
    path = fresh.folder / "t.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "one"}\n{"text": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n{"text": "two"}\n')
    limit = 300 << 20

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    with tries.one("within 300 MB of memory"):
        ran = subprocess.run(
            [*TXTAL, "load", "d", path.name],
            capture_output=True,
            env={**fresh.environ, "OPENBLAS_NUM_THREADS": "1"},
            cwd=fresh.folder,
            encoding="utf-8",
            preexec_fn=limited,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert "t.jsonl:2: longer than 10,000,000 bytes" in ran.stderr
        present("loaded 2, " in ran.stderr)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_ticket_of_fifty_megabytes(fresh: Program, terminal: Open, tries: Tries) -> None:
    huge = "huge " + "word and more " * 3_700_000
    fresh.file("t.jsonl", [{"text": "first"}, {"text": huge}, {"text": "last"}])
    widest = ("--max-line", "60000000")
    fresh.ok("load", "d", "t.jsonl", *widest)
    with tries.one("on the screen"):
        screen = terminal(fresh, "manual", "d", "-l", "a,b")
        screen.wait("1-9 label")
        screen.answer("1", 1)
        screen.wait("huge word and more")
        screen.answer("2", 2)
        screen.wait("last")
        screen.answer("1", 3)
        screen.send("q")
        assert screen.end() == 0
        present([line["text"] for line in fresh.exported()] == ["first", huge, "last"])
    with tries.one("in a stream, which takes lines of 10 MB"):
        words = (
            "teach",
            "s",
            "t.jsonl",
            "--stream",
            "-l",
            "a,b",
            "--plain",
            "--vectors",
            "lexical",
        )
        ran = fresh.ok(*words, stdin="1\n2\n1\nq\n")
        assert "t.jsonl:2: longer than 10,000,000 bytes" in ran.err + ran.out
        told = ran.out.count("saved ") - ran.out.count("saved in")
        present(len(fresh.exported("s")) == told, ran.err)


def test_the_same_id_with_another_text_is_another_ticket(fresh: Program, tries: Tries) -> None:
    """A ticket is its text; the answer stays with the text it was given to."""
    fresh.file("one.jsonl", [{"text": "one", "id": 7, "label": "a"}])
    fresh.file("two.jsonl", [{"text": "two", "id": 7, "label": "b"}])
    with tries.one("same id"):
        fresh.ok("load", "--answers", "--task", "exclusive", "d", "one.jsonl")
        fresh.ok("load", "--answers", "d", "two.jsonl")
        found = {line["text"]: (line["id"], line["label"]) for line in fresh.exported()}
        present(found == {"one": (7, "a"), "two": (7, "b")}, found)


@pytest.mark.timeout(600)
def test_a_flipped_bit_in_a_model(labelled: Program, tries: Tries) -> None:
    labelled.ok("train", "d", "-o", "model", "--vectors", "lexical")
    folder = labelled.folder / "model"
    rng = random.Random(4929)
    for name in sorted(file.name for file in folder.iterdir()):
        path = folder / name
        good = path.read_bytes()
        for _ in range(many(20, 200)):
            data = bytearray(good)
            bit = rng.randrange(8 * len(data))
            data[bit // 8] ^= 1 << bit % 8
            path.write_bytes(data)
            with tries.one(f"{name}, bit {bit}"), pytest.raises(ModelError):
                classifier.load(folder)
        path.write_bytes(good)
    classifier.load(folder)
