"""Draws docs/screen.svg and docs/screen.txt: the screen of a real session on the sample tickets.

python docs/picture.py

Runs `txtal teach` in a pseudo-terminal of 80 by 24 on a throw-away database, answers from the
labelled copy of the sample data until there is an estimate of the model's quality, waits for a
ticket that fits on the screen, and draws what a terminal would show.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import pexpect
import pyte
from wcwidth import wcwidth

DOCS = Path(__file__).resolve().parent
DATA = DOCS.parent / "sample_data"
COLUMNS, ROWS = 80, 24
FEWEST, MOST = 140, 240
"""Answers to give: enough for a model and an estimate, and no more than that."""
PATIENCE = 60.0

CELL, LINE, SIZE, MARGIN = 8.4, 19.0, 14, 18
FONTS = (
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
    "'Liberation Mono', monospace"
)
PAPER, EDGE, INK, BRIGHT, DIM = "#16181d", "#2b2f38", "#c9ced6", "#ffffff", "#858c99"
INKS = {
    "black": "#5c6370", "red": "#e8727a", "green": "#7fc77f", "brown": "#e0b566",
    "blue": "#74a9ec", "magenta": "#c58fdc", "cyan": "#6cc5cf", "white": "#c9ced6",
}  # fmt: skip


class Terminal(pyte.Screen):
    """A terminal that knows faint text too: pyte doesn't, so it is kept as struck through."""

    def select_graphic_rendition(self, *attrs: int, **kwargs: Any) -> None:
        kept: list[int] = []
        codes = iter(attrs)
        for code in codes:
            if code in (38, 48):  # a colour of its own: the numbers after it are no attributes
                kind = next(codes, 5)
                kept += [code, kind, *(next(codes, 0) for _ in range(3 if kind == 2 else 1))]
            else:
                kept += {2: [9], 22: [22, 29]}.get(code, [code])
        super().select_graphic_rendition(*kept, **kwargs)


class Session:
    """The program on its pseudo-terminal, and what is on the screen."""

    def __init__(self, folder: Path) -> None:
        self.screen = Terminal(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("TXTAL_")}
        environ.pop("NO_COLOR", None)
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "txtal", "--db", str(folder / "txtal.db"), "teach", "feedback",
             str(DATA / "feedback.jsonl"), "--labels-from", str(DATA / "labels.txt")],
            dimensions=(ROWS, COLUMNS),
            env=environ | {"TERM": "xterm-256color", "TXTAL_LOG": str(folder / "log")},
            cwd=folder,
        )  # fmt: skip

    @property
    def lines(self) -> list[str]:
        """What the screen shows, wide characters once."""
        return [line.rstrip() for line in self.screen.display]

    def read(self, seconds: float = 0.05) -> None:
        """Take in what the program has written, until it is quiet for so long."""
        try:
            while True:
                self._stream.feed(self._child.read_nonblocking(65536, timeout=seconds))
        except pexpect.TIMEOUT:
            pass

    def wait(self, until: Any, what: str) -> None:
        """Read until ``until()`` is true of the screen."""
        deadline = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > deadline:
                sys.exit(f"{what} didn't come:\n" + "\n".join(self.lines))
            self.read()

    def press(self, key: str) -> None:
        """Press a key, and wait for the next ticket and for the model to have caught up."""
        before = self.ticket
        self._child.send(key)
        self.wait(lambda: self.ticket != before and self.is_calm, "the next ticket")

    @property
    def ticket(self) -> str:
        """The id of the ticket, which the sample data has in its meta."""
        found = re.search(r"id: (T\d+)", "\n".join(self.lines))
        return found[1] if found else ""

    @property
    def is_calm(self) -> bool:
        """Whether there is a question, and a model that has seen every answer."""
        status = self.lines[-2]
        return bool(self.ticket and re.search(r" r\d+", status)) and "behind" not in status

    def close(self) -> None:
        """Quit."""
        self._child.send("q")
        self._child.expect(pexpect.EOF)
        self._child.close()


def play(folder: Path) -> Terminal:
    """Label until there is something to see, and give back the screen."""
    keys = dict(_keys())
    session = Session(folder)
    session.wait(lambda: session.is_calm, "the first question")
    for count in range(MOST):
        if count >= FEWEST and _is_handsome(session):
            break
        session.press(keys[session.ticket])
    session.read(1.0)
    session.close()
    return session.screen


