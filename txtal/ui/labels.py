"""The labels on the screen: with their keys in a grid, or as the list that the picker narrows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from txtal.session.session import Session
from txtal.text import count
from txtal.types import Label, Question
from txtal.ui import picker, words
from txtal.ui.field import Field
from txtal.ui.keyboard import Keyboard
from txtal.ui.keys import DIGITS
from txtal.ui.layout import Fragment, Line, Room, clickable, sides
from txtal.ui.picker import Choice
from txtal.ui.view_state import Look
from txtal.ui.wrap import cells, fit

CURSOR: Fragment = ("[SetCursorPosition]", "")
_LEAST, _FAIR, _WIDEST = 8, 10, 28
"""Cells of a name: to put a probability beside it, on a small screen, and at most."""
_SHARE = len("62 %")
_MOST_ROWS = 5
"""Rather than cut the names, as many rows as this."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A label with its key, as it stands in the grid."""

    key: str
    name: str
    share: str
    suggested: bool
    box: str


def _label_cells(session: Session, question: Question, keyboard: Keyboard) -> list[_Cell]:
    likely = dict(question.ranked.probabilities)
    offered = keyboard.offered(session)
    found = [
        _Cell(
            key,
            _beside(key, session.scheme.label(i)),
            words.percent(likely[i]) if i in likely else "",
            i in question.ranked.suggestion,
            _box(session, i),
        )
        for key, i in offered.items()
    ]
    more = len(session.scheme.ids) - len(offered)
    blank = " " * len(_box(session, 0))
    return [*found, _Cell("/", f"{more} more", "", False, blank)] if more else found


def _beside(key: str, label: Label) -> str:
    """What stands beside a label's key: of a grade that is its key, what it is for if anything."""
    return words.label_name(label.description if label.name == key else label.name)


def _box(session: Session, label_id: int) -> str:
    if session.scheme.task != "multilabel":
        return ""
    return "[x] " if label_id in session.current.chosen else "[ ] "


