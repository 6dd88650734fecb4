"""From key to painted next question, while the learner trains, against a bare prompt_toolkit app.

Both run in pseudo-terminals of 80x24 at the same time and are pressed in turn, so that the learner
and whatever else the machine does weigh on both alike. The bare application shows the same texts,
the labels with figures and a status line, and keeps nothing; the bytes that each writes are told. A
key counts as answered when what completes the emulated screen has arrived. Keys are sent 0.15 s
after the one before is painted, sooner than a fit takes, so that the learner is never idle.

    python -m tests.bench.keys --answers 1000 --tickets 100000

``sync_ms`` is what a durable write of a few pages takes beside them, on the same disk and as often:
an answer is on disk before the next question shows, and the bare application writes nothing.
``--folder /dev/shm`` leaves the disk out.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
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
import json, sys
from prompt_toolkit.application import Application
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
texts = [" ".join(json.loads(line)["text"].split()) for line in open(sys.argv[1], encoding="utf-8")]
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
        while True:
            data = self._process.read(65536)
            seen = time.perf_counter()
            self.painted += len(data)
            self._stream.feed(data)
            if any(re.search(pattern, line) for line in self._lines()):
                return seen

    def _lines(self) -> Iterator[str]:
        """What the rows show; pyte's own ``display`` fails on a cell that a wide one covers."""
        for row in range(ROWS):
            yield "".join(self._screen.buffer[row][column].data for column in range(COLUMNS))

    def catch_up(self) -> None:
        """Take in what came meanwhile."""
        while select([self._process.fd], [], [], 0)[0]:
            self._stream.feed(self._process.read(65536))

    def press(self, key: str, until: str) -> float:
        """Milliseconds from the key to the screen that matches ``until``.

        After a moment: a key that comes sooner than a ticket can be read answers nothing.
        """
        time.sleep(_LOOK_SECONDS)
        pressed = time.perf_counter()
        self._process.write(key.encode())
        return 1000 * (self.wait_for(until) - pressed)

    def close(self) -> None:
        self._process.terminate(force=True)


def _answered(number: int) -> str:
    """How the status line says so: ``312 of 5,000``, or ``312/5,000`` where it is tight."""
    return rf"\b{number:,}( of |/)\d"


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


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--answers", type=int, default=300)
    arguments.add_argument("--tickets", type=int, default=10_000)
    arguments.add_argument("--folder", help="where the database is made")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        source, db = folder / "tickets.jsonl", str(folder / "keys.db")
        sample = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
        with source.open("w", encoding="utf-8") as out:
            for number, ticket in enumerate(islice(cycle(sample), options.tickets)):
                text = f"{ticket['text'][:300]} {letters(number)}"
                out.write(json.dumps({"text": text}) + "\n")
        environment = {**os.environ, "TERM": "xterm", "TXTAL_LOG": str(folder / "log")}
        labels = str(SAMPLE.parent / "labels.txt")
        quietly([TXTAL, "--db", db, "load", "d", str(source)])
        bare = Terminal([sys.executable, "-c", BARE, str(source), labels], environment)
        bare.wait_for(_answered(0))
        teach = Terminal([TXTAL, "--db", db, "teach", "d", "--labels-from", labels], environment)
        teach.wait_for(r"  v1\b")  # the learner has vectorised: from here on it trains at every key
        sync, painted = Sync(folder), (teach.painted, bare.painted)
        times: dict[str, list[float]] = {"txtal": [], "bare": [], "sync": []}
        for number in range(1, options.answers + 1):
            key = str(1 + number * 5 % 8)  # of every label: there is a model to train
            times["txtal"].append(teach.press(key, _answered(number)))
            times["bare"].append(bare.press(key, _answered(number)))
            times["sync"].append(sync.write())
        bytes_each = [
            (t.painted - p) / options.answers for t, p in ((teach, painted[0]), (bare, painted[1]))
        ]
        teach.close()
        bare.close()
    figures: dict[str, float] = {"tickets": options.tickets, "answers": options.answers}
    for kind, values in times.items():
        figures[f"{kind}_p50_ms"] = statistics.median(values)
        figures[f"{kind}_p99_ms"] = quantile(values, 0.99)
    for share in ("p50", "p99"):
        ours, theirs, sync_ms = (figures[f"{kind}_{share}_ms"] for kind in times)
        figures[f"{share}_over_bare"] = ours / theirs
        figures[f"{share}_over_bare_with_sync"] = ours / (theirs + sync_ms)
    figures |= dict(zip(("txtal_bytes_a_key", "bare_bytes_a_key"), bytes_each, strict=True))
    emit("keys", figures, as_json=options.json)


if __name__ == "__main__":
    main()
