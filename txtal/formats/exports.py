"""The export formats: one table, a row for each.

A row says what the format is called, how its files' names end, what ``txtal export --help`` says of
it, and which function writes it. Light, for the command line reads it: a writer's module is
imported once the writer is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from txtal.formats.registry import Table, resolved

if TYPE_CHECKING:
    from txtal.formats.rows import Row, Writable, Written
    from txtal.types import Scheme

    Writer: TypeAlias = Callable[[Iterable[Row], "Target"], Written]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an export goes, and how it is wished for."""

    scheme: Scheme
    """The dataset's task and labels."""
    output: Path | None
    """The file or folder of ``-o``; None is standard output."""
    text: Callable[[], AbstractContextManager[Writable]]
    """Opens ``output``, or standard output, for UTF-8 text. A file is replaced whole at the end of
    the block; an exception leaves it as it was."""
    formulas: bool = False
    """Whether cells that a spreadsheet may run as formulas stay as they are."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A row of the table."""

    name: str
    """As ``-f`` has it."""
    suffixes: tuple[str, ...]
    """How names of files in this format end, without ``.gz``: ``-o`` finds the format by them."""
    help: str
    """What is written, in a few words."""
    writer: Writer | str
    """Writes all rows to the target. As ``module:function`` it is imported on first use."""
    predictions: bool = False
    """Whether it can mark a label as a prediction, so that it is given those rows too."""
    every: bool = False
    """Whether it can hold several annotators' answers to a ticket, each under its own name."""
    terminal: bool = True
    """Whether what it writes is harmless on a terminal."""

    def write(self, rows: Iterable[Row], target: Target) -> Written:
        """Write ``rows`` and return what was written and what was left out."""
        return cast("Writer", resolved(self.writer))(rows, target)


_WRITERS = "txtal.formats.writers"

EXPORTS = Table(
    "export",
    ExportFormat(
        "jsonl",
        (".jsonl", ".ndjson"),
        "everything",
        f"{_WRITERS}.full:write",
        predictions=True,
        every=True,
    ),
    ExportFormat("prodigy", (), "Prodigy's tasks", f"{_WRITERS}.tasks:write", every=True),
    ExportFormat(
        "plain",
        (),
        "text and label of what was accepted",
        f"{_WRITERS}.pairs:write",
        predictions=True,
    ),
    ExportFormat(
        "csv",
        (".csv",),
        "the same for a spreadsheet",
        f"{_WRITERS}.table:write",
        terminal=False,
    ),
)
"""Every export format, in the order in which the help shows them."""

DEFAULT = "jsonl"


def export_format(row: ExportFormat) -> ExportFormat:
    """Add a format of a recipe's own to the table and return it.

    Raises UsageError when another format has its name or one of its suffixes.
    """
    return EXPORTS.add(row)


def chosen(name: str | None, output: Path | None) -> ExportFormat:
    """The format called ``name``, else the one that ``output`` is named after, else the default.

    Raises UsageError for a name that no format has.
    """
    if name is not None:
        return EXPORTS.named(name)
    found = EXPORTS.by_suffix(output) if output is not None else None
    return found or EXPORTS.named(DEFAULT)


def help_of_formats() -> str:
    """What ``--format`` says of each: ``jsonl: everything. csv: …``."""
    return " ".join(f"{row.name}: {row.help}." for row in EXPORTS)
