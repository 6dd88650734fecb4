"""A session drawn as lines of (style, text) fragments: pure, and cheap enough for every key.

Whatever comes from data is made safe by :func:`txtal.text.clean` before it gets here. A line never
takes more cells than the screen has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from txtal.session.session import Session
from txtal.text import clean, count
from txtal.types import Question
from txtal.ui import ending, standing, words
from txtal.ui.footer import hints, status
from txtal.ui.help_page import help_lines
from txtal.ui.keyboard import Keyboard
from txtal.ui.labels import field_line, label_rows, picker_keys, picker_rows
from txtal.ui.layout import MIN_COLUMNS, MIN_ROWS, Line, Room, beside, cut, middle, shift
from txtal.ui.pages import folded_lines, page_lines, ticket_line
from txtal.ui.panel import chosen_row, head_lines
from txtal.ui.picker import Choice
from txtal.ui.results import result_lines, result_panel
from txtal.ui.side import SideColumn
from txtal.ui.view_state import Look, Sheet
from txtal.ui.wrap import Folded, fit, fold

_NOTICE_LINES = 3
_LEAST_TEXT = 3
"""Lines of a ticket, the meta gives way for them."""
_EXAMPLE_LINES = 3
_ABOVE = 2
"""Rows above the text, of meta or blank."""
_WHOLE_META = 10
"""Rows of meta where the ticket has the whole screen."""
_ASKED_LINES = 5


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the screen."""

    lines: tuple[Line, ...]
    question: Question | None = None
    """The question it shows; an answer counts only for this one."""
    top: int = 0
    """The first line in sight of the text or page, brought within bounds."""
    page: int = 1
    """How many lines a screenful scrolls."""
    offered: Mapping[str, Choice] = field(default_factory=dict)
    """What is behind each key that a label may have."""
    wide: bool = False
    """There is room beside the ticket."""


def frame(
    session: Session,
    look: Look,
    keyboard: Keyboard,
    sheet: Sheet | None,
    dataset: str,
    size: tuple[int, int],
    side: SideColumn,
) -> Frame:
    """The picture of a session on a screen of so many columns and rows."""
    columns, rows = size
    if columns < MIN_COLUMNS or rows < MIN_ROWS:
        return Frame(tuple(_too_small(columns, rows)))
    room = Room(columns, rows)
    has_side = _has_side(look, sheet, room)
    main = room.main if has_side else room
    helping = has_side and look.mode == "help"
    before = replace(look, mode="ticket") if helping else look  # beside the help it stays in sight
    panel = _panel(session, before, keyboard, main)
    if _has_shelf(before, sheet, main, rows - len(panel) - 2):
        shelf = side.shelf(session, main.width, main.shelf_rows - 1)
        panel += [*shift(shelf, main.left), *([] for _ in range(main.shelf_rows - len(shelf)))]
    offered = _offered(session, before, keyboard, main)
    height = rows - len(panel) - 2
    body = _body(session, before, keyboard, sheet, dataset, main, height)
    upper = [*body.lines, *([] for _ in range(height - len(body.lines))), *panel]
    if helping:
        shown = help_lines(session, look, keyboard.actions, room.beside, len(upper), wide=True)
        upper = beside(upper, shown.lines, room)
        body = replace(body, page=shown.page)
    elif has_side:
        upper = beside(upper, side.lines(session, look, room.beside, len(upper)), room)
    lines = [
        *upper,
        status(session, look, dataset, room),
        hints(session, look, keyboard.actions, offered, body.overflows, room),
    ]
    return Frame(
        tuple(cut(line, columns) for line in lines),
        body.question,
        body.top,
        body.page,
        offered,
        room.wide,
    )


def _has_shelf(look: Look, sheet: Sheet | None, room: Room, height: int) -> bool:
    """Whether the newest answers stand under the labels: not in the place of a long ticket."""
    if not room.shelf_rows or sheet is None or look.whole or look.mode not in ("ticket", "line"):
        return False
    if sheet.alone or sheet.beneath:
        return False
    free = height - room.shelf_rows - _ABOVE
    folded = sheet.folded(room.width, threaded=look.threaded)
    folded.reach(free + 1)
    return not folded.rest and len(folded.lines) <= free


def _has_side(look: Look, sheet: Sheet | None, room: Room) -> bool:
    """Whether something stands beside the ticket or the list."""
    if not room.wide or look.mode in ("page", "paused") or (look.whole and look.mode != "help"):
        return False
    return not (sheet and sheet.alone) or look.mode == "list"


def _offered(session: Session, look: Look, keyboard: Keyboard, room: Room) -> Mapping[str, Choice]:
    if look.mode == "picker":
        return picker_keys(session, keyboard, look, room)
    return {key: Choice(label=label) for key, label in keyboard.offered(session).items()}


@dataclass(frozen=True, slots=True)
class _Body:
    """The upper part: the ticket, a page, a list, or the end."""

    lines: list[Line]
    question: Question | None = None
    top: int = 0
    page: int = 1
    overflows: bool = False


