"""How a dataset came to where it stands: its answers and fits in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from txtal.store import answers, datasets, revisions
from txtal.store.sqlite import Connection
from txtal.types import Answer, Dataset, Estimate, Measures


@dataclass(frozen=True, slots=True)
class FitRecord:
    """A fit of the model."""

    revision: int
    at: float
    """When it was stored, seconds since the epoch, UTC."""
    answers: int
    seconds: float
    strategy: str
    measures: Measures | None
    """Where it was measured."""


@dataclass(frozen=True, slots=True)
class History:
    """Everything in order, oldest first."""

    dataset: Dataset
    standing: Sequence[Answer]
    fits: Sequence[FitRecord]
    audits: int
    """Answered tickets that were drawn at random."""
    shown: Measures | None
    """The estimates to show; see :func:`.revisions.shown`."""
    curve: Sequence[tuple[int, Estimate]]
    """The estimates there were, each with the answers learned from."""


def of(conn: Connection, name: str) -> History:
    """The history of a dataset. Raises UsageError when there is none of that name."""
    dataset = datasets.get(conn, name)
    measured = dict(revisions.measures(conn, dataset.id))
    rows = conn.execute(
        "SELECT id, at, answers, seconds, strategy FROM revision WHERE dataset_id = ? ORDER BY id",
        (dataset.id,),
    )
    fits = [
        FitRecord(row["id"], row["at"], row["answers"], row["seconds"], row["strategy"],
            measured.get(row["id"]))
        for row in rows
    ]  # fmt: skip
    standing = answers.standing(conn, dataset.id)
    shown = revisions.shown(conn, dataset.id)
    audits = len(answers.drawn(conn, dataset.id, dataset.scheme.task))
    return History(dataset, standing, fits, audits, shown, revisions.curve(conn, dataset.id))
