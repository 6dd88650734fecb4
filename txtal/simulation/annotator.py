"""The simulated annotator: a labelled file, and what is said of its texts, faults and all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from txtal.errors import DataError
from txtal.formats.labelled import check_grade, labels_of
from txtal.types import ONE_OF, Record, Task

Gold = tuple[str, ...]
"""The names of the labels that apply to a text."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled file: distinct texts with their labels."""

    records: Sequence[Record]
    gold: Mapping[str, Gold]
    grades: tuple[str, ...] = ()
    """The scale of a rating, lowest first."""
    repeats: int = 0
    """Records left out because their text was there before."""
    unlabelled: int = 0
    """Records left out because they say no label."""

    @property
    def labels(self) -> list[str]:
        """Every label there is: in alphabetical order, or the grades in theirs."""
        return list(self.grades) or sorted(
            {label for labels in self.gold.values() for label in labels}
        )

    @property
    def digest(self) -> str:
        """Tells one content from another, whatever file and format it came in."""
        lines = [[record.text, *self.gold[record.text]] for record in self.records]
        return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def labelled(records: Iterable[Record], source: str, scale: tuple[str, ...] = ()) -> Labelled:
    """Keep what is labelled; of a text that is there twice, the first.

    Raises DataError if there is nothing, or for a label that is no grade of ``scale``, if any.
    """
    kept: dict[str, Record] = {}
    gold: dict[str, Gold] = {}
    repeats = unlabelled = 0
    for record in records:
        labels = labels_of(record)
        if scale and labels is not None:
            check_grade(record, labels, scale)
        if labels is None or (scale and not labels):
            unlabelled += 1
        elif record.text in kept:
            repeats += 1
        else:
            kept[record.text] = record
            gold[record.text] = labels
    if not kept:
        raise DataError(f"{source}: no line has a label, a list of labels, or an accept")
    return Labelled(list(kept.values()), gold, scale, repeats, unlabelled)


def task_of(pool: Labelled) -> Task:
    """rating for grades; exclusive when each text has exactly one label, else multilabel."""
    if pool.grades:
        return "rating"
    return "exclusive" if all(len(labels) == 1 for labels in pool.gold.values()) else "multilabel"


def answers(pool: Labelled, noise: float, seed: int) -> Mapping[str, Gold]:
    """What the annotator says of each text: a ``noise`` share of the pool gets a wrong answer.

    Which, and what wrong label, depends on the seed alone: all strategies meet the same annotator,
    and more noise only adds faults.
    """
    rng = np.random.default_rng([seed, _NOISE])
    order = rng.permutation(len(pool.records))
    draws = rng.random(len(pool.records))
    said = dict(pool.gold)
    labels, task = pool.labels, task_of(pool)
    for row in order[: round(noise * len(order))]:
        text = pool.records[row].text
        said[text] = _wrong(said[text], labels, task, float(draws[row]))
    return said


_NOISE = 0x4E
"""Parts the draws of noise from all others with the same seed."""


def _wrong(gold: Gold, labels: Sequence[str], task: Task, draw: float) -> Gold:
    """Another label, each as likely; for multilabel, one label too many or too few."""
    if task in ONE_OF:
        others = [label for label in labels if label not in gold]
        return (others[int(draw * len(others))],) if others else gold
    changed = labels[int(draw * len(labels))]
    if changed in gold:
        return tuple(label for label in gold if label != changed)
    return (*gold, changed)
