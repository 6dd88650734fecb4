"""Start-up as multiples of ``python -c pass`` and of importing the screen's libraries.

The first question is timed in a pseudo-terminal, from the command to the ticket's text on the
screen, on a dataset that was labelled before.

    python -m tests.bench.startup
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pexpect

from tests.bench.common import SAMPLE, alternate, as_installed, emit, parser, quietly

TXTAL = str(Path(sys.executable).parent / "txtal")
LIBRARIES = "import click, prompt_toolkit, sqlite_utils"


def first_question(db: str, environment: dict[str, str]) -> None:
    """Start teach, wait for the ticket, and kill it."""
    child = pexpect.spawn(
        TXTAL, ["--db", db, "teach", "d"], env=environment, dimensions=(24, 80), encoding="utf-8"
    )
    child.expect("the very first words")
    child.kill(9)
    child.close(force=True)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    options = arguments.parse_args()
    as_installed()
    with tempfile.TemporaryDirectory() as name:
        db = str(Path(name) / "startup.db")
        environment = {**os.environ, "TERM": "xterm", "TXTAL_LOG": str(Path(name) / "log")}
        marked = Path(name) / "marked.jsonl"
        lines = SAMPLE.read_text("utf-8").splitlines()
        marked.write_text(
            "\n".join(
                line.replace('{"text": "', '{"text": "the very first words ') for line in lines
            ),
            "utf-8",
        )
        quietly([TXTAL, "--db", db, "load", "d", str(marked)])
        labels = ["--labels-from", str(SAMPLE.parent / "labels.txt")]
        subprocess.run(
            [TXTAL, "--db", db, "teach", "d", "--plain", *labels],
            input="1\n2\nq\n",
            text=True,
            capture_output=True,
            check=True,
        )
        python = sys.executable
        times = alternate(
            {
                "pass": lambda: quietly([python, "-c", "pass"]),
                "help": lambda: quietly([TXTAL, "--help"]),
                "libraries": lambda: quietly([python, "-c", LIBRARIES]),
                "first_question": lambda: first_question(db, environment),
            },
            options.rounds,
        )
    emit(
        "startup",
        {
            "help_over_python_pass": times["help"] / times["pass"],
            "first_question_over_import_of_libraries": times["first_question"] / times["libraries"],
            "first_question_seconds": times["first_question"],
        },
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
