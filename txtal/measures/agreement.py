"""How far annotators agree: over all, on each label, and each pair of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from txtal.measures.intervals import Reliability, reliability
from txtal.types import ONE_OF, Answer, Scheme, reasons

_FEWER = 100
"""Draws for the interval of a label or a pair, of which there may be many."""


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """Agreement on tickets that several annotators answered without sight of one another."""

    overall: Reliability
    labels: Mapping[str, Reliability]
    """Of each label that was named: whether it applies or not. Only where there are several."""
    pairs: Mapping[tuple[str, str], Reliability]
    """Of each two annotators with tickets in common. Only where there are three or more."""


def annotator_agreement(standing: Iterable[Answer], scheme: Scheme) -> AnnotatorAgreement | None:
    """Compare the answers to each ticket; None unless some ticket has two that can be compared.

    Whole answers are compared: accepts, and in a binary dataset yes and no. What was answered with
    another's answer in sight is no second opinion and is left out.
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
