"""The columns that tables have in common, be they CSV, Excel or Parquet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from txtal.formats.exports import Target
from txtal.formats.rows import ticket_id, when
from txtal.formats.writers.training import Example

Kind = Literal["id", "text", "label", "mark", "grade"]
"""``id``: as the ticket came with it, text or a number. ``mark``: 1 where a label applies, else 0.
``grade``: a whole number."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: Kind
    of: Callable[[Example], Any]
    """The cell of an example: text, a number, or None."""


def columns(target: Target) -> list[Column]:
    """The columns of a dataset's table.

    Where one label applies it is in ``label``; else there is a column ``label:NAME`` of 1 and 0 for
    each label, so that a no differs from a missing answer. ``id`` is there if any ticket
    has one.
    """
    ids = [Column("id", "id", lambda one: ticket_id(one.row.ticket))] if target.has_ids() else []
    return [
        *ids,
        Column("text", "text", lambda one: one.text),
        *_labels(target),
        Column("annotator", "text", lambda one: one.row.answer.annotator or None),
        Column("timestamp", "text", lambda one: when(one.row.answer.answered)),
        Column("comment", "text", lambda one: one.row.answer.comment or None),
    ]


def _labels(target: Target) -> list[Column]:
    scheme = target.scheme
    if scheme.task in ("multilabel", "binary"):
        return [_mark(label.name) for label in scheme.labels]
    only = Column("label", "label", lambda one: one.labels[0])
    if scheme.task != "rating":
        return [only]
    return [only, Column("rating", "grade", lambda one: int(one.labels[0]))]


def _mark(label: str) -> Column:
    return Column(f"label:{label}", "mark", lambda one: int(label in one.labels))
