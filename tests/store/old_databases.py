"""Databases as each released schema made them, kept small beside this file.

``python -m tests.store.old_databases`` makes them again, or those of the schemas that are named:
from this repository it takes the last program that made each schema, has it load tickets, take
answers, undo one and fit a model. A schema that has been released gets a row here before the next
one is added.
"""

from __future__ import annotations

import lzma
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).with_name("old")

COMMITS = {
    1: "ea7cda7",
    2: "88171d1",
    3: "8ad414c",
    4: "b01a6ac",
    5: "76d8488",
    6: "c823e0a",
    7: "8e26a59",
    8: "8c284b7",
    9: "86b75f4",
    10: "f3c4421",
    11: "f512ea9",
    12: "f043341",
    14: "7281bb1",
    15: "0840bb2",
    16: "e9a5316",
}
"""The last commit whose program makes files of each schema; 13 came and went within one commit."""

TEXTS = [f"{what} number {n}" for n in range(12) for what in ("please refund order", "thank you")]
TYPED = "1\n2\n1\n2\n1\nu\n2\nc first\n1\n"
"""Five answers, one of them undone and given again, and one with a comment."""

RULE = """[[rule]]
name = "money back"
label = "refund"
words = ["refund"]
"""
VOTES, TOKENS = 14, 15
"""The schemas from which on there are votes, and tokens."""


def stored(schema: int) -> Path:
    """Where the file of a schema is kept, packed."""
    return FOLDER / f"schema{schema}.db.xz"


def unpack(schema: int, target: Path) -> Path:
    """Write the database of a schema to ``target``."""
    target.write_bytes(lzma.decompress(stored(schema).read_bytes()))
    return target


def make(schema: int, commit: str) -> None:
    """Have the program of a commit make its file, and keep it."""
    repository = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = subprocess.run(
            ["git", "archive", commit], cwd=repository, capture_output=True, check=True
        )
        (folder / "program").mkdir()
        subprocess.run(["tar", "-x", "-C", folder / "program"], input=archive.stdout, check=True)
        tickets = folder / "tickets.jsonl"
        lines = (f'{{"text": "{text}", "meta": {{"n": {n}}}}}\n' for n, text in enumerate(TEXTS))
        tickets.write_text("".join(lines))
        path = folder / "old.db"
        _run(folder, path, "manual", "d", tickets, "-l", "refund,praise", "--plain", stdin=TYPED)
        _teach(folder, path)
        if schema >= VOTES:
            (folder / "rules.toml").write_text(RULE)
            _run(folder, path, "rules", "d", "--rules", "rules.toml")
        if schema >= TOKENS:
            _run(folder, path, "token", "add", "bob", "--scope", "answer")
        with sqlite3.connect(path) as conn:
            assert conn.execute("PRAGMA user_version").fetchone()[0] == schema
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            conn.execute("PRAGMA journal_mode = DELETE")
        stored(schema).write_bytes(lzma.compress(path.read_bytes()))
        print(f"schema {schema} by {commit}: {stored(schema).stat().st_size:,} bytes")


def _command(folder: Path, path: Path, *words: str | Path) -> tuple[list[str], dict[str, str]]:
    env = {
        **os.environ,
        "PYTHONPATH": str(folder / "program"),
        "TXTAL_LOG": str(folder / "log"),
        "TXTAL_CONFIG": str(folder / "none.toml"),
        "TXTAL_ANNOTATOR": "ann",
    }
    return [sys.executable, "-m", "txtal", "--db", str(path), *map(str, words)], env


def _run(folder: Path, path: Path, *words: str | Path, stdin: str = "") -> None:
    command, env = _command(folder, path, *words)
    subprocess.run(
        command, input=stdin, text=True, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL
    )


def _teach(folder: Path, path: Path) -> None:
    """Label with a model until it has been fitted once."""
    command, env = _command(folder, path, "teach", "d", "--plain", "--vectors", "lexical")
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        env=env,
    )
    assert process.stdin is not None
    process.stdin.write("1\n2\n")
    process.stdin.flush()
    deadline = time.monotonic() + 300
    with sqlite3.connect(path) as conn:
        while not conn.execute("SELECT count(*) FROM revision").fetchone()[0]:
            assert time.monotonic() < deadline, "no model was fitted"
            time.sleep(0.1)
            process.stdin.write("s\n")  # the line mode looks for news when something is typed
            process.stdin.flush()
    conn.close()
    process.stdin.close()
    assert process.wait(300) == 0


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for schema in [int(word) for word in sys.argv[1:]] or COMMITS:
        make(schema, COMMITS[schema])
