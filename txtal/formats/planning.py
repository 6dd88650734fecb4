"""What the fields of a source's records mean, decided once from the first of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from txtal.errors import DataError
from txtal.formats import guesses, separators
from txtal.formats.fields import ANSWERS, ChosenFields, FieldPlan, RowFault, recorder, value_of
from txtal.formats.fractions import Said, without_fractions
from txtal.formats.imports import ImportFormat
from txtal.formats.labelled import Kind, Stated, name, names, stated_by, verdict_of, when, who
from txtal.formats.reading import Fields, Reading, Say, Source
from txtal.formats.shapes import Answers, Shape, as_the_others, shape_of
from txtal.text import count
from txtal.types import Task, Verdict


def is_plain(fields: Fields, reading: Reading) -> bool:
    """Whether one record tells all that a load of tickets needs to know of the file."""
    return (
        isinstance(fields.get("text"), str)
        and not (reading.text or reading.id or reading.meta or reading.thread)
        and not isinstance(fields.get("data"), dict)
        and not isinstance(fields.get("fields"), dict | list)
    )


def plan(
    sample: Sequence[Fields],
    row: ImportFormat,
    reading: Reading,
    source: Source,
    say: Say,
    *,
    answers: bool,
) -> FieldPlan:
    """Return what the fields mean: by the options, else by a guess, which is reported.

    Labels are looked for only with ``answers``. Raises DataError if it isn't clear which field is
    the text or, with ``answers``, the label.
    """
    shape = shape_of(sample)
    flat = None
    if shape is not None and shape.flat and not _reaches(sample, reading.text):
        flat = as_the_others(shape.flat, shape)
    flattened = _unfolded(sample, flat) if flat else sample
    choice = _choice(flattened, row, reading, source, shape, say)
    said: Said = _silent
    if answers:
        said, aside = _answers(sample, reading, source, shape, choice, say)
        if row.columns and not row.by_path and not _is_own_table(sample, source):
            said = without_fractions(said, sample, source.name, say)
    else:
        aside = ()
    if row.columns:
        usual = [one for one in ANSWERS if one in source.columns and one not in aside]
        choice = replace(choice, aside=(*usual, *aside))
    record = recorder(choice)
    if flat is not None:
        unfold = flat
        return FieldPlan(lambda fields: record(unfold(fields)), said)
    return FieldPlan(record, said)


def _unfolded(sample: Sequence[Fields], flat: Callable[[Fields], Fields]) -> list[Fields]:
    found = []
    for fields in sample:
        with suppress(RowFault):  # told when its turn comes
            found.append(flat(fields))
    return found


def _silent(fields: Fields) -> tuple[Stated, ...]:
    return ()


def _reaches(sample: Sequence[Fields], text: Sequence[str]) -> bool:
    """Whether the fields asked for are there as the records come, before a tool's are unfolded."""
    return bool(text) and any(
        all(value_of(fields, one) is not None for one in text) for fields in sample
    )


# --- the text -------------------------------------------------------------------------------------


def _choice(
    sample: Sequence[Fields],
    row: ImportFormat,
    reading: Reading,
    source: Source,
    shape: Shape | None,
    say: Say,
) -> ChosenFields:
    polish = None
    if shape is not None and shape.markup:
        from txtal.formats.markup import plain_text

        polish = plain_text
    text, told = _text(sample, row, reading, source, shape)
    if not told:
        joined = " and ".join(map(repr, text))
        there = guesses.shown(guesses.fields_of(sample))
        say(f"{source.name}: the text is taken from {joined}; --text chooses others ({there})")
        values = (value_of(fields, name) for fields in sample for name in text)
        if polish is None and guesses.are_html(values):
            from txtal.formats.markup import plain_text as polish

            say(f"{source.name}: its HTML is read as plain text; --text {','.join(text)} keeps it")
    key = guesses.actual(reading.id, sample) if reading.id else ""
    if key and sample and all(value_of(fields, key) is None for fields in sample):
        raise DataError(
            f"{source.name}: no field is called {reading.id!r}; there are "
            f"{guesses.shown(guesses.fields_of(sample))}"
        )
    if not key and shape is not None and shape.id != "id":
        key = shape.id
    thread = _thread(sample, reading, source)
    if text == ("text",) and not key and not reading.meta and polish is None:
        return ChosenFields(columns=row.columns, thread=thread)
    meta = tuple(guesses.actual(one, sample) for one in reading.meta)
    return ChosenFields(text, key, meta, columns=row.columns, polish=polish, thread=thread)


def _thread(sample: Sequence[Fields], reading: Reading, source: Source) -> str:
    """The field with the messages before each text. Raises DataError where none is called so."""
    thread = guesses.actual(reading.thread, sample) if reading.thread else ""
    if thread and sample and all(value_of(fields, thread) is None for fields in sample):
        raise DataError(
            f"{source.name}: no field is called {reading.thread!r}; there are "
            f"{guesses.shown(source.columns or guesses.fields_of(sample))}"
        )
    return thread


