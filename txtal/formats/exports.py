"""The table of export formats.

A row has the name of the format, the endings of its files' names, its line in
``txtal export --help``, and the function that writes it. A writer's module is imported only when
it is needed, because every command reads this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

from txtal.errors import UsageError
from txtal.formats.registry import FormatTable, resolved

if TYPE_CHECKING:
    from txtal.formats.rows import Row, Writable, Written
    from txtal.types import Scheme

    Finish: TypeAlias = Callable[["Target", Mapping[str, Path]], None]
    Writer: TypeAlias = Callable[[Iterable[Row], "Target"], Written]


@dataclass(frozen=True, slots=True)
class Target:
    """The destination and options of an export, as a writer gets them."""

    scheme: Scheme
    """The dataset's task and labels."""
    output: Path | None
    """The file or folder of ``-o``; None is standard output."""
    text: Callable[[], AbstractContextManager[Writable]]
    """Opens ``output``, or standard output, for UTF-8 text. A file is replaced whole at the end of
    the block; an exception leaves it as it was."""
    formulas: bool = False
    """Whether cells that a spreadsheet may run as formulas stay as they are."""
    bom: bool = False
    """Whether CSV begins with a byte order mark, by which Excel knows that it is UTF-8."""
    lang: str = "en"
    """The language of the texts, for spaCy's tokens."""
    has_ids: Callable[[], bool] = lambda: False
    """Whether any ticket came with an id of its own, so that tables have a column of them."""
    whole_ids: Callable[[], bool] = lambda: False
    """Whether all of these are whole numbers, which a column of a type of its own can hold."""

    def binary(self) -> AbstractContextManager[BinaryIO]:
        """Open ``output`` for bytes. Raises UsageError where it is standard output."""
        from txtal.formats.atomic import write_bytes_atomically

        return write_bytes_atomically(self.named())

    def folder(self) -> AbstractContextManager[Path]:
        """A new folder that takes the place of ``output`` at the end of the block."""
        from txtal.formats.folder import replaced_folder

        return replaced_folder(self.named())

    def named(self) -> Path:
        """``output``. Raises UsageError where it is standard output."""
        if self.output is None:
            raise UsageError("this format is no text: name a file with -o")
        return self.output


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """An export format: its name, file endings, line of help, and the function that writes it."""

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
    votes: bool = False
    """Whether it can hold what rules and commands say, so that it is given that, too."""
    every: bool = False
    """Whether it can hold several annotators' answers to a ticket, each under its own name."""
    terminal: bool = True
    """Whether what it writes is harmless on a terminal."""
    folder: bool = False
    """Whether ``-o`` names a folder, which holds all the parts of a split."""
    ending: str = ".jsonl"
    """How the name of a part of a split ends, where the format has no suffix of its own."""
    finish: Finish | str = ""
    """Called with the target and the paths of a split's parts by name, once these are written."""
    keeps: str = ""
    """What is left of an answer, in words; empty where nothing is lost."""

    def write(self, rows: Iterable[Row], target: Target) -> Written:
        """Write ``rows`` and return what was written and what was left out."""
        return cast("Writer", resolved(self.writer))(rows, target)

    def finished(self, target: Target, parts: Mapping[str, Path]) -> None:
        """Write what belongs to the parts together, if anything does."""
        if self.finish:
            cast("Finish", resolved(self.finish))(target, parts)

    @property
    def suffix(self) -> str:
        """How the name of a part of a split ends."""
        return "" if self.folder else next(iter(self.suffixes), self.ending)


_WRITERS = "txtal.formats.writers"

_LABELS = "text, id and labels"
_TABLE = "text, id, labels, annotator, time and comment"
_TOOLS = "text, id, meta and labels"

EXPORTS = FormatTable(
    "export",
    ExportFormat(
        "jsonl",
        (".jsonl", ".ndjson"),
        "everything",
        f"{_WRITERS}.full:write",
        predictions=True,
        votes=True,
        every=True,
    ),
    ExportFormat(
        "prodigy",
        (),
        "Prodigy's tasks",
        f"{_WRITERS}.tasks:write",
        predictions=True,
        votes=True,
        every=True,
    ),
    ExportFormat(
        "plain",
        (),
        "text and label",
        f"{_WRITERS}.pairs:write",
        predictions=True,
        keeps=_LABELS,
    ),
    ExportFormat(
        "csv",
        (".csv",),
        "a table for a spreadsheet",
        f"{_WRITERS}.table:write",
        terminal=False,
        keeps=_TABLE,
    ),
    ExportFormat(
        "tsv",
        (".tsv", ".tab"),
        "the same with tabs",
        f"{_WRITERS}.table:write_tabs",
        terminal=False,
        keeps=_TABLE,
    ),
    ExportFormat(
        "excel",
        (".xlsx",),
        "the same as a workbook",
        f"{_WRITERS}.workbook:write",
        terminal=False,
        keeps=_TABLE,
    ),
    ExportFormat(
        "parquet",
        (".parquet",),
        "the same with types",
        f"{_WRITERS}.arrow:write_parquet",
        terminal=False,
        keeps=_TABLE,
    ),
    ExportFormat(
        "hf",
        (),
        "a folder for Hugging Face's datasets",
        f"{_WRITERS}.arrow:write_dataset",
        terminal=False,
        folder=True,
        finish=f"{_WRITERS}.arrow:finish_split",
        keeps=_TABLE,
    ),
    ExportFormat(
        "spacy",
        (".spacy",),
        "a DocBin to train spaCy on",
        f"{_WRITERS}.docbin:write",
        finish=f"{_WRITERS}.docbin:write_config",
        terminal=False,
        keeps=_LABELS,
    ),
    ExportFormat(
        "fasttext",
        (".ft", ".fasttext"),
        "lines for fastText",
        f"{_WRITERS}.fasttext:write",
        terminal=False,
        keeps="text and labels, line ends as blanks",
    ),
    ExportFormat(
        "labelstudio",
        (),
        "Label Studio's tasks",
        f"{_WRITERS}.tools:write_studio",
        predictions=True,
        votes=True,
        ending=".json",
        keeps=_TOOLS,
    ),
    ExportFormat(
        "doccano", (), "doccano's JSON Lines", f"{_WRITERS}.tools:write_doccano", keeps=_TOOLS
    ),
    ExportFormat(
        "argilla",
        (),
        "Argilla's records",
        f"{_WRITERS}.tools:write_argilla",
        predictions=True,
        votes=True,
        ending=".json",
        keeps=_TOOLS,
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
