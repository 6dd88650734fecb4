"""The table of import formats.

A row has the name of the format, the endings of its files' names, how to recognise its first bytes
if that is possible, and the function that reads it. Readers don't interpret fields; see
:mod:`txtal.formats.fields`, and :mod:`txtal.formats.shapes` for the records of other tools.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from txtal.formats.reading import Rows, Source
from txtal.formats.registry import FormatTable, resolved

Reader: TypeAlias = Callable[[Source], Rows]


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """An import format: its name, file endings, and the function that reads it."""

    name: str
    """As ``--format`` has it."""
    suffixes: tuple[str, ...]
    """How names of files in this format end, without ``.gz``."""
    help: str
    """What it is, in a few words."""
    reader: Reader | str
    """Yields the records of a source. As ``module:function`` it is imported on first use."""
    recognises: Callable[[bytes], bool] | None = None
    """Whether a file that begins so is in this format for sure, whatever it is called."""
    columns: bool = False
    """Whether it is a table, all columns of which but the labels are meta."""
    by_path: bool = False
    """Whether the reader opens the file itself, so that it can't be compressed or piped."""
    grows: bool = False
    """Whether a file of it can be followed while it is written to."""

    def read(self, source: Source) -> Rows:
        """The records of ``source``. A fault in the whole file may be raised at the call."""
        return cast(Reader, resolved(self.reader))(source)


def _is_json(head: bytes) -> bool:
    """Whether it is JSON other than an object a line: a list of objects, or objects over lines."""
    from txtal.formats.readers.whole import is_whole

    return is_whole(head)


_MAILBOX = re.compile(rb"From [^\n]*\n[A-Za-z][A-Za-z0-9-]*:")


def _is_mailbox(head: bytes) -> bool:
    """Whether it is a line that begins with ``From``, and then a message's headers."""
    return _MAILBOX.match(head) is not None


_LINE_OF_JSON = re.compile(rb'\s*\{\s*(?:"[^"\n]*"\s*:|\}).*')


def _is_jsonl(head: bytes) -> bool:
    return _LINE_OF_JSON.match(head) is not None


_FASTTEXT_LABEL = re.compile(rb"(?:\A|[ \t])__label__\S")


def _is_fasttext(head: bytes) -> bool:
    whole_lines = head[: head.rfind(b"\n") + 1] or head
    lines = [line for line in whole_lines.split(b"\n") if line.strip()]
    return bool(lines) and all(_FASTTEXT_LABEL.search(line) for line in lines)


def _is_table(head: bytes) -> bool:
    """Whether its first line is a table's header, with a column that is called as texts are."""
    from txtal.formats.guesses import is_header

    line = head.partition(b"\n")[0].decode("utf-8", "replace").strip("\ufeff\r ")
    return line.lower().strip('"').startswith("sep=") or is_header(line)


_READERS = "txtal.formats.readers"

IMPORTS = FormatTable(
    "import",
    ImportFormat(
        "jsonl",
        (".jsonl", ".ndjson", ".jsonlines"),
        "JSON, one object per line",
        f"{_READERS}.jsonl:read",
        recognises=_is_jsonl,
        grows=True,
    ),
    ImportFormat(
        "csv",
        (".csv", ".tsv", ".tab"),
        "a table with a header; commas, semicolons, tabs or | separate",
        f"{_READERS}.delimited:read",
        recognises=_is_table,
        columns=True,
    ),
    ImportFormat("txt", (".txt",), "one text per line", f"{_READERS}.plain:read", grows=True),
    ImportFormat(
        "json",
        (".json",),
        "a list of objects, an object of lists, or objects over several lines",
        f"{_READERS}.whole:read",
        recognises=_is_json,
    ),
    ImportFormat(
        "parquet",
        (".parquet",),
        "needs the extra parquet",
        "txtal.formats.parquet:read",
        columns=True,
        by_path=True,
    ),
    ImportFormat(
        "arrow",
        (".arrow",),
        "also a folder that Hugging Face's save_to_disk wrote; needs the extra parquet",
        f"{_READERS}.arrow:read",
        columns=True,
        by_path=True,
    ),
    ImportFormat(
        "excel",
        (".xlsx", ".xlsm"),
        "the first sheet with anything in it; needs the extra excel",
        f"{_READERS}.excel:read",
        columns=True,
        by_path=True,
    ),
    ImportFormat(
        "folders",
        (),
        "a folder for each label, with a file for each text",
        f"{_READERS}.label_folders:read",
        by_path=True,
    ),
    ImportFormat(
        "fasttext",
        (".ft", ".fasttext"),
        "one text per line, with __label__NAME",
        f"{_READERS}.fasttext:read",
        recognises=_is_fasttext,
    ),
    ImportFormat(
        "spacy",
        (".spacy",),
        "a DocBin, its cats as labels",
        f"{_READERS}.docbin:read",
        by_path=True,
    ),
    ImportFormat(
        "mbox",
        (".mbox",),
        "a mailbox",
        f"{_READERS}.mail:read_mbox",
        recognises=_is_mailbox,
        by_path=True,
    ),
    ImportFormat(
        "maildir",
        (),
        "a folder of mail, a message per file in cur and new",
        f"{_READERS}.mail:read_maildir",
        by_path=True,
    ),
    ImportFormat("eml", (".eml",), "one message", f"{_READERS}.mail:read_message"),
)
"""Every import format, in the order in which messages list them."""


def import_format(row: ImportFormat) -> ImportFormat:
    """Add a format of a recipe's own to the table and return it.

    Raises UsageError when another format has its name or one of its suffixes.
    """
    return IMPORTS.add(row)


def is_parquet(source: object) -> bool:
    """Whether the name of a SOURCE says that it is Parquet."""
    return str(source).lower().endswith(IMPORTS.named("parquet").suffixes)


def is_mailbox(path: Path) -> bool:
    """Whether a file without an ending, as mail programs name them, is a mailbox."""
    if path.suffix or not path.is_file():
        return False
    with path.open("rb") as file:
        return _is_mailbox(file.read(_HEAD))


_HEAD = 4096


def is_maildir(folder: Path) -> bool:
    """Whether a folder holds mail, a message a file, in ``cur`` and ``new``."""
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def recognised(head: bytes) -> ImportFormat | None:
    """The format that a file that begins with ``head`` is in for sure; None where none is sure.

    What is more than a format a line, such as a list of objects, is asked first: its first line may
    look like a line of the other.
    """
    for name in ("json", "fasttext", "jsonl"):
        row = IMPORTS.named(name)
        if row.recognises is not None and row.recognises(head):
            return row
    known = {"json", "fasttext", "jsonl"}
    others = (row for row in IMPORTS if row.name not in known and not row.by_path)
    return next((row for row in others if row.recognises and row.recognises(head)), None)
