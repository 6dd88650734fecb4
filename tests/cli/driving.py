"""The program, run as its users run it: a process, its exit code, and what it wrote."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.cli.forks import FORKS, forks
from txtal.cli import main

REPOSITORY = Path(__file__).parents[2]
SAMPLE = REPOSITORY / "sample_data"
TICKETS = SAMPLE / "feedback.jsonl"
LABELLED = SAMPLE / "feedback_labelled.jsonl"
LABELS_FILE = SAMPLE / "labels.txt"
LABELS = [
    line.partition("\t")[0]
    for line in LABELS_FILE.read_text("utf-8").splitlines()
    if not line.startswith("#")
]
TXTAL = (str(Path(sys.executable).with_name("txtal")),)

PATIENCE = 900.0 if os.environ.get("TXTAL_FAULTS") == "full" else 120.0
"""Seconds after which what should have happened is taken never to happen.

A full run of the faults takes hours, beside other work.
"""

POOR = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""An environment in which Python doesn't fall back on UTF-8."""

HOSTILE = (
    "\x1b]52;c;aGk=\x07 \x1b]0;title\x07 \x1b[2J\x1b[31m \x1bP+q\x1b\\ "
    "\x9b31m \x9d0;t\x9c \u202eevil\u2066 \u200b\U000e0041 \x08\x7f"
)
"""Clipboard, title, CSI, DCS, 8-bit C1, bidi, invisible and erasing characters."""

_CONTROLS = map(chr, [*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0)])
DANGEROUS = frozenset([*_CONTROLS, "\u202e", "\u2066", "\u200b", "\U000e0041"])
"""What of it may never leave raw: everything but the newline."""


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line an error is told in."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("txtal: ")
        assert "Traceback" not in self.err
        assert self.out == ""
        return lines[0].removeprefix("txtal: ")


def started(
    words: Sequence[str], folder: Path, environ: Mapping[str, str], typed: bytes, patience: float
) -> tuple[int, bytes, bytes]:
    """Start the installed script and wait for its end: its exit code, and what it wrote."""
    ran = subprocess.run(
        [*TXTAL, *words],
        input=typed,
        capture_output=True,
        env=environ,
        cwd=folder,
        timeout=patience,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


@dataclass
class Program:
    """txtal in a folder of its own, by :mod:`tests.cli.forks` where that is all the same."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    db: str = "t.db"

    @property
    def environ(self) -> dict[str, str]:
        """What the program's processes are given."""
        mine = {
            "TERM": "xterm-256color",
            "TXTAL_DB": self.db,
            "TXTAL_LOG": str(self.folder / "txtal.log"),
            "TXTAL_HOOKS": str(self.folder / "hooks.json"),
            "TXTAL_ANNOTATOR": "ann",
        }
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        return {**inherited, **mine, **self.env}

    @property
    def log(self) -> str:
        """What the log file holds."""
        file = Path(self.environ["TXTAL_LOG"])
        return file.read_text("utf-8") if file.exists() else ""

    def __call__(
        self,
        *words: str | Path,
        stdin: str | bytes | RawIOBase = "",
        patience: float = PATIENCE,
        **env: str,
    ) -> Ran:
        """Run a command to its end."""
        typed = stdin.encode() if isinstance(stdin, str) else stdin
        assert isinstance(typed, bytes), "only within this process can typing be anything else"
        code, *said = self._run([*map(str, words)], typed, {**self.environ, **env}, patience)
        out, err = (one.decode("utf-8", "replace") for one in said)
        return Ran(code, out, err)

    def _run(
        self, words: list[str], typed: bytes, environ: dict[str, str], patience: float
    ) -> tuple[int, bytes, bytes]:
        if FORKS and forks().fits(environ):
            return forks().run(words, self.folder, environ, typed, patience)
        return started(words, self.folder, environ, typed, patience)

    @property
    def installed(self) -> Program:
        """The same program started from nothing, where that is what a test is about."""
        return Installed(self.folder, self.env, self.db)

    @property
    def quick(self) -> Program:
        """The same program run inside this process: for tables of commands, and what looks into
        it."""
        return Within(self.folder, self.env, self.db)

    def ok(
        self,
        *words: str | Path,
        stdin: str | bytes | RawIOBase = "",
        patience: float = PATIENCE,
        **env: str,
    ) -> Ran:
        """Run a command that must do what it is told."""
        ran = self(*words, stdin=stdin, patience=patience, **env)
        assert ran.code == 0, ran.err
        return ran

    def json(self, *words: str | Path) -> Any:
        """The JSON a command prints."""
        return json.loads(self.ok(*words).out)

    def exported(self, dataset: str = "d", *words: str) -> list[dict[str, Any]]:
        """The lines of an export."""
        return [json.loads(line) for line in self.ok("export", dataset, *words).out.splitlines()]

    def file(self, name: str, lines: Iterable[str | Mapping[str, Any]]) -> Path:
        """Write a data file, a string or object a line; packed if it is named so."""
        path = self.folder / name
        text = "".join(
            (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n"
            for line in lines
        )
        data = text.encode("utf-8", "surrogateescape")
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path


class Installed(Program):
    """The script that the installation made, whatever it costs to start it."""

    def _run(
        self, words: list[str], typed: bytes, environ: dict[str, str], patience: float
    ) -> tuple[int, bytes, bytes]:
        return started(words, self.folder, environ, typed, patience)


class Within(Program):
    """``main()`` with words, streams, a folder and an environment of its own."""

    def __call__(
        self,
        *words: str | Path,
        stdin: str | bytes | RawIOBase = "",
        patience: float = PATIENCE,
        **env: str,
    ) -> Ran:
        """Run a command to its end."""
        if isinstance(stdin, RawIOBase):
            typed: BufferedReader | BytesIO = BufferedReader(stdin)
        else:
            typed = BytesIO(stdin.encode() if isinstance(stdin, str) else stdin)
        out, err = BytesIO(), BytesIO()
        with (
            chdir(self.folder),
            patch.dict(os.environ, {**self.environ, **env}, clear=True),
            patch.object(sys, "argv", ["txtal", *map(str, words)]),
            patch.object(sys, "stdin", TextIOWrapper(typed, "utf-8")),
            patch.object(sys, "stdout", TextIOWrapper(out, "utf-8", write_through=True)),
            patch.object(sys, "stderr", TextIOWrapper(err, "utf-8", write_through=True)),
        ):
            try:
                main()
            except SystemExit as left:
                code = left.code
            return Ran(int(code or 0), out.getvalue().decode(), err.getvalue().decode())


def until(happened: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Look again and again, and give back the first thing that ``happened`` finds."""
    deadline = time.monotonic() + patience
    while not (found := happened()):
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)
    return found
