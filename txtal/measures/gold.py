"""One answer for each ticket: what stands of all that annotators said of it.

A correction replaces what it corrects, whoever gave it. What is left are independent answers, one
for each annotator; where they differ, a rule decides or leaves the ticket out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, get_args

from txtal.types import ONE_OF, Answer, Scheme, Verdict, reasons

Rule = Literal["majority", "newest", "unanimous"]
"""``majority``: what most annotators said, ties left out; of grades the median. ``newest``: the
newest answer. ``unanimous``: only what nobody contradicts."""

RULES: tuple[Rule, ...] = get_args(Rule)

NONE_OF_THEM = -1
"""Stands for no label at all in a vote for one of them."""


@dataclass(frozen=True, slots=True)
class Gold:
    """What stands of a ticket."""

    answer: Answer | None
    """The newest answer that says what stands; None where nothing stands. Where nobody said just
    that, as a majority for each label may have it, it names no annotator."""
    said: tuple[Answer, ...]
    """The answers that count, one for each annotator, oldest first."""
    votes: int = 1
    """How many annotators said what stands."""
    voters: int = 1
    """How many said anything: all but those who ignored the ticket."""


def counting(answers: Iterable[Answer]) -> dict[int, list[Answer]]:
    """Return the answers that count, by ticket: one for each annotator, oldest first.

    Of several by one annotator the newest counts, by id, never by clock. An answer that was given
    with the earlier ones in sight (a review, a suspect, a ticket that was looked up) is a
    correction: it takes the place of all before it.
    """
    found: dict[int, dict[str, Answer]] = {}
    for answer in sorted(answers, key=lambda answer: answer.id):
        said = found.setdefault(answer.ticket_id, {})
        if answer.ranked is not None and reasons.in_sight(answer.ranked.reason):
            said.clear()
        said.pop(answer.annotator, None)  # so that the order is that of the newest answers
        said[answer.annotator] = answer
    return {ticket: list(said.values()) for ticket, said in found.items()}


def settle(said: Sequence[Answer], scheme: Scheme, rule: Rule = "majority") -> Gold:
    """Decide what stands of a ticket, by the answers that :func:`counting` gives for it.

    Who ignores a ticket has no vote, nor has who names only labels that the scheme no longer has.
    Where one label applies, a reject is a vote for all the others. Of several labels each is
    decided by itself, and nothing stands of the ticket if one of them is tied.
    """
    if len(said) == 1:
        return Gold(said[0], tuple(said))
    voting = [(answer, vote) for answer in said if (vote := vote_of(answer, scheme)) is not None]
    if not voting:
        return Gold(said[-1], tuple(said), 0, 0)
    votes = [vote for _, vote in voting]
    newest = voting[-1][0]
    if rule == "newest":
        return Gold(newest, tuple(said), votes.count(votes[-1]), len(votes))
    stands = None if rule == "unanimous" and dispute(said, scheme) else _outcome(votes, scheme)
    if stands is None:
        return Gold(None, tuple(said), 0, len(votes))
    same = [answer for answer, vote in voting if vote == stands]
    accepted = [answer for answer in same if answer.verdict == "accept"]
    exact = (accepted or same)[-1:]
    answer = exact[0] if exact else _answer(stands, newest, scheme)
    return Gold(answer, tuple(said), len(same), len(votes))


def dispute(said: Sequence[Answer], scheme: Scheme) -> float:
    """Return how far annotators are apart on a ticket, from 0 (nobody contradicts) to 1.

    The mean over pairs of annotators: 1 where they name different labels; of grades, their
    distance by the length of the scale; of several labels, the proportion of those that either
    named and of which they don't say the same.
    """
    votes = [vote for answer in said if (vote := vote_of(answer, scheme)) is not None]
    pairs = list(combinations(votes, 2))
    return sum(_apart(one, other, scheme) for one, other in pairs) / len(pairs) if pairs else 0.0


def possible(votes: Sequence[frozenset[int]], *, graded: bool = False) -> frozenset[int]:
    """Return the labels that most annotators leave possible, where one of the labels applies.

    A vote is the labels that somebody leaves possible, or :data:`NONE_OF_THEM`. With ``graded``
    labels are numbered in their order; where everybody names one grade it is the median, or the
    two in the middle.
    """
    if graded and all(len(vote) == 1 for vote in votes):
        grades = sorted(grade for vote in votes for grade in vote)
        return frozenset({grades[(len(grades) - 1) // 2], grades[len(grades) // 2]})
    counted = Counter(label for vote in votes for label in vote)
    most = max(counted.values())
    return frozenset(label for label, times in counted.items() if times == most)


@dataclass(frozen=True, slots=True)
class Vote:
    """What an answer says of the labels, by their place in the scheme."""

    for_: frozenset[int]
    """Labels that apply; where only one does, those that it may be."""
    against: frozenset[int]
    """Labels that don't."""


