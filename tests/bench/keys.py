"""From key to painted next question, while the learner trains, against a bare prompt_toolkit app.

Both run in a pseudo-terminal of 80x24 and are read by the same terminal emulator; a key counts as
answered when the emulated screen shows what follows it. The bare application shows as much text and
changes it at every key. Keys are sent as soon as the one before is painted, so that the learner is
never idle.

    python -m tests.bench.keys --answers 300 --tickets 10000
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import pyte
from ptyprocess import PtyProcess

from tests.bench.common import SAMPLE, emit, parser, quietly

TXTAL = str(Path(sys.executable).parent / "txtal")
ROWS, COLUMNS = 24, 80

BARE = """
from prompt_toolkit.application import Application
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
count, keys = 0, KeyBindings()
@keys.add("1")
def _(event):
    global count
    count += 1
def text():
    words = " ".join(f"word{(count * 7 + i) % 97}" for i in range(60))
    return [("", words + "\\n" * 9), ("bold", f"saved #{count}")]
Application(Layout(Window(FormattedTextControl(text), wrap_lines=True)), key_bindings=keys,
            full_screen=True).run()
"""


class Terminal:
    """A program in a pseudo-terminal, and what its screen shows."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = PtyProcess.spawn(command, env=environment, dimensions=(ROWS, COLUMNS))
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)

    def wait_for(self, text: str) -> float:
        """Read until the screen shows ``text``; when that was."""
        while True:
            self._stream.feed(self._process.read(65536))
            seen = time.perf_counter()
            if any(text in line for line in self._screen.display):
                return seen

    def press(self, key: str, until: str) -> float:
        """Milliseconds from the key to the screen that shows ``until``."""
        pressed = time.perf_counter()
        self._process.write(key.encode())
        return 1000 * (self.wait_for(until) - pressed)

    def close(self) -> None:
        self._process.terminate(force=True)


def replay(terminal: Terminal, first: str, answers: int) -> list[float]:
    """The milliseconds of each answer."""
    terminal.wait_for(first)
    times = [terminal.press("1", f"#{number} ") for number in range(1, answers + 1)]
    terminal.close()
    return times


def _letters(number: int) -> str:
    """Tells texts apart that would be nearly identical with a number, and be answered together."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def quantile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--answers", type=int, default=300)
    arguments.add_argument("--tickets", type=int, default=10_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, db = folder / "tickets.jsonl", str(folder / "keys.db")
        sample = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
        with source.open("w", encoding="utf-8") as out:
            for number, ticket in enumerate(islice(cycle(sample), options.tickets)):
                text = f"{ticket['text'][:300]} {_letters(number)}"
                out.write(json.dumps({"text": text}) + "\n")
        environment = {**os.environ, "TERM": "xterm", "TXTAL_LOG": str(folder / "log")}
        quietly([TXTAL, "--db", db, "load", "d", str(source)])
        labels = ["--labels-from", str(SAMPLE.parent / "labels.txt")]
        teach = Terminal([TXTAL, "--db", db, "teach", "d", *labels], environment)
        teach.wait_for("r1 ")  # the learner has vectorised: from here on it trains at every key
        ours = replay(teach, "accept", options.answers)
        bare = replay(Terminal([sys.executable, "-c", BARE], environment), "#0", options.answers)
    emit(
        "keys",
        {
            "tickets": options.tickets,
            "answers": options.answers,
            "p50_ms": statistics.median(ours),
            "p99_ms": quantile(ours, 0.99),
            "p50_over_bare": statistics.median(ours) / statistics.median(bare),
            "p99_over_bare": quantile(ours, 0.99) / quantile(bare, 0.99),
        },
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
