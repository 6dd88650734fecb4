"""Which field is the text, and which the label, where nothing is called so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from txtal.errors import DataError
from txtal.formats.reading import Fields
from txtal.text import shorten

_BODIES = frozenset({
    "text", "body", "description", "comment", "comments", "message", "content", "review",
    "reviewtext", "reviewbody", "feedback", "sentence", "utterance", "document", "complaint",
    "consumercomplaintnarrative", "narrative", "ticket", "tweet", "post", "transcript",
    "conversation", "note", "notes", "fulltext", "rawtext", "tickettext", "ticketbody",
    "ticketdescription", "messagetext", "messagebody", "commenttext", "commentbody", "plainbody",
    "bodytext", "plaintext", "bodyplain", "cleantext", "emailbody", "verbatim", "customermessage",
    "texte", "testo", "texto", "nachricht", "mensaje", "kommentar",
})  # fmt: skip
"""What people call the text, in lower case and without what isn't a letter."""

_TITLES = frozenset({"title", "headline", "reviewtitle", "reviewsummary"})
_SUBJECTS = frozenset({"subject", "ticketsubject", "emailsubject", "betreff"})
"""Joined only when the user says so: many subjects are no words of the customer's."""

_LABELS = frozenset({
    "label", "labels", "category", "categories", "class", "classes", "topic", "topics", "tag",
    "tags", "intent", "intents", "sentiment", "target", "gold", "goldlabel", "annotation",
    "annotations", "annotatedlabel", "finallabel", "truelabel", "y", "kategorie", "categorie",
    "categoria", "ticketcategory", "labelname", "classname", "labeltext",
})  # fmt: skip

SEVERAL = frozenset({"labels", "categories", "classes", "topics", "tags", "intents"})
"""Names that promise several labels."""

_NOT_A_LETTER = re.compile(r"[\W\d_]+")


def plain(name: str) -> str:
    """A field's name as it is looked up here."""
    return _NOT_A_LETTER.sub("", name.rpartition(".")[2]).casefold()


def is_header(line: str) -> bool:
    """Whether a line names the columns of a table, one of which is called as texts are.

    Names are short and have no blank before them, as in a ticket such as "Review, please".
    """
    cells = re.split(r"[,;\t|]", line)
    names = [cell.strip('"') for cell in cells]
    return (
        len(names) > 1
        and all(len(name) <= _NAME and name == name.strip() for name in names)
        and any(plain(name) in _BODIES for name in names)
    )


_NAME = 30
"""Characters of a column's name at most."""


def is_label_name(name: str) -> bool:
    """Whether people call a label so."""
    return plain(name) in _LABELS


def fields_of(sample: Iterable[Fields]) -> list[str]:
    """Every field of these records, in the order in which they come."""
    return list(dict.fromkeys(name for fields in sample for name in fields))


def shown(names: Sequence[str]) -> str:
    """The names for a message."""
    return shorten(", ".join(map(repr, names)), 200)


def actual(name: str, sample: Sequence[Fields]) -> str:
    """The field as the records have it, whose case may be another than was asked for."""
    there = fields_of(sample)
    if name in there:
        return name
    return next((one for one in there if one.casefold() == name.casefold()), name)


def text_fields(sample: Sequence[Fields], source: str, *, table: bool) -> tuple[str, ...]:
    """Return the fields that make the text. Raises DataError if that isn't clear."""
    there = fields_of(sample)
    words = [name for name in there if _holds_text(sample, name)]
    named = [name for name in words if name.casefold() == "text"]
    bodies = named or [name for name in words if plain(name) in _BODIES]
    titles = [name for name in words if plain(name) in _TITLES]
    subjects = [name for name in words if plain(name) in _SUBJECTS]
    if len(bodies) > 1:
        raise DataError(
            f"{source}: no field is called 'text', and it could be any of {shown(bodies)}: choose "
            f"one, as in {_option(bodies[:1])}, or join several, as in {_option(bodies[:2])}"
        )
    if subjects and [plain(name).removeprefix("ticket") for name in bodies] == ["description"]:
        return (subjects[0], *bodies)  # a ticket as every helpdesk has it
    if bodies and subjects and not named:
        raise DataError(
            f"{source}: no field is called 'text': {bodies[0]!r} may be all of it, or "
            f"{subjects[0]!r} a part of it: choose {_option(bodies)} or "
            f"{_option([subjects[0], *bodies])}; there are {shown(there)}"
        )
    if bodies:
        return tuple(bodies if named else [*titles[:1], *bodies])
    only = titles or subjects or _only(sample, words)
    if len(only) == 1 and not (table and _is_a_row(there, only[0])):
        return tuple(only)
    raise DataError(_no_text(sample, there, words, source, table=table))


def _is_a_row(names: Sequence[str], text: str) -> bool:
    """Whether what stands for the names of a table's columns is rather its first row.

    The name of the texts' column is then a text; a question, as forms have it, is none. Or one of
    the names is a number or a date.
    """
    heading = text.rstrip().endswith(("?", ":")) and len(text) <= _QUESTION
    is_text = len(text) >= _LONG or len(text.split()) >= _MANY_WORDS
    return (is_text and not heading) or any(_NO_NAME.fullmatch(name) for name in names)


