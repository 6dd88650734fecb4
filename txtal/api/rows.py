"""Answers as records: what stands of each ticket, in the words of an export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from txtal.formats.rows import ExportRow, export_row

if TYPE_CHECKING:
    from txtal.store.gold import GoldTicket
    from txtal.types import Answer, Dataset


def rows_of(found: Iterable[tuple[GoldTicket, Answer]], dataset: Dataset) -> Iterator[ExportRow]:
    """Yield a row for each ticket with the answer that stands of it. Raises DataError."""
    for one, answer in found:
        yield export_row(
            one.ticket,
            answer,
            dataset.scheme,
            session=f"{dataset.name}-{one.session_id}",
            votes=(one.gold.votes, one.gold.voters) if len(one.gold.said) > 1 else None,
        )