def vote_of(answer: Answer, scheme: Scheme) -> Vote | None:
    """Return the answer as a vote; None if it isn't about any label of the scheme."""
    every = frozenset(range(len(scheme.labels)))
    accepted = answer.verdict == "accept"
    if answer.verdict == "ignore":
        return None
    if scheme.task == "binary":
        return Vote(every, frozenset()) if accepted else Vote(frozenset(), every)
    named = frozenset(place for place, label in enumerate(scheme.ids) if label in answer.labels)
    if scheme.task in ONE_OF:
        may = named if accepted else every - named
        if not named or may == every:
            return None
        return Vote(may or frozenset({NONE_OF_THEM}), every - may)
    if accepted:
        return Vote(named, every - named) if named or not answer.labels else None
    return Vote(frozenset(), named) if named else None


def named_in_full(answer: Answer, scheme: Scheme) -> frozenset[str] | None:
    """Return the names of the labels that apply; None if the answer leaves any of them open."""
    vote = vote_of(answer, scheme)
    if vote is None:
        return None
    one_of = scheme.task in ONE_OF
    if one_of and (len(vote.for_) != 1 or NONE_OF_THEM in vote.for_):
        return None
    if not one_of and len(vote.for_ | vote.against) < len(scheme.labels):
        return None
    return frozenset(scheme.labels[place].name for place in vote.for_)


def _outcome(votes: Sequence[Vote], scheme: Scheme) -> Vote | None:
    """What most of the votes say; None for a tie."""
    every = frozenset(range(len(scheme.labels)))
    if scheme.task in ONE_OF:
        sets = [vote.for_ for vote in votes]
        may = possible(sets, graded=scheme.task == "rating")
        # Several labels are left by one who says so, or by all together; else they compete.
        if len(may) > 1 and may not in sets and may != frozenset.intersection(*sets):
            return None
        return None if may == every else Vote(may, every - may)
    lead = Counter[int]()
    for vote in votes:
        lead.update(vote.for_)
        lead.subtract(vote.against)
    if 0 in lead.values():
        return None
    return Vote(
        frozenset(label for label, by in lead.items() if by > 0),
        frozenset(label for label, by in lead.items() if by < 0),
    )


def _answer(stands: Vote, newest: Answer, scheme: Scheme) -> Answer:
    """An answer that says what stands, which nobody gave in just that form."""
    if scheme.task in ONE_OF:
        accepted = len(stands.for_) == 1 and NONE_OF_THEM not in stands.for_
    else:
        accepted = len(stands.for_ | stands.against) == len(scheme.labels)
    verdict: Verdict = "accept" if accepted else "reject"
    places = stands.for_ if accepted else stands.against
    return replace(
        newest,
        verdict=verdict,
        labels=tuple(scheme.ids[place] for place in sorted(places)),
        annotator="",
        shown=0.0,
        comment="",
    )


def _apart(one: Vote, other: Vote, scheme: Scheme) -> float:
    if scheme.task == "rating" and len(one.for_) == len(other.for_) == 1:
        (low,), (high,) = one.for_, other.for_
        return abs(high - low) / (len(scheme.labels) - 1)
    if scheme.task in ONE_OF:
        return float(not one.for_ & other.for_)
    clash = one.for_ & other.against | one.against & other.for_
    return len(clash) / len(one.for_ | other.for_) if clash else 0.0
