"""Files that name labels, in the shapes in which people write lists."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from txtal.errors import DataError, UsageError
from txtal.formats import MAX_LINE, decode
from txtal.formats.bounded import read_small
from txtal.formats.labelled import cell
from txtal.formats.readers.jsonl import load_object
from txtal.text import normalise_label, shorten

_Named = tuple[int, Any, Any]
"""Line, name and description, as they were found."""

_NAMES = ("label", "labels", "name", "value", "category", "class", "tag", "text", "id")
_HELD_IN = ("id2label", "label2id", "labels")
"""Keys of an object of labels within another, such as the config of a model."""
_ABOUT = ("description", "descriptions", "definition", "about", "help", "hint", "meaning")


def read_labels(path: str | Path) -> list[tuple[str, str]]:
    """The (name, description) pairs of a label file, in its order.

    A label a line: a name, a name and a tab and a description, or a JSON object with ``label`` and
    perhaps ``description``. Or the names in one line with commas between, a list or an object in
    JSON, a list in YAML, bullets, a table with a header, or the ``Choice`` tags of a Label Studio
    config. Blank lines and comments, which begin with ``#``, are skipped. Raises DataError with
    file and line for a name that can't be one, or that is there twice.
    """
    path = Path(path)
    found: dict[str, str] = {}
    try:
        for number, given, about in _entries(_text(path)):
            if not isinstance(given, str | int) or isinstance(given, bool):
                raise _Fault(number, _EXPECTED)
            if about is not None and not isinstance(about, str):
                raise _Fault(number, _EXPECTED)
            name = _made_good(number, str(given))
            if name in found:
                raise _Fault(number, f"{shorten(name, 60)!r} is there twice")
            found[name] = (about or "").strip()
    except _Fault as fault:
        raise DataError(f"{path}:{fault.line}: {fault}") from None
    if not found:
        raise DataError(f"{path} names no label; write one per line")
    return list(found.items())


_EXPECTED = 'expected {"label": "a name", "description": "what it is for"}'


class _Fault(ValueError):  # noqa: N818 - a fault of the file's, not of ours
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def _made_good(number: int, name: str) -> str:
    try:
        return normalise_label(name)
    except UsageError as error:
        raise _Fault(number, str(error)) from None


def _text(path: Path) -> str:
    """The file's text. Raises DataError when it can't be read, _Fault for bytes that are none."""
    try:
        data = read_small(path, MAX_LINE)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from None
    encoding = decode.told(data) or decode.Encoding(decode.UTF8)
    try:
        return data[encoding.mark :].decode(encoding.name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise _Fault(number, "not valid UTF-8; save the file as UTF-8") from None


def _entries(text: str) -> Iterator[_Named]:
    stripped = text.lstrip()
    start = text.count("\n", 0, len(text) - len(stripped)) + 1
    assigned = _ASSIGNED.match(stripped)
    if assigned is not None:  # a list in YAML's or TOML's one line
        return _of_json(_json(assigned[1], start), start)
    if stripped.startswith("[") and (stripped.rstrip().endswith("]") or stripped[1:2] in "\"'{"):
        return _of_json(_json(stripped, start), start)
    if stripped.startswith("{") and not _is_object_a_line(stripped):
        return _of_json(_json(stripped, start), start)
    if stripped.startswith("<") and "value=" in stripped:
        return _of_tags(text)
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    return _of_lines(_without_comments(lines))


_ASSIGNED = re.compile(r"\w+\s*[:=]\s*(\[[^\[\]]*\])\s*\Z")


def _is_object_a_line(text: str) -> bool:
    first, _, others = text.partition("\n")
    try:
        return "label" in load_object(first) or bool(others.strip())
    except ValueError:
        return first.rstrip().endswith("}") or '"label"' in first


def _json(text: str, start: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        listed = cell(text)  # as Python prints it
        if isinstance(listed, list):
            return listed
        bare = re.fullmatch(r"\[([^\[\]{}\"']*)\]\s*", text)
        if bare is not None:  # as YAML has it
            return [part.strip() for part in bare[1].split(",") if part.strip()]
        raise _Fault(start + error.lineno - 1, f"invalid JSON: {error.msg}") from None


def _of_json(value: Any, number: int) -> Iterator[_Named]:
    if isinstance(value, Mapping):
        value = next((value[k] for k in _HELD_IN if isinstance(value.get(k), Mapping)), value)
        lists = [one for one in value.values() if isinstance(one, list)]
        if len(lists) == 1:
            value = lists[0]
        elif _of_object(value)[0] is not None and len(value) <= 2:
            value = [value]
        elif value and all(key.isdigit() and isinstance(one, str) for key, one in value.items()):
            value = list(value.values())  # id2label
        elif all(one is None or isinstance(one, str) for one in value.values()):
            value = [{"label": name, "description": about} for name, about in value.items()]
        elif all(type(one) is int for one in value.values()):
            value = sorted(value, key=lambda name: value[name])  # label2id
        else:
            value = [value]
    for one in value:
        yield (number, *_of_object(one)) if isinstance(one, Mapping) else (number, one, None)


def _of_object(fields: Mapping[str, Any]) -> tuple[Any, Any]:
    name = next((fields[key] for key in _NAMES if fields.get(key) is not None), None)
    about = next((fields[key] for key in _ABOUT if fields.get(key) is not None), None)
    return name, about


_CHOICE = re.compile(r"<(?:Choice|Label)\b[^>]*?\bvalue=(\"[^\"]*\"|'[^']*')")


def _of_tags(text: str) -> Iterator[_Named]:
    for found in _CHOICE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, html.unescape(found[1][1:-1]), None


_HASHTAG = re.compile(r"#[^\W\d_][\w-]*\Z")


def _without_comments(lines: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines that are no comments. ``#refund`` in every line is a name and no comment.

    Raises _Fault where some lines are such names: a label that is meant must not be lost, and one
    that was commented out not come back.
    """
    tags = [(n, line) for n, line in lines if _HASHTAG.match(line.strip())]
    others = [(n, line) for n, line in lines if not line.lstrip().startswith("#")]
    if tags and others:
        number, line = tags[0]
        raise _Fault(
            number,
            f"is {line.strip()!r} a label or a comment? Write a comment as '# {line.strip()[1:]}', "
            f'and a label as {{"label": "{line.strip()}"}}',
        )
    return tags or others


