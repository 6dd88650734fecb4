"""A classifier tried on labelled texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from txtal.classifier.classifier import Classifier, batches
from txtal.errors import DataError
from txtal.formats.labelled import check_grade, stated
from txtal.learning.arrays import Cells, Floats
from txtal.learning.evaluate import measured
from txtal.learning.matrix import IS
from txtal.learning.overlap import SharedTexts, shared, sketches
from txtal.types import Measures, Overlap, Record


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    measures: Measures
    labels: tuple[str, ...]
    """Their names by column: the classifier's, then those that only the texts have."""
    left_out: int
    """Records without a label, or, for one label of several, with more than one."""
    overlap: Overlap | None
    """With the texts it learned from; None when the classifier doesn't know them."""
    apart: Measures | None
    """Without those texts; None when there are none of them, or no others."""


def trial(classifier: Classifier, records: Iterable[Record], source: str) -> Trial:
    """Try ``classifier`` on the labelled ones of ``records``; texts are not kept.

    A text with a label that the classifier doesn't know is always wrong. Raises DataError when
    there is nothing to try it on, and for a grade that isn't on the classifier's scale.
    """
    truths: list[frozenset[str]] = []
    predicted: list[Floats] = []
    known: list[SharedTexts] = []
    read = 0
    for batch in batches(records):
        read += len(batch)
        usable = [(r.text, truth) for r in batch if (truth := _truth(r, classifier)) is not None]
        if usable:
            texts = [text for text, _ in usable]
            predicted.append(classifier.predict_proba(texts))
            if classifier.learned is not None:
                known.append(shared(sketches(texts), classifier.learned))
            truths += [truth for _, truth in usable]
    if not truths:
        one = "exactly one label" if classifier.task == "exclusive" else "labels or an answer"
        raise DataError(f"{source}: no line has {one}, so there is nothing to evaluate on")
    labels = _labels(classifier, truths)
    proba = np.concatenate(predicted)
    padded = np.pad(proba, ((0, 0), (0, len(labels) - len(classifier.labels))))
    cells = _cells(truths, labels)
    measures = measured(cells, padded, classifier.task)
    if not known:
        return Trial(measures, labels, read - len(truths), None, None)
    found = SharedTexts(*(np.concatenate(parts) for parts in zip(*known, strict=True)))
    new = ~found.either
    apart = measured(cells[new], padded[new], classifier.task) if 0 < new.sum() < len(new) else None
    return Trial(measures, labels, read - len(truths), found.counted, apart)


def _truth(record: Record, classifier: Classifier) -> frozenset[str] | None:
    """The labels that apply; None when the record doesn't say, or says what can't be."""
    said = stated(record)
    if said is None or said.verdict == "ignore":
        return None
    applies = frozenset(said.labels) if said.verdict == "accept" else frozenset()
    match classifier.task:
        case "binary":
            return applies & frozenset(classifier.labels)
        case "multilabel":
            return applies if said.verdict == "accept" else None
        case "rating":
            check_grade(record, sorted(applies), classifier.labels)
            return applies or None
        case _:
            return applies if len(applies) == 1 else None


def _labels(classifier: Classifier, truths: Sequence[frozenset[str]]) -> tuple[str, ...]:
    strange = frozenset().union(*truths) - frozenset(classifier.labels)
    return (*classifier.labels, *sorted(strange))


def _cells(truths: Sequence[frozenset[str]], labels: Sequence[str]) -> Cells:
    columns = {label: column for column, label in enumerate(labels)}
    cells = np.zeros((len(truths), len(labels)), np.int8)
    for row, truth in enumerate(truths):
        cells[row, [columns[label] for label in truth]] = IS
    return cells
