"""The labels on the screen: with their keys in a grid, or as the list that the picker narrows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from txtal.session.session import Session
from txtal.text import count
from txtal.types import Label, Question
from txtal.ui import picker, words
from txtal.ui.clusters import cells
from txtal.ui.field import Field
from txtal.ui.keyboard import Keyboard
from txtal.ui.keys import DIGITS, GRADES
from txtal.ui.layout import CURSOR, Line, Room, barred, clickable, sides
from txtal.ui.picker import Choice
from txtal.ui.view_state import Look
from txtal.ui.wrap import fit, fold, told_apart

_LEAST, _FAIR, _WIDEST = 8, 10, 28
"""Cells of a name: to put a probability beside it, on a small screen, and at most."""
_SHARE = len("62%")
_MODEL = len("model")
_USED = len("9,999")
_WITH_USED = 66
"""Cells of a list of labels from which it says how often each was used."""
_SCALE = 51
"""Cells of a scale of scores at most."""
_MOST_ROWS = 5
"""Rather than cut the names, as many rows as this."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A label with its key, as it stands in the grid."""

    key: str
    name: str
    share: str
    sign: str
    """``▸`` suggested, ``?`` in doubt."""
    box: str


def _label_cells(session: Session, question: Question, keyboard: Keyboard) -> list[_Cell]:
    probabilities = dict(question.ranked.probabilities)
    offered, unsure = keyboard.offered(session), words.unsure_about(session.scheme, question)
    found = [
        _Cell(
            key,
            _beside(key, session.scheme.label(i)),
            words.percent(probabilities[i]) if i in probabilities else "",
            _sign(session, question, i, unsure),
            _box(session, question, i, unsure),
        )
        for key, i in offered.items()
    ]
    more = len(session.scheme.ids) - len(offered)
    blank = " " * len(_box(session, question, 0, ()))
    return [*found, _Cell("/", f"{more} more", "", "  ", blank)] if more else found


def _beside(key: str, label: Label) -> str:
    """What stands beside a label's key: of a grade that is its key, what it is for if anything."""
    return words.label_name(label.description if label.name == key else label.name)


def _sign(session: Session, question: Question, label_id: int, unsure: Collection[int]) -> str:
    """Of one label of several: ``▸`` suggested, ``?`` one of two that are close; two cells."""
    if session.scheme.task == "multilabel":
        return ""
    suggested = "▸" if label_id in question.ranked.suggestion else " "
    return suggested + ("?" if label_id in unsure else " ")


def _box(session: Session, question: Question, label_id: int, unsure: Collection[int]) -> str:
    """Of several labels: chosen by the model ``[▸]`` or by hand ``[✓]``, in doubt ``[?]``, no."""
    if session.scheme.task != "multilabel":
        return ""
    if label_id in session.current.chosen:
        return "[▸] " if label_id in question.ranked.suggestion else "[✓] "
    return "[?] " if label_id in unsure else "[ ] "


_BOXES = {"[▸] ": "class:good", "[✓] ": "class:chosen", "[?] ": "class:doubt"}


