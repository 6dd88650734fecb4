"""What stands beside the ticket on a wide screen, and a list's preview."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from txtal.session import lookup
from txtal.session.session import Session
from txtal.text import count
from txtal.types import Found, Overview, Question
from txtal.types.query import Query
from txtal.ui import words
from txtal.ui.clusters import cells
from txtal.ui.keyboard import Keyboard
from txtal.ui.layout import Line, sides
from txtal.ui.modes import SIDES, Side
from txtal.ui.pages import folded_text, progress_lines, why_lines
from txtal.ui.results import details, result_row
from txtal.ui.view_state import Look
from txtal.ui.wrap import fit, fold, told_apart

_TITLES: dict[Side, str] = {
    "labels": "Labels",
    "why": "Why",
    "history": "History",
    "progress": "Progress",
}
_AGAIN = 20
"""Number of answers after which the progress is read again; one makes no difference."""
_MANY = 2_000
"""Answers up to which the labels' are counted after each: it takes no time."""
_RECENT = 60
_SHARE = len("62%")
_BELOW, _LEAST_BELOW = 2, 12
"""Rows of a rule between two things, and the least there must be for the progress below."""
_SMALL = 20_000
"""Tickets up to which the progress is read where nobody asked for it: it takes no time."""


class SideColumn:
    """Draws one of a few things beside the ticket; what is read of the database is kept."""

    def __init__(self, keyboard: Keyboard) -> None:
        self._keyboard = keyboard
        self._recent: tuple[object, list[Found]] = (None, [])
        self._overview: tuple[int, Overview] | None = None
        self._used: tuple[int, Mapping[int, int] | None] = (-1, {})

    def lines(self, session: Session, look: Look, width: int, height: int) -> list[Line]:
        """Return the column's rows, none of them wider than ``width``."""
        if look.mode == "list":
            found = look.typing.found
            drawn = _preview(session, found[look.typing.cursor], width) if found else iter(())
            return list(drawn)[:height]
        if look.mode == "confirm" and look.asked.about is not None:
            return list(_preview(session, look.asked.about, width))[:height]
        content: dict[Side, Callable[[], Iterator[Line]]] = {
            "labels": lambda: self._labels(session, width, height - 2),
            "why": lambda: _why(session, width),
            "history": lambda: self._history(session, width),
            "progress": lambda: self._progress(session, width),
        }
        body = list(content[look.side]())
        free = height - 2 - len(body) - _BELOW
        if free >= _LEAST_BELOW and look.side in ("labels", "why") and _is_small(session):
            rest = list(self._progress(session, width))
            if len(rest) <= free:
                body += [[], [("class:rule", "─" * width)], *rest]
        if len(body) > height - 2:
            body = [*body[: height - 3], [("class:dim", "…")]]
        return [_tabs(look.side, width), [("class:rule", "─" * width)], *body]

    def _labels(self, session: Session, width: int, height: int) -> Iterator[Line]:
        """The labels in the order of their keys, each with its description.

        Where they are too many, those without a key go without theirs; the rest are counted.
        """
        keys = {label: key for key, label in self._keyboard.offered(session).items()}
        self._count_used(session)
        every = [*keys, *(i for i in self._keyboard.order(session) if i not in keys)]
        if session.scheme.scored:
            every = [i for i in every if _is_told_of(session, i)]
        drawn = [list(self._label(session, i, keys.get(i, ""), width)) for i in every]
        if sum(map(len, drawn)) > height:
            drawn = [
                lines if i in keys else lines[:1] for i, lines in zip(every, drawn, strict=True)
            ]
        used = 0
        for number, lines in enumerate(drawn):
            left = len(drawn) - number
            used += len(lines)
            if used > height - (left > 1):
                pick = self._keyboard.key_of("pick")
                yield [("class:dim", fit(f"… {count(left, 'more label')} · {pick}", width))]
                return
            yield from lines

    def _count_used(self, session: Session) -> None:
        """Count again how often each label was used: of many answers not after every one."""
        newest = session.ledger.newest()
        many = session.ledger.total - session.ledger.open > _MANY
        if newest != self._used[0] and not (many and 0 <= newest - self._used[0] < _AGAIN):
            self._used = (newest, session.ledger.used())

    def _label(self, session: Session, label_id: int, key: str, width: int) -> Iterator[Line]:
        question, label = session.question, session.scheme.label(label_id)
        probabilities = dict(question.ranked.probabilities) if question else {}
        share = words.percent(probabilities[label_id]) if label_id in probabilities else ""
        used = self._used[1]
        counted = "" if used is None else f"  {count(used.get(label_id, 0), 'answer')}"
        right = f"{counted}  {share:>{_SHARE}}"
        left = width - cells(right) - 4
        names = tuple(words.label_name(one.name) for one in session.scheme.labels)
        name = told_apart(names, left)[words.label_name(label.name)]
        mark, style = "  ", "class:label"
        if label_id in session.current.suggestion:
            by_model = question is not None and label_id in question.ranked.suggestion
            mark, style = ("▸ ", "class:good") if by_model else ("✓ ", "class:chosen")
        yield [
            (style, mark),
            ("class:key", f"{key:1} "),
            (style, name + " " * (left - cells(name))),
            ("class:dim", right),
        ]
        about = words.label_name(label.description)
        yield from ([("class:dim", f"    {part}")] for part in fold(about, width - 4) if about)

    def shelf(self, session: Session, width: int, rows: int) -> list[Line]:
        """Return the newest answers, to stand under the labels of a tall screen."""
        title: Line = [("class:title", "Just answered")]
        keys = self._keyboard.key_of("undo"), self._keyboard.key_of("history")
        hint = f"{keys[0]} undoes the first   {keys[1]} lists all"
        head = sides(title, [("class:hint", hint)], width)
        return [head, *islice(self._history(session, width), rows - 1)]

    def _history(self, session: Session, width: int) -> Iterator[Line]:
        """The newest answers, of whatever session."""
        version = (session.ledger.newest(), session.scheme)
        if self._recent[0] != version:
            found = lookup.history(session.ledger.finder, Query())[:_RECENT]
            self._recent = (version, found)
        if not self._recent[1]:
            yield [("class:dim", "no answers yet")]
            return
        widest = max(cells(words.named_of(session, one)) for one in self._recent[1])
        said = min(max(8, width // 3 - 2), max(widest, len("answer")))
        yield [("class:heading", f"when     {'answer':<{said}}  model  ticket")]
        for one in self._recent[1]:
            at = time.strftime("%H:%M", time.localtime(one.answer.answered)) if one.answer else ""
            row = result_row(session, one, said, width - 7)
            yield [("class:dim", f"{at:5}  "), *row]

    def _progress(self, session: Session, width: int) -> Iterator[Line]:
        """The answers per label, and the curve of the accuracy."""
        if self._overview is None or abs(session.count - self._overview[0]) >= _AGAIN:
            self._overview = (session.count, session.ledger.overview())
        self._count_used(session)
        yield from progress_lines(session, self._with_used(session, self._overview[1]), width)

    def _with_used(self, session: Session, overview: Overview) -> Overview:
        """The same with the labels' answers as they were counted last."""
        used, scheme = self._used[1], session.scheme
        if used is None or scheme.scored:
            return overview
        counted = [(label.name, used.get(label.id, 0)) for label in scheme.labels]
        if scheme.task != "rating":
            counted.sort(key=lambda one: -one[1])
        return replace(overview, labels=tuple(counted))


def _is_told_of(session: Session, label_id: int) -> bool:
    """Whether a score is worth a row: one of a hundred that says something."""
    described = session.scheme.label(label_id).description
    return bool(described) or label_id in session.current.suggestion


def _is_small(session: Session) -> bool:
    return session.ledger.total <= _SMALL


def _why(session: Session, width: int) -> Iterator[Line]:
    if session.question is None:
        return iter(())
    return why_lines(session, session.question, (), width, marked=False)


def _tabs(side: Side, width: int) -> Line:
    line: Line = []
    for one in SIDES:
        title = _TITLES[one]
        line.append(("class:title", f"[{title}]") if one == side else ("class:dim", f" {title} "))
        line.append(("", " "))
    hint = "tab next"
    used = sum(cells(text) for _, text in line)
    return [*line, ("class:hint", f"{hint:>{width - used}}")] if width - used > len(hint) else line


def _preview(session: Session, found: Found, width: int) -> Iterator[Line]:
    """The selected row of a list: what is known of it, and its whole text."""
    about = details(session, found, whole=True)
    yield from ([("class:dim", part)] for part in fold(about, width) if about)
    yield [("class:rule", "─" * width)]
    yield from folded_text(found.ticket.text, width)
    yield []
    if found.answer is not None:
        yield [("class:chosen", fit(f"answered {words.said_of(session, found)}", width))]
    if found.ranked is not None and found.ranked.probabilities:
        said = words.probabilities(session, Question(found.ticket, found.ranked))
        yield from ([("class:dim", part)] for part in fold(f"the model: {said}", width))
