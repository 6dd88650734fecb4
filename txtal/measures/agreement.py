"""Agreement between annotators: overall, on each label, and for each pair."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from txtal.measures.intervals import Reliability, reliability
from txtal.types import ONE_OF, Answer, Scheme, reasons

_FEWER = 100
"""Bootstraps for the interval of a label or a pair; fewer, because there may be many of them."""


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """Agreement on tickets that several annotators answered without seeing each other's answers."""

    overall: Reliability
    labels: Mapping[str, Reliability]
    """For each label that was used, whether it applies or not; empty with a single label."""
    pairs: Mapping[tuple[str, str], Reliability]
    """For each pair of annotators with tickets in common; empty with fewer than three of them."""


def annotator_agreement(standing: Iterable[Answer], scheme: Scheme) -> AnnotatorAgreement | None:
    """Return the agreement between annotators, or None if no ticket has two comparable answers.

    Complete answers are compared: accepts, and in a binary dataset yes and no. An answer that was
    given with another's in sight is left out, because it isn't independent.
    """
    units: dict[int, dict[str, Answer]] = {}
    for answer in standing:
        in_sight = answer.ranked is not None and reasons.in_sight(answer.ranked.reason)
        if not in_sight and _is_whole(answer, scheme):
            units.setdefault(answer.ticket_id, {})[answer.annotator] = answer
    shared = [said for said in units.values() if len(said) > 1]
    graded = scheme.task == "rating"
    overall = reliability([_values(said, scheme) for said in shared], graded=graded)
    if overall is None:
        return None
    return AnnotatorAgreement(overall, _by_label(shared, scheme), _by_pair(shared, scheme))


def _is_whole(answer: Answer, scheme: Scheme) -> bool:
    if scheme.task == "binary":
        return answer.verdict != "ignore"
    return answer.verdict == "accept" and (scheme.task not in ONE_OF or len(answer.labels) == 1)


def _values(said: Mapping[str, Answer], scheme: Scheme) -> list[Hashable]:
    return [_value(answer, scheme) for answer in said.values()]


def _value(answer: Answer, scheme: Scheme) -> Hashable:
    if scheme.task == "binary":
        return answer.verdict
    if scheme.task == "rating":
        return int(scheme.names[answer.labels[0]])
    return tuple(sorted(answer.labels))


def _by_label(shared: Sequence[Mapping[str, Answer]], scheme: Scheme) -> dict[str, Reliability]:
    if scheme.task not in ("exclusive", "multilabel"):
        return {}
    named = {label for said in shared for answer in said.values() for label in answer.labels}
    found = {}
    for label in scheme.labels:
        if label.id in named:
            units = [[label.id in one.labels for one in said.values()] for said in shared]
            if measured := reliability(units, resamples=_FEWER):
                found[label.name] = measured
    return found


def _by_pair(
    shared: Sequence[Mapping[str, Answer]], scheme: Scheme
) -> dict[tuple[str, str], Reliability]:
    together: dict[tuple[str, str], list[list[Hashable]]] = {}
    for said in shared:
        for pair in combinations(sorted(said), 2):
            values = [_value(said[name], scheme) for name in pair]
            together.setdefault(pair, []).append(values)
    if len(together) < 2:
        return {}
    graded = scheme.task == "rating"
    measured = {
        pair: reliability(units, graded=graded, resamples=_FEWER)
        for pair, units in sorted(together.items())
    }
    return {pair: found for pair, found in measured.items() if found is not None}
