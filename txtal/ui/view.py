"""A session drawn as lines of (style, text) fragments: pure, and cheap enough for every key.

Whatever comes from data is made safe by :func:`txtal.text.clean` before it gets here. A line never
takes more cells than the screen has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from txtal.session import Session
from txtal.types import Label, Question
from txtal.ui import keys, picker, words
from txtal.ui.field import Field
from txtal.ui.fold import Folded, cells, fit, fold
from txtal.ui.keys import Mode

Fragment = tuple[str, str]
Line = list[Fragment]

MIN_COLUMNS, MIN_ROWS = 40, 12
_ROOMY_ROWS = 20
_MEASURE = 92
"""Longest line of running text; wider ones are hard to read."""
_NAME = 28
_SHARE = len("62 %")
_NOTICE_LINES = 3
_KEYS = 18
_USUAL_PANEL = 10
_EMPTY = Field()
CURSOR: Fragment = ("[SetCursorPosition]", "")


@dataclass(frozen=True, slots=True)
class Look:
    """What the screen shows of a session besides the session itself."""

    mode: Mode = "ticket"
    whole: bool = False
    """The ticket has the whole screen."""
    top: int = 0
    """The ticket's first line in sight."""
    help_top: int = 0
    field: Field = _EMPTY
    cursor: int = 0
    """The marked row of the picker."""
    notice: str = ""
    """What the screen itself has to tell; goes before the session's notice."""
    urgent: bool = False
    """The notice is of an answer that is not on disk."""
    seconds: int = 0
    """How long the learner has been at what it does."""


class Sheet:
    """A question's text and meta, made ready once and not at every key."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.meta = words.meta(question.ticket.meta)
        self._folded: Folded | None = None

    def folded(self, width: int) -> Folded:
        """The text, folded to ``width``."""
        if self._folded is None or self._folded.width != width:
            self._folded = Folded(self.question.ticket.text, width)
        return self._folded


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the screen."""

    lines: tuple[Line, ...]
    question: Question | None = None
    """The question it shows; an answer counts only for this one."""
    top: int = 0
    """The first line in sight of the text or help, brought within bounds."""
    page: int = 1
    """How many lines a screenful scrolls."""


