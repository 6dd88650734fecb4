"""What is said above the labels: what will be recorded, what the model thinks, and why."""

from __future__ import annotations

from collections.abc import Sequence

from txtal.session.session import Session
from txtal.types import ONE_OF, Question, reasons
from txtal.ui import words
from txtal.ui.clusters import cells
from txtal.ui.layout import Fragment, Line, Room, sides, width_of
from txtal.ui.wrap import fit, told_apart

_CHIP_ROWS, _WHOLE_CHIP_ROWS = 3, 9
"""Rows of what is chosen at most; more where the ticket has the whole screen."""
_LEAST_NAME = 8
_SAID_ROWS = 6


def head_lines(session: Session, question: Question, room: Room, *, whole: bool) -> list[Line]:
    """Return the rows above the labels: as many for every ticket of a dataset.

    What ``accept`` would record is always among them, and so are the flag and the comment.
    """
    marks = _marks(session, question)
    said = words.who_said(session, question)[: _SAID_ROWS if room.roomy else 2]
    return [
        *([("class:was", fit(line, room.width))] for line in said),
        *_head(session, question, room, marks, whole=whole),
    ]


def _head(
    session: Session, question: Question, room: Room, marks: list[Fragment], *, whole: bool
) -> list[Line]:
    if session.scheme.task == "multilabel":
        rows = _WHOLE_CHIP_ROWS if whole and room.roomy else _CHIP_ROWS
        lines = _chosen(session, question, room, marks, rows)
        if room.roomy and not whole:
            lines.append(_uncertain(session, question))
    else:
        lines = [sides(_suggested(session, question, room), marks, room.width)]
        if room.roomy and not whole and any(one.description for one in session.scheme.labels):
            lines.append(_described(session, question, room))
    if room.roomy and not whole:
        lines.append(sides(_why(session, question, room), _near(session, question), room.width))
    return lines


def _why(session: Session, question: Question, room: Room) -> Line:
    if reasons.blind(question.ranked.reason):
        return []  # it is said above
    return [("class:dim", fit(words.why(session, question), room.width))]


def _near(session: Session, question: Question) -> list[Fragment]:
    """How many open tickets are nearly the same; ``=`` lists them."""
    found = session.finding.near(question)
    return [("class:was", f"{len(found):,} nearly the same")] if found else []


def _suggested(session: Session, question: Question, room: Room) -> Line:
    said = words.suggestion(session, question)
    if session.scheme.task == "binary":
        asks = ("class:key", f"Is this {words.labels(session.scheme, session.scheme.ids)}?")
        line = [asks, *([("class:good", f"  {said}")] if said else [])]
    elif said:
        rival = words.rival(session, question)
        line = [("class:doubt", f"▸? {said}") if rival else ("class:good", f"▸ {said}")]
        if rival:
            line.append(("class:doubt", f"   {'close behind:' if room.roomy else 'or'} {rival}"))
    else:
        missing = words.no_suggestion(session, question)
        line = [("class:dim", missing)] if missing else []
    if room.roomy or words.rival(session, question):
        return line
    why = words.why(session, question)
    return [*line, ("class:dim", f"  {why}" if line else why)]


def _described(session: Session, question: Question, room: Room) -> Line:
    """The description of what is suggested; an empty row where there is none."""
    if session.scheme.task not in (*ONE_OF, "binary") or not session.current.suggestion:
        return []
    label = session.scheme.label(session.current.suggestion[0])
    return [("class:dim", fit(words.label_name(label.description), room.width))]


def _marks(session: Session, question: Question) -> list[Fragment]:
    """What is noted of the ticket at hand, the most important first."""
    current = session.current
    comment = words.clean_comment(current.comment)
    marks = [
        ("class:was", "synthetic" if question.ticket.synthetic else ""),
        ("class:flag", "⚑ flagged" if current.flagged else ""),
        ("class:was", words.previous(session, question)),
        ("class:dim", f"“{comment}”" if comment else ""),
    ]
    return [(style, text) for style, text in marks if text]