def _too_small(columns: int, rows: int) -> Iterator[Line]:
    said = ("too small", f"needs {MIN_COLUMNS}x{MIN_ROWS}", f"has {columns}x{rows}", "q quits")
    for text in said[: max(1, rows)]:
        yield [("class:warn", fit(text, columns))]


def _body(
    session: Session,
    look: Look,
    keyboard: Keyboard,
    sheet: Sheet | None,
    dataset: str,
    room: Room,
    height: int,
) -> _Body:
    if look.mode == "paused":
        return _Body(middle([[("class:key", "Paused. Any key goes on.")]], room, height))
    if look.mode == "page":
        return _page(session, look, keyboard, room, height)
    if look.mode == "help":
        shown = help_lines(session, look, keyboard.actions, room.width, height, wide=room.wide)
        return _Body(shift(shown.lines, room.left), page=shown.page)
    if look.mode == "list":
        lines = result_lines(session, look, room, height)
        return _Body(shift(lines, room.left), session.question, page=max(1, height - 1))
    if look.mode == "picker" and look.typing.labels.described:
        return _description(session, look, room, height)
    if look.mode == "confirm" and look.asked.about is not None:
        return _Body(shift(_asked_about(look, room, height), room.left), session.question)
    if session.question is None or sheet is None:
        return _Body(middle(_the_end(session, dataset, room), room, height))
    return _ticket(sheet, look, room, height)


# --- the ticket -----------------------------------------------------------------------------


def _ticket(sheet: Sheet, look: Look, room: Room, height: int) -> _Body:
    """The text, from the same row for every ticket, as much of a long one as there is room for.

    Its meta stand above where there is room for blank lines, and else below.
    """
    most = _WHOLE_META if look.whole else _ABOVE if room.roomy else 1
    meta = _meta(sheet.whole_meta if look.whole else sheet.meta, room, most)
    above: list[Line] = [*meta, *([] for _ in range(_ABOVE - len(meta)))] if room.roomy else []
    below = _beneath(sheet, room) if room.roomy else meta
    if height - len(above) - len(below) < _LEAST_TEXT:
        below = []
    folded = sheet.folded(room.width, threaded=look.threaded)
    if sheet.thread and not look.threaded:
        above = _folded_away(sheet, above)
    space = max(1, height - len(above) - len(below))
    first = _first(sheet, look, folded, space, room) if look.top < 0 else look.top
    folded.reach(first + space + 1)
    if not room.roomy and (folded.rest or len(folded.lines) > space):
        below, space = [], height  # the text needs the row of the meta
        folded.reach(first + space + 1)
    if len(folded.lines) <= space and not folded.rest:
        block: list[Line] = [ticket_line(folded, at) for at in range(len(folded.lines))]
        return _Body(shift([*above, *block, *below], room.left)[:height], sheet.question)
    seen = max(1, space - 1)
    top = max(0, min(first, len(folded.lines) - seen))
    block = [ticket_line(folded, at) for at in range(top, min(top + seen, len(folded.lines)))]
    more = [("class:dim", _more(folded, top, seen))]
    lines = shift([*above, *block, more, *below], room.left)[:height]
    return _Body(lines, sheet.question, top, max(1, seen - 1), overflows=True)