@dataclass(frozen=True, slots=True)
class Room:
    """The screen's size and what follows from it."""

    columns: int
    rows: int

    @property
    def roomy(self) -> bool:
        """There is space for blank lines."""
        return self.rows >= _ROOMY_ROWS

    @property
    def width(self) -> int:
        """Of running text."""
        return min(self.columns - (4 if self.roomy else 2), _MEASURE)

    @property
    def left(self) -> int:
        """The margin that puts running text in the middle."""
        return (self.columns - self.width) // 2

    @property
    def line(self) -> int:
        """The longest line that needs no folding: it may run on to the right edge."""
        return self.columns - self.left - 1

    @property
    def gap(self) -> int:
        """Between columns."""
        return 3 if self.roomy else 1

    def cell(self, columns: int) -> int:
        """How wide each of so many columns is."""
        return (self.width + self.gap) // columns - self.gap

    @property
    def label_rows(self) -> int:
        """How many rows the labels may take."""
        return max(3, min(9, self.rows // 6))

    @property
    def picker_rows(self) -> int:
        """How many labels the picker lists."""
        return max(3, min(8, self.rows // 3))


def frame(
    session: Session, look: Look, sheet: Sheet | None, dataset: str, columns: int, rows: int
) -> Frame:
    """The picture of a session on a screen of this size."""
    if columns < MIN_COLUMNS or rows < MIN_ROWS:
        return Frame(tuple(_too_small(columns, rows)))
    room = Room(columns, rows)
    panel = _panel(session, look, room)
    height = rows - len(panel) - 2
    body = _body(session, look, sheet, dataset, room, height)
    lines = [
        *body.lines,
        *([] for _ in range(height - len(body.lines))),
        *panel,
        _status(session, look, dataset, room),
        _hints(session, look, body, room),
    ]
    return Frame(tuple(_cut(line, columns) for line in lines), body.question, body.top, body.page)


@dataclass(frozen=True, slots=True)
class _Body:
    """The upper part: the ticket, the help, or the end."""

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
    session: Session, look: Look, sheet: Sheet | None, dataset: str, room: Room, height: int
) -> _Body:
    if look.mode == "help":
        return _help(session, look, room, height)
    if session.question is None or sheet is None:
        return _Body(_middle(_the_end(session, dataset, room), room, height))
    return _ticket(sheet, look, room, height)


# --- the ticket -----------------------------------------------------------------------------


def _ticket(sheet: Sheet, look: Look, room: Room, height: int) -> _Body:
    """The text in the middle, its meta beneath; as much of a long one as there is room for."""
    meta = _meta(sheet.meta, room, 6 if look.whole else 2)
    folded = sheet.folded(room.width)
    space = height - len(meta)
    folded.reach(look.top + space + 1)
    if len(folded.lines) <= space and not folded.rest:
        block: list[Line] = [[("class:ticket", line)] for line in folded.lines]
        return _Body(_middle([*block, *meta], room, height), sheet.question)
    seen = max(1, space - 1)
    top = max(0, min(look.top, len(folded.lines) - seen))
    block = [[("class:ticket", line)] for line in folded.lines[top : top + seen]]
    more = [("class:dim", _more(folded, top, seen))]
    lines = _shift([*block, more, *meta], room.left)
    return _Body(lines, sheet.question, top, max(1, seen - 1), overflows=True)


def _more(folded: Folded, top: int, seen: int) -> str:
    """``… 12 more lines``, and how many are above."""
    below = len(folded.lines) - top - seen
    parts = [f"{top:,} lines above"] if top else []
    if folded.rest:
        parts.append(f"… about {below + folded.rest_lines:,} more lines · PgDn")
    elif below:
        parts.append(f"… {below:,} more line{'s' if below > 1 else ''} · PgDn")
    else:
        parts.append("the end")
    return " · ".join(parts)


def _meta(text: str, room: Room, limit: int) -> list[Line]:
    if not text:
        return []
    folded = fold(text, room.width)
    limit = limit if room.roomy else 1
    if len(folded) > limit:
        folded = [*folded[: limit - 1], fit(" ".join(folded[limit - 1 :]), room.width)]
    lines: list[Line] = [[("class:dim", line)] for line in folded]
    return [[], *lines] if room.roomy else lines


def _the_end(session: Session, dataset: str, room: Room) -> list[Line]:
    first, *others = words.the_end(session, dataset)
    rest = [part for line in others for part in fold(line, room.width)]
    head: list[Line] = [[("class:key", part)] for part in fold(first, room.width)]
    return [*head, *([("class:ticket", line)] for line in rest)]


# --- the panel: suggestion and labels, or the picker ------------------------------------------


def _panel(session: Session, look: Look, room: Room) -> list[Line]:
    """What stands between the body and the status line, rule and notice included."""
    blank: list[Line] = [[]] if room.roomy else []
    rule: list[Line] = [_rule(room)] if room.roomy else []
    notice = _notice(session, look, room)
    content = [] if look.mode == "help" else _content(session, look, room)
    if not content:
        return [*rule, *(notice or blank)]
    return [*rule, *_shift(content, room.left), *(notice or blank)]


def _content(session: Session, look: Look, room: Room) -> list[Line]:
    question = session.question
    if question is None:
        return []
    if look.mode == "picker":
        return _picker(session, question, look, room)
    if look.mode == "comment":
        head = _field("comment: ", look.field, room.width)
    else:
        head = _sides(_suggestion(session, question), _marks(session, question), room.width)
    if look.whole or session.scheme.task == "binary":
        return [head]
    rows = _label_rows(session, question, room)
    return [head, [], *rows] if room.roomy else [head, *rows]


def _rule(room: Room) -> Line:
    return [("", " " * room.left), ("class:dim", "─" * room.width)]


def _notice(session: Session, look: Look, room: Room) -> list[Line]:
    text = words.notice(session, look.notice)
    if not text:
        return []
    style = "class:bad" if look.urgent and look.notice else "class:warn"
    lines = fold(text, room.width - 2)[:_NOTICE_LINES]
    return _shift([[(style, f"{'!' if i == 0 else ' '} {line}")] for i, line in enumerate(lines)],
                  room.left)  # fmt: skip


def _suggestion(session: Session, question: Question) -> Line:
    said = words.suggestion(session, question)
    reason = ("class:dim", f"  {words.why(question)}")
    if session.scheme.task == "binary":
        asks = ("class:key", f"Is this {words.labels(session.scheme, session.scheme.ids)}?")
        return [asks, ("class:good", f"  {said}"), reason] if said else [asks, reason]
    if said:
        return [("class:good", f"▸ {said}"), reason]
    missing = words.no_suggestion(session)
    return [("class:dim", missing), reason] if missing else [("class:dim", words.why(question))]


def _marks(session: Session, question: Question) -> list[Fragment]:
    """What is noted of the ticket at hand, the most important first."""
    was = words.previous(session, question)
    marks = [
        ("class:flag", "⚑ flagged" if session.flagged else ""),
        ("class:was", was),
        ("class:dim", f"“{words.clean_comment(session.comment)}”" if session.comment else ""),
    ]
    return [(style, text) for style, text in marks if text]


def _sides(left: Line, right: Sequence[Fragment], width: int) -> Line:
    """``left`` and, at the right edge, as many of ``right`` as there is room for."""
    marks: Line = []
    for style, text in right:
        room = width - _cells(left) - _cells(marks) - 2
        if room >= min(cells(text), 8):
            marks = [(style, fit(text, room)), *([("", "  ")] if marks else []), *marks]
        elif not marks:
            # The first mark must be seen: what is left of it gives way.
            marks = [(style, fit(text, width // 2))]
            left = _cut(left, width - _cells(marks) - 2)
    return [*left, ("", " " * (width - _cells(left) - _cells(marks))), *marks] if marks else left


# --- labels -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    """A label with its key, as it stands in the grid."""

    key: str
    name: str
    share: str
    suggested: bool
    box: str


def _label_cells(session: Session, question: Question) -> list[_Cell]:
    likely = dict(question.ranked.probabilities)
    ids = words.numbered(session)
    found = [
        _Cell(
            str(number),
            words.label_name(session.scheme.label(i).name),
            words.percent(likely[i]) if i in likely else "",
            i in question.ranked.suggestion,
            _box(session, i),
        )
        for number, i in enumerate(ids, start=1)
    ]
    more = len(session.scheme.ids) - len(ids)
    blank = " " * len(_box(session, 0))
    return [*found, _Cell("/", f"{more} more", "", False, blank)] if more else found


def _box(session: Session, label_id: int) -> str:
    if session.scheme.task != "multilabel":
        return ""
    return "[x] " if label_id in session.chosen else "[ ] "


def _label_rows(session: Session, question: Question, room: Room) -> list[Line]:
    """The labels in columns, read downwards; names give way first, then probabilities.

    Measured on every label and not only on those in sight, so that the columns stay where they are
    from ticket to ticket.
    """
    grid = _label_cells(session, question)
    name = max(cells(words.label_name(label.name)) for label in session.scheme.labels)
    fixed = 4 + len(grid[0].box)
    share = _SHARE if session.order == "ranking" else 0
    columns = -(-len(grid) // room.label_rows)
    if room.cell(columns) < fixed + min(name, _NAME) + 2 + share and room.roomy and columns > 1:
        fewer = columns - 1
        columns = fewer if -(-len(grid) // fewer) <= room.label_rows + 1 else columns
    most = room.cell(columns) - fixed
    if most < 8 + 2 + share:
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
    return [*line, ("class:dim", f"  {cell.share:>{share}}")] if share else line


def _join(parts: Iterable[Line], gap: int) -> Line:
    line: Line = []
    for part in parts:
        line += [*([("", " " * gap)] if line else []), *part]
    return line


def _picker(session: Session, question: Question, look: Look, room: Room) -> list[Line]:
    """The line being typed and the labels that match; always as high, so that nothing jumps."""
    found = picked(session, look)
    count = f"{len(found)} of {len(session.scheme.ids)}"
    head = _sides(_field("find: ", look.field, room.width - 14), [("class:dim", count)], room.width)
    first = max(0, look.cursor - room.picker_rows + 1)
    likely = dict(question.ranked.probabilities)
    rows = [
        _picker_row(
            session.scheme.label(i),
            _box(session, i),
            words.percent(likely[i]) if i in likely else "",
            at == look.cursor,
            room.width,
        )
        for at, i in enumerate(found[first : first + room.picker_rows], start=first)
    ]
    if not rows:
        rows = [[("class:dim", "  no label is like this")]]
    return [head, *rows, *([] for _ in range(room.picker_rows - len(rows)))]


def picked(session: Session, look: Look) -> tuple[int, ...]:
    """Ids of the labels the picker lists, best first."""
    question = session.question
    likely = question.ranked.probabilities if question else ()
    return picker.rank(look.field.text, session.scheme.labels, likely)


def _picker_row(label: Label, box: str, share: str, marked: bool, width: int) -> Line:
    name = fit(words.label_name(label.name), width - 10)
    line: Line = [
        ("class:key" if marked else "class:label", f"{'▸ ' if marked else '  '}{box}{name}")
    ]
    about = "  ".join(part for part in (share, words.label_name(label.description)) if part)
    return [*line, ("class:dim", f"  {about}")]


def _field(prompt: str, field: Field, width: int) -> Line:
    """A line being typed, with the part around the cursor in sight."""
    room = width - len(prompt) - 1
    before = words.clean_comment(field.text[: field.cursor][-room:])
    while cells(before) > room:
        before = before[1:]
    after = words.clean_comment(field.text[field.cursor :][:room])
    shown = fit(after, room - cells(before)) if after else ""
    return [("class:key", prompt), ("class:label", before), CURSOR, ("class:label", shown)]


# --- status and hints -------------------------------------------------------------------------


def _status(session: Session, look: Look, dataset: str, room: Room) -> Line:
    """The most that fits; what matters least gives way first."""
    forms = {
        "dataset": [fit(words.label_name(dataset), 24), fit(words.label_name(dataset), 12), ""],
        "progress": [words.progress(session), words.progress(session).replace(" of ", "/")],
        "count": [f"{session.count:,} this session", f"+{session.count:,}", ""],
        "saved": [words.saved(session), words.saved(session, number=False)],
        "model": [words.model(session, look.seconds), words.model(session, brief=True)],
        "audit": [words.audit(session), words.audit(session, brief=True), ""],
    }
    for name in (*_GIVES_WAY, None):
        text = " · ".join(form[0] for form in forms.values() if form[0])
        if name is None or cells(text) <= room.line:
            break
        forms[name].pop(0)
    return [("", " " * room.left), ("class:status", text)]


_GIVES_WAY = (
    "progress", "count", "audit", "model", "count", "audit", "saved", "dataset", "dataset",
)  # fmt: skip


def _hints(session: Session, look: Look, body: _Body, room: Room) -> Line:
    shown = [
        action
        for action in keys.available(look.mode, session.scheme.task)
        if action.hint and action.name not in _idle(session, look, body)
    ]
    while len(shown) > 1 and _hints_width(shown) > room.line:
        least = min(action.keep for action in shown)
        shown.remove(next(action for action in reversed(shown) if action.keep == least))
    line: Line = [("", " " * room.left)]
    for action in shown:
        line += [("class:key", action.first), ("class:hint", f" {action.hint}  ")]
    return line


def _hints_width(actions: Collection[keys.Action]) -> int:
    return sum(len(action.first) + len(action.hint) + 3 for action in actions) - 2


def _idle(session: Session, look: Look, body: _Body) -> set[str]:
    """Actions that would do nothing now, or hardly anything: not worth a hint."""
    if look.mode == "ticket" and session.question is None:
        everything = {action.name for action in keys.ACTIONS}
        return everything - {"undo", "help", "quit"}
    idle = {"whole" if look.whole else "back"} if look.mode == "ticket" else set()
    if not body.overflows:
        idle |= {"page_down", "whole"}
    if len(session.scheme.ids) <= 9:
        idle.add("pick")
    return idle


# --- help -------------------------------------------------------------------------------------


def _help(session: Session, look: Look, room: Room, height: int) -> _Body:
    lines = _help_lines(session)
    top = max(0, min(look.help_top, len(lines) - height))
    body = _shift(lines[top : top + height], room.left)
    return _Body(body, None, top, max(1, height - 1), overflows=len(lines) > height)


def _help_lines(session: Session) -> list[Line]:
    lines: list[Line] = []
    for title, actions in keys.help_groups(session.scheme.task):
        lines += [*([[]] if lines else []), [("class:title", title)]]
        lines += [
            [("class:key", f"  {action.shown:<{_KEYS}}"), ("class:ticket", action.help)]
            for action in actions
        ]
    lines += [[], [("class:title", "In the status line")]]
    lines += [
        [("class:key", f"  {sign:<{_KEYS}}"), ("class:ticket", meaning)]
        for sign, meaning in _LEGEND
    ]
    return lines


_LEGEND = (
    ("312/5,000", "tickets answered, by anyone, of all"),
    ("+14", "answered in this session"),
    ("saved #312", "the newest answer on disk, and its number"),
    ("r12, 1 behind", "the fit of the model, and the answers it hasn't seen yet"),
    ("audit 81 %", "how often it is right on tickets asked at random,"),
    ("(74–87, n 120)", "its 95 % interval, and on how many tickets"),
)


# --- lines ------------------------------------------------------------------------------------


def _cells(line: Sequence[Fragment]) -> int:
    return sum(cells(text) for _, text in line)


def _cut(line: Line, width: int) -> Line:
    """The line, no wider than ``width``."""
    kept: Line = []
    for style, text in line:
        if cells(text) > width:
            return [*kept, (style, fit(text, width))]
        kept.append((style, text))
        width -= cells(text)
    return kept


def _shift(lines: Iterable[Line], left: int) -> list[Line]:
    return [[("", " " * left), *line] if line else line for line in lines]


def _middle(lines: Sequence[Line], room: Room, height: int) -> list[Line]:
    """The lines a little above the middle of what is usually free, so that a list that opens
    beneath moves nothing."""
    wished = max(0, room.rows - _USUAL_PANEL - len(lines)) * 2 // 5
    above = max(0, min(wished, height - len(lines)))
    return [*([] for _ in range(above)), *_shift(lines, room.left)][:height]
