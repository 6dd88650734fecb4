"""Finding one label among many: by what the ticket says of it, or by typing a part of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from txtal.types import Label

_PREFIX, _WORD, _WORDS, _INSIDE, _DESCRIBED, _FUZZY = range(6)
_CLOSE = 75.0
"""Least likeness, of 100, for a label to be listed at all."""

NEW = "+"
"""What a name to add may begin with, so that all behind it is typed: ``+2fa``."""

_DESCRIBED_FROM = 3
"""Letters from which descriptions are searched, too."""

_NAMED = 0.02
"""What it adds to a label's probability that the ticket holds a word that no other label has."""

_STEM = 5
"""Number of first characters in which words must agree to count as the same."""

_READ = 2_000
"""Characters of a ticket that are searched for the labels' words."""

_BETWEEN = re.compile(r"[\W_]+")


def most_probable_first(
    labels: Sequence[Label], probabilities: Sequence[tuple[int, float]], text: str
) -> tuple[int, ...]:
    """Return the ids of all labels, the most probable for a ticket first.

    They are ordered by the model's probability and, for labels that it knows little about, by the
    words that the name shares with the ticket; ties keep the model's order, then the scheme's.
    """
    known = dict(probabilities)
    places = {label_id: place for place, label_id in enumerate(known)}
    said = {word[:_STEM] for word in words_of(text[:_READ])}
    weights = _weights(tuple(label.name for label in labels))

    def order(label: Label) -> tuple[float, int]:
        named = sum(weight for stem, weight in weights[label.name].items() if stem in said)
        probability = known.get(label.id, 0.0) + _NAMED * named
        return -probability, places.get(label.id, len(places))

    return tuple(label.id for label in sorted(labels, key=order))


@lru_cache(maxsize=8)
def _weights(names: tuple[str, ...]) -> dict[str, Mapping[str, float]]:
    """The stems in each name; one that several names share counts for less."""
    stems = {name: {word[:_STEM] for word in words_of(name)} for name in names}
    shared = Counter(stem for found in stems.values() for stem in found)
    return {name: {stem: 1 / shared[stem] for stem in found} for name, found in stems.items()}


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of the list: a label, a level of names to go into, or a name to add. One of them."""

    label: int = 0
    level: str = ""
    """What the names in it start with: ``billing/``."""
    new: str = ""


def choices(query: str, labels: Sequence[Label], order: Sequence[int] = ()) -> tuple[Choice, ...]:
    """What to list for a query, best first.

    Nothing typed, or a level, lists what is on that level: names like ``billing/refund`` are gone
    through level by level. Anything else lists the labels that match, on whatever level, and last
    the query itself, to be added as a label.
    """
    query = query.strip()
    if query.startswith(NEW):
        query = query[len(NEW) :].strip()
        names = {label.name.casefold(): label.id for label in labels}
        known = names.get(query.casefold())
        return ((Choice(label=known) if known else Choice(new=query)),) if query else ()
    if not query or query.endswith("/"):
        found = _level(query, labels, order)
        if found or not query:
            return found
    listed = tuple(Choice(label=i) for i in rank(query, labels, order))
    if any(label.name.casefold() == query.casefold() for label in labels):
        return listed
    return (*listed, Choice(new=query))


def _level(prefix: str, labels: Sequence[Label], order: Sequence[int]) -> tuple[Choice, ...]:
    names = {label.id: label.name for label in labels}
    found: dict[Choice, None] = {}
    for label_id in order or names:
        if names[label_id].casefold().startswith(prefix.casefold()):
            head, slash, _ = names[label_id][len(prefix) :].partition("/")
            level = names[label_id][: len(prefix)] + head + "/"
            found[Choice(level=level) if slash else Choice(label=label_id)] = None
    return tuple(found)


def rank(query: str, labels: Sequence[Label], order: Sequence[int] = ()) -> tuple[int, ...]:
    """Ids of the labels that match, best first.

    A name that starts with the query comes before one with a word that does, before one with a
    word for each word of the query, before one that holds it, before one whose description has it,
    before one that is like it.
    Whatever stands between words (``_``, ``-``, spaces) counts as a space. Ties, and an empty
    query, go by ``order``, which is the scheme's unless it is given.
    """
    places = {i: place for place, i in enumerate(order or [label.id for label in labels])}
    query = _spaced(query)
    found = []
    for label in labels:
        tier, likeness = _match(query, _spaced(label.name))
        if tier == _FUZZY and _is_described(query, label.description):
            tier, likeness = _DESCRIBED, 100.0
        if likeness >= _CLOSE:
            found.append((tier, -likeness, places[label.id], label.id))
    return tuple(entry[-1] for entry in sorted(found))


def holds(part: str, labels: Sequence[Label]) -> bool:
    """Whether a name holds this part."""
    return any(_spaced(part) in _spaced(label.name) for label in labels)


def _is_described(query: str, description: str) -> bool:
    """Whether a word of a description begins so, or a word for each word of the query."""
    if len(query) < _DESCRIBED_FROM or not description:
        return False
    found = words_of(description)
    return all(any(word.startswith(part) for word in found) for part in query.split())


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
    # A name with more words is more probably a new name than a slip: "billing refund".
    alike = fuzz.ratio if len(query) > len(name) else fuzz.partial_ratio
    return _FUZZY, alike(query, name, score_cutoff=_CLOSE)


def _spaced(text: str) -> str:
    return " ".join(words_of(text)) or text.casefold().strip()


def words_of(text: str) -> list[str]:
    """The words of a name or text, in lower case."""
    return _BETWEEN.sub(" ", text.casefold()).split()


def starting_with(name: str, labels: Sequence[Label]) -> tuple[int, ...]:
    """Ids of the labels a typed name can mean: the one called so, else all that start with it."""
    name = name.strip().casefold()
    exact = tuple(label.id for label in labels if label.name.casefold() == name)
    return exact or tuple(label.id for label in labels if label.name.casefold().startswith(name))
