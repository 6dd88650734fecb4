"""Changing the labels in a session: from the list of labels, on the marked one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from txtal.errors import UsageError
from txtal.text import look_alike, normalise_label
from txtal.types import Label, LabelChange
from txtal.ui import words
from txtal.ui.picker import Choice

if TYPE_CHECKING:
    from txtal.ui.screen import Screen


class Editing:
    """What the screen does with labels besides answering with them."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    @property
    def actions(self) -> dict[str, Callable[[str], None]]:
        """What each of these actions of :data:`txtal.ui.keys.ACTIONS` does."""
        return {
            "about": lambda _: self._on_marked(self._about),
            "rename": lambda _: self._on_marked(self._rename),
            "describe": lambda _: self._on_marked(self._describe),
            "merge": lambda _: self._on_marked(self._merge),
            "split": lambda _: self._on_marked(self._split),
            "retire": lambda _: self._on_marked(self._retire),
            "restore": lambda _: self._change(LabelChange("undo"), "taken back"),
        }

    def _on_marked(self, do: Callable[[Label], None]) -> None:
        choice = self._screen.marked
        if choice and choice.label:
            do(self._screen.session.scheme.label(choice.label))

    def _about(self, label: Label) -> None:
        shown = self._screen.look.about and self._screen.look.subject == label.id
        examples = () if shown else tuple(self._screen.session.ledger.examples(label.id))
        self._screen.see(about=not shown, subject=label.id, examples=examples)

    def _rename(self, label: Label) -> None:
        self._screen.type_line("rename", label.name, label.id)

    def _describe(self, label: Label) -> None:
        self._screen.type_line("describe", label.description, label.id)

    def _merge(self, label: Label) -> None:
        self._screen.pick("merge", subject=label.id)

    def _split(self, label: Label) -> None:
        self._screen.type_line("split", subject=label.id)

    def _retire(self, label: Label) -> None:
        name = words.label_name(label.name)
        self._ask(
            f"Offer {name} no longer? Its answers stay.",
            LabelChange("retire", label.id),
            f"retired {name}",
        )

    def take(self, choice: Choice) -> None:
        """Merge into the chosen label, or add the new one and answer with it."""
        if choice.new:
            self._offer(choice.new)
            return
        names, subject = self._screen.session.scheme.names, self._screen.look.subject
        part, whole = (words.label_name(names[i]) for i in (subject, choice.label))
        self._ask(
            f"Merge {part} into {whole}? Answers with {part} count as {whole} then.",
            LabelChange("merge", subject, into=choice.label),
            f"{part} is {whole} now",
        )

    def _offer(self, given: str) -> None:
        try:
            name = normalise_label(given)
        except UsageError as error:
            self._screen.see(mode="ticket", notice=str(error))
            return
        twin = look_alike(name, self._screen.session.scheme.names.values())
        alike = f", which looks like {words.label_name(twin)}," if twin else ","
        self._screen.confirm(
            f"Add the label {words.label_name(name)}{alike} and answer with it?",
            partial(self._screen.save, partial(self._add, name)),
        )

    def _add(self, name: str) -> None:
        """Add the label unless that was done already, and only the answer had to wait."""
        session = self._screen.session
        if name not in (label.name for label in session.scheme.labels):
            self._try(LabelChange("add", name=name), f"added {words.label_name(name)}")
        added = next((label.id for label in session.scheme.labels if label.name == name), None)
        if added is not None:
            session.choose(added)

    def keep(self, text: str) -> None:
        """A new name or description was typed, or the names a label becomes."""
        look, names = self._screen.look, self._screen.session.scheme.names
        name = words.label_name(names[look.subject])
        if look.purpose == "rename":
            said = f"{name} is {words.label_name(text)} now"
            self._change(LabelChange("rename", look.subject, name=text), said)
        elif look.purpose == "describe":
            self._change(LabelChange("describe", look.subject, description=text), "noted")
        else:
            parts = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
            self._ask(
                f"Split {name} into {words.label_name(', '.join(parts))}? Its tickets are asked "
                "again, after this one.",
                LabelChange("split", look.subject, names=parts),
                f"split {name}",
            )

    def _ask(self, question: str, wanted: LabelChange, said: str) -> None:
        self._screen.confirm(question, partial(self._change, wanted, said))

    def _change(self, wanted: LabelChange, said: str) -> None:
        self._screen.save(partial(self._try, wanted, said))

    def _try(self, wanted: LabelChange, said: str) -> None:
        try:
            self._screen.session.change_labels(wanted)
        except UsageError as error:
            said = str(error)
        else:
            if wanted.action != "undo":
                said += "; ctrl-x in the list of labels takes it back"
        self._screen.see(mode="ticket", notice=said)
