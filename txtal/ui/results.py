"""Lists of answers and tickets as lines."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

from txtal.session import lookup
from txtal.session.session import Session
from txtal.types import Found
from txtal.ui import words
from txtal.ui.clusters import cells
from txtal.ui.labels import field_line
from txtal.ui.layout import Line, Room, barred, clickable, sides
from txtal.ui.modes import Order
from txtal.ui.view_state import Look
from txtal.ui.wrap import fit, fold

_WIDEST = 24
_SHARE = len("model")
_NARROW = 40
"""Cells of a row from which the probability is shown."""
_BEFORE = 4
"""Cells of the mark and the sign."""
_HEADED = 10
"""Rows from which the columns have a heading."""

STYLES: Mapping[words.Sign, str] = {
    "✓": "class:chosen",
    "≠": "class:was",
    "?": "class:doubt",
    "·": "class:good",
}


def result_lines(session: Session, look: Look, room: Room, height: int) -> list[Line]:
    """The rows around the selected one, as many as there is room for, under their headings."""
    typing = look.typing
    if not typing.found:
        return _none(look, room)[:height]
    marked = {one.ticket.id for one in typing.marked}
    width = room.width - 4 * bool(marked)
    said = _width_of_names(session, typing.found, width)
    headed = height >= _HEADED
    space = height - headed
    top = first_in_sight(look, space)
    rows = [
        clickable(
            barred(
                [*_box(found, marked), *result_row(session, found, said, width - 2)],
                at == typing.cursor,
                room.width,
            ),
            f"row:{at}",
        )
        for at, found in enumerate(typing.found[top : top + space], start=top)
    ]
    what = _HEADINGS.get(typing.purpose, "answer or guess")
    return [_heading(what, said, bool(marked)), *rows] if headed else rows


def _none(look: Look, room: Room) -> list[Line]:
    """What is said in the place of rows: why there are none, and what can be typed."""
    typing = look.typing
    said = "nothing is like this"
    if typing.waiting:
        said = "looking…"
    elif typing.purpose == "search" and not typing.field.text.strip():
        said = "type what to look for"
    lines: list[Line] = [[("class:dim", said)]]
    for form in words.QUERY_FORMS if typing.purpose in _ASKED else ():
        lines += [[("class:dim", f"  {part}")] for part in fold(form, room.width - 2)]
    return lines


_ASKED = ("search", "history")
"""Lists that a query narrows down, and that may have nothing to begin with."""

_HEADINGS: Mapping[str, str] = {"history": "answer", "near": "suggestion", "cluster": "suggestion"}


def _heading(what: str, said: int, marked: bool) -> Line:
    gap = " " * (_BEFORE + 4 * marked)
    named = fit(what, said)
    return [("class:heading", f"{gap}{named}{' ' * (said - cells(named))}  model  ticket")]


def _width_of_names(session: Session, found: Sequence[Found], width: int) -> int:
    widest = max(cells(words.named_of(session, one)) for one in found)
    return min(max(widest, len("answer or guess")), _WIDEST, max(8, width // 3))


def _box(found: Found, marked: Collection[int]) -> Line:
    """Whether the row is marked, where any is."""
    if not marked:
        return []
    is_marked = found.ticket.id in marked
    return [("class:chosen" if is_marked else "class:dim", "[✓] " if is_marked else "[ ] ")]


def first_in_sight(look: Look, height: int) -> int:
    """The first row, so that the selected one is seen."""
    return max(0, look.typing.cursor - height + 1)


def result_row(session: Session, found: Found, said: int, width: int) -> Line:
    """How a ticket stands: its sign, the answer or guess, the model's probability of it, the text.

    ``said``: cells of the answer; ``width``: of the whole.
    """
    sign, what = words.sign_of(session, found), fit(words.named_of(session, found), said)
    share = f"  {words.probability_of(found):>{_SHARE}}" if width >= _NARROW else ""
    left = width - said - len(share) - 4
    return [
        (STYLES[sign], f"{sign} "),
        (STYLES[sign], what + " " * (said - cells(what))),
        ("class:dim", share),
        ("class:ticket", f"  {fit(words.excerpt(found.ticket.text), left)}"),
    ]


def in_order(session: Session, found: Sequence[Found], order: Order) -> tuple[Found, ...]:
    """Return the rows in an order; those that are alike in it as they were found."""
    if order == "in doubt first":
        return tuple(sorted(found, key=lookup.margin))
    if order == "≠ first":
        return tuple(sorted(found, key=lambda one: words.sign_of(session, one) != "≠"))
    return tuple(found)


def result_panel(session: Session, look: Look, room: Room) -> list[Line]:
    """The line being typed, and more of the marked row."""
    number = _number(look, room)
    prompt = words.prompt(session.scheme, look.typing.purpose, look.typing.subject)
    head = sides(
        field_line(prompt, look.typing.field, room.width - cells(number) - 2),
        [("class:dim", number)],
        room.width,
    )
    about = details(session, look.typing.found[look.typing.cursor]) if look.typing.found else ""
    lines: list[Line] = [head, [("class:dim", fit(about, room.width))]]
    if room.roomy and look.typing.found:
        seen = {words.sign_of(session, one) for one in look.typing.found}
        lines.append(_legend([sign for sign in words.SIGNS if sign in seen]))
    return lines


def _number(look: Look, room: Room) -> str:
    """Which row of how many is selected, how many are marked, and how they are ordered."""
    listed = len(look.typing.found)
    more = "+" * (listed == lookup.MOST_FOUND)
    number = f"{look.typing.cursor + 1 if listed else 0} of {listed}{more}"
    if look.typing.marked:
        number = f"{len(look.typing.marked)} marked, {number}"
    return f"{look.typing.order} · {number}" if look.typing.order and room.roomy else number


def _legend(signs: Sequence[words.Sign]) -> Line:
    """What the signs in the list mean."""
    line: Line = []
    for sign in signs:
        gap = "   " if line else ""
        line += [(STYLES[sign], f"{gap}{sign}"), ("class:dim", f" {words.SIGNS[sign]}")]
    return line


def details(session: Session, found: Found, *, whole: bool = False) -> str:
    """When a ticket was answered, by whom, what was noted, and its meta, the ``whole`` of it."""
    answer = found.answer
    meta = words.meta(session, found.ticket.meta, whole=whole)
    if answer is None:
        return " · ".join(meta)
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(answer.answered))
    parts = [
        f"#{answer.id}",
        at,
        words.label_name(answer.annotator),
        "⚑ flagged" if answer.flagged else "",
        f"“{words.clean_comment(answer.comment)}”" if answer.comment else "",
        *meta,
    ]
    return " · ".join(part for part in parts if part)