def _first(sheet: Sheet, look: Look, folded: Folded, space: int, room: Room) -> int:
    """The first line in sight: the text's, with as much of its thread above as there is room for.

    A third of the room, or more where the text leaves it free.
    """
    if not look.threaded:
        return 0
    before = sheet.thread_lines(room.width)
    folded.reach(before + space)
    text = len(folded.lines) - before
    return max(0, before - max(space // 3, space - 1 - text))


def _folded_away(sheet: Sheet, above: list[Line]) -> list[Line]:
    """Say above the text that there are messages before it."""
    said: Line = [("class:thread", f"▸ {count(sheet.messages, 'message')} before · ctrl-t")]
    return [*above[:-1], said] if above else [said]


def _beneath(sheet: Sheet, room: Room) -> list[Line]:
    """The recipe's panels, where there is room for more than the ticket."""
    lines: list[Line] = []
    for panel, shown in sheet.beneath if room.roomy else ():
        lines += [[], [("class:title", clean(panel.title))]]
        lines += folded_lines(shown, room.width, panel.rows)
    return lines


def _asked_about(look: Look, room: Room, height: int) -> list[Line]:
    """The ticket that a yes or no is about, and how much of it there is no room for."""
    found = look.asked.about
    text = fold(clean(found.ticket.text, newlines=True), room.width) if found else []
    above: list[Line] = [[] for _ in range(_ABOVE)] if room.roomy else []
    space = height - len(above)
    more: list[Line] = []
    if len(text) > space:
        text, left = text[: space - 1], len(text) - space + 1
        more = [[("class:dim", f"… {count(left, 'more line')}")]]
    return [*above, *([("class:ticket", line)] for line in text), *more]


def _description(session: Session, look: Look, room: Room, height: int) -> _Body:
    """What a label is for, and a few tickets that have it."""
    name = words.label_name(session.scheme.names.get(look.typing.labels.described, ""))
    lines: list[Line] = [[("class:title", name)]]
    about = session.scheme.label(look.typing.labels.described).description if name else ""
    lines += [[("class:ticket", part)] for part in fold(words.label_name(about), room.width)]
    for text in look.typing.labels.examples:
        first, *rest = fold(words.excerpt(text), room.width - 2)[:_EXAMPLE_LINES]
        lines += [[], [("class:dim", f"• {first}")], *([("class:dim", f"  {r}")] for r in rest)]
    if not look.typing.labels.examples:
        lines += [[], [("class:dim", "no ticket has it yet")]]
    return _Body(shift(lines[:height], room.left), session.question)


def _more(folded: Folded, top: int, seen: int) -> str:
    """``… 12 more lines``, and how many are above."""
    below = len(folded.lines) - top - seen
    parts = [f"{count(top, 'line')} above · PgUp"] if top else []
    if folded.rest:
        parts.append(f"… about {below + folded.rest_lines:,} more lines · PgDn")
    elif below:
        parts.append(f"… {below:,} more line{'s' if below > 1 else ''} · PgDn")
    return " · ".join(parts)


def _meta(items: Sequence[str], room: Room, limit: int) -> list[Line]:
    """As many of the items as there are rows for, and how many more there are."""
    for left in range(len(items) + 1):
        more = [f"… {left} more"] if left else []
        whole = [item.replace(" ", _TIED) for item in (*items[: len(items) - left], *more)]
        folded = fold(f"{_TIED}· ".join(whole), room.width)
        if len(folded) <= limit:
            break
    return [[("class:dim", line.replace(_TIED, " "))] for line in folded if line]


_TIED = "\u00a0"
"""Stands for a space where no line ends: within an item, unless it is longer than a line."""


def _the_end(session: Session, dataset: str, room: Room) -> list[Line]:
    first, *others = ending.the_end(session, dataset)
    rest = [part for line in others for part in fold(line, room.width)]
    head: list[Line] = [[("class:key", part)] for part in fold(first, room.width)]
    return [*head, *([("class:ticket", line)] for line in rest)]


# --- the panel: suggestion and labels, or the picker ------------------------------------------


def _panel(session: Session, look: Look, keyboard: Keyboard, room: Room) -> list[Line]:
    """What stands between the body and the status line, rule and notice included."""
    blank: list[Line] = [[]] if room.roomy else []
    rule: list[Line] = [_rule(room)] if room.roomy else []
    notice = _notice(session, look, room)
    alone = look.mode in ("page", "help", "paused")
    content = [] if alone else _content(session, look, keyboard, room)
    if not content:
        return [*rule, *(notice or blank)]
    return [*rule, *shift(content, room.left), *(notice or blank)]


def _content(session: Session, look: Look, keyboard: Keyboard, room: Room) -> list[Line]:
    if look.mode == "list":
        return result_panel(session, look, room)
    question = session.question
    if question is None:
        return []
    if look.mode == "picker":
        rows = picker_rows(session, question, keyboard, look, room)
        chosen = chosen_row(session, question, room) if look.typing.purpose == "answer" else []
        return [*rows, *chosen]
    if look.mode == "confirm":
        asked = fold(look.asked.question, room.width)
        if len(asked) > _ASKED_LINES:  # of labels with endless names
            asked = [*asked[: _ASKED_LINES - 1], "…"]
        return [[("class:key", part)] for part in asked]
    if look.mode == "line":
        prompt = words.prompt(session.scheme, look.typing.purpose, look.typing.subject)
        head = [field_line(prompt, look.typing.field, room.width)]
        head += chosen_row(session, question, room)
    else:
        head = head_lines(session, question, room, whole=look.whole)
    if look.whole or session.scheme.task == "binary":
        return head
    rows = label_rows(session, question, keyboard, room)
    return [*head, [], *rows] if room.roomy else [*head, *rows]


def _rule(room: Room) -> Line:
    return [("", " " * room.left), ("class:rule", "─" * room.width)]


def _notice(session: Session, look: Look, room: Room) -> list[Line]:
    """What there is to tell; ``!`` and its colour say that something went wrong."""
    text, warns = standing.notice(session, look.notice)
    if not text:
        return []
    urgent = look.urgent and bool(look.notice)
    style = "class:bad" if urgent else "class:warn" if warns else "class:note"
    sign = "!" if urgent or warns else "·"
    lines = fold(text, room.width - 2)
    most = _NOTICE_LINES if room.roomy else _NOTICE_LINES - 1
    if len(lines) > most:
        lines = [*lines[: most - 1], fit(" ".join(lines[most - 1 :]), room.width - 2)]
    drawn = [[(style, f"{sign if at == 0 else ' '} {line}")] for at, line in enumerate(lines)]
    return shift(drawn, room.left)


# --- a page -----------------------------------------------------------------------------------


def _page(session: Session, look: Look, keyboard: Keyboard, room: Room, height: int) -> _Body:
    lines = page_lines(session, look, room.width, keyboard.actions)
    top = max(0, min(look.reading.top, len(lines) - height))
    body = shift(lines[top : top + height], room.left)
    return _Body(body, None, top, max(1, height - 1), overflows=len(lines) > height)