def label_rows(session: Session, question: Question, keyboard: Keyboard, room: Room) -> list[Line]:
    """The labels in columns, read downwards; names give way first, then probabilities.

    Measured on every label and not only on those in sight, so that the columns stay where they are
    from ticket to ticket.
    """
    grid = _label_cells(session, question, keyboard)
    name = max(cells(_beside("", label)) for label in session.scheme.labels)
    fixed = 4 + len(grid[0].box)
    share = _SHARE if session.policy.order == "ranking" else 0
    wanted = min(name, _WIDEST) + 2 + share if room.roomy else min(name, _FAIR)
    columns = -(-len(grid) // room.label_rows)
    while columns > 1 and room.cell(columns) < fixed + wanted:
        if -(-len(grid) // (columns - 1)) > max(_MOST_ROWS, room.label_rows):
            break
        columns -= 1
    most = room.cell(columns) - fixed
    if most < (_LEAST if room.roomy else name) + 2 + share:
        share = 0
    name = min(name, most - (2 + share if share else 0))
    height = -(-len(grid) // columns)
    return [
        _join((_cell(cell, name, share) for cell in grid[row::height]), room.gap)
        for row in range(height)
    ]


def _cell(cell: _Cell, name: int, share: int) -> Line:
    shown = fit(cell.name, name)
    style = "class:good" if cell.suggested else "class:label"
    line: Line = [
        ("class:good", "▸ " if cell.suggested else "  "),
        ("class:chosen" if "x" in cell.box else "class:label", cell.box),
        ("class:key", f"{cell.key} "),
        (style, shown + " " * (name - cells(shown))),
    ]
    line += [("class:dim", f"  {cell.share:>{share}}")] if share else []
    return clickable(line, f"key:{cell.key}")


def _join(parts: Iterable[Line], gap: int) -> Line:
    line: Line = []
    for part in parts:
        line += [*([("", " " * gap)] if line else []), *part]
    return line


def picker_rows(
    session: Session, question: Question, keyboard: Keyboard, look: Look, room: Room
) -> list[Line]:
    """The line being typed and what matches; always as high, so that nothing jumps."""
    found = picked(session, keyboard, look)
    labels = sum(1 for choice in found if choice.label)
    listed = f"{labels} of {len(session.scheme.ids)}"
    prompt = words.prompt(session.scheme, look.typing.purpose, look.typing.subject)
    head = sides(
        field_line(prompt, look.typing.field, room.width - 14), [("class:dim", listed)], room.width
    )
    first = _first_row(look, room)
    keys = {choice: key for key, choice in picker_keys(session, keyboard, look, room).items()}
    rows = [
        clickable(
            _picker_row(
                keys.get(choice, ""),
                _choice(session, question, choice),
                at == look.typing.cursor,
                room.width,
            ),
            f"row:{at}",
        )
        for at, choice in enumerate(found[first : first + room.picker_rows], start=first)
    ]
    if not rows:
        rows = [[("class:dim", "  no label is like this")]]
    return [head, *rows, *([] for _ in range(room.picker_rows - len(rows)))]


def _first_row(look: Look, room: Room) -> int:
    return max(0, look.typing.cursor - room.picker_rows + 1)


def picked(session: Session, keyboard: Keyboard, look: Look) -> tuple[Choice, ...]:
    """What the picker lists, best first."""
    found = picker.choices(look.typing.field.text, session.scheme.labels, keyboard.order(session))
    if session.scheme.task == "rating":
        found = tuple(choice for choice in found if not choice.new)
    if look.typing.purpose == "answer":
        return found
    return tuple(
        choice for choice in found if not choice.new and choice.label != look.typing.subject
    )


def picker_keys(
    session: Session, keyboard: Keyboard, look: Look, room: Room
) -> Mapping[str, Choice]:
    """A digit for each row in sight, but for those that would go on typing a name."""
    first = _first_row(look, room)
    seen = picked(session, keyboard, look)[first : first + room.picker_rows]
    typed, labels = look.typing.field.text, session.scheme.labels
    return {
        digit: choice
        for digit, choice in zip(DIGITS, seen, strict=False)
        if not picker.holds(typed + digit, labels)
    }


def _choice(session: Session, question: Question, choice: Choice) -> tuple[str, str]:
    """A row's name, with its box if it has one, and what there is to say of it."""
    if choice.new:
        return f"+ add the label {words.label_name(choice.new)}", ""
    if choice.level:
        inside = sum(label.name.startswith(choice.level) for label in session.scheme.labels)
        return words.label_name(choice.level), count(inside, "label")
    label, likely = session.scheme.label(choice.label), dict(question.ranked.probabilities)
    share = words.percent(likely[label.id]) if label.id in likely else ""
    about = "  ".join(part for part in (share, words.label_name(label.description)) if part)
    return _box(session, label.id) + words.label_name(label.name), about


def _picker_row(key: str, choice: tuple[str, str], marked: bool, width: int) -> Line:
    name, about = choice
    return [
        ("class:key", f"{'▸' if marked else ' '} {key}{' ' if key else ''}"),
        ("class:key" if marked else "class:label", fit(name, width - 12)),
        ("class:dim", f"  {about}"),
    ]


def field_line(prompt: str, field: Field, width: int) -> Line:
    """A line being typed, with the part around the cursor in sight, whatever is asked."""
    if cells(prompt) > width // 2:
        prompt = fit(prompt.rstrip(), max(0, width // 2 - 1)) + " "
    room = max(1, width - cells(prompt) - 1)
    before = words.clean_comment(field.text[: field.cursor][-room:])
    while cells(before) > room:
        before = before[1:]
    after = words.clean_comment(field.text[field.cursor :][:room])
    shown = fit(after, room - cells(before)) if after else ""
    return [("class:key", prompt), ("class:label", before), CURSOR, ("class:label", shown)]
