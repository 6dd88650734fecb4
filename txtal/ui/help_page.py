"""The help: every key by what one wants to do, narrowed down by typing, and done on enter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from txtal.session.session import Session
from txtal.types.grades import noun
from txtal.ui import keys, off
from txtal.ui.clusters import cells
from txtal.ui.keys import Action
from txtal.ui.labels import field_line
from txtal.ui.layout import Line, barred, clickable, sides
from txtal.ui.modes import MODES, Mode
from txtal.ui.view_state import Look
from txtal.ui.wrap import fit, fold

_KEYS, _FEW_KEYS = 17, 10
"""Cells of the keys, and on a narrow screen."""
_NARROW = 60
_HEAD = 2
"""Rows above the keys: what is typed, and a blank one."""
_LEGEND: tuple[tuple[str, str], ...] = (
    ("312/5,000", "tickets answered, by anyone, of all"),
    ("+14", "answered in this session"),
    ("saved #312", "the newest answer on disk, and its number"),
    ("v12 +1", "the model's version, and the answers it hasn't learned from yet"),
    ("v12 …, v12 !", "it is training; training failed"),
    ("■ little to gain", "it may be time to stop: more answers would hardly change the model"),
)
_ACCURACY = ("accuracy 81%", "how often its suggestion is right, by random picks")
_INTERVAL = ("(74–87, n 120)", "the 95% interval of that, and how many such tickets")
_ELSEWHERE: dict[Mode, str] = {
    "picker": "in the list of labels, /",
    "list": "in a list of answers or tickets",
}
_NO_ENTER = {"label": "press a label's key on the ticket", "jump": "press a letter on the ticket"}


@dataclass(frozen=True, slots=True)
class Row:
    """A key and what it does, or a part of the status line."""

    key: str
    does: str
    action: str = ""
    """Its name; empty where ``enter`` can't do it."""
    off: str = ""
    """Why it does nothing now."""


def groups(
    session: Session, actions: Sequence[Action], wanted: str, *, wide: bool
) -> list[tuple[str, list[Row]]]:
    """Return what fits what is typed, under what one wants to do."""
    task, words = session.scheme.task, wanted.casefold().split()
    every = [
        (title, [_row(session, action, wide=wide) for action in group])
        for title, group in keys.help_groups(task, actions)
    ]
    error = f"mean error in {noun(session.scheme.labels)}s, on random picks"
    measure = ("off by 0.8", error) if task == "rating" else _ACCURACY
    every.append(("In the status line", [Row(*one) for one in (*_LEGEND, measure, _INTERVAL)]))
    fitting = [(title, [row for row in rows if _fits(title, row, words)]) for title, rows in every]
    return [(title, rows) for title, rows in fitting if rows]


def _fits(title: str, row: Row, words: Sequence[str]) -> bool:
    said = f"{title} {row.key} {row.does}".casefold()
    return all(word in said for word in words)


def _row(session: Session, action: Action, *, wide: bool) -> Row:
    if "ticket" in action.modes:
        why = off.reason(session, action.name, wide=wide)
        return Row(action.shown, action.help, action.name, why)
    elsewhere = "" if action.modes == MODES else _ELSEWHERE.get(action.modes[0], "")
    return Row(action.shown, action.help, "", elsewhere)


def rows(session: Session, actions: Sequence[Action], wanted: str, *, wide: bool) -> list[Row]:
    """Return the rows that can be selected, from the first to the last."""
    return [row for _, found in groups(session, actions, wanted, wide=wide) for row in found]


def refusal(row: Row) -> str:
    """Return why ``enter`` doesn't do it; empty when it does."""
    if row.off:
        return f"{row.key}: {row.off}"
    if row.action in _NO_ENTER:
        return f"{row.key}: {_NO_ENTER[row.action]}"
    return "" if row.action else f"{row.key}: {row.does}"


@dataclass(frozen=True, slots=True)
class HelpDrawn:
    """The help as lines."""

    lines: list[Line]
    page: int
    """How many rows a screenful scrolls: about, as some take two lines."""


def help_lines(
    session: Session, look: Look, actions: Sequence[Action], width: int, height: int, *, wide: bool
) -> HelpDrawn:
    """Return the part of the help in sight, around the selected row."""
    wanted = look.typing.field.text
    found = groups(session, actions, wanted, wide=wide)
    number = sum(len(rows) for _, rows in found)
    every = sum(len(rows) for _, rows in groups(session, actions, "", wide=wide))
    hint = "type, such as: label" if width >= _NARROW - 10 else f"{every} keys"
    counted = f"{number} of {every}" if wanted else hint
    field = field_line("keys for: ", look.typing.field, width - cells(counted) - 2)
    head = sides(field, [("class:dim", counted)], width)
    body, selected = _drawn(found, look.typing.cursor, width)
    if not body:
        body = [[("class:dim", "no key is for this")]]
    room = max(1, height - _HEAD)
    top = _top(selected, len(body), room)
    return HelpDrawn([head, [], *body[top : top + room]], max(1, room // 2))


def _drawn(
    found: Sequence[tuple[str, list[Row]]], cursor: int, width: int
) -> tuple[list[Line], tuple[int, int]]:
    """Return the lines, and the first and the last of the selected row."""
    lines: list[Line] = []
    selected, at = (0, 0), 0
    for title, rows_ in found:
        lines += [*([[]] if lines else []), [("class:title", title)]]
        for row in rows_:
            drawn = list(_row_lines(row, width, at == cursor))
            if at == cursor:
                selected = len(lines), len(lines) + len(drawn) - 1
            lines += [clickable(line, f"row:{at}") for line in drawn]
            at += 1
    return lines, selected


def _top(selected: tuple[int, int], lines: int, room: int) -> int:
    """Return the first line in sight: the selected row with what is around it."""
    first, last = selected
    if last < room - 1:
        return 0
    return max(0, min(first, last + 2 - room, lines - room))


def _row_lines(row: Row, width: int, selected: bool) -> Iterator[Line]:
    wide = _KEYS if width >= _NARROW else _FEW_KEYS
    key = row.key if cells(row.key) <= wide else row.key.split(",")[0]
    room = max(10, width - wide - 3)
    style = "class:dim" if row.off else "class:ticket"
    parts: list[list[tuple[str, str]]] = [[(style, part)] for part in fold(row.does, room)]
    if row.off:
        said = f"off: {row.off}"
        if sum(cells(text) for _, text in parts[-1]) + 2 + cells(said) <= room:
            parts[-1] += [("", "  "), ("class:off", said)]
        else:
            parts += [[("class:off", part)] for part in fold(said, room)]
    for number, part in enumerate(parts):
        named = "" if number else fit(key, wide)
        head = ("class:dim" if row.off else "class:key", f"{named:<{wide}} ")
        line = barred([head, *part], selected, width)
        yield line if not number or not selected else [(line[0][0], "  "), *line[1:]]
