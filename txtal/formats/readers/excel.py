"""Excel in: the first sheet with anything in it. openpyxl reads it.

Its first row is the header, unless columns are named.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from txtal.errors import DataError, TxtalError, UsageError
from txtal.formats.readers.delimited import column_names, told_apart
from txtal.formats.reading import Rows, Source
from txtal.text import shorten


def read(source: Source) -> Rows:
    """The cells of each row by column, without empty ones.

    At the call raises UsageError without openpyxl, and DataError for a file that is no workbook or
    whose header names the text twice.
    """
    path = source.file
    try:
        import openpyxl
    except ImportError:
        raise UsageError(
            "Excel needs openpyxl, which isn't installed: pip install 'txtal[excel]'"
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # noqa: BLE001 - of a damaged file it raises what comes up
        raise _damaged(source, error) from None
    return _rows(source, book)


def _rows(source: Source, book: Any) -> Rows:
    try:
        header: list[str] = []
        for sheet in book.worksheets:
            if header:
                if any(any(row) for row in sheet.iter_rows(max_row=2, values_only=True)):
                    source.say(f"{source.name}: the sheet {sheet.title!r} was left out")
                continue
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                if all(cell is None for cell in cells):
                    continue
                if not header:
                    header = _header(source, source.reading.columns or cells)
                    if not source.reading.columns:
                        continue
                yield (
                    number,
                    {
                        name: value
                        for name, cell in zip(header, cells, strict=False)
                        if (value := _value(cell)) is not None
                    },
                )
    except TxtalError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged sheet is noticed when it is read
        raise _damaged(source, error) from None
    finally:
        book.close()


def _damaged(source: Source, error: Exception) -> DataError:
    what = shorten(str(error), 100)
    return DataError(f"{source.name} isn't an Excel workbook, or is damaged: {what}")


def _header(source: Source, cells: tuple[Any, ...]) -> list[str]:
    header = told_apart(column_names(cells), source)
    source.columns = tuple(header)
    return header


def _value(cell: object) -> Any:
    """The cell as JSON has it; None for an empty one. Whole numbers have no fraction."""
    if cell is None or isinstance(cell, str | bool | int):
        return cell or None if isinstance(cell, str) else cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)
