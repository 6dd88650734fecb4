"""Lists of answers and tickets as lines."""

from __future__ import annotations

import time
from collections.abc import Collection

from txtal.session.session import Session
from txtal.types import Found
from txtal.ui import words
from txtal.ui.labels import field_line
from txtal.ui.layout import Line, Room, barred, clickable, sides
from txtal.ui.view_state import Look
from txtal.ui.wrap import cells, fit

_WIDEST = 24
_SHARE = len("62%")


def result_lines(session: Session, look: Look, room: Room, height: int) -> list[Line]:
    """The rows around the selected one, as many as there is room for."""
    typing = look.typing
    if not typing.found:
        return [[("class:dim", "looking…" if typing.waiting else "nothing is like this")]]
    top = first_in_sight(look, height)
    widest = max(cells(words.said_of(session, found)) for found in typing.found)
    said = min(widest, _WIDEST, room.width // 3)
    marked = {one.ticket.id for one in typing.marked}
    return [
        clickable(
            barred(
                [*_box(found, marked), *_row(session, found, said, room.width - 4 * bool(marked))],
                at == typing.cursor,
                room.width,
            ),
            f"row:{at}",
        )
        for at, found in enumerate(typing.found[top : top + height], start=top)
    ]


def _box(found: Found, marked: Collection[int]) -> Line:
    """Whether the row is marked, where any is."""
    if not marked:
        return []
    is_marked = found.ticket.id in marked
    return [("class:chosen" if is_marked else "class:dim", "[✓] " if is_marked else "[ ] ")]


def first_in_sight(look: Look, height: int) -> int:
    """The first row, so that the selected one is seen."""
    return max(0, look.typing.cursor - height + 1)


def _row(session: Session, found: Found, said: int, width: int) -> Line:
    """What was answered or would be suggested, the model's probability of it, the text."""
    what = fit(words.said_of(session, found), said)
    share = words.share_of(found)
    return [
        ("class:chosen" if found.answer else "class:dim", what + " " * (said - cells(what))),
        ("class:dim", f"  {share:>{_SHARE}}"),
        ("class:ticket", f"  {fit(words.excerpt(found.ticket.text), width - said - _SHARE - 6)}"),
    ]


def result_panel(session: Session, look: Look, room: Room) -> list[Line]:
    """The line being typed, and more of the marked row."""
    number = f"{look.typing.cursor + 1 if look.typing.found else 0} of {len(look.typing.found)}"
    if look.typing.marked:
        number = f"{len(look.typing.marked)} marked, {number}"
    prompt = words.prompt(session.scheme, look.typing.purpose, look.typing.subject)
    head = sides(
        field_line(prompt, look.typing.field, room.width - 14), [("class:dim", number)], room.width
    )
    about = (
        details(look.typing.found[look.typing.cursor]) if look.typing.found else words.QUERY_HELP
    )
    return [head, [("class:dim", fit(about, room.width))]]


def details(found: Found) -> str:
    """When a ticket was answered, by whom, and what was noted."""
    answer = found.answer
    if answer is None:
        return words.meta(found.ticket.meta)
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(answer.answered))
    parts = [
        f"#{answer.id}",
        at,
        words.label_name(answer.annotator),
        "⚑ flagged" if answer.flagged else "",
        f"“{words.clean_comment(answer.comment)}”" if answer.comment else "",
        words.meta(found.ticket.meta),
    ]
    return " · ".join(part for part in parts if part)