def _text(
    sample: Sequence[Fields],
    row: ImportFormat,
    reading: Reading,
    source: Source,
    shape: Shape | None,
) -> tuple[tuple[str, ...], bool]:
    """The fields, and whether nothing needs to be said of them."""
    if reading.text:
        chosen = tuple(guesses.actual(one, sample) for one in reading.text)
        for one in chosen:
            if sample and all(value_of(fields, one) is None for fields in sample):
                raise DataError(
                    f"{source.name}: no field is called {one!r}; there are "
                    f"{guesses.shown(source.columns or guesses.fields_of(sample))}"
                )
        return chosen, True
    there = {*source.columns, *guesses.fields_of(sample)}
    if not sample or "text" in there:
        return ("text",), True
    if shape is not None and shape.text:
        found = tuple(
            next(name for name in one.split("|") if name in there)
            for one in shape.text
            if there & set(one.split("|"))
        )
        if found:
            return found, False
    return guesses.text_fields(sample, source.name, table=row.columns), False


# --- the answers ----------------------------------------------------------------------------------


def _answers(
    sample: Sequence[Fields],
    reading: Reading,
    source: Source,
    shape: Shape | None,
    choice: ChosenFields,
    say: Say,
) -> tuple[Said, tuple[str, ...]]:
    """What says how a record is labelled, and the columns that do."""
    asked = [guesses.actual(one, sample) for one in (*reading.label, *reading.labels)]
    separator = separators.named(reading.separator) if reading.separator else ""
    if shape is not None and (answers := shape.answers) is not None:
        question = _question(sample, asked, source.name, shape)
        if shape.questions is None and asked:
            shape = None  # the fields named go before what the tool has
        else:
            aside = (question,) if question else ()
            said = partial(_of_tool, answers=answers, question=question, parted=separator)
            return as_the_others(said, shape), aside
    columns = source.columns or guesses.fields_of(sample)
    if not asked and _is_usual(sample, columns):
        return _usual(sample, columns, separator, source, say)
    one_hot = guesses.columns_of_labels(sample, asked or columns, choice.text)
    if one_hot and (not asked or len(one_hot) == len(asked) > 1):
        if not asked and not one_hot[0].startswith("label:"):
            say(
                f"{source.name}: the labels are the columns of 1 and 0, "
                f"{guesses.shown(one_hot)}; --label names others"
            )
        own = _is_own_table(sample, source)
        return partial(_of_columns, columns=tuple(one_hot), own=own), tuple(one_hot)
    fields = asked or guesses.label_fields(sample, choice.text, source.name)
    if not fields:
        return _usual(sample, columns, separator, source, say)
    for one in asked:
        if sample and all(value_of(each, one) is None for each in sample) and one not in columns:
            raise DataError(
                f"{source.name}: no field is called {one!r}; there are {guesses.shown(columns)}"
            )
    several = bool(reading.labels) or (
        not asked and any(guesses.plain(one) in guesses.SEVERAL for one in fields)
    )
    parted = _separator(sample, fields, separator, source, several=several)
    if not asked:
        others = [one for one in columns if one not in choice.text and one not in fields]
        say(
            f"{source.name}: the label is taken from {fields[0]!r}; --label chooses another"
            + (f" ({guesses.shown(others)})" if others else "")
        )
    _say_separator(parted, separator, fields[0], source.name, say)
    made = partial(_of_fields, names_of=tuple(fields), separator=parted, several=several)
    return made, tuple(fields)


def _question(sample: Sequence[Fields], asked: Sequence[str], source: str, shape: Shape) -> str:
    """Return which of the tool's questions has the label. Raises DataError if that isn't clear."""
    if shape.questions is None:
        return ""
    there = _questions(sample, shape.questions, shape)
    if asked:
        return asked[0]
    if len(there) > 1:
        raise DataError(
            f"{source}: {shape.name} asked {count(len(there), 'question')}, "
            f"{guesses.shown(there)}: choose with --label, as in --label {there[0]}"
        )
    return there[0] if there else ""


def _questions(
    sample: Sequence[Fields], questions: Callable[[Fields], Iterable[str]], shape: Shape
) -> list[str]:
    asked = as_the_others(lambda fields: list(questions(fields)), shape)
    there: dict[str, None] = {}
    for fields in sample:
        with suppress(RowFault):
            there |= dict.fromkeys(asked(fields))
    return list(there)


def _of_tool(fields: Fields, answers: Answers, question: str, parted: str) -> tuple[Stated, ...]:
    return answers(fields, question, parted)


def _is_usual(sample: Sequence[Fields], columns: Sequence[str]) -> bool:
    """Whether records have the names that say it without being asked."""
    there = {*columns, *guesses.fields_of(sample)}
    return bool(there & {"label", "labels", "Label", "LABEL", "Labels"}) or any(
        isinstance(fields.get("accept"), list) for fields in sample
    )


