"""Draws the pictures in the docs: the screens of a real session on the sample tickets.

python docs/pictures.py          # draws them anew
python docs/pictures.py --check  # fails, and says which, when one isn't what would be drawn

A session labels sample tickets from their labelled copy, the model learning as it does behind the
screen, but in step with the answers and on a clock that stands still, so that every run gives the
same. Then the keys of each picture are pressed in the application, and what a terminal would show
is kept: ``screens.md`` with ``screen-light.svg``, ``screen-list.svg`` and ``screen-wide.svg``, and
``screen.svg`` and ``screen.txt`` for the README and the tutorial.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import pyte
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output
from wcwidth import wcwidth

from txtal.formats.label_files import read_labels
from txtal.formats.source import read
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.session.session import Session
from txtal.session.setup import Background
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.types import LearnerSettings, Ranking
from txtal.ui import app
from txtal.ui.display import Display
from txtal.ui.screen import Screen
from txtal.ui.themes import Theme

DOCS = Path(__file__).resolve().parent
DATA = DOCS.parent / "sample_data"
FEWEST, MOST = 140, 200
"""Answers to give: enough for a model and an estimate, and no more than that."""
BATCH = 20
"""Answers between two fits."""
NOON = 1_767_614_400.0
"""When it all takes place, seconds since the epoch."""
SECONDS, FIT_SECONDS = 3.5, 0.1
"""What an answer takes, and a fit."""

CELL, LINE, SIZE, MARGIN = 8.4, 19.0, 14, 18
FONTS = (
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
    "'Liberation Mono', monospace"
)


@dataclass(frozen=True)
class Ground:
    """The colours of a terminal itself."""

    paper: str
    edge: str
    ink: str
    bright: str
    dim: str


DARK = Ground("#16181d", "#2b2f38", "#c9ced6", "#ffffff", "#858c99")
LIGHT = Ground("#fcfbf7", "#d8d6cf", "#1f242b", "#000000", "#586474")
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


@dataclass(frozen=True)
class Picture:
    """What to press, and what there is to say of what is seen then."""

    title: str
    says: str
    keys: tuple[str, ...] = ()
    columns: int = 80
    rows: int = 24
    theme: Theme = "night"
    file: str = ""
    """Where it is drawn in its colours, too."""

    @property
    def ground(self) -> Ground:
        return LIGHT if self.theme in ("paper", "linen") else DARK


PICTURES = (
    Picture("A ticket", "Its text and meta, the suggestion, the labels, how things stand, keys."),
    Picture(
        "On a light terminal",
        "`--theme paper` or `linen` on a light one, `night` or `peat` on a dark one, `mono` "
        "without colours; `auto` chooses. Each colour has a meaning, and none is alone in what it "
        "says.",
        theme="paper",
        file="screen-light.svg",
    ),
    Picture(
        "Find a label by typing",
        "`/`, or the label's first letter as a capital; then a part of its name.",
        ("/", "r", "e"),
    ),
    Picture("What a label is for", "`tab` in the list of labels; here on the second.",
            ("/", "\x1b[B", "\t")),
    Picture("Answers", "`h` lists them all; what is typed narrows the list down.", ("h",)),
    Picture("Search", "`s` finds tickets by words, meta, label and state.",
            ("s", *"parcel is:open")),
    Picture("More like it", "`m` lists the tickets that share the most and rarest words.", ("m",)),
    Picture(
        "Answer many at once",
        "`k` lists tickets that the model would answer like the one on the screen, the surest "
        "marked. `tab` marks a row or unmarks it, `enter` asks for the label, and one undo takes "
        "all back.",
        ("k",),
        rows=32,
        theme="linen",
        file="screen-list.svg",
    ),
    Picture("Why", "`w` says why this ticket is shown, and which words speak for the label.",
            ("w",)),
    Picture("Where you stand", "`i` shows how far you are and how good the model is.", ("i",)),
    Picture("Every key", "`?` lists them by what you want to do; `enter` does it.", ("?",)),
    Picture("The keys for something", "What is typed narrows the help down; what is off says why.",
            ("?", *"label")),
    Picture(
        "A wide screen",
        "From 120 columns and 20 rows on something stands beside the ticket; `tab` shows the next: "
        "the labels with their descriptions, why this ticket, the newest answers, the progress. "
        "From 34 rows on the newest answers stand under the labels.",
        columns=140,
        rows=40,
        file="screen-wide.svg",
    ),
    Picture("Progress beside the ticket", "`tab` three times.", ("\t", "\t", "\t"), 140, 32),
    Picture("The smallest window", "40 columns and 12 rows are enough.", columns=40, rows=12),
    Picture("A list in the smallest window", "The same list of labels there.", ("/",), 40, 12),
)  # fmt: skip


class Even(InlineLearner):
    """A learner whose fits all take as long."""

    def poll(self) -> Ranking | None:
        """The next ranking."""
        ranking = super().poll()
        if ranking is None:
            return None
        return replace(ranking, revision=replace(ranking.revision, seconds=FIT_SECONDS))


def play(folder: Path) -> Iterator[tuple[Picture, Terminal]]:
    """Label until there is something to see, and draw every picture of it."""
    path, now = folder / "txtal.db", [NOON]
    gold = {record.text: str(record.extra["label"]) for record in _records("feedback_labelled")}
    with closing(schema.open_database(path, create=True)) as conn:
        dataset = datasets.prepare(conn, "feedback", read_labels(DATA / "labels.txt"))
        tickets.add(conn, dataset.id, _records("feedback"))
        learner = Even(
            PoolLearner(path, dataset.name, LearnerSettings(), cache=folder / "cache"),
            batch=BATCH,
        )
        ledger = StoreLedger(conn, path, dataset, annotator="ann")
        session = Session(
            ledger, dataset.scheme, background=Background(learner), clock=lambda: now[0]
        )
        ledger.finder.index.start()
        ledger.finder.index.wait()
        session.begin()
        ids = {label.name: label.id for label in dataset.scheme.labels}
        for count in range(MOST):
            session.update()
            assert session.question is not None
            if count >= FEWEST and session.behind == 0 and _is_handsome(session):
                break
            now[0] += SECONDS
            session.choose(ids[gold[session.question.ticket.text]])
        learner.batch = sys.maxsize  # nothing changes any more
        for picture in PICTURES:
            yield picture, asyncio.run(_shot(session, picture))
        ledger.close()


def _records(name: str) -> Iterator[Any]:
    return read(DATA / f"{name}.jsonl", lambda bad: sys.exit(str(bad)))


def _is_handsome(session: Session) -> bool:
    """A ticket of a few lines of Latin letters, asked by the strategy, with a suggestion."""
    question = session.question
    assert question is not None
    text = question.ticket.text
    is_plain = text.isascii() and 150 <= len(text) <= 400
    return is_plain and question.ranked.reason != "audit" and bool(question.ranked.suggestion)


async def _shot(session: Session, picture: Picture) -> Terminal:
    """Press the keys, each once the one before is drawn, and look."""
    terminal, written = Terminal(picture.columns, picture.rows), io.StringIO()
    size = Size(rows=picture.rows, columns=picture.columns)
    keys = iter(picture.keys)
    with create_pipe_input() as keyboard:
        output = Vt100_Output(written, lambda: size, term="xterm-256color")
        application = app.build(
            Screen(session, Display("feedback"), _fail), keyboard, output, picture.theme
        )

        def drawn(_: object) -> None:
            key = next(keys, None)
            if key is not None:
                keyboard.send_text(key)
            elif not application.is_done:
                pyte.Stream(terminal).feed(written.getvalue())
                application.exit(result=0)

        application.after_render += drawn
        async with asyncio.timeout(60):
            await application.run_async(set_exception_handler=False)
    return terminal


def _fail(error: BaseException) -> None:
    raise error


def svg(screen: pyte.Screen, ground: Ground, title: str) -> str:
    """The screen as a picture that any browser draws alike: every run is held to its cells."""
    width, height = 2 * MARGIN + screen.columns * CELL, 2 * MARGIN + screen.lines * LINE
    body = "\n".join(_marks(screen, ground))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" \
width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{title}">
<rect x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="9" \
fill="{ground.paper}" stroke="{ground.edge}"/>
<g font-family="{FONTS}" font-size="{SIZE}" xml:space="preserve">
{body}
</g>
</svg>
"""


