"""Finding one label among many by typing a part of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from txtal.types import Label

_PREFIX, _WORD, _INSIDE, _FUZZY = 0, 1, 2, 3
_CLOSE = 70.0
"""Least likeness, of 100, for a label to be listed at all."""

_WORDS = re.compile(r"[^\W_]+")


def rank(
    query: str, labels: Sequence[Label], probabilities: Sequence[tuple[int, float]] = ()
) -> tuple[int, ...]:
    """Ids of the labels that match, best first.

    A name that starts with the query comes before one with a word that does, before one that holds
    it, before one that is like it. Ties, and an empty query, go by the model's probability and then
    the scheme's order.
    """
    likely = dict(probabilities)
    query = query.strip().casefold()
    found = []
    for position, label in enumerate(labels):
        tier, likeness = _match(query, label.name.casefold())
        if likeness >= _CLOSE:
            found.append((tier, -likeness, -likely.get(label.id, 0.0), position, label.id))
    return tuple(entry[-1] for entry in sorted(found))


def _match(query: str, name: str) -> tuple[int, float]:
    """How well and how closely; within a tier only the fuzzy ones differ in likeness."""
    if name.startswith(query):
        return _PREFIX, 101.0 if name == query else 100.0
    if any(name.startswith(query, word.start()) for word in _WORDS.finditer(name)):
        return _WORD, 100.0
    if query in name:
        return _INSIDE, 100.0
    return _FUZZY, fuzz.partial_ratio(query, name, score_cutoff=_CLOSE)


def starting_with(name: str, labels: Sequence[Label]) -> tuple[int, ...]:
    """Ids of the labels a typed name can mean: the one called so, else all that start with it."""
    name = name.strip().casefold()
    exact = tuple(label.id for label in labels if label.name.casefold() == name)
    return exact or tuple(label.id for label in labels if label.name.casefold().startswith(name))