def chosen_row(session: Session, question: Question, room: Room) -> list[Line]:
    """Return one row with the labels that are chosen, for a list that hides the others."""
    if session.scheme.task != "multilabel" or not session.scheme.labels:
        return []
    return _chosen(session, question, room, (), rows=1)


# --- several labels -----------------------------------------------------------------------------


def _chosen(
    session: Session,
    question: Question,
    room: Room,
    marks: Sequence[Fragment],
    rows: int = _CHIP_ROWS,
) -> list[Line]:
    """What ``accept`` records, each as a chip: ``▸`` chosen by the model, ``✓`` by hand."""
    chosen, names = session.current.chosen, session.scheme.names
    if not chosen:
        return [sides([("class:dim", "chosen: none of the labels")], marks, room.width)]
    suggested = question.ranked.suggestion
    chips: list[Fragment] = [
        ("class:good", f"▸ {words.label_name(names[i])}")
        if i in suggested
        else ("class:chosen", f"✓ {words.label_name(names[i])}")
        for i in chosen
    ]
    chips.insert(0, ("class:key", f"chosen {len(chosen)}"))
    lines = _wrapped(chips, room, rows)
    if not marks:
        return lines
    free = room.width - width_of(lines[-1]) - 2
    if sum(cells(text) + 2 for _, text in marks) <= free:
        return [*lines[:-1], sides(lines[-1], marks, room.width)]
    if len(lines) == rows:  # no chip gives way to a mark unless it is counted
        lines = _wrapped(chips, room, rows - 1)
    return [*lines, sides([], marks, room.width)]


def _wrapped(chips: Sequence[Fragment], room: Room, rows: int) -> list[Line]:
    """The chips in a few rows; names give way first, and then the last ones, which are counted.

    The first says how many are chosen; the one behind it never goes.
    """
    longest = max(cells(text) for _, text in chips)
    parts: list[list[Fragment]] = []
    for most in (longest, longest * 2 // 3, longest // 2, _LEAST_NAME + 2):
        parts = _in_rows(chips, max(_LEAST_NAME, min(most, room.width)), room.width)
        if len(parts) <= rows:
            return [_spaced(row) for row in parts]
    parts = parts[:rows]
    last, kept = parts[-1], 2 if rows == 1 else 1
    while True:
        more = ("class:key", f"+{len(chips) - sum(map(len, parts))} more")
        free = room.width - width_of(_spaced([*last, more]))
        if free >= 0 or len(last) <= kept:
            break
        last.pop()
    if free < 0:
        style, text = last[-1]
        last[-1] = style, fit(text, max(_LEAST_NAME, cells(text) + free))
    return [_spaced(row) for row in (*parts[:-1], [*last, more])]


def _in_rows(chips: Sequence[Fragment], most: int, width: int) -> list[list[Fragment]]:
    """The chips, none wider than ``most``, in rows no wider than ``width``."""
    head, *names = chips
    apart = told_apart(tuple(text for _, text in names), most)
    rows: list[list[Fragment]] = [[head]]
    for style, text in names:
        chip = style, apart[text]
        if rows[-1] and width_of(_spaced([*rows[-1], chip])) > width:
            rows.append([])
        rows[-1].append(chip)
    return rows


def _spaced(chips: Sequence[Fragment]) -> Line:
    """A row of them, two blanks between one and the next."""
    line: Line = []
    for chip in chips:
        line += [*([("", "  ")] if line else []), chip]
    return line


def _uncertain(session: Session, question: Question) -> Line:
    """The labels that are about as probable as not: ``in doubt  ? courier 48%``."""
    probabilities = dict(question.ranked.probabilities)
    unsure = words.unsure_about(session.scheme, question)
    if not unsure:
        missing = "" if question.ranked.probabilities else words.no_suggestion(session, question)
        return [("class:dim", missing)] if missing else []
    parts = (
        f"? {words.labels(session.scheme, (i,))} {words.percent(probabilities[i])}" for i in unsure
    )
    return [("class:dim", "in doubt  "), ("class:doubt", "   ".join(parts))]