def _of_lines(lines: Sequence[tuple[int, str]]) -> Iterator[_Named]:
    if not lines:
        return iter(())
    header = _header(lines)
    if header is not None:
        return _of_table(lines, *header)
    if _is_yaml(lines):
        return _of_yaml(lines)
    only = lines[0][1].strip()
    mark = next((mark for mark in ",;|" if mark in only), "")
    if len(lines) == 1 and mark and not only.startswith("{") and "\t" not in only:
        return _of_one_line(lines[0][0], only, mark)
    names = [line.partition("\t")[0] for _, line in lines]
    joined = next((m for m in ",;|" if all(m in name.strip(f" {m}") for name in names)), "")
    if joined and len(lines) > 1 and not any(line.lstrip()[0] in '{"' for _, line in lines):
        raise _Fault(
            lines[0][0],
            f"is {only!r} one label or several? Write a label a line, or label,description as the "
            "first line of a table",
        )
    _refuse_pairs(lines)
    return _of_plain_lines(lines)


def _refuse_pairs(lines: Sequence[tuple[int, str]]) -> None:
    """Raise _Fault where every line may be a name and a description, with a colon between."""
    heads = [line.partition(": ")[0].strip() for _, line in lines if ": " in line.strip()]
    quoted = any(line.lstrip()[0] in "\"'{" for _, line in lines)
    if len(heads) == len(lines) == len(set(heads)) > 1 and not quoted:
        raise _Fault(
            lines[0][0],
            f"is {lines[0][1].strip()!r} a label, or a name and its description? Write a tab "
            "before a description, and quotes around each label with a colon",
        )


def _of_one_line(number: int, line: str, mark: str) -> Iterator[_Named]:
    for name in next(csv.reader([line], delimiter=mark, skipinitialspace=True)):
        if name.strip():
            yield number, name, None


