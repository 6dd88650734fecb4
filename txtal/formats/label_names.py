"""Label names that are probably mistakes: look-alikes, misspellings, and words for nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from txtal.formats.separators import joined_looking
from txtal.text import looks, shorten

_NOTHING = frozenset({
    "nan", "null", "none", "na", "n/a", "<na>", "#n/a", "nil", "undefined", "-", "--", "?", "",
})  # fmt: skip
_SPACES = re.compile(r"[\s_\-–—]+")
_NUMBER = re.compile(r"-?\d+(\.0+)?")
_DIGITS = re.compile(r"\d+")

_SHOWN = 5
"""The maximum number of groups that a remark lists; more are only counted."""

_MANY = 5
"""How many times more frequent than a misspelling the intended label must be."""


def alike(names: Collection[str]) -> list[list[str]]:
    """Return groups of names that differ only in case, spaces, hyphens, width or a ``.0``."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(_key(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _key(name: str) -> str:
    folded = looks(name)
    number = _NUMBER.fullmatch(folded)
    if number:
        return folded.removesuffix(number[1] or "")
    return _SPACES.sub("", folded) or folded


def for_nothing(names: Collection[str]) -> list[str]:
    """Return the names that programs write where there is no label, such as ``nan``."""
    return sorted(name for name in names if name.casefold() in _NOTHING)


def misspelt(counts: Mapping[str, int], known: Collection[str]) -> list[tuple[str, str]]:
    """Return pairs of a rare name and a frequent one that is a letter or two apart.

    A ``known`` name is never a misspelling, and is preferred as the intended one.
    """
    from rapidfuzz.distance import OSA

    found = []
    new = [name for name in counts if name not in known]
    meant = {name: max(counts.get(name, 0), 1) for name in (*known, *counts)}
    for name in sorted(new):
        if len(name) < 4:
            continue
        most = 1 if len(name) < 8 else 2
        near = [
            other
            for other in meant
            if other != name
            and abs(len(other) - len(name)) <= most
            and (other in known or meant[other] >= _MANY * counts[name])
            and _key(other) != _key(name)
            and not _differ_in_digits(name, other)
            and OSA.distance(name.casefold(), other.casefold(), score_cutoff=most) <= most
        ]
        if near:
            found.append((name, max(near, key=lambda other: (other in known, meant[other]))))
    return found


def _differ_in_digits(name: str, other: str) -> bool:
    """Return whether two names differ in a digit, as ``tier 1`` and ``tier 2``: no misspelling."""
    numbers = _DIGITS.findall(name), _DIGITS.findall(other)
    return numbers[0] != numbers[1]


def remarks(counts: Mapping[str, int], known: Sequence[str], dataset: str) -> list[str]:
    """Return remarks on the labels of a file, given the ``known`` ones of the dataset."""
    said = []
    new = [name for name in counts if name not in known]
    if known and new:
        said.append(f"labels added to {dataset}: {_listed(new, counts)}")
    groups = [group for group in alike({*counts, *known}) if any(one in counts for one in group)]
    if groups:
        shown = "; ".join(_listed(group, counts) for group in groups[:_SHOWN])
        more = f"; and {len(groups) - _SHOWN:,} more" if len(groups) > _SHOWN else ""
        said.append(
            f"labels that look alike: {shown}{more}; `txtal label merge` makes one label of two"
        )
    nothing = for_nothing(counts)
    if nothing:
        said.append(
            f"labels that may stand for no label: {_listed(nothing, counts)}; `txtal label retire` "
            "hides one"
        )
    typos = misspelt(counts, known)
    if typos:
        shown = ", ".join(
            f"{name!r} ({counts[name]:,}) may be {meant!r}" for name, meant in typos[:_SHOWN]
        )
        more = f", and {len(typos) - _SHOWN:,} more" if len(typos) > _SHOWN else ""
        said.append(f"labels that may be misspelt: {shown}{more}")
    joined = joined_looking(sorted(new))
    if joined:
        said.append(
            f"labels that may be several joined by a separator: {_listed(joined, counts)}; each "
            "was taken as one; --separator takes them apart"
        )
    return said


def _listed(names: Sequence[str], counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{shorten(name, 40)!r} ({counts.get(name, 0):,})" for name in names[:_SHOWN])
    return shown + (f", and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
