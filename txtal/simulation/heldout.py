"""The test file of a simulation: what of it can be measured on, and what the pool has of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from txtal.errors import DataError
from txtal.learning.arrays import Cells, Floats
from txtal.learning.matrix import IS
from txtal.learning.overlap import shared, sketches
from txtal.measures import quality
from txtal.simulation.annotator import Labelled, task_of
from txtal.simulation.conclusion import IN_POOL
from txtal.text import clean, count
from txtal.types import ONE_OF, Overlap, Record


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Labelled texts to measure on."""

    records: Sequence[Record]
    truth: Cells
    """(n, k): the right labels, columns as in ``labels``."""
    labels: tuple[str, ...]
    """The pool's, then those that only the test file has: no model can learn them, so that a text
    with one of them is always wrong."""
    unknown: tuple[str, ...]
    """Those that only the test file has."""
    unusable: int
    """Texts left out, as they have no label or several where the pool's have exactly one."""
    overlap: Overlap
    """With the pool."""

    @property
    def texts(self) -> list[str]:
        """A text a row."""
        return [record.text for record in self.records]

    def padded(self, proba: Floats) -> Floats:
        """Return probabilities (n, k) of the pool's labels with zeros for the unknown ones."""
        return np.pad(proba, ((0, 0), (0, len(self.unknown))))


def remarks(tested: HeldOut, test: Labelled) -> list[str]:
    """Say what of ``test``, the file, is left out or like the pool, a line each."""
    left_out = (
        (test.repeats, "repeated"),
        (test.unlabelled, "without a label"),
        (tested.unusable, "without exactly one label"),
    )
    reasons = ", ".join(f"{n:,} {why}" for n, why in left_out if n)
    said = [f"measured on {count(len(tested.records), 'text')}; left out: {reasons}"]
    said = said if reasons else []
    if tested.unknown:
        names = ", ".join(map(clean, tested.unknown))
        said.append(f"the pool has no {names}, so test texts with it count as wrong")
    if tested.overlap.exact or tested.overlap.near:
        said.append(quality.shared(tested.overlap, IN_POOL))
    return said


def held_out(pool: Labelled, test: Labelled, source: str) -> HeldOut:
    """Keep what of ``test`` can be measured on.

    Raises DataError when nothing can.
    """
    task = task_of(pool)
    usable = [
        record for record in test.records if task not in ONE_OF or len(test.gold[record.text]) == 1
    ]
    if not usable:
        raise DataError(f"{source}: no line has exactly one label, as those of the pool have")
    met = {label for record in usable for label in test.gold[record.text]}
    unknown = tuple(sorted(met - set(pool.labels)))
    labels = (*pool.labels, *unknown)
    return HeldOut(
        usable,
        cells_of(test, usable, labels),
        labels,
        unknown,
        len(test.records) - len(usable),
        overlap_of(pool, usable),
    )


def overlap_of(pool: Labelled, tested: Sequence[Record]) -> Overlap:
    """Count the texts tested that the pool has, too, or nearly so."""
    every = sketches([record.text for record in pool.records])
    return shared(sketches([record.text for record in tested]), every).counted


def cells_of(data: Labelled, records: Sequence[Record], labels: Sequence[str]) -> Cells:
    """Return the right labels of ``records`` as IS and NOT (n, k), columns as in ``labels``."""
    columns = {label: column for column, label in enumerate(labels)}
    cells = np.zeros((len(records), len(columns)), np.int8)
    for row, record in enumerate(records):
        cells[row, [columns[label] for label in data.gold[record.text]]] = IS
    return cells