def _usual(
    sample: Sequence[Fields], columns: Sequence[str], separator: str, source: Source, say: Say
) -> tuple[Said, tuple[str, ...]]:
    """``labels``, ``label`` or ``accept``, meant as ``answer`` says."""
    key = "labels" if any("labels" in fields for fields in sample) else "label"
    parted = _separator(sample, (key,), separator, source, several=key == "labels")
    _say_separator(parted, separator, key, source.name, say)
    own = _is_own_table(sample, source)
    _say_of_words(sample, source.name, say)
    return partial(_as_usual, separator=parted, own=own), ()


def _say_of_words(sample: Sequence[Fields], source: str, say: Say) -> None:
    """Say which words in ``answer`` are no verdicts."""
    answers = (fields.get("answer") for fields in sample)
    words = {one.strip() for one in answers if isinstance(one, str) and one.strip()}
    strange = sorted(word for word in words if verdict_of(word) is None)
    if strange:
        say(
            f"{source}: 'answer' holds {guesses.shown(strange[:5])}, which is none of accept, "
            "reject and ignore: such rows count as accepted"
        )


def _is_own_table(sample: Sequence[Fields], source: Source) -> bool:
    """Whether it is the table that ``txtal export`` writes."""
    if not {"text", "annotator", "timestamp", "comment"} <= set(source.columns):
        return False
    times = [fields["timestamp"] for fields in sample if "timestamp" in fields]
    return all(isinstance(at, str) and _OWN_TIME.fullmatch(at) for at in times)


_OWN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def _separator(
    sample: Sequence[Fields], fields: Sequence[str], asked: str, source: Source, *, several: bool
) -> str:
    if asked:
        return "" if asked == separators.KEEP else asked
    cells = (
        value
        for record in sample
        for one in fields
        if isinstance(value := value_of(record, one), str)
    )
    table = bool(source.columns)
    return separators.separator_in(cells, source.name, fields[0], several=several, table=table)


def _say_separator(found: str, asked: str, field: str, source: str, say: Say) -> None:
    if found and not asked:
        say(
            f"{source}: {field!r} holds several labels, joined by {found!r}; "
            f"--separator {separators.KEEP} takes each cell for one label"
        )


def _as_usual(fields: Fields, separator: str, own: bool) -> tuple[Stated, ...]:
    said = stated_by(fields, separator)
    return _signed(said, fields, own) if said is not None else ()


def _yes_or_no(fields: Fields, column: str, own: bool) -> tuple[Stated, ...]:
    """What the only column of a label says: that it applies, or that it doesn't."""
    verdict: Verdict = "accept" if guesses.is_yes(fields[column]) else "reject"
    found = name(column.removeprefix("label:"))
    said = Stated(verdict, (found,) if found else (), task="binary", kind="asked")
    return _signed(said, fields, own)


def _signed(said: Stated, fields: Fields, own: bool) -> tuple[Stated, ...]:
    """With who answered; of txtal's own table, and when, and what was noted."""
    annotator = who(fields.get("annotator")) if "annotator" in fields else ""
    found = replace(said, annotator=annotator) if annotator else said
    if own:
        comment, at = str(fields.pop("comment", "")), when(fields.pop("timestamp", None))
        grade = fields.pop("rating", None)
        fields.pop("annotator", None)
        found = replace(
            found,
            at=at,
            comment=comment,
            kind=found.kind if found.task == "binary" else "whole",
            task="rating" if grade is not None else found.task,
        )
    return (found,)


def _of_fields(
    fields: Fields, names_of: Sequence[str], separator: str, several: bool
) -> tuple[Stated, ...]:
    verdict = verdict_of(fields.get("answer"))
    labels: list[str] = []
    said = False
    for one in names_of:
        found = names(value_of(fields, one), one, separator)
        said = said or found is not None
        labels += found or ()
    if not said and verdict not in ("reject", "ignore"):
        return ()
    task: Task | None = "multilabel" if several or len(set(labels)) > 1 else None
    kind: Kind = "named" if verdict is None else "asked"
    said_of_it = Stated(verdict or "accept", tuple(dict.fromkeys(labels)), task=task, kind=kind)
    return (replace(said_of_it, annotator=who(fields.get("annotator"))),)


def _of_columns(fields: Fields, columns: Sequence[str], own: bool) -> tuple[Stated, ...]:
    for one in columns:
        if not guesses.is_yes_or_no(fields.get(one)):
            raise RowFault(f"{one!r} is {fields[one]!r}, neither 1 nor 0")
    if not any(one in fields for one in columns):
        return ()  # a row of blanks was never labelled
    if len(columns) == 1:
        return _yes_or_no(fields, columns[0], own)
    applies = [one for one in columns if guesses.is_yes(fields.get(one))]
    found = tuple(filter(None, (name(one.removeprefix("label:")) for one in applies)))
    verdict = verdict_of(fields.get("answer")) or "accept"
    return _signed(Stated(verdict, found, task="multilabel", kind="whole"), fields, own)