def _marks(screen: pyte.Screen, ground: Ground) -> Iterator[str]:
    for row in range(screen.lines):
        for column, cells, text, look in _runs(screen.buffer[row], screen.columns):
            ink, paper, weight = _colours(look, ground)
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


def _runs(line: Any, columns: int) -> Iterator[tuple[int, int, str, Any]]:
    """(column, cells, text, look) of what is drawn at once.

    A gap parts it, and so does a character that doesn't take one cell.
    """
    for (_, look), group in groupby(_chars(line, columns), key=lambda char: (char[0], char[3])):
        run = list(group)
        column, cells, text = run[0][1], sum(char[2] for char in run), "".join(c[4] for c in run)
        if look.reverse or look.bg != "default" or len(run) == 1:
            yield column, cells, text, look
        else:
            for piece in re.finditer(r"\S+(?: \S+)*", text):
                yield column + piece.start(), len(piece[0]), piece[0], look


def _chars(line: Any, columns: int) -> Iterator[tuple[int, int, int, Any, str]]:
    """(group, column, cells, look, text); after a wide character comes an empty one."""
    for column in range(columns):
        char = line[column]
        if char.data:
            cells = wcwidth(char.data[0])
            plain = cells == len(char.data) == 1
            yield (-1 if plain else column), column, cells, char._replace(data=""), char.data


