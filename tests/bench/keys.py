"""From key to painted next question, while the learner trains, against a bare prompt_toolkit app.

Both run in pseudo-terminals of 80x24 at the same time and are pressed in turn, so that the learner
and whatever else the machine does weigh on both alike. The bare application shows the same texts,
the labels with figures and a status line, and keeps nothing; the bytes that each writes are told. A
key counts as answered when the emulated screen shows another ticket: each ends in a mark of its
own, so that nothing here depends on what a screen says beside it. Keys are sent 0.15 s after the
one before is painted, sooner than a fit takes, so that the learner is never idle.

    python -m tests.bench.keys --answers 1000 --tickets 100000
    git worktree add /tmp/before COMMIT && python -m tests.bench.keys --before /tmp/before

``--before`` is a folder with another version's package, which is pressed in turn with them.

``sync_ms`` is what a durable write of a few pages takes beside them, on the same disk and as often:
an answer is on disk before the next question shows, and the bare application writes nothing.
``--folder /dev/shm`` leaves the disk out.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from select import select

import pyte
from ptyprocess import PtyProcess

from tests.bench.common import SAMPLE, emit, parser, quietly

TXTAL = str(Path(sys.executable).parent / "txtal")
ROWS, COLUMNS = 24, 80
_LOOK_SECONDS = 0.15
_SYNCED = 16 * 1024

BARE = """
import json, sys, textwrap
from prompt_toolkit.application import Application
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
lines = open(sys.argv[1], encoding="utf-8")
texts = [textwrap.fill(json.loads(line)["text"], 80) for line in lines]
names = [line.split("\\t")[0] for line in open(sys.argv[2], encoding="utf-8") if line[0] != "#"]
count, keys = 0, KeyBindings()
def answer(event):
    global count
    count += 1
for digit in "12345678":
    keys.add(digit)(answer)
@keys.add("q")
def _(event):
    event.app.exit()
def text():
    shown = [("", texts[count * 7 % len(texts)] + "\\n" * 3)]
    for at, name in enumerate(names):
        share = count * at // 400 % 97
        shown += [("bold", f"{at + 1} "), ("", name), ("ansigray", f" {share} %\\n")]
    status = f"\\n{count:,} of {len(texts):,} saved #{count} \\n"
    return [*shown, ("", status), ("bold", "1 label q quit")]
Application(Layout(Window(FormattedTextControl(text), wrap_lines=True)), key_bindings=keys,
            full_screen=True).run()
"""


class Terminal:
    """A program in a pseudo-terminal, and what its screen shows."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = PtyProcess.spawn(command, env=environment, dimensions=(ROWS, COLUMNS))
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self.painted = 0
        """Bytes that came."""

    def wait_for(self, pattern: str) -> float:
        """Read until a line of the screen matches; when what completes it came."""
        return self._wait(lambda: any(re.search(pattern, line) for line in self._lines()))

    def wait_for_another(self, than: str) -> float:
        """Read until it shows a ticket with another mark; when what completes it came."""
        return self._wait(lambda: self.mark not in ("", than))

    def _wait(self, there: Callable[[], bool]) -> float:
        while True:
            data = self._process.read(65536)
            seen = time.perf_counter()
            self.painted += len(data)
            self._stream.feed(data)
            if there():
                return seen

    @property
    def mark(self) -> str:
        """That of the ticket it shows; empty while there is none."""
        found = _MARK.search(self.text)
        return found[0] if found else ""

    @property
    def text(self) -> str:
        """All that it shows."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        """What the rows show; pyte's own ``display`` fails on a cell that a wide one covers."""
        for row in range(ROWS):
            yield "".join(self._screen.buffer[row][column].data for column in range(COLUMNS))

    def catch_up(self) -> None:
        """Take in what came meanwhile."""
        while select([self._process.fd], [], [], 0)[0]:
            data = self._process.read(65536)
            self.painted += len(data)
            self._stream.feed(data)

    def press(self, key: str) -> float:
        """Milliseconds from the key to another ticket on the screen.

        After a moment: a key that comes sooner than a ticket can be read answers nothing.
        """
        time.sleep(_LOOK_SECONDS)
        self.catch_up()
        before = self.mark
        pressed = time.perf_counter()
        self._process.write(key.encode())
        return 1000 * (self.wait_for_another(before) - pressed)

    def close(self) -> None:
        self._process.terminate(force=True)


_MARK = re.compile(r"\bzq[a-j]+qz\b")


def marked(text: str, number: int) -> str:
    """The text with a mark that no other has, and that no line break can part."""
    return f"{text} zq{letters(number)}qz"


def waited_for_model(database: str) -> None:
    """Wait until the first model version is stored: from then on it trains at every key."""
    with closing(sqlite3.connect(database)) as conn:
        while not conn.execute("SELECT count(*) FROM revision").fetchone()[0]:
            time.sleep(0.1)