def label_rows(session: Session, question: Question, keyboard: Keyboard, room: Room) -> list[Line]:
    """The labels in columns, read downwards; names give way first, then probabilities.

    Measured on every label and not only on those in sight, so that the columns stay where they are
    from ticket to ticket.
    """
    if not session.scheme.labels:
        return [[("class:dim", "  / to type the first label")]]
    if session.scheme.scored:
        return [_scale(session, question, room.width)]
    grid = _label_cells(session, question, keyboard)
    names = [_beside("", label) for label in session.scheme.labels]
    name = max(map(cells, (*names, *(cell.name for cell in grid if cell.key == "/"))))
    fixed = len(grid[0].sign) + 2 + len(grid[0].box)
    share = _SHARE if session.policy.order == "ranking" else 0
    wanted = min(name, _WIDEST) + 2 + share if room.roomy else min(name, _FAIR)
    columns = -(-len(grid) // room.label_rows)
    if (
        session.scheme.task == "rating"
        and room.cell(len(grid)) >= fixed + min(name, _WIDEST) + 2 + share
    ):
        columns = len(grid)  # side by side, as on a scale
    while columns > 1 and room.cell(columns) < fixed + wanted:
        if -(-len(grid) // (columns - 1)) > max(_MOST_ROWS, room.label_rows):
            break
        columns -= 1
    most = room.cell(columns) - fixed
    if most < (_LEAST if room.roomy else name) + 2 + share:
        share = 0
    name = min(name, most - (2 + share if share else 0))
    height = -(-len(grid) // columns)
    apart = told_apart(tuple(_beside("", label) for label in session.scheme.labels), name)
    grid = [
        replace(cell, name=apart.get(cell.name, cell.name)) if cells(cell.name) > name else cell
        for cell in grid
    ]
    return [
        _join((_cell(cell, name, share) for cell in grid[row::height]), room.gap)
        for row in range(height)
    ]


def _scale(session: Session, question: Question, width: int) -> Line:
    """The scale of scores, with what is suggested and where the score lies nine times in ten."""
    names = [label.name for label in session.scheme.labels]
    first, last = f"  {names[0]} ", f" {names[-1]}"
    room = max(2, min(_SCALE, width - len(first) - len(last) - 1))
    marks = ["·"] * room

    def place(number: int) -> int:
        return number * (room - 1) // (len(names) - 1)

    low, high = words.interval(session.scheme, question)
    for at in range(place(low), place(high) + 1) if low <= high else ():
        marks[at] = "━"
    for suggested in question.ranked.suggestion:
        marks[place(session.scheme.ids.index(suggested))] = "▲"
    return [("class:key", first), ("class:good", "".join(marks)), ("class:key", last)]


def _cell(cell: _Cell, name: int, share: int) -> Line:
    shown = fit(cell.name, name)
    style = "class:label"
    if "▸" in cell.sign or cell.box in ("[▸] ", "[✓] "):
        style = "class:doubt" if "?" in cell.sign else _BOXES.get(cell.box, "class:good")
    line: Line = [
        ("class:doubt" if "?" in cell.sign else "class:good", cell.sign),
        ("class:key", f"{cell.key} "),
        (_BOXES.get(cell.box, "class:label"), cell.box),
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
    first = _first_row(look, room)
    every = len(session.scheme.ids)
    noun = session.scheme.noun
    listed = f"{labels} of {every} {noun}s" if labels < every else count(every, noun)
    if len(found) > room.picker_rows and room.roomy:
        last = min(first + room.picker_rows, len(found))
        listed = f"{first + 1}–{last} shown · {listed}"
    listed = listed if every else ""
    prompt = words.prompt(session.scheme, look.typing.purpose, look.typing.subject)
    head = sides(
        field_line(prompt, look.typing.field, room.width - len(listed) - 2),
        [("class:dim", listed)],
        room.width,
    )
    seen = found[first : first + room.picker_rows]
    keys = {choice: key for key, choice in picker_keys(session, keyboard, look, room).items()}
    used = look.typing.labels.used
    entries = [_entry(session, question, choice, used or {}) for choice in seen]
    if look.typing.purpose == "bulk":  # the figures of the ticket at hand are not theirs
        entries = [replace(entry, share="", box="") for entry in entries]
    widest = max((cells(entry.name) for entry in entries), default=0)
    box = max((cells(entry.box) for entry in entries), default=0)
    name = min(min(widest, _WIDEST) + box, room.width - _BEFORE_NAME - _MODEL - 2)
    if room.width < _WITH_USED or used is None:
        entries = [replace(entry, used="") for entry in entries]
    apart = told_apart(tuple(entry.name for entry in entries if entry.in_columns), name - box)
    entries = [replace(entry, name=apart.get(entry.name, entry.name)) for entry in entries]
    rows = [
        clickable(
            barred(
                _picker_row(keys.get(choice, ""), entry, name, room.width, look.typing.field.text),
                at == look.typing.cursor,
                room.width,
            ),
            f"row:{at}",
        )
        for at, (choice, entry) in enumerate(zip(seen, entries, strict=True), start=first)
    ]
    if not rows and not session.scheme.labels:
        said = [part for line in _FIRST for part in fold(line, room.width)]
        rows = [[("class:dim", part)] for part in said[: room.picker_rows]]
    elif not rows:
        rows = [[("class:dim", f"  no {session.scheme.noun} is like this")]]
    about = any(entry.about for entry in entries)
    listed_any = any(choice.label for choice in seen)
    shares = look.typing.purpose != "bulk"
    headed = room.roomy and listed_any
    counted = any(entry.used for entry in entries)
    heading = [_heading(noun, name, room.width, shares, counted, about)] if headed else []
    blank = room.picker_rows + room.roomy - len(rows) - len(heading)
    return [head, *heading, *rows, *([] for _ in range(blank))]


def _heading(what: str, name: int, width: int, shares: bool, counted: bool, about: bool) -> Line:
    """What the columns of the list of labels hold."""
    model = "model" if shares else ""
    used = f"  {'used':>{_USED}}" if counted else ""
    text = f"    {what:<{name}}  {model:>{_MODEL}}{used}{'  description' if about else ''}"
    return [("class:heading", fit(text, width))]


_FIRST = (
    "No labels yet. What is this ticket about? Type a name: it becomes a label and the answer.",
    "esc: back to the ticket; there space ignores it, and / types a name.",
    "Have a list? Quit, and add --labels-from labels.txt (name, tab, description).",
)


def _first_row(look: Look, room: Room) -> int:
    return max(0, look.typing.cursor - room.picker_rows + 1)


def picked(session: Session, keyboard: Keyboard, look: Look) -> tuple[Choice, ...]:
    """What the picker lists, best first."""
    order = keyboard.order(session)
    if look.typing.purpose == "bulk":
        order = tuple(sorted(order, key=lambda i: -_suggested_for(look, i)))
    found = picker.choices(look.typing.field.text, session.scheme.labels, order)
    if session.scheme.task == "rating":
        found = tuple(choice for choice in found if not choice.new)
    if look.typing.purpose == "answer":
        return found
    there = tuple(choice for choice in found if not choice.new)
    if look.typing.purpose == "bulk":
        return there
    return tuple(choice for choice in there if choice.label != look.typing.subject)


def _suggested_for(look: Look, label_id: int) -> int:
    """For how many of the marked tickets a label is suggested."""
    ranked = (one.ranked for one in look.typing.marked)
    return sum(label_id in one.suggestion for one in ranked if one is not None)


def picker_keys(
    session: Session, keyboard: Keyboard, look: Look, room: Room
) -> Mapping[str, Choice]:
    """A digit for each row in sight, but for those that would go on typing a name.

    A label that has a digit on the ticket has the same here; the others have those left.
    """
    first = _first_row(look, room)
    seen = picked(session, keyboard, look)[first : first + room.picker_rows]
    typed, labels = look.typing.field.text, session.scheme.labels
    if typed.startswith(picker.NEW) or session.scheme.scored:
        return {}
    own = {label: key for key, label in keyboard.offered(session).items() if key in GRADES}
    keys = {own[choice.label]: choice for choice in seen if choice.label in own}
    free = (digit for digit in DIGITS if digit not in keys)
    for choice in seen:
        if choice.label not in own:
            keys[next(free, "")] = choice
    return {
        digit: choice
        for digit, choice in keys.items()
        if digit and not picker.holds(typed + digit, labels)
    }


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of the list of labels: its name, the model's probability, its description."""

    name: str
    box: str = ""
    share: str = ""
    used: str = ""
    """How many answers accept it."""
    about: str = ""

    @property
    def in_columns(self) -> bool:
        """Whether something stands behind its name."""
        return bool(self.share or self.used or self.about)


def _entry(session: Session, question: Question, choice: Choice, used: Mapping[int, int]) -> _Entry:
    if choice.new:
        return _Entry(f"+ add the label {words.label_name(choice.new)}")
    if choice.level:
        inside = sum(label.name.startswith(choice.level) for label in session.scheme.labels)
        return _Entry(words.label_name(choice.level), about=count(inside, "label"))
    label, probabilities = session.scheme.label(choice.label), dict(question.ranked.probabilities)
    unsure = words.unsure_about(session.scheme, question)
    return _Entry(
        words.label_name(label.name),
        _box(session, question, label.id, unsure),
        words.percent(probabilities[label.id]) if label.id in probabilities else "",
        f"{used.get(label.id, 0):,}",
        words.label_name(label.description),
    )


_BEFORE_NAME = 4
"""Cells of the mark and the key."""


def _picker_row(key: str, entry: _Entry, name: int, width: int, typed: str) -> Line:
    room = name if entry.in_columns else width - _BEFORE_NAME
    shown = fit(entry.name, room - cells(entry.box))
    row: Line = [
        ("class:key", f"{key:1} "),
        (_BOXES.get(entry.box, "class:label"), entry.box),
        *_matched("class:label", shown, typed),
        ("", " " * (name - cells(shown) - cells(entry.box))),
        ("class:dim", f"  {entry.share:>{_MODEL}}"),
    ]
    left = width - _BEFORE_NAME - name - _MODEL - 4
    if entry.used:
        row.append(("class:dim", f"  {entry.used:>{_USED}}"))
        left -= _USED + 2
    if entry.about and left >= _LEAST:
        row += [("", "  "), *_matched("class:dim", fit(entry.about, left), typed)]
    return row


def _matched(style: str, text: str, typed: str) -> Line:
    """The text with the first part that is like what is typed marked."""
    at = text.casefold().find(typed.casefold()) if typed else -1
    if at < 0 or len(text.casefold()) != len(text):
        return [(style, text)]
    end = at + len(typed)
    return [(style, text[:at]), ("class:match", text[at:end]), (style, text[end:])]


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