def _keys() -> Iterator[tuple[str, str]]:
    """(id of a sample ticket, key of its label)."""
    labels = (DATA / "labels.txt").read_text("utf-8").splitlines()
    names = [line.partition("\t")[0] for line in labels if not line.startswith("#")]
    for line in (DATA / "feedback_labelled.jsonl").open(encoding="utf-8"):
        record = json.loads(line)
        yield record["meta"]["id"], str(1 + names.index(record["label"]))


def _is_handsome(session: Session) -> bool:
    """A ticket seen whole, asked by the strategy, with a suggestion, and an estimate."""
    lines = session.lines
    shown = "\n".join(lines)
    rows = sum(1 for line in lines[: ROWS // 2] if line)
    return 3 <= rows <= 6 and "asked by" in shown and "audit" in lines[-2] and "PgDn" not in shown


def svg(screen: pyte.Screen) -> str:
    """The screen as a picture that any browser draws alike: every run is held to its cells."""
    width, height = 2 * MARGIN + COLUMNS * CELL, 2 * MARGIN + ROWS * LINE
    body = "\n".join(_marks(screen))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" \
width="{width:.0f}" height="{height:.0f}" role="img" aria-label="A ticket in txtal, with the \
model's suggestion, the labels and their keys, and the status line">
<rect x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="9" fill="{PAPER}" \
stroke="{EDGE}"/>
<g font-family="{FONTS}" font-size="{SIZE}" xml:space="preserve">
{body}
</g>
</svg>
"""


def _marks(screen: pyte.Screen) -> Iterator[str]:
    for row in range(ROWS):
        for column, cells, text, look in _runs(screen.buffer[row]):
            ink, paper, weight = _colours(look)
            x, y = MARGIN + column * CELL, MARGIN + row * LINE
            if paper:
                yield (
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{cells * CELL:.1f}" '
                    f'height="{LINE:.1f}" fill="{paper}"/>'
                )
            if text.strip():
                line = ' text-decoration="underline"' if look.underscore else ""
                yield (
                    f'<text x="{x:.1f}" y="{y + 0.72 * LINE:.1f}" textLength="{cells * CELL:.1f}" '
                    f'lengthAdjust="spacingAndGlyphs" fill="{ink}"{weight}{line}>'
                    f"{escape(text, quote=False)}</text>"
                )


def _runs(line: Any) -> Iterator[tuple[int, int, str, Any]]:
    """(column, cells, text, look) of what is drawn at once.

    A gap parts it, and so does a character that doesn't take one cell.
    """
    for (_, look), group in groupby(_chars(line), key=lambda char: (char[0], char[3])):
        run = list(group)
        column, cells, text = run[0][1], sum(char[2] for char in run), "".join(c[4] for c in run)
        if look.reverse or look.bg != "default" or len(run) == 1:
            yield column, cells, text, look
        else:
            for piece in re.finditer(r"\S+(?: \S+)*", text):
                yield column + piece.start(), len(piece[0]), piece[0], look


def _chars(line: Any) -> Iterator[tuple[int, int, int, Any, str]]:
    """(group, column, cells, look, text); after a wide character comes an empty one."""
    for column in range(COLUMNS):
        char = line[column]
        if char.data:
            cells = wcwidth(char.data[0])
            plain = cells == len(char.data) == 1
            yield (-1 if plain else column), column, cells, char._replace(data=""), char.data


def _colours(look: Any) -> tuple[str, str, str]:
    """(ink, paper or "", font weight) of a run."""
    ink = _colour(look.fg) or (BRIGHT if look.bold else INK)
    if look.strikethrough:
        ink = DIM
    paper = _colour(look.bg)
    if look.reverse:
        ink, paper = paper or PAPER, ink
    return ink, paper, ' font-weight="bold"' if look.bold else ""


def _colour(name: str) -> str:
    """The colour pyte calls so; "" for the terminal's own."""
    if name == "default":
        return ""
    return INKS.get(name.removeprefix("bright"), f"#{name}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="txtal-picture-") as folder:
        screen = play(Path(folder))
    text = "\n".join(line.rstrip() for line in screen.display)
    (DOCS / "screen.txt").write_text(text + "\n", "utf-8")
    (DOCS / "screen.svg").write_text(svg(screen), "utf-8")


if __name__ == "__main__":
    main()