_NO_NAME = re.compile(r"[\d\W]*\d[\d\W]*")
_MANY_WORDS, _QUESTION = 8, 60
"""Words from which on it is a text, and characters of a question in a form at most."""


def _no_text(
    sample: Sequence[Fields],
    there: Sequence[str],
    words: Sequence[str],
    source: str,
    *,
    table: bool,
) -> str:
    longest = max(words or there, key=lambda name: _mean_length(sample, name), default="")
    said = f"{source}: no field is called 'text' or by another name that says it is the text"
    if not table:
        return f"{said}; there are {shown(there)}; name it with --text, as in {_option([longest])}"
    short = [name for name in there if len(name.split()) < _WORDS and len(name) < _LONG]
    if len(short) < len(there):  # perhaps it is a ticket, whose text isn't for a message
        columns = [_columns_name(name, longest, place) for place, name in enumerate(there, start=1)]
        return (
            f"{said}; the first line should name the columns: if it is a ticket, name them with "
            f"--columns, as in --columns {','.join(columns)}, else name the column with --text"
            + (f" (there are {shown(short)}, and longer names)" if short else "")
        )
    return (
        f"{said}; the first line has {shown(there)}: name the text's column with --text, as in "
        f"{_option([longest])}, or if that line is a ticket, all columns with --columns"
    )


def _columns_name(name: str, longest: str, place: int) -> str:
    return "text" if name == longest else f"column{place}"


_WORDS, _LONG = 3, 40
"""Words and characters from which on the name of a column may be a text."""


def _option(names: Sequence[str]) -> str:
    joined = ",".join(names)
    return f"--text {joined}" if re.fullmatch(r"[\w.,-]+", joined) else f"--text '{joined}'"


def _holds_text(sample: Sequence[Fields], name: str) -> bool:
    values = [fields[name] for fields in sample if fields.get(name) not in (None, "")]
    return bool(values) and all(isinstance(value, str) for value in values)


def _mean_length(sample: Sequence[Fields], name: str) -> float:
    lengths = [len(str(fields.get(name) or "")) for fields in sample]
    return sum(lengths) / max(1, len(lengths))


def _only(sample: Sequence[Fields], words: Sequence[str]) -> list[str]:
    """The only field of words with spaces between them; or one far longer than the others."""
    wordy = [
        name
        for name in words
        if sum(_are_words(fields.get(name)) for fields in sample) * 2 > len(sample)
    ]
    if len(sample) < _FEWEST or not wordy:
        return []
    longest, *others = sorted(wordy, key=lambda name: -_mean_length(sample, name))
    length = _mean_length(sample, longest)
    far = length >= _LONG and all(length >= _FAR * _mean_length(sample, one) for one in others)
    return [longest] if far or not others else []


_FEWEST, _FAR = 3, 4
"""Records that it takes to choose by what fields hold, and how much longer the texts are."""

_TWO_WORDS = re.compile(r"[^\W\d_]{2,}\W+[^\W\d_]{2,}")


def _are_words(value: object) -> bool:
    """Whether it is several words with blanks between them, and no date."""
    said = str(value or "").strip()
    return " " in said and (not said.isascii() or bool(_TWO_WORDS.search(said)))


def label_fields(sample: Sequence[Fields], text: Sequence[str], source: str) -> list[str]:
    """The field that holds the label; none where there is none. Raises DataError for several."""
    found = [
        name
        for name in fields_of(sample)
        if is_label_name(name) and name not in text and _may_be_label(sample, name)
    ]
    if len(found) > 1:
        raise DataError(
            f"{source}: which field holds the label, {shown(found)}? Name it with --label, as in "
            f"--label {found[0]}"
        )
    return found


def _may_be_label(sample: Sequence[Fields], name: str) -> bool:
    values = [fields[name] for fields in sample if fields.get(name) is not None]
    return bool(values) and all(_is_name(value) for value in values)


def _is_name(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str | int) for one in value)
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 300)


_YES = frozenset({"1", "1.0", "true", "yes", "x"})
_NO = frozenset({"0", "0.0", "false", "no", ""})


def is_yes(value: object) -> bool:
    """Whether a cell of a label's own column says that it applies."""
    return str(value).strip().casefold() in _YES


def is_yes_or_no(value: object) -> bool:
    """Whether a cell may be one of a label's own column."""
    return value is None or str(value).strip().casefold() in _YES | _NO


def columns_of_labels(
    sample: Sequence[Fields], columns: Sequence[str], text: Sequence[str]
) -> list[str]:
    """The columns that are labels with 1 and 0: those called ``label:NAME``, or two and more."""
    there = [name for name in columns if name not in text]
    marked = [name for name in there if name.startswith("label:")]
    if marked:
        return marked
    found = [
        name
        for name in there
        if plain(name) != "id"
        and all(is_yes_or_no(fields.get(name)) for fields in sample)
        and any(is_yes(fields.get(name)) for fields in sample)
    ]
    return found if len(found) > 1 and len(sample) > 1 else []


_BLOCK = re.compile(r"</(p|div|li|ul|body|html|table)\s*>|<br\s*/?>", re.IGNORECASE)


def are_html(values: Iterable[object]) -> bool:
    """Whether any text was written as a part of a page of HTML."""
    return any(isinstance(value, str) and _BLOCK.search(value) for value in values)
