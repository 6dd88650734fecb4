"""Records of other tools: one table of how each is recognised and what its fields mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from txtal.formats.fields import RowFault
from txtal.formats.labelled import Stated
from txtal.formats.reading import Fields

_Made = TypeVar("_Made")

Answers: TypeAlias = Callable[[Fields, str, str], tuple[Stated, ...]]
"""What a record says: of its fields, the field or question named by ``--label``, a separator."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A row of the table."""

    name: str
    """The tool, as messages have it."""
    recognises: Callable[[Fields], bool]
    """Whether a record is the tool's."""
    flat: Callable[[Fields], Fields] | None = None
    """The record with its text and what else is the ticket's at the top level."""
    answers: Answers | None = None
    """None where labels are read as from any file."""
    text: tuple[str, ...] = ()
    """Fields that make the text, those that are there; none: ``text``, or a guess. Of several with
    ``|`` between them the first that is there."""
    markup: bool = False
    """Whether the text is HTML."""
    id: str = ""
    questions: Callable[[Fields], Iterable[str]] | None = None
    """What was asked of the record: of more than one, ``--label`` has to choose."""


def shapes() -> tuple[Shape, ...]:
    """Every shape; of two that recognise a record the first is right."""
    from txtal.formats.shapes import (
        argilla,
        chats,
        ground_truth,
        helpdesks,
        label_studio,
        others,
        own_lines,
        prodigy,
    )

    rooms = own_lines, label_studio, prodigy, argilla, ground_truth, others, chats, helpdesks
    return tuple(shape for room in rooms for shape in room.SHAPES)


def as_the_others(make: Callable[[Fields], _Made], shape: Shape) -> Callable[[Fields], _Made]:
    """Return ``make`` for files in which a record may be of another shape than most.

    It raises RowFault for a record that lacks what the others have, or has another kind of value
    there.
    """

    def made(fields: Fields) -> _Made:
        try:
            return make(fields)
        except (AttributeError, LookupError, TypeError):
            raise RowFault(f"isn't a record of {shape.name}'s, as others in the file are") from None

    return made


def shape_of(sample: Iterable[Fields]) -> Shape | None:
    """The shape that most of these records have; None where none has."""
    records = list(sample)
    for shape in shapes():
        if records and sum(map(shape.recognises, records)) * 2 > len(records):
            return shape
    return None