def answers_in(database: str) -> int:
    """How many answers were stored."""
    with closing(sqlite3.connect(database)) as conn:
        return int(conn.execute("SELECT count(*) FROM answer").fetchone()[0])


def letters(number: int) -> str:
    """Tells texts apart that would be nearly identical with a number, and be answered together."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def quantile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


class Sync:
    """Durable writes of as much as an answer, into a file that has its size already."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "sync", os.O_RDWR | os.O_CREAT)
        os.pwrite(self._file, b" " * _SYNCED, 0)
        os.fsync(self._file)

    def write(self) -> float:
        """Milliseconds of one."""
        began = time.perf_counter()
        os.pwrite(self._file, b"x" * _SYNCED, 0)
        os.fdatasync(self._file)
        return 1000 * (time.perf_counter() - began)


def version(folder: Path | None) -> tuple[list[str], dict[str, str]]:
    """The command of this version, or of the package in a folder, and its environment."""
    environment = {**os.environ, "TERM": "xterm"}
    if folder is None:
        return [TXTAL], environment
    return [sys.executable, "-P", "-m", "txtal"], environment | {"PYTHONPATH": str(folder)}


def teaching(folder: Path, name: str, package: Path | None, source: Path) -> tuple[Terminal, str]:
    """A session of a version with a model, and its database."""
    db = str(folder / f"{name}.db")
    command, environment = version(package)
    environment["TXTAL_LOG"] = str(folder / f"{name}.log")
    quietly([*command, "--db", db, "load", "d", str(source)], env=environment)
    labels = str(SAMPLE.parent / "labels.txt")
    terminal = Terminal([*command, "--db", db, "teach", "d", "--labels-from", labels], environment)
    terminal.wait_for_another("")
    waited_for_model(db)
    return terminal, db


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--answers", type=int, default=300)
    arguments.add_argument("--tickets", type=int, default=10_000)
    arguments.add_argument("--folder", help="where the databases are made")
    arguments.add_argument("--before", type=Path, help="with another version's package txtal")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        source = folder / "tickets.jsonl"
        sample = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
        # The emulated terminal draws no Thai.
        sample = [ticket for ticket in sample if ticket["text"].isascii()]
        with source.open("w", encoding="utf-8") as out:
            for number, ticket in enumerate(islice(cycle(sample), options.tickets)):
                out.write(json.dumps({"text": marked(ticket["text"][:300], number)}) + "\n")
        kinds: dict[str, Terminal] = {}
        databases = []
        for kind, package in (("txtal", None), ("before", options.before)):
            if kind == "txtal" or package is not None:
                kinds[kind], database = teaching(folder, kind, package, source)
                databases.append(database)
        labels = str(SAMPLE.parent / "labels.txt")
        bare = [sys.executable, "-c", BARE, str(source), labels]
        kinds["bare"] = Terminal(bare, version(None)[1])
        kinds["bare"].wait_for_another("")
        sync = Sync(folder)
        times: dict[str, list[float]] = {kind: [] for kind in [*kinds, "sync"]}
        painted = {kind: terminal.painted for kind, terminal in kinds.items()}
        for number in range(1, options.answers + 1):
            key = str(1 + number * 5 % 8)  # of every label: there is a model to train
            for kind, terminal in kinds.items():
                times[kind].append(terminal.press(key))
            times["sync"].append(sync.write())
        bytes_each = {
            f"{kind}_bytes_a_key": (terminal.painted - painted[kind]) / options.answers
            for kind, terminal in kinds.items()
        }
        for terminal in kinds.values():
            terminal.close()
        for database in databases:
            if answers_in(database) != options.answers:
                raise SystemExit(f"{database}: {answers_in(database)} answers were stored")
    figures: dict[str, float] = {"tickets": options.tickets, "answers": options.answers}
    for kind, values in times.items():
        figures[f"{kind}_p50_ms"] = statistics.median(values)
        figures[f"{kind}_p95_ms"] = quantile(values, 0.95)
        figures[f"{kind}_p99_ms"] = quantile(values, 0.99)
    for share in ("p50", "p95", "p99"):
        ours, theirs, sync_ms = (
            figures[f"{kind}_{share}_ms"] for kind in ("txtal", "bare", "sync")
        )
        figures[f"{share}_over_bare"] = ours / theirs
        figures[f"{share}_over_bare_with_sync"] = ours / (theirs + sync_ms)
        if "before" in kinds:
            figures[f"{share}_over_before"] = ours / figures[f"before_{share}_ms"]
    emit("keys", figures | bytes_each, as_json=options.json)


if __name__ == "__main__":
    main()
