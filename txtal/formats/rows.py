"""One exported answer, and what every export format does with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from txtal.errors import DataError
from txtal.formats.votes import PREDICTED_SOURCES, NamedVote
from txtal.types import Answer, Predicted, Scheme, Ticket

ORIGINAL = "original"
"""Where an export keeps the data's own keys that have the name of one of its own."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An answer to export, with its ticket and the names of its labels."""

    ticket: Ticket
    answer: Answer
    scheme: Scheme
    labels: tuple[str, ...]
    """The names of ``answer.labels``."""
    suggestion: tuple[str, ...] | None
    """The names that were suggested; None when there was no suggestion to show."""
    session: str = ""
    votes: tuple[int, int] | None = None
    """Where several annotators answered: how many said so, of how many who said anything."""
    sources: tuple[NamedVote, ...] = ()
    """What rules and commands say of the ticket, if that is wanted, the most accurate first."""


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """A ticket that only the model has labelled, as an export has it."""

    predicted: Predicted
    scheme: Scheme
    labels: tuple[str, ...]
    """The names of its labels."""
    sources: tuple[NamedVote, ...] = ()

    @property
    def ticket(self) -> Ticket:
        return self.predicted.ticket

    @property
    def source(self) -> str:
        """What made the prediction: a run of ``txtal finish``, or a stream's band."""
        return "stream" if self.predicted.precision is None else "finish"


def as_vote(row: PredictedRow) -> NamedVote:
    """A prediction for formats that have a place for votes alone."""
    probability = row.predicted.probability
    if row.scheme.task == "binary" and not row.labels:
        probability = 1 - probability
    source = PREDICTED_SOURCES[row.source]
    return NamedVote(source, "model", row.labels, round(probability, 4))


@dataclass(frozen=True, slots=True)
class VotedRow:
    """A ticket that only rules and commands have said something of."""

    ticket: Ticket
    scheme: Scheme
    sources: tuple[NamedVote, ...]


def predicted_row(
    predicted: Predicted, scheme: Scheme, sources: tuple[NamedVote, ...] = ()
) -> PredictedRow:
    """With names from ``scheme``; a label that is gone has none, and is left out."""
    names = tuple(scheme.names[label] for label in predicted.labels if label in scheme.names)
    return PredictedRow(predicted, scheme, names, sources)


def export_row(
    ticket: Ticket,
    answer: Answer,
    scheme: Scheme,
    *,
    session: str = "",
    votes: tuple[int, int] | None = None,
    sources: tuple[NamedVote, ...] = (),
) -> ExportRow:
    """An :class:`ExportRow` with names from ``scheme``. Raises DataError for an unknown id."""
    known = scheme.names
    suggested = answer.ranked.suggestion if answer.ranked is not None else ()
    try:
        return ExportRow(
            ticket,
            answer,
            scheme,
            tuple(known[label] for label in answer.labels),
            tuple(known[label] for label in suggested) if answer.ranked is not None else None,
            session,
            votes,
            sources,
        )
    except KeyError as error:
        raise DataError(
            f"the answer to ticket {ticket.id} names label {error}, which the dataset doesn't have"
        ) from None


Row = ExportRow | PredictedRow | VotedRow
"""What an export is made of."""


class Writable(Protocol):
    """As much of a file as lines are written with."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote."""

    answers: int
    lines: int
    left_out: Mapping[str, int]
    """How many answers of each verdict the format couldn't say."""
    predictions: int = 0
    """Predictions that were written beside the answers."""
    votes: int = 0
    """Votes that were written."""
    changed: Mapping[str, int] = field(default_factory=dict)
    """What the format couldn't hold as it was, in words, and of how many cells."""

    def __add__(self, other: Written) -> Written:
        """What two files hold together."""
        return Written(
            self.answers + other.answers,
            self.lines + other.lines,
            Counter(self.left_out) + Counter(other.left_out),
            self.predictions + other.predictions,
            self.votes + other.votes,
            Counter(self.changed) + Counter(other.changed),
        )


def ticket_id(ticket: Ticket) -> str | int | float | None:
    """The id that came with the ticket, its own or in its meta; None when it has none."""
    for values in (ticket.extra, ticket.meta):
        found = values.get("id")
        if isinstance(found, str | int | float) and not isinstance(found, bool):
            return found
    return None


def when(seconds: float) -> str | None:
    """The time in UTC; None for one no date can be written for: it must not stop an export."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace("+00:00", "Z")


def with_own_keys(ticket: Ticket, ours: Mapping[str, Any], reserved: Set[str]) -> dict[str, Any]:
    """The ticket's text, meta and own keys, then ``ours``.

    A key of the data's own whose name is ``reserved`` (or is text, meta or original) moves into
    ``original``, so that neither says the other's word and nothing is lost. Reserved is more than
    what ``ours`` holds: an old ``label`` next to a new ``labels`` would be read as an answer.
    """
    clashing = {key for key in ticket.extra if key in reserved or key in _ALWAYS_RESERVED}
    line = {"text": ticket.text, "meta": dict(ticket.meta)}
    line |= {key: value for key, value in ticket.extra.items() if key not in clashing}
    line |= ours
    if clashing:
        line[ORIGINAL] = {key: ticket.extra[key] for key in ticket.extra if key in clashing}
    return line


_ALWAYS_RESERVED = frozenset({"text", "meta", ORIGINAL})


def to_json(line: Mapping[str, Any], ticket_id: int) -> str:
    """``line`` as compact JSON in one line of UTF-8.

    Raises DataError naming the ticket when a value has no JSON form: NaN, or an object a recipe
    left there.
    """
    try:
        text = _ENCODER.encode(line)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"ticket {ticket_id} can't be written as JSON: {error}") from error
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a character, from a recipe or a terminal: escaped, it costs this line its beauty;
        # raised, it would cost the user the export.
        return json.dumps(line, allow_nan=False, separators=(",", ":"))
    for breaking, escape in LINE_BREAKS:
        text = text.replace(breaking, escape)
    return text


_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))
LINE_BREAKS = (("\x85", "\\u0085"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))
"""Line ends to str.splitlines and to other languages, so escaped: a line is one line to all."""
