"""Which key means which label, a digit or a letter of its own, and what all others mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from txtal.session.session import Session
from txtal.types import Label, LabelKeys, Question, Scheme, grades
from txtal.ui import picker
from txtal.ui.actions import ACTIONS
from txtal.ui.keys import DIGITS, GRADES, LETTERS, Action, single_keys


class Keyboard:
    """The keys of the labels, which stay where they are while a question stands."""

    def __init__(
        self,
        style: LabelKeys = "auto",
        reserved: Collection[str] = (),
        actions: Sequence[Action] = ACTIONS,
    ) -> None:
        self.style = style
        self.actions = actions
        """The table of all other keys."""
        self._named = {action.name: action for action in actions}
        self._reserved = frozenset(reserved)
        self._letters: dict[int, str] = {}
        self._question: Question | None = None
        self._scheme: tuple[Label, ...] = ()
        self._order: tuple[int, ...] = ()

    def action(self, name: str) -> Action:
        """Return the action of this name; one of them where each task has its own."""
        return self._named[name]

    def key_of(self, name: str) -> str:
        """Return the key to name for an action."""
        return self._named[name].first

    def offered(self, session: Session) -> Mapping[str, int]:
        """The label behind each key, in the order they are shown; grades have their own digits.

        Scores have none: their digits are typed.
        """
        order = self.order(session)
        if session.scheme.scored:
            return {}
        if session.scheme.task == "rating":
            return {grades.key(label.name): label.id for label in session.scheme.labels}
        if self._style(session) == "mnemonic":
            keys = self._lettered(session)
            return {keys[i]: i for i in session.scheme.ids if i in keys}
        if self._style(session) == "fixed":
            order = session.scheme.ids
        return _digits(session.scheme, order)

    def order(self, session: Session) -> tuple[int, ...]:
        """Return every label, the most probable for the ticket first; scores from the highest."""
        if session.scheme.scored:
            return session.scheme.ids[::-1]
        question, labels = session.question, session.scheme.labels
        stays = question is self._question or (question and question.completes(self._question))
        if not stays or labels is not self._scheme:
            self._order = (
                picker.most_probable_first(
                    labels, self._known(session, question), question.ticket.text
                )
                if question
                else session.scheme.ids
            )
            self._question, self._scheme = question, labels
        return self._order

    def _known(self, session: Session, question: Question) -> tuple[tuple[int, float], ...]:
        """The probabilities to order labels by: of a random check only where keys go by them."""
        by_keys = self._style(session) == "ranked"
        return question.key_probabilities if by_keys else question.ranked.probabilities

    def _style(self, session: Session) -> LabelKeys:
        """Few labels keep their keys, so that fingers learn them, and so do all without a model."""
        if self.style != "auto":
            return self.style
        few = len(session.scheme.ids) <= len(DIGITS)
        return "fixed" if few or session.policy.order == "file" else "ranked"

    def _lettered(self, session: Session) -> dict[int, str]:
        """A letter for each label as far as they go; one that has its letter keeps it."""
        taken = {
            *self._reserved,
            *single_keys(session.scheme.task, self.actions),
            *self._letters.values(),
        }
        new = [label for label in session.scheme.labels if label.id not in self._letters]
        self._letters |= letters(new, taken)
        return self._letters


def _digits(scheme: Scheme, order: Iterable[int]) -> dict[str, int]:
    """A digit for each label as far as they go; one whose name is a digit has that one."""
    own = {label.name: label.id for label in scheme.labels if label.name in GRADES}
    order = [label_id for label_id in order if label_id not in own.values()]
    free = [digit for digit in DIGITS if digit not in own]
    return dict(sorted({**own, **dict(zip(free, order, strict=False))}.items()))


def letters(labels: Iterable[Label], taken: Collection[str]) -> dict[int, str]:
    """A letter for each label by its id: the first of a word, any of the name, or any at all."""
    free = {letter for letter in LETTERS if letter not in taken}
    given: dict[int, str] = {}
    for label in labels:
        letter = next((wish for wish in _wishes(label.name) if wish in free), None)
        if letter is None:
            break
        free.remove(letter)
        given[label.id] = letter
    return given


def _wishes(name: str) -> Iterator[str]:
    yield from (word[0] for word in picker.words_of(name))
    yield from name.casefold()
    yield from LETTERS