def _colours(look: Any, ground: Ground) -> tuple[str, str, str]:
    """(ink, paper or "", font weight) of a run."""
    ink = _colour(look.fg) or (ground.bright if look.bold else ground.ink)
    if look.strikethrough:
        ink = ground.dim
    paper = _colour(look.bg)
    if look.reverse:
        ink, paper = paper or ground.paper, ink
    return ink, paper, ' font-weight="bold"' if look.bold else ""


def _colour(name: str) -> str:
    """The colour pyte calls so; "" for the terminal's own."""
    if name == "default":
        return ""
    return INKS.get(name.removeprefix("bright"), f"#{name}")


_TICKET = (
    "A ticket in txtal, with the model's suggestion, the labels and their keys, and the status line"
)


def made() -> Mapping[str, str]:
    """The files by their names."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory(prefix="txtal-pictures-") as folder:
        shots = list(play(Path(folder)))
    first = shots[0][1]
    return {
        "screen.svg": svg(first, DARK, _TICKET),
        "screen.txt": _text(first) + "\n",
        "screens.md": "\n".join(_page(shots)),
        **{one.file: svg(shot, one.ground, one.title) for one, shot in shots if one.file},
    }


def _text(screen: pyte.Screen) -> str:
    return "\n".join(line.rstrip() for line in screen.display)


def _page(shots: list[tuple[Picture, Terminal]]) -> Iterator[str]:
    yield "# Screens\n"
    yield "Drawn by `python docs/pictures.py` from a session on the sample tickets; a test holds"
    yield "them to what the program shows.\n"
    for picture, screen in shots:
        yield f"## {picture.title}\n"
        yield f"{picture.says}\n"
        if picture.file:
            yield f"![{picture.title}]({picture.file})\n"
        yield f"```text\n{_text(screen)}\n```\n"


def main() -> None:
    files = made()
    if "--check" in sys.argv[1:]:
        stale = [name for name, text in files.items() if (DOCS / name).read_text("utf-8") != text]
        if stale:
            sys.exit(f"not as the program draws it: {', '.join(stale)}; run docs/pictures.py")
        return
    for name, text in files.items():
        (DOCS / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