_BULLET = re.compile(r"\s*(?:[-*•+]|\d+[.)])\s+(?=\S)")
_MARK = "__label__"


def _of_plain_lines(lines: Sequence[tuple[int, str]]) -> Iterator[_Named]:
    bulleted = all(_BULLET.match(line) for _, line in lines)
    marked = all(line.strip().startswith(_MARK) for _, line in lines)
    quoted = all(len(line.strip()) > 2 and _unquoted(line) != line.strip() for _, line in lines)
    ends = len(lines) > 1 and all(line.rstrip().endswith(",") for _, line in lines[:-1])
    for number, line in lines:
        if line.lstrip().startswith("{"):
            try:
                fields = load_object(line)
            except ValueError as error:
                raise _Fault(number, str(error)) from None
            yield number, *_of_object(fields)
            continue
        if bulleted:
            line = _BULLET.sub("", line, count=1)
        if marked:
            line = line.strip().removeprefix(_MARK)
        if ends or quoted:
            line = _unquoted(line.strip().removesuffix(","))
        name, _, about = line.partition("\t")
        yield number, name, about


# --- tables ---------------------------------------------------------------------------------------


def _header(lines: Sequence[tuple[int, str]]) -> tuple[str, int, int | None] | None:
    """The separator, and the columns of the names and the descriptions, of a table."""
    first = lines[0][1]
    mark = next((mark for mark in ",;\t|" if mark in first), ",")
    cells = [one.strip().casefold() for one in next(csv.reader([first], delimiter=mark))]
    if len(lines) < 2:
        return None
    about = next((place for place, one in enumerate(cells) if one in _ABOUT), None)
    names = [one for one in _NAMES if one in cells]
    if not names or (len(cells) == 1 and cells[0] not in ("label", "labels", "name")):
        return None
    if len(cells) > 1 and about is None and not all(line.count(mark) for _, line in lines):
        return None
    return mark, cells.index(names[0]), about


def _of_table(
    lines: Sequence[tuple[int, str]], mark: str, name: int, about: int | None
) -> Iterator[_Named]:
    for number, line in lines[1:]:
        try:
            cells = next(csv.reader([line], delimiter=mark, strict=True))
        except csv.Error as error:
            raise _Fault(number, f"not CSV: {error}") from None
        if name < len(cells) and cells[name].strip():
            yield number, cells[name], cells[about] if about and about < len(cells) else None


# --- YAML, as far as a list of labels goes --------------------------------------------------------

_ITEM = re.compile(r"\s*-\s+(.*)")
_PAIR = re.compile(r"(?:\"([^\"]*)\"|'([^']*)'|([^\s:#][^:#]*?))\s*:(?:\s+(.*))?\Z")


def _is_yaml(lines: Sequence[tuple[int, str]]) -> bool:
    first = lines[0][1].rstrip()
    return bool(_ITEM.match(first)) or first in ("---",) or (
        re.fullmatch(r"\w+:", first) is not None and len(lines) > 1 and lines[1][1][:1] in " \t-"
    )  # fmt: skip


def _of_yaml(lines: Sequence[tuple[int, str]]) -> Iterator[_Named]:
    """Items of a list, each a name or ``name:`` and ``description:``; or names and descriptions."""
    name: Any = None
    about: Any = None
    at = 0
    for number, line in lines:
        if line.strip() == "---" or re.fullmatch(r"\w+:\s*", line):
            continue
        item = _ITEM.match(line)
        words = (item[1] if item else line).strip()
        pair = None if item and _unquoted(words) != words else _PAIR.match(words)
        if item and name is not None:
            yield at, name, about
            name = about = None
        if pair is None:
            if not item:
                raise _Fault(number, f"neither an item nor a pair: {shorten(line.strip(), 40)!r}")
            at, name = number, _unquoted(item[1])
            continue
        key, value = next(part for part in pair.groups()[:3] if part is not None), pair[4]
        if key in _NAMES:
            at, name = number, _unquoted(value or "")
        elif key in _ABOUT:
            about = _unquoted(value or "")
        elif item or name is None:
            yield number, key, _unquoted(value or "")
    if name is not None:
        yield at, name, about


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return re.sub(r"\s+#\s.*", "", text)
