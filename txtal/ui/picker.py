"""Finding one label among many by typing a part of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from txtal.types import Label

_PREFIX, _WORD, _WORDS, _INSIDE, _FUZZY = range(5)
_CLOSE = 75.0
"""Least likeness, of 100, for a label to be listed at all."""

_BETWEEN = re.compile(r"[\W_]+")


def rank(
    query: str, labels: Sequence[Label], probabilities: Sequence[tuple[int, float]] = ()
) -> tuple[int, ...]:
    """Ids of the labels that match, best first.

    A name that starts with the query comes before one with a word that does, before one with a
    word for each word of the query, before one that holds it, before one that is like it.
    Whatever stands between words (``_``, ``-``, spaces) counts as a space. Ties, and an empty
    query, go by the model's probability and then the scheme's order.
    """
    likely = dict(probabilities)
    query = _spaced(query)
    found = []
    for position, label in enumerate(labels):
        tier, likeness = _match(query, _spaced(label.name))
        if likeness >= _CLOSE:
            found.append((tier, -likeness, -likely.get(label.id, 0.0), position, label.id))
    return tuple(entry[-1] for entry in sorted(found))


def _match(query: str, name: str) -> tuple[int, float]:
    """How well and how closely; within a tier only the fuzzy ones differ in likeness."""
    if name.startswith(query):
        return _PREFIX, 101.0 if name == query else 100.0
    if f" {query}" in name:
        return _WORD, 100.0
    words = name.split()
    if all(any(word.startswith(part) for word in words) for part in query.split()):
        return _WORDS, 100.0
    if query in name:
        return _INSIDE, 100.0
    return _FUZZY, fuzz.partial_ratio(query, name, score_cutoff=_CLOSE)


def _spaced(text: str) -> str:
    spaced = _BETWEEN.sub(" ", text.casefold()).strip()
    return spaced or text.casefold().strip()


def starting_with(name: str, labels: Sequence[Label]) -> tuple[int, ...]:
    """Ids of the labels a typed name can mean: the one called so, else all that start with it."""
    name = name.strip().casefold()
    exact = tuple(label.id for label in labels if label.name.casefold() == name)
    return exact or tuple(label.id for label in labels if label.name.casefold().startswith(name))
