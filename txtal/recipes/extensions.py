"""What a recipe can add to a session: keys, panels, its rendering of tickets, checks of answers.

All of it is called in the screen's process, between two keys. An exception becomes a notice and is
logged, and the session continues. Text is stripped of control characters before it is shown, and
styles are names that the theme defines, so a recipe can neither control the terminal nor clash with
its colours.
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
"""Text, or pairs of a style and a part of the text. A style consists of words of :data:`STYLES`."""

ATTRIBUTES = ("bold", "italic", "underline", "reverse", "strike")
ADDED = "recipe:"
"""Prefix of the names of the actions that a recipe adds."""

CLASSES = ("dim", "title", "key", "good", "bad", "warn", "match")
STYLES = (*ATTRIBUTES, *CLASSES)
"""Attributes of text, and names that the theme defines."""

Save = Callable[[Callable[[], None]], object]
"""Records an answer, waiting for the database if necessary; provided by the shell."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a recipe adds; it works while a ticket is shown."""

    key: str
    """One character, or a name such as ``f5`` or ``c-o``, that has no meaning yet."""
    help: str
    """What the key does, for the list of keys."""
    do: Callable[[Desk], str | None]
    """Called when the key is pressed; the text that it returns is shown."""
    hint: str = ""
    """The word in the footer; if empty, only the list of keys has the key."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Text that a recipe adds: a page behind a key or, without a key, lines under the ticket."""

    title: str
    show: Callable[[Desk], Styled]
    """Returns the text. Called when the page is opened or, under the ticket, for each ticket."""
    key: str = ""
    hint: str = ""
    rows: int = 4
    """The maximum number of lines under a ticket."""


@dataclass(frozen=True, slots=True)
class Extras:
    """Everything that a recipe adds to the screen."""

    render: Callable[[Ticket], Styled] | None = None
    keys: Sequence[Key] = ()
    panels: Sequence[Panel] = ()
    patterns: Patterns = field(default_factory=Patterns)

    @property
    def pressed(self) -> list[tuple[str, Key | Panel]]:
        """The keys and panels that have a key, each with the name of its action."""
        every: list[Key | Panel] = [*self.keys, *self.panels]
        return [(ADDED + one.key, one) for one in every if one.key]


@dataclass(frozen=True, slots=True)
class Shown:
    """Text, and the ranges of it that have a style."""

    text: str
    spans: tuple[Span, ...] = ()
    alone: bool = False
    """Whether it also replaces the ticket's meta."""


class Desk:
    """The view that a recipe's keys and panels have of the session, and what they can do in it."""

    def __init__(self, session: Session, save: Save) -> None:
        self._session = session
        self._save = save

    @property
    def ticket(self) -> Ticket:
        """The ticket on the screen. Raises LookupError if there is none."""
        if self._session.question is None:
            raise LookupError("no ticket is on the screen")
        return self._session.question.ticket

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all labels."""
        return tuple(label.name for label in self._session.scheme.labels)

    @property
    def suggestion(self) -> tuple[str, ...]:
        """The names of the labels that accepting would record."""
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
        """Answer with this label; in a multilabel dataset, choose or unchoose it.

        Raises LookupError if no label has this name.
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
        """Ignore this ticket; it isn't shown again."""
        self._save(self._session.ignore)


class Extension:
    """Calls a recipe's extras in one session; an exception is shown as a notice and logged."""

    def __init__(self, extras: Extras, session: Session, save: Save) -> None:
        self.extras = extras
        self.session = session
        self.desk = Desk(session, save)

    def rendered(self, ticket: Ticket) -> Shown:
        """Return a ticket as the recipe renders it, else its text with pattern matches marked."""
        render = self.extras.render
        made = self._shown("render", partial(render, ticket)) if render else None
        if made is not None:
            return replace(made, alone=True)
        return Shown(ticket.text, spans(self.extras.patterns.find(ticket.text), "class:match"))

    def matched(self, ticket: Ticket) -> tuple[tuple[str, str], ...]:
        """Return the pattern matches in a ticket, as pairs of the matched text and the label."""
        found = self.extras.patterns.find(ticket.text)
        pairs = ((ticket.text[match.start : match.end], match.label) for match in found)
        return tuple(dict.fromkeys(pairs))

    def standing(self) -> list[tuple[Panel, Shown]]:
        """Return the panels that stand under the ticket, with their text."""
        found = ((panel, self.opened(panel)) for panel in self.extras.panels if not panel.key)
        return [(panel, shown) for panel, shown in found if shown is not None and shown.text]

    def opened(self, panel: Panel) -> Shown | None:
        """Return a panel's text, or None if it raised an exception."""
        return self._shown(f"panel {panel.title}", partial(panel.show, self.desk))

    def press(self, key: Key) -> str:
        """Call a recipe's key. Returns the text to show."""
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
    """Join fragments into one text. Raises TypeError or ValueError for invalid fragments."""
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
