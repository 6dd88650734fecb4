"""Two classifiers on the same texts: where they decide otherwise, and which is right more often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from txtal.classifier.classifier import Classifier
from txtal.learning.arrays import Mask
from txtal.learning.overlap import Sketches, sketches

_Z = 1.96

Labels = frozenset[str]
Now = Mapping[str, str]
"""What a label is called now, by every name that one had: of those renamed or merged since."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of the second less that of the first, on the same texts, with its 95% interval."""

    n: int
    value: float
    low: float
    high: float
    better: int
    """Texts that only the second has right."""
    worse: int


@dataclass(frozen=True, eq=False, slots=True)
class SideBySide:
    """What two classifiers say of each text."""

    first: Sequence[Labels]
    second: Sequence[Labels]

    @property
    def differ(self) -> list[int]:
        """The places of the texts that they decide otherwise on."""
        pairs = zip(self.first, self.second, strict=True)
        return [place for place, (a, b) in enumerate(pairs) if a != b]

    def changes(self) -> list[tuple[str, str, int]]:
        """Return what the first said, what the second says, and how often; the most often first."""
        pairs = zip(self.first, self.second, strict=True)
        counted = Counter((named(a), named(b)) for a, b in pairs if a != b)
        return [(a, b, n) for (a, b), n in counted.most_common()]


def compared(first: Classifier, second: Classifier, texts: Sequence[str], now: Now) -> SideBySide:
    """Have both decide on the texts, in the names that labels have now."""
    return SideBySide(*(_said(made, texts, now) for made in (first, second)))


def _said(made: Classifier, texts: Sequence[str], now: Now) -> list[Labels]:
    found = made.predict(texts) if texts else []
    return [frozenset(now.get(label, label) for label in one.labels) for one in found]


def paired(first: Mask, second: Mask) -> Difference:
    """Compare which texts (n,) either has right.

    The interval is Wald's with a half added to each cell of the table of both (Agresti and Min
    2005, "Simple improved confidence intervals for comparing matched proportions", Statistics in
    Medicine 24).
    """
    n = len(first)
    better, worse = int((second & ~first).sum()), int((first & ~second).sum())
    value = (better - worse) / n if n else 0.0
    total, b, c = n + 2, better + 0.5, worse + 0.5
    centre = (b - c) / total
    reach = _Z * sqrt(max(0.0, b + c - (b - c) ** 2 / total)) / total
    return Difference(n, value, max(-1.0, centre - reach), min(1.0, centre + reach), better, worse)


def on_new_answers(
    both: tuple[Classifier, Classifier],
    found: SideBySide,
    texts: Sequence[str],
    truths: Sequence[Labels | None],
) -> Difference:
    """Compare the two on the answers that neither has learned from.

    ``truths`` are the labels of each text, or None where it has no answer.
    """
    new = _new_to(both, texts, np.array([truth is not None for truth in truths], np.bool_))
    right = [
        np.array([said[place] == truths[place] for place in new], np.bool_)
        for said in (found.first, found.second)
    ]
    return paired(*right)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a model that has not seen an answer says of its ticket."""

    text: str
    truth: Labels
    said: Labels
    audit: bool
    """Drawn at random."""


FEWEST = 10
"""Answers new to a version below which nothing is said of a model that would replace it."""


def against(version: Classifier, decisions: Sequence[Decision], now: Now) -> Difference:
    """Compare models that have not seen the answers with a version that hasn't either.

    On the audit's answers; where they are fewer than ``FEWEST``, on all. The second of the
    difference is the new model.
    """
    texts = [one.text for one in decisions]
    for which in ([one.audit for one in decisions], [True] * len(decisions)):
        places = _new_to((version,), texts, np.array(which, np.bool_))
        if len(places) >= FEWEST:
            break
    said = _said(version, [texts[place] for place in places], now)
    some = [decisions[place] for place in places]
    old = np.array([a == one.truth for a, one in zip(said, some, strict=True)], np.bool_)
    return paired(old, np.array([one.said == one.truth for one in some], np.bool_))


def _new_to(made: Sequence[Classifier], texts: Sequence[str], which: Mask) -> list[int]:
    """The places of ``which`` (n,) whose texts none of the classifiers has learned from."""
    places = np.flatnonzero(which)
    tried = sketches([texts[place] for place in places.tolist()])
    for one in made:
        known = np.ones(len(places), np.bool_)
        if one.learned is not None:
            known = np.isin(tried.exact, one.learned.exact)
        places, tried = places[~known], Sketches(tried.exact[~known], tried.near[~known])
    return [int(place) for place in places]


def named(labels: Labels) -> str:
    """The labels in words."""
    return ", ".join(sorted(labels)) or "none"
