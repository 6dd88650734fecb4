"""What a recipe may add to a session: keys, panels, its own look of tickets, a check of answers.

Everything here is called in the process of the screen, between two keys. What it raises becomes a
notice and is logged, and the session goes on. Its text is made safe before it is shown, and its
styles are those of the theme, so that it can neither drive the terminal nor clash with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from txtal.recipes.patterns import Patterns, spans
from txtal.types import Span, Ticket, reasons

if TYPE_CHECKING:
    from txtal.session.session import Session

T = TypeVar("T")

Styled = str | Iterable[tuple[str, str]]
"""Text, or fragments of it: (style, text). A style is words of :data:`STYLES`."""

ATTRIBUTES = ("bold", "italic", "underline", "reverse", "strike")
ADDED = "recipe:"
"""What the names of the actions that a recipe adds begin with."""

CLASSES = ("dim", "title", "key", "good", "bad", "warn", "match")
STYLES = (*ATTRIBUTES, *CLASSES)
"""Attributes, and names that the theme gives a look."""

Save = Callable[[Callable[[], None]], object]
"""Records, and waits for the database if it must: the shell's."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the recipe's own, on a ticket."""

    key: str
    """One character, or such as ``f5`` or ``c-o``; one that nothing else has."""
    help: str
    """What it does, for the list of keys."""
    do: Callable[[Desk], str | None]
    """Called when it is pressed; what it returns is told."""
    hint: str = ""
    """The word in the footer; without one only the help lists it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Something more to read: a page behind a key, or without one some lines under the ticket."""

    title: str
    show: Callable[[Desk], Styled]
    """Called when it is opened or, under the ticket, for each question."""
    key: str = ""
    hint: str = ""
    rows: int = 4
    """The most lines it takes under a ticket."""


@dataclass(frozen=True, slots=True)
class Extras:
    """All that a recipe adds."""

    render: Callable[[Ticket], Styled] | None = None
    keys: Sequence[Key] = ()
    panels: Sequence[Panel] = ()
    patterns: Patterns = field(default_factory=Patterns)

    @property
    def pressed(self) -> list[tuple[str, Key | Panel]]:
        """What has a key, with the names of their actions."""
        every: list[Key | Panel] = [*self.keys, *self.panels]
        return [(ADDED + one.key, one) for one in every if one.key]


@dataclass(frozen=True, slots=True)
class Shown:
    """Text with where its styles are."""

    text: str
    spans: tuple[Span, ...] = ()
    alone: bool = False
    """It stands in the place of the ticket's meta, too."""


class Desk:
    """What a recipe's keys and panels see of the session, and may do in it."""

    def __init__(self, session: Session, save: Save) -> None:
        self._session = session
        self._save = save

    @property
    def ticket(self) -> Ticket:
        """The ticket at hand. Raises LookupError when there is none."""
        if self._session.question is None:
            raise LookupError("there is no ticket at hand")
        return self._session.question.ticket

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels there are."""
        return tuple(label.name for label in self._session.scheme.labels)

    @property
    def suggestion(self) -> tuple[str, ...]:
        """The names of what accepting would answer."""
        names = self._session.scheme.names
        return tuple(names[label] for label in self._session.current.suggestion)

    @property
    def count(self) -> int:
        """Answers given in this session."""
        return self._session.count

    @property
    def blind(self) -> bool:
        """Whether suggestions are hidden: in random checks, and where a ticket is shown again."""
        question = self._session.question
        return question is None or question.again or reasons.blind(question.ranked.reason)

    @property
    def flagged(self) -> bool:
        """Whether the ticket is flagged; may be set."""
        return self._session.current.flagged

    @flagged.setter
    def flagged(self, value: bool) -> None:
        self._session.current.flagged = value

    @property
    def comment(self) -> str:
        """The ticket's comment; may be set."""
        return self._session.current.comment

    @comment.setter
    def comment(self, value: str) -> None:
        self._session.current.comment = value

    def choose(self, name: str) -> None:
        """Answer with this label; in a multilabel dataset choose it, or no longer.

        Raises LookupError when there is none called so.
        """
        ids = {label.name: label.id for label in self._session.scheme.labels}
        if name not in ids:
            raise LookupError(f"there is no label called {name!r}")
        self._save(partial(self._session.choose, ids[name]))

    def accept(self) -> None:
        """Answer as the key for accepting does."""
        self._save(self._session.accept)

    def reject(self) -> None:
        """Answer as the key for rejecting does."""
        self._save(self._session.reject)

    def ignore(self) -> None:
        """Say nothing of this ticket."""
        self._save(self._session.ignore)


class Extension:
    """A recipe's extras at work in one session: whatever they raise is told and kept."""

    def __init__(self, extras: Extras, session: Session, save: Save) -> None:
        self.extras = extras
        self.session = session
        self.desk = Desk(session, save)

    def rendered(self, ticket: Ticket) -> Shown:
        """The recipe's look of a ticket; without one the text, with what the patterns find."""
        render = self.extras.render
        made = self._shown("render", partial(render, ticket)) if render else None
        if made is not None:
            return replace(made, alone=True)
        return Shown(ticket.text, spans(self.extras.patterns.find(ticket.text), "class:match"))

    def matched(self, ticket: Ticket) -> tuple[tuple[str, str], ...]:
        """What the patterns find in a ticket, each with the label it speaks for."""
        found = self.extras.patterns.find(ticket.text)
        pairs = ((ticket.text[match.start : match.end], match.label) for match in found)
        return tuple(dict.fromkeys(pairs))

    def standing(self) -> list[tuple[Panel, Shown]]:
        """The panels that stand under the ticket at hand, and what is in them."""
        found = ((panel, self.opened(panel)) for panel in self.extras.panels if not panel.key)
        return [(panel, shown) for panel, shown in found if shown is not None and shown.text]

    def opened(self, panel: Panel) -> Shown | None:
        """What is in a panel now."""
        return self._shown(f"panel {panel.title}", partial(panel.show, self.desk))

    def press(self, key: Key) -> str:
        """Do what the recipe's key does. Returns what it has to tell."""
        return self._tried(f"key {key.key}", lambda: str(key.do(self.desk) or "")) or ""

    def _shown(self, what: str, make: Callable[[], Styled]) -> Shown | None:
        return self._tried(what, lambda: flat(make()))

    def _tried(self, what: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - a recipe's fault must not stop the session
            self.session.notices.recipe_failed(what, error)
            return None


def flat(styled: Styled) -> Shown:
    """Fragments as one text. Raises TypeError or ValueError for what isn't such."""
    if isinstance(styled, str):
        return Shown(styled)
    text, spans = "", []
    for style, part in styled:
        if not isinstance(part, str):
            raise TypeError(f"a fragment is (style, text), and not {type(part).__name__}")
        if style and part:
            spans.append((len(text), len(text) + len(part), _style(style)))
        text += part
    return Shown(text, tuple(spans))


def _style(words: str) -> str:
    unknown = [word for word in words.split() if word not in STYLES]
    if unknown:
        raise ValueError(f"no style is called {unknown[0]!r}; there are: {', '.join(STYLES)}")
    return " ".join(f"class:{word}" if word in CLASSES else word for word in words.split())
